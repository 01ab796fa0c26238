"""The target an alert is about, and the fingerprint that makes its repeats and its recovery one incident.

Pods: connection, namespace, workload, and a container that is not its main one. CI: connection, repository, workflow, branch. Argo CD: application and
phase. Others: the sender's own id, else the normalised title and what it is about. Never error text, never field order.

A post that names a place (a cluster, the host of an Argo CD or of a CI server) which no connection claims as its own
carries it in the fingerprint, `default@prod-eu`: two clusters behind one connection must not share an incident. A post
that names none speaks of the connection's own place; `correlate.incident_of` lets the two meet where only one can be
meant. Claimed is a cluster that a connection `owns` by its full name (a glob may cover several clusters), a host that is
the connection's own, and github.com, whose owners say everything.
"""

import re
from urllib.parse import quote, urlsplit

from bot.domain.alert import Target, TargetKind
from bot.domain.connections import DEFAULT, ConnectionKind, Connections
from bot.domain.errors import Misuse
from bot.domain.names import workload_name
from bot.domain.values import value
from bot.intake.reading import CI, Reading

# elsewhere the job is the one that failed, which the recovery of the same pipeline does not name
_JOB_IS_UNIT = frozenset({"circleci", "jenkins", "teamcity", "prow", "github-actions"})
_WITH_IDS = frozenset({"pagerduty", "opsgenie", "sentry"})
# these hosts serve everybody, and the repository names its owner
_EVERYBODYS = frozenset({"github.com", "gitlab.com", "circleci.com", "app.circleci.com", "bitbucket.org"})
_STATE_WORDS = re.compile(
    r"\[[^\]]{0,120}\]|\b(?:still|has|have|is|was|been|now|new|re-?)?\s?"
    r"(?:fail(?:ed|ing|ure|ures|s)?|firing|resolved|recovered|triggered|alerting|fixed|succeed(?:ed|s)?|success(?:ful|fully)?|"
    r"passed|passing|back to normal|healthy|unhealthy|ok|down|up|error|errors|warning|critical|closed|alert|broken|"
    r"ready|not ready|completed|finished|fehlgeschlagen|erfolgreich|échoué|réussi|terminé|falló|fallido|exitoso|"
    r"falhou|sucesso|concluído)\b|失敗|成功|しました",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\b(?=[a-z-]{0,20}\d)[\w.:%#-]{1,80}|[^\w ]|\d")
_JOB_OF_CRON = re.compile(r"(?<=\w)-\d{8,10}$")
_ABOUT = (
    "cluster", "namespace", "service", "node", "environment", "job", "repo", "project", "app", "workflow", "branch",
)  # fmt: skip


@value
class Where:
    """The connection a reading belongs to, and the place it names beyond that (empty: the connection's own)."""

    connection: str = DEFAULT
    place: str = ""

    @property
    def part(self) -> str:
        """The fingerprint's step."""
        return f"{_part(self.connection)}@{_part(self.place)}" if self.place else _part(self.connection)


def _part(text: str) -> str:
    """Return one step of a fingerprint: readable, without a slash, `@` or `:` of its own; `-` for nothing."""
    return quote(" ".join(text.split()), safe=" =+,()&'!") or "-"


def normalised_title(title: str) -> str:
    """Return the words of a title that stay the same between a failure, its repeats and its recovery."""
    words = _NUMBERS.sub(" ", _STATE_WORDS.sub(" ", title).lower()).split()
    return "-".join(words)[:120]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def where_of(reading: Reading, connections: Connections) -> Where:
    """Return the connection by the repository's owner, the application or the cluster, and by the host of the link."""
    got = reading.labels.get
    host = _host(got("run_url", ""))
    if reading.platform == "github-actions":
        owner = got("repo", "").partition("/")[0]
        name = connections.of(ConnectionKind.GITHUB, owner, host)
        is_claimed = host in _EVERYBODYS or _has_host(connections, ConnectionKind.GITHUB, name, host)
        return Where(connection=name, place="" if is_claimed else host)
    if reading.platform == "argocd":
        name = connections.of(ConnectionKind.ARGOCD, got("app", ""), host)
        is_claimed = _has_host(connections, ConnectionKind.ARGOCD, name, host)
        return Where(connection=name, place="" if is_claimed else host)
    if reading.platform in CI:
        return Where(place=got("site", "") or ("" if host in _EVERYBODYS else host))
    cluster = got("cluster", "")
    name = connections.of(ConnectionKind.KUBERNETES, cluster)
    is_claimed = any(
        each.name == name and cluster.lower() in {own.lower() for own in each.owns}
        for each in connections.known
        if each.kind is ConnectionKind.KUBERNETES
    )
    return Where(connection=name, place="" if is_claimed else cluster)


def _has_host(connections: Connections, kind: ConnectionKind, name: str, host: str) -> bool:
    return any(each.kind is kind and each.name == name and each.host == host for each in connections.known)


def target_of(reading: Reading, connection: str = DEFAULT) -> Target:
    """Return what the alert is about: the most precise thing that its labels name."""
    got = reading.labels.get
    kind, name, url = TargetKind.NONE, "", got("run_url", "")
    if reading.platform in CI:
        kind = TargetKind.WORKFLOW_RUN if reading.platform == "github-actions" else TargetKind.BUILD
        name = got("workflow") or got("job") or got("project") or got("app") or got("repo", "")
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
    if reading.platform in CI and not (name or url):
        kind = TargetKind.NONE
    if kind is TargetKind.ARGO_APP and not name:
        kind = TargetKind.NONE
    return Target(
        connection=connection,
        kind=kind,
        name=name,
        namespace=got("namespace", ""),
        cluster=got("cluster", ""),
        repo=got("repo", ""),
        url=url,
        workload_kind=got("workload_kind", "") if kind is TargetKind.WORKLOAD else "",
        container=got("container") or got("suspect", ""),
        run_id=got("run_id", "") if reading.platform in CI else "",
        branch=got("branch", ""),
        revision=got("revision") or got("commit", ""),
    )


def fingerprint_of(reading: Reading, where: Where) -> str:
    """Return the stable identity, such as `pod/default/shop/checkout` or `ci/default/acme%2Fshop/CI/main`."""
    for rule in _RULES:
        found = rule(reading, where)
        if found:
            return found[:500]
    raise Misuse("the last rule fits every reading")


def also_of(reading: Reading, where: Where) -> tuple[str, ...]:
    """Return the other identities: an application's other phase that a success ends, and the sender's group."""
    got = reading.labels.get
    also = []
    if reading.platform == "argocd" and got("app") and got("ends"):
        also.append(_join("argo", where.part, got("app", ""), got("ends", "")))
    if got("group"):
        also.append(_join("group", _part(reading.platform), got("group", "")))
    return tuple(each[:500] for each in also)


def _of_ci(reading: Reading, where: Where) -> str:
    got = reading.labels.get
    repo = got("repo") or got("folder") or got("project", "")
    what = got("workflow") or (got("job", "") if reading.platform in _JOB_IS_UNIT else "") or got("app", "")
    if reading.platform not in CI or not (repo or what):
        return ""
    line = got("branch") or (f"pr-{got('pr')}" if got("pr") else "") or got("environment") or got("tag", "")
    vendor = () if reading.platform == "github-actions" and repo else (reading.platform,)  # names repeat between them
    return _join("ci", where.part, *vendor, *((repo,) if repo else ()), what, line)


def _of_delivery(reading: Reading, where: Where) -> str:
    got = reading.labels.get
    if reading.platform == "argocd" and got("app"):
        return _join("argo", where.part, got("app", ""), got("phase", "sync"))
    if reading.platform == "flux" and got("app"):
        return _join("flux", where.part, got("namespace", ""), f"{got('kind', '')} {got('app', '')}".strip())
    return ""


def _of_senders_id(reading: Reading, _where: Where) -> str:
    incident = reading.labels.get("incident", "")
    return _join("alert", _part(reading.platform), incident) if reading.platform in _WITH_IDS and incident else ""


def _of_cluster(reading: Reading, where: Where) -> str:
    got = reading.labels.get
    pod, named = got("pod", ""), got("workload", "")
    if pod or named:
        workload = workload_name(pod) if pod else _JOB_OF_CRON.sub("", named.strip().lower())
        container = got("container", "")
        found = _join("pod", where.part, got("namespace", ""), workload)
        # a pod's main container is mostly called like its workload, and an alert that names none means that one
        return f"{found}:{_part(container)}" if container and not _is_main(container, workload) else found
    if reading.platform == "kubernetes" and got("node"):
        return _join("node", where.part, got("node", ""))
    return ""


def _is_main(container: str, workload: str) -> bool:
    container, workload = container.lower(), workload.lower()
    return workload.startswith(container) or container.startswith(workload) or container in workload.split("-")


def _of_words(reading: Reading, _where: Where) -> str:
    got = reading.labels.get
    name = normalised_title(got("alertname", "") or reading.title)
    rest = got("rest", "")
    # Datadog's own group names all that tells its alerts apart; other senders' values without names are only a part
    about = [] if reading.platform == "datadog" and rest else [f"{each}={got(each)}" for each in _ABOUT if got(each)]
    parts = [name, *about, *filter(None, [rest])]
    return _join("alert", _part(reading.platform or "unknown"), *parts)


_RULES = (_of_ci, _of_delivery, _of_senders_id, _of_cluster, _of_words)


def _join(kind: str, where: str, *parts: str) -> str:
    """Return the steps as one text; `where` is quoted already."""
    return "/".join([kind, where, *map(_part, parts)])
