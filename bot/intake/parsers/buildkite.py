"""Buildkite's Slack notices: `Pipeline (branch) #12 failed in 3m`. Facts: buildkite.com/docs/integrations/slack."""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="buildkite",
    platform="buildkite",
    names=words(r"(?<![a-z])buildkite(?![a-z])"),
    urls=words(r"//buildkite\.com/[^/\s]{1,100}/[^/\s]{1,100}/builds/"),
    says=words(r"\bbuildkite (?:build|pipeline|job)\b"),
    titles=any_of(
        r"^(?P<workflow>[^(#\n]{1,100}?) \((?P<branch>[^)\n]{1,200})\)",
        r"^(?P<workflow>[^(#\n]{1,100}?) (?:build )?#\d",
    ),
    pages=any_of(r"//buildkite\.com/(?P<site>[\w.-]{1,100})/(?P<workflow>[\w.-]{1,100})/builds/(?P<run_id>\d{1,12})"),
    posts_results=True,
)
