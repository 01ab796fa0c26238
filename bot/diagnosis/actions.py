"""What mends what: the words in which a pattern names its action, and the remedies that can serve each.

A remedy is an action of the catalogue or one of its plans (`credential.refresh`: rotate, then run again).
"""

from collections.abc import Mapping

ESCALATE = "escalate"
"""The catalogue entry that only calls a person. It can serve every action."""

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "retry": ("github.rerun_failed_jobs", "argocd.sync"),
    "refresh_credentials": ("credential.refresh",),
    "fix_config": ("github.open_fix_pr",),
    "pin_dependency": (),
    "code_change": (),
    "increase_memory": ("kubernetes.set_resources",),
    "increase_cpu": ("kubernetes.set_resources",),
    "increase_timeout": (),
    "increase_quota": (),
    "free_disk": (),
    "clear_cache": (),
    "scale": (),
    "restart": ("kubernetes.rollout_restart",),
    "rollback": (),
    "argocd_sync": ("argocd.sync",),
    "escalate": (),
}
"""Action word of a pattern -> ids of actions and plans that can do it, beside `escalate`."""


def serves(remedy: str, action: str) -> bool:
    """Return whether the action or plan of that id can serve the action word."""
    return remedy == ESCALATE or remedy in ACTIONS.get(action, ())
