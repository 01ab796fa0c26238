"""The one card of an incident, in every state it can be in."""

from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from bot.domain.report import Button, Buttons, Part, Report, Rule, Style, Text
from bot.report.cited import cause_in_short, known_parts
from bot.report.fix import hands_over
from bot.report.places import GAP, broken_parts
from bot.report.status import status_of
from bot.report.story import Story

SIMULATED = "SIMULATED"
_IN_HAND = frozenset(
    {ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.VERIFYING, ProposalState.WAITING_FOR_CHANGE}
)
_BUSY = frozenset({ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.VERIFYING, ProposalState.UNKNOWN})


def compose_card(story: Story) -> Report:
    """Return the card: how it stands, what failed, the cause with its reasons and quotes, what is missing, the buttons."""
    status = status_of(story)
    stamp = (Text(text="The alert is simulated and nothing real is changed."),)
    parts: tuple[Part, ...] = (
        *(stamp if story.simulated else ()),
        *status.parts,
        GAP,
        *broken_parts(story),
        *(cause_in_short(story) if _is_in_hand(story) else known_parts(story)),
        *((Rule(), *status.last) if status.last else ()),
        *_buttons(story),
    )
    return Report(headline=f"{SIMULATED}: {status.headline}" if story.simulated else status.headline, parts=parts)


def _is_in_hand(story: Story) -> bool:
    """Whether nobody has to look for the cause any more: a fix is on its way, or the incident is over."""
    at = story.proposal.state if story.proposal and not story.failed else None
    return story.incident.is_closed or at in _IN_HAND or (at is ProposalState.PASSED and not hands_over(story.proposal))


def _buttons(story: Story) -> tuple[Buttons, ...]:
    """Return the buttons that do something in this state; a press on an older card's others is answered too."""
    incident, proposal = story.incident, story.proposal
    dismiss = Button(action="heal_dismiss", label="Dismiss", value=incident.id)
    escalate = Button(action="heal_escalate", label="Escalate", value=incident.id)
    if story.diagnosis is None and not story.failed and incident.state is IncidentState.INVESTIGATING:
        return (Buttons(buttons=(dismiss,)),)
    shown: list[Button] = []
    if proposal is not None and proposal.state is ProposalState.OFFERED and not incident.is_closed:
        label = "Review fix" if story.may_act else "Preview fix"
        shown.append(Button(action="heal_review", label=label, value=proposal.id, style=Style.PRIMARY))
    busy = proposal is not None and proposal.state in _BUSY
    shown += [dismiss] if not incident.is_closed and not busy else []
    shown += [escalate] if not incident.is_closed else []
    shown += [
        Button(action="heal_up", label="👍 Helpful", value=incident.id),
        Button(action="heal_down", label="👎 Not helpful", value=incident.id),
    ]
    return (Buttons(buttons=tuple(shown)),)
