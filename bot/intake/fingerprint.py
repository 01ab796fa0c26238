"""The target an alert is about, and the fingerprint that makes its repeats and its recovery one incident.

Pods: connection, namespace, workload. CI: connection, repository, workflow, branch. Argo CD: application and phase.
Others: the sender's own id, else the normalised title and what it is about. Never error text, never field order.
"""

import re
from urllib.parse import quote

from bot.domain.alert import Target, TargetKind
from bot.domain.errors import Misuse
from bot.intake.names import workload_name
from bot.intake.reading import Reading

CONNECTION = "default"
CI = frozenset(
    {"github-actions", "circleci", "gitlab-ci", "jenkins", "aws-codepipeline", "buildkite", "azure-pipelines",
     "teamcity", "vercel", "prow"}
)  # fmt: skip
# elsewhere the job is the one that failed, which the recovery of the same pipeline does not name
_JOB_IS_UNIT = frozenset({"circleci", "jenkins", "teamcity", "prow", "github-actions"})
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
    for rule in _RULES:
        parts = rule(reading)
        if parts:
            return _join(*parts)
    raise Misuse("the last rule fits every reading")


def _of_ci(reading: Reading) -> tuple[str, ...]:
    got = reading.labels.get
    where = got("repo") or got("project", "")
    what = got("workflow") or (got("job", "") if reading.platform in _JOB_IS_UNIT else "") or got("app", "")
    if reading.platform not in CI or not (where or what):
        return ()
    line = got("branch") or (f"pr-{got('pr')}" if got("pr") else "") or got("environment") or got("tag", "")
    return "ci", CONNECTION, where or reading.platform, what, line


def _of_delivery(reading: Reading) -> tuple[str, ...]:
    got = reading.labels.get
    if reading.platform == "argocd" and got("app"):
        return "argo", CONNECTION, got("app", ""), got("phase", "sync")
    if reading.platform == "flux" and got("app"):
        return "flux", CONNECTION, got("namespace", ""), got("app", "")
    return ()


def _of_senders_id(reading: Reading) -> tuple[str, ...]:
    incident = reading.labels.get("incident", "")
    return ("alert", reading.platform, incident) if reading.platform in _WITH_IDS and incident else ()


def _of_cluster(reading: Reading) -> tuple[str, ...]:
    got = reading.labels.get
    pod = got("pod") or got("workload", "")
    if pod:
        return "pod", CONNECTION, got("namespace", ""), workload_name(pod)
    if reading.platform == "kubernetes" and got("node"):
        return "node", CONNECTION, got("node", "")
    return ()


def _of_words(reading: Reading) -> tuple[str, ...]:
    got = reading.labels.get
    name = normalised_title(got("alertname", "") or reading.title)
    rest = got("rest", "")
    about = [got(each, "") for each in ("cluster", "namespace", "service", "node", "environment", "job")]
    return "alert", reading.platform or "unknown", name, *([rest] if rest else filter(None, about))


_RULES = (_of_ci, _of_delivery, _of_senders_id, _of_cluster, _of_words)


def _join(kind: str, *parts: str) -> str:
    return "/".join([kind, *map(_part, parts)])[:500]
