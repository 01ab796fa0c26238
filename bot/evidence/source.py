"""Where a piece of evidence comes from, and the one way that readers write lines."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.alert import Target
from bot.domain.cluster import Quantity
from bot.domain.evidence import Excerpt, Fact, Line
from bot.domain.values import value

MAX_LINE = 1_000
MAX_LINES = 200
MAX_MESSAGE_LINES = 20


@value
class Source:
    """The identity that a reader gives its evidence. `at` is when the platform answered."""

    id: str
    target: Target
    at: datetime


def numbered(lines: Iterable[str]) -> Excerpt:
    """Return the lines as an excerpt numbered from 1, at most 200 lines of at most 1,000 characters."""
    texts = list(lines)
    kept = tuple(Line(number=n, text=text[:MAX_LINE]) for n, text in enumerate(texts[:MAX_LINES], 1))
    return Excerpt(lines=kept, total_lines=len(texts), truncated=len(texts) > MAX_LINES)


def described(indent: str, name: str, text: str) -> Iterable[str]:
    """Yield `name: text` as `kubectl describe` would, nothing for an empty text; more lines of it are indented below."""
    first, *more = text.strip().splitlines() or [""]
    if first:
        yield f"{indent}{name}: {first}"
        yield from (f"{indent}  {line}" for line in more[:MAX_MESSAGE_LINES])


def facts(**values: object) -> tuple[Fact, ...]:
    """Return the values that are there as facts; None and the empty text are not, False is `false`."""
    return tuple(
        Fact(name=name, value=str(each).lower() if isinstance(each, bool) else str(each))
        for name, each in values.items()
        if each is not None and each != ""
    )


def amounts(quantities: tuple[Quantity, ...]) -> str:
    """Return resource amounts in one line: `cpu 500m, memory 256Mi`."""
    return ", ".join(f"{each.name} {each.amount}" for each in quantities)


def masked_count(excerpt: Excerpt) -> int:
    """Return how many placeholders of masked secrets the kept lines hold."""
    return sum(line.text.count("<secret:") for line in excerpt.lines)
