"""escalate: hand the incident to people, with what is known and what was tried. Changes nothing on any platform."""

# ruff: noqa: ARG002 - the contract hands these to every action; this one asks nothing of any platform

from dataclasses import replace
from datetime import datetime

from bot.domain.action import ActionSpec, Check, Looked, Preview, Risk
from bot.domain.alert import TargetKind
from bot.domain.execution import Execution, Verdict
from bot.domain.proposal import ProposalStep
from bot.ports import Platforms
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress

_NOTED = Check(
    name="said in the thread", expected="a note in the alert's thread names what is known and what was tried"
)


class Escalate:
    """Its whole effect is the note that `workflow` writes in the durable step of the outcome: written once, by its key."""

    spec = ActionSpec(
        id="escalate",
        title="Escalate to people",
        risk=Risk.READ_ONLY,
        target_kinds=tuple(TargetKind),
        guard="the note's key in the outbox: the same note is never posted twice",
        marker="the note itself",
        reversible=False,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step; it fits every incident."""
        summary = "Hand this incident to people: a note in the thread says what is known and what was tried."
        return ProposalStep(
            action=self.spec.id,
            target=ask.dossier.target,
            preview=Preview(summary=summary, request="Nothing is sent to any platform."),
            verification=(_NOTED,),
        )

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Nothing is needed of any platform."""
        return Preflight(ok=True, checks=(), guard="note", preview=step.preview)

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        return "note"

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        """It cannot be half done: the note and the outcome are one durable step."""
        return Looked.APPLIED

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        done = tuple(replace(check, observed="written", passed=True) for check in step.verification)
        return Progress(verdict=Verdict.PASSED, checks=done)
