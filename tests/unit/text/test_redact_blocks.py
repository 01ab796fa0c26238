"""Secrets over several lines, read from the raw stream before lines are cut into windows."""

import base64
import json
import random
import string

import pytest

from knowledge.text.redact import Session, Stream, redact

_RANDOM = random.Random(7)
_BASE64 = string.ascii_letters + string.digits + "+/"


def body(lines: int = 5, width: int = 64) -> list[str]:
    full = ["".join(_RANDOM.choice(_BASE64) for _ in range(width)) for _ in range(lines)]
    return [*full, "".join(_RANDOM.choice(_BASE64) for _ in range(22)) + "=="]


def pem(kind: str = "RSA PRIVATE", lines: list[str] | None = None) -> list[str]:
    return [f"-----BEGIN {kind} KEY-----", *(lines or body()), f"-----END {kind} KEY-----"]


def fed(lines: list[str], session: Session | None = None) -> list[str]:
    stream = Stream(session)
    return [stream.feed(line) for line in lines]


@pytest.mark.parametrize("kind", ["RSA PRIVATE", "PRIVATE", "EC PRIVATE", "OPENSSH PRIVATE", "ENCRYPTED PRIVATE"])
@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "    ",
        "> ",
        "2025-09-25T07:14:33.1778361Z ",
        "job\tstep\t2025-09-25T07:14:33.17Z ",
        "[web-1] ",
        "+ ",
        "\x1b[2m",
    ],
)
def test_no_line_of_a_private_key_survives(kind: str, prefix: str) -> None:
    key = pem(kind)
    masked = fed([f"{prefix}{line}" for line in ["before it", *key, "after it, Done"]])
    assert masked[0] == f"{prefix}before it"
    assert masked[-1] == f"{prefix}after it, Done"
    for line in masked[1:-1]:
        assert line.startswith(f"{prefix}<secret:")
        assert line.endswith(">")
    assert len(set(masked[2:-2])) == 1, "one key, one number"


def test_a_key_behind_a_name_goes_on_after_timestamps() -> None:
    key = pem()
    stamp = "2025-09-25T07:14:33.1778361Z "
    masked = fed([f"{stamp}  DEPLOY_KEY: {key[0]}", *(stamp + line for line in key[1:]), f"{stamp}##[endgroup]"])
    assert not any(line in text for text in masked for line in key)
    assert masked[-1] == f"{stamp}##[endgroup]"


def test_a_key_that_is_cut_off_ends_with_its_letters() -> None:
    masked = fed([*pem()[:4], "Error: exit status 1", "Process completed with exit code 1."])
    assert masked[4:] == ["Error: exit status 1", "Process completed with exit code 1."]
    assert all(line.startswith("<secret:") for line in masked[:4])


def test_the_header_lines_of_an_encrypted_key_are_masked_too() -> None:
    key = pem(lines=["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF", "", *body()])
    assert not any(len(line) > 20 for line in fed(key))


def test_a_windowed_stream_keeps_its_state_where_a_window_begins_in_the_key() -> None:
    key = pem(lines=body(40))
    masked = fed(["x", *key, "y"])
    assert not any(line in window for window in masked[20:25] for line in key)


def test_certificates_and_public_keys_are_no_secrets() -> None:
    for kind in ("CERTIFICATE", "PUBLIC", "RSA PUBLIC"):
        lines = [f"-----BEGIN {kind}-----", *body(), f"-----END {kind}-----"]
        assert fed(lines) == lines


def test_the_same_key_has_the_same_number_again_and_another_key_another() -> None:
    first, second = pem(), pem()
    session = Session()
    again = [fed(key, session)[2] for key in (first, second, first)]
    assert again[0] == again[2] != again[1]


def test_a_service_account_keeps_its_other_fields() -> None:
    account = {
        "type": "service_account",
        "private_key_id": "3037372690ede75fe3d6b746519b8eea5bace261",
        "private_key": "\n".join(pem("PRIVATE")) + "\n",
        "client_email": "ci@velvet-262.iam.gserviceaccount.com",
    }
    for text in (json.dumps(account), json.dumps(account, indent=2), json.dumps(json.dumps(account))):
        masked = redact(text).text
        assert "PRIVATE KEY" not in masked
        assert masked.count("<secret:1>") == 1
        for kept in ("3037372690ede75fe3d6b746519b8eea5bace261", "ci@velvet-262.iam.gserviceaccount.com"):
            assert kept in masked


def test_a_bare_key_on_one_line_with_escaped_newlines_is_one_secret() -> None:
    text = "\\n".join(pem("PRIVATE"))
    assert redact(f"key was {text}\\n ok").text == "key was <secret:1>\\n ok"


@pytest.mark.parametrize("wrap", [64, 76, 10_000])
@pytest.mark.parametrize("indent", ["", "    "])
def test_kubeconfig_data_is_masked_wrapped_or_not(wrap: int, indent: str) -> None:
    data = base64.b64encode("\n".join(pem("EC PRIVATE")).encode()).decode()
    lines = [data[i : i + wrap] for i in range(0, len(data), wrap)]
    certificate = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----").decode()
    head = [f"    client-certificate-data: {certificate}"]
    for text in (
        [*head, f"    client-key-data: {lines[0]}", *(indent + line for line in lines[1:]), "- name: x"],
        [*head, "    client-key-data: |", *(indent + "  " + line for line in lines), "- name: x"],
        [*head, "unnamed:", *(indent + line for line in lines), "- name: x"],
    ):
        masked = fed(text)
        assert masked[0] == text[0]
        assert masked[-1] == "- name: x"
        assert not any(line in shown for shown in masked for line in lines)


def test_a_block_scalar_under_a_secret_name_is_masked_to_its_end() -> None:
    lines = ["stringData:", "  password: |-", "    first s3cret line", "    second", "  username: bob", "kind: Secret"]
    assert fed(lines) == [lines[0], lines[1], "    <secret:1>", "    <secret:1>", "  username: bob", "kind: Secret"]


def test_the_data_of_a_secret_is_masked_whatever_its_names() -> None:
    value = base64.b64encode(b"some value!").decode()
    lines = ["apiVersion: v1", "data:", f"  dsn: {value}", f"  other.txt: {value}", "kind: Secret", f"note: {value}x"]
    assert fed(lines)[2:4] == ["  dsn: <secret:1>", "  other.txt: <secret:1>"]
    config = ["data:", "  LOG_LEVEL: debug", "  config.yaml: |", "    retries: 3", "kind: ConfigMap"]
    assert fed(config) == config


def test_the_value_on_the_line_after_a_secret_name_is_masked() -> None:
    lines = ["env:", "- name: DB_PASSWORD", "  value: postgres", "- name: LOG_LEVEL", "  value: debug"]
    assert fed(lines) == [*lines[:2], "  value: <secret:1>", *lines[3:]]
    reference = ["- name: DB_PASSWORD", "  valueFrom:", "    secretKeyRef: {name: db, key: password}"]
    assert fed(reference) == reference
