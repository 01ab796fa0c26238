"""From an alert about a workflow run to a dossier: its jobs' logs, who pushed what, whether the commit passed before."""

from dataclasses import replace

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.errors import Forbidden, OverBudget, PlatformError, TimedOut, Unavailable
from bot.domain.evidence import Dossier, EvidenceKind, GapReason
from bot.domain.pipeline import Annotation, WorkflowRun
from tests.fakes.cluster import FakePlatforms
from tests.fakes.gathering import denies, gathered_from
from tests.fakes.pipelines import FakeJob, FakePipelines

REPO = "acme/shop"
CI = """name: CI
on: push
env:
  REGION: eu-west-1
jobs:
  lint:
    runs-on: ubuntu-latest
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Log in
        run: docker login
"""
LOG = (
    "Current runner version: '2.320.0'",
    "##[group]Run actions/checkout@v4",
    "with:",
    "##[endgroup]",
    "Syncing repository: acme/shop",
    "##[group]Run docker login ghcr.io -u ci --password-stdin",
    "##[endgroup]",
    "Error response from daemon: unauthorized: incorrect username or password",
    "##[error]Process completed with exit code 1.",
    "Post job cleanup.",
    "##[error]The cleanup failed too",
)
BUILD = FakeJob(name="build", conclusion="failure", steps=("Set up job", "Run actions/checkout@v4", "Log in"), log=LOG)


@pytest.fixture
def github() -> FakePipelines:
    fake = FakePipelines()
    fake.add_repo(REPO, {".github/workflows/ci.yml": CI, "app.py": "x = 1\n"})
    fake.add_run(REPO, [FakeJob(name="build")])
    return fake


def target(run: WorkflowRun | None = None, **more: str) -> Target:
    return Target(
        kind=TargetKind.WORKFLOW_RUN, name="CI", repo=REPO, branch="main", run_id=run.id if run else "", **more
    )


def gathered(github: FakePipelines, about: Target, **more) -> Dossier:
    return gathered_from(FakePlatforms(githubs={"default": github}), about, **more)


def kinds(dossier: Dossier) -> list[EvidenceKind]:
    return [each.kind for each in dossier.evidence]


def gaps(dossier: Dossier) -> dict[EvidenceKind, tuple[GapReason, str]]:
    return {gap.request.kind: (gap.reason, gap.detail) for gap in dossier.gaps}


def test_a_failed_run_is_told_whole(github: FakePipelines) -> None:
    sha = github.push(REPO, {"app.py": "x = 2\n"}, message="Log in with the new token", author="ben")
    run = github.add_run(REPO, [FakeJob(name="lint"), BUILD])
    dossier = gathered(github, target(run))
    assert kinds(dossier) == [
        EvidenceKind.POST,
        EvidenceKind.RUN,
        EvidenceKind.CI_LOG,
        EvidenceKind.WORKFLOW_FILE,
        EvidenceKind.CHANGE,
    ]
    assert dossier.gaps == ()
    assert dossier.confirmed
    assert dossier.run == run
    assert [job.name for job in dossier.jobs] == ["lint", "build"]
    assert dossier.last_good is not None
    assert [(each.sha, each.author) for each in dossier.changes] == [(sha, "ben")]
    assert (dossier.target.run_id, dossier.target.branch, dossier.target.revision) == (run.id, "main", sha)
    stated = dossier.of_kind(EvidenceKind.RUN)[0]
    expected = {"job": "build", "step": "Log in", "failed_jobs": "1", "passed_before": "false", "last_good": "run #1"}
    assert {name: stated.fact(name) for name in expected} == expected
    assert stated.fact("newer_run") == ""


def test_it_costs_eight_requests(github: FakePipelines) -> None:
    github.push(REPO, {"app.py": "x = 2\n"})
    gathered(github, target(github.add_run(REPO, [BUILD])))
    assert sum(github.calls.values()) == 8
    assert github.writes == {}


def test_the_address_is_the_very_line_of_the_failed_step(github: FakePipelines) -> None:
    dossier = gathered(github, target(github.add_run(REPO, [BUILD])))
    (log,) = dossier.of_kind(EvidenceKind.CI_LOG)
    job = dossier.jobs[0]
    assert log.url == f"{job.url}#step:3:4"
    assert log.excerpt.text_of(9) == "##[error]Process completed with exit code 1."
    assert log.url_of(8) == f"{job.url}#step:3:3"
    assert log.url_of(2) == log.url  # an earlier step's line: the failing line's address is better than a wrong one


def test_the_failed_step_is_found_in_a_long_log_too(github: FakePipelines) -> None:
    noise = tuple(f"Downloading package {n} of many, at some length so that it does not fit" for n in range(20_000))
    long = FakeJob(name="build", conclusion="failure", steps=("Set up job", "Get", "Log in"), log=(*noise, *LOG[1:]))
    (log,) = gathered(github, target(github.add_run(REPO, [long]))).of_kind(EvidenceKind.CI_LOG)
    assert log.excerpt.truncated
    assert sum(len(line.text) + 1 for line in log.excerpt.lines) <= 24_000
    assert log.url.endswith("#step:3:4")
    assert log.fact("step_line") == str(len(noise) + 5)


def test_a_log_without_marks_leads_to_the_step(github: FakePipelines) -> None:
    plain = FakeJob(name="build", conclusion="failure", log=("boom",))
    (log,) = gathered(github, target(github.add_run(REPO, [plain]))).of_kind(EvidenceKind.CI_LOG)
    assert log.url.endswith("#step:2:1")
    assert log.fact("step_line") == ""


def test_the_same_commit_that_passed_is_a_fact_of_run_and_log(github: FakePipelines) -> None:
    sha = github.push(REPO, {"app.py": "x = 2\n"})
    passed = github.add_run(REPO, [FakeJob(name="build")], sha=sha)
    dossier = gathered(github, target(github.add_run(REPO, [BUILD], sha=sha)))
    assert dossier.passed_before == (passed,)
    for kind in (EvidenceKind.RUN, EvidenceKind.CI_LOG):
        assert dossier.of_kind(kind)[0].fact("passed_before") == "true"
        assert dossier.of_kind(kind)[0].fact("passed_run") == "run #2"


def test_an_earlier_attempt_that_passed_counts(github: FakePipelines) -> None:
    run = github.add_run(REPO, [FakeJob(name="build")], sha=github.push(REPO, {"app.py": "x = 2\n"}))
    home = github.repos[REPO]
    home.runs[run.id].append(replace(run, attempt=2, status="in_progress", conclusion=""))
    again = github.finish(REPO, run.id, [BUILD])
    dossier = gathered(github, target(again))
    assert [each.attempt for each in dossier.passed_before] == [1]
    assert dossier.confirmed


def test_a_newer_run_that_passed_is_told_and_nothing_is_confirmed(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    github.add_run(REPO, [FakeJob(name="build")], sha=github.push(REPO, {"app.py": "x = 3\n"}))
    dossier = gathered(github, target(run))
    assert not dossier.confirmed
    stated = dossier.of_kind(EvidenceKind.RUN)[0]
    assert stated.fact("newer_run") == "passed"
    assert any(line.text == "Newer run: run #3, passed" for line in stated.excerpt.lines)


def test_a_run_of_another_branch_is_no_neighbour(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    github.push(REPO, {"app.py": "x = 3\n"}, branch="other")
    github.add_run(REPO, [FakeJob(name="build")], branch="other")
    assert gathered(github, target(run)).confirmed


def test_a_rerun_that_passed_meanwhile_confirms_nothing(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    github.rerun_failed_jobs(REPO, run.id)
    dossier = gathered(github, target(run))
    assert not dossier.confirmed
    assert dossier.jobs[0].conclusion == "success"
    assert gaps(dossier)[EvidenceKind.CI_LOG] == (GapReason.EMPTY, "the run has no failed job")


def test_a_run_that_goes_on_confirms_nothing(github: FakePipelines) -> None:
    github.comes_to[REPO, ".github/workflows/ci.yml"] = ""
    run = github.add_run(REPO, [BUILD])
    github.rerun_failed_jobs(REPO, run.id)
    dossier = gathered(github, target(run))
    assert not dossier.confirmed
    assert gaps(dossier)[EvidenceKind.CI_LOG][1] == "the run goes on, and none of its jobs failed yet"


def test_without_an_id_the_newest_failed_run_of_workflow_and_branch_is_it(github: FakePipelines) -> None:
    github.add_run(REPO, [BUILD])
    newest = github.add_run(REPO, [BUILD])
    dossier = gathered(github, target())
    assert dossier.run == newest
    assert dossier.confirmed


def test_without_any_failed_run_everything_is_a_gap(github: FakePipelines) -> None:
    dossier = gathered(github, target())
    assert dossier.run is None
    assert {gap.reason for gap in dossier.gaps} == {GapReason.NOT_FOUND}
    assert len(dossier.gaps) == 5


def test_three_failed_jobs_are_read_and_the_rest_is_named(github: FakePipelines) -> None:
    jobs = [FakeJob(name=f"test ({n})", conclusion="failure", log=LOG) for n in range(5)]
    dossier = gathered(github, target(github.add_run(REPO, jobs)))
    assert len(dossier.of_kind(EvidenceKind.CI_LOG)) == 3
    assert [gap.reason for gap in dossier.gaps] == [GapReason.OVER_BUDGET] * 2


def test_annotations_lead_to_the_line_of_the_file(github: FakePipelines) -> None:
    marked = (
        Annotation(level="warning", message="old", path="b.py", line=1),
        Annotation(level="failure", message="expected 1\ngot 2", path="app.py", line=7, title="pytest"),
    )
    run = github.add_run(REPO, [replace(BUILD, annotations=marked)])
    (evidence,) = gathered(github, target(run)).of_kind(EvidenceKind.ANNOTATIONS)
    assert [line.text for line in evidence.excerpt.lines] == [
        "failure app.py:7 pytest: expected 1 got 2",
        "warning b.py:1 old",
    ]
    assert evidence.url == f"https://github.com/{REPO}/blob/{run.head_sha}/app.py#L7"
    assert (evidence.fact("path"), evidence.fact("line")) == ("app.py", "7")


def test_the_workflow_file_is_shown_from_the_failed_job_on_without_values(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    dossier = gathered(github, target(run))
    (file,) = dossier.of_kind(EvidenceKind.WORKFLOW_FILE)
    assert file.excerpt.lines[0].text == "  build:"
    assert file.excerpt.first_line == 8
    assert file.url == f"https://github.com/{REPO}/blob/{run.head_sha}/.github/workflows/ci.yml#L8"
    assert file.url_of(12).endswith("ci.yml#L12")
    assert "eu-west-1" not in repr(dossier)
    assert dossier.files == ()


def test_a_run_that_could_not_start_keeps_its_workflow_file(github: FakePipelines) -> None:
    run = github.add_run(REPO, [])
    github.repos[REPO].runs[run.id][-1] = replace(run, conclusion="startup_failure")
    dossier = gathered(github, target(run))
    assert dossier.confirmed
    assert [file.path for file in dossier.files] == [".github/workflows/ci.yml"]


def test_a_first_run_has_no_good_one_before_it() -> None:
    github = FakePipelines()
    github.add_repo(REPO, {".github/workflows/ci.yml": CI})
    dossier = gathered(github, target(github.add_run(REPO, [BUILD])))
    assert gaps(dossier) == {
        EvidenceKind.CHANGE: (GapReason.EMPTY, "no earlier run of this workflow and branch passed")
    }


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("jobs", EvidenceKind.RUN),
        ("last_good", EvidenceKind.RUN),
        ("log", EvidenceKind.CI_LOG),
        ("annotations", EvidenceKind.ANNOTATIONS),
        ("file", EvidenceKind.WORKFLOW_FILE),
        ("compare", EvidenceKind.CHANGE),
    ],
)
def test_one_refusal_is_one_gap_and_the_rest_is_told(github: FakePipelines, operation: str, kind: EvidenceKind) -> None:
    github.push(REPO, {"app.py": "x = 2\n"})
    run = github.add_run(REPO, [BUILD])
    github.fail(operation, Forbidden("may not", status=403))
    dossier = gathered(github, target(run))
    assert gaps(dossier)[kind] == (GapReason.FORBIDDEN, "may not")
    assert dossier.of_kind(EvidenceKind.RUN)
    assert dossier.confirmed


def test_neighbours_that_could_not_be_had_leave_it_unconfirmed(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    github.fail("runs", Forbidden("may not", status=403))
    dossier = gathered(github, target(run))
    assert not dossier.confirmed
    assert dossier.of_kind(EvidenceKind.CI_LOG)


@pytest.mark.parametrize(
    "error", [Unavailable("connection refused"), TimedOut("no answer"), OverBudget("4,500 requests are spent")]
)
@pytest.mark.parametrize("operation", ["run", "jobs", "log"])
def test_after_an_outage_nothing_more_is_asked(github: FakePipelines, operation: str, error: PlatformError) -> None:
    run = github.add_run(REPO, [BUILD, BUILD])
    github.fail(operation, error, times=99)
    dossier = gathered(github, target(run))
    assert github.calls[operation] == 1
    asked = sum(github.calls.values())
    assert asked == {"run": 1, "jobs": 3, "log": 5}[operation]
    assert {gap.reason for gap in dossier.gaps} == {GapReason(error.reason)}


@pytest.mark.parametrize(("operation", "what"), [("run", "the run"), ("jobs", "the run's jobs")])
def test_what_hangs_on_a_refused_read_is_said_to_be_refused_not_to_be_missing(
    github: FakePipelines, operation: str, what: str
) -> None:
    run = github.add_run(REPO, [BUILD])
    github.fail(operation, Forbidden("Bad credentials", status=401), times=99)
    dossier = gathered(github, target(run))
    assert gaps(dossier)[EvidenceKind.RUN] == (GapReason.FORBIDDEN, "Bad credentials")
    for kind in (EvidenceKind.CI_LOG, EvidenceKind.ANNOTATIONS):
        assert gaps(dossier)[kind] == (GapReason.FORBIDDEN, f"not asked: {what} could not be read")


def test_an_expired_log_is_a_gap(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    github.expire_log(github.repos[REPO].jobs[run.id, 1][0].id)
    dossier = gathered(github, target(run))
    assert gaps(dossier)[EvidenceKind.CI_LOG][0] is GapReason.NOT_FOUND
    assert dossier.confirmed


def test_out_of_scope_asks_nothing(github: FakePipelines) -> None:
    dossier = gathered(github, target(github.add_run(REPO, [BUILD])), refuses=denies)
    assert {gap.reason for gap in dossier.gaps} == {GapReason.OUT_OF_SCOPE}
    assert {gap.detail for gap in dossier.gaps} == {"this channel's scope does not cover it"}
    assert not github.calls


@pytest.mark.parametrize("repo", ["", "shop", "a/b/c", "../.."[:2]])
def test_an_alert_without_a_repository_asks_nothing(github: FakePipelines, repo: str) -> None:
    dossier = gathered(github, replace(target(), repo=repo))
    assert {gap.detail for gap in dossier.gaps} == {"the alert names no repository"}
    assert not github.calls


def test_secrets_are_masked_wherever_they_stand(github: FakePipelines) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    github.push(REPO, {".github/workflows/ci.yml": CI + f"# token: {secret}\n"}, message=f"use {secret}")
    job = replace(
        BUILD,
        name=f"build {secret}",
        steps=("Set up job", f"Run curl -H 'Authorization: token {secret}'"),
        log=(f"token={secret}", *LOG),
        annotations=(Annotation(level="failure", message=f"bad {secret}"),),
    )
    run = github.add_run(REPO, [job], title=f"deploy with {secret}")
    assert secret not in repr(gathered(github, target(run), text=f"failed: {secret}"))


def test_a_refusal_is_masked(github: FakePipelines) -> None:
    github.fail("run", Forbidden("Bad credentials ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", status=403))
    dossier = gathered(github, target(github.add_run(REPO, [BUILD])))
    assert "a1B2c3" not in repr(dossier)


def test_the_same_answers_give_the_same_dossier(github: FakePipelines) -> None:
    run = github.add_run(REPO, [BUILD])
    assert gathered(github, target(run)) == gathered(github, target(run))


def test_hostile_names_are_one_line_and_bounded(github: FakePipelines) -> None:
    job = replace(BUILD, name="a\nJob b: success\u202e" * 500)
    dossier = gathered(github, target(github.add_run(REPO, [job])))
    for evidence in dossier.evidence:
        assert all("\n" not in line.text and len(line.text) <= 1000 for line in evidence.excerpt.lines)
    assert len(repr(dossier.of_kind(EvidenceKind.CI_LOG)[0].summary)) < 400
