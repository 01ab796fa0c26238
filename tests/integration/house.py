"""What the tests of a whole way on something real share: both processes, the sandbox's side of Slack and GitHub, a person's hands."""

import json
import os
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.contract.cluster_worlds import until

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "config" / "scenarios"
VERIFY_WINDOW = "4s"
READ_BY_US = ("SLACK_", "CODEHEALER_", "KUBECONFIG", "GITHUB_", "ARGOCD_")


class House:
    """`python -m bot run` in the sandbox's Slack, and the hands of the sandbox's people."""

    def __init__(self, line: dict[str, Any], log: Path) -> None:
        self.line, self.log = line, log
        self.ana = line["people"]["approver"]
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def control(self, name: str, /, **body: Any) -> dict[str, Any]:
        return self._ask(self.line["control_url"] + name, self.line["control_token"], body)

    def look(self, name: str, /, **query: str) -> dict[str, Any]:
        url = f"{self.line['control_url']}{name}?{urllib.parse.urlencode(query)}"
        return self._ask(url, self.line["control_token"])

    def github(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the sandbox's GitHub; with a body it is a POST."""
        return self._ask(self.line["github_url"] + path, self.line["github_token"], body)

    def github_log(self, job_id: int) -> str:
        return str(self.look("github_log", job=str(job_id))["log"])

    def repository(self, name: str) -> dict[str, Any]:
        """Give what GitHub's page shows of a repository: runs, pulls, secrets."""
        return next(each for each in self.look("github")["repos"] if each["name"] == name)

    def post(self, channel: str, sender: dict[str, Any], message: dict[str, Any]) -> "Thread":
        """Post as another app."""
        posted = self.control("post", channel=channel, sender=sender, message=message)
        return Thread(self, posted["channel"], posted["ts"])

    def views(self) -> list[dict[str, Any]]:
        return list(self.look("state")["views"].get(self.ana, []))

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the state file beside the bot."""
        path = self.log.with_name("data") / "state.sqlite3"
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()

    def has_kept(self, secret: str) -> bool:
        """Whether the bot holds the text in its state, or wrote it into its log or into Slack."""
        tables = ("records", "recordings", "outbox")
        kept = any(self.rows(f"SELECT 1 FROM {table} WHERE body LIKE ?", f"%{secret}%") for table in tables)
        ours = [m for c in self.look("state")["channels"] for m in c["messages"] if m.get("metadata")]
        return kept or secret in self.log.read_text() or secret in json.dumps(ours)

    def _ask(self, url: str, token: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        with self._open(urllib.request.Request(url, sent, headers), timeout=20) as answer:
            return json.loads(answer.read() or b"{}")


class Thread:
    """What the bot says under one alert, and what a person does with it."""

    def __init__(self, house: House, channel: str, ts: str) -> None:
        self._house, self._channel, self._ts = house, channel, ts

    def messages(self, kind: str) -> list[dict[str, Any]]:
        (channel,) = self._house.look("state", channel=self._channel)["channels"]
        mine = [m for m in channel["messages"] if m.get("thread_ts") == self._ts and m["ts"] != self._ts]
        return [m for m in mine if m.get("metadata", {}).get("event_type") == kind]

    def card(self, words: str, seconds: float = 30.0) -> str:
        """The card's text once it says the words."""

        def said() -> str:
            cards = self.messages("codehealer_card")
            assert len(cards) < 2
            text = plain(cards[0]) if cards else ""
            return text if words in text else ""

        return str(self._wait(f"a card that says {words!r}", said, seconds))

    def note(self, word: str, seconds: float = 30.0) -> str:
        """The text of the outcome that begins with the word."""

        def said() -> str:
            return next((plain(m) for m in self.messages("codehealer_note") if m["text"].startswith(word)), "")

        return str(self._wait(f"a note {word!r}", said, seconds))

    def outcomes(self) -> list[str]:
        """The first words of every outcome, in order."""
        return [m["text"].partition(":")[0] for m in self.messages("codehealer_note")]

    def review(self) -> dict[str, Any]:
        """Press Review fix and return the modal, once it is more than `checking`."""
        for left in self._house.views():
            self._house.control("close_view", user=self._house.ana, view_id=left["id"])
        (card,) = self.messages("codehealer_card")
        self._house.control(
            "click", user=self._house.ana, channel=self._channel, ts=card["ts"], action_id="heal_review"
        )
        self.view: dict[str, Any] = self._wait(
            "the review", lambda: next((v for v in self._house.views() if _is_full(v)), None)
        )
        return self.view

    def approve(self) -> None:
        done = self._house.control("submit", user=self._house.ana, view_id=self.view["id"], values={})
        assert done["acked"]
        self._wait("an answer", lambda: any("Approved" in plain(v) for v in self._house.views()))
        self.close()

    def close(self) -> None:
        self._house.control("close_view", user=self._house.ana, view_id=self.view["id"])

    def _wait(self, what: str, test: Callable[[], Any], seconds: float = 30.0) -> Any:
        try:
            return until(what, test, seconds)
        except AssertionError as late:
            said = [m["text"][:300] for kind in ("codehealer_card", "codehealer_note") for m in self.messages(kind)]
            said += [f"a modal: {plain(v)[:300]}" for v in self._house.views()]
            log = self._house.log.read_text()[-3000:]
            raise AssertionError(f"{late}\nthe thread: {said}\nthe bot's log: {log}") from late


def _is_full(view: dict[str, Any]) -> bool:
    return view.get("callback_id") == "heal_decide" and "Preconditions" in plain(view)


def plain(shown: dict[str, Any]) -> str:
    """Every text of a message's or a view's blocks."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for each in node.values():
                walk(each)

    walk(shown.get("blocks", []))
    return "\n".join(found)


@contextmanager
def open_house(
    folder: Path, settings: Callable[[dict[str, Any]], dict[str, str]], *options: str, **environment: str
) -> Iterator[House]:
    """Run both processes until the end of the tests; the bot must end well when it is told to.

    `settings` makes of the sandbox's line what the bot is told beside Slack; `options` and `environment` are the sandbox's.
    """
    clean = {n: v for n, v in os.environ.items() if not n.startswith(READ_BY_US)}
    log = folder / "bot.log"
    with (
        log.open("w") as said,
        _process("bot.sandbox", *options, env={**clean, **environment}, stderr=said) as sandbox,
    ):
        line = json.loads(sandbox.stdout.readline() if sandbox.stdout else "")
        told = {
            "CODEHEALER_MODE": "sandbox",
            "CODEHEALER_DATA_DIR": str(folder / "data"),
            "CODEHEALER_VERIFY_WINDOW": VERIFY_WINDOW,
            "CODEHEALER_APPROVERS": line["people"]["approver"],
            "SLACK_API_URL": line["slack_api_url"],
            "SLACK_BOT_TOKEN": line["slack_bot_token"],
            "SLACK_APP_TOKEN": line["slack_app_token"],
            **settings(line),
        }
        with _process("bot", "run", env={**clean, **told}, stderr=said) as bot:
            assert bot.stdout is not None
            assert bot.stdout.readline() == "ready\n", log.read_text()
            yield House(line, log)


@contextmanager
def _process(*arguments: str, env: dict[str, str], stderr: Any) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(20) == 0
