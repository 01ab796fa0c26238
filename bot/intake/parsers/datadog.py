"""Datadog monitors: `[P1] [Triggered on {service:x,env:y}] Name`. Facts: docs.datadoghq.com/monitors/notify."""

import re

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import Wording

_GROUP = re.compile(r"\{([^{}\n]{1,300})\}")


def tags_of(wording: Wording) -> dict[str, str]:
    """Return the tags of the monitor's group, `{host:web-07,env:prod}`, and all of them as `group`."""
    found = next(filter(None, map(_GROUP.search, wording.headlines[:3])), None)
    if not found:
        return {}
    pairs = {}
    for tag in found[1].split(",", 20)[:20]:
        name, _, said = tag.partition(":")
        if said:
            pairs[name.strip().lower()] = said.strip()
    return {**pairs, "group": ",".join(sorted(f"{name}:{said}" for name, said in pairs.items()))}


def _refine(labels: dict[str, str], _post: Post, wording: Wording) -> None:
    group = tags_of(wording).get("group", "")
    if group:
        labels["rest"] = group


SENDER = Sender(
    source="datadog",
    platform="datadog",
    app_ids=frozenset({"A0F7XDT7F"}),
    names=words(r"(?<![a-z])datadog(?![a-z])"),
    urls=words(r"//[\w.-]{0,40}\.?datadoghq\.(?:com|eu)/|\.ddog-gov\.com/"),
    says=words(r"\[(?:re-)?(?:triggered|recovered|warn|no data) on \{"),
    titles=any_of(
        r"^(?:\[[^\]\n]{1,300}\] ?){1,3}(?P<alertname>[^\[\n].{0,200})$",
        r"\[(?P<severity>P[1-5])\]",
    ),
    pages=any_of(r"//[\w.-]{1,60}/monitors/\d"),
    named=tags_of,
    links_home=True,
    monitors=True,
    refine=_refine,
)
