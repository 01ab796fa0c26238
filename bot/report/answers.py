"""Answers to questions: help, status, why; and the Home tab."""

from datetime import datetime

from bot.domain.alert import Alert
from bot.domain.diagnosis import Diagnosis, Factor, Hypothesis
from bot.domain.incident import Incident
from bot.domain.report import Facts, Part, Report, Rule, Text, Tone
from bot.report.causes import cause
from bot.report.cited import abstention, gap_parts, quotes, read_parts
from bot.report.fix import opened
from bot.report.story import Story
from bot.report.words import INCIDENTS, capital, chance, clock, counted, lasting, name, number, target_name

MAX_ASKED = 300
MAX_LISTED = 20
WHY_QUOTES = 5
_STRONG, _PLAIN = 1.5, 0.5

COMMANDS = (
    ("/heal help", "this text"),
    ("/heal status", "the open incidents of the channel"),
    ("@codehealer status", "the same, or how it stands with the incident of a thread"),
    ("@codehealer why", "in an alert's thread: what the diagnosis rests on"),
)


def compose_help() -> Report:
    """Return what can be asked and pressed."""
    return Report(
        headline="What I do, and what you can ask",
        parts=(
            Text(
                text="I read failure alerts in this workspace's channels, look up what the platform says, and answer in "
                "the alert's thread with the likely cause, how sure that is, and the lines that it rests on."
            ),
            Text(text="Where a safe fix is known I propose it. Nothing runs before an approver pressed Approve."),
            Facts(pairs=COMMANDS),
            Text(
                text="Buttons of a card: Review fix shows the exact change; Dismiss closes the incident until it fires "
                "again; Escalate tells the thread what is known and was tried; the thumbs tell me whether it helped."
            ),
        ),
    )


def compose_status(incidents: tuple[Incident, ...], now: datetime) -> Report:
    """Return how it stands with these incidents, which are those that the asker may see."""
    if not incidents:
        return Report(headline="No open incident here.")
    if len(incidents) == 1:
        only = incidents[0]
        return Report(headline=f"{target_name(only.target)}: {_state(only, now)}", parts=(_alert(only),))
    parts = tuple(_listed(each, now) for each in incidents[:MAX_LISTED])
    return Report(headline=counted(len(incidents), "open incident"), parts=(*parts, *_more(len(incidents))))


def compose_joined(incident: Incident, now: datetime) -> Report:
    """Return, for the thread of a repeated alert, that its problem has its card already, and where to look for it."""
    where = "in the thread of the alert of" if incident.thread.thread_ts is None else "in the thread that began before"
    return Report(
        headline=f"Same problem as before: {target_name(incident.target)} is {_state(incident, now)}",
        parts=(
            Text(text=f"Its card is {where} {clock(incident.opened_at)}, in", channel=incident.thread.channel),
            _alert(incident),
        ),
    )


def compose_found(alert: Alert) -> Report:
    """Return the message that stands for an alert which nobody posted: what a look of our own found."""
    return Report(
        headline=f"Found by a look of my own: {target_name(alert.target)} fails",
        parts=(
            Text(text="No app has posted it here. It says:", quoted=alert.title),
            *opened(alert.target.url, "Open it"),
        ),
    )


def compose_unclear(text: str) -> Report:
    """Return that a question was not understood, and which are."""
    asked = text.strip()
    shown = asked if len(asked) <= MAX_ASKED else f"{asked[:MAX_ASKED]}…"
    said = (Text(text="You asked:", quoted=shown),) if asked else ()
    return Report(
        headline="I did not understand that.",
        parts=(*said, Text(text="I understand help, status and, in the thread of an alert, why.")),
    )


def compose_why(story: Story | None, diagnosis: Diagnosis | None) -> Report:
    """Return what a diagnosis rests on, which other causes were considered and why they count less, and what is missing."""
    if story is None:
        return Report(headline="Ask why in the thread of an alert that I answered: I explain that one.")
    where = target_name(story.target)
    if diagnosis is None:
        return Report(headline=f"There is no diagnosis of {where} yet.")
    best = diagnosis.best
    if best is None:
        parts: tuple[Part, ...] = (*abstention(diagnosis), *gap_parts(diagnosis.gaps), *read_parts(story.dossier))
        return Report(headline=f"No cause was found for {where}", parts=parts)
    parts = (
        Text(text="Cause:", quoted=best.statement),
        Text(text=f"What makes {number(best.confidence)}", tone=Tone.HEADING),
        _factors(best),
        *_cited(best, story),
        *_others(diagnosis, best),
        *_missing(diagnosis),
    )
    return Report(headline=f"Why: {cause(best, story.target)} ({chance(best.confidence)})", parts=parts)


def compose_home(incidents: tuple[Incident, ...], now: datetime, *, anyone_approves: bool) -> Report:
    """Return the Home tab: the open incidents of the person's channels, newest first, and what can be asked."""
    nobody = Text(text="Nobody can approve a fix: CODEHEALER_APPROVERS is empty.")
    newest = sorted(incidents, key=lambda each: each.opened_at, reverse=True)
    listed = tuple(_listed(each, now) for each in newest[:MAX_LISTED])
    none = (Text(text="No open incident in the channels that you and I are in."),)
    return Report(
        headline=counted(len(incidents), "open incident") if incidents else "All quiet",
        parts=(
            *((nobody,) if not anyone_approves else ()),
            *(listed or none),
            *_more(len(incidents)),
            Rule(),
            Text(text="What you can ask", tone=Tone.HEADING),
            Facts(pairs=COMMANDS),
        ),
    )


def _state(incident: Incident, now: datetime) -> str:
    since = incident.updated_at if incident.is_closed else incident.opened_at
    word = INCIDENTS[incident.state]
    return f"{word} {lasting(now - since)} ago" if incident.is_closed else f"{word}, open for {lasting(now - since)}"


def _listed(incident: Incident, now: datetime) -> Text:
    said = f"{target_name(incident.target)}: {_state(incident, now)}, in"
    return Text(text=said, channel=incident.thread.channel, quoted=f"· {incident.title}" if incident.title else "")


def _alert(incident: Incident) -> Text:
    return Text(text="Alert:", quoted=incident.title)


def _more(many: int) -> tuple[Text, ...]:
    left = many - MAX_LISTED
    return (Text(text=f"… and {left} more.", tone=Tone.SMALL),) if left > 0 else ()


def _factors(hypothesis: Hypothesis) -> Facts:
    ranked = sorted(hypothesis.confidence.factors, key=lambda factor: -abs(factor.weight))
    return Facts(pairs=tuple((weight_in_words(factor), f"{factor.reason} ({factor.weight:+.1f})") for factor in ranked))


def weight_in_words(factor: Factor) -> str:
    """Return how much a factor says: from `Strongly for` to `Strongly against`; log-odds of 1.5 and more are strong."""
    size = abs(factor.weight)
    if size == 0:
        return "Neither way"
    side = "for" if factor.weight > 0 else "against"
    return f"Strongly {side}" if size >= _STRONG else side.capitalize() if size >= _PLAIN else f"Slightly {side}"


def _cited(best: Hypothesis, story: Story) -> tuple[Part, ...]:
    speaks: tuple[Part, ...] = quotes(best.supports, story.dossier, WHY_QUOTES)
    against: tuple[Part, ...] = quotes(best.contradicts, story.dossier, WHY_QUOTES)
    return (*_under("What speaks for it", speaks), *_under("What speaks against it", against))


def _under(title: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return (Text(text=title, tone=Tone.HEADING), *parts) if parts else ()


def _others(diagnosis: Diagnosis, best: Hypothesis) -> tuple[Part, ...]:
    others = diagnosis.hypotheses[1:]
    if not others:
        return (Text(text="No other known cause showed a sign.", tone=Tone.SMALL),)
    return _under("Also considered", tuple(_other(each, best) for each in others))


def _other(other: Hypothesis, best: Hypothesis) -> Text:
    """Return another cause, its confidence, and why it is lower."""
    against = [factor for factor in other.confidence.factors if factor.weight < 0]
    if against:
        why = min(against, key=lambda factor: factor.weight).reason
    else:
        mine, its = (sum(f.weight for f in each.confidence.factors) for each in (best, other))
        why = f"its signs weigh {its:+.1f}, those of the first {mine:+.1f}"
    label = f"{capital(name(other.cause_id.replace('_', ' ')))} ({number(other.confidence)}):"
    return Text(text=label, quoted=f"{other.statement} Lower because: {why}.")


def _missing(diagnosis: Diagnosis) -> tuple[Part, ...]:
    return _under("What could not be read", gap_parts(diagnosis.gaps))
