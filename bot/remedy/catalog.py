"""The catalogue: every action there is, in one visible tuple, and its reference for people."""

from bot.domain.action import ActionSpec
from bot.domain.errors import Misuse
from bot.remedy.actions.escalate import Escalate
from bot.remedy.actions.rollout_restart import RolloutRestart
from bot.remedy.actions.set_resources import SetResources
from bot.remedy.contract import Action, Ask, NotOffered, Preflight, Progress

__all__ = ["ACTIONS", "Action", "Ask", "NotOffered", "Preflight", "Progress", "action", "actions_reference"]

ACTIONS: tuple[Action, ...] = (SetResources(), RolloutRestart(), Escalate())


def action(id: str) -> Action:  # noqa: A002 - the catalogue's own word
    """Return the action of that id. Raises Misuse: ids of stored steps always come from this catalogue."""
    found = next((each for each in ACTIONS if each.spec.id == id), None)
    if found is None:
        raise Misuse(f"the catalogue has no action {id!r}")
    return found


def actions_reference() -> str:
    """Return docs/actions.md: the catalogue as Markdown, made of the specs alone."""
    sections = [_section(each.spec, (type(each).__module__ or "").rpartition(".")[2]) for each in ACTIONS]
    return "\n".join((_INTRODUCTION, *sections))


_INTRODUCTION = """# Actions

What CodeHealer can do, and nothing else. Each runs only after a person of `CODEHEALER_APPROVERS` approved its exact preview.
This page is generated from the catalogue, `bot/remedy/catalog.py`; a test says when it is not current.
"""


def _section(spec: ActionSpec, module: str) -> str:
    needs = [f"`{p.verb}` on `{p.group}/{p.resource}`" for p in spec.permissions]
    rows = [
        ("risk", spec.risk.value.replace("_", " ")),
        ("targets", ", ".join(kind.value.replace("_", " ") for kind in spec.target_kinds)),
        ("can be undone", "yes, as a new proposal" if spec.reversible else "no"),
        ("approval", f"a person with the role {spec.required_role}"),
        ("guard", spec.guard),
        ("marker", spec.marker),
        ("rights it needs", ", ".join(needs) or "none"),
        ("rests for", f"{spec.cooldown // 60} min on the same target" if spec.cooldown else "does not rest"),
        ("source", f"`bot/remedy/actions/{module}.py`"),
    ]
    table = "\n".join(f"| {name} | {text} |" for name, text in rows)
    return f"## {spec.title}: `{spec.id}`\n\n| | |\n|---|---|\n{table}\n"
