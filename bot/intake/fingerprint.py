"""The target an alert is about, and the fingerprint that makes its repeats and its recovery one incident.

Pods: connection, namespace, workload. CI: connection, repository, workflow, branch. Argo CD: application and phase.
Others: the sender's own id, else the normalised title and what it is about. Never error text, never field order.
"""

import re
from urllib.parse import quote

from bot.domain.alert import Target, TargetKind
from bot.intake.names import workload_name
from bot.intake.reading import Reading

CONNECTION = "default"
CI = frozenset(
    {"github-actions", "circleci", "gitlab-ci", "jenkins", "aws-codepipeline", "buildkite", "azure-pipelines",
     "teamcity", "vercel", "prow"}
)  # fmt: skip
_WITH_IDS = frozenset({"pagerduty", "opsgenie", "sentry"})
_STATE_WORDS = re.compile(
    r"\[[^\]]{0,120}\]|\b(?:still|has|have|is|was|been|now|new|re-?)?\s?"
    r"(?:fail(?:ed|ing|ure|ures|s)|firing|resolved|recovered|triggered|alerting|fixed|succeed(?:ed|s)|success(?:ful)?|"
    r"passed|passing|back to normal|healthy|unhealthy|ok|down|up|error|errors|warning|critical|closed|alert|broken|"
    r"ready|not ready|completed|finished)\b",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\b(?=[a-z-]{0,20}\d)[\w.:%#-]{1,80}|[^a-z ]")


def _part(text: str) -> str:
    """Return one step of a fingerprint: readable, and never with a slash of its own; `-` for nothing."""
    return quote(" ".join(text.split()), safe=" @:=+,()&'!") or "-"


def normalised_title(title: str) -> str:
    """Return the words of a title that stay the same between a failure, its repeats and its recovery."""
    words = _NUMBERS.sub(" ", _STATE_WORDS.sub(" ", title).lower()).split()
    return "-".join(words)[:120]


def target_of(reading: Reading) -> Target:
    """Return what the alert is about: the most precise thing that its labels name."""
    got = reading.labels.get
    kind, name = TargetKind.NONE, ""
    if reading.platform in CI:
        kind = TargetKind.WORKFLOW_RUN if reading.platform == "github-actions" else TargetKind.BUILD
        name = got("workflow") or got("job") or got("project") or got("app", "")
    elif reading.platform in {"argocd", "flux"}:
        kind, name = TargetKind.ARGO_APP if reading.platform == "argocd" else TargetKind.WORKLOAD, got("app", "")
    else:
        for kind_of, label in (
            (TargetKind.POD, "pod"),
            (TargetKind.WORKLOAD, "workload"),
            (TargetKind.NODE, "node"),
            (TargetKind.SERVICE, "service"),
            (TargetKind.SERVICE, "project"),
            (TargetKind.REPO, "repo"),
        ):
            if got(label):
                kind, name = kind_of, got(label, "")
                break
    if kind is TargetKind.NODE and reading.platform == "datadog":
        kind = TargetKind.HOST
    return Target(
        connection=CONNECTION,
        kind=kind,
        name=name,
        namespace=got("namespace", ""),
        cluster=got("cluster", ""),
        repo=got("repo", ""),
        url=got("run_url", ""),
        container=got("container", ""),
    )


def fingerprint_of(reading: Reading) -> str:
    """Return the stable identity, such as `pod/default/shop/checkout` or `ci/default/acme%2Fshop/CI/main`."""
    got = reading.labels.get
    platform = reading.platform or "unknown"
    if platform in CI:
        where = got("repo") or got("project", "")
        what = got("workflow") or got("job") or got("app", "")
        line = got("branch") or (f"pr-{got('pr')}" if got("pr") else "") or got("environment") or got("tag", "")
        if where or what:
            return _join("ci", CONNECTION, where or platform, what, line)
    if platform == "argocd" and got("app"):
        return _join("argo", CONNECTION, got("app", ""), got("phase", "sync"))
    if platform == "flux" and got("app"):
        return _join("flux", CONNECTION, got("namespace", ""), got("app", ""))
    if platform in _WITH_IDS and got("incident"):
        return _join("alert", platform, got("incident", ""))
    if got("pod") or got("workload"):
        workload = workload_name(got("pod", "")) if got("pod") else workload_name(got("workload", ""))
        return _join("pod", CONNECTION, got("namespace", ""), workload)
    if platform == "kubernetes" and got("node"):
        return _join("node", CONNECTION, got("node", ""))
    name = normalised_title(got("alertname", "") or reading.title)
    about = [got(each, "") for each in ("cluster", "namespace", "service", "node", "environment", "job")]
    rest = got("rest", "")
    return _join("alert", platform, name, *([rest] if rest else [each for each in about if each]))


def _join(kind: str, *parts: str) -> str:
    return "/".join([kind, *map(_part, parts)])[:500]
