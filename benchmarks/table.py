"""The report: one table, the bot's columns with the echo beside it, then what was missed."""

from collections.abc import Callable, Sequence

from benchmarks.results import Cpu, Phase, Spread

Cell = Callable[[Phase], str]


def _spread(which: Callable[[Phase], Spread]) -> Cell:
    def cell(phase: Phase) -> str:
        got = which(phase)
        return f"{_time(got.p50)} / {_time(got.p95)} / {_time(got.max)}" if got.count else "-"

    return cell


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _cpu(at: int) -> Cell:
    def cell(phase: Phase) -> str:
        used: Cpu = phase.cpu[at]
        return f"{used.share:.0%} ({used.seconds * 1000 / phase.alerts:.1f} ms an alert)"

    return cell


_ROWS: tuple[tuple[str, Cell, bool], ...] = (
    # what, how, whether it says something of the echo too
    ("alerts", lambda p: str(p.alerts), True),
    ("got a first card (echo: an answer)", lambda p: str(p.answered), True),
    ("got a full card", lambda p: str(p.finished), False),
    ("  of those with a cause", lambda p: str(p.with_cause), False),
    ('  of those as one post, never "looking"', lambda p: str(p.coalesced), False),
    ("answered twice", lambda p: str(p.twice), True),
    ("lost", lambda p: str(p.lost), True),
    ("out of order in their channel", lambda p: str(p.out_of_order), True),
    ("calls refused with 429 / for another reason", lambda p: f"{p.rate_limited} / {p.refused}", True),
    ("deliveries sent again or lost / late acks", lambda p: f"{p.lost_deliveries} / {p.late_acks}", True),
    ("ack p50 / p95 / slowest", _spread(lambda p: p.ack), True),
    ("first card p50 / p95 / slowest", _spread(lambda p: p.first), True),
    ("full card p50 / p95 / slowest", _spread(lambda p: p.full), False),
    ("time until all had their full card", lambda p: _time(p.drained), True),
    ("Web API calls", lambda p: str(p.calls), True),
    ("warnings in the log", lambda p: str(p.warnings), True),
    ("CPU of the process, share of one core", _cpu(0), True),
    ("CPU of its sandbox", _cpu(1), True),
    ("memory of the process at the end", lambda p: f"{p.cpu[0].mebibytes:.0f} MiB", True),
)


def table(phases: Sequence[Phase]) -> str:
    """Return the Markdown table, one column a phase and subject."""
    rows = [["", *(f"{phase.name}, {phase.subject}" for phase in phases)]]
    for title, cell, of_echo in _ROWS:
        rows.append([title, *(cell(phase) if of_echo or phase.subject == "bot" else "-" for phase in phases)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
