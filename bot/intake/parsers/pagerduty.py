"""PagerDuty for Slack: incidents triggered, acknowledged, resolved. Facts: support.pagerduty.com, Slack integration."""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="pagerduty",
    platform="pagerduty",
    app_ids=frozenset({"A1FKYAUUX"}),
    names=words(r"(?<![a-z])pager-? ?duty(?![a-z])"),
    urls=words(r"\.pagerduty\.com/incidents/"),
    pages=any_of(r"\.pagerduty\.com/incidents/(?P<incident>\w{4,40})"),
    links_home=True,
    monitors=True,
)
