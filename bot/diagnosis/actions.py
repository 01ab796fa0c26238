"""What mends what: the words in which a pattern names its action, and the catalogue entries that can serve each."""

from collections.abc import Mapping

ESCALATE = "escalate"
"""The catalogue entry that only calls a person. It can serve every action."""

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "retry": (),
    "refresh_credentials": (),
    "fix_config": (),
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
    "argocd_sync": (),
    "escalate": (),
}
"""Action word of a pattern -> ids of the catalogue that can do it, beside `escalate`."""


def serves(remedy: str, action: str) -> bool:
    """Return whether the catalogue entry can serve the action."""
    return remedy == ESCALATE or remedy in ACTIONS.get(action, ())
