"""Argo CD notifications: the catalogue's templates, and any that a team writes in their place.

Facts: argoproj/argo-cd, notifications_catalog/templates and triggers: on-deployed fires once an operation succeeded and
the application is healthy; on-sync-succeeded says nothing of health.
"""

import re

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import Wording

_HEALTH = re.compile(
    r"\bdegraded|\bhealth\b|\bunhealthy|\bmissing\b|dégradé|degradad|gesundheit|santé|salud|saúde|ヘルス",
    re.IGNORECASE,
)
_SYNC = re.compile(r"\bsync|out ?of ?sync|\boperation\b|synchronis|sincroniz|同期", re.IGNORECASE)
_BOTH = re.compile(r"running new version|\bdeployed\b|\bhealthy\b|up and running", re.IGNORECASE)
_ILL = frozenset({"degraded", "missing"})


def _refine(labels: dict[str, str], _post: Post, wording: Wording) -> None:
    """Say which phase it is about, sync or health, and for good news which other phase it ends too."""
    head = "\n".join(wording.headlines[:3])
    health = (wording.pairs.get("health status") or wording.pairs.get("health") or "").lower()
    is_sync = _SYNC.search(head) is not None
    is_health = _HEALTH.search(head) is not None or health in _ILL
    labels["phase"] = "health" if is_health and not is_sync else "sync"
    if _BOTH.search(head) or health == "healthy":
        labels["ends"] = "sync" if labels["phase"] == "health" else "health"
    if wording.pairs.get("revision"):
        labels["revision"] = wording.pairs["revision"]


SENDER = Sender(
    source="argocd",
    platform="argocd",
    names=words(r"(?<![a-z])argo[ -]?cd(?![a-z])"),
    urls=words(r"//[^/\s]{0,100}argo[^/\s]{0,100}/applications/|/applications/[\w./-]{1,200}\?(?:operation|view)="),
    says=words(
        r"sync operation of (?:application|app)|(?:^|\n)\W{0,20}application [\w./-]{1,200} (?:has (?:degraded|been (?:successfully )?"
        r"(?:synced|deployed))|is now running new version|sync is|sync status is)|argo ?cd (?:application|app|sync)\b"
    ),
    titles=any_of(
        r"(?:application|app|anwendung|aplicación|aplicação|アプリケーション) ?(?:name)?:? ?(?:'|\")?(?:[\w-]{1,63}/)?(?P<app>[\w.-]{1,200})"
    ),
    pages=any_of(r"/applications/(?:[\w-]{1,63}/)?(?P<app>[\w.-]{1,200})"),
    links_home=True,
    posts_results=True,
    refine=_refine,
)
