"""`gather` with everything but the cluster made up: what the evidence tests ask it with."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from bot.domain.alert import Alert, AlertStatus, Post, SlackRef, Target, TargetKind
from bot.domain.connections import Connections
from bot.domain.evidence import Dossier
from bot.evidence.gather import gather
from bot.evidence.mask import MaskedPlatforms
from bot.ports import Platforms
from knowledge.text.redact import Session
from tests.fakes.cluster import FakeCluster, FakePlatforms

NO_CONNECTIONS = Connections()
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


class Ids:
    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers)}"


class Clock:
    def now(self) -> datetime:
        return NOW


def alert(
    target: Target, text: str = "Pod is crash looping\nsee the logs", title: str = "Pod is crash looping"
) -> Alert:
    post = Post(
        ref=SlackRef(team="T1", channel="C1", ts="1.0"), author="Robusta", title=title, text=text, posted_at=NOW
    )
    return Alert(
        id="al_1",
        source="robusta",
        platform="kubernetes",
        status=AlertStatus.FIRING,
        title=title,
        target=target,
        fingerprint="f",
        raised_at=NOW,
        post=post,
    )


def pod_target(name: str, **more: str) -> Target:
    return Target(kind=TargetKind.POD, namespace="shop", name=name, **more)


def workload_target(name: str, **more: str) -> Target:
    return Target(kind=TargetKind.WORKLOAD, namespace="shop", name=name, **more)


def allows(_: Target) -> str:
    return ""


def denies(_: Target) -> str:
    return "this channel's scope does not cover it"


def gathered_from(
    platforms: Platforms,
    target: Target,
    *,
    refuses: Callable[[Target], str] = allows,
    connections: Connections = NO_CONNECTIONS,
    text: str = "boom",
) -> Dossier:
    session = Session()
    masked = MaskedPlatforms(platforms, lambda: session)
    return gather(
        "in_1",
        alert(target, text),
        masked,
        ids=Ids(),
        clock=Clock(),
        refuses=refuses,
        connections=connections,
        session=session,
    )


def gathered(target: Target, *clusters: FakeCluster, in_scope: bool = True, text: str = "boom") -> Dossier:
    return gathered_from(
        FakePlatforms({c.connection: c for c in clusters}), target, refuses=allows if in_scope else denies, text=text
    )
