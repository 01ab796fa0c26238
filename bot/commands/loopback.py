"""A scenario's platforms on loopback: the sandbox as a process of its own, for as long as one simulation lasts."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from bot.domain.errors import ConfigError

SECONDS = 10


@contextmanager
def loopback_scenario(scenario: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Start the sandbox, cause the scenario there, and give its addresses and the alert's message as Slack stores it.

    Raises ConfigError where the sandbox is not installed (the image leaves it out) or does not start.
    """
    if find_spec("bot.sandbox") is None:
        raise ConfigError(
            place=f"scenario {scenario}",
            problem="it needs the sandbox, which is not part of the image",
            mend="run simulate from a checkout, or choose a kubernetes scenario",
        )
    process = subprocess.Popen([sys.executable, "-m", "bot.sandbox"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = json.loads(process.stdout.readline() or "null")
        if not isinstance(line, dict):
            raise ConfigError(
                place="the sandbox", problem="it did not start; its own words are above", mend="try again"
            )
        yield line, _caused(line, scenario)
    finally:
        process.terminate()
        process.wait(SECONDS)
        process.stdout.close()


def ask(line: dict[str, Any], name: str, body: dict[str, Any] | None = None) -> Any:
    """Ask a sandbox's control API: POST with a body, else GET. Raises OSError and ValueError."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own loopback address
        f"{line['control_url']}{name}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {line['control_token']}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as answer:
        return json.loads(answer.read())


def _caused(line: dict[str, Any], scenario: str) -> dict[str, Any]:
    where = ask(line, "cause", {"scenario": scenario})
    state = ask(line, f"state?channel={where['channel']}")
    messages = (each for channel in state["channels"] for each in channel["messages"])
    return next(dict(each) for each in messages if each["ts"] == where["ts"])
