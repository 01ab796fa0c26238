"""slack_channels.yaml -> ChannelRules: a team's own entries come before the shipped ones. Errors name file and line."""

import re
from pathlib import Path
from typing import Final

from bot.domain.scope import ChannelMode, ChannelRule, ChannelRules, Reach
from bot.yaml_file import Entry, entries

KEYS: Final = ("channel", "senders", "mode", "read", "act", "sweep")
REACH: Final = ("connections", "repositories", "clusters", "namespaces", "applications")
_CHANNEL = re.compile(r"\*|#?[^\s#@,]{1,80}")


def load_channels(shipped: Path, team: Path | None) -> ChannelRules:
    """Return the rules, the most specific first: ids and full names before globs, `*` last; ties in the files' order.

    Raises ConfigError for a key or value that is not known, and for a channel that stands twice in one file.
    """
    own = _rules(team) if team is not None and team.is_file() else ()
    named = {rule.channel for rule in own}
    rules = (*own, *(rule for rule in _rules(shipped) if rule.channel not in named))
    return ChannelRules(rules=tuple(sorted(rules, key=_breadth)))


def _breadth(rule: ChannelRule) -> int:
    return 2 if rule.channel == "*" else 1 if {"*", "?"} & set(rule.channel) else 0


def _rules(path: Path) -> tuple[ChannelRule, ...]:
    found: dict[str, ChannelRule] = {}
    for entry in entries(path, "channels", "a channel"):
        rule = _rule(entry.only(KEYS))
        if rule.channel in found:
            raise entry.wrong(f"{rule.channel} stands twice in this file", "keep one of them", "channel")
        found[rule.channel] = rule
    return tuple(found.values())


def _rule(entry: Entry) -> ChannelRule:
    channel = entry.text("channel")
    if not _CHANNEL.fullmatch(channel):
        raise entry.wrong("an entry names its channel", 'write `channel: "#name"`, an id, or `"*"` for all', "channel")
    read = _reach(entry.entry("read"))
    act = entry.entry("act")
    return ChannelRule(
        channel=channel,
        senders=entry.texts("senders"),
        mode=ChannelMode(entry.choice("mode", tuple(ChannelMode), ChannelMode.ACT)),
        read=read,
        act=_reach(act) if act is not None else read,
        sweep=entry.switch("sweep", False),
    )


def _reach(entry: Entry | None) -> Reach:
    if entry is None:
        return Reach()
    entry.only(REACH)
    return Reach(**{name: entry.texts(name) for name in REACH})
