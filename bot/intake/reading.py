"""What a parser makes of a post, before it becomes an Alert."""

from collections.abc import Mapping
from dataclasses import field

from bot.domain.alert import AlertStatus
from bot.domain.values import value

PLATFORMS = (
    "github-actions", "circleci", "gitlab-ci", "jenkins", "argocd", "flux", "prometheus", "grafana", "kubernetes",
    "datadog", "pagerduty", "opsgenie", "sentry", "aws-codepipeline", "buildkite", "azure-pipelines", "teamcity",
    "vercel", "prow",
)  # fmt: skip
RESOURCE = (
    "repo", "run_id", "run_url", "workflow", "branch", "app", "namespace", "pod", "alertname", "severity", "job",
    "commit", "tag", "pr", "environment", "cluster", "node", "service", "incident", "project",
)  # fmt: skip


@value
class NotAlert:
    """A post that is no alert; `reason` is for people and figures."""

    reason: str


@value
class Reading:
    """One parser's result: `labels` by the names of RESOURCE, and `workload`, `container`, `phase`, `rest` beside them.

    `rest` is what tells the sender's own groups apart where no label does (values without names, a monitor's tags).
    """

    source: str
    platform: str
    status: AlertStatus
    title: str
    labels: Mapping[str, str] = field(default_factory=dict)
