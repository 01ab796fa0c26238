"""What an action is: the questions it answers, from the draft to the verification. `catalog` lists the actions."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.domain.action import ActionSpec, Check, Looked, Preview
from bot.domain.alert import Target
from bot.domain.connections import Connections
from bot.domain.diagnosis import Hypothesis
from bot.domain.evidence import Dossier
from bot.domain.execution import Execution, Verdict, Verification
from bot.domain.incident import Incident
from bot.domain.proposal import ProposalStep
from bot.domain.values import value
from bot.ports import Platforms
from bot.remedy.policy import Rules


def _refuses_nothing(_: Target) -> str:
    return ""


@value
class Ask:
    """Everything a draft may look at. `verify_window` is in seconds; executions and verifications are earlier ones.

    `diagnosis_id` is that of the hypothesis's diagnosis, which the incident does not name yet; empty: the incident's.
    `refuses` is what the channel may act on: it returns in words why a target lies outside, or the empty string.
    `before` are the steps of the same proposal that were drafted already, and that run first.
    """

    incident: Incident
    dossier: Dossier
    hypothesis: Hypothesis
    rules: Rules
    verify_window: int
    executions: tuple[Execution, ...] = ()
    verifications: tuple[Verification, ...] = ()
    diagnosis_id: str = ""
    connections: Connections = Connections()
    refuses: Callable[[Target], str] = _refuses_nothing
    before: tuple[ProposalStep, ...] = ()


@value
class NotOffered:
    """The action does not fit; the reason is a sentence for the card."""

    reason: str


@value
class Preflight:
    """The preconditions, read now. `ok` iff `stale` is empty, which else says in a sentence why it cannot run as shown.

    `guard` is the resourceVersion that the write must be bound to and `generation` the generation read with it; both are
    of the same read as the checks. `preview` is what was approved or is to be.
    """

    ok: bool
    checks: tuple[Check, ...]
    guard: str = ""
    generation: int = 0
    preview: Preview
    stale: str = ""


@value
class Progress:
    """One look at whether the fix helps. No verdict: not yet, look again. The checks are those written down before.

    `waits_for` says, in a sentence, that a person has to do something first (merge a pull request); it comes without a
    verdict, and the proposal then waits for days rather than minutes. `url` is where they do it.
    """

    verdict: Verdict | None
    checks: tuple[Check, ...] = ()
    waits_for: str = ""
    url: str = ""


class Action(Protocol):
    """A catalogue entry. Every method may be called again at any time; only `send` changes anything."""

    spec: ActionSpec

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step with exact parameters, preview, preconditions and verification. Pure."""
        ...

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Check the preconditions against the platform as it is now, and with `dry_run` the write itself (unexecuted).

        What says that the step cannot run (moved, gone, forbidden, refused) is a Preflight that is not ok. Raises
        PlatformError when the platform cannot be asked: nothing is known then.
        """
        ...

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        """Send the one write, change and marker together, under `execution.guard`; return the platform's handle.

        Raises Conflict, Rejected, Forbidden, NotFound, Unavailable: nothing was changed; AnswerLost: look.
        """
        ...

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        """Return whether the write of this execution was applied, by its marker. Raises PlatformError."""
        ...

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        """Look once at the checks that were written down. An outage is no verdict before the deadline; never raises it."""
        ...
