"""`doctor`: what is wrong with this installation, and how to mend it. It asks; it changes nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from bot.bootstrap import ConfiguredPlatforms, load_knowledge, peek
from bot.domain.connections import ConnectionKind, Connections
from bot.domain.errors import CodeHealerError, NotConfigured, PlatformError
from bot.domain.finding import Finding
from bot.domain.scope import ChannelRules
from bot.domain.values import plain
from bot.remedy.catalog import permissions
from bot.remedy.policy import Credential
from bot.remedy.rotation import homes, problem_of
from bot.settings import Settings
from bot.slack.checkup import check_slack

READS = (
    ("get", "", "pods"), ("list", "", "pods"), ("get", "", "pods/log"), ("list", "", "events"),
    ("get", "apps", "deployments"), ("get", "apps", "replicasets"), ("get", "apps", "statefulsets"), ("get", "apps", "daemonsets"),
)  # fmt: skip


def doctor(settings: Settings, *, as_json: bool, write: Callable[[str], object]) -> int:
    """Print every finding; return 1 when one is not in order."""
    findings = [*_configuration(settings), *_slack(settings), *_platforms(settings), *_state(settings)]
    wrong = [each for each in findings if not each.ok]
    if as_json:
        write(json.dumps({"ok": not wrong, "findings": plain(findings)}, ensure_ascii=False) + "\n")
    else:
        for each in findings:
            write(f"{'ok   ' if each.ok else 'WRONG'}  {each.subject}: {each.says}\n")
            if each.mend:
                write(f"       mend: {each.mend}\n")
        write(f"{len(findings) - len(wrong)} in order, {len(wrong)} wrong\n")
    return 1 if wrong else 0


def _configuration(settings: Settings) -> Iterator[Finding]:
    try:
        load_knowledge(settings.house.config_dir)
    except CodeHealerError as error:
        yield Finding(subject="configuration", ok=False, says=str(error), mend="correct the file at that line")
    else:
        yield Finding(subject="configuration", ok=True, says="patterns, rules and calibration are readable")
    approvers = settings.house.approvers
    yield Finding(
        subject="approvers",
        ok=bool(approvers),
        says=f"{len(approvers)} may approve"
        if approvers
        else "CODEHEALER_APPROVERS is empty: nobody can approve a fix",
        mend="" if approvers else "name Slack user ids there, comma-separated",
    )


def _slack(settings: Settings) -> Iterator[Finding]:
    slack = settings.slack
    return check_slack(slack.bot_token, slack.app_token, slack.api_url, settings.house.approvers)


def _platforms(settings: Settings) -> Iterator[Finding]:
    """Check every connection with the permissions that its actions need."""
    try:
        platforms = ConfiguredPlatforms(settings)
        knowledge = load_knowledge(settings.house.config_dir)
        channels = knowledge.channels
    except CodeHealerError as error:
        yield Finding(subject="connections", ok=False, says=str(error), mend="correct the file at that line")
        return
    known = platforms.connections
    for kind, absent in ((ConnectionKind.GITHUB, "GITHUB_TOKEN"), (ConnectionKind.ARGOCD, "ARGOCD_SERVER")):
        if not any(each.kind is kind for each in known.known):
            yield Finding(subject=kind, ok=True, says=f"not configured ({absent} is not set); cards name the gap")
    for each in known.known:
        if each.kind is ConnectionKind.KUBERNETES:
            yield from _kubernetes(platforms, each.name)
        elif each.kind is ConnectionKind.GITHUB:
            repos = _repositories(channels, known, each.name)
            yield from _asked(f"github {each.name}", partial(_check_github, platforms, each.name, repos))
        else:
            yield from _asked(f"argocd {each.name}", partial(_check_argocd, platforms, each.name))
    for rotation in knowledge.rules.credentials:
        yield from _asked(f"rotation {rotation.id}", partial(_check_rotation, platforms, rotation))


def _check_github(
    platforms: ConfiguredPlatforms, connection: str, repositories: tuple[str, ...]
) -> tuple[Finding, ...]:
    return platforms.pipelines(connection).checkup(repositories)


def _check_argocd(platforms: ConfiguredPlatforms, connection: str) -> tuple[Finding, ...]:
    return platforms.deployments(connection).checkup()


def _check_rotation(platforms: ConfiguredPlatforms, rotation: Credential) -> tuple[Finding, ...]:
    """Read the rotation workflow where it runs: without our input in its run-name its run could not be found again."""
    found: list[Finding] = []
    for repo in homes(rotation):
        pipelines = platforms.pipelines(platforms.connections.of(ConnectionKind.GITHUB, repo.partition("/")[0]))
        problem = problem_of(rotation, repo, pipelines)
        says = problem or "its workflow declares codehealer_id and uses it in its run-name"
        mend = "mend the workflow; remediation_rules.yaml shows one" if problem else ""
        found.append(Finding(subject=repo, ok=not problem, says=says, mend=mend))
    return tuple(found)


def _repositories(channels: ChannelRules, known: Connections, connection: str) -> tuple[str, ...]:
    """Return the repositories that slack_channels.yaml names whole and that belong to the connection."""
    named = dict.fromkeys(repo for rule in channels.rules for repo in (*rule.read.repositories, *rule.act.repositories))
    return tuple(
        repo
        for repo in named
        if not {"*", "?"} & set(repo) and known.of(ConnectionKind.GITHUB, repo.partition("/")[0]) == connection
    )


def _asked(subject: str, ask: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        return tuple(replace(each, subject=f"{subject}: {each.subject}") for each in ask())
    except CodeHealerError as error:
        return (Finding(subject=subject, ok=False, says=str(error), mend="correct the connection's credential"),)


def _kubernetes(platforms: ConfiguredPlatforms, connection: str) -> Iterator[Finding]:
    subject = f"kubernetes {connection}"
    try:
        cluster = platforms.cluster(connection)
        missing = [
            f"{verb} {resource}" for verb, group, resource in READS if not cluster.allowed(verb, group, resource, "")
        ]
        needed = permissions(ConnectionKind.KUBERNETES)
        cannot = [f"{p.verb} {p.resource}" for p in needed if not cluster.allowed(p.verb, p.group, p.resource, "")]
    except NotConfigured as error:
        yield Finding(subject=subject, ok=True, says=f"not configured ({error.detail}); cards name the gap")
        return
    except PlatformError as error:
        yield Finding(subject=subject, ok=False, says=str(error), mend="check KUBECONFIG, the address and the network")
        return
    except CodeHealerError as error:
        yield Finding(subject=subject, ok=False, says=str(error), mend="correct KUBECONFIG")
        return
    yield Finding(
        subject=f"{subject} reads",
        ok=not missing,
        says=f"not allowed in all namespaces: {', '.join(missing)}"
        if missing
        else "pods, logs, events and workloads are readable",
        mend="bind the chart's ClusterRole (charts/codehealer)" if missing else "",
    )
    yield Finding(
        subject=f"{subject} fixes",
        ok=True,
        says=f"not in all namespaces: {', '.join(cannot)}; Approve says so where it is refused"
        if cannot
        else "every action is allowed",
    )


def _state(settings: Settings) -> Iterator[Finding]:
    try:
        counts = peek(settings).job_counts()
    except CodeHealerError:
        yield Finding(subject="state", ok=True, says=f"none yet in {settings.house.data_dir}")
        return
    yield Finding(
        subject="state",
        ok=not counts.dead,
        says=f"{counts.ready} jobs wait, {counts.leased} run, {counts.dead} are dead letters",
        mend="the log names each (job.dead) with its error; their cards say so too" if counts.dead else "",
    )
    refused = counts.refused_messages
    yield Finding(
        subject="messages",
        ok=not refused,
        says=f"Slack has refused {refused} for good" if refused else "none was refused by Slack",
        mend="the log names each (slack.refused) with Slack's error" if refused else "",
    )
