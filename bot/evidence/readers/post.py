"""The alert's own words."""

from bot.domain.alert import Post
from bot.domain.evidence import Evidence, EvidenceKind, Excerpt
from bot.evidence.source import Source, facts, masked_count


def post_lines(post: Post) -> list[str]:
    """Return everything readable in the post, line by line, the headline first even when the text does not repeat it."""
    lines = post.text.splitlines()
    headline = post.title.strip()
    if headline and not any(headline in line for line in lines[:3]):
        lines.insert(0, headline)
    return lines


def read_post(post: Post, kept: Excerpt, source: Source) -> Evidence:
    """Return the post as evidence. `kept` is what the reducer kept of `post_lines`."""
    return Evidence(
        id=source.id,
        kind=EvidenceKind.POST,
        target=source.target,
        summary=f"The post by {post.author or 'an app'}",
        excerpt=kept,
        facts=facts(author=post.author, title=post.title),
        collected_at=source.at,
        redactions=masked_count(kept),
    )
