"""Where a piece of evidence comes from, and the one way that readers write lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.alert import Target
from bot.domain.cluster import Quantity
from bot.domain.evidence import Excerpt, Fact, Line
from bot.domain.values import value

MAX_LINE = 1_000
MAX_LINES = 200
MAX_MESSAGE_LINES = 20
MAX_FACT = 400
MAX_NAME = 100


@value
class Source:
    """The identity that a reader gives its evidence. `at` is when the platform answered."""

    id: str
    target: Target
    at: datetime


def numbered(lines: Iterable[str]) -> Excerpt:
    """Return the lines as an excerpt numbered from 1, at most 200 lines of at most 1,000 characters; each is one line."""
    texts = [" ".join(text.splitlines()) for text in lines]
    kept = tuple(Line(number=n, text=text[:MAX_LINE]) for n, text in enumerate(texts[:MAX_LINES], 1))
    return Excerpt(lines=kept, total_lines=len(texts), truncated=len(texts) > MAX_LINES)


def excerpt_of(lines: Sequence[str], first: int, last: int) -> Excerpt:
    """Return the lines of a file from number `first` to `last` with their own numbers, at most 200 of them."""
    first, last = max(first, 1), min(last, len(lines), max(first, 1) + MAX_LINES - 1)
    kept = tuple(Line(number=n, text=lines[n - 1][:MAX_LINE]) for n in range(first, last + 1))
    return Excerpt(lines=kept, total_lines=len(lines), truncated=len(kept) < len(lines))


def described(indent: str, name: str, text: str) -> Iterable[str]:
    """Yield `name: text` as `kubectl describe` would, nothing for an empty text; more lines of it are indented below."""
    first, *more = text.strip().splitlines() or [""]
    if first:
        yield f"{indent}{name}: {first}"
        yield from (f"{indent}  {line}" for line in more[:MAX_MESSAGE_LINES])


def folded(text: str) -> Iterable[str]:
    """Yield a message as one line, its line ends as spaces; one that is too long goes on in lines indented below."""
    flat = " ".join(text[: 10 * MAX_LINE].split())
    yield flat[:MAX_LINE]
    yield from (f"  {flat[at : at + MAX_LINE - 2]}" for at in range(MAX_LINE, len(flat), MAX_LINE - 2))


def short(name: str) -> str:
    """Return a stranger's name for a thing as one line that fits into a sentence."""
    return " ".join(name[: 2 * MAX_NAME].split())[:MAX_NAME]


def tag_of(image: str) -> str:
    """Return the image's tag, or its digest, or the empty string when it names neither."""
    name, at, digest = image.partition("@")
    if at:
        return digest
    return name.rpartition("/")[2].partition(":")[2]


def facts(**values: object) -> tuple[Fact, ...]:
    """Return the values that are there as facts, at most 400 characters each; None and "" are not, False is `false`."""
    return tuple(
        Fact(name=name, value=str(each).lower() if isinstance(each, bool) else str(each)[:MAX_FACT])
        for name, each in values.items()
        if each is not None and each != ""
    )


def amounts(quantities: tuple[Quantity, ...]) -> str:
    """Return resource amounts in one line: `cpu 500m, memory 256Mi`."""
    return ", ".join(f"{each.name} {each.amount}" for each in quantities)


def masked_count(excerpt: Excerpt) -> int:
    """Return how many placeholders of masked secrets the kept lines hold."""
    return sum(line.text.count("<secret:") for line in excerpt.lines)
