"""Sentry for Slack: issue and metric alerts. It quotes error text in its headline, so only how a line begins tells.

Facts: getsentry/sentry, src/sentry/integrations/slack/message_builder/{issues,metric_alerts}.py.
"""

from bot.domain.alert import Post
from bot.intake.parsers.generic import read_as
from bot.intake.parsers.generic_signals import Signal, Verdict
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import Wording

_BEGINNINGS = (
    (Signal.RESOLVED, words(r"^(?:\W{0,3}resolved\b|(?:this )?issue (?:was |has been )?resolved)")),
    (
        Signal.QUIET,
        words(
            r"^(?:issue )?(?:\S{1,60} )?(?:archived|ignored|assigned|unassigned|marked|unresolved|deployed|commented)\b|"
            r"weekly|^release .{1,120} deployed|^your "
        ),
    ),
)


def _read(post: Post, wording: Wording, sender: Sender) -> Reading | NotAlert:
    for line in wording.headlines[:3]:
        for signal, pattern in _BEGINNINGS:
            if pattern.search(line):
                return read_as(post, wording, sender, Verdict(signal=signal, line=line, why="words"))
    return read_as(post, wording, sender, Verdict(signal=Signal.FIRING, why="a Sentry issue"))


SENDER = Sender(
    source="sentry",
    platform="sentry",
    app_ids=frozenset({"A011MFBJEUU"}),
    names=words(r"(?<![a-z])sentry(?![a-z])"),
    urls=words(r"\.sentry\.io/|//sentry[.\w-]{0,60}/[^\s]{0,80}(?:issues|alerts)/"),
    titles=any_of(r"^\[(?P<project>[\w.-]{1,100})\] ", r"^(?:critical|warning|resolved): (?P<alertname>.{1,200})$"),
    pages=any_of(
        r"//[^/\s]{1,200}/(?:organizations/[\w-]{1,100}/)?issues/\d{1,20}",
        r"//[^/\s]{1,200}/(?:organizations/[\w-]{1,100}/)?(?:issues/)?alerts/(?:rules/)?(?:details/)?\d",
    ),
    links_home=True,
    read=_read,
)
