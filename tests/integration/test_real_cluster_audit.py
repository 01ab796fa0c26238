"""What the bot asked of a real API server, by the server's own audit log: these verbs, and never a Secret."""

import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import EXECUTION_MARK, WorkloadPatch
from bot.domain.errors import Conflict, Forbidden
from bot.domain.evidence import EvidenceKind
from tests.contract.cluster_worlds import KUBECONFIG, RealWorld, chart_rules, real_world, until
from tests.fakes.cluster import FakePlatforms
from tests.fakes.gathering import gathered_from

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set"),
]


@pytest.fixture(scope="module")
def world() -> Iterator[RealWorld]:
    with real_world() as found:
        yield found


def audited(namespace: str, user: str = "bot") -> list[dict]:
    """The finished requests of the user in that namespace, as the API server wrote them down."""
    place = os.environ.get("CODEHEALER_TEST_AUDIT_LOG") or Path(KUBECONFIG).parent / "log" / "audit.jsonl"
    entries = [json.loads(line) for line in Path(place).read_text().splitlines() if f'"{namespace}"' in line]
    return [e for e in entries if e["user"]["username"] == user and e["stage"] == "ResponseComplete"]


def asked(namespace: str) -> Counter[tuple[str, str]]:
    """(verb, resource) -> how often, of the requests about objects in the namespace."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in audited(namespace):
        about = entry.get("objectRef", {})
        resource = "/".join(part for part in (about.get("resource"), about.get("subresource")) if part)
        found[entry["verb"], resource] += 1
    return found


def test_a_whole_healing_uses_these_verbs_and_reads_no_secret(world: RealWorld) -> None:
    world.deploy("leaky", needs="200Mi")
    pod = world.sick_pod("leaky")
    world.write_logs("leaky", ["up"], ["starting", "java.lang.OutOfMemoryError: Java heap space"])
    until("the audit log", lambda: asked(world.namespace))
    before = asked(world.namespace)

    target = Target(kind=TargetKind.POD, namespace=world.namespace, name=pod.name)
    dossier = gathered_from(FakePlatforms({"default": world.cluster}), target)
    assert dossier.gaps == ()
    assert dossier.confirmed
    assert dossier.of_kind(EvidenceKind.PREVIOUS_LOG)[0].excerpt.lines[-1].text.endswith("Java heap space")
    reads = until("reads", lambda: (found := asked(world.namespace) - before).total() >= 6 and found)
    assert reads == {
        ("get", "pods"): 1,
        ("get", "replicasets"): 1,
        ("get", "deployments"): 1,
        ("list", "events"): 2,
        ("get", "pods/log"): 1,
    }

    workload = until("quiet", lambda: _patched(world, "ex_7"))
    assert workload.container("app").limit("memory") == "256Mi"
    assert world.ready_pod("leaky").mark(EXECUTION_MARK) == "ex_7"
    changes = {each for each in asked(world.namespace) if each[0] not in ("get", "list")}
    # asking what one may do changes nothing, and how often the world asks it before it begins depends on the API server
    assert changes - {("create", "selfsubjectaccessreviews")} == {("patch", "deployments")}


def _patched(world: RealWorld, mark: str):
    """Dry run and patch under one version, as an execution does it; None when a controller was quicker."""
    workload = world.cluster.workload(world.namespace, "Deployment", "leaky")
    notes = {"annotations": {EXECUTION_MARK: mark}}
    container = {"name": "app", "resources": {"limits": {"memory": "256Mi"}}}
    body = {"metadata": notes, "spec": {"template": {"metadata": notes, "spec": {"containers": [container]}}}}
    patch = WorkloadPatch(
        kind="Deployment",
        namespace=world.namespace,
        name="leaky",
        resource_version=workload.resource_version,
        body=json.dumps(body),
    )
    try:
        world.cluster.patch(patch, True)
        return world.cluster.patch(patch, False)
    except Conflict:
        return None


def test_no_request_of_the_bot_touched_a_secret(world: RealWorld) -> None:
    world.cluster.allowed("get", "", "secrets", world.namespace)
    everything = Path(os.environ.get("CODEHEALER_TEST_AUDIT_LOG") or Path(KUBECONFIG).parent / "log" / "audit.jsonl")
    mine = [json.loads(line) for line in everything.read_text().splitlines() if '"username":"bot"' in line]
    ours = [e for e in mine if e.get("userAgent") == "codehealer"]
    assert ours
    assert not [e["requestURI"] for e in ours if e.get("objectRef", {}).get("resource") in ("secrets", "configmaps")]
    allowed = {"get", "list", "patch", "create"}
    assert {e["verb"] for e in ours} <= allowed
    assert {e["objectRef"]["resource"] for e in ours if e["verb"] == "create"} <= {"selfsubjectaccessreviews"}


def test_every_patch_carried_its_version_and_its_field_manager(world: RealWorld) -> None:
    world.deploy("steady")
    world.ready_pod("steady")

    def patched() -> bool:
        found = world.cluster.workload(world.namespace, "Deployment", "steady")
        body = json.dumps({"metadata": {"annotations": {EXECUTION_MARK: uuid.uuid4().hex}}})
        patch = WorkloadPatch(
            kind="Deployment",
            namespace=world.namespace,
            name="steady",
            resource_version=found.resource_version,
            body=body,
        )
        try:
            world.cluster.patch(patch, False)
        except Conflict:
            return False
        return True

    until("patched", patched)
    patches = until("audited", lambda: [e for e in audited(world.namespace) if e["verb"] == "patch"])
    for entry in patches:
        assert "fieldManager=codehealer" in entry["requestURI"]
        assert entry["requestObject"]["metadata"]["resourceVersion"]


def test_the_chart_s_role_is_enough_and_no_more(world: RealWorld) -> None:
    granted = {resource for rule in chart_rules() for resource in rule["resources"]}
    assert not granted & {"secrets", "configmaps", "*"}
    assert not world.cluster.allowed("list", "", "secrets", world.namespace)
    assert not world.cluster.allowed("delete", "apps", "deployments", world.namespace)
    assert not world.cluster.allowed("patch", "apps", "deployments", "kube-system")
    with pytest.raises(Forbidden):
        world.cluster.workload("kube-system", "Deployment", "anything")
