"""The steps of a fix: what each does or did, how it stands with each, and how a person can tell that it was applied."""

from collections.abc import Callable

from bot.domain.alert import TargetKind
from bot.domain.cluster import EXECUTION_MARK
from bot.domain.delivery import EXECUTION_INFO
from bot.domain.execution import Execution, ExecutionState, Verdict
from bot.domain.pipeline import FIX_BRANCH
from bot.domain.proposal import Proposal, ProposalState, ProposalStep
from bot.domain.report import Text
from bot.report.story import Story
from bot.report.words import capital, name, target_name

PULL_REQUEST = "github.open_fix_pr"
"""The one action whose effect a person completes."""


def healed(proposal: Proposal) -> str:
    """Return what the proposal is to heal, for a headline: of its steps the last one works on it."""
    step = proposal.steps[-1]
    app = name(step.param("app"))
    return f"application {app}" if step.target.kind is TargetKind.REPO and app else target_name(step.target)


def execution_of(story: Story) -> Execution | None:
    """Return the execution of the step that is current; None while only earlier steps or proposals were run."""
    execution, proposal = story.execution, story.proposal
    if execution is None or proposal is None or execution.proposal_id != proposal.id:
        return None
    return execution if execution.step == proposal.step else None


def verdict_of(story: Story) -> Verdict | None:
    """Return the verdict on the current step; None when there is none yet."""
    checked, execution = story.verification, execution_of(story)
    if checked is None or execution is None:
        return None
    return checked.verdict if checked.execution_id == execution.id else None


def proposed_steps(proposal: Proposal, label: str = "Proposed fix") -> tuple[Text, ...]:
    """Return what would be done, a line a step."""
    many = len(proposal.steps)
    if many == 1:
        return (Text(text=f"{label}:", quoted=proposal.steps[0].preview.summary),)
    return tuple(
        Text(text=f"{label}, step {at} of {many}:", quoted=step.preview.summary)
        for at, step in enumerate(proposal.steps, 1)
    )


def step_parts(story: Story) -> tuple[Text, ...]:
    """Return each step of the fix with how it stands: done and verified, running, next, not run."""
    proposal = story.proposal
    if proposal is None:
        return ()
    return tuple(_line(story, proposal, at) for at in range(len(proposal.steps)))


def refused_headline(where: str, proposal: Proposal | None) -> str:
    """Return that the fix was not applied, or which step of it."""
    which = f"step {proposal.step + 1} of " if proposal and proposal.step else ""
    return f"Refused: {which}the fix for {where} was not applied"


def before_parts(proposal: Proposal) -> tuple[Text, ...]:
    """Return that nothing was changed, or that the steps before the one that was not applied stay.

    A pull request is made in three requests, of which the last may be the one that was refused.
    """
    said = "What was applied before stays as it is." if proposal.step else "Nothing was changed."
    if proposal.current.action == PULL_REQUEST:
        said = "Nothing was merged. If a branch of this fix was made, it can be deleted."
    return (Text(text=said),)


def done(step: ProposalStep, *, verified: bool = False) -> str:
    """Return a step as something that was done: `Memory limit of container app ... raised from 256Mi to 384Mi`."""
    said = _VERIFIED.get(step.action) if verified else None
    said = said or _DONE.get(step.action)
    return said(step) if said else step.preview.summary


def marker_of(step: ProposalStep, execution: Execution) -> Text | None:
    """Return by what a person can tell whether the step was applied, with the mark verbatim and where to look."""
    told = _MARKERS.get(step.action)
    return told(step, execution) if told else None


def _line(story: Story, proposal: Proposal, at: int) -> Text:
    step, many = proposal.steps[at], len(proposal.steps)
    mark, how, past = _standing(story, proposal, at)
    which = f"step {at + 1} of {many}, " if many > 1 else ""
    words = done(step, verified=mark == "✓") if past else step.preview.summary
    return Text(text=f"{mark} {capital(which + how)}:" if mark else f"{capital(which + how)}:", quoted=words)


def _standing(story: Story, proposal: Proposal, at: int) -> tuple[str, str, bool]:
    """Return the mark of a step, how it stands in words, and whether it was done."""
    if at < proposal.step:
        return "✓", "done and verified", True
    if at > proposal.step:
        return "○", "next" if proposal.state in _GOES_ON else "not run", False
    if proposal.state is ProposalState.ESCALATED:
        return _ended(story)
    if proposal.state is ProposalState.EXPIRED and execution_of(story):
        return "✗", "done, but the change was not accepted in time", True
    return _NOW[proposal.state]


def _ended(story: Story) -> tuple[str, str, bool]:
    """Return how the step stands on which the fix ended and was escalated."""
    execution = execution_of(story)
    if execution is None or execution.state in {ExecutionState.INTENDED, ExecutionState.REFUSED}:
        return _NOW[ProposalState.REFUSED]
    if execution.state is not ExecutionState.APPLIED:
        return _NOW[ProposalState.UNKNOWN]
    verdict = verdict_of(story)
    return _NOW[_ENDS[verdict]] if verdict else ("?", "done, without a verdict", True)


_ENDS = {
    Verdict.PASSED: ProposalState.PASSED,
    Verdict.FAILED: ProposalState.FAILED,
    Verdict.INCONCLUSIVE: ProposalState.INCONCLUSIVE,
}
_GOES_ON = frozenset(
    {
        ProposalState.OFFERED,
        ProposalState.APPROVED,
        ProposalState.EXECUTING,
        ProposalState.VERIFYING,
        ProposalState.WAITING_FOR_CHANGE,
    }
)
_NOW: dict[ProposalState, tuple[str, str, bool]] = {
    ProposalState.OFFERED: ("○", "proposed", False),
    ProposalState.APPROVED: ("→", "runs next", False),
    ProposalState.REJECTED: ("✗", "not run", False),
    ProposalState.EXPIRED: ("✗", "not run", False),
    ProposalState.STALE: ("✗", "not run", False),
    ProposalState.EXECUTING: ("→", "running now", False),
    ProposalState.REFUSED: ("✗", "not applied", False),
    ProposalState.UNKNOWN: ("?", "sent, and whether it was applied is not known", False),
    ProposalState.VERIFYING: ("→", "done, being verified", True),
    ProposalState.PASSED: ("✓", "done and verified", True),
    ProposalState.FAILED: ("✗", "done, and it did not help", True),
    ProposalState.INCONCLUSIVE: ("?", "done, and whether it helped could not be verified", True),
    ProposalState.WAITING_FOR_CHANGE: ("→", "done, waits for a person", True),
}
"""Of the current step: its mark, how it stands, and whether it is told as done."""


def _limit_raised(step: ProposalStep) -> str:
    what = f"{name(step.param('resource'), 30)} limit of container {name(step.param('container'), 63)}"
    amounts = f"from {name(step.param('from'), 30)} to {name(step.param('to'), 30)}"
    return f"{capital(what)} in {target_name(step.target)} raised {amounts}."


def _run_again(step: ProposalStep) -> str:
    return f"Failed jobs of {target_name(step.target)} run again, as attempt {_next_attempt(step)}."


def _rotated(step: ProposalStep) -> str:
    secret = name(step.param("secret")) or "the credential"
    return f"{name(_file(step.param('workflow')))} of {name(step.target.repo)} run to renew {secret}."


def _pull_opened(step: ProposalStep) -> str:
    title = name(step.param("title")) or target_name(step.target)
    return f"Pull request “{title}” opened in {name(step.target.repo)}."


def _pull_merged(step: ProposalStep) -> str:
    return f"{_pull_opened(step).removesuffix('.')}, and merged by a person."


def _next_attempt(step: ProposalStep) -> str:
    shown = step.param("attempt")
    return str(int(shown) + 1) if shown.isascii() and shown.isdigit() and len(shown) < 6 else "one more"


def _file(path: str) -> str:
    return path.rpartition("/")[2]


_DONE: dict[str, Callable[[ProposalStep], str]] = {
    "kubernetes.set_resources": _limit_raised,
    "kubernetes.rollout_restart": lambda step: f"Rollout of {target_name(step.target)} restarted.",
    "github.rerun_failed_jobs": _run_again,
    "github.dispatch_workflow": _rotated,
    PULL_REQUEST: _pull_opened,
    "argocd.sync": lambda step: f"{capital(target_name(step.target))} synced.",
    "escalate": lambda _: "Handed to people: the note in the thread says what is known.",
}
"""Each action of the catalogue in the past tense; one that is missing here is told by its preview."""

_VERIFIED: dict[str, Callable[[ProposalStep], str]] = {PULL_REQUEST: _pull_merged}
"""What says more once it is verified."""


def _annotation(_: ProposalStep, execution: Execution) -> Text:
    said = "If it was applied, the workload carries this annotation:"
    return Text(text=said, quoted=f"{EXECUTION_MARK}: {execution.id}")


def _attempt(step: ProposalStep, _: Execution) -> Text:
    said = "If it was applied, the run has a newer attempt that CodeHealer's account started:"
    return Text(text=said, quoted=f"attempt {_next_attempt(step)} of run {step.target.run_id}", url=step.target.url)


def _titled_run(step: ProposalStep, execution: Execution) -> Text:
    said = f"If it was applied, {name(_file(step.param('workflow')))} of {name(step.target.repo)} has a run whose title holds"
    return Text(text=f"{said}:", quoted=execution.id)


def _branch(step: ProposalStep, execution: Execution) -> Text:
    said = f"If it was applied, {name(step.target.repo)} has a pull request from this branch:"
    return Text(text=said, quoted=f"{FIX_BRANCH}{execution.id}")


def _operation(_: ProposalStep, execution: Execution) -> Text:
    said = "If it was applied, the application's last operation has this info item:"
    return Text(text=said, quoted=f"{EXECUTION_INFO}: {execution.id}")


_MARKERS: dict[str, Callable[[ProposalStep, Execution], Text]] = {
    "kubernetes.set_resources": _annotation,
    "kubernetes.rollout_restart": _annotation,
    "github.rerun_failed_jobs": _attempt,
    "github.dispatch_workflow": _titled_run,
    PULL_REQUEST: _branch,
    "argocd.sync": _operation,
}
"""What each action leaves behind, for people; escalate leaves a note that cannot be lost."""
