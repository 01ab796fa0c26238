"""Flux's notification controller: author `kustomization/apps.flux-system`, the event's message, its severity as colour.

Facts: fluxcd/notification-controller, internal/notifier/slack.go.
"""

import re

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import Wording

_KINDS = r"kustomization|helmrelease|(?:git|oci|helm|image)repository|helmchart|bucket|imagepolicy|imageupdateautomation|terraform"
_OBJECT = re.compile(rf"^(?P<kind>{_KINDS})/(?P<app>[\w-]{{1,200}})\.(?P<namespace>[\w-]{{1,63}})\b", re.IGNORECASE)


def _refine(labels: dict[str, str], _post: Post, wording: Wording) -> None:
    found = next(filter(None, map(_OBJECT.match, wording.all.split("\n", 6)[:6])), None)
    if found:
        labels["kind"] = found["kind"].lower()


SENDER = Sender(
    source="flux",
    platform="flux",
    names=words(
        r"(?<![a-z])(?:(?:kustomize|helm|source|image-\w{1,20}|notification|tf)-controller|flux(?:cd|-system|bot)?)(?![a-z])"
    ),
    says=words(rf"(?:^|\n)(?:{_KINDS})/[\w.-]{{1,200}}"),
    titles=any_of(
        r"^(?:\w{1,40})/(?P<app>[\w-]{1,200})\.(?P<namespace>[\w-]{1,63})\b",
        r"^(?:\w{1,40})/(?P<app>[\w-]{1,200})$",
    ),
    posts_results=True,
    tints=True,
    refine=_refine,
)
