"""The resource fields of a post: from named values, then titles, links and phrases. Tables; the first that fits wins."""

import re
from collections.abc import Callable, Mapping

from bot.domain.alert import Post
from bot.intake.parsers import tongues
from bot.intake.parsers.generic_links import labels_of_links
from bot.intake.parsers.sender import Sender
from bot.intake.reading import BESIDE, RESOURCE
from bot.intake.wording import Wording

# label -> the names under which senders write it, the more telling ones first
_ENGLISH: dict[str, tuple[str, ...]] = {
    "repo": ("repo", "repository", "git repository", "github repository", "project path"),
    "branch": ("branch", "git branch", "source branch", "branch name", "ref", "git ref", "head branch"),
    "commit": ("commit", "sha", "commit sha", "commit id", "git commit", "commit hash", "head sha"),
    "tag": ("tag", "git tag", "release tag", "version", "image tag"),
    "pr": ("pr", "pull request", "merge request", "mr"),
    "workflow": ("workflow", "workflow name", "pipeline", "pipeline name", "build pipeline", "definition", "actions url"),
    "job": (
        "job_name", "failed job", "failed jobs", "failed action", "failed task", "failed step", "job name", "job",
        "build configuration", "build type", "cronjob",
    ),
    "run_id": ("run id", "run_id", "execution id", "build id", "run number", "build number", "pipeline id", "run"),
    "environment": ("environment", "env", "deployment environment", "target environment"),
    "app": ("app", "application", "app name", "application name", "argocd app", "kustomization", "helmrelease"),
    "namespace": ("namespace", "kube_namespace", "exported_namespace", "k8s namespace", "kubernetes_namespace", "ns"),
    "pod": ("pod", "pod_name", "pod name", "kube_pod", "exported_pod"),
    "container": ("container", "container_name", "container name", "kube_container_name"),
    "workload": (
        "deployment", "statefulset", "daemonset", "kube_deployment", "kube_stateful_set", "kube_daemon_set", "workload",
    ),
    "cluster": ("cluster", "cluster_name", "kube_cluster_name", "k8s cluster", "cluster name", "eks_cluster"),
    "node": ("node", "node name", "nodename", "kubernetes_node", "host", "hostname", "instance", "server", "machine"),
    "service": ("service", "service name", "kube_service", "impacted service", "affected service"),
    "alertname": ("alertname", "alert name", "alert", "alert rule", "rule", "monitor", "check", "metric alert"),
    "severity": ("severity", "priority", "urgency", "sev", "level"),
    "incident": ("short id", "incident", "incident id", "incident number", "alert id", "issue id"),
    "project": ("project", "project name", "vercel project"),
}  # fmt: skip
ALIASES = {label: (*names, *tongues.LABELS.get(label, ())) for label, names in _ENGLISH.items()}
_NOISE = (
    *tongues.NOISE, *tongues.STATUS_NAMES, "author", "commit message", "message", "messages", "description", "summary", "changes", "requested by",
    "triggered by", "event", "duration", "when", "mentions", "reviewers", "trigger", "started by", "actor", "user",
    "assignee", "assigned", "assigned to", "runbook", "runbook_url", "notes",  "tags", "routed teams", "owner",
    "reason", "error", "value", "labels", "annotations", "source", "silence", "dashboard", "panel", "details", "region",
    "account", "links", "footer", "first seen", "last seen", "release", "responders", "started at", "finished at",
    "comparisonerror", "revision", "repositories", "kind", "name", "dashboard_url", "generator", "conditions", "stage",
    "failed stage", "action", "responder", "assigned teams", "attempts", "exit code", "type", "id", "time", "timestamp", "team",
    "sync status", "health status", "state", "status", "result", "conclusion", "outcome", "health", "phase", "previous state",
)  # fmt: skip
KNOWN_NAMES = frozenset(name for names in ALIASES.values() for name in names) | frozenset(_NOISE)

# applied to all text, whatever the platform; the first part must be in the text (in lower case) for the pattern to fit
_PHRASES = (
    ("@", r"(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})@(?:refs/heads/)?(?P<branch>[\w./-]{1,200})"),
    (" (", r"\b(?P<commit>[0-9a-f]{7,40}) \((?P<branch>[\w./-]{1,200})\)"),
    (" (", r"(?:(?<=\s)|^)(?P<branch>[\w./-]{1,200}) \((?P<commit>[0-9a-f]{7,40})\)"),
    ("pod ", r"\bpod (?:(?P<namespace>[a-z0-9-]{1,63})/)(?P<pod>[a-z0-9][a-z0-9.-]{1,252})"),
    ("pod ", r"\bpod (?P<pod>[a-z0-9](?:[a-z0-9.]{0,30}-){1,12}[a-z0-9]{1,60}) (?:of|in) (?:the )?(?:namespace )?(?P<namespace>[a-z0-9-]{1,63})\b"),
    ("pod ", r"\bpod (?P<pod>[a-z0-9](?:[a-z0-9.]{0,30}-){1,12}[a-z0-9]{1,60})\b"),
    ("node ", r"\bnode (?P<node>[a-z0-9][a-z0-9.-]{2,252}) (?:is|was|has|not|rebooted)\b"),
    ("namespace ", r"\b(?:in|from) (?:the )?namespace (?P<namespace>[a-z0-9-]{1,63})\b"),
    ("deploy", r"\bdeploy(?:ment|ing|ed)?\b[^\n]{0,80}? to (?P<environment>prod(?:uction)?|staging|stage|dev(?:elopment)?|test|qa|uat|preview|canary|sandbox|live|pre-?prod)\b"),
    ("of branch ", r"\bof branch (?P<branch>[\w./-]{1,200})"),
    (" branch ", r"\b(?:on|for|in) branch (?P<branch>[\w./-]{1,200})"),
    ("re", r"\b(?:pull request|merge request) (?:#|!)(?P<pr>\d{1,7})\b"),
    ("@sha1:", r"\b(?P<branch>[\w./-]{1,100})@sha1:[0-9a-f]{7,40}"),
    ("set/", r"\b(?:statefulset|daemonset)/(?P<namespace>[a-z0-9-]{1,63})/(?P<workload>[a-z0-9.-]{1,253})"),
    ("deployment/", r"\bdeployment/(?P<namespace>[a-z0-9-]{1,63})/(?P<workload>[a-z0-9.-]{1,253})"),
)  # fmt: skip
_BY_PHRASE = tuple((needle, re.compile(pattern, re.IGNORECASE)) for needle, pattern in _PHRASES)
_SHA = re.compile(r"(?<![0-9a-z])(?=[a-f]{0,39}\d)[0-9a-f]{6,40}(?![0-9a-z])")
_REPO = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){1,4}")
_HOSTED = re.compile(
    r"(?:https?://|ssh://|git@)(?:[\w.-]{1,20}@)?([\w.-]{1,200})(?::\d{1,5})?[/:]([\w./-]{3,300}?)(?:\.git)?/?",
    re.ASCII,
)
_FORGES = re.compile(r"(?:^|\.)(?:github|gitlab|bitbucket|gitea|codeberg)\.")
_RUN_TAIL = re.compile(r" (?:#\d{1,9}\b|completed in\b).{0,200}")
_WORKLOAD_KINDS = (("deployment", "Deployment"), ("statefulset", "StatefulSet"), ("daemonset", "DaemonSet"))
_NO_VALUE = frozenset({"-", "n/a", "none", "null", "unknown", "<none>", "[no value]"})
_ONE_WORD = frozenset({"namespace", "pod", "container", "workload", "cluster", "node", "branch", "tag", "run_id"})


def labels_of(post: Post, wording: Wording, sender: Sender) -> dict[str, str]:
    """Return what the post names, by the names of `reading.RESOURCE` and `reading.BESIDE`."""
    labels: dict[str, str] = {}
    pairs = {**(sender.named(wording) if sender.named else {}), **wording.pairs}
    _add_pairs(labels, pairs, sender.platform)
    for pattern in sender.titles:
        for line in wording.headlines[:4]:
            _add_groups(labels, pattern.search(line))
    if sender.refine is not None:
        sender.refine(labels, post, wording)
    _add_all(labels, labels_of_links(post, sender))
    text = wording.all[:4000]
    lower = text.lower()
    for needle, phrase in _BY_PHRASE:
        if needle in lower:
            _add_groups(labels, phrase.search(text))
    return _settled(labels, pairs)


def _add_all(labels: dict[str, str], found: Mapping[str, str]) -> None:
    for name, said in found.items():
        if said:
            labels.setdefault(name, said)


def _add_groups(labels: dict[str, str], found: re.Match[str] | None) -> None:
    if found:
        for name, said in found.groupdict().items():
            clean = _clean(name, said or "")
            if clean:
                labels.setdefault(name, clean)


def _add_pairs(labels: dict[str, str], pairs: Mapping[str, str], platform: str) -> None:
    for label, names in ALIASES.items():
        for name in names:
            said = _clean(label, pairs[name]) if name in pairs else ""
            if said:
                labels.setdefault(label, said)
                break
    _add_revision(labels, pairs.get("revision", ""), platform)
    _add_object(labels, pairs)


def _add_revision(labels: dict[str, str], revision: str, platform: str) -> None:
    """Read `main@sha1:4be1…` or `main/4be1…` (Flux), or a plain commit."""
    branch, _, sha = revision.partition("@sha1:") if "@sha1:" in revision else revision.rpartition("/")
    if platform == "flux" and branch:
        labels.setdefault("branch", branch)
    if commit := _clean("commit", sha or revision):
        labels.setdefault("commit", commit)


def _add_object(labels: dict[str, str], pairs: Mapping[str, str]) -> None:
    """Read a Kubernetes object from `kind` and `name`, and the workload's kind from the label that names it."""
    if job := _clean("pod", pairs.get("job_name", "")):
        labels.setdefault("workload", job)
    kind, name = pairs.get("kind", "").lower(), pairs.get("name", "")
    if kind in {"pod", "node", "service"} and name:
        labels.setdefault(kind, name)
    elif kind in {"deployment", "statefulset", "daemonset", "job", "cronjob"} and name:
        labels.setdefault("workload", name)
    for word, title in _WORKLOAD_KINDS:
        if labels.get("workload") and (kind == word or pairs.get(word) == labels["workload"]):
            labels.setdefault("workload_kind", title)


def _clean(label: str, said: str) -> str:
    """Return the value in the form that its label has, or the empty string if it does not look like one."""
    said = said.strip().strip("`*\"'").strip()
    if not said or len(said) > 300 or said.lower() in _NO_VALUE:
        return ""
    cleaner = _CLEANERS.get(label)
    if cleaner is not None:
        return cleaner(said)
    if label in _ONE_WORD:
        word = said.split(" ", 1)[0].strip(",;()`")
        return word.rstrip(".:") if word[:1].isalnum() else ""
    return said


def _clean_branch(said: str) -> str:
    said = said.removeprefix("refs/heads/").removeprefix("origin/")
    return "" if said.startswith(("refs/", "http")) or " " in said else said.rstrip(".,;:)")


def _first(pattern: re.Pattern[str]) -> Callable[[str], str]:
    """Return a cleaner that takes the first match."""

    def clean(said: str) -> str:
        found = pattern.search(said)
        return found[0] if found else ""

    return clean


def _clean_repo(said: str) -> str:
    hosted = _HOSTED.fullmatch(said)
    if hosted:
        is_repo = _FORGES.search(hosted[1]) or said.rstrip("/").endswith(".git")
        return hosted[2].strip("/") if is_repo and "/" in hosted[2] else ""
    said = said.removesuffix(".git")
    return said if _REPO.fullmatch(said) and "://" not in said else ""


_CLEANERS: dict[str, Callable[[str], str]] = {
    "commit": _first(_SHA),
    "pr": _first(re.compile(r"\d{1,7}")),
    "branch": _clean_branch,
    "repo": _clean_repo,
    "workflow": lambda said: _RUN_TAIL.sub("", said),
    "severity": lambda said: said.split(" ", 1)[0].strip(".,;:()"),
}


def _settled(labels: dict[str, str], pairs: Mapping[str, str]) -> dict[str, str]:
    """Put right what senders name differently: refs of tags and pull requests, hosts with ports."""
    ref = pairs.get("ref") or pairs.get("git ref") or ""
    if ref.startswith("refs/tags/"):
        labels.setdefault("tag", ref.removeprefix("refs/tags/"))
    elif ref.startswith("refs/pull/"):
        labels.setdefault("pr", ref.split("/")[2])
    if "node" in labels:
        labels["node"] = re.sub(r":\d{1,5}$", "", labels["node"])
    return {name: labels[name] for name in (*RESOURCE, *BESIDE) if labels.get(name)}
