"""The whole way on a real API server: `python -m bot run` as the least-privilege user, real admission, RBAC and controllers.

Slack is the sandbox's, the cluster is not. After every test the API server's own audit log must say that the bot asked
for no more than it may, and that nothing but what a person approved was written.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.cluster import EXECUTION_MARK
from tests.contract.cluster_worlds import KUBECONFIG, until
from tests.integration.house import House, Thread, plain
from tests.integration.other_writer import again_and_again, other_writer
from tests.integration.real_way import OUR_AGENT, Audit, Ground, alert, ground, house, resource

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not KUBECONFIG, reason="CODEHEALER_TEST_KUBECONFIG is not set (run make test-servers)"),
]

READS = {
    ("get", "pods"),
    ("get", "pods/log"),
    ("list", "pods"),
    ("list", "events"),
    ("get", "replicasets"),
    ("get", "deployments"),
}
CHANGES = {("patch", "deployments"), ("create", "selfsubjectaccessreviews")}


@pytest.fixture(scope="module")
def audit() -> Audit:
    return Audit()


@pytest.fixture(scope="module")
def bot(audit: Audit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as running:
        yield running
    print(f"\nwhat the bot asked the API server: {dict(sorted(audit.asked().items()))}")


@pytest.fixture(autouse=True)
def no_more_than_it_may(audit: Audit) -> Iterator[None]:
    """What holds of every request that the bot ever made, whatever the test was about."""
    yield
    asked = audit.entries()
    assert {(e["verb"], resource(e)) for e in asked} <= READS | CHANGES
    assert {e["userAgent"] for e in asked} <= {OUR_AGENT}
    assert not [e["requestURI"] for e in asked if "secrets" in e["requestURI"] or "configmaps" in e["requestURI"]]
    for entry in [*audit.patches(""), *audit.patches("", dry_run=True)]:
        assert "fieldManager=codehealer" in entry["requestURI"]
        if entry["responseStatus"]["code"] != 403:  # what RBAC refuses is written down without its body
            assert entry["requestObject"]["metadata"]["resourceVersion"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as made:
        yield made


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return request.node.originalname.removeprefix("test_").replace("_", "-")[:30].strip("-")


def reviewed(bot: House, place: Ground, name: str, **sick: str) -> Thread:
    """From the failure to the open modal, in which it can be approved."""
    thread = alert(bot, place.deploy_sick(name, **sick))
    thread.card("was OOMKilled")
    assert thread.review()["submit"]["text"] == "Approve"
    return thread


def assert_untouched(place: Ground, name: str, generation: int = 1, limit: str = "128Mi") -> None:
    """Nothing of the bot is on the workload; `generation` and `limit` are what others made of it."""
    found = place.workload(name)
    assert (found.generation, place.limit(name), found.mark(EXECUTION_MARK)) == (generation, limit, "")


def test_from_the_alert_to_the_verified_fix(bot: House, place: Ground, audit: Audit, name: str) -> None:
    pod = place.deploy_sick(name)
    thread = alert(bot, pod)
    card = thread.card("was OOMKilled")
    assert f"{place.namespace}/{name}" in card
    assert "Reason: OOMKilled" in card
    assert "Could not read" not in card
    reads = audit.asked(place.namespace)
    assert reads == Counter(
        {
            ("get", "pods"): 1,
            ("get", "replicasets"): 1,
            ("get", "deployments"): 1,
            ("get", "pods/log"): 1,
            ("list", "events"): 2,
        }
    )
    thread.review()
    assert audit.codes(place.namespace) == []
    assert audit.codes(place.namespace, dry_run=True) == [200]
    thread.approve()
    verified = thread.note("Verified")
    assert thread.outcomes() == ["Verified"]
    assert "hunter2" not in card + verified

    (written,) = audit.patches(place.namespace)
    assert written["responseStatus"]["code"] == 200
    sent = written["requestObject"]
    workload = place.workload(name)
    mark = workload.mark(EXECUTION_MARK)
    assert mark.startswith("ex_")
    assert sent["metadata"]["annotations"] == {EXECUTION_MARK: mark}
    assert sent["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] == {"memory": place.limit(name)}
    assert (workload.generation, workload.available, place.limit(name)) == (2, 2, "192Mi")
    assert [(p.ready, p.mark(EXECUTION_MARK)) for p in place.new_pods(name)] == [(True, mark)] * 2
    assert {each for each in audit.asked(place.namespace) if each[0] not in ("get", "list")} == CHANGES


def test_more_memory_that_is_not_enough_fails_and_is_escalated(
    bot: House, place: Ground, audit: Audit, name: str
) -> None:
    thread = reviewed(bot, place, name, needs="2Gi")
    thread.approve()
    assert "CrashLoopBackOff" in thread.note("Verification failed")
    assert "192Mi" in thread.note("Escalated")
    assert thread.outcomes() == ["Verification failed", "Escalated"]
    assert audit.codes(place.namespace) == [200]
    assert place.limit(name) == "192Mi"


def test_a_leak_that_kills_the_new_pod_after_it_was_ready_fails_too(
    bot: House, place: Ground, audit: Audit, name: str
) -> None:
    thread = reviewed(bot, place, name)
    thread.approve()
    healed = until("new pods ready", lambda: (p := place.new_pods(name)) and all(e.ready for e in p) and p)
    place.let_die(healed[0])
    assert "OOMKilled" in thread.note("Verification failed")
    thread.note("Escalated")
    assert thread.outcomes() == ["Verification failed", "Escalated"]
    assert audit.codes(place.namespace) == [200]


def test_while_a_quota_refuses_the_new_pods_nothing_is_verified(
    bot: House, place: Ground, audit: Audit, name: str
) -> None:
    pod = place.deploy_sick(name)
    place.allow_memory("300Mi")  # enough for the two that are there, not for a third
    thread = alert(bot, pod)
    thread.card("was OOMKilled")
    thread.review()
    thread.approve()
    refused = until(
        "refused", lambda: next((c for c in place.workload(name).conditions if c.type == "ReplicaFailure"), None)
    )
    assert "exceeded quota" in refused.message
    looks = audit.asked(place.namespace)["get", "deployments"]
    until("five more looks", lambda: audit.asked(place.namespace)["get", "deployments"] >= looks + 5)
    assert thread.outcomes() == []
    place.allow_memory("2Gi")
    thread.note("Verified")
    assert audit.codes(place.namespace) == [200]


@pytest.mark.parametrize("write", ["annotation", "status"])
def test_a_conflict_in_the_middle(
    bot: House, place: Ground, audit: Audit, tmp_path: Path, name: str, write: str
) -> None:
    thread = reviewed(bot, place, name)
    move = place.annotate if write == "annotation" else place.status_write
    with other_writer(place, tmp_path) as writer:
        writer.at_dry_run.append(lambda: move(name))  # so the first write comes with a version that is gone
        writer.at_write.append(lambda: move(name))  # and the second loses its own while it is being written
        thread.approve()
        thread.note("Verified")
        assert not any((writer.at_dry_run, writer.at_write))
    assert thread.outcomes() == ["Verified"]
    assert audit.codes(place.namespace) == [409, 409, 200]
    others = 2 if write == "annotation" else 0  # a Deployment's annotations count up its generation as its spec does
    assert (place.workload(name).generation, place.limit(name)) == (2 + others, "192Mi")


def test_another_writer_moves_the_version_all_the_time(
    bot: House, place: Ground, audit: Audit, tmp_path: Path, name: str
) -> None:
    thread = reviewed(bot, place, name)
    with other_writer(place, tmp_path) as writer, again_and_again(lambda: place.annotate(name), 0.2) as stop:
        writer.at_write.append(lambda: (stop(), place.annotate(name)))
        thread.approve()
        thread.note("Verified")
    codes = audit.codes(place.namespace)
    assert codes[-1] == 200
    assert codes[:-1]
    assert set(codes[:-1]) == {409}
    assert thread.outcomes() == ["Verified"]
    assert place.limit(name) == "192Mi"


def test_a_writer_that_never_rests_ends_in_an_honest_refusal(
    bot: House, place: Ground, audit: Audit, tmp_path: Path, name: str
) -> None:
    thread = reviewed(bot, place, name)
    with other_writer(place, tmp_path) as writer:
        writer.at_write += [lambda: place.annotate(name)] * 10
        thread.approve()
        assert "keeps changing" in thread.note("Refused")
    assert thread.outcomes() == ["Refused"]
    assert audit.codes(place.namespace) == [409, 409, 409]
    assert_untouched(place, name, generation=4)  # by the other's three annotations


def test_a_limit_that_another_person_raised_first_makes_it_stale(
    bot: House, place: Ground, audit: Audit, name: str
) -> None:
    thread = reviewed(bot, place, name)
    place.set_limit(name, "144Mi")
    thread.approve()
    assert "changed since this was proposed" in thread.note("Stale")
    assert thread.outcomes() == ["Stale"]
    assert audit.codes(place.namespace) == []
    assert_untouched(place, name, 2, "144Mi")


@pytest.mark.parametrize("moment", ["at_dry_run", "at_write"])
def test_a_limit_that_another_person_raises_while_it_runs_is_left_alone(
    bot: House, place: Ground, audit: Audit, tmp_path: Path, name: str, moment: str
) -> None:
    thread = reviewed(bot, place, name)
    with other_writer(place, tmp_path) as writer:
        getattr(writer, moment).append(lambda: place.set_limit(name, "144Mi"))
        thread.approve()
        assert "changed since this was proposed" in thread.note("Refused")
    assert thread.outcomes() == ["Refused"]
    assert audit.codes(place.namespace) == [409]
    assert_untouched(place, name, 2, "144Mi")


def test_without_the_right_to_patch_the_review_offers_no_approve_and_says_why(
    bot: House, tmp_path: Path, audit: Audit, name: str
) -> None:
    with ground(tmp_path, without="patch") as place:
        thread = alert(bot, place.deploy_sick(name))
        thread.card("was OOMKilled")
        view = thread.review()
        assert "submit" not in view or view["submit"] is None
        said = plain(view)
        assert "It cannot be approved now" in said
        assert "not permitted to read and patch this workload" in said
        thread.close()
        assert thread.outcomes() == []
        assert ("patch", "deployments") not in audit.asked(place.namespace)
        assert_untouched(place, name)


def test_a_right_taken_back_after_the_review_makes_it_stale(bot: House, place: Ground, audit: Audit, name: str) -> None:
    thread = reviewed(bot, place, name)
    place.revoke_acting()
    thread.approve()
    assert "not permitted to read and patch this workload" in thread.note("Stale")
    assert thread.outcomes() == ["Stale"]
    assert audit.codes(place.namespace) == []
    assert_untouched(place, name)


def test_a_right_taken_back_before_the_write_makes_it_refused(
    bot: House, place: Ground, audit: Audit, tmp_path: Path, name: str
) -> None:
    thread = reviewed(bot, place, name)
    with other_writer(place, tmp_path) as writer:
        writer.at_dry_run.append(place.revoke_acting)
        thread.approve()
        assert "forbidden" in thread.note("Refused")
    assert thread.outcomes() == ["Refused"]
    assert audit.codes(place.namespace) == [403]
    assert_untouched(place, name)


def test_a_policy_that_denies_the_write_is_quoted(
    bot: House, place: Ground, audit: Audit, tmp_path: Path, name: str
) -> None:
    thread = reviewed(bot, place, name)
    with other_writer(place, tmp_path) as writer:
        writer.refuse = "change freeze until Monday"
        thread.approve()
        assert "change freeze until Monday" in thread.note("Refused")
    assert audit.codes(place.namespace) == [403]
    assert_untouched(place, name)


def test_without_the_right_to_logs_the_card_names_the_gap(bot: House, tmp_path: Path, audit: Audit, name: str) -> None:
    with ground(tmp_path, without="pods/log") as place:
        thread = alert(bot, place.deploy_sick(name))
        card = thread.card("was OOMKilled")
        assert "Could not read previous log (forbidden)" in card
        assert [e["responseStatus"]["code"] for e in audit.entries(place.namespace) if resource(e) == "pods/log"] == [
            403
        ]
        thread.review()
        thread.approve()
        thread.note("Verified")
        assert audit.codes(place.namespace) == [200]


def test_without_any_right_everything_is_a_gap_and_nothing_is_proposed(
    bot: House, tmp_path: Path, audit: Audit, name: str
) -> None:
    with ground(tmp_path, without="get") as place:
        thread = alert(bot, place.deploy_sick(name))
        card = thread.card("Could not read")
        assert "(forbidden)" in card
        assert "Review fix" not in card
        assert ("patch", "deployments") not in audit.asked(place.namespace)
