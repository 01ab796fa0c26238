"""`doctor`: what is wrong with this installation, and how to mend it. It asks; it changes nothing."""

import json
from collections.abc import Callable, Iterator

from bot.bootstrap import Connections, load_knowledge, peek
from bot.domain.errors import CodeHealerError, NotConfigured, PlatformError
from bot.domain.finding import Finding
from bot.domain.values import plain
from bot.remedy.catalog import ACTIONS
from bot.settings import Settings
from bot.slack.checkup import check_slack

READS = (
    ("get", "", "pods"), ("list", "", "pods"), ("get", "", "pods/log"), ("list", "", "events"),
    ("get", "apps", "deployments"), ("get", "apps", "replicasets"), ("get", "apps", "statefulsets"), ("get", "apps", "daemonsets"),
)  # fmt: skip


def doctor(settings: Settings, *, as_json: bool, write: Callable[[str], object]) -> int:
    """Print every finding; return 1 when one is not in order."""
    findings = [*_configuration(settings), *_slack(settings), *_kubernetes(settings), *_state(settings)]
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


def _kubernetes(settings: Settings) -> Iterator[Finding]:
    try:
        cluster = Connections(settings).cluster("default")
        missing = [
            f"{verb} {resource}" for verb, group, resource in READS if not cluster.allowed(verb, group, resource, "")
        ]
        needed = dict.fromkeys(each for action in ACTIONS for each in action.spec.permissions)
        cannot = [f"{p.verb} {p.resource}" for p in needed if not cluster.allowed(p.verb, p.group, p.resource, "")]
    except NotConfigured as error:
        yield Finding(subject="kubernetes", ok=True, says=f"not configured ({error.detail}); cards name the gap")
        return
    except PlatformError as error:
        yield Finding(
            subject="kubernetes", ok=False, says=str(error), mend="check KUBECONFIG, the address and the network"
        )
        return
    except CodeHealerError as error:
        yield Finding(subject="kubernetes", ok=False, says=str(error), mend="correct KUBECONFIG")
        return
    yield Finding(
        subject="kubernetes reads",
        ok=not missing,
        says=f"not allowed in all namespaces: {', '.join(missing)}"
        if missing
        else "pods, logs, events and workloads are readable",
        mend="bind the chart's ClusterRole (charts/codehealer)" if missing else "",
    )
    yield Finding(
        subject="kubernetes fixes",
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
