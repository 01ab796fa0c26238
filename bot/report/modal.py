"""The modal in which a person reviews a fix: the exact effect, and everything that an approval will be bound to."""

import json

from bot.domain.action import Check
from bot.domain.alert import SlackRef
from bot.domain.proposal import Proposal, ProposalState, ProposalStep
from bot.domain.report import Button, Buttons, Code, Diff, Facts, Part, Report, Rule, Style, Text, Tone
from bot.report.compose import SIMULATED
from bot.report.fix import expected, observed, risk_parts
from bot.report.status import decided_parts
from bot.report.steps import execution_of, proposed_steps
from bot.report.story import Story
from bot.report.words import PROPOSALS, clock, target_name

TITLE = "Review fix"
CALLBACK = "heal_decide"


def compose_review(
    story: Story, *, ref: SlackRef, checks: tuple[Check, ...], problem: str, warning: str
) -> Report:  # fmt: skip
    """Return the review of the story's proposal, which must be there. `ref` is the card's message.

    `checks` are the preconditions as read just now. With a `problem` there is no Approve: it says why it cannot run as
    shown. `warning` says what a press on Approve by this person would be answered with.
    """
    proposal = story.proposal
    if proposal is None:
        return compose_closed_review(story, expired=False)
    reject = (Buttons(buttons=(Button(action="heal_reject", label="Reject", value=proposal.id, style=Style.DANGER),)),)
    parts: tuple[Part, ...] = (
        *_cautions(story, problem, warning),
        *_steps(proposal, checks),
        Rule(),
        *risk_parts(proposal),
        Text(text=_expiry(proposal), tone=Tone.SMALL),
        *(reject if story.may_act else ()),
    )
    return Report(
        headline=TITLE,
        parts=parts,
        submit="Approve" if not problem and story.may_act else "",
        close="Cancel",
        callback=CALLBACK,
        private=_private(proposal, ref),
    )


def compose_closed_review(story: Story, *, expired: bool) -> Report:
    """Return what became of a proposal that cannot be decided any more. `expired`: its time is over, though not marked."""
    proposal = story.proposal
    if proposal is None:
        return Report(headline="There is no fix to review here any more.", close="Close")
    at = clock(proposal.expires_at, proposal.offered_at)
    if (expired or proposal.state is ProposalState.EXPIRED) and execution_of(story) is None:
        said = f"This fix expired at {at} before anybody decided. Nothing was changed."
    elif proposal.state is ProposalState.EXPIRED:
        said = "There is nothing left to decide on this fix: nobody accepted its change in time."
    else:
        said = f"There is nothing left to decide on this fix: {PROPOSALS[proposal.state]}."
    what = proposed_steps(proposal, "The fix")
    why = story.execution.detail if story.execution and story.execution.proposal_id == proposal.id else ""
    told = (Text(text="What is known about it:", quoted=why),) if why else ()
    return Report(headline=said, parts=(*what, *decided_parts(story), *told), close="Close")


def no_modal_words(report: Report) -> str:
    """Return what a person is told where the modal could not be opened."""
    if report.callback:
        return "The review could not be opened here. Press Review fix on the card again."
    return report.headline


def _cautions(story: Story, problem: str, warning: str) -> tuple[Part, ...]:
    simulated = (Text(text=f"{SIMULATED}: approving this changes nothing real."),) if story.simulated else ()
    told: tuple[Text, ...] = simulated
    if not story.may_act:
        told = (*told, Text(text="In this channel fixes are only suggested; nothing can be approved here."))
    if problem:
        told = (*told, Text(text="It cannot be approved now:", quoted=problem))
    elif warning:
        told = (*told, Text(text="Before you press:", quoted=warning))
    return (*told, Rule()) if told else ()


def _steps(proposal: Proposal, checks: tuple[Check, ...]) -> tuple[Part, ...]:
    """Return each step whole: what it does, its exact request, what is read before it and checked after it."""
    many = len(proposal.steps)
    parts: list[Part] = []
    for at, step in enumerate(proposal.steps):
        title = f"Step {at + 1} of {many}" if many > 1 else "What will be done"
        current = at == proposal.step
        parts += [Rule()] if at else []
        parts += [Text(text=title, tone=Tone.HEADING), *_effect(step)]
        parts += _preconditions(step, checks if current else (), f"step {at + 1}" if many > 1 else "it")
        parts += _afterwards(step)
    return tuple(parts)


def _effect(step: ProposalStep) -> tuple[Part, ...]:
    warnings = tuple(Text(text="Mind:", quoted=warning) for warning in step.preview.warnings)
    diff = (Diff(title="What changes", lines=step.preview.diff),) if step.preview.diff else ()
    request = (Code(title="The exact request", text=step.preview.request),) if step.preview.request else ()
    return (Text(text="", quoted=step.preview.summary), Facts(pairs=_target(step)), *diff, *warnings, *request)


def _target(step: ProposalStep) -> tuple[tuple[str, str], ...]:
    target = step.target
    pairs = [("Target", target_name(target))]
    pairs += [("Cluster", target.cluster)] if target.cluster else []
    pairs += [("Connection", target.connection)] if target.connection != "default" else []
    pairs += [("Read at", f"generation {step.bound_generation}")] if step.bound_generation else []
    return tuple(pairs)


def _preconditions(step: ProposalStep, checks: tuple[Check, ...], which: str) -> tuple[Part, ...]:
    shown = observed(checks) if checks else expected(step.preconditions)
    if not shown.pairs:
        return ()
    title = "Preconditions, read just now" if checks else f"Preconditions, read again before {which} runs"
    again = Text(text="They are read again right before it runs; if one fails, nothing is sent.", tone=Tone.SMALL)
    return (Text(text=title, tone=Tone.HEADING), shown, *((again,) if checks else ()))


def _afterwards(step: ProposalStep) -> tuple[Part, ...]:
    if not step.verification:
        return ()
    window = f", for {step.verify_after} s" if step.verify_after else ""
    return (Text(text=f"Checked afterwards{window}", tone=Tone.HEADING), expected(step.verification))


def _expiry(proposal: Proposal) -> str:
    at = clock(proposal.expires_at, proposal.offered_at)
    return f"This offer expires at {at}. An approval holds for exactly what is shown here ({proposal.digest[:12]})."


def _private(proposal: Proposal, ref: SlackRef) -> str:
    bound = {
        "proposal": proposal.id,
        "digest": proposal.digest,
        "channel": ref.channel,
        "ts": ref.ts,
        "thread_ts": ref.thread_ts,
    }
    return json.dumps(bound, separators=(",", ":"))
