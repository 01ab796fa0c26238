"""Robusta's posts: Prometheus alerts it forwards and Kubernetes events it finds.

Facts: robusta-dev/robusta, src/robusta/integrations/slack/sender.py (header, Source, Alert, labels as `● name value`)
and the crash reports of its playbooks (`*container* restart count: 4`).
"""

import re

from bot.domain.alert import AlertStatus, Post
from bot.intake.parsers.generic_fields import labels_of
from bot.intake.parsers.sender import Sender, words
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import Wording, headline

SOURCE = "robusta"
_HOST = "//platform.robusta.dev"
_HEADER = re.compile(
    r"prometheus (?:alert firing|resolved)|k8s event detected|alert (?:firing|resolved)", re.IGNORECASE
)
_RESOLVED = re.compile(r"^\[resolved\]|\bprometheus resolved\b|\balert resolved\b|^`?resolved`? ", re.IGNORECASE)
_QUIET = re.compile(
    r"\b(?:has been |was |were )?(?:updated|created|deleted|scaled|rolled out)\b|\bscan (?:report|results?)\b|\breport\b|"
    r"\bweekly\b|\bnormal for\b|\brecommendation",
    re.IGNORECASE,
)
_FAILING = re.compile(
    r"crash|fail|error|oom|kill|back-?off|evict|not ready|pull|warning|unhealthy|stuck|pending|down", re.IGNORECASE
)
_SEVERITY = re.compile(r"\b(critical|high|medium|low|info|debug)\b", re.IGNORECASE)
_REASON = re.compile(
    r"^(?P<container>[a-z0-9][\w.-]{0,62}) (?:restart count|waiting reason|termination reason|status):? ", re.IGNORECASE
)
_POD = re.compile(r"\bpod (?:(?P<namespace>[a-z0-9-]{1,63})/)?(?P<pod>[a-z0-9][a-z0-9.-]{1,252})", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\b(?P<kind>deployment|statefulset|daemonset|job|node) (?:(?P<namespace>[a-z0-9-]{1,63})/)?(?P<name>[a-z0-9][a-z0-9.-]{1,252})",
    re.IGNORECASE,
)


def _read(post: Post, wording: Wording, sender: Sender) -> Reading | NotAlert:
    """Return Robusta's finding; NotAlert for changes and reports."""
    lines = [headline(line) for line in post.text.split("\n", 40)[:40]]
    header = next((line for line in lines[:8] if _HEADER.search(line)), "")
    is_over = any(_RESOLVED.search(line) for line in (post.title, header, *lines[:2]))
    is_alert = bool(header) and "prometheus" in header.lower()
    if not is_over and not is_alert and not (_FAILING.search(post.title) or _FAILING.search(" ".join(lines[:12]))):
        return NotAlert(reason="a Robusta finding that is no failure")
    if not is_over and not is_alert and _QUIET.search(post.title) and not _FAILING.search(post.title):
        return NotAlert(reason="a Robusta report")
    labels = labels_of(post, wording, sender)
    labels.pop("run_url", None)
    _add_subject(labels, "\n".join([post.title, *lines]))
    if source := wording.pairs.get("source"):
        labels["cluster"] = source
    if severity := _SEVERITY.search(" ".join(line for line in (header, *lines[:3]) if line)):
        labels["severity"] = severity[1]
    if "container" not in labels and (found := next(filter(None, map(_REASON.match, lines)), None)):
        labels["suspect"] = found["container"]  # the first of those that a crash report lists: no identity
    page = next((link.url for link in post.links if _HOST in link.url), "")
    return Reading(
        source=SOURCE,
        platform="kubernetes",
        status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        title=post.title,
        labels={**labels, "run_url": page},
    )


def _add_subject(labels: dict[str, str], text: str) -> None:
    """Add pod and namespace, or the workload or node, that the finding's title names."""
    if "pod" not in labels and (found := _POD.search(text)):
        labels["pod"] = found["pod"].rstrip(".")
        if found["namespace"]:
            labels.setdefault("namespace", found["namespace"])
    if "pod" not in labels and (subject := _SUBJECT.search(text)):
        kind = subject["kind"].lower()
        labels.setdefault({"node": "node", "job": "job"}.get(kind, "workload"), subject["name"].rstrip("."))
        if kind == "job":
            labels.setdefault("workload", labels["job"])
        if subject["namespace"]:
            labels.setdefault("namespace", subject["namespace"])


SENDER = Sender(
    source=SOURCE,
    platform="kubernetes",
    app_ids=frozenset({"A0214S5PHB4"}),
    names=words(r"robusta"),
    urls=words(r"//platform\.robusta\.dev"),
    says=words(r"(?:prometheus alert firing|prometheus resolved|k8s event detected)[^\x00]{0,600}source:"),
    read=_read,
)
