"""Alertmanager's posts: its default template, which prints label values without their names, and custom ones.

Facts: prometheus/alertmanager template/default.tmpl and notify/slack/slack.go: `[FIRING:2] ` then the group labels'
values, then in parentheses the other common labels' values, each list sorted by label name with alertname first; the
title links to `…/#/alerts?receiver=…`. So values are put to names by what they look like, in the order of the names.
"""

import re

from bot.domain.alert import AlertStatus, Post
from bot.domain.names import workload_name
from bot.intake.parsers.generic import read_as
from bot.intake.parsers.generic_fields import labels_of
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import Wording

SOURCE = "alertmanager"
_TITLE = re.compile(
    r"^\[(?P<status>FIRING|RESOLVED)(?::(?P<count>\d{1,5}))?\]\s{0,3}(?P<group>[^()]{0,250}?)\s{0,3}(?:\((?P<common>[^()]{1,290})\)?)?$",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\[(FIRING|RESOLVED)\b", re.IGNORECASE)
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]{2,80}|[a-z0-9]{1,40}(?:_[a-z0-9]{1,40}){1,6}")
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("severity", re.compile(r"critical|warning|warn|info|none|page|error|high|medium|low|major|minor|p[1-5]|sev-?[1-5]", re.IGNORECASE)),
    ("pod", re.compile(r"[a-z0-9.-]{1,200}-(?=[a-z]{0,9}\d)[a-z0-9]{6,10}-[a-z0-9]{5}|[a-z0-9.-]{1,200}-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}")),
    ("container", re.compile(r"[a-z0-9-]{1,40}-(?:proxy|sidecar|agent)|istio-init|envoy|fluent-?bit|filebeat|promtail")),
    ("exporter", re.compile(r"kube-state-metrics|node-exporter|kubelet|apiserver|cadvisor|blackbox(?:-exporter)?|[a-z-]{1,60}-exporter|kube-scheduler|kube-controller-manager|coredns|kube-dns|etcd", re.IGNORECASE)),
    ("endpoint", re.compile(r"https?|https?-metrics|metrics|http-web|web|prometheus|tcp-\w{1,20}")),
    ("prometheus", re.compile(r"[a-z0-9-]{1,60}/[a-z0-9-]{1,80}|k8s|prometheus-[a-z0-9-]{1,60}")),
    ("instance", re.compile(r"[\w.-]{1,253}:\d{2,5}|\d{1,3}(?:\.\d{1,3}){3}")),
    ("node", re.compile(r"ip-\d{1,3}(?:-\d{1,3}){3}[\w.-]{0,80}|[a-z0-9-]{1,80}\.(?:internal|compute\.\w{1,20}|local|lan)|(?:node|worker|master|gke|aks|eks)-[\w.-]{1,100}|[a-z0-9-]{0,40}(?:node|worker)-?\d{1,4}")),
    ("cluster", re.compile(r"(?:prod(?:uction)?|stag(?:e|ing)|dev|test|qa|uat|sandbox|preprod)(?:-[a-z0-9]{1,20}){0,5}|[a-z0-9-]{0,30}(?:eu|us|ap|sa|ca|me|af)-(?:[a-z]{2,12}-?)?\d[a-z]?|[a-z0-9-]{0,40}-?cluster-?[a-z0-9-]{0,20}")),
    ("namespace", re.compile(r"default|kube-system|kube-public|monitoring|observability|logging|ingress(?:-nginx)?|cert-manager|istio-system|argocd|flux-system|[a-z0-9-]{1,50}-(?:ns|system|namespace)")),
)  # fmt: skip
_STATEFUL = re.compile(r"[a-z0-9][a-z0-9.-]{1,200}-\d{1,3}")
_KUBERNETES = re.compile(
    r"Kube|Pod|Container|Deployment|StatefulSet|DaemonSet|Replica|CronJob|Job|OOM|CPUThrottling|PersistentVolume"
)
_WORKLOAD = (
    ("Deployment", "deployment"),
    ("StatefulSet", "statefulset"),
    ("DaemonSet", "daemonset"),
    ("Job", "job_name"),
)


def _read(post: Post, wording: Wording, sender: Sender) -> Reading | NotAlert:
    """Read a default title by its status; everything else plainly."""
    found = _STATUS.search(post.title[:60])
    if not found or not post.title.lstrip().startswith("["):
        return read_as(post, wording, sender)
    labels = labels_of(post, wording, sender)
    _add_values(labels, post.title)
    if group := _group_of(post):
        labels["group"] = group
    is_over = found[1].upper() == "RESOLVED"
    return Reading(
        source=SOURCE,
        platform="prometheus",
        status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        title=post.title,
        labels={name: said for name, said in labels.items() if said},
    )


def _group_of(post: Post) -> str:
    """Return the group's own name: Alertmanager, receiver and the group labels' values, the only ones that stay.

    The values in parentheses are those common to the alerts of the moment: a group that shrinks or is resolved prints
    others than it did when it fired.
    """
    found = _TITLE.match(post.title)
    home = next((link.url for link in post.links[:20] if "/#/alerts" in link.url), "")
    if not found or not home or not (found["group"] or "").strip():
        return ""
    return f"{home.partition('?')[0].removesuffix('/#/alerts')}?{home.partition('?')[2]} {found['group'].strip()}"


def _add_values(labels: dict[str, str], title: str) -> None:
    """Name the values of a default title; what stays without a name goes to `rest`, in the sender's order, sorted."""
    found = _TITLE.match(title)
    group = (found["group"] if found else title.partition("]")[2]).split()
    common = (found["common"] or "").split() if found else []
    if not group and not common:
        return
    head = group or common
    if _CAMEL.fullmatch(head[0]):
        labels.setdefault("alertname", head[0])
    elif "alertname" not in labels:
        labels["alertname"] = " ".join(head) if group else head[0]
    alertname = labels["alertname"]
    if "namespace" in labels and "pod" in labels:
        return
    named, left = name_values(alertname, group[1:] if group else [], common if group else common[1:])
    for name, said in named.items():
        labels.setdefault(name, said)
    if left and not {"pod", "workload", "node"} & labels.keys():
        labels["rest"] = " ".join(sorted(left))


def name_values(alertname: str, group: list[str], common: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the values' probable labels, and those that stay without one.

    By their looks first; then a namespace is what stands right before a pod in its list, or the one group label left of
    an alert about Kubernetes; a container is the value that begins the pod's name.
    """
    named: dict[str, str] = {}
    lists = [[value for value in each if value] for each in (group, common)]
    for values in lists:
        printed = list(values)
        for value in printed:
            name = next((name for name, shape in _SHAPES if name not in named and shape.fullmatch(value)), "")
            if name:
                named[name] = value
                if name == "pod":
                    _before_pod(named, values, printed, value)
                values.remove(value)
    is_kubernetes = _KUBERNETES.search(alertname) is not None
    if is_kubernetes:
        _complete(named, lists, alertname)
    named.setdefault("node", named.pop("instance", "").rpartition(":")[0])
    for name in ("exporter", "endpoint", "prometheus"):
        named.pop(name, None)
    left = [value for values in lists for value in values]
    return {name: value for name, value in named.items() if value}, left


def _before_pod(named: dict[str, str], values: list[str], printed: list[str], pod: str) -> None:
    """`namespace` sorts right before `pod` (a node may stand between): take it if it looks like nothing else."""
    at = printed.index(pod) - 1
    if at >= 0 and "namespace" not in named and printed[at] in values:
        before = printed[at]
        is_other = any(shape.fullmatch(before) for _, shape in _SHAPES) or workload_name(pod).startswith(before)
        if not is_other:
            named["namespace"] = before
            values.remove(before)


def _complete(named: dict[str, str], lists: list[list[str]], alertname: str) -> None:
    """Use what is known of Kubernetes alerts: pods of StatefulSets, containers, the group's namespace, the workload."""
    group, common = lists
    for values in (common, group):
        printed = list(values)
        for value in printed:
            if "pod" in named and (named["pod"].startswith(f"{value}-") or named["pod"] == value):
                # people group by namespace, seldom by container: the one group label left is the namespace
                is_namespace = values is group and len(group) == 1 and "namespace" not in named
                named.setdefault("namespace" if is_namespace else "container", value)
                values.remove(value)
            elif "pod" not in named and "Pod" in alertname and _STATEFUL.fullmatch(value):
                named["pod"] = value
                _before_pod(named, values, printed, value)
                values.remove(value)
    if "namespace" not in named and len(group) == 1:
        named["namespace"] = group.pop()
    for word, _label in _WORKLOAD:
        if word in alertname and "pod" not in named and common:
            workload = common.pop(0)
            named["workload"] = workload
            if word == "Job":
                named["job"] = workload
            if common and "namespace" not in named:
                named["namespace"] = common.pop(0)
            break


SENDER = Sender(
    source=SOURCE,
    platform="prometheus",
    names=words(r"(?<![a-z])(?:alert-? ?manager|prometheus)(?![a-z])"),
    urls=words(
        r"/#/alerts|//[^/\s]{0,60}(?:alertmanager|prometheus)[^/\s]{0,60}/(?:#|graph|alerts|query)|/graph\?g0\.expr="
    ),
    says=words(r"(?:^|\n)\W{0,4}\[(?:firing|resolved)(?::\d{1,5})?\]"),
    pages=any_of(r"/#/alerts"),
    links_home=True,
    posts_results=True,
    monitors=True,
    read=_read,
)
