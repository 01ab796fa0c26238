"""What a pod's name tells about the workload that made it.

Kubernetes composes the names (apimachinery `names/generate.go`, `util/rand.SafeEncodeString`): a Deployment's pod is
`<name>-<template hash>-<5>`, a DaemonSet's or Job's `<name>-<5>`, a StatefulSet's `<name>-<ordinal>`. A guess is only a
place to look; the API decides.
"""

import re

from bot.domain.values import value

_DEPLOYMENT_POD = re.compile(
    r"(?P<name>[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)-(?=[a-z]{0,10}\d)[a-z0-9]{5,11}-[a-z0-9]{5}"
)
_STATEFUL_POD = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)-\d{1,4}")
_SUFFIXED_POD = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)-[a-z0-9]{5}")


@value
class NamedWorkload:
    kind: str
    name: str


def workloads_of_pod(pod_name: str) -> tuple[NamedWorkload, ...]:
    """Return the workloads that a pod of this name can belong to, likeliest first; the name itself counts last."""
    found = []
    if match := _DEPLOYMENT_POD.fullmatch(pod_name):
        found.append(NamedWorkload(kind="Deployment", name=match["name"]))
    elif match := _STATEFUL_POD.fullmatch(pod_name):
        found.append(NamedWorkload(kind="StatefulSet", name=match["name"]))
    elif match := _SUFFIXED_POD.fullmatch(pod_name):
        found.append(NamedWorkload(kind="DaemonSet", name=match["name"]))
    return (*found, NamedWorkload(kind="Deployment", name=pod_name))
