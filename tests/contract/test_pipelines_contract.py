"""One suite over every `ports.Pipelines`: what it promises holds in memory and on the sandbox's GitHub."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotFound, Rejected
from bot.domain.evidence import Excerpt, Line
from bot.domain.pipeline import Dispatch, FileEdit, PullRequestWanted
from tests.contract.pipeline_worlds import (
    AFTER,
    APP,
    BEFORE,
    CI,
    LOG,
    MARKS,
    PLAIN,
    ROTATE,
    WINDOWS,
    FakeWorld,
    SandboxWorld,
    World,
    sandbox_world,
)


@pytest.fixture(scope="module", params=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with sandbox_world() as found:
        yield found


@pytest.fixture
def repo(world: World, request: pytest.FixtureRequest) -> str:
    """A repository of the test's own: the world outlives it."""
    name = request.node.name.partition("[")[0].removeprefix("test_")
    part = "".join(c for c in request.node.name.partition("[")[2] if c.isalnum())
    return world.repo(f"{name[:60]}-{part[:30]}".replace("_", "-").strip("-"))


def keep_all(lines) -> Excerpt:
    kept = tuple(Line(number=n, text=text) for n, text in enumerate(lines, 1))
    return Excerpt(lines=kept, total_lines=len(kept))


# --- runs, jobs and logs


def test_a_run_tells_what_failed(world: World, repo: str) -> None:
    run = world.failed(repo)
    assert (run.connection, run.repo, run.attempt, run.number) == ("default", repo, 1, 2)
    assert (run.workflow, run.workflow_path, run.event, run.branch) == ("CI", CI, "push", "main")
    assert (run.status, run.conclusion, run.failed, run.is_completed) == ("completed", "failure", True, True)
    assert (run.title, run.actor, run.rerun_by) == ("Use the second version", "ben", "ben")
    assert run.head_sha == world.github.commits(repo, "main", "", 1)[0].sha
    assert run.url.endswith(f"/{repo}/actions/runs/{run.id}")
    assert run.created_at is not None
    assert run.created_at.utcoffset() == timedelta(0)
    assert world.github.run(repo, run.id) == run


def test_runs_are_found_by_every_name_of_their_workflow(world: World, repo: str) -> None:
    found = [world.github.runs(repo, name, "main", 10) for name in ("ci.yml", CI, "CI", "")]
    assert [[run.number for run in runs] for runs in found] == [[2, 1]] * 4
    assert [run.number for run in world.github.runs(repo, "ci.yml", "", 1)] == [2]
    assert world.github.runs(repo, "ci.yml", "elsewhere", 10) == ()
    assert world.github.runs(repo, "No such name", "", 10) == ()


def test_the_last_good_run_is_before_this_one(world: World, repo: str) -> None:
    run = world.failed(repo)
    good = world.github.last_good(run)
    assert good is not None
    assert (good.number, good.conclusion) == (1, "success")
    assert world.github.last_good(good) is None


@pytest.mark.parametrize("run_id", ["1", "0", "", "x", "../1"])
def test_an_unknown_run_is_not_found(world: World, repo: str, run_id: str) -> None:
    with pytest.raises(NotFound):
        world.github.run(repo, run_id)


@pytest.mark.parametrize("name", ["acme/nothing", "nobody", "", "a/b/c"])
def test_an_unknown_repository_is_not_found(world: World, name: str) -> None:
    with pytest.raises(NotFound):
        world.github.run(name, "1")
    with pytest.raises(NotFound):
        world.github.branch_exists(name, "main")
    with pytest.raises(NotFound):
        world.github.default_branch(name)


def test_jobs_tell_their_failed_step(world: World, repo: str) -> None:
    run = world.failed(repo)
    (job,) = world.github.jobs(repo, run.id, 1)
    assert (job.name, job.status, job.conclusion, job.attempt, job.failed) == ("test", "completed", "failure", 1, True)
    assert job.failed_step is not None
    assert (job.failed_step.name, job.failed_step.number) == ("Run tests", 2)
    assert job.steps[0].name == "Set up job"
    assert job.runner
    assert job.url.endswith(f"/actions/runs/{run.id}/job/{job.id}")
    assert job.started_at
    assert job.completed_at
    assert job.completed_at > job.started_at


def test_annotations_come_with_failures_first(world: World, repo: str) -> None:
    (job,) = world.github.jobs(repo, world.failed(repo).id, 1)
    found = world.github.annotations(repo, job.id)
    assert [each.level for each in found] == ["failure", "failure", "warning"]
    assert {(each.message, each.path, each.line, each.title) for each in found} == {
        (each.message, each.path, each.line, each.title) for each in MARKS
    }


def test_a_log_passes_through_the_sink(world: World, repo: str) -> None:
    (job,) = world.github.jobs(repo, world.failed(repo).id, 1)
    text = [line.text for line in world.github.log(repo, job.id, keep_all).lines]
    assert any(line.endswith(LOG[1]) for line in text)
    assert not any(line.endswith(("\r", "\n")) for line in text)


def test_a_log_that_expired_is_not_found(world: World, repo: str) -> None:
    (job,) = world.github.jobs(repo, world.failed(repo).id, 1)
    world.expire_log(repo, job.id)
    with pytest.raises(NotFound):
        world.github.log(repo, job.id, keep_all)


# --- files and commits


def test_a_file_has_its_lines_and_gits_own_id(world: World, repo: str) -> None:
    file = world.github.file(repo, APP, "main")
    assert (file.repo, file.path, file.ref, file.lines) == (repo, APP, "main", ("image: shop:2", "replicas: 2"))
    before = world.github.file(repo, APP, world.github.commits(repo, "main", "", 2)[1].sha)
    assert before.lines == tuple(BEFORE.splitlines())
    assert before.blob_sha != file.blob_sha


def test_what_is_no_text_is_rejected(world: World, repo: str) -> None:
    with pytest.raises(Rejected):
        world.github.file(repo, "logo.png", "main")


@pytest.mark.parametrize(("path", "ref"), [("nothing.yaml", "main"), (APP, "nowhere"), ("../x", "main")])
def test_a_missing_file_is_not_found(world: World, repo: str, path: str, ref: str) -> None:
    with pytest.raises(NotFound):
        world.github.file(repo, path, ref)


def test_a_folder_lists_its_files_and_no_deeper(world: World, repo: str) -> None:
    assert world.github.files(repo, "k8s", "main") == (APP, "k8s/windows.yaml")
    assert world.github.files(repo, ".github/workflows/", "main") == (CI, PLAIN, ROTATE)
    assert world.github.files(repo, "", "main") == ("logo.png",)
    with pytest.raises(NotFound):
        world.github.files(repo, "nothing", "main")


def test_commits_tell_who_pushed_what(world: World, repo: str) -> None:
    newest, first = world.github.commits(repo, "main", "", 10)
    assert (newest.author, newest.message, first.author) == ("ben", "Use the second version", "ana")
    assert newest.at
    assert newest.url.endswith(f"/commit/{newest.sha}")
    assert [each.sha for each in world.github.commits(repo, "main", "k8s/windows.yaml", 10)] == [first.sha]
    assert [each.sha for each in world.github.commits(repo, "main", "", 1)] == [newest.sha]
    assert world.github.commit(repo, newest.sha).files == (APP,)


def test_a_comparison_lists_what_base_lacks(world: World, repo: str) -> None:
    newest, first = world.github.commits(repo, "main", "", 10)
    assert [each.sha for each in world.github.compare(repo, first.sha, "main")] == [newest.sha]
    assert world.github.compare(repo, "main", first.sha) == ()
    assert world.github.default_branch(repo) == "main"


# --- re-run


def test_a_rerun_is_the_next_attempt_by_us(world: World, repo: str) -> None:
    run = world.failed(repo)
    assert world.github.attempts(run) == ()
    world.github.rerun_failed_jobs(repo, run.id)
    after = world.ended(repo, run.id, 2)
    assert (after.id, after.attempt, after.conclusion, after.head_sha) == (run.id, 2, "success", run.head_sha)
    assert (after.actor, after.rerun_by) == ("ben", world.github.viewer())
    (before,) = world.github.attempts(after)
    assert (before.attempt, before.conclusion, before.rerun_by) == (1, "failure", "ben")
    assert [job.conclusion for job in world.github.jobs(repo, run.id, 1)] == ["failure"]
    assert [job.conclusion for job in world.github.jobs(repo, run.id, 2)] == ["success"]


def test_a_run_that_did_not_fail_cannot_be_rerun(world: World, repo: str) -> None:
    good = world.github.last_good(world.failed(repo))
    assert good is not None
    with pytest.raises(Rejected, match="no failed jobs"):
        world.github.rerun_failed_jobs(repo, good.id)
    assert world.github.run(repo, good.id).attempt == 1


@pytest.mark.parametrize("loss", ["lost", "500"])
def test_a_rerun_whose_answer_is_lost_may_have_happened(world: World, repo: str, loss: str) -> None:
    run = world.failed(repo)
    world.answer_500("rerun") if loss == "500" else world.lose_answer("rerun", applied=True)
    with pytest.raises(AnswerLost):
        world.github.rerun_failed_jobs(repo, run.id)
    assert world.ended(repo, run.id, 2).attempt == 2


def test_a_rerun_that_was_lost_on_the_way_did_not_happen(world: World, repo: str) -> None:
    run = world.failed(repo)
    world.lose_answer("rerun", applied=False)
    with pytest.raises(AnswerLost):
        world.github.rerun_failed_jobs(repo, run.id)
    assert world.github.run(repo, run.id).attempt == 1


@pytest.mark.parametrize("write", ["rerun", "dispatch"])
def test_a_refused_write_tells_why_and_changes_nothing(world: World, repo: str, write: str) -> None:
    run = world.failed(repo)
    world.refuse(write)
    with pytest.raises(Forbidden, match="Resource not accessible"):
        world.github.rerun_failed_jobs(repo, run.id) if write == "rerun" else world.github.dispatch(rotation(repo, "e"))
    assert world.github.run(repo, run.id).attempt == 1
    assert world.github.runs(repo, "rotate.yml", "", 5) == ()


# --- dispatch


def rotation(repo: str, mark: str) -> Dispatch:
    return Dispatch(repo=repo, workflow_file=ROTATE, ref="main", inputs=(("codehealer_id", mark),))


def test_a_dispatched_run_bears_its_mark(world: World, repo: str) -> None:
    since = datetime.now(UTC) - timedelta(days=2)
    run_id = world.github.dispatch(rotation(repo, "exe_1"))
    found = world.github.dispatched(repo, "rotate.yml", "exe_1", since)
    assert found is not None
    assert (found.id, found.event, found.actor, found.title) == (
        run_id,
        "workflow_dispatch",
        world.github.viewer(),
        "Rotate exe_1",
    )
    assert world.ended(repo, run_id, 1).conclusion == "success"
    assert world.github.dispatched(repo, ROTATE, "exe_1", since) is not None
    assert world.github.dispatched(repo, "rotate.yml", "exe_2", since) is None
    assert world.github.dispatched(repo, "rotate.yml", "exe_1", datetime.now(UTC) + timedelta(days=400)) is None


@pytest.mark.parametrize("loss", ["lost", "500"])
def test_a_dispatch_whose_answer_is_lost_is_found_by_its_mark(world: World, repo: str, loss: str) -> None:
    since = datetime.now(UTC) - timedelta(days=2)
    world.answer_500("dispatch") if loss == "500" else world.lose_answer("dispatch", applied=True)
    with pytest.raises(AnswerLost):
        world.github.dispatch(rotation(repo, "exe_lost"))
    assert world.github.dispatched(repo, "rotate.yml", "exe_lost", since) is not None
    assert len(world.github.runs(repo, "rotate.yml", "", 10)) == 1


@pytest.mark.parametrize(
    ("wanted", "kind", "says"),
    [
        ({"workflow_file": PLAIN}, Rejected, "workflow_dispatch"),
        ({"inputs": (("codehealer_id", "e"), ("other", "x"))}, Rejected, "Unexpected inputs"),
        ({"workflow_file": "nothing.yml"}, NotFound, "not found|no workflow"),
    ],
    ids=["no trigger", "no such input", "no such workflow"],
)
def test_a_dispatch_that_cannot_be_is_refused(world: World, repo: str, wanted: dict, kind: type, says: str) -> None:
    given = {"repo": repo, "workflow_file": ROTATE, "ref": "main", "inputs": (("codehealer_id", "e"),), **wanted}
    if wanted.get("workflow_file") == PLAIN:
        given["inputs"] = ()
    with pytest.raises(kind, match=says):
        world.github.dispatch(Dispatch(**given))


# --- pull request


BRANCH = "codehealer/exe_1"


def fix(world: World, repo: str, *, path: str = APP, **more) -> PullRequestWanted:
    file = world.github.file(repo, path, "main")
    first = FileEdit(
        path=path,
        blob_sha=file.blob_sha,
        first_line=1,
        old=file.lines[:1],
        new=(f"{file.lines[0]} # mended", "more: 1"),
    )
    given = {
        "repo": repo,
        "base": "main",
        "branch": BRANCH,
        "title": "Mend it",
        "body": "Because.",
        "commit_message": "Mend it",
        "edits": (first,),
    }
    return PullRequestWanted(**{**given, **more})


def test_a_pull_request_holds_the_edit_and_nothing_else(world: World, repo: str) -> None:
    assert world.github.branch_exists(repo, BRANCH) is False
    assert world.github.pull_of(repo, BRANCH) is None
    pull = world.github.open_pull(fix(world, repo))
    assert (pull.repo, pull.state, pull.branch, pull.base, pull.merged) == (repo, "open", BRANCH, "main", False)
    assert (pull.title, pull.merge_sha) == ("Mend it", "")
    assert pull.url.endswith(f"/{repo}/pull/{pull.number}")
    assert world.github.branch_exists(repo, BRANCH) is True
    assert world.github.pull_of(repo, BRANCH) == pull
    assert world.github.file(repo, APP, BRANCH).lines == ("image: shop:2 # mended", "more: 1", "replicas: 2")
    assert world.github.file(repo, APP, "main").lines == tuple(AFTER.splitlines())
    (commit,) = world.github.compare(repo, "main", BRANCH)
    assert commit.message == "Mend it"
    assert world.github.commit(repo, commit.sha).files == (APP,)


def test_a_merged_pull_request_tells_its_commit(world: World, repo: str) -> None:
    pull = world.github.open_pull(fix(world, repo))
    world.merge(repo, pull.number)
    after = world.github.pull_of(repo, BRANCH)
    assert after is not None
    assert (after.number, after.state, after.merged) == (pull.number, "closed", True)
    assert after.merge_sha == world.github.commits(repo, "main", "", 1)[0].sha
    assert world.github.file(repo, APP, "main").lines[1] == "more: 1"


def test_line_ends_and_the_missing_last_one_stay(world: World, repo: str) -> None:
    world.push(repo, "k8s/windows.yaml", WINDOWS)
    world.push(repo, "expected.yaml", "a: 1 # mended\r\nmore: 1\r\nb: 2")
    assert world.github.file(repo, "k8s/windows.yaml", "main").lines == ("a: 1", "b: 2")
    world.github.open_pull(fix(world, repo, path="k8s/windows.yaml"))
    after = world.github.file(repo, "k8s/windows.yaml", BRANCH)
    assert after.blob_sha == world.github.file(repo, "expected.yaml", "main").blob_sha


@pytest.mark.parametrize("again", [1, 3])
def test_opening_it_again_opens_no_second_one(world: World, repo: str, again: int) -> None:
    wanted = fix(world, repo)
    first = world.github.open_pull(wanted)
    assert [world.github.open_pull(wanted) for _ in range(again)] == [first] * again
    assert len(world.github.compare(repo, "main", BRANCH)) == 1


@pytest.mark.parametrize("write", ["ref", "contents", "pull"])
@pytest.mark.parametrize("loss", ["done, lost", "done, 500", "not done"])
def test_a_lost_answer_is_mended_by_the_same_call(world: World, repo: str, write: str, loss: str) -> None:
    wanted = fix(world, repo)
    if loss == "done, 500":
        world.answer_500(write)
    else:
        world.lose_answer(write, applied=loss == "done, lost")
    with pytest.raises(AnswerLost):
        world.github.open_pull(wanted)
    pull = world.github.open_pull(wanted)
    assert world.github.pull_of(repo, BRANCH) == pull
    assert len(world.github.compare(repo, "main", BRANCH)) == 1
    assert world.github.file(repo, APP, BRANCH).lines[:2] == ("image: shop:2 # mended", "more: 1")


def test_it_goes_on_although_the_base_has_moved(world: World, repo: str) -> None:
    wanted = fix(world, repo)
    world.lose_answer("contents", applied=True)
    with pytest.raises(AnswerLost):
        world.github.open_pull(wanted)
    world.push(repo, APP, "image: shop:3\n")
    assert world.github.open_pull(wanted).state == "open"


def test_a_file_that_moved_since_is_a_conflict_without_a_branch(world: World, repo: str) -> None:
    wanted = fix(world, repo)
    world.push(repo, APP, "image: shop:3\n")
    with pytest.raises(Conflict):
        world.github.open_pull(wanted)
    assert world.github.branch_exists(repo, BRANCH) is False


def test_lines_that_are_not_there_are_a_conflict_without_a_branch(world: World, repo: str) -> None:
    blob = world.github.file(repo, APP, "main").blob_sha
    wrong = FileEdit(path=APP, blob_sha=blob, first_line=1, old=("image: shop:9",), new=("image: shop:1",))
    with pytest.raises(Conflict):
        world.github.open_pull(fix(world, repo, edits=(wrong,)))
    assert world.github.branch_exists(repo, BRANCH) is False


def test_a_checkup_says_what_is_readable(world: World, repo: str) -> None:
    findings = world.github.checkup((repo, "acme/nothing"))
    assert f"signed in as {world.github.viewer()}" in findings[0].says
    assert [each.ok for each in findings if each.subject == repo] == [True]
    assert [each.ok for each in findings if each.subject == "acme/nothing"] == [False]


@pytest.mark.parametrize("world", ["sandbox"], indirect=True)
def test_an_app_does_as_much_as_a_person(world: SandboxWorld, repo: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with closing(world.by_app(key.private_bytes(*form).decode())) as github:
        assert all(each.ok for each in github.checkup((repo,)))
        run = world.failed(repo)
        github.rerun_failed_jobs(repo, run.id)
        assert world.ended(repo, run.id, 2).rerun_by == github.viewer()
        assert github.viewer().endswith("[bot]")
