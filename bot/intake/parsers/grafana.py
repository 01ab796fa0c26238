"""Grafana alerting and Grafana OnCall. Facts: grafana/alerting, receivers/slack and templates/default_template.go."""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="grafana",
    platform="grafana",
    names=words(r"(?<![a-z])grafana(?![a-z])"),
    urls=words(r"/alerting/(?:grafana/|list)|//[^/\s]{0,60}grafana[^/\s]{0,60}/(?:a/grafana-oncall|alerting)"),
    says=words(r"(?:^|\n)grafana v\d|\bgrafana_folder\b"),
    titles=any_of(r"^\[[^\]\n]{1,60}\] (?P<alertname>[^(\n]{1,150}?)(?: \(|$)"),
    pages=any_of(r"/alerting/(?:list|grafana)"),
    links_home=True,
    monitors=True,
)
