"""The recorder: one generic wrapper around the ports, so that an incident can be exported and run again.

While a job runs, each exchange with a recorded port is kept, in order, as canonical JSON; the job's durable steps carry
what was kept with them. What comes through a log port is already reduced and masked. On replay the same wrapper's twin
answers from the tape and says where a run asks for something else.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, cast, get_type_hints

from bot.codec import adapter, encode_payload
from bot.domain import errors
from bot.domain.durable import Lease, Recording, Step, Stored
from bot.domain.errors import CodeHealerError, PlatformError
from bot.domain.incident import Incident
from bot.domain.stored import filing
from bot.domain.values import canonical
from bot.ports import Cluster, Deployments, Pipelines, Platforms, State
from knowledge.text.redact import Session as Secrets

STATE_READS = frozenset({"where", "latest_with", "open_with", "open_about", "of_thread", "open_incidents"})
"""Reads that depend on more than the incident's own steps. All others a replay answers from those steps."""


PORTS: dict[str, type] = {"cluster": Cluster, "pipelines": Pipelines, "deployments": Deployments}
"""A method of Platforms -> the port that it returns."""


class ReplayDiffers(CodeHealerError):
    """The run asked for, or wrote, something else than what was recorded."""


@dataclass
class Session:
    """What one job has exchanged and written so far."""

    lease: Lease
    house: str
    secrets: Secrets = field(default_factory=Secrets)
    exchanges: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def body(self) -> str:
        """Return the recording as JSON: the job, its exchanges, its steps."""
        job = encode_payload(self.lease.job.payload)
        head = json.dumps(
            {"id": self.lease.job.id, "attempt": self.lease.attempt, "incident": self.lease.job.incident_id}
        )
        return f'{{"job":{head},"house":{self.house},"payload":{job},"exchanges":[{",".join(self.exchanges)}],"steps":[{",".join(self.steps)}]}}'


_session: ContextVar[Session | None] = ContextVar("recording", default=None)


@contextmanager
def recording(lease: Lease, house: str) -> Iterator[Session]:
    """Record everything that this context asks of recorded ports, until it ends. `house` is JSON kept beside it."""
    session = Session(lease, house)
    token = _session.set(session)
    try:
        yield session
    finally:
        _session.reset(token)


def secrets_of_job() -> Secrets:
    """Return the session that numbers the masked secrets of the job that runs now; a fresh one outside a job."""
    session = _session.get()
    return session.secrets if session else Secrets()


class Recorded:
    """A port whose exchanges are kept. Stands in for any Protocol: it forwards by name."""

    def __init__(self, port: type, name: str, target: object, only: frozenset[str] | None = None) -> None:
        self._port, self._name, self._target, self._only = port, name, target, only
        self._methods: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, method: str) -> Any:
        found = self._methods.get(method)
        if found is None:
            found = self._methods[method] = self._wrapped(method)
        return found

    def _wrapped(self, method: str) -> Callable[..., Any]:
        target: Callable[..., Any] = getattr(self._target, method)
        if self._only is not None and method not in self._only:
            return target
        returns = adapter(_returns(self._port, method))

        def call(*args: object, **kwargs: object) -> object:
            session = _session.get()
            if session is None:
                return target(*args, **kwargs)
            asked = {"port": self._name, "method": method, "args": _plain(args, kwargs)}
            try:
                answer = target(*args, **kwargs)
            except PlatformError as error:
                session.exchanges.append(canonical({**asked, "error": _error(error)}))
                raise
            head = canonical(asked)[:-1]
            session.exchanges.append(f'{head},"result":{returns.dump_json(answer).decode("utf-8")}}}')
            return answer

        return call


class RecordedPlatforms:
    """Platforms whose connections are recorded, each under its own kind and name."""

    def __init__(self, target: Platforms) -> None:
        self._target = target
        self._known: dict[tuple[str, str], Any] = {}

    def cluster(self, connection: str) -> Cluster:
        return cast("Cluster", self._of("cluster", connection))

    def pipelines(self, connection: str) -> Pipelines:
        return cast("Pipelines", self._of("pipelines", connection))

    def deployments(self, connection: str) -> Deployments:
        return cast("Deployments", self._of("deployments", connection))

    def _of(self, kind: str, connection: str) -> Any:
        known = self._known.get((kind, connection))
        if known is None:
            try:
                real = getattr(self._target, kind)(connection)
            except PlatformError as error:
                session = _session.get()
                if session is not None:
                    asked = {"port": "platforms", "method": kind, "args": [connection]}
                    session.exchanges.append(canonical({**asked, "error": _error(error)}))
                raise
            known = self._known[kind, connection] = Recorded(PORTS[kind], f"{kind}:{connection}", real)
        return known


class RecordedState:
    """State that writes each step together with what its job has exchanged so far."""

    def __init__(self, target: State) -> None:
        self._target = target
        self._reads = Recorded(State, "state", target, only=STATE_READS)

    def __getattr__(self, method: str) -> Any:
        return getattr(self._reads, method)

    def apply(self, step: Step) -> None:
        session = _session.get()
        if session is None:
            self._target.apply(step)
            return
        session.steps.append(step_text(step))
        incident = _incident_of(step) or session.lease.job.incident_id
        kept = Recording(job_id=session.lease.job.id, incident_id=incident, body=session.body()) if incident else None
        self._target.apply(replace(step, recording=kept))


def step_text(step: Step) -> str:
    """Return a step as it is compared: everything but the lease, which is this run's own."""
    return canonical(replace(step, finish=None, recording=None))


class Tape:
    """What was recorded of one job, played back in order. Raises ReplayDiffers at the first difference."""

    def __init__(self, exchanges: list[dict[str, Any]], steps: list[dict[str, Any]]) -> None:
        self._exchanges, self._steps = list(exchanges), [canonical(each) for each in steps]
        self._at = self._step = 0

    def next(self, port: str, method: str, args: object) -> dict[str, Any]:
        """Return the next exchange, which must be this one."""
        asked = canonical([port, method, args])
        if self._at >= len(self._exchanges):
            raise ReplayDiffers(f"the run asks {port}.{method} after the recording's end")
        exchange = self._exchanges[self._at]
        if canonical([exchange["port"], exchange["method"], exchange["args"]]) != asked:
            raise ReplayDiffers(
                f"exchange {self._at + 1}: the run asks {port}.{method}, the recording has {exchange['port']}.{exchange['method']}"
            )
        self._at += 1
        return exchange

    def refused(self, port: str, method: str, args: object) -> dict[str, Any] | None:
        """Return the recorded error if the next exchange is this one and failed; else leave the tape where it is."""
        if self._at < len(self._exchanges):
            exchange = self._exchanges[self._at]
            if canonical([exchange["port"], exchange["method"], exchange["args"]]) == canonical([port, method, args]):
                self._at += 1
                return cast("dict[str, Any]", exchange["error"])
        return None

    def wrote(self, step: Step) -> None:
        """Compare a step with the recorded one, byte for byte."""
        if self._step >= len(self._steps):
            raise ReplayDiffers(f"the run writes a step {step.name!r} that the recording does not have")
        want, got = self._steps[self._step], step_text(step)
        if got != want:
            at = next((i for i, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), min(len(got), len(want)))
            raise ReplayDiffers(
                f"step {step.name!r} differs at character {at}: {got[at - 40 : at + 60]!r} for {want[at - 40 : at + 60]!r}"
            )
        self._step += 1

    def ended(self) -> None:
        """Check that nothing recorded was left out."""
        if self._at != len(self._exchanges) or self._step != len(self._steps):
            raise ReplayDiffers("the run ended before the recording did")


class Replayed:
    """A port that answers from the tape."""

    def __init__(self, port: type, name: str, tape: Tape) -> None:
        self._port, self._name, self._tape = port, name, tape

    def __getattr__(self, method: str) -> Any:
        returns = adapter(_returns(self._port, method))

        def call(*args: object, **kwargs: object) -> object:
            exchange = self._tape.next(self._name, method, json.loads(canonical(_plain(args, kwargs))))
            if "error" in exchange:
                raise _raised(exchange["error"])
            return returns.validate_json(json.dumps(exchange["result"]))

        return call


class ReplayedPlatforms:
    """Platforms that answer from the tape; a connection that was not configured is not configured again."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def cluster(self, connection: str) -> Cluster:
        return cast("Cluster", self._of("cluster", connection))

    def pipelines(self, connection: str) -> Pipelines:
        return cast("Pipelines", self._of("pipelines", connection))

    def deployments(self, connection: str) -> Deployments:
        return cast("Deployments", self._of("deployments", connection))

    def _of(self, kind: str, connection: str) -> Replayed:
        refused = self._tape.refused("platforms", kind, [connection])
        if refused is not None:
            raise _raised(refused)
        return Replayed(PORTS[kind], f"{kind}:{connection}", self._tape)


class ReplayedState:
    """State of a replay: compares each step with the tape and keeps it; reads the incident's own records from there."""

    def __init__(self, target: State, tape: Tape) -> None:
        self._target, self._tape = target, tape
        self._reads = Replayed(State, "state", tape)

    def __getattr__(self, method: str) -> Any:
        return getattr(self._reads if method in STATE_READS else self._target, method)

    def apply(self, step: Step) -> None:
        self._tape.wrote(step)
        self._target.apply(replace(step, finish=None, jobs=(), messages=()))


def _returns(port: type, method: str) -> Any:
    return get_type_hints(getattr(port, method))["return"]


def _plain(args: tuple[object, ...], kwargs: dict[str, object]) -> list[object]:
    """Return arguments as data; functions (the log sink) are named only."""
    return [_data(each) for each in args] + [[name, _data(each)] for name, each in sorted(kwargs.items())]


def _data(thing: object) -> object:
    if isinstance(thing, type):
        return thing.__name__
    return "<function>" if callable(thing) else thing


def _error(error: PlatformError) -> dict[str, object]:
    return {
        "type": type(error).__name__,
        "detail": error.detail,
        "connection": error.connection,
        "operation": error.operation,
        "status": error.status,
    }


def _raised(kept: dict[str, Any]) -> PlatformError:
    cls = getattr(errors, str(kept["type"]))
    made: PlatformError = cls(
        kept["detail"], connection=kept["connection"], operation=kept["operation"], status=kept["status"]
    )
    return made


def _incident_of(step: Step) -> str:
    for record in step.puts:
        return record.id if isinstance(record, Incident) else filing(cast("Stored", record)).incident_id
    return ""
