"""What `redact` promises for every text: idempotence, stable numbers, the rest byte for byte, work linear in the text."""

import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.text.redact import Session, Stream, redact

PASSWORD = "Rock" + "et$3936saffron"
TOKEN = "gh" + "p_" + "fDzwNjTHxb1kvmwQhzgKqNdmk8QnWD4OhlPU"
MARKER = re.compile(r"<secret:\d{1,9}>")

_PIECES = st.sampled_from(
    [
        "password", "token", "key", "secret", "=", ":", ": ", " ", "  ", "\n", "\r\n", "\r", '"', "'", "`", "\\", '\\"', ",", ";", "&", "|", "(", ")",
        "<", ">", "{", "}", "@", "/", "://", "u:", "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "\\n", "A" * 30, "Ab3" * 9,
        TOKEN, PASSWORD, "hunter2", "<secret:1>", "<secret:2>", "<secret:", "is", "Bearer ", "Basic ", "Cookie: ", "a=", "***", "${X}", "data:",
        "- name: DB_PASSWORD", "value: ", "|", "--password ", "curl -u ", "\x1b[31m", "\x1b]0;", "\x07", "\u200b", "\ud800", "\x00", "é", "%40", "LS0tLS1CRUdJTi",
        "4539 5735 8746 5731", "a.b@c.example", "+351 912 3968637", "card ", "docker login -p ", "host.example", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", ".", "1", "x",
    ]
)  # fmt: skip
TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=24).map("".join)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    twice = redact(once.text)
    assert (twice.text, twice.count) == (once.text, 0)
    session = Session()
    assert redact(redact(text, session).text, session).text == redact(text, Session()).text


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_what_is_not_masked_stays_byte_for_byte_and_in_order(text: str) -> None:
    masked = redact(text).text
    position = 0
    for kept in MARKER.split(masked):
        assert text.find(kept, position) >= 0
        position = text.find(kept, position) + len(kept)
    assert masked.count("\n") <= text.count("\n")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_a_stream_accepts_any_text_line_by_line(text: str) -> None:
    stream = Stream()
    for line in text.splitlines(keepends=True):
        assert stream.feed(line).count("\n") == line.count("\n")


def test_a_forged_marker_stays_and_its_number_is_given_to_nobody() -> None:
    masked = redact(f"<secret:1> said password={PASSWORD} and <secret:3> token={TOKEN} <secret:x> <secret:>").text
    assert masked == "<secret:1> said password=<secret:2> and <secret:3> token=<secret:4> <secret:x> <secret:>"


def test_a_forged_marker_inside_a_secret_does_not_save_its_rest() -> None:
    assert redact("password=abc1<secret:3>def2").text == "password=<secret:1>"


def test_the_same_secret_has_one_number_in_a_session_and_another_session_starts_anew() -> None:
    session = Session()
    assert redact(f"a password={PASSWORD}", session).text == "a password=<secret:1>"
    assert redact(f"token={TOKEN} password: {PASSWORD}", session).text == "token=<secret:2> password: <secret:1>"
    assert redact(f"token={TOKEN}").text == "token=<secret:1>"


def test_a_value_is_masked_where_it_stands_again_without_context_above_and_below() -> None:
    text = f"tried {PASSWORD} first\npassword={PASSWORD}\nthen {PASSWORD}, &amp; p%40ss&amp;w0rd12\nurl postgres://u:p%40ss&w0rd12@h.x/"
    masked = redact(text).text
    assert masked.splitlines()[:2] == ["tried <secret:1> first", "password=<secret:1>"]
    assert PASSWORD not in masked
    assert "w0rd12" not in masked


def test_a_short_or_plain_password_does_not_blot_out_the_rest_of_the_text() -> None:
    text = "POSTGRES_PASSWORD=postgres\nconnecting to postgres as postgres"
    assert redact(text).text == "POSTGRES_PASSWORD=<secret:1>\nconnecting to postgres as postgres"


def test_a_stored_state_holds_no_secret_and_numbers_on() -> None:
    key = bytes(range(32))
    session = Session(key)
    redact(f"password={PASSWORD} token={TOKEN}", session)
    state = session.state()
    assert sorted(state.values()) == [1, 2]
    assert not any(secret in name for name in state for secret in (PASSWORD, TOKEN))
    later = Session(key, state)
    assert redact(f"token={TOKEN} password=other1word", later).text == "token=<secret:2> password=<secret:3>"
    assert Session(bytes(32)).state() == {}
    assert Session(b"another key of length").number(TOKEN) == 1


def test_a_session_without_a_key_is_not_stored() -> None:
    session = Session()
    with pytest.raises(ValueError, match="16 bytes"):
        session.state()
    with pytest.raises(TypeError, match="in memory"):
        session.__getstate__()
    assert PASSWORD not in repr(session)


@pytest.mark.parametrize(
    "place", ["password={}", "password: {} ", "the token is {}", "here is my token: `{}`", '"secret": "{}"']
)
def test_a_very_long_secret_is_masked_to_its_end(place: str) -> None:
    assert redact(place.format("Ab3+" * 700)).text == place.format("<secret:1>")


def test_count_and_kinds_tell_what_was_masked() -> None:
    masked = redact(f"password={PASSWORD}\ncurl -H 'Authorization: Bearer {TOKEN}' https://u:{PASSWORD}@h.example")
    assert masked.count == 3
    assert masked.kinds == ("assignment", "github_token", "url_password")


HOSTILE = {
    "equals": "=", "colons": ":", "password=": "password=", "password= ": "password= ", "password:a ": "password:a ", "base64": "Ab3", "eyJ": "eyJ",
    "eyJ.": "eyJhbGciOi.", "ghp_": "ghp_", "quotes": "\"'`\\\"", 'password="': 'password="', "escaped": 'password=\\"\'', "at": "a@", "url": "://a:b",
    "urls": "://a:b@", "osc": "\x1b]", "csi": "\x1b[0m", "zero width": "\u200b", "pem": "-----BEGIN RSA PRIVATE KEY-----", "pem\\n": "-----BEGIN RSA PRIVATE KEY-----\\n",
    "digits": "4539 ", "phones": "+351 912 ", "ibans": "PL64 ", "cookies": "Cookie: a=b; ", "key ": "key ", "key is ": "key is ", "bearer": "Bearer aaaaaaaa1 ",
    "flags": "--password ", "signs": "user a$1b2c3d4e5 ", "markers": "<secret:1>", "marked": "password=<secret:1>x ", "pairs": "name=DB_PASSWORD value=x1 ",
    "&b": "&b", ",b": ",b", "spaces": " ", "elements": "<password>", "LS0": "LS0tLS1CRUdJTi", "sk-": "sk-", "hex": "0123456789abcdef", "curl": "curl -u a:b ",
    "/@": "/@", "osc title": "\x1b]0;password=a1b2c3\x07", "key:a,": "key:a,", "auth=a;": "auth=a;", "user / ": "user / ", "surrogate": "\ud800password=x1y2z3 ",
    "data {": "data: {a: b", "data #": "data: #", "data lines": "data:\n  a: b\n", "deeper": "data:\n   ", "name lines": "- name: DB_PASSWORD\n", "ssh2": "---- BEGIN ",
    "pem lines": "-----BEGIN RSA PRIVATE KEY-----\n" + "Ab3+" * 16 + "\n", "pem and others": "-----BEGIN PRIVATE KEY-----\nx\n", "scalars": "password: |\n  a\n",
    "pem url": "-----BEGIN%20PRIVATE%20KEY-----%0A", "secret data": "Secret data: {", "putty": "Private-Lines: 1\n",
}  # fmt: skip


def calls(text: str) -> int:
    """Count the calls, of C functions too (each a bounded piece of regex work), that masking `text` takes."""
    count = 0

    def counted(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        redact(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_no_faster_than_the_text(name: str) -> None:
    once = calls("password=" + HOSTILE[name] * 50)
    assert calls("password=" + HOSTILE[name] * 200) <= 5 * once + 500


LONG = ("spaces", "quotes", "eyJ", "pem")


@pytest.mark.timeout(10)  # a quadratic rule takes minutes here; a linear one well under a second
@pytest.mark.parametrize("name", HOSTILE)
def test_a_very_long_hostile_line_is_masked_to_its_end(name: str) -> None:
    size = 190_000 if name in LONG else 12_000
    line = (HOSTILE[name] * (size // len(HOSTILE[name]) + 1))[: size - 45]
    masked = redact(f"{line} token={TOKEN}").text
    assert TOKEN not in masked
