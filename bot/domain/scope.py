"""Scope: which senders a channel believes, what may be read and acted on from it, and how far the bot goes there."""

from enum import StrEnum

from bot.domain.alert import Target
from bot.domain.connections import matches
from bot.domain.values import value


class ChannelMode(StrEnum):
    """observe posts nothing; suggest shows card and preview without Approve; act offers Approve."""

    OBSERVE = "observe"
    SUGGEST = "suggest"
    ACT = "act"


@value
class Reach:
    """Globs of what may be touched; an empty tuple means all of that kind."""

    connections: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()

    def refuses(self, target: Target) -> str:
        """Return which part of the target lies outside, in words for the gap; empty when all of it lies within.

        What a target does not name is not judged: a run has no namespace. An application is judged by its name.
        """
        named = (
            ("connection", target.connection, self.connections),
            ("repository", target.repo, self.repositories),
            ("cluster", target.cluster, self.clusters),
            ("namespace", target.namespace, self.namespaces),
            ("application", target.name if target.kind == "argo_app" else "", self.applications),
        )
        for word, name, globs in named:
            if name and globs and not any(matches(name, glob) for glob in globs):
                return f"{word} {name} is outside this channel's scope"
        return ""


@value
class ChannelRule:
    """What holds in the channels that `channel` names (an id, a #name, or a glob of names; `*` for all).

    `senders` are globs of app ids or app names whose posts count as alerts (empty: any app). `read` and `act` are what
    evidence is fetched of and what fixes may touch. `sweep` switches the look of our own on.
    """

    channel: str = "*"
    senders: tuple[str, ...] = ()
    read: Reach = Reach()
    act: Reach = Reach()
    mode: ChannelMode = ChannelMode.ACT
    sweep: bool = False

    def hears(self, app_id: str, name: str) -> bool:
        """Return whether posts of that app count as alerts here."""
        return not self.senders or any(matches(app_id, glob) or matches(name, glob) for glob in self.senders)


def is_channel_id(text: str) -> bool:
    """Return whether a text is a channel's id (`C0123ABCD`): names are lower case in Slack, ids upper case."""
    return len(text) > 2 and text[0] in "CG" and text.isascii() and text.isalnum() and text.upper() == text


@value
class ChannelRules:
    """All rules, most specific first: the first whose channel fits holds. Without any, the default one holds."""

    rules: tuple[ChannelRule, ...] = ()

    @property
    def by_name(self) -> bool:
        """Whether a channel's name has to be known: some rule names channels neither by id nor all of them."""
        return any(rule.channel != "*" and not is_channel_id(rule.channel) for rule in self.rules)

    def of(self, channel: str, name: str) -> ChannelRule:
        """Return the rule of a channel, by its id or its name (without #)."""
        for rule in self.rules:
            wanted = rule.channel.removeprefix("#")
            if wanted == channel or (name and matches(name, wanted)) or wanted == "*":
                return rule
        return ChannelRule()
