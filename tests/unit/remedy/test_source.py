"""Edits of a file: they lead from what is there to what is wanted, and are small."""

from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.alert import Target
from bot.domain.evidence import Dossier
from bot.domain.pipeline import RepoFile
from bot.remedy.source import Change, NoChange, applied, diff_of, edits_from, edits_text, mended, parses

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LINES = st.lists(st.sampled_from(["a: 1", "b: 2", "c: [x]", "# note", "", "d: x"]), max_size=14).map(tuple)


def file(lines: tuple[str, ...], ref: str, path: str = "x.yaml") -> RepoFile:
    return RepoFile(repo="acme/shop", path=path, ref=ref, blob_sha=f"blob-{ref}", lines=lines)


def change(*files: RepoFile) -> Change | NoChange:
    return mended(Dossier(id="do_1", incident_id="in_1", target=Target(), files=files, collected_at=NOW))


@given(LINES, LINES)
def test_the_way_back_leads_to_the_good_version(bad: tuple[str, ...], good: tuple[str, ...]) -> None:
    found = change(file(bad, "bad"), file(good, "good"))
    assume(isinstance(found, Change))
    assert applied(bad, found.edits) == good
    for edit in found.edits:
        assert bad[edit.first_line - 1 : edit.first_line - 1 + len(edit.old)] == edit.old
        assert edit.blob_sha == "blob-bad"
    assert edits_from(edits_text(found.edits)) == found.edits


@given(LINES, LINES)
def test_the_diff_shows_every_line_that_is_touched(bad: tuple[str, ...], good: tuple[str, ...]) -> None:
    found = change(file(bad, "bad"), file(good, "good"))
    assume(isinstance(found, Change))
    shown = diff_of(found)
    for sign, wanted in (("-", [edit.old for edit in found.edits]), ("+", [edit.new for edit in found.edits])):
        assert [line.text[5:] for line in shown if line.sign == sign] == [line for lines in wanted for line in lines]


def test_of_two_files_none_is_chosen() -> None:
    found = change(
        file(("a: [",), "bad", "a.yaml"),
        file(("a: 1",), "good", "a.yaml"),
        file(("b: [",), "bad", "b @x.yaml"),
        file(("b: 1",), "good", "b @x.yaml"),
    )
    assert isinstance(found, NoChange)
    assert "(a.yaml, b x.yaml)" in found.reason


def test_a_way_back_that_is_no_yaml_is_none() -> None:
    assert isinstance(change(file(("a: 1",), "bad"), file(("a: [",), "good")), NoChange)


def test_what_parses() -> None:
    assert parses(("a: 1", "b: <secret:1>"))
    assert parses(("{{ if x }}", "a: ["))
    assert not parses(("a: [",))
    assert not parses(("a: " + "[" * 100 + "]" * 100,))
    assert not parses(("a: " + "x" * 200_001,))
