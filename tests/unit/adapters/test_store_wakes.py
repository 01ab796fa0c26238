"""Who is woken after a commit: nobody for work that makes no work."""

import threading
from datetime import UTC, datetime

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


def add(state: SqliteState, name: str) -> None:
    now = datetime.now(UTC)
    job = Job(id=name, payload=Investigate(incident_id=name), lane=Lane.INVESTIGATIONS, run_at=now)
    state.apply(Step(name="add", at=now, jobs=(job,)))


def test_a_step_wakes_the_listeners_and_a_claim_does_not(store, state):
    woken: list[str] = []
    told = threading.Event()
    store.on_commit(lambda: (woken.append("x"), told.set()))
    add(state, "a")
    assert told.wait(5)
    lease = state.claim(Lane.INVESTIGATIONS, "w", 9)
    # a group ends with its listeners, so those of the claim would have run before this one begins
    store.write(lambda _: None, tells=False)
    assert woken == ["x"]
    told.clear()
    state.release(lease, datetime.now(UTC), "again")
    assert told.wait(5)


def test_the_writer_outlives_a_waiter_that_was_cancelled(store):
    """The defect this pins: a cancelled commit (a connection that closes) killed the writer thread, and with it the bot."""
    hold = threading.Event()
    store.submit(lambda _: hold.wait(5))
    given_up = store.submit(lambda connection: connection.execute("CREATE TABLE done_all_the_same (x)").fetchone())
    assert given_up.cancel()
    hold.set()
    found = store.write(
        lambda c: c.execute("SELECT name FROM sqlite_schema WHERE name = 'done_all_the_same'").fetchone()
    )
    assert found == ("done_all_the_same",)
