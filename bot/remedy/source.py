"""The small change to a file of the source: which lines become which, why, and how a person is shown it."""

import json
from collections.abc import Iterator
from difflib import SequenceMatcher

import yaml

from bot.domain.action import DiffLine
from bot.domain.delivery import Application
from bot.domain.evidence import Dossier
from bot.domain.pipeline import FileEdit, RepoFile
from bot.domain.values import canonical, value
from bot.remedy.manifests.mend import MASK, mends, spliced
from bot.remedy.manifests.scan import Entry, entries
from bot.remedy.quantity import same
from bot.remedy.quoting import plain

MAX_EDITS = 5
MAX_LINES_TOUCHED = 20
MAX_LINE_TOUCHED = 300
MAX_DIFFED = 2_000
MAX_PARSED = 200_000
MAX_DEPTH = 60
CONTEXT = 2


@value
class Change:
    """Edits of one file, and why: `title` for a headline ("Correct deploy.yaml"), `why` in sentences of ours."""

    file: RepoFile
    edits: tuple[FileEdit, ...]
    verb: str
    why: tuple[str, ...]


@value
class NoChange:
    """No change is certain enough; the reason is a sentence for the card."""

    reason: str


def versions(dossier: Dossier) -> tuple[tuple[RepoFile, RepoFile | None], ...]:
    """Return each file as it is at the failing revision, with its last good version beside it where that is known."""
    found: dict[tuple[str, str, str], list[RepoFile]] = {}
    for file in dossier.files:
        found.setdefault((file.connection, file.repo, file.path), []).append(file)
    return tuple((first, next((f for f in more if f.ref != first.ref), None)) for first, *more in found.values())


def mended(dossier: Dossier) -> Change | NoChange:
    """Return the one small change that mends a manifest the failure names, else the way back to its last good version."""
    pairs = versions(dossier)
    if not pairs:
        return NoChange(reason="Which file of the source is wrong is not known, so no change is proposed.")
    changes = [change for file, good in pairs if (change := _mend(file, good))]
    if not changes:
        changes = [change for file, good in pairs if good is not None and (change := _back(file, good))]
    if len(changes) == 1:
        return changes[0]
    if changes:
        paths = ", ".join(plain(each.file.path) for each in changes[:3])
        return NoChange(reason=f"More than one file may be wrong ({paths}), so no single change is proposed.")
    return NoChange(reason="No small change is certain to mend the source; it needs a person who knows what was meant.")


def _mend(file: RepoFile, good: RepoFile | None) -> Change | None:
    found = mends(file.lines, good.lines if good else ())
    edits = tuple(
        FileEdit(path=file.path, blob_sha=file.blob_sha, first_line=each.line, old=(each.old,), new=(each.new,))
        for each in found
    )
    if not edits or not parses(applied(file.lines, edits)):
        return None
    why = tuple(f"Line {each.line}: {each.why}." for each in found)
    return Change(file=file, edits=edits, verb="Correct", why=why)


def _back(file: RepoFile, good: RepoFile) -> Change | None:
    """Return the change that makes the file what it was; None when it is not small, or touches what is masked.

    Small is what a person reads whole: at most five places, twenty lines, none longer than 300 characters.
    """
    if not file.lines or max(len(file.lines), len(good.lines)) > MAX_DIFFED:
        return None
    hunks = _hunks(file.lines, good.lines)
    if not hunks or len(hunks) > MAX_EDITS or sum(max(b - a, d - c) for a, b, c, d in hunks) > MAX_LINES_TOUCHED:
        return None
    edits = tuple(
        FileEdit(path=file.path, blob_sha=file.blob_sha, first_line=a + 1, old=file.lines[a:b], new=good.lines[c:d])
        for a, b, c, d in hunks
    )
    if any(MASK in line or len(line) > MAX_LINE_TOUCHED for edit in edits for line in (*edit.old, *edit.new)):
        return None
    if not parses(applied(file.lines, edits)):
        return None
    why = f"The lines are put back as they were at {plain(good.ref, 8)}, the last revision that worked."
    return Change(file=file, edits=edits, verb="Restore", why=(why,))


def _hunks(lines: tuple[str, ...], good: tuple[str, ...]) -> list[tuple[int, int, int, int]]:
    """Return which lines [a:b] become which good lines [c:d], in order and apart from each other.

    One that only inserts takes a line beside it along, so that it has a place; two that then share a line are one.
    """
    found: list[tuple[int, int, int, int]] = []
    for tag, a, b, c, d in SequenceMatcher(None, lines, good, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        hunk = (a, b, c, d) if a < b else (a - 1, b, c - 1, d) if a > 0 else (a, b + 1, c, d + 1)
        if found and hunk[0] < found[-1][1]:
            first = found.pop()
            hunk = (first[0], hunk[1], first[2], hunk[3])
        found.append(hunk)
    return found


def raised(
    dossier: Dossier, *, kind: str, name: str, container: str, old: str, new: str, also_request: bool
) -> Change | NoChange:
    """Return the change that sets the container's memory limit in the one manifest that holds it."""
    places = [
        (file, limit, request)
        for file, _ in versions(dossier)
        for limit, request in _limits(file, kind, name, container)
        if same(limit.bare, old)
    ]
    if len(places) != 1:
        reason = "the limit does not stand there as a plain value" if not places else "it stands in more than one place"
        return NoChange(reason=f"The memory limit of {container} was not found in the source: {reason}.")
    file, limit, request = places[0]
    edits = [_value_edit(file, limit, new)]
    if also_request and request is not None and same(request.bare, old):
        edits.append(_value_edit(file, request, new))
    if any(MASK in line for edit in edits for line in edit.old):
        return NoChange(reason="The line of the source that holds the limit is masked, so it is not changed.")
    why = f"The memory limit of container {container} is raised from {old} to {new}."
    ordered = tuple(sorted(edits, key=lambda each: each.first_line))
    return Change(file=file, edits=ordered, verb="Raise the memory limit in", why=(why,))


def _limits(file: RepoFile, kind: str, name: str, container: str) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield where the container's memory limit stands, with its request; only in the manifest of that kind and name."""
    found = entries(file.lines)
    for number in sorted({each.document for each in found}):
        document = [each for each in found if each.document == number]
        at = {(*each.path, each.key): each for each in document}
        if _bare(at, "kind") != kind or _bare(at, "metadata", "name") != name:
            continue
        for each in document:
            if each.key == "name" and each.bare == container and each.below("spec", "containers"):
                limit = at.get((*each.path, "resources", "limits", "memory"))
                if limit is not None and limit.is_plain:
                    yield limit, at.get((*each.path, "resources", "requests", "memory"))


def _bare(at: dict[tuple[str, ...], Entry], *path: str) -> str:
    return at[path].bare if path in at else ""


def _value_edit(file: RepoFile, entry: Entry, new: str) -> FileEdit:
    old = file.lines[entry.line - 1]
    line = spliced(file.lines, entry, new)
    return FileEdit(path=file.path, blob_sha=file.blob_sha, first_line=entry.line, old=(old,), new=(line,))


def applied(lines: tuple[str, ...], edits: tuple[FileEdit, ...]) -> tuple[str, ...]:
    """Return the lines with the edits made, from the last to the first so that numbers hold."""
    after = list(lines)
    for edit in sorted(edits, key=lambda each: each.first_line, reverse=True):
        after[edit.first_line - 1 : edit.first_line - 1 + len(edit.old)] = edit.new
    return tuple(after)


def parses(lines: tuple[str, ...]) -> bool:
    """Return whether the lines are YAML at least; a template is not looked into. Depth and size are bounded."""
    text = "\n".join(lines)
    if "{{" in text:
        return True
    if len(text) > MAX_PARSED:
        return False
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                return False
    except (yaml.YAMLError, ValueError):
        return False
    return True


def diff_of(change: Change) -> tuple[DiffLine, ...]:
    """Return the change as a diff with line numbers, two lines of context around each edit."""
    lines, shown = change.file.lines, [DiffLine(sign=" ", text=change.file.path)]
    for edit in change.edits:
        first, after = edit.first_line, edit.first_line + len(edit.old)
        shown.append(DiffLine(sign=" ", text=f"@@ line {first} @@"))
        shown += [_context(lines, n) for n in range(max(1, first - CONTEXT), first)]
        shown += [DiffLine(sign="-", text=f"{n:>4} {text}") for n, text in enumerate(edit.old, first)]
        shown += [DiffLine(sign="+", text=f"{n:>4} {text}") for n, text in enumerate(edit.new, first)]
        shown += [_context(lines, n) for n in range(after, min(after + CONTEXT, len(lines) + 1))]
    return tuple(shown)


def _context(lines: tuple[str, ...], number: int) -> DiffLine:
    return DiffLine(sign=" ", text=f"{number:>4} {lines[number - 1][:MAX_LINE_TOUCHED]}")


def edits_text(edits: tuple[FileEdit, ...]) -> str:
    """Return edits as a step's parameter."""
    return canonical(edits)


def edits_from(text: str) -> tuple[FileEdit, ...]:
    """Return the edits of a step's parameter; what `edits_text` wrote, and nothing else, is read."""
    return tuple(
        FileEdit(
            path=each["path"],
            blob_sha=each["blob_sha"],
            first_line=each["first_line"],
            old=tuple(each["old"]),
            new=tuple(each["new"]),
        )
        for each in json.loads(text)
    )


def base_of(app: Application | None, file: RepoFile, branch: str) -> str:
    """Return the branch to change: the one that the application follows in that repository, else the run's; empty: default."""
    if app is None:
        return branch
    name = file.repo.lower()
    for each in app.sources:
        if each.repo_url.lower().removesuffix(".git").endswith(name):
            return "" if each.target_revision in {"", "HEAD"} else each.target_revision.removeprefix("refs/heads/")
    return ""
