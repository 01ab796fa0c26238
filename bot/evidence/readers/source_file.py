"""A manifest in the source: the line that the failure names, else what changed since it last went well."""

from bot.domain.delivery import AppResource
from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.pipeline import RepoFile
from bot.evidence.manifest_text import declares
from bot.evidence.source import Source, excerpt_of, facts, masked_count

AROUND = 12


def read_source(
    file: RepoFile, before: RepoFile | None, line: int, wanted: tuple[AppResource, ...], page: str, source: Source
) -> Evidence:
    """Return the lines around the place that matters, with their numbers in the file. Masked already.

    `before` is the file at the last good revision, `line` what the failure names (0: nothing), `page` the address of a
    commit of the repository. Facts: path, revision, line, last_good, changed_from and changed_to (the lines that differ
    from the last good revision's), declares (`Deployment/api`). The address is the line at the failing revision.
    """
    changed = changed_lines(before.lines, file.lines) if before is not None else (0, 0)
    declared = next((found for each in wanted if (found := declares(file.lines, each))), 1)
    focus = line or changed[0] or declared
    last = changed[1] if changed[0] == focus else focus
    excerpt = excerpt_of(file.lines, focus - AROUND, last + AROUND)
    home = page.partition("/commit/")[0] if "/commit/" in page else ""
    return Evidence(
        id=source.id,
        kind=EvidenceKind.SOURCE,
        target=source.target,
        summary=f"{file.path} at {file.ref[:7]}, line {focus}" + (" (changed)" if changed[0] else ""),
        excerpt=excerpt,
        facts=facts(
            path=file.path,
            revision=file.ref,
            line=focus,
            last_good=before.ref if before is not None else "",
            changed_from=changed[0] or None,
            changed_to=changed[1] or None,
            declares=f"{wanted[0].kind}/{wanted[0].name}" if wanted else "",
        ),
        url=f"{home}/blob/{file.ref}/{file.path}#L{focus}" if home else "",
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def changed_lines(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[int, int]:
    """Return the first and last line of `after` between what both begin and end with; zeros when they are equal.

    One span, linear in the files: where lines were only taken out, it is the line that follows.
    """
    if before == after:
        return 0, 0
    start = 0
    shortest = min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    end = 0
    while end < shortest - start and before[-1 - end] == after[-1 - end]:
        end += 1
    first, last = start + 1, len(after) - end
    return min(first, max(len(after), 1)), max(last, min(first, max(len(after), 1)))
