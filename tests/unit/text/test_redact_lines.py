"""The command's contract: JSON lines in and out, an error answered in its place, plain text as it arrives."""

import io
import json

from knowledge.text.redact_lines import redact_jsonl, redact_text

TOKEN = "gh" + "p_" + "fDzwNjTHxb1kvmwQhzgKqNdmk8QnWD4OhlPU"


def answered(*lines: str) -> tuple[int, list[dict[str, object]]]:
    written: list[str] = []
    status = redact_jsonl(lines, written.append)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in written)
    return status, [json.loads(line) for line in written]


def test_each_line_is_answered_in_order_and_numbered_on_its_own() -> None:
    lines = [json.dumps({"id": i, "text": f"token={TOKEN}\nok"}) for i in ("C1:2", 7)]
    assert answered(lines[0], "\n", lines[1] + "\n") == (
        0,
        [{"id": "C1:2", "text": "token=<secret:1>\nok"}, {"id": 7, "text": "token=<secret:1>\nok"}],
    )


def test_what_cannot_be_read_is_an_error_in_its_place_and_the_rest_is_still_answered() -> None:
    status, answers = answered(
        "{", "[]", '{"text": "x"}', '{"id": "a"}', '{"id": "b", "text": 3}', '{"id": {}, "text": "x"}', "[" * 100_000, '{"id": "c", "text": "ok"}'
    )  # fmt: skip
    assert status == 2
    assert [("error" in a, a["id"]) for a in answers] == [
        (True, None), (True, None), (True, None), (True, "a"), (True, "b"), (True, None), (True, None), (False, "c"),
    ]  # fmt: skip
    assert all(set(a) in ({"id", "error"}, {"id", "text"}) for a in answers)


def test_an_error_does_not_quote_the_line_it_could_not_read() -> None:
    _, answers = answered('{"id": "a", "text": "password=hunter2')
    assert "hunter2" not in json.dumps(answers)


def test_lone_surrogates_come_back_as_they_came() -> None:
    assert answered('{"id": "a", "text": "\\ud800 x"}') == (0, [{"id": "a", "text": "\ud800 x"}])


def test_plain_text_is_copied_with_its_line_ends_and_one_numbering() -> None:
    out = io.StringIO(newline="")
    given = f"a\r\ntoken={TOKEN}\n\x1b[1mb\x1b[0m\n-----BEGIN PRIVATE KEY-----\n{'Ab3+' * 16}\nagain {TOKEN} end"
    assert redact_text(io.StringIO(given, newline=""), out) == 0
    assert out.getvalue() == ("a\r\ntoken=<secret:1>\n\x1b[1mb\x1b[0m\n<secret:2>\n<secret:3>\nagain <secret:1> end")
