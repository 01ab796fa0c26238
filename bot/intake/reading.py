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
CI = frozenset(
    {"github-actions", "circleci", "gitlab-ci", "jenkins", "aws-codepipeline", "buildkite", "azure-pipelines",
     "teamcity", "vercel", "prow"}
)  # fmt: skip
RESOURCE = (
    "repo", "run_id", "run_url", "workflow", "branch", "app", "namespace", "pod", "alertname", "severity", "job",
    "commit", "tag", "pr", "environment", "cluster", "node", "service", "incident", "project",
)  # fmt: skip
BESIDE = (
    "workload",
    "workload_kind",
    "container",
    "phase",
    "ends",
    "rest",
    "group",
    "site",
    "folder",
    "kind",
    "revision",
)
"""Labels of our own. `suspect` is a container that the post points to without naming it as its subject; `phase` is Argo CD's sync or health and `ends` the other one, if a success ends both; `rest` are
values without names; `group` is the sender's own name for several alerts; `site` and `folder` tell equal names apart
(a host with its account, the folders of a job); `kind` is Flux's object; `revision` what was synced."""


@value
class NotAlert:
    """A post that is no alert; `reason` is for people and figures."""

    reason: str


@value
class Reading:
    """One parser's result: `labels` by the names of RESOURCE and BESIDE."""

    source: str
    platform: str
    status: AlertStatus
    title: str
    labels: Mapping[str, str] = field(default_factory=dict)
