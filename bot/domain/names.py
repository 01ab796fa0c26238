"""What a pod's name tells about the workload that made it. A guess is only a place to look; the API decides.

Kubernetes composes the names (apimachinery `names/generate.go`, `util/rand.SafeEncodeString`): a Deployment's pod is
`<name>-<template hash>-<5>`, a DaemonSet's or Job's `<name>-<5>`, a StatefulSet's `<name>-<ordinal>`. Generated parts are
made of letters without vowels and without 0, 1, 3; a CronJob's Job ends in minutes or seconds since 1970.
"""

import re

from bot.domain.values import value

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_CRON = re.compile(r"(.+?)-\d{8,10}(?:-\d{1,3})?(?:-[a-z0-9]{5})?")
_REPLICA_SET = re.compile(rf"(.+)-[{_SAFE}]{{8,10}}-[{_SAFE}]{{5}}")
_LIKE_REPLICA_SET = re.compile(r"(.+)-(?=[a-z]{0,9}\d)[a-z0-9]{6,10}-[a-z0-9]{5}")
_STATEFUL_SET = re.compile(r"(.+)-\d{1,4}")
_SUFFIXED = re.compile(rf"(.+)-[{_SAFE}]{{5}}")
_INDEXED = re.compile(rf"(.+?)(?:-\d{{1,4}})?-[{_SAFE}]{{5}}")
_WORDS = frozenset({"https", "http2", "grpcs", "nfsv4", "html5"})
_LONGEST = 253


@value
class NamedWorkload:
    kind: str
    name: str


def workloads_of_pod(pod_name: str) -> tuple[NamedWorkload, ...]:
    """Return the workloads that a pod of this name can belong to, likeliest first; the name itself counts last.

    Only kinds that the Cluster port knows: what looks like the pod of a CronJob belongs to none of them.
    """
    shapes = (
        ("", _CRON),
        ("Deployment", _REPLICA_SET),
        ("Deployment", _LIKE_REPLICA_SET),
        ("StatefulSet", _STATEFUL_SET),
        ("DaemonSet", _SUFFIXED),
    )
    found = ((kind, _base(shape, pod_name)) for kind, shape in shapes)
    kind, name = next(((kind, name) for kind, name in found if name), ("", ""))
    itself = NamedWorkload(kind="Deployment", name=pod_name)
    return (NamedWorkload(kind=kind, name=name), itself) if kind else (itself,)


def workload_name(pod: str) -> str:
    """Return the name of the workload that probably made the pod; the pod's own name if nothing looks generated.

    Deployment `carts-6c9f7d4d7b-x2lqp`, StatefulSet `db-0`, DaemonSet or Job `agent-x2lqp`, CronJob
    `etl-29183040-x2lqp`; a Job of a CronJob, `etl-29183040`, gives `etl` too.
    """
    name = pod.strip().lower()[:_LONGEST]
    shapes = (_CRON, _REPLICA_SET, _LIKE_REPLICA_SET, _STATEFUL_SET, _INDEXED)
    return next((base for shape in shapes if (base := _base(shape, name))), name)


def _base(shape: re.Pattern[str], pod: str) -> str:
    """Return what the shape leaves of the name, or the empty string."""
    found = shape.fullmatch(pod) if len(pod) <= _LONGEST and pod.rpartition("-")[2] not in _WORDS else None
    return found[1] if found else ""
