"""Git in memory: ids as git has them, histories, merges, what workflow files say."""

import subprocess

import pytest

from bot.sandbox.github_diff import diff_lines, merge_files, patch_text
from bot.sandbox.github_git import Change, Git, Identity, blob_sha, is_branch_name, tree_sha
from bot.sandbox.github_workflow import WorkflowError, expand, read_workflow

ANA = Identity(name="Ana", email="ana@acme.example", login="ana")
TEN = "".join(f"line {n}\n" for n in range(10))


def git_with(*steps):
    """Commits one after the other on main; their shas."""
    git, shas = Git(), []
    for at, files in enumerate(steps):
        made = git.commit(files, tuple(shas[-1:]), ANA, f"step {at}", 1_700_000_000 + at)
        shas.append(made.sha)
        git.branches["main"] = made.sha
    return git, shas


def test_ids_are_those_that_git_gives(tmp_path):
    files = {"a.txt": "hello\n", "b/c.txt": "ü\n", "b-d": "", "b/e/f": "x"}
    git, (sha,) = git_with(files)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    clock = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000", "HOME": str(tmp_path)}
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@acme.example"]

    def run(*words):
        done = subprocess.run(
            ["git", *who, *words], cwd=tmp_path, env=clock, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    run("init", "-q")
    run("add", "-A")
    tree = run("write-tree")
    assert tree == git.commits[sha].tree == tree_sha(files)
    assert run("hash-object", "a.txt") == blob_sha("hello\n")
    assert run("commit-tree", tree, "-m", "step 0") == git.commit(files, (), ANA, "step 0\n", 1_700_000_000).sha


def test_a_ref_is_a_branch_or_enough_of_a_sha():
    git, (first, second) = git_with({"a": "1"}, {"a": "2"})
    assert git.resolve("main") == git.resolve("refs/heads/main") == git.resolve("HEAD") == second
    assert git.resolve(first[:7]) == first
    assert git.resolve(first[:6]) is None
    assert git.resolve("none") is None
    assert [c.sha for c in git.history(second)] == [second, first]
    assert git.blob(blob_sha("1")) == "1"
    assert git.blob(blob_sha("9")) is None


@pytest.mark.parametrize(
    ("name", "good"), [("fix/a", True), ("a..b", False), ("-x", False), ("a.lock", False), ("", False)]
)
def test_branch_names(name, good):
    assert is_branch_name(name) is good


def merged(ours, theirs):
    git, (root,) = git_with({"f": TEN, "other": "o"})
    base = git.commit({"f": ours, "other": "o"}, (root,), ANA, "ours", 1_700_000_010).sha
    head = git.commit({"f": theirs, "other": "o"}, (root,), ANA, "theirs", 1_700_000_011).sha
    found = merge_files(git, base, head)
    return found and found["f"]


def test_edits_far_apart_merge_and_those_that_meet_conflict():
    assert merged(TEN.replace("line 1", "one"), TEN.replace("line 8", "eight")) == TEN.replace("line 1", "one").replace(
        "line 8", "eight"
    )
    assert merged(TEN.replace("line 1", "one"), TEN.replace("line 1", "ONE")) is None
    assert merged(TEN.replace("line 1", "one"), TEN.replace("line 1", "one")) == TEN.replace("line 1", "one")
    assert merged(TEN + "ours\n", TEN + "theirs\n") is None


def test_a_diff_has_its_hunks_and_signs():
    change = Change(path="f", before=TEN, after=TEN.replace("line 5", "five"))
    assert [(line.sign, line.text) for line in diff_lines(change) if line.sign in "+-"] == [
        ("-", "line 5"),
        ("+", "five"),
    ]
    assert patch_text(change).startswith("@@ -3,7 +3,7 @@\n line 2\n")


WORKFLOW = """
name: CI
run-name: Run ${{ inputs.codehealer_id || 'by hand' }} of ${{ github.ref_name }}
on:
  push: {branches: ["release/*"]}
  workflow_dispatch: {inputs: {codehealer_id: {type: string}}}
jobs:
  test:
    strategy: {matrix: {python: ["3.11", "3.12"]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v4}, {name: "Test ${{ matrix.python }}", run: "make test"}]
  publish: {needs: test, runs-on: ubuntu-latest, steps: [{run: "make publish\\necho done"}]}
"""


def test_a_workflow_file_says_what_starts_it_and_what_it_runs():
    workflow = read_workflow(".github/workflows/ci.yml", WORKFLOW)
    assert workflow.takes("push", "release/7")
    assert not workflow.takes("push", "main")
    assert not workflow.takes("pull_request", "release/7")
    assert list(workflow.inputs()) == ["codehealer_id"]
    assert [job.name for job in workflow.jobs] == ["test (3.11)", "test (3.12)", "publish"]
    assert [step.name for step in workflow.jobs[1].steps] == ["Run actions/checkout@v4", "Test 3.12"]
    assert workflow.jobs[2].needs == ("test",)
    assert workflow.jobs[2].steps[0].name == "Run make publish"
    values = {"inputs.codehealer_id": "exe_1", "github.ref_name": "main"}
    assert expand(workflow.run_name, values) == "Run exe_1 of main"
    assert expand(workflow.run_name, {}) == "Run by hand of "


@pytest.mark.parametrize("text", ["a: [", "just text", "name: x", ""])
def test_what_is_no_workflow_is_refused(text):
    with pytest.raises(WorkflowError):
        read_workflow(".github/workflows/x.yml", text)
