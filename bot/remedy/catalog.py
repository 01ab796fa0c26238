"""The catalogue: every action there is, in one visible tuple, the plans that need more of them, and its reference."""

from bot.domain.action import ActionSpec, Permission
from bot.domain.connections import ConnectionKind
from bot.domain.errors import Misuse
from bot.remedy.actions.dispatch_workflow import DispatchWorkflow
from bot.remedy.actions.escalate import Escalate
from bot.remedy.actions.open_fix_pr import OpenFixPr
from bot.remedy.actions.rerun_failed_jobs import RerunFailedJobs
from bot.remedy.actions.rollout_restart import RolloutRestart
from bot.remedy.actions.set_resources import SetResources
from bot.remedy.actions.sync import SyncApplication
from bot.remedy.contract import Action, Ask, NotOffered, Preflight, Progress

__all__ = [
    "ACTIONS",
    "PLANS",
    "REMEDIES",
    "Action",
    "Ask",
    "NotOffered",
    "Preflight",
    "Progress",
    "action",
    "actions_reference",
    "permissions",
    "plans",
]

ACTIONS: tuple[Action, ...] = (
    SetResources(),
    RolloutRestart(),
    RerunFailedJobs(),
    DispatchWorkflow(),
    OpenFixPr(),
    SyncApplication(),
    Escalate(),
)

PLANS: dict[str, tuple[tuple[str, ...], ...]] = {
    "credential.refresh": (("github.dispatch_workflow", "github.rerun_failed_jobs"),),
    "kubernetes.set_resources": (("kubernetes.set_resources",), ("github.open_fix_pr",)),
}
"""Remedies that are more than one action: alternatives, best first, each the steps of one approval in their order."""

REMEDIES: frozenset[str] = frozenset(each.spec.id for each in ACTIONS) | PLANS.keys()
"""What a failure pattern may name as its remedy."""


def plans(remedy: str) -> tuple[tuple[Action, ...], ...]:
    """Return a remedy's alternatives, each as its actions in order; a single action is its own plan. Empty: unknown."""
    if remedy not in REMEDIES:
        return ()
    return tuple(tuple(action(each) for each in ids) for ids in PLANS.get(remedy, ((remedy,),)))


def permissions(platform: ConnectionKind) -> tuple[Permission, ...]:
    """Return the rights on that platform that the actions need, each once; for `doctor`."""
    return tuple(dict.fromkeys(p for each in ACTIONS for p in each.spec.permissions if p.platform is platform))


def action(id: str) -> Action:  # noqa: A002 - the catalogue's own word
    """Return the action of that id. Raises Misuse: ids of stored steps always come from this catalogue."""
    found = next((each for each in ACTIONS if each.spec.id == id), None)
    if found is None:
        raise Misuse(f"the catalogue has no action {id!r}")
    return found


def actions_reference() -> str:
    """Return docs/actions.md: the catalogue as Markdown, made of the specs alone."""
    sections = [_section(each.spec, (type(each).__module__ or "").rpartition(".")[2]) for each in ACTIONS]
    lines = [
        f"- `{name}`: {'; else '.join(' then '.join(map(_code, ids)) for ids in ways)}" for name, ways in PLANS.items()
    ]
    return "\n".join((_INTRODUCTION, *sections, _PLANS, *lines, ""))


_INTRODUCTION = """# Actions

What CodeHealer can do, and nothing else. Each runs only after a person of `CODEHEALER_APPROVERS` approved its exact preview.
This page is generated from the catalogue, `bot/remedy/catalog.py`; a test says when it is not current.
"""

_PLANS = """## Plans

What a failure pattern may name besides a single action: steps under one approval, each verified before the next; after
"else" what is proposed where the first does not fit.
"""

_RIGHTS = {
    ConnectionKind.KUBERNETES: "`{verb}` on `{group}/{resource}`",
    ConnectionKind.GITHUB: "GitHub: `{resource}: {verb}`",
    ConnectionKind.ARGOCD: "Argo CD: `{resource}, {verb}`",
}


def _code(text: str) -> str:
    return f"`{text}`"


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min"


def _section(spec: ActionSpec, module: str) -> str:
    needs = [_RIGHTS[p.platform].format(verb=p.verb, group=p.group, resource=p.resource) for p in spec.permissions]
    rows = [
        ("risk", spec.risk.value.replace("_", " ")),
        ("targets", ", ".join(kind.value.replace("_", " ") for kind in spec.target_kinds)),
        ("can be undone", "yes, as a new proposal" if spec.reversible else "no"),
        ("approval", f"a person with the role {spec.required_role}"),
        ("guard", spec.guard or "none: it is sent once, and then looked for by its marker"),
        ("marker", spec.marker),
        ("rights it needs", ", ".join(needs) or "none"),
        ("rests for", f"{_minutes(spec.cooldown)} on the same target" if spec.cooldown else "does not rest"),
        *((("waits for a verdict", _minutes(spec.within)),) if spec.within else ()),
        ("source", f"`bot/remedy/actions/{module}.py`"),
    ]
    table = "\n".join(f"| {name} | {text} |" for name, text in rows)
    return f"## {spec.title}: `{spec.id}`\n\n| | |\n|---|---|\n{table}\n"
