"""A proposal in words: what it does, at what risk, what is checked, what was tried and what came of it."""

from datetime import timedelta

from bot.domain.action import Check, Risk
from bot.domain.alert import Target
from bot.domain.execution import ExecutionState, Verdict
from bot.domain.proposal import Proposal, ProposalStep
from bot.domain.report import Facts, Part, Text
from bot.report.story import Story
from bot.report.words import capital, clock, name, target_name

RISKS: dict[Risk, str] = {
    Risk.READ_ONLY: "none, it only reads",
    Risk.LOW: "low",
    Risk.MEDIUM: "medium",
    Risk.HIGH: "high",
    Risk.CRITICAL: "critical",
}
MAX_OBSERVED = 400


def proposal_target(proposal: Proposal) -> str:
    """Return what the proposal is about, for a headline."""
    return target_name(proposal.current.target)


def fix_parts(proposal: Proposal) -> tuple[Part, ...]:
    """Return what would be done, step by step, its risk and how it is undone."""
    steps = proposal.steps
    label = "Proposed fix:" if len(steps) == 1 else "Proposed fix, step {at} of {of}:"
    said = [
        Text(text=label.format(at=at, of=len(steps)), quoted=step.preview.summary) for at, step in enumerate(steps, 1)
    ]
    return (*said, *risk_parts(proposal))


def risk_parts(proposal: Proposal) -> tuple[Part, ...]:
    """Return the risk, and how each step is undone."""
    undo = " ".join(step.compensation for step in proposal.steps if step.compensation)
    undoing = (Text(text="To undo:", quoted=undo),) if undo else ()
    return (Text(text="Risk:", quoted=RISKS[proposal.risk]), *undoing)


def expected(checks: tuple[Check, ...]) -> Facts:
    """Return the checks as they were written down, before anybody looked."""
    return Facts(pairs=tuple((capital(check.name), check.expected) for check in checks))


def observed(checks: tuple[Check, ...]) -> Facts:
    """Return the checks with what was seen against what was expected; one that was not reached says so."""
    return Facts(pairs=tuple(_observed(check) for check in checks))


def _observed(check: Check) -> tuple[str, str]:
    seen = check.observed[:MAX_OBSERVED]
    word = {True: "met", False: "not met", None: "not decided"}[check.passed] if seen else "not looked at"
    wanted = f"expected: {check.expected}"
    return f"{capital(check.name)} ({word})", f"{seen} · {wanted}" if seen else wanted


def verdict_of(story: Story) -> Verdict | None:
    """Return the verdict on this proposal's newest execution; None when there is none yet."""
    checked, execution, proposal = story.verification, story.execution, story.proposal
    if checked is None or execution is None or proposal is None or execution.proposal_id != proposal.id:
        return None
    return checked.verdict if checked.execution_id == execution.id else None


def done(step: ProposalStep) -> Text:
    """Return a step as something that was done: `memory limit of container app raised from 256Mi to 384Mi`."""
    target = target_name(step.target)
    if step.action == "kubernetes.set_resources":
        what = f"{name(step.param('resource'), 30)} limit of container {name(step.param('container'), 63)}"
        amounts = f"from {name(step.param('from'), 30)} to {name(step.param('to'), 30)}"
        return Text(text=f"Tried: {what} in {target} raised {amounts}.")
    if step.action == "kubernetes.rollout_restart":
        return Text(text=f"Tried: rollout of {target} restarted.")
    return Text(text="Tried:", quoted=step.preview.summary)


def tried_parts(story: Story) -> tuple[Part, ...]:
    """Return what was done about the incident and with what result; says it too when nothing was."""
    proposal, execution = story.proposal, story.execution
    if proposal is None or execution is None or execution.proposal_id != proposal.id:
        return (Text(text="Tried: nothing. No fix was run."),)
    before = tuple(done(step) for step in proposal.steps[: proposal.step])
    if execution.state in {ExecutionState.INTENDED, ExecutionState.REFUSED}:
        refused = Text(text="The last step was not applied:", quoted=execution.detail or "it was not sent")
        return (*before, refused) if before else (Text(text="Tried: nothing was changed."), refused)
    if execution.state in {ExecutionState.UNKNOWN, ExecutionState.SENT}:
        doubt = "It was sent, and whether it was applied is not known"
        why = execution.detail
        return (*before, done(proposal.current), Text(text=f"{doubt}:" if why else f"{doubt}.", quoted=why))
    return (*before, done(proposal.current), *_result(story))


def _result(story: Story) -> tuple[Part, ...]:
    verdict, checked = verdict_of(story), story.verification
    if verdict is None or checked is None:
        return (Text(text="It was applied; there is no verdict yet."),)
    if verdict is Verdict.PASSED:
        return (Text(text="Result: verified, every check was met."),)
    missed = tuple(check for check in checked.checks if check.passed is False) or checked.checks
    seen = "; ".join(check.observed[:MAX_OBSERVED] for check in missed if check.observed)
    said = "Result: it did not help" if verdict is Verdict.FAILED else "Result: it could not be verified"
    return (Text(text=f"{said}:" if seen else f"{said}.", quoted=seen),)


def undo_parts(story: Story) -> tuple[Part, ...]:
    """Return how a person undoes what was applied, or may have been: the bot undoes nothing by itself."""
    proposal, execution = story.proposal, story.execution
    if proposal is None or execution is None or execution.proposal_id != proposal.id:
        return ()
    applied = execution.state is ExecutionState.APPLIED
    undo = proposal.current.compensation
    if not undo or not (applied or execution.state in {ExecutionState.UNKNOWN, ExecutionState.SENT}):
        return ()
    return (Text(text="I undid nothing. To undo it:" if applied else "To undo it, if it was applied:", quoted=undo),)


def watch_parts(story: Story, step: ProposalStep) -> tuple[Part, ...]:
    """Return what is checked, since when, and the earliest time at which it can have passed."""
    execution = story.execution
    if execution is None or execution.proposal_id != _id(story) or not step.verification:
        return (expected(step.verification),) if step.verification else ()
    since, earliest = execution.changed_at, execution.changed_at + timedelta(seconds=step.verify_after)
    said = (
        f"Watched since {clock(since)}, until {clock(earliest, since)} at least; a failure shows at once. It passes if:"
    )
    return Text(text=said), expected(step.verification)


def _id(story: Story) -> str:
    return story.proposal.id if story.proposal else ""


def target_of(story: Story) -> Target:
    """Return what the incident is about: the platform's word where there is one, else the alert's."""
    return story.dossier.target if story.dossier else story.incident.target
