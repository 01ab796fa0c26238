"""Real processes of ours, started and killed by tests: the bot (`python -m bot run`) and the sandbox beside it."""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[2]
OURS = ("SLACK_", "CODEHEALER_", "KUBECONFIG", "GITHUB_", "ARGOCD_")
PATIENCE = 45.0
"""Seconds until a wait counts as failed. A bound for hanging, not a measure: nothing asserts how fast anything is."""


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this environment without anything that the product reads, and these settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def until(true, what, patience=PATIENCE, pause=0.004):
    """Return the first true answer of `true`, asking again and again."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"waited {patience:g} s in vain for {what() if callable(what) else what}")


class Bot:
    """`python -m bot run` over one data folder; started, killed and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = clean_environment(CODEHEALER_DATA_DIR=str(folder / "data"), **settings)
        self.log = folder / "bot.log"
        self.process: subprocess.Popen[str] | None = None
        self.starts = 0

    def launch(self) -> None:
        """Start it without waiting for anything."""
        assert self.process is None
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment,
                cwd=self.folder,
            )
        self.starts += 1

    def start(self) -> None:
        """Start it and wait until it says `ready`."""
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", f"the bot said {line!r}; its log ends: {self.said()[-2000:]}"

    def kill(self) -> None:
        """End it as the kernel's out-of-memory killer would: at once, between any two instructions."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an orchestrator would; return its exit code."""
        return self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it do nothing more; it can still be killed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        if self.process is not None:
            self.kill()

    def _end(self, number: int) -> int:
        process, self.process = self.process, None
        assert process is not None
        process.send_signal(number)
        try:
            code = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return code

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def events(self, name: str) -> list[dict[str, object]]:
        """Return what the bot told its observer under this name, as its log has it."""
        found = []
        for line in self.said().splitlines():
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    found.append(event)
        return found

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the command line over the same folder."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            timeout=60,
            check=False,
        )

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Read the state file beside the bot."""
        path = self.folder / "data" / "state.sqlite3"
        if not path.exists():
            return []
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


class SandboxProcess:
    """`python -m bot.sandbox` and its control API."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.sandbox", *options],
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self.line = json.loads(self.process.stdout.readline())
        self._control = urlsplit(self.line["control_url"])
        self._connection = http.client.HTTPConnection(self._control.netloc, timeout=30)

    def close(self) -> None:
        self._connection.close()
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def look(self, name: str, **query: object) -> dict[str, object]:
        return self._ask("GET", f"{name}?{urlencode(query)}", None)

    def control(self, name: str, **body: object) -> dict[str, object]:
        return self._ask("POST", name, json.dumps(body))

    def beside(self, name: str, **body: object) -> dict[str, object]:
        """Do the same from another thread: over a connection of its own."""
        connection = http.client.HTTPConnection(self._control.netloc, timeout=30)
        try:
            return self._ask("POST", name, json.dumps(body), connection)
        finally:
            connection.close()

    def _ask(
        self, verb: str, name: str, body: str | None, connection: http.client.HTTPConnection | None = None
    ) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {self.line['control_token']}", "Content-Type": "application/json"}
        connection = connection or self._connection
        connection.request(verb, self._control.path + name, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, f"control {name}: {text}"
        return json.loads(text)

    def bot_settings(self) -> dict[str, str]:
        """Return the environment that points a bot here."""
        return {
            "CODEHEALER_MODE": "sandbox",
            "CODEHEALER_APPROVERS": self.line["people"]["approver"],
            "SLACK_API_URL": self.line["slack_api_url"],
            "SLACK_BOT_TOKEN": self.line["slack_bot_token"],
            "SLACK_APP_TOKEN": self.line["slack_app_token"],
            "KUBECONFIG": self.line["kubeconfig"],
            "GITHUB_API_URL": self.line["github_url"],
            "GITHUB_TOKEN": self.line["github_token"],
            "ARGOCD_SERVER": self.line["argocd_url"],
            "ARGOCD_AUTH_TOKEN": self.line["argocd_token"],
            "CODEHEALER_CONFIG_DIR": str(ROOT / "config" / "scenarios" / "team"),
        }

    def kubernetes(self, path: str) -> dict[str, object]:
        """Read an object as the bot's user; it shows up in the API's calls like anybody's."""
        config = Path(self.line["kubeconfig"]).read_text(encoding="utf-8")
        token = config.split("token: ")[1].splitlines()[0].strip()
        connection = http.client.HTTPConnection(urlsplit(self.line["kubernetes_url"]).netloc, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            assert answer.status == 200, body
            return body
        finally:
            connection.close()
