"""Each scenario folder end to end, as real processes: the sandbox, the bot, a person who approves; then `expected.yaml`."""

import re
from pathlib import Path

import pytest
import yaml

from tests.fakes.processes import ROOT, Bot, SandboxProcess, until

FOLDERS = sorted(path.parent for path in (ROOT / "config" / "scenarios").glob("*/expected.yaml"))


@pytest.fixture(scope="module")
def sandbox():
    made = SandboxProcess()
    yield made
    made.close()


@pytest.fixture(scope="module")
def bot(sandbox, tmp_path_factory):
    made = Bot(tmp_path_factory.mktemp("bot"), **sandbox.bot_settings(), CODEHEALER_VERIFY_WINDOW="5s")
    made.start()
    yield made
    assert made.stop() == 0


def thread_of(sandbox, where):
    """Our messages in the alert's thread, oldest first."""
    state = sandbox.look("state", channel=where["channel"])
    (channel,) = [each for each in state["channels"] if each["id"] == where["channel"]]
    ours = state["app"]["user_id"]
    return [m for m in channel["messages"] if m.get("thread_ts") == where["ts"] and m.get("user") == ours]


def elements(message):
    return [e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]]


def button(message, action):
    return next((each for each in elements(message) if each["action_id"] == action), None)


def approve(sandbox, where, card):
    person = sandbox.line["people"]["approver"]
    sandbox.control("click", user=person, channel=where["channel"], ts=card["ts"], action_id="heal_review")

    def view():
        views = sandbox.look("state")["views"].get(person) or []
        return next((v for v in views if v.get("submit") and v["callback_id"] == "heal_decide"), None)

    sandbox.control("submit", user=person, view_id=until(view, "the review modal")["id"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_scenario(folder: Path, sandbox, bot):
    expected = yaml.safe_load((folder / "expected.yaml").read_text())
    where = sandbox.control("cause", scenario=folder.name)

    def diagnosed():
        thread = thread_of(sandbox, where)
        return thread[0] if thread and button(thread[0], "heal_escalate") else None

    card = until(diagnosed, "a diagnosed card")
    target = expected["target"]
    assert target.get("name", target.get("repo")) in card["text"]
    assert expected["category"] in _stored(bot, "diagnosis")
    assert f'"cause_id":"{expected["cause"]}"' in _stored(bot, "diagnosis")
    assert re.findall(r'"action":"([a-z_.]+)"', _stored(bot, "proposal")) == expected["actions"]
    for limit in {key: text for key, text in (expected.get("memory") or {}).items() if key in {"from", "to"}}.values():
        assert limit in card["text"]
    approve(sandbox, where, card)
    for words in expected["outcome"]:
        until(
            lambda words=words: any(m["text"].startswith(words) for m in thread_of(sandbox, where)[1:]),
            words,
            patience=60,
        )
        if words == "Waiting for change":
            _merge(sandbox, expected["change"])
    said = "\n".join(m["text"] for m in thread_of(sandbox, where))
    for words in (expected.get("said"), expected.get("image"), (expected.get("change") or {}).get("author")):
        assert words is None or words in said
    everything = str(thread_of(sandbox, where)) + bot.said()
    for secret in expected["redacted"]:
        assert secret not in everything
        assert bot.rows("SELECT 1 FROM records WHERE body LIKE ?", f"%{secret}%") == []
        assert bot.rows("SELECT 1 FROM recordings WHERE body LIKE ?", f"%{secret}%") == []


def _merge(sandbox, change):
    """A person reads the pull request, finds the one line that was to change in it, and merges it."""
    repos = sandbox.look("github")["repos"]
    (repo,) = [each for each in repos if each["name"] == change["repository"]]
    (pull,) = [each for each in repo["pulls"] if each["state"] == "open"]
    lines = [(line["sign"], line["text"]) for each in pull["diff"] for line in each["lines"]]
    assert ("-", change["from"]) in lines
    assert ("+", change["to"]) in lines
    assert sum(sign in "+-" for sign, _ in lines) == 2
    sandbox.control("merge", repo=repo["name"], number=pull["number"], user="mara-lind")


def _stored(bot, kind):
    rows = bot.rows("SELECT body FROM records WHERE kind = ? ORDER BY seq DESC LIMIT 1", kind)
    return str(rows[0][0])
