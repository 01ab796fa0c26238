"""The one card of an incident, in every state it can be in."""

from bot.domain.incident import IncidentState
from bot.domain.proposal import ProposalState
from bot.domain.report import Button, Buttons, Facts, Part, Report, Rule, Style, Text
from bot.report.cited import known_parts
from bot.report.fix import target_of
from bot.report.status import status_of
from bot.report.story import Story
from bot.report.words import capital, clock

SIMULATED = "SIMULATED"
FROM_THE_POST = ("repo", "workflow", "job", "branch", "commit", "app", "service", "environment", "severity", "run_url")
"""Labels that the sender itself gave, shown where the target does not say them already."""

_BUSY = frozenset({ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.VERIFYING, ProposalState.UNKNOWN})


def compose_card(story: Story) -> Report:
    """Return the card: how it stands, what failed, the cause with its reasons and quotes, what is missing, the buttons."""
    status = status_of(story)
    stamp = (Text(text="The alert is simulated and nothing real is changed."),)
    parts: tuple[Part, ...] = (
        *(stamp if story.simulated else ()),
        *status.parts,
        facts(story),
        *known_parts(story.diagnosis, story.dossier),
        *((Rule(), *status.last) if status.last else ()),
        *_buttons(story),
    )
    return Report(headline=f"{SIMULATED}: {status.headline}" if story.simulated else status.headline, parts=parts)


def facts(story: Story) -> Facts:
    """Return what failed, where and since when, and the alert that said so."""
    target = target_of(story)
    where = [target.title if target.name else ""]
    where += [f"container {target.container}"] if target.container else []
    where += [f"cluster {target.cluster}"] if target.cluster else []
    pairs = [
        ("What failed", ", ".join(part for part in where if part) or "the alert does not say"),
        ("Since", clock(story.alert.raised_at, story.incident.updated_at)),
        ("Alert", story.alert.title),
    ]
    said_of_it = (target.name, target.namespace, target.cluster, target.container, story.alert.title)
    named = ((label, story.alert.label(label)) for label in FROM_THE_POST)
    pairs += [(capital(label.replace("_", " ")), text) for label, text in named if text and text not in said_of_it]
    many = len(story.incident.alert_ids)
    pairs += [("Alerts so far", str(many))] if many > 1 else []
    return Facts(pairs=tuple((what, said) for what, said in pairs if said))


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
