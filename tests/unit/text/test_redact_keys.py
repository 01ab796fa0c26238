"""Private keys and Secret data inside of something: objects, logs that put a margin before each line, quotes, escapes."""

import base64
import json
import random
import string
from collections.abc import Callable

import pytest

from knowledge.text.redact import Stream, redact

_RANDOM = random.Random(11)
_BASE64 = string.ascii_letters + string.digits + "+/"
Lines = list[str]


def body(lines: int = 5) -> Lines:
    full = ["".join(_RANDOM.choice(_BASE64) for _ in range(64)) for _ in range(lines)]
    return [*full, "".join(_RANDOM.choice(_BASE64) for _ in range(22)) + "=="]


def pem(kind: str = "RSA PRIVATE KEY") -> Lines:
    return [f"-----BEGIN {kind}-----", *body(), f"-----END {kind}-----"]


KEY = pem()
STAMP = "2025-09-25T07:14:33.1778361Z "


def deeper(lines: Lines, by: int) -> Lines:
    return [" " * by + line for line in lines]


def stored(key: Lines) -> Lines:
    """A ConfigMap that holds a key as `kubectl get -o yaml` prints it."""
    return ["apiVersion: v1", "data:", "  tls.pem: |", *deeper(key, 4), "  level: debug", "kind: ConfigMap"]


def margin(text: str) -> Callable[[Lines], Lines]:
    return lambda key: [text + line for line in stored(key)]


def logged(**fields: object) -> Callable[[Lines], Lines]:
    return lambda key: [json.dumps({"n": n, "log": line + "\n", **fields}) for n, line in enumerate(key)]


def mixed(key: Lines) -> Lines:
    return [text for n, line in enumerate(key) for text in (f"[web] {line}", f"[db] checkpoint {n} complete")]


CONTEXTS: dict[str, Callable[[Lines], Lines]] = {
    "a ConfigMap": stored,
    "a ConfigMap with tabs": lambda key: ["data:", "\ttls.pem: |", *("\t\t" + line for line in key), "\tlevel: debug"],
    "after blank lines": lambda key: ["data:", "", "  key: |", "", *deeper(key, 4), "  level: debug"],
    "after a comment": lambda key: ["data: # ours", "  key: |", *deeper(key, 4)],
    "stringData": lambda key: ["kind: Secret", "stringData:", "  id_rsa: |-", *deeper(key, 4), "  level: debug"],
    "a list of objects": lambda key: ["items:", "- apiVersion: v1", *deeper(stored(key)[1:], 2), "kind: List"],
    "data as list item": lambda key: ["items:", "- data:", "    key: |", *deeper(key, 6), "  kind: Secret"],
    "a manifest in data": lambda key: ["data:", "  m.yaml: |", *deeper(stored(key), 4), "  level: debug"],
    "a template's name": lambda key: ["data:", "  {{ .Values.name }}: |", *deeper(key, 4)],
    "behind a certificate": lambda key: ["data:", "  a.pem: |", *deeper([*pem("CERTIFICATE"), *key], 4), "  b: c"],
    "JSON in data": lambda key: ["data:", "  a.json: |", '    {"k": "' + "\\n".join(key) + '"}', "  b: c"],
    "one quoted line": lambda key: ["data:", '  key: "' + "\\n".join(key) + '\\n"', "  b: c"],
    "one quoted line, CRLF": lambda key: ["data:", '  key: "' + "\\r\\n".join(key) + '\\n"', "  b: c"],
    "folded in quotes": lambda key: ["data:", f'  key: "{key[0]}\\n\\', *(f"    {x}\\n\\" for x in key[1:]), '    "'],
    "folded, plain": lambda key: ["data:", f"  key: '{key[0]}", *(f"\n    {line}" for line in key[1:]), "    '"],
    "indented JSON": lambda key: json.dumps({"data": {"k": "\n".join(key), "b": "c"}}, indent=2).split("\n"),
    "JSON in JSON": lambda key: [json.dumps(json.dumps({"data": {"k": "\n".join(key)}}))],
    "JSON with escaped slashes": lambda key: ['{"k":"' + "\\n".join(key).replace("/", "\\/") + '"}'],
    "JSON with code points": lambda key: ['{"k":"' + "\\u000a".join(key).replace("+", "\\u002b") + '"}'],
    "a URL": lambda key: ["k=" + "%0A".join(key).replace("+", "%2B").replace("=", "%3D").replace(" ", "%20")],
    "a form": lambda key: ["k=" + "%0A".join(key).replace("+", "%2B").replace("=", "%3D").replace(" ", "+")],
    "an XML attribute": lambda key: ['<k v="' + "&#10;".join(key) + '"/>'],
    "GitHub's timestamps": margin(STAMP),
    "gh run view": margin("build\tDeploy\t" + STAMP),
    "quoted": margin("> "),
    "quoted, as Slack writes it": margin("&gt; "),
    "compose": margin("web-1  | "),
    "a pod's prefix": margin("[pod/web-7d9f/app] "),
    "an added file": margin("+"),
    "a removed file": margin("-"),
    "helm diff": lambda key: ["+ data:", "+   key: |", *("+     " + line for line in key), "+   level: debug"],
    "a log driver's JSON": logged(stream="stdout", time="2025-09-25T07:14:33.177Z"),
    "logfmt": lambda key: [f'time="07:14:3{n}" msg="{line}"' for n, line in enumerate(key)],
    "another process between": mixed,
    "code marks": lambda key: [f"`{line}`" for line in key],
    "cat -A": lambda key: [line + "$" for line in key],
    "a cut key before it": lambda key: [*pem()[:3], *stored(key)],
    "SSH2": lambda key: ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", *key[1:-1], "---- END SSH2 ENCRYPTED PRIVATE KEY ----"],
    "PuTTY": lambda key: ["Comment: x", "Private-Lines: 6", *key[1:-1], "Private-MAC: 00"],
}  # fmt: skip


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("way", ["stream", "text"])
def test_no_line_of_a_private_key_survives_inside_of(context: str, way: str) -> None:
    lines = "\n".join(CONTEXTS[context](KEY)).split("\n")
    stream = Stream()
    masked = redact("\n".join(lines)).text if way == "text" else "\n".join(stream.feed(line) for line in lines)
    assert [line for line in KEY[1:-1] if line[:16].rstrip("=") in masked] == []
    assert len(masked.split("\n")) == len(lines)


@pytest.mark.parametrize("lead", ["", STAMP, "> ", "web-1  | "])
def test_what_stands_around_a_key_in_data_stays(lead: str) -> None:
    lines = [lead + line for line in stored(KEY)]
    stream = Stream()
    masked = [stream.feed(line) for line in lines]
    assert (masked[:3], masked[-2:]) == (lines[:3], lines[-2:])
    assert all(line.startswith(f"{lead}    <secret:") for line in masked[3:-2])


def test_the_margin_of_a_log_hides_no_data_and_no_block_scalar() -> None:
    value = base64.b64encode(b"some value!").decode()
    lines = [
        "data:",
        f"  dsn: {value}",
        "  password: |-",
        "    first s3cret",
        "    second",
        "kind: Secret",
        f"x: {value}",
    ]
    for lead in (STAMP, "job\tstep\t" + STAMP, "> ", "web-1  | ", "+"):
        stream = Stream()
        masked = [stream.feed(lead + line) for line in lines]
        assert masked[1] == f"{lead}  dsn: <secret:1>"
        assert masked[3:5] == [f"{lead}    <secret:2>"] * 2
        assert masked[5] == f"{lead}kind: Secret"


def test_a_value_beside_its_name_is_masked_behind_a_margin() -> None:
    lines = ["- name: DB_PASSWORD", "  value: postgres", "- name: LOG_LEVEL", "  value: debug"]
    for lead in ("", STAMP, "> ", "+"):
        stream = Stream()
        masked = [stream.feed(lead + line) for line in lines]
        assert masked == [lead + line for line in (lines[0], "  value: <secret:1>", *lines[2:])]


def test_the_changed_line_of_a_secret_is_masked_in_a_diff() -> None:
    old, new = (base64.b64encode(word).decode() for word in (b"old value", b"new value"))
    stream = Stream()
    masked = [stream.feed(line) for line in (" data:", f"-  dsn: {old}", f"+  dsn: {new}", " kind: Secret")]
    assert masked == [" data:", "-  dsn: <secret:1>", "+  dsn: <secret:2>", " kind: Secret"]


def test_the_data_of_a_secret_on_one_line_is_masked() -> None:
    value = base64.b64encode(b"some value!").decode()
    secret = {"apiVersion": "v1", "data": {"dsn": value}, "kind": "Secret", "metadata": {"name": "db"}}
    for text in (json.dumps(secret), json.dumps(json.dumps(secret)), f"data: {{dsn: {value}}}"):
        assert value not in redact(text).text
    assert redact('{"data":{"cursor":"Y3Vyc29yOjEyMzQ1Ng=="},"kind":"Page"}').count == 0


def test_stringdata_masks_what_no_sentence_would_hold_and_leaves_words() -> None:
    lines = ["stringData:", "  dsn: r0cket", "  username: bob", "  url: https://db.example/1", "kind: Secret"]
    stream = Stream()
    assert [stream.feed(line) for line in lines] == [lines[0], "  dsn: <secret:1>", *lines[2:]]


def test_data_ends_where_its_indentation_ends() -> None:
    value = base64.b64encode(b"some value!").decode()
    for lines in (["data:", "  a: b", "kind: X", f"  dsn: {value}"], ["the data:", f"  dsn: {value}"]):
        stream = Stream()
        assert [stream.feed(line) for line in lines] == lines


def test_talk_of_a_key_masks_nothing_after_it() -> None:
    lines = [
        'Error: expected "-----BEGIN RSA PRIVATE KEY-----"',
        "hint: convert it first",
        "commit 2f29e6d6c0de4b3a9f8e7d6c5b4a39281706f5e4",
        "Done",
    ]
    stream = Stream()
    assert [stream.feed(line) for line in lines] == lines


def test_after_a_cut_key_the_log_goes_on() -> None:
    rest = ["Error: exit status 1", "sha256:" + "0a1b2c3d" * 8, "Process completed with exit code 1.", "Done"]
    stream = Stream()
    assert [stream.feed(line) for line in [*KEY[:3], *rest]][3:] == rest
