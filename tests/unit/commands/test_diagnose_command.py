"""`diagnose` and `reduce` as a script sees them."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.patterns_yaml import load_calibration, load_patterns
from bot.commands.diagnose import Diagnoser, diagnose_jsonl, diagnose_one
from bot.commands.reduce import reduce_stream
from bot.diagnosis.match import Matcher

CONFIG = Path(__file__).resolve().parents[3] / "config"
DIAGNOSER = Diagnoser(
    patterns=Matcher(load_patterns(CONFIG / "failure_patterns")),
    calibration=load_calibration(CONFIG / "calibration.json"),
    now=datetime(2026, 1, 2, tzinfo=UTC),
)
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def jsonl(*asked: object) -> tuple[int, list[dict]]:
    out: list[str] = []
    lines = [each if isinstance(each, str) else json.dumps(each) for each in asked]
    code = diagnose_jsonl(lines, out.append, DIAGNOSER)
    return code, [json.loads(line) for line in "".join(out).splitlines()]


def one(text: str, platform: str = "ci", as_json: bool = False, explained: bool = False) -> tuple[int, str]:
    out: list[str] = []
    return diagnose_one(io.StringIO(text), platform, as_json, explained, out.append, DIAGNOSER), "".join(out)


def test_one_answer_a_line() -> None:
    code, answers = jsonl(
        {"id": "a", "platform": "github-actions", "log": "npm ERR! code ERESOLVE\n##[error]exit code 1"},
        {"id": 2, "platform": "kubernetes", "signals": {"events": 'Warning Failed Error: secret "db" not found'}},
        "",
        {"id": "c", "platform": "gitlab-ci", "log": ""},
    )
    assert code == 0
    assert [(answer["id"], answer["category"], answer["action"]) for answer in answers] == [
        ("a", "DEPENDENCY", "pin_dependency"),
        (2, "CONFIG", "fix_config"),
        ("c", "UNKNOWN", "escalate"),
    ]
    assert answers[0]["evidence"][0] == {"quote": "npm ERR! code ERESOLVE", "line": 1, "source": "log"}
    assert answers[2]["evidence"] == []
    assert all(0 <= answer["confidence"] <= 1 for answer in answers)


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        "null",
        '{"log": "x"}',
        '{"id": null, "log": "x"}',
        '{"id": "x"}',
        '{"id": "x", "log": 7}',
        '{"id": "x", "signals": "text"}',
        '{"id": "x", "signals": {"logs": ["a"]}}',
        "[" * 100_000,
        '{"id": "x", "log": "\\ud8',
    ],
)
def test_a_line_that_cannot_be_read_costs_only_itself(bad: str) -> None:
    good = {"id": "good", "log": "panic: no"}
    code, answers = jsonl(good, bad, good)
    assert code == 2
    assert [answer["id"] for answer in (answers[0], answers[2])] == ["good", "good"]
    assert set(answers[1]) == {"id", "error"}
    assert "line 2" in answers[1]["error"]


def test_lone_surrogates_and_nul_are_answered() -> None:
    code, answers = jsonl({"id": "x", "log": "\ud800\x00 panic: \udfff"}, {"id": "y", "signals": {"logs": "\ud800"}})
    assert code == 0
    assert answers[0]["category"] == "TEST"


def test_quotes_are_masked() -> None:
    _, (answer,) = jsonl({"id": "x", "log": f"fatal: Authentication failed for 'https://x:{TOKEN}@github.com/a/b/'"})
    quote = answer["evidence"][0]["quote"]
    assert answer["category"] == "AUTH"
    assert TOKEN not in json.dumps(answer)
    assert "<secret:1>" in quote


def test_a_single_text_is_told_in_words() -> None:
    code, said = one("hello\nError: no space left on device\n")
    assert code == 0
    assert said.startswith("RESOURCE disk_full ")
    assert "line 2: Error: no space left on device" in said


def test_an_abstention_exits_1() -> None:
    assert one("all is well\n")[0] == 1
    assert one("")[0] == 1
    code, said = one("all is well", as_json=True)
    assert (code, json.loads(said)["category"]) == (1, "UNKNOWN")


def test_explained_adds_reasons() -> None:
    code, said = one("Error: no space left on device", platform="kubernetes", explained=True)
    assert code == 0
    assert "+3.2  the quoted line is a known sign of this cause (run.disk_full)" in said


def test_words_for_a_terminal_hold_no_codes() -> None:
    assert "\x1b" not in one("\x1b[31mno space left on device\x1b[0m", explained=True)[1]


def test_reduce_prints_no_more_than_asked_and_survives_any_bytes() -> None:
    lines = [b"part %d\n" % number for number in range(5_000)]
    lines[2_500] = b"\xff\xfe \x1b[31merror: it broke\x1b[0m " + TOKEN.encode() + b"\n"
    out: list[str] = []
    assert reduce_stream(lines, 600, out.append) == 0
    text = "".join(out)
    assert len(text) <= 600
    assert "\ufffd\ufffd error: it broke <secret:1>" in text


def test_reduce_of_nothing() -> None:
    out: list[str] = []
    assert reduce_stream([], 10, out.append) == 0
    assert "".join(out) == ""
