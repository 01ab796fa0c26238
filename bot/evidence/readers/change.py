"""Who pushed what since it last went well."""

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.pipeline import Commit
from bot.evidence.source import Source, facts, masked_count, numbered

MAX_COMMITS = 50


def read_change(commits: tuple[Commit, ...], since: str, base: str, path: str, source: Source) -> Evidence:
    """Return the commits, newest first, one line each: `abc1234 ana: message`. Messages are masked already.

    `since` is what went well, in words, `base` its commit, `path` the folder that the commits touch (empty: any). Facts:
    changes (how many), author and commit of the newest, base, path.
    """
    newest = commits[0] if commits else None
    excerpt = numbered(_line(commit) for commit in commits[:MAX_COMMITS]) if commits else numbered(["no commit"])
    many = len(commits) != 1
    count = f"{len(commits)} commits" if many else "1 commit"
    touching = f" that {'touch' if many else 'touches'} {path}" if path else ""
    return Evidence(
        id=source.id,
        kind=EvidenceKind.CHANGE,
        target=source.target,
        summary=f"{count}{touching} since {since}" if commits else f"The same commit as {since}",
        excerpt=excerpt,
        facts=facts(
            changes=len(commits),
            author=newest.author if newest else "",
            commit=newest.sha if newest else "",
            base=base,
            path=path,
        ),
        url=newest.url if newest else "",
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def _line(commit: Commit) -> str:
    files = f" ({', '.join(commit.files[:5])})" if commit.files else ""
    return f"{commit.sha[:7]} {commit.author or 'unknown'}: {' '.join(commit.message.split())[:200]}{files}"
