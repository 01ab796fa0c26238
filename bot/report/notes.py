"""The outcomes, each a message of its own in the thread, and short answers to one person.

A note's headline begins with exactly one of: Verified, Verification failed, Inconclusive, Waiting for change, Refused,
Unknown, Expired, Stale, Rejected, Escalated. People and scripts find outcomes by these words.
"""

from bot.domain.execution import Verdict
from bot.domain.proposal import Proposal
from bot.domain.report import Part, Report, Text
from bot.report.cited import known_parts
from bot.report.compose import SIMULATED
from bot.report.fix import hands_over, observed, opened, refused_parts, tried_parts, undo_parts
from bot.report.places import GAP, broken_parts
from bot.report.status import decided_parts
from bot.report.steps import execution_of, healed, marker_of, proposed_steps, refused_headline, step_parts
from bot.report.story import Story
from bot.report.words import clock, target_name

NOTHING = "Nothing was changed."


def compose_stale(proposal: Proposal, why: str) -> Report:
    """Return that a proposal became void before anything was sent."""
    return Report(
        headline=f"Stale: the fix for {healed(proposal)} is void",
        parts=(Text(text="Why:", quoted=why), *_proposed(proposal), Text(text=NOTHING)),
    )


def compose_refused(story: Story, why: str) -> Report:
    """Return that the platform, or a precondition, refused the approved fix; names the steps that were applied before."""
    said = (*_stamp(story), *step_parts(story), *decided_parts(story), *refused_parts(story, why))
    return Report(headline=refused_headline(_where(story), story.proposal), parts=said)


def compose_unknown(story: Story, why: str) -> Report:
    """Return that it cannot be told whether the fix was applied, and by what a person can tell."""
    execution, proposal = execution_of(story), story.proposal
    mark = marker_of(proposal.current, execution) if proposal and execution else None
    rest = "It is not sent again. I go on looking for it; Escalate on the card hands it to people now."
    return Report(
        headline=f"Unknown: it cannot be told whether the fix for {_where(story)} was applied",
        parts=(
            *_stamp(story),
            Text(text="Why:", quoted=why),
            *step_parts(story),
            *decided_parts(story),
            *((mark,) if mark else ()),
            Text(text=rest),
        ),
    )


def compose_still_unknown(story: Story, *, minutes: int = 0, error: str = "") -> Report:
    """Return that the search for an unknown fix has ended without a result, and what a person has to look for.

    It ended after so many minutes, or by an error.
    """
    execution, proposal = execution_of(story), story.proposal
    mark = marker_of(proposal.current, execution) if proposal and execution else None
    return Report(
        headline=f"Unknown: whether the fix for {_where(story)} was applied stays unknown",
        parts=(
            *_stamp(story),
            Text(text=f"I looked for it for {minutes} minutes and do not look any longer.")
            if not error
            else Text(text="I do not look for it any longer. The last error:", quoted=error),
            *step_parts(story),
            *decided_parts(story),
            *((mark,) if mark else ()),
            Text(text="It is not sent again. Escalate on the card hands it to people."),
        ),
    )


def compose_waiting(story: Story, why: str, url: str) -> Report:
    """Return that the fix is made as a change that a person has to accept, and where."""
    return Report(
        headline=f"Waiting for change: {_where(story)}",
        parts=(
            *_stamp(story),
            Text(text="", quoted=why),
            *step_parts(story),
            *decided_parts(story),
            Text(text="I look again until that is done, and then check whether it helped."),
            *opened(url, "Open pull request" if "/pull/" in url else "Open application"),
        ),
    )


def compose_not_merged(story: Story, days: int) -> Report:
    """Return that nobody made the change that the fix waited for."""
    return Report(
        headline=f"Expired: the change for {_where(story)} was not made within {days} days",
        parts=(
            *_stamp(story),
            *step_parts(story),
            *decided_parts(story),
            Text(text="I do not look for it any more. What was opened stays open."),
        ),
    )


def compose_expired(proposal: Proposal) -> Report:
    """Return that nobody decided in time."""
    at = clock(proposal.expires_at, proposal.offered_at)
    return Report(
        headline=f"Expired: nobody decided on the fix for {healed(proposal)} by {at}",
        parts=(*_proposed(proposal), Text(text=NOTHING)),
    )


def compose_rejected(proposal: Proposal, *, by: str) -> Report:
    """Return that a person said no. `by` is a Slack user id."""
    return Report(
        headline=f"Rejected: the fix for {healed(proposal)} does not run",
        parts=(Text(text="Rejected by", user=by), *_proposed(proposal), Text(text=NOTHING)),
    )


_VERDICTS = {
    Verdict.PASSED: ("Verified: the fix for {where} holds", "Every check that was written down before it ran is met:"),
    Verdict.FAILED: (
        "Verification failed: the fix for {where} did not help",
        "What was seen against what was expected:",
    ),
    Verdict.INCONCLUSIVE: (
        "Inconclusive: the fix for {where} could not be verified",
        "What was seen against what was expected:",
    ),
}


def compose_verdict(story: Story, error: str = "") -> Report:
    """Return the verdict of the story's verification, each check as observed against expected.

    `error`: what ended it before there were checks to show.
    """
    checked = story.verification
    if checked is None:
        return Report(headline=f"Inconclusive: the fix for {_where(story)} was not verified")
    headline, lead = _VERDICTS[checked.verdict]
    parts: tuple[Part, ...] = (
        *_stamp(story),
        *step_parts(story),
        *decided_parts(story),
        *((Text(text="I tried several times and stopped. The last error:", quoted=error),) if error else ()),
        *((Text(text=lead), observed(checked.checks, short=True)) if checked.checks else ()),
        *(undo_parts(story) if checked.verdict is not Verdict.PASSED else ()),
    )
    return Report(headline=headline.format(where=_where(story)), parts=parts)


def compose_escalated(story: Story, *, by: str = "") -> Report:
    """Return the call for people: who asked for it, what is known, what was tried and with what result."""
    asked = Text(text="Asked for by", user=by) if by else Text(text="The fix did not help, so this needs people.")
    decided = () if hands_over(story.proposal) else decided_parts(story)
    return Report(
        headline=f"Escalated: {_where(story)} needs a person",
        parts=(
            *_stamp(story),
            asked,
            *tried_parts(story),
            *decided,
            GAP,
            *broken_parts(story),
            *(known_parts(story) or (Text(text="Known: nothing yet beyond the alert."),)),
        ),
    )


def compose_answer(words: str) -> Report:
    """Return a short answer to one person, as it is."""
    return Report(headline=words)


def _proposed(proposal: Proposal) -> tuple[Text, ...]:
    return proposed_steps(proposal, "The fix")


def _stamp(story: Story) -> tuple[Text, ...]:
    return (Text(text=f"{SIMULATED}: nothing real was changed."),) if story.simulated else ()


def _where(story: Story) -> str:
    return target_name(story.target)
