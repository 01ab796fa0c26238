"""A cluster with one ill Deployment, and what was read of it, as the remedy room is asked about it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.domain.alert import SlackRef, Target, TargetKind
from bot.domain.cluster import EXECUTION_MARK, Mark, Pod, Workload
from bot.domain.diagnosis import Category, Confidence, Hypothesis
from bot.domain.evidence import Dossier
from bot.domain.execution import Execution, ExecutionState
from bot.domain.incident import Incident
from bot.domain.proposal import ProposalStep
from bot.ports import Cluster
from bot.remedy.catalog import Ask, NotOffered, action
from bot.remedy.policy import Rules
from tests.fakes.cluster import FakeCluster

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
KEY = ("shop", "Deployment", "checkout")


@dataclass
class World:
    """One cluster behind `ports.Platforms`, with Deployment shop/checkout in it."""

    fake: FakeCluster

    def cluster(self, connection: str) -> Cluster:
        assert connection == "default"
        return self.fake

    @property
    def workload(self) -> Workload:
        return self.fake.workloads[KEY]

    @property
    def pod(self) -> Pod:
        return next(iter(self.fake.pods_by_name.values()))

    def change(self, **fields: object) -> None:
        """Change the Deployment without anything else noticing, one resourceVersion on."""
        self.fake.version += 1
        self.fake.workloads[KEY] = replace(self.workload, resource_version=str(self.fake.version), **fields)

    def change_pod(self, *, state: dict[str, object] | None = None, **fields: object) -> None:
        """Change the one pod, and with `state` its one container."""
        pod = self.pod
        containers = tuple(replace(each, **(state or {})) for each in pod.containers)
        fields = {"containers": containers, **fields}
        self.fake.pods_by_name[pod.namespace, pod.name] = replace(pod, **fields)

    def ask(self, remedy: str = "kubernetes.set_resources", **fields: object) -> Ask:
        """What the diagnosis of the world as it stands asks of the remedy room."""
        target = Target(kind=TargetKind.WORKLOAD, namespace="shop", name="checkout", workload_kind="Deployment")
        ref = SlackRef(team="T1", channel="C1", ts="1.1")
        incident = Incident(
            id="in_1",
            fingerprint="f",
            title="checkout crashes",
            target=target,
            thread=ref,
            opened_at=NOW,
            updated_at=NOW,
        )
        dossier = Dossier(
            id="do_1",
            incident_id="in_1",
            target=target,
            workload=self.workload,
            pods=tuple(self.fake.pods_by_name.values()),
            confirmed=True,
            collected_at=NOW,
        )
        hypothesis = Hypothesis(
            cause_id="oom_killed",
            category=Category.RESOURCE,
            statement="The container was killed for its memory.",
            confidence=Confidence(score=0.93),
            remedy=remedy,
        )
        ask = Ask(incident=incident, dossier=dossier, hypothesis=hypothesis, rules=Rules(), verify_window=120)
        return replace(ask, **fields)

    def step(self, remedy: str = "kubernetes.set_resources") -> ProposalStep:
        drafted = action(remedy).draft(self.ask(remedy))
        assert not isinstance(drafted, NotOffered), drafted.reason
        return drafted

    def execution(self, **fields: object) -> Execution:
        """An execution sent now, under the guard of the world as it stands."""
        made = Execution(
            id="ex_1",
            incident_id="in_1",
            proposal_id="pr_1",
            step=0,
            idempotency_key="pr_1:0",
            state=ExecutionState.SENT,
            guard=self.workload.resource_version,
            guard_generation=self.workload.generation,
            intended_at=NOW,
            changed_at=NOW,
        )
        return replace(made, **fields)

    def mark(self, value: str) -> None:
        """Put another mark on the Deployment, as a later change of somebody else's would."""
        self.change(marks=(Mark(name=EXECUTION_MARK, value=value),) if value else ())


def make_world(limit: str = "256Mi", request: str = "128Mi", needs: str = "300Mi", **fields: str) -> World:
    """By default: limit 256Mi, request 128Mi, needs 300Mi, so its pod is OOMKilled again and again."""
    fake = FakeCluster()
    fake.deploy("shop", "checkout", limit=limit, request=request, needs=needs, **fields)
    return World(fake=fake)
