"""What every State, Inbox and Outbox adapter promises. One suite; each adapter is a parameter of `store`."""

import asyncio
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.sqlite_state import SqliteInbox, SqliteOutbox, SqliteState, Store
from bot.adapters.sqlite_state.schema import MIGRATIONS
from bot.domain.alert import Alert, AlertStatus, Post, SlackRef, Target
from bot.domain.audit import AuditEntry, first_break
from bot.domain.durable import LEASE, MAX_ATTEMPTS, Delivery, Investigate, Job, Lane, Message, Place, Step
from bot.domain.errors import ConfigError, KeyTaken, LeaseLost, StaleVersion
from bot.domain.incident import Incident, IncidentState
from bot.domain.report import Report

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = b"key"


class Clock:
    def __init__(self):
        self.at = NOW

    def now(self):
        return self.at


class Told:
    def __init__(self):
        self.events = []

    def tell(self, event, **facts):
        self.events.append((event, facts.get("name")))


class Kept:
    """One store under test, with what it tells and the time it sees."""

    def __init__(self, folder):
        self.folder, self.clock, self.told = folder, Clock(), Told()
        self.open()

    def open(self):
        self.store = Store(self.folder)
        self.state = SqliteState(self.store, clock=self.clock, observer=self.told, audit_key=KEY)
        self.inbox = SqliteInbox(self.store, observer=self.told)
        self.outbox = SqliteOutbox(self.store, observer=self.told)

    def reopen(self):
        self.store.close()
        self.open()

    def unsent(self, after=0):
        return asyncio.run(self.outbox.unsent(after, 100))


@pytest.fixture
def kept(tmp_path):
    made = Kept(tmp_path)
    yield made
    made.store.close()


def incident(id="in_1", fingerprint="f", **more):
    thread = SlackRef(team="T", channel="C", ts="1.0")
    return Incident(
        id=id, fingerprint=fingerprint, title="t", target=Target(), thread=thread, opened_at=NOW, updated_at=NOW, **more
    )


def job(id="jb_1", lane=Lane.INVESTIGATIONS, at=NOW, **more):
    return Job(id=id, payload=Investigate(incident_id="in_1"), lane=lane, run_at=at, **more)


def message(key="card:in_1", text="hello", place=Place.MESSAGE, **more):
    return Message(key=key, place=place, report=Report(headline=text), channel="C", thread_ts="1.0", **more)


def step(**more):
    return Step(name="test", at=NOW, **more)


def post(ts="1.0", **more):
    return Post(ref=SlackRef(team="T", channel="C", ts=ts), text="x", posted_at=NOW, **more)


def delivery(key="e1", second="p1", payload=None, id="jb_in"):
    made = Job(id=id, payload=payload or post(), lane=Lane.INVESTIGATIONS, run_at=NOW)
    return Delivery(key=key, second_key=second, received_at=NOW, job=made)


# --- records


def test_what_was_put_is_read_back_equal_and_survives_a_restart(kept):
    kept.state.apply(step(puts=(incident(),)))
    kept.reopen()
    assert kept.state.get(Incident, "in_1") == incident()
    assert kept.state.get(Incident, "in_2") is None


def test_a_version_is_written_once(kept):
    first = incident()
    kept.state.apply(step(puts=(first,)))
    second = first.moved_to(IncidentState.INVESTIGATING, NOW)
    kept.state.apply(step(puts=(second,)))
    with pytest.raises(StaleVersion):
        kept.state.apply(step(puts=(second,)))
    with pytest.raises(StaleVersion):
        kept.state.apply(step(puts=(first,)))
    assert kept.state.get(Incident, "in_1") == second


def test_two_versions_in_one_step_are_both_taken(kept):
    first = incident()
    kept.state.apply(step(puts=(first, first.moved_to(IncidentState.INVESTIGATING, NOW))))
    assert kept.state.get(Incident, "in_1").version == 2


def test_a_fingerprint_belongs_to_one_open_incident_and_is_free_again_when_it_closes(kept):
    first = incident()
    kept.state.apply(step(puts=(first,)))
    with pytest.raises(KeyTaken):
        kept.state.apply(step(puts=(incident("in_2"),)))
    closed = first.moved_to(IncidentState.RESOLVED, NOW)
    kept.state.apply(step(puts=(closed,)))
    kept.state.apply(step(puts=(incident("in_2"),)))
    assert kept.state.open_with("f").id == "in_2"
    assert kept.state.latest_with("f").id == "in_2"
    assert [each.id for each in kept.state.open_incidents(10)] == ["in_2"]
    assert kept.state.of_thread("C", "1.0").id == "in_2"


def alert(id, incident_id, fingerprint, also=()):
    return Alert(
        id=id,
        source="robusta",
        platform="kubernetes",
        status=AlertStatus.FIRING,
        title="t",
        target=Target(),
        fingerprint=fingerprint,
        also=also,
        raised_at=NOW,
        post=post(),
        incident_id=incident_id,
    )


def test_open_incidents_are_found_by_what_their_alerts_are_about(kept):
    first, second = incident("in_1", "pod/default@eu/shop/api"), incident("in_2", "pod/default@us/shop/api")
    kept.state.apply(
        step(
            puts=(
                first,
                alert("al_1", "in_1", "pod/default@eu/shop/api:app", ("group/prometheus/g",)),
                second,
                alert("al_2", "in_2", "pod/default@us/shop/api"),
            )
        )
    )
    assert [each.id for each in kept.state.open_about(("pod/default/shop/api",))] == ["in_2", "in_1"]
    assert [each.id for each in kept.state.open_about(("group/prometheus/g", "nothing"))] == ["in_1"]
    assert kept.state.open_about(()) == ()
    kept.state.apply(step(puts=(first.moved_to(IncidentState.RESOLVED, NOW),)))
    assert [each.id for each in kept.state.open_about(("pod/default/shop/api",))] == ["in_2"]


def test_a_step_that_fails_writes_nothing_of_itself(kept):
    kept.state.apply(step(puts=(incident(),)))
    entry = AuditEntry(at=NOW, actor="a", verb="v", subject="s")
    with pytest.raises(StaleVersion):
        kept.state.apply(
            step(puts=(incident("in_3", "g"), incident()), jobs=(job(),), messages=(message(),), audit=(entry,))
        )
    assert kept.state.get(Incident, "in_3") is None
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is None
    assert kept.unsent() == []
    assert kept.state.audit("", 10) == ()


def test_of_two_writers_of_one_version_exactly_one_wins(kept):
    first = incident()
    kept.state.apply(step(puts=(first,)))
    lost = []

    def write(title):
        try:
            kept.state.apply(step(puts=(first.changed(NOW, title=title),)))
        except StaleVersion:
            lost.append(title)

    threads = [threading.Thread(target=write, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 7


# --- jobs


def test_jobs_run_by_priority_then_time_then_order_of_arrival(kept):
    late = NOW + timedelta(seconds=-1)
    kept.state.apply(
        step(jobs=(job("a", priority=1), job("b", priority=0), job("c", priority=0, at=late), job("d", priority=0)))
    )
    assert [kept.state.claim(Lane.INVESTIGATIONS, "w", 9).job.id for _ in range(4)] == ["c", "b", "d", "a"]
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is None


def test_a_lane_sees_only_its_own_jobs_and_a_crew_only_what_is_urgent_enough(kept):
    kept.state.apply(step(jobs=(job(priority=1),)))
    assert kept.state.claim(Lane.CLICKS, "w", 9) is None
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 0) is None
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 1).attempt == 1


def test_a_job_is_not_due_before_its_time(kept):
    kept.state.apply(step(jobs=(job(at=NOW + timedelta(seconds=5)),)))
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is None
    kept.clock.at += timedelta(seconds=5)
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is not None


def test_of_one_serial_key_one_runs_at_a_time_also_across_lanes(kept):
    kept.state.apply(
        step(
            jobs=(
                job("a", serial="s"),
                job("b", serial="s"),
                job("c", lane=Lane.CLICKS, serial="s"),
                job("d", serial="t"),
            )
        )
    )
    first = kept.state.claim(Lane.INVESTIGATIONS, "w", 9)
    assert first.job.id == "a"
    assert kept.state.claim(Lane.CLICKS, "w", 9) is None
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9).job.id == "d"
    kept.state.apply(step(finish=first))
    assert kept.state.claim(Lane.CLICKS, "w", 9).job.id == "c"


def test_a_waiting_timer_holds_nobody_of_its_serial_key_up(kept):
    kept.state.apply(step(jobs=(job("timer", serial="s", at=NOW + timedelta(hours=1)), job("now", serial="s"))))
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9).job.id == "now"


def test_a_dedupe_key_holds_until_the_job_is_done(kept):
    kept.state.apply(step(jobs=(job("a", dedupe="d"),)))
    kept.state.apply(step(jobs=(job("b", dedupe="d"),)))
    lease = kept.state.claim(Lane.INVESTIGATIONS, "w", 9)
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is None
    kept.state.apply(step(finish=lease, jobs=(job("c", dedupe="d"),)))
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9).job.id == "c"


def test_a_lease_that_ran_out_is_given_to_another_and_the_first_can_write_nothing(kept):
    kept.state.apply(step(jobs=(job(),)))
    first = kept.state.claim(Lane.INVESTIGATIONS, "w1", 9)
    kept.clock.at += LEASE
    second = kept.state.claim(Lane.INVESTIGATIONS, "w2", 9)
    assert second.attempt == 2
    with pytest.raises(LeaseLost):
        kept.state.apply(step(puts=(incident(),), finish=first))
    assert kept.state.get(Incident, "in_1") is None
    kept.state.apply(step(finish=second))
    with pytest.raises(LeaseLost):
        kept.state.apply(step(finish=second))


def test_a_restart_frees_the_leases_of_the_dead(kept):
    kept.state.apply(step(jobs=(job(),)))
    kept.state.claim(Lane.INVESTIGATIONS, "w1", 9)
    kept.reopen()
    assert kept.state.claim(Lane.INVESTIGATIONS, "w2", 9).attempt == 2


def test_a_job_that_always_fails_becomes_a_visible_dead_letter(kept):
    kept.state.apply(step(jobs=(job(dedupe="d"),)))
    for attempt in range(1, MAX_ATTEMPTS + 1):
        lease = kept.state.claim(Lane.INVESTIGATIONS, "w", 9)
        assert kept.state.release(lease, NOW, "boom") is (attempt == MAX_ATTEMPTS)
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is None
    assert kept.state.job_counts().dead == 1
    kept.state.apply(step(jobs=(job("again", dedupe="d"),)))
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9).job.id == "again"


# --- inbox


@pytest.mark.parametrize("again", [delivery(second="other", id="j2"), delivery(key="e2", id="j2"), delivery(id="j2")])
def test_a_delivery_is_taken_once_by_either_key(kept, again):
    assert asyncio.run(kept.inbox.commit(delivery())) is True
    assert asyncio.run(kept.inbox.commit(again)) is False
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9).job.payload == post()
    assert kept.state.claim(Lane.INVESTIGATIONS, "w", 9) is None


def test_the_inbox_knows_the_newest_post_of_each_channel(kept):
    for number, ts in enumerate(("1.0", "3.0", "2.0")):
        asyncio.run(kept.inbox.commit(delivery(f"e{number}", f"p{number}", post(ts), f"j{number}")))
    assert [tuple(each) for each in asyncio.run(kept.inbox.channels())] == [("C", "3.0")]


# --- outbox


def test_the_newest_words_win_and_an_unsent_message_keeps_its_place(kept):
    kept.state.apply(step(messages=(message("card:1", "looking"), message("card:2", "looking"))))
    kept.state.apply(step(messages=(message("card:1", "found"),)))
    rows = sorted(kept.unsent(), key=lambda row: row.seq)
    assert [(row.message.key, row.message.report.headline) for row in rows] == [
        ("card:1", "found"),
        ("card:2", "looking"),
    ]


def test_the_same_words_again_are_not_sent_again(kept):
    kept.state.apply(step(messages=(message(),)))
    (row,) = kept.unsent()
    asyncio.run(kept.outbox.sent(row, SlackRef(team="T", channel="C", ts="9.0", thread_ts="1.0")))
    kept.state.apply(step(messages=(message(),)))
    assert kept.unsent() == []
    assert kept.state.where("card:in_1") == SlackRef(team="T", channel="C", ts="9.0", thread_ts="1.0")


def test_words_that_change_while_a_message_is_on_its_way_become_an_update(kept):
    kept.state.apply(step(messages=(message(text="one"),)))
    (row,) = kept.unsent()
    kept.state.apply(step(messages=(message(text="two"),)))
    asyncio.run(kept.outbox.sent(row, SlackRef(team="T", channel="C", ts="9.0", thread_ts="1.0")))
    (newer,) = kept.unsent()
    assert newer.ref.ts == "9.0"
    assert newer.message.report.headline == "two"


def test_a_change_is_never_numbered_as_one_that_was_seen_before(kept):
    """The writer reads on from the newest change it saw: deleting sent rows must not bring numbers back."""
    seen = 0
    for number in range(5):
        kept.state.apply(step(messages=(message(f"answer:{number}", place=Place.EPHEMERAL),)))
        (row,) = kept.unsent(seen)
        assert row.change > seen
        seen = row.change
        asyncio.run(kept.outbox.sent(row, None))
        if number == 2:
            kept.reopen()
    assert kept.unsent() == []


def test_what_was_unsent_when_the_process_started_is_doubtful(kept):
    kept.state.apply(step(messages=(message("old"),)))
    assert not kept.unsent()[0].doubtful
    kept.reopen()
    kept.state.apply(step(messages=(message("old", "newer words"), message("new"))))
    assert {row.message.key: row.doubtful for row in kept.unsent()} == {"old": True, "new": False}


def test_what_slack_refuses_for_good_is_not_offered_again_until_it_changes(kept):
    kept.state.apply(step(messages=(message(),)))
    asyncio.run(kept.outbox.gave_up(kept.unsent()[0], "channel_not_found"))
    assert kept.unsent() == []
    kept.state.apply(step(messages=(message(text="other"),)))
    assert len(kept.unsent()) == 1


# --- audit, observer, file


def test_the_audit_chain_is_whole_and_shows_a_change_anywhere(kept):
    entries = tuple(AuditEntry(at=NOW, actor="a", verb=verb, subject="incident:1") for verb in ("x", "y", "z"))
    kept.state.apply(step(audit=entries))
    records = kept.state.audit("incident:1", 10)
    assert first_break(records, KEY) is None
    assert first_break(records, b"another key") == 1
    assert first_break((records[0], replace(records[1], verb="Y"), records[2]), KEY) == 2
    assert first_break((records[0], records[2]), KEY) == 3


def test_the_observer_is_told_around_each_durable_step(kept):
    kept.state.apply(step())
    assert kept.told.events == [("step.before", "test"), ("step.after", "test")]


def test_one_folder_belongs_to_one_process(kept):
    with pytest.raises(ConfigError, match="another CodeHealer"):
        Store(kept.folder)


def test_a_file_of_a_newer_program_is_refused_by_name(kept):
    kept.store.write(lambda connection: None)
    kept.store.close()
    connection = sqlite3.connect(kept.folder / "state.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="schema version 99"):
        Store(kept.folder)
    connection = sqlite3.connect(kept.folder / "state.sqlite3")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.close()
    kept.open()
