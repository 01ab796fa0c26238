"""`simulate PLATFORM SCENARIO`: one scenario, without touching anything real."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bot.bootstrap import CONFIG, ConfiguredPlatforms, build_engine, world_platforms
from bot.commands.loopback import ask, loopback_scenario
from bot.domain.connections import Connections
from bot.domain.durable import Delivery, Job, Lane
from bot.domain.errors import ConfigError
from bot.ports import Person, Platforms, Room
from bot.settings import Mode, Settings, load_settings
from bot.slack.blocks import fallback_text
from bot.slack.flatten import Own, flatten

SCENARIOS = CONFIG / "scenarios"
CHANNEL = "C0SIMULATED"
LIVING = ("github.yaml", "argocd.yaml")
"""Files of scenarios whose platforms have to live: they are asked over HTTP, on loopback."""


class _Nobody:
    """The Directory of a simulation: an internal channel in which nobody is."""

    def person(self, user_id: str) -> Person:
        return Person(user_id=user_id, is_stranger=True)

    def room(self, channel: str) -> Room:
        return Room(channel=channel, name="simulated", external=False)

    def rooms(self) -> tuple[Room, ...]:
        return ()

    def is_member(self, channel: str, user_id: str) -> bool:  # noqa: ARG002 - the port's
        return False


class _Silent:
    def tell(self, event: str, **facts: object) -> None:
        """Hear nothing: the answer is what is printed."""


def known(platform: str = "") -> tuple[tuple[str, str], ...]:
    """Return (platform, scenario) of each scenario folder."""
    found = []
    for path in sorted(SCENARIOS.glob("*/scenario.yaml")):
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        found.append((str(said["platform"]), path.parent.name))
    return tuple(each for each in found if platform in {"", each[0]})


def simulate(settings: Settings, platform: str, scenario: str, write: Callable[[str], object]) -> int:
    """In sandbox mode cause the failure there; in live mode answer from the scenario's world files and print the card."""
    if (platform, scenario) not in known():
        names = ", ".join(f"{p} {s}" for p, s in known())
        raise ConfigError(
            place=f"{platform} {scenario}", problem="there is no such scenario", mend=f"choose one of: {names}"
        )
    if settings.house.mode is Mode.SANDBOX:
        return _in_sandbox(settings, scenario, write)
    write(_card(settings, SCENARIOS / scenario) + "\n")
    return 0


def _in_sandbox(settings: Settings, scenario: str, write: Callable[[str], object]) -> int:
    path = settings.house.data_dir / "sandbox.json"
    try:
        line = json.loads(path.read_text(encoding="utf-8"))
        ask(line, "cause", {"scenario": scenario})
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            place=str(path), problem=f"no sandbox answers there ({type(error).__name__})", mend="start it with make run"
        ) from error
    write(f"caused {scenario}; watch it at {line['url']}\n")
    return 0


def _card(settings: Settings, folder: Path) -> str:
    """Answer from the scenario's files, or where GitHub or Argo CD have to live, from a loopback world of their own."""
    if not any((folder / name).is_file() for name in LIVING):
        said = json.loads((folder / "post.json").read_text(encoding="utf-8"))
        return _answered(settings, said, world_platforms(folder), Connections())
    with loopback_scenario(folder.name) as (line, message):
        names = {"GITHUB_API_URL": "github_url", "GITHUB_TOKEN": "github_token", "ARGOCD_SERVER": "argocd_url"}
        names |= {"ARGOCD_AUTH_TOKEN": "argocd_token", "KUBECONFIG": "kubeconfig"}
        platforms = ConfiguredPlatforms(load_settings({name: line[key] for name, key in names.items()}, dotenv=None))
        team = settings.house.model_copy(update={"config_dir": settings.house.config_dir or SCENARIOS / "team"})
        settings = settings.model_copy(update={"house": team})
        profile = message.get("bot_profile") or {}
        sender = {
            "name": str(profile.get("name", "")),
            "app_id": message.get("app_id"),
            "bot_id": message.get("bot_id"),
        }
        return _answered(settings, {"sender": sender, "message": message}, platforms, platforms.connections)


def _answered(settings: Settings, said: dict[str, Any], platforms: Platforms, connections: Connections) -> str:
    """Run the post through an engine of its own, in a folder that is thrown away, and return the card as text."""
    with tempfile.TemporaryDirectory() as scratch:
        house = settings.house.model_copy(update={"data_dir": Path(scratch)})
        engine = build_engine(
            settings.model_copy(update={"house": house}),
            team="SIMULATED",
            directory=_Nobody(),
            observer=_Silent(),
            platforms=platforms,
            connections=connections,
            simulated=True,
        )
        try:
            now = engine.clock.now()
            post = flatten(_event(said, now.timestamp()), team="SIMULATED", own=Own(), received_at=now)
            job = Job(id="jb_simulated", payload=post, lane=Lane.INVESTIGATIONS, run_at=now, priority=0)
            engine.inbox.commit_now(Delivery(key="simulated", received_at=now, job=job))
            while engine.workers.run_one(Lane.INVESTIGATIONS):
                pass
            rows = engine.outbox.unsent_now()
            return "\n\n".join(fallback_text(row.message.report) for row in rows)
        finally:
            engine.close()


def _event(said: dict[str, Any], moment: float) -> dict[str, Any]:
    ts = f"{moment:.6f}"
    sender = said["sender"]
    return {
        "type": "message",
        "channel": CHANNEL,
        "ts": ts,
        "bot_id": sender["bot_id"],
        "app_id": sender["app_id"],
        "username": sender["name"],
        **{name: each for name, each in said["message"].items() if name not in {"ts", "thread_ts", "channel"}},
    }
