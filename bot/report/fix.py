"""A proposal in words: its risk and undoing, what is checked, what was tried and what came of it."""

from datetime import datetime, timedelta

from bot.domain.action import Check, Risk
from bot.domain.execution import ExecutionState, Verdict
from bot.domain.proposal import Proposal, ProposalStep
from bot.domain.report import Button, Buttons, Facts, Part, Text
from bot.report.steps import PULL_REQUEST, before_parts, done, execution_of, proposed_steps, step_parts, verdict_of
from bot.report.story import Story
from bot.report.words import capital, clock

RISKS: dict[Risk, str] = {
    Risk.READ_ONLY: "none, it only reads",
    Risk.LOW: "low",
    Risk.MEDIUM: "medium",
    Risk.HIGH: "high",
    Risk.CRITICAL: "critical",
}
MAX_OBSERVED = 400


def hands_over(proposal: Proposal | None) -> bool:
    """Whether the proposal changes nothing and only calls people."""
    return proposal is not None and proposal.risk is Risk.READ_ONLY


def fix_parts(proposal: Proposal) -> tuple[Part, ...]:
    """Return what would be done, step by step, its risk and how it is undone."""
    if hands_over(proposal):
        return (Text(text="I know no fix that I could make."), *proposed_steps(proposal, "Proposed"))
    return (*proposed_steps(proposal), *risk_parts(proposal))


def risk_parts(proposal: Proposal) -> tuple[Part, ...]:
    """Return the risk, and how each step is undone."""
    undo = " ".join(step.compensation for step in proposal.steps if step.compensation)
    undoing = (Text(text="Undo:", quoted=undo),) if undo else ()
    return (Text(text="Risk:", quoted=RISKS[proposal.risk]), *undoing)


def expected(checks: tuple[Check, ...]) -> Facts:
    """Return the checks as they were written down, before anybody looked."""
    return Facts(pairs=tuple((capital(check.name), check.expected) for check in checks))


def observed(checks: tuple[Check, ...], *, short: bool = False) -> Facts:
    """Return the checks with what was seen against what was expected; one that was not reached says so.

    `short`: of what was met only what was seen.
    """
    return Facts(pairs=tuple(_observed(check, short=short and check.passed is True) for check in checks))


def _observed(check: Check, *, short: bool) -> tuple[str, str]:
    seen = check.observed[:MAX_OBSERVED]
    word = {True: "met", False: "not met", None: "not decided"}[check.passed] if seen else "not looked at"
    wanted = f"expected: {check.expected}"
    said = seen if seen and short else f"{seen} · {wanted}" if seen else wanted
    return f"{capital(check.name)} ({word})", said


def tried_parts(story: Story) -> tuple[Part, ...]:
    """Return what was done about the incident and with what result; says it too when nothing was."""
    proposal = story.proposal
    if proposal is None or hands_over(proposal) or not _was_run(story):
        return (Text(text="Tried: nothing. No fix was run."),)
    several = len(proposal.steps) > 1
    before = step_parts(story) if several else ()
    execution = execution_of(story)
    if execution is None:
        return before
    if execution.state in {ExecutionState.INTENDED, ExecutionState.REFUSED}:
        refused = Text(text="The last step was not applied:", quoted=execution.detail or "it was not sent")
        return (*before, refused) if before else (Text(text="Tried: nothing was changed."), refused)
    tried = () if several else (Text(text="Tried:", quoted=done(proposal.current)),)
    if execution.state in {ExecutionState.UNKNOWN, ExecutionState.SENT}:
        doubt = "It was sent, and whether it was applied is not known"
        why = execution.detail
        return (*before, *tried, Text(text=f"{doubt}:" if why else f"{doubt}.", quoted=why))
    return (*before, *tried, *_result(story))


def _was_run(story: Story) -> bool:
    execution, proposal = story.execution, story.proposal
    return execution is not None and proposal is not None and execution.proposal_id == proposal.id


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
    proposal, execution = story.proposal, execution_of(story)
    if proposal is None or execution is None:
        return ()
    applied = execution.state is ExecutionState.APPLIED
    undo = proposal.current.compensation
    if not undo or not (applied or execution.state in {ExecutionState.UNKNOWN, ExecutionState.SENT}):
        return ()
    return (Text(text="I undid nothing. Undo:" if applied else "Undo, if it was applied:", quoted=undo),)


def refused_parts(story: Story, why: str) -> tuple[Part, ...]:
    """Return why the current step was not applied, and what was applied before it."""
    said = (Text(text="Why:", quoted=why),) if why else ()
    return (*said, *(before_parts(story.proposal) if story.proposal else ()))


def watch_parts(story: Story, step: ProposalStep) -> tuple[Part, ...]:
    """Return what is checked, since when, and the earliest time at which it can have passed."""
    if not step.verification:
        return ()
    execution = execution_of(story)
    if execution is None:
        return (expected(step.verification),)
    since = Text(text=_watched(execution.changed_at, step))
    return since, Text(text="It passes if:"), expected(step.verification)


def _watched(since: datetime, step: ProposalStep) -> str:
    if step.action == PULL_REQUEST:
        return "Watched until it is merged, and then whether that helps."
    if not step.verify_after:
        return f"Watched since {clock(since)}; a failure shows at once."
    until = since + timedelta(seconds=step.verify_after)
    return f"Watched since {clock(since)}, until {clock(until, since)} at least; a failure shows at once."


def opened(url: str, label: str = "Open pull request") -> tuple[Buttons, ...]:
    """Return the button that leads to a page; none where there is no page."""
    if not url.startswith(("http://", "https://")):
        return ()
    return (Buttons(buttons=(Button(action="heal_open", label=label, value="", url=url),)),)
