"""Edits in raw text, and the steps of a pull request against a server that counts."""

import base64
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github import GithubAccess, GithubPipelines, connect
from bot.adapters.github.edits import blob_sha, lines_of, spliced
from bot.domain.errors import AnswerLost, Conflict, Forbidden, NotFound, Rejected
from bot.domain.pipeline import FileEdit, PullRequestWanted
from tests.fakes.github_wire import GithubWire, Reply, github_wire

R = "/repos/acme/shop"
BRANCH = "codehealer/exe_1"
TEXT = "a: 1\r\nb: 2\r\n"
SHA, BASE = blob_sha(TEXT), "b" * 40
AFTER = "a: 1\r\nb: 3\r\n"
REFS, PULLS, FILE = f"{R}/git/refs", f"{R}/pulls", f"{R}/contents/k8s/app.yaml"
PULL = {
    "number": 4,
    "state": "open",
    "head": {"ref": BRANCH, "sha": "c" * 40, "repo": {"full_name": "acme/shop"}},
    "base": {"ref": "main"},
    "title": "Fix",
    "html_url": "https://github.com/acme/shop/pull/4",
    "merge_commit_sha": "d" * 40,
}


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def edit(first: int, old: tuple[str, ...], new: tuple[str, ...], text: str = TEXT) -> FileEdit:
    return FileEdit(path="k8s/app.yaml", blob_sha=blob_sha(text), first_line=first, old=old, new=new)


EDIT = edit(2, ("b: 2",), ("b: 3",))


# --- the text


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("a\nb\nc\n", (2, ("b",), ("B",)), "a\nB\nc\n"),
        ("a\nb\nc", (3, ("c",), ("C",)), "a\nb\nC"),
        ("a\nb\nc", (3, ("c",), ("C", "D")), "a\nb\nC\nD"),
        ("a\r\nb\r\n", (1, ("a",), ("x", "y")), "x\r\ny\r\nb\r\n"),
        ("a\r\nb", (2, ("b",), ("x", "y")), "a\r\nx\r\ny"),
        ("a\nb\r\nc\n", (2, ("b",), ("x",)), "a\nx\r\nc\n"),
        ("a\nb\nc\n", (2, ("b",), ()), "a\nc\n"),
        ("a\nc\n", (2, (), ("b",)), "a\nb\nc\n"),
        ("a\n", (2, (), ("b",)), "a\nb\n"),
        ("a", (2, (), ("b",)), "a\nb"),
        ("", (1, (), ("a",)), "a\n"),
        ("a\u2028b\x0c\n", (1, ("a\u2028b\x0c",), ("c",)), "c\n"),
        ("a\n\n\nb", (2, ("", ""), ("x",)), "a\nx\nb"),
    ],
)
def test_only_the_lines_change(before: str, change: tuple, after: str) -> None:
    assert spliced(before, [edit(*change, text=before)]) == after


@pytest.mark.parametrize(
    "change", [(0, ("a",), ("x",)), (1, ("b",), ("x",)), (2, ("b", "c"), ("x",)), (4, (), ("x",)), (3, ("",), ("x",))]
)
def test_a_line_that_reads_otherwise_is_a_conflict(change: tuple) -> None:
    with pytest.raises(Conflict, match="does not read as expected"):
        spliced("a\nb\n", [edit(*change)])


def test_several_edits_are_all_made_and_may_not_overlap() -> None:
    text = "a\nb\nc\nd\n"
    first, last = edit(1, ("a",), ("1", "2")), edit(4, ("d",), ())
    assert spliced(text, [first, last]) == spliced(text, [last, first]) == "1\n2\nb\nc\n"
    with pytest.raises(Conflict):
        spliced(text, [edit(1, ("a", "b"), ("x",)), edit(2, ("b",), ("y",))])


@given(st.lists(st.text("ab \t\r\n\u2028", max_size=6), max_size=6).map("\n".join), st.data())
def test_an_edit_and_its_reverse_leave_the_text(text: str, data: st.DataObject) -> None:
    lines = lines_of(text)
    if not lines:
        return
    at = data.draw(st.integers(0, len(lines) - 1))
    there = edit(at + 1, (lines[at],), ("new",), text)
    after = spliced(text, [there])
    back = edit(at + 1, ("new",), (lines[at],), after)
    assert lines_of(after) == (*lines[:at], "new", *lines[at + 1 :])
    assert spliced(after, [back]) == text


def test_a_blob_has_gits_id(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(TEXT.encode())
    told = subprocess.run(["git", "hash-object", "--no-filters", str(path)], capture_output=True, text=True, check=True)
    assert blob_sha(TEXT) == told.stdout.strip()


# --- the steps


@pytest.fixture
def wire() -> Iterator[GithubWire]:
    with github_wire() as found:
        found.on("GET", R, {"default_branch": "main"})
        found.on("GET", f"{R}/git/ref/heads/main", {"object": {"sha": BASE}})
        found.on("GET", FILE, contents(TEXT))
        found.on("GET", f"{R}/git/blobs/{SHA}", contents(TEXT))
        found.on("GET", PULLS, [])
        found.on("POST", REFS, Reply(status=201, body={"ref": f"refs/heads/{BRANCH}"}))
        found.on("PUT", FILE, Reply(status=200, body={"commit": {"sha": "c" * 40}}))
        found.on("POST", PULLS, Reply(status=201, body=PULL))
        yield found


@pytest.fixture
def github(wire: GithubWire) -> Iterator[GithubPipelines]:
    found = connect("default", GithubAccess(api_url=wire.url, token=lambda: "t"), Clock(), timeouts=(1.0, 0.4))
    yield found
    found.close()


def contents(text: str) -> dict:
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(text.encode()),
        "sha": blob_sha(text),
        "content": base64.encodebytes(text.encode()).decode(),
    }


def wanted(*edits: FileEdit) -> PullRequestWanted:
    return PullRequestWanted(
        repo="acme/shop",
        base="main",
        branch=BRANCH,
        title="Fix",
        body="why",
        commit_message="Fix it",
        edits=edits or (EDIT,),
    )


def branch_stands(wire: GithubWire, text: str = TEXT) -> None:
    wire.on("GET", f"{R}/git/ref/heads/{BRANCH}", {"object": {"sha": BASE}})
    wire.on("GET", FILE, contents(text))


def writes(wire: GithubWire) -> list[str]:
    return [f"{each.method} {each.path.removeprefix(R)}" for each in wire.requests if each.method != "GET"]


def test_a_pull_request_is_three_writes(wire: GithubWire, github: GithubPipelines) -> None:
    pull = github.open_pull(wanted())
    assert (pull.number, pull.branch, pull.base, pull.merged, pull.merge_sha) == (4, BRANCH, "main", False, "")
    ref, put, post = (each.body for each in wire.requests if each.method != "GET")
    assert ref == {"ref": f"refs/heads/{BRANCH}", "sha": BASE}
    assert put == {
        "message": "Fix it",
        "content": base64.b64encode(AFTER.encode()).decode(),
        "sha": SHA,
        "branch": BRANCH,
    }
    assert post == {"title": "Fix", "head": BRANCH, "base": "main", "body": "why"}
    assert wire.seen("GET", FILE)[0].query == {"ref": BASE}


@pytest.mark.parametrize("text", ["a: 1\r\nb: 9\r\n", TEXT + "c: 3\n"])
def test_a_file_that_has_moved_leaves_no_branch(wire: GithubWire, github: GithubPipelines, text: str) -> None:
    wire.on("GET", FILE, contents(text))
    with pytest.raises(Conflict, match="has changed since it was read"):
        github.open_pull(wanted())
    assert writes(wire) == []


def test_lines_that_read_otherwise_leave_no_branch(wire: GithubWire, github: GithubPipelines) -> None:
    with pytest.raises(Conflict, match="does not read as expected"):
        github.open_pull(wanted(edit(2, ("b: 1",), ("b: 3",))))
    assert writes(wire) == []


def test_edits_that_change_nothing_leave_no_branch(wire: GithubWire, github: GithubPipelines) -> None:
    with pytest.raises(Rejected, match="change nothing"):
        github.open_pull(wanted(edit(2, ("b: 2",), ("b: 2",))))
    assert writes(wire) == []


@pytest.mark.parametrize("step", [("POST", REFS), ("PUT", FILE), ("POST", PULLS)], ids=["ref", "contents", "pull"])
@pytest.mark.parametrize("reply", [Reply(status=500), Reply(cut=0), Reply(hold=True)], ids=["500", "cut", "silence"])
def test_a_lost_answer_ends_the_try_and_nothing_is_resent(
    wire: GithubWire, github: GithubPipelines, step: tuple[str, str], reply: Reply
) -> None:
    wire.on(*step, reply)
    with pytest.raises(AnswerLost):
        github.open_pull(wanted())
    assert wire.count(*step) == 1
    assert wire.requests[-1].method == step[0]


@pytest.mark.parametrize("body", [None, [], {}, {"number": None}], ids=str)
def test_a_pull_request_whose_answer_says_nothing_is_lost(wire: GithubWire, github: GithubPipelines, body) -> None:
    wire.on("POST", PULLS, Reply(status=201, body=body))
    with pytest.raises(AnswerLost):
        github.open_pull(wanted())


def test_it_goes_on_after_the_branch(wire: GithubWire, github: GithubPipelines) -> None:
    branch_stands(wire)
    assert github.open_pull(wanted()).number == 4
    assert writes(wire) == ["PUT /contents/k8s/app.yaml", "POST /pulls"]


def test_it_goes_on_after_the_commit(wire: GithubWire, github: GithubPipelines) -> None:
    branch_stands(wire, AFTER)
    assert github.open_pull(wanted()).number == 4
    assert writes(wire) == ["POST /pulls"]


def test_it_goes_on_after_the_request(wire: GithubWire, github: GithubPipelines) -> None:
    branch_stands(wire, AFTER)
    wire.on("GET", PULLS, [PULL])
    assert github.open_pull(wanted()).number == 4
    assert writes(wire) == []


def test_a_request_that_was_merged_meanwhile_is_that_one(wire: GithubWire, github: GithubPipelines) -> None:
    branch_stands(wire, AFTER)
    wire.on("GET", PULLS, [{**PULL, "state": "closed", "merged_at": "2026-11-24T14:00:00Z"}])
    pull = github.open_pull(wanted())
    assert (pull.merged, pull.merge_sha, pull.state) == (True, "d" * 40, "closed")
    assert writes(wire) == []


def test_a_branch_that_comes_between_is_taken_for_ours(wire: GithubWire, github: GithubPipelines) -> None:
    """Its name holds the execution's id: nobody else makes it."""
    exists = Reply(status=422, body={"message": "Reference already exists"})
    wire.on("POST", REFS, exists)
    assert github.open_pull(wanted()).number == 4
    assert writes(wire) == ["POST /git/refs", "PUT /contents/k8s/app.yaml", "POST /pulls"]
    assert wire.seen("GET", FILE)[-1].query == {"ref": BRANCH}


def test_a_request_that_comes_between_is_found(wire: GithubWire, github: GithubPipelines) -> None:
    branch_stands(wire, AFTER)
    wire.on("GET", PULLS, [], [PULL])
    errors = [{"message": f"A pull request already exists for acme:{BRANCH}."}]
    wire.on("POST", PULLS, Reply(status=422, body={"message": "Validation Failed", "errors": errors}))
    assert github.open_pull(wanted()).number == 4


def test_a_branch_on_which_somebody_worked_is_a_conflict(wire: GithubWire, github: GithubPipelines) -> None:
    branch_stands(wire, "a: 1\r\nb: 7\r\n")
    with pytest.raises(Conflict):
        github.open_pull(wanted())
    assert writes(wire) == []


@pytest.mark.parametrize(
    ("step", "status", "message", "kind"),
    [
        (("POST", REFS), 403, "Resource not accessible by integration", Forbidden),
        (("PUT", FILE), 409, f"k8s/app.yaml does not match {SHA}", Conflict),
        (("POST", PULLS), 422, "No commits between main and it", Rejected),
    ],
)
def test_a_refused_step_is_an_error(wire: GithubWire, github: GithubPipelines, step, status, message, kind) -> None:
    wire.on(*step, Reply(status=status, body={"message": message}))
    with pytest.raises(kind, match=message[:30]):
        github.open_pull(wanted())
    assert wire.count(*step) == 1


def test_a_base_that_does_not_exist_is_not_found(wire: GithubWire, github: GithubPipelines) -> None:
    del wire.replies["GET", f"{R}/git/ref/heads/main"]
    with pytest.raises(NotFound, match="no branch main"):
        github.open_pull(wanted())


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({**contents("x"), "encoding": "none", "content": "", "size": 2_000_000}, "larger than 1 MB"),
        ({**contents("x"), "size": 1_048_577}, "larger than 1 MB"),
        ({**contents("x"), "type": "submodule"}, "is a submodule"),
        ({**contents("x"), "content": base64.b64encode(b"\xff\xfe").decode()}, "no text in UTF-8"),
        ({**contents("x"), "content": base64.b64encode(b"a\0b").decode()}, "is no text"),
        ({**contents("x"), "content": "é"}, "no text"),
    ],
)
def test_what_is_no_text_is_rejected(wire: GithubWire, github: GithubPipelines, answer: dict, says: str) -> None:
    wire.on("GET", FILE, answer)
    with pytest.raises(Rejected, match=says):
        github.file("acme/shop", "k8s/app.yaml", "main")
