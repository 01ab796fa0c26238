"""The desk: everything that a use case is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.diagnosis.calibrate import Calibration
from bot.diagnosis.match import Matcher
from bot.domain.audit import AuditEntry
from bot.domain.connections import Connections
from bot.domain.scope import ChannelRules
from bot.domain.values import value
from bot.ports import Clock, Directory, Ids, Observer, Platforms, State
from bot.remedy.policy import Rules
from knowledge.text.redact import Session


@value
class House:
    """What the people who run CodeHealer decided. Durations are how long a proposal lives and a fix is watched.

    It is kept with every recording, so that a replay decides by the same rules.
    """

    approvers: frozenset[str]
    team: str
    proposal_ttl: timedelta = timedelta(hours=1)
    verify_window: timedelta = timedelta(seconds=120)
    simulated: bool = False
    connections: Connections = Connections()
    channels: ChannelRules = ChannelRules()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The ports and the rules. `secrets` gives the session that numbers the masked secrets of this job. Nothing here is created by a use case, so a replay can hand in recorded ones."""

    state: State
    clock: Clock
    ids: Ids
    directory: Directory
    platforms: Platforms
    observer: Observer
    secrets: Callable[[], Session]
    matcher: Matcher
    calibration: Calibration
    rules: Rules
    house: House = field(default_factory=lambda: House(approvers=frozenset(), team=""))

    def audit(self, actor: str, verb: str, incident_id: str, detail: str = "") -> AuditEntry:
        """Return an audit entry about an incident, at this moment."""
        return AuditEntry(
            at=self.clock.now(), actor=actor, verb=verb, subject=f"incident:{incident_id}", detail=detail[:1000]
        )
