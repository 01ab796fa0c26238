"""`reduce`: one raw log in, the lines that tell most out."""

from collections.abc import Callable, Iterable, Iterator

from bot.evidence.reduce import masked, reduce
from knowledge.text.clean import strip_terminal
from knowledge.text.redact import Session


def reduce_stream(stream: Iterable[bytes], max_chars: int, write: Callable[[str], object]) -> int:
    """Write at most `max_chars` characters of the log, masked, as a terminal would show them; return the exit code 0.

    Bytes that are not UTF-8 become U+FFFD. Lines keep their order; nothing is added to them.
    """
    kept = reduce(masked(_decoded(stream), Session()), max_chars=max_chars)
    write("".join(f"{strip_terminal(line.text)}\n" for line in kept.lines))
    return 0


def _decoded(stream: Iterable[bytes]) -> Iterator[str]:
    for line in stream:
        yield line.decode("utf-8", "replace")
