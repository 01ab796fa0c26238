"""A GitHub and an Argo CD where something failed, and the workflow's own run_action over a state in memory."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from bot.domain.action import Looked
from bot.domain.alert import Alert, AlertStatus, Post, SlackRef, Target, TargetKind
from bot.domain.audit import AuditEntry
from bot.domain.diagnosis import Category, Citation, Confidence, Group, Hypothesis, Symptom
from bot.domain.durable import Job, Lane, Lease, RunAction, Step
from bot.domain.evidence import Dossier, Evidence, EvidenceKind, Excerpt, Line
from bot.domain.execution import Execution, ExecutionState
from bot.domain.incident import Incident, IncidentState
from bot.domain.pipeline import WorkflowRun
from bot.domain.proposal import Proposal, ProposalState, ProposalStep
from bot.ports import Room
from bot.remedy.catalog import Ask, NotOffered, Progress, action
from bot.remedy.policy import Credential, Rules
from tests.fakes.deployments import FakeDeployments, Revision
from tests.fakes.pipelines import FakeJob, FakePipelines
from tests.fakes.remedy_world import NOW

SHOP, DEPLOY, APP = "acme/shop", "acme/deploy", "shop"
CI, ROTATE, MANIFEST = ".github/workflows/ci.yml", ".github/workflows/rotate.yml", "shop/deploy.yaml"
ROTATION = """name: Rotate
run-name: Rotate ${{ inputs.codehealer_id }}
on:
  workflow_dispatch:
    inputs:
      codehealer_id:
        required: true
      registry:
        required: true
jobs: {}
"""
GOOD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: app
          image: registry.example/shop:1
          resources:
            limits:
              memory: 256Mi
            requests:
              memory: 128Mi
"""
REGISTRY = Credential(
    id="registry",
    secret="the registry token",
    matches=("registry.example",),
    repositories=("acme/*",),
    workflow="rotate.yml",
    ref="main",
    inputs=(("registry", "registry.example"),),
)
FLAKY, REFUSED = "AssertionError: expected 3, got 2", "unauthorized: token for registry.example has expired"


class MemoryState:
    """As much of ports.State as run_action asks for. `die_at` names a durable step after which the process dies."""

    def __init__(self) -> None:
        self.records: dict[tuple[type, str], Any] = {}
        self.die_at = ""
        self.steps: list[str] = []

    def get(self, kind: type, id: str) -> Any:
        return self.records.get((kind, id))

    def of_incident(self, kind: type, incident_id: str) -> tuple[Any, ...]:
        return tuple(r for (k, _), r in self.records.items() if k is kind and r.incident_id == incident_id)

    def apply(self, step: Step) -> None:
        if self.die_at == f"before {step.name}":
            self.die_at = ""
            raise Crash
        for record in step.puts:
            self.records[type(record), record.id] = record
        self.steps.append(step.name)
        if self.die_at == step.name:
            self.die_at = ""
            raise Crash


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


def incident_of() -> Incident:
    return Incident(
        id="in_1",
        fingerprint="f",
        state=IncidentState.DIAGNOSED,
        title="t",
        target=Target(),
        thread=SlackRef(team="T1", channel="C1", ts="1.1"),
        opened_at=NOW,
        updated_at=NOW,
    )


def ask_about(remedy: str, *, quote: str = FLAKY, cause: str = "flaky_test", at: datetime = NOW, **dossier: Any) -> Ask:
    """What a diagnosis that cites `quote` asks of the remedy room about this dossier."""
    repo = dossier["run"].repo if dossier.get("run") else SHOP
    target = Target(kind=TargetKind.WORKFLOW_RUN, repo=repo)
    if dossier.get("app"):
        target = Target(kind=TargetKind.ARGO_APP, name=dossier["app"].name)
    evidence = Evidence(
        id="ev_1",
        kind=EvidenceKind.CI_LOG,
        target=target,
        summary="log",
        excerpt=Excerpt(lines=(Line(number=7, text="Login to the registry"), Line(number=8, text=quote))),
        collected_at=at,
    )
    cited = Citation(evidence_id="ev_1", line_from=8, line_to=8, quote=quote)
    symptom = Symptom(pattern_id="p", statement="s", citation=cited, groups=(Group(name="what", value="x"),))
    known = {"id": "do_1", "incident_id": "in_1", "target": target, "evidence": (evidence,), "confirmed": True}
    hypothesis = Hypothesis(
        cause_id=cause,
        category=Category.TEST,
        statement="s",
        confidence=Confidence(score=0.9),
        supports=(symptom,),
        remedy=remedy,
    )
    return Ask(
        incident=incident_of(),
        dossier=Dossier(**{**known, "collected_at": at, **dossier}),
        hypothesis=hypothesis,
        rules=Rules(credentials=(REGISTRY,)),
        verify_window=120,
    )


def drafted(ask: Ask, action_id: str = "") -> ProposalStep:
    step = action(action_id or ask.hypothesis.remedy).draft(ask)
    assert not isinstance(step, NotOffered), step.reason
    return step


def sent(id: str, at: datetime = NOW) -> Execution:
    """An execution that was sent at that moment."""
    return Execution(
        id=id,
        incident_id="in_1",
        proposal_id="pr_1",
        step=0,
        idempotency_key="pr_1:0",
        state=ExecutionState.SENT,
        intended_at=at,
        changed_at=at,
    )


@dataclass
class DeliveryWorld:
    """Platforms: repository acme/shop with CI, acme/deploy with the manifest of application shop."""

    github: FakePipelines = field(default_factory=FakePipelines)
    argocd: FakeDeployments = field(default_factory=FakeDeployments)
    state: MemoryState = field(default_factory=MemoryState)
    clock: Clock = field(default_factory=Clock)
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def pipelines(self, connection: str) -> FakePipelines:
        assert connection == "default"
        return self.github

    def deployments(self, connection: str) -> FakeDeployments:
        assert connection == "default"
        return self.argocd

    # --- what failed

    def failed_run(self, log: str = FLAKY, **fields: Any) -> WorkflowRun:
        self.github.at = NOW - timedelta(hours=1)
        if SHOP not in self.github.repos:
            self.github.add_repo(SHOP, {CI: "name: CI\n", ROTATE: ROTATION})
        jobs = [FakeJob(name="build", conclusion="failure", steps=("Test",), log=(log,)), FakeJob(name="lint")]
        return self.github.add_run(SHOP, jobs, **fields)

    def broken_app(self, bad: str, path: str = MANIFEST, good: str = GOOD) -> tuple[str, str]:
        """A commit that breaks the manifest, seen by Argo CD; returns the shas (good, bad)."""
        self.github.at = NOW - timedelta(hours=1)
        first = self.github.add_repo(DEPLOY, {path: good})
        self.argocd.deploy(APP, automated=True, repo="https://github.com/acme/deploy.git", path="shop")
        was = self.argocd.apps[APP]
        self.argocd.commits[APP] = [Revision(sha=first)]
        self.argocd.apps[APP] = replace(
            was, revision=first, history=tuple(replace(h, revision=first) for h in was.history)
        )
        second = self.github.push(DEPLOY, {path: bad}, message="Change it", author="ben")
        self.argocd.commits[APP].append(Revision(sha=second, refusal="Deployment in version v1 cannot be handled"))
        self.argocd.compare(APP)
        self.argocd.run(APP)
        return first, second

    def merge(self, number: int = 1, **outcome: Any) -> str:
        """A person merges; Argo CD will find what the merge made, which comes to `outcome` (a Revision's fields)."""
        self.github.at = self.clock.at
        merged = self.github.merge(DEPLOY, number)
        self.argocd.commits[APP].append(Revision(sha=merged.merge_sha, **outcome))
        return merged.merge_sha

    # --- what is asked

    def ask(self, remedy: str, *, quote: str = FLAKY, cause: str = "flaky_test", **dossier: Any) -> Ask:
        run = dossier.get("run")
        jobs = self.github.jobs(run.repo, run.id, run.attempt) if run else ()
        return ask_about(remedy, quote=quote, cause=cause, **{"jobs": jobs, **dossier})

    def app_ask(self, first: str, second: str, path: str = MANIFEST, remedy: str = "github.open_fix_pr") -> Ask:
        files = tuple(self.github.file(DEPLOY, path, ref) for ref in (second, first))
        files = tuple(replace(each, ref=ref) for each, ref in zip(files, (second, first), strict=True))
        return self.ask(
            remedy, quote="cannot be handled", cause="manifest_invalid", app=self.argocd.apps[APP], files=files
        )

    # --- running it, as the workflow does

    def drafted(self, ask: Ask, action_id: str = "") -> ProposalStep:
        return drafted(ask, action_id)

    def approve(self, *steps: ProposalStep) -> None:
        made = Proposal(
            id="pr_1", incident_id="in_1", diagnosis_id="dg_1", steps=steps, reason="r",
            risk=action(steps[0].action).spec.risk, offered_at=NOW, expires_at=NOW + timedelta(hours=1),
            state=ProposalState.APPROVED,
        )  # fmt: skip
        incident = incident_of()
        alert = Alert(
            id="al_1", source="s", platform="github", status=AlertStatus.FIRING, title="t", target=incident.target,
            fingerprint="f", raised_at=NOW, post=Post(ref=incident.thread, posted_at=NOW), incident_id="in_1",
        )  # fmt: skip
        self.state.records = {(Incident, "in_1"): incident, (Alert, "al_1"): alert, (Proposal, "pr_1"): made}

    def work(self, *steps: ProposalStep, die_at: str = "") -> Execution:
        """Approve and run, over and over as the job is leased again after each death; return the first step's execution."""
        self.approve(*steps)
        self.state.die_at, self.github.at = die_at, max(self.github.at, self.clock.at)
        for _ in range(3):
            try:
                self.run()
            except Crash:
                continue
        return self.execution

    def run(self) -> None:
        from bot.workflow.desk import House
        from bot.workflow.run_action import run_action

        desk: Any = SimpleNamespace(
            state=self.state,
            clock=self.clock,
            ids=SimpleNamespace(new=self._id),
            platforms=self,
            observer=SimpleNamespace(tell=lambda *_, **__: None),
            directory=SimpleNamespace(room=lambda channel: Room(channel=channel, external=False)),
            house=House(approvers=frozenset({"U1"}), team="T1"),
            audit=lambda actor, verb, incident, detail="": AuditEntry(
                at=self.clock.at, actor=actor, verb=verb, subject=incident, detail=detail[:1000]
            ),
        )
        payload = RunAction(incident_id="in_1", proposal_id="pr_1")
        job = Job(id="jb", payload=payload, lane=Lane.CLICKS, run_at=NOW)
        run_action(desk, Lease(job=job, worker="w", until=NOW, attempt=1), payload)

    def _id(self, prefix: str) -> str:
        self.numbers[prefix] += 1
        return f"{prefix}_{self.numbers[prefix]}"

    @property
    def execution(self) -> Execution:
        return next(r for r in self.state.records.values() if isinstance(r, Execution))

    def look(self) -> Looked:
        step = self.state.records[Proposal, "pr_1"].current
        return action(step.action).look(step, self.execution, self)

    def verify(self, after: timedelta = timedelta(0)) -> Progress:
        step = self.state.records[Proposal, "pr_1"].current
        return action(step.action).verify(step, self.execution, self, self.clock.at + after)

    @property
    def applied(self) -> bool:
        return self.execution.state is ExecutionState.APPLIED
