"""The resource fields of a post: from named values, then titles, links and phrases. Tables; the first that fits wins."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from bot.domain.alert import Post
from bot.intake.parsers.generic_links import labels_of_links
from bot.intake.reading import RESOURCE
from bot.intake.wording import Wording

# label -> the names under which senders write it, the more telling ones first
ALIASES: dict[str, tuple[str, ...]] = {
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
_NOISE = (
    "author", "commit message", "message", "messages", "description", "summary", "changes", "requested by",
    "triggered by", "event", "duration", "when", "mentions", "reviewers", "trigger", "started by", "actor", "user",
    "assignee", "assigned", "assigned to", "runbook", "runbook_url", "notes", "tests", "tags", "routed teams", "owner",
    "reason", "error", "value", "labels", "annotations", "source", "silence", "dashboard", "panel", "details", "region",
    "account", "links", "footer", "first seen", "last seen", "release", "responders", "started at", "finished at",
    "comparisonerror", "revision", "repositories", "kind", "name", "dashboard_url", "generator", "conditions", "stage",
    "failed stage", "action", "responder", "assigned teams", "attempts", "exit code", "type", "id", "time", "timestamp", "team",
    "sync status", "health status", "state", "status", "result", "conclusion", "outcome", "health", "phase",
)  # fmt: skip
KNOWN_NAMES = frozenset(name for names in ALIASES.values() for name in names) | frozenset(_NOISE)

_VERB = (
    r"(?:has |have |is |was |did |still )?(?:failed|failing|fails|passed|succeeded|completed|finished|fixed|errored|"
    r"successful|cancell?ed|timed out|broken|ended|recovered|back to normal)\b"
)
_ANY = "*"
# platform, pattern with named groups; applied to the first lines in order
_TITLES: tuple[tuple[str, str], ...] = (
    ("github-actions", r"^(?P<workflow>.{1,100}?) " + _VERB + r" in (?P<repo>[\w.-]{1,100}/[\w.-]{1,100})"),
    ("github-actions", r"^(?:workflow )?(?P<workflow>[^#\n]{1,100}?) #\d{1,9}\b"),
    ("github-actions", r"^workflow (?P<workflow>[^\n]{1,80}?) job (?P<job>\S{1,80}) triggered by \S{1,60} is \w{1,20} for (?P<branch>[\w./-]{1,200})"),
    ("github-actions", r"^workflow:? (?P<workflow>[^#\n:]{1,80}?) " + _VERB),
    ("github-actions", r"deploying (?P<branch>[\w./-]{1,200}) \((?P<commit>[0-9a-f]{6,40})\) to (?P<environment>[\w-]{1,60})"),
    ("jenkins", r"job '(?P<job>[^'\n]{1,200}?) ?[\[#(](?P<run_id>\d{1,9})"),
    ("circleci", r"workflow \((?P<workflow>[^)\n]{1,100})\)"),
    ("circleci", r"in (?P<repo>[\w.-]{1,100}/[\w.-]{1,100}) \((?P<branch>[^)\n]{1,200})\)"),
    ("circleci", r"(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})'s "),
    ("teamcity", r"^(?P<project>.{1,150}?) / (?P<job>[^/\n]{1,100}) #"),
    ("buildkite", r"^(?P<workflow>[^(#\n]{1,100}?) \((?P<branch>[^)\n]{1,200})\)"),
    ("buildkite", r"^(?P<workflow>[^(#\n]{1,100}?) (?:build )?#\d"),
    ("vercel", r"^(?P<environment>production|preview|staging|development) deployment\b.{0,60} (?:for|of) (?P<project>[\w.-]{1,100})"),
    ("vercel", r"deployment\b.{0,60} (?:for|of) (?P<project>[\w.-]{1,100})"),
    ("argocd", r"application (?:'|\")?(?:[\w-]{1,63}/)?(?P<app>[\w.-]{1,200})"),
    ("flux", r"^(?:\w{1,40})/(?P<app>[\w-]{1,200})\.(?P<namespace>[\w-]{1,63})\b"),
    ("sentry", r"^\[(?P<project>[\w.-]{1,100})\] "),
    ("sentry", r"^(?:critical|warning|resolved): (?P<alertname>.{1,200})$"),
    ("datadog", r"^(?:\[[^\]\n]{1,300}\] ?){1,3}(?P<alertname>[^\[\n].{0,200})$"),
    ("datadog", r"\[(?P<severity>P[1-5])\]"),
    ("opsgenie", r"#(?P<incident>\d{1,9})\b.{0,10}?(?:\[\w{1,40}\]:? )(?P<alertname>[A-Z]\w{2,80})\b"),
    ("opsgenie", r"#(?P<incident>\d{1,9})\b"),
    ("grafana", r"^\[[^\]\n]{1,60}\] (?P<alertname>[^(\n]{1,150}?)(?: \(|$)"),
    ("prow", r"job (?P<job>[\w./-]{1,200}) (?:of type \w{1,20} )?(?:ended|" + _VERB + ")"),
    ("kubernetes", r"analysis of the pod (?:(?P<namespace>[\w-]{1,63})/)?(?P<pod>[\w.-]{1,253})"),
    ("kubernetes", r"analysis of the node (?P<node>[\w.-]{1,253})"),
    ("kubernetes", r"analysis of the service (?:(?P<namespace>[\w-]{1,63})/)?(?P<service>[\w.-]{1,253})"),
    ("kubernetes", r"analysis of the \w{1,40} (?:(?P<namespace>[\w-]{1,63})/)?(?P<app>[\w.-]{1,253})"),
)  # fmt: skip
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
_BY_TITLE = tuple((platform, re.compile(pattern, re.IGNORECASE)) for platform, pattern in _TITLES)
_BY_PHRASE = tuple((needle, re.compile(pattern, re.IGNORECASE)) for needle, pattern in _PHRASES)
_GROUP = re.compile(r"\{([^{}\n]{1,300})\}")
_SHA = re.compile(r"(?<![0-9a-z])(?=[a-f]{0,39}\d)[0-9a-f]{6,40}(?![0-9a-z])")
_REPO = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){1,4}")
_HOSTED = re.compile(
    r"(?:https?://|ssh://|git@)(?:[\w.-]{1,20}@)?([\w.-]{1,200})(?::\d{1,5})?[/:]([\w./-]{3,300}?)(?:\.git)?/?",
    re.ASCII,
)
_FORGES = re.compile(r"(?:^|\.)(?:github|gitlab|bitbucket|gitea|codeberg)\.")
_RUN_TAIL = re.compile(r" (?:#\d{1,9}\b|completed in\b).{0,200}")
_NO_VALUE = frozenset({"-", "n/a", "none", "null", "unknown", "<none>", "[no value]"})
_ONE_WORD = frozenset({"namespace", "pod", "container", "workload", "cluster", "node", "branch", "tag", "run_id"})
_JENKINS_NAME = re.compile(r"^(?P<path>.{1,250}?) - #(?P<run>\d{1,9})\b")
_BRANCH_LIKE = re.compile(
    r"(?:main|master|develop|dev|trunk|staging|production|next|release|hotfix)|(?:PR|MR)-\d{1,7}|"
    r"(?:feature|feat|fix|bugfix|hotfix|release|chore|renovate|dependabot|revert)[-/_%].{1,200}|.{0,200}(?:/|%2F).{0,200}",
    re.IGNORECASE,
)


def labels_of(post: Post, wording: Wording, platform: str) -> dict[str, str]:
    """Return what the post names, by the names of `reading.RESOURCE` (and workload, container, phase, rest)."""
    labels: dict[str, str] = {}
    pairs = {**_group_of(wording, platform), **wording.pairs}
    _add_pairs(labels, pairs, platform)
    for pattern_platform, pattern in _BY_TITLE:
        if pattern_platform == platform:
            for line in wording.headlines[:4]:
                _add_groups(labels, pattern.search(line))
    if platform == "jenkins":
        _add_jenkins(labels, wording)
    _add_all(labels, labels_of_links(post, platform))
    text = wording.all[:4000]
    lower = text.lower()
    for needle, phrase in _BY_PHRASE:
        if needle in lower:
            _add_groups(labels, phrase.search(text))
    return _settled(labels, pairs, platform)


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
    revision = pairs.get("revision", "")
    if revision:
        branch, _, sha = revision.partition("@sha1:") if "@sha1:" in revision else revision.rpartition("/")
        if platform == "flux" and branch:
            labels.setdefault("branch", branch)
        if commit := _clean("commit", sha or revision):
            labels.setdefault("commit", commit)
    if job := _clean("pod", pairs.get("job_name", "")):
        labels.setdefault("workload", job)
    kind, name = pairs.get("kind", "").lower(), pairs.get("name", "")
    if kind in {"pod", "node", "service"} and name:
        labels.setdefault(kind, name)
    elif kind in {"deployment", "statefulset", "daemonset", "job", "cronjob"} and name:
        labels.setdefault("workload", name)


def _group_of(wording: Wording, platform: str) -> dict[str, str]:
    """Return the tags of a Datadog group, `{host:web-07,env:prod}`, as pairs."""
    if platform != "datadog" or not wording.headlines:
        return {}
    found = _GROUP.search(wording.headlines[0])
    if not found:
        return {}
    pairs = {}
    for tag in found[1].split(",", 20)[:20]:
        name, _, said = tag.partition(":")
        if said:
            pairs[name.strip().lower()] = said.strip()
    return {**pairs, "group": ",".join(sorted(f"{name}:{said}" for name, said in pairs.items()))}


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


def _add_jenkins(labels: dict[str, str], wording: Wording) -> None:
    """Read `Folder » job » branch - #12 Failure`: of three or more names the last is the branch, as in a multibranch."""
    for line in wording.headlines[:3]:
        found = _JENKINS_NAME.match(line)
        if found:
            names = [each.strip() for each in found["path"].split("»") if each.strip()]
            if len(names) > 1 and (len(names) > 2 or _BRANCH_LIKE.fullmatch(names[-1])):
                labels.setdefault("branch", unquote(unquote(names.pop())))
            labels.setdefault("job", names[-1])
            labels.setdefault("run_id", found["run"])
            return


def _settled(labels: dict[str, str], pairs: Mapping[str, str], platform: str) -> dict[str, str]:
    """Put right what one sender names differently: refs of tags, hosts with ports, Argo CD's phase, Datadog's group."""
    ref = pairs.get("ref") or pairs.get("git ref") or ""
    if ref.startswith("refs/tags/"):
        labels.setdefault("tag", ref.removeprefix("refs/tags/"))
    elif ref.startswith("refs/pull/"):
        labels.setdefault("pr", ref.split("/")[2])
    if platform == "aws-codepipeline" and pairs.get("action"):
        labels.setdefault("job", pairs["action"])
    if "node" in labels:
        labels["node"] = re.sub(r":\d{1,5}$", "", labels["node"])
    if platform == "datadog" and pairs.get("group"):
        labels["rest"] = pairs["group"]
    order = (*RESOURCE, "workload", "container", "phase", "rest")
    return {name: labels[name] for name in order if labels.get(name)}
