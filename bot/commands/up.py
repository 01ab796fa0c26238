"""`up`: what `make run` starts. Live with Slack tokens; without them the sandbox, and the bot pointed at it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bot.bootstrap import CONFIG
from bot.domain.errors import ConfigError
from bot.settings import Settings

STOP_SECONDS = 10
TEAM = CONFIG / "scenarios" / "team"
"""The configuration folder of the made-up team whose failures the scenarios are."""


def up(settings: Settings, *, write: Callable[[str], object]) -> int:
    """Run until Ctrl-C, or until either process ends. Returns the exit code of whichever ended by itself."""
    if settings.slack.bot_token and settings.slack.app_token:
        os.execv(sys.executable, [sys.executable, "-m", "bot", "run"])  # noqa: S606 - our own interpreter
    if settings.slack.bot_token or settings.slack.app_token:
        missing = "SLACK_APP_TOKEN" if settings.slack.bot_token else "SLACK_BOT_TOKEN"
        raise ConfigError(
            place=missing,
            problem="only one of the two Slack tokens is set",
            mend="set both for a workspace, or none for the sandbox",
        )
    data = settings.house.data_dir / "sandbox"
    data.mkdir(parents=True, exist_ok=True)
    sandbox = subprocess.Popen([sys.executable, "-m", "bot.sandbox"], stdout=subprocess.PIPE, text=True)
    bot: subprocess.Popen[str] | None = None
    try:
        line = _addresses(sandbox)
        _remember(data, line)
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], stdout=subprocess.PIPE, text=True, env=_environment(line, data)
        )
        assert bot.stdout is not None
        if bot.stdout.readline().strip() != "ready":
            return bot.wait() or 2
        write(f"\nCodeHealer is ready. Open {line['url']}\n\nPress Cause a failure there. Ctrl-C here ends both.\n")
        return _wait(bot)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in (bot, sandbox):
            if process is not None:
                _end(process)


def _addresses(sandbox: "subprocess.Popen[str]") -> dict[str, object]:
    assert sandbox.stdout is not None
    first = sandbox.stdout.readline()
    try:
        line = json.loads(first)
    except ValueError:
        line = None
    if not isinstance(line, dict):
        raise ConfigError(
            place="the sandbox",
            problem="it did not start; its own words are above",
            mend="choose another CODEHEALER_SANDBOX_PORT",
        )
    return line


def _environment(line: dict[str, object], data: Path) -> dict[str, str]:
    """Return the bot's environment: this one, pointed at the sandbox, with its approver as ours."""
    people = line["people"]
    assert isinstance(people, dict)
    return {
        **os.environ,
        "CODEHEALER_MODE": "sandbox",
        "CODEHEALER_DATA_DIR": str(data),
        "CODEHEALER_APPROVERS": str(people["approver"]),
        "SLACK_API_URL": str(line["slack_api_url"]),
        "SLACK_BOT_TOKEN": str(line["slack_bot_token"]),
        "SLACK_APP_TOKEN": str(line["slack_app_token"]),
        "KUBECONFIG": str(line["kubeconfig"]),
        "CODEHEALER_CONFIG_DIR": os.environ.get("CODEHEALER_CONFIG_DIR") or str(TEAM),
        "GITHUB_API_URL": str(line["github_url"]),
        "GITHUB_TOKEN": str(line["github_token"]),
        "GITHUB_APP_ID": "",
        "ARGOCD_SERVER": str(line["argocd_url"]),
        "ARGOCD_AUTH_TOKEN": str(line["argocd_token"]),
    }


def _remember(data: Path, line: dict[str, object]) -> None:
    """Keep the addresses for `simulate`. A workspace of the sandbox lives as long as it, so old state goes too."""
    for old in data.glob("state.*"):
        old.unlink()
    path = data / "sandbox.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
        json.dump(line, kept)


def _wait(bot: "subprocess.Popen[str]") -> int:
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return bot.wait()


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
