"""The processes of a run: started, watched and ended here. Each run of a subject has a sandbox of its own."""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import Cpu

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 15.0
_FOREIGN = ("CODEHEALER_", "SLACK_", "KUBE", "GITHUB_", "ARGOCD_", "REDIS_", "OPENSEARCH_", "LLM_")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Failed(RuntimeError):
    """A process of the run did not start, or ended by itself; the text carries its last words."""


@dataclass(frozen=True)
class Watched:
    """One child process and its log file."""

    name: str
    process: "subprocess.Popen[str]"
    log: Path

    def first_line(self) -> str:
        """Return its first line on stdout. Raises Failed when none comes within a minute."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], START_SECONDS)[0]:
            raise Failed(f"{self.name} said nothing for {START_SECONDS:g} s{self.last_words()}")
        line = self.process.stdout.readline().strip()
        if not line:
            raise Failed(f"{self.name} ended at its start{self.last_words()}")
        return line

    def check(self) -> None:
        """Raise Failed if it is gone."""
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with {self.process.returncode}{self.last_words()}")

    def last_words(self) -> str:
        words = self.log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()
        return f"; its last words:\n{words}" if words else ""

    def warnings(self) -> int:
        """Return how many warnings and errors it has logged."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return sum('"level": "warning"' in line or line.startswith(("WARNING", "ERROR")) for line in text.splitlines())

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def mebibytes(self) -> float:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 2**20

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass(frozen=True)
class Stage:
    """A subject connected to its sandbox. `line` is what the sandbox printed (docs/sandbox.md)."""

    subject: str
    line: dict[str, Any]
    sandbox: Watched
    bot: Watched

    def check(self) -> None:
        self.sandbox.check()
        self.bot.check()

    def meter(self) -> "Meter":
        return Meter(self)


class Meter:
    """CPU of both processes since it was made."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._began = time.monotonic()
        self._before = {each.name: each.cpu_seconds() for each in (stage.bot, stage.sandbox)}

    def read(self) -> tuple[Cpu, ...]:
        passed = max(time.monotonic() - self._began, 0.001)
        rows = []
        for each in (self._stage.bot, self._stage.sandbox):
            used = each.cpu_seconds() - self._before[each.name]
            rows.append(Cpu(process=each.name, seconds=used, share=used / passed, mebibytes=each.mebibytes()))
        return tuple(rows)


@contextlib.contextmanager
def stage(subject: str, *, limits: str, channel_rate: str | None) -> Iterator[Stage]:
    """Start a sandbox and the subject (`bot` or `echo`), and end both, with all they wrote, whatever happens."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="codehealer-bench-")))
        sandbox = _start("sandbox", ["-m", "bot.sandbox", "--limits", limits], {}, folder)
        stack.callback(sandbox.end)
        line = json.loads(sandbox.first_line())
        command = ["-m", "bot", "run"] if subject == "bot" else ["-m", "benchmarks.echo_bot"]
        bot = _start(subject, command, _environment(line, folder, channel_rate), folder)
        stack.callback(bot.end)
        if bot.first_line() != "ready":
            raise Failed(f"{subject} did not get ready{bot.last_words()}")
        yield Stage(subject, line, sandbox, bot)


def _environment(line: dict[str, Any], folder: Path, channel_rate: str | None) -> dict[str, str]:
    paced = {} if channel_rate is None else {"SLACK_CHANNEL_RATE": channel_rate}
    return {
        "CODEHEALER_MODE": "sandbox",
        "CODEHEALER_DATA_DIR": str(folder / "state"),
        "CODEHEALER_APPROVERS": str(line["people"]["approver"]),
        "SLACK_API_URL": str(line["slack_api_url"]),
        "SLACK_BOT_TOKEN": str(line["slack_bot_token"]),
        "SLACK_APP_TOKEN": str(line["slack_app_token"]),
        "KUBECONFIG": str(line["kubeconfig"]),
        **paced,
    }


def _start(name: str, command: list[str], extra: dict[str, str], folder: Path) -> Watched:
    """Start a child in the run's folder (so that no .env is read), away from the terminal's Ctrl-C."""
    kept = {
        name: said for name, said in os.environ.items() if not name.startswith(_FOREIGN) and "proxy" not in name.lower()
    }
    log = folder / f"{name}.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **extra},
            start_new_session=True,
        )
    return Watched(name, process, log)
