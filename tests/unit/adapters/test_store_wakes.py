"""Who is woken after a commit: nobody for work that makes no work."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.sqlite_state import SqliteState, Store
from bot.domain.durable import Investigate, Job, Lane, Step


class Deaf:
    def tell(self, event, **facts):
        pass


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def state(store):
    return SqliteState(store, clock=SystemClock(), observer=Deaf(), audit_key=b"k")


def job(name: str, *, serial: str = "", priority: int = 1, late: float = 0.0, lane: Lane = Lane.INVESTIGATIONS) -> Job:
    run_at = datetime.now(UTC) - timedelta(seconds=60) + timedelta(seconds=late)
    return Job(
        id=name, payload=Investigate(incident_id=name), lane=lane, run_at=run_at, serial=serial, priority=priority
    )


def add(state: SqliteState, *jobs: Job) -> None:
    state.apply(Step(name="add", at=datetime.now(UTC), jobs=jobs))


def test_a_step_wakes_the_listeners_and_a_claim_does_not(store, state):
    woken: list[str] = []
    told = threading.Event()
    store.on_commit(lambda: (woken.append("x"), told.set()))
    add(state, job("a"))
    assert told.wait(5)
    lease = state.claim(Lane.INVESTIGATIONS, "w", 9)
    store.write(
        lambda _: None, tells=False
    )  # groups end with their listeners: those of the claim would have run by now
    assert woken == ["x"]
    told.clear()
    state.release(lease, datetime.now(UTC), "again")
    assert told.wait(5)
