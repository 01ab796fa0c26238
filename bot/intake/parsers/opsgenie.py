"""Opsgenie (and Jira Service Management's alerts) for Slack. Facts: support.atlassian.com/opsgenie, Slack integration."""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="opsgenie",
    platform="opsgenie",
    app_ids=frozenset({"A286WATV2"}),
    names=words(r"(?<![a-z])opsgenie(?![a-z])"),
    urls=words(r"//opsg\.in/|\.opsgenie\.com/|/jsm/ops/alerts/"),
    titles=any_of(
        r"#(?P<incident>\d{1,9})\b.{0,10}?(?:\[\w{1,40}\]:? )(?P<alertname>[A-Z]\w{2,80})\b",
        r"#(?P<incident>\d{1,9})\b",
    ),
    pages=any_of(r"//opsg\.in/|\.opsgenie\.com/|/jsm/ops/"),
    links_home=True,
    monitors=True,
)
