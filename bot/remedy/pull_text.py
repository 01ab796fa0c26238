"""What a pull request of ours says: our sentences, and strangers' text where it can do nothing (`quoting`)."""

from bot.domain.evidence import EvidenceKind
from bot.domain.pipeline import FIX_BRANCH
from bot.remedy.contract import Ask
from bot.remedy.quoting import code, fenced, plain
from bot.remedy.rolling import EXECUTION_PLACE
from bot.remedy.source import Change, diff_of

BRANCH_PLACE = f"{FIX_BRANCH}{EXECUTION_PLACE}"
MAX_QUOTES = 6
LIKE = 60
"""Lines that end in the same so many characters say the same thing: a condition, an operation and a resource do."""


def title_of(change: Change) -> str:
    """Return the title, and the commit message's first line. The verbs are none that close an issue."""
    return f"{change.verb} {plain(change.file.path)}"


def message_of(change: Change, ask: Ask) -> str:
    """Return the commit message."""
    approved = f"Approved in Slack, CodeHealer incident {plain(ask.incident.id)}."
    return "\n\n".join((title_of(change), "\n".join(change.why), approved))


def body_of(change: Change, ask: Ask, checked: str) -> str:
    """Return the pull request's body, with a place for the execution's id. `checked` says what happens after the merge."""
    quotes = _quotes(ask)
    diff = (f"{line.sign}{line.text}" for line in diff_of(change)[1:])
    evidence = ("Evidence, as CodeHealer read it (secrets masked):", fenced(quotes, "text")) if quotes else ()
    opening = (
        f"CodeHealer made this change after it was approved in Slack, incident {code(ask.incident.id)}. "
        f"Likely cause: {code(ask.hypothesis.cause_id)}, confidence {ask.hypothesis.confidence.score:.2f}."
    )
    return "\n\n".join(
        (
            opening,
            "\n".join(f"- {why}" for why in change.why),
            *evidence,
            f"The change to {code(change.file.path)}, with line numbers:",
            fenced(diff, "diff"),
            f"Merge it if this is what was meant: {checked} Close it if it is not. CodeHealer does neither.",
            f"Branch and marker: `{BRANCH_PLACE}`",
        )
    )


def _quotes(ask: Ask) -> tuple[str, ...]:
    """Return what the platforms themselves said, each thing once; the alert's words only where nothing else is cited."""
    posts = {each.id for each in ask.dossier.of_kind(EvidenceKind.POST)}
    cited = [symptom.citation for symptom in ask.hypothesis.supports]
    own = [each.quote for each in cited if each.evidence_id not in posts] or [each.quote for each in cited]
    kept: list[str] = []
    for quote in own:
        said = quote.partition(": ")[2] or quote
        if not any(said[-LIKE:] in other for other in kept):
            kept.append(quote)
    return tuple(kept[:MAX_QUOTES])
