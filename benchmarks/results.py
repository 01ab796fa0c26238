"""From the sandbox's call log and deliveries to the figures of one phase. Pure: rows in, values out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

LOOKING = "Looking into "
"""How a first card begins that knows nothing yet (bot/report/status.py); any other text is the full card."""
NO_CAUSE = "no cause found"
GAVE_UP = "I could not finish"
"""How the card of an alert begins whose job failed again and again: an answer, but no full card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Seconds: how many, median, 95th percentile (nearest rank), slowest."""

    count: int = 0
    p50: float = 0.0
    p95: float = 0.0
    max: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Spread":
        rows = sorted(seconds)
        if not rows:
            return cls()
        return cls(count=len(rows), p50=_rank(rows, 50), p95=_rank(rows, 95), max=rows[-1])


def _rank(rows: Sequence[float], percent: int) -> float:
    return rows[max(0, -(-len(rows) * percent // 100) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """What one process used while the phase ran: seconds of CPU, share of one core, resident memory at its end."""

    process: str
    seconds: float
    share: float
    mebibytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One subject in one phase. Latencies run from the moment the sandbox wrote the alert's frame to the socket."""

    name: str
    subject: str
    alerts: int
    answered: int
    finished: int
    with_cause: int
    coalesced: int
    twice: int
    lost: int
    unfinished: int
    out_of_order: int
    ack: Spread
    first: Spread
    full: Spread
    drained: float
    rate_limited: int
    refused: int
    late_acks: int
    lost_deliveries: int
    calls: int
    warnings: int = 0
    cpu: tuple[Cpu, ...] = ()


@dataclass(slots=True)
class _Answer:
    """What one alert got, from the calls in their order."""

    posts: int = 0
    ts: str = ""
    first: float = 0.0
    first_order: int = 0
    full: float = 0.0
    cause: bool = False
    coalesced: bool = False


class Answers:
    """Reads the call log row by row; `alerts` are the (channel, ts) that were posted."""

    def __init__(self, alerts: Iterable[tuple[str, str]], *, echo: bool) -> None:
        self._found = {alert: _Answer() for alert in alerts}
        self._cards: dict[tuple[str, str], _Answer] = {}
        self._echo = echo
        self.rate_limited = self.refused = self.calls = 0

    def read(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.calls += 1
            self.rate_limited += row["status"] == 429
            self.refused += row["status"] != 429 and not row["ok"]
            if not row["ok"]:
                continue
            if row["method"] == "chat.postMessage":
                self._posted(row)
            elif row["method"] == "chat.update":
                card = self._cards.get((row["channel"], row["ts"]))
                if card is not None:
                    self._filled(card, row)

    def _posted(self, row: Row) -> None:
        answer = self._found.get((row["channel"], row["thread_ts"]))
        if answer is None:
            return
        answer.posts += 1
        if answer.posts > 1:
            return
        answer.ts, answer.first, answer.first_order = row["ts"], row["received"], self.calls
        self._cards[row["channel"], row["ts"]] = answer
        self._filled(answer, row)
        answer.coalesced = bool(answer.full)

    def _filled(self, answer: _Answer, row: Row) -> None:
        if answer.full or (not self._echo and row["text"].startswith((LOOKING, GAVE_UP))):
            return
        answer.full = row["received"]
        answer.cause = NO_CAUSE not in row["text"]

    @property
    def open(self) -> int:
        """How many alerts still wait for their full card."""
        return sum(not each.full for each in self._found.values())

    def phase(self, name: str, subject: str, deliveries: Row, began: float) -> Phase:
        """Return the figures; `began` is the sandbox's monotonic second at which the first alert was posted."""
        rows = deliveries["deliveries"]
        sent = {(row["channel"], row["ts"]): row["sent_at"] for row in rows if row["sent_at"] and row["name"] in _ALERT}
        mine = [(key, each) for key, each in self._found.items()]
        answered = [(key, each) for key, each in mine if each.posts]
        finished = [(key, each) for key, each in answered if each.full]
        return Phase(
            name=name,
            subject=subject,
            alerts=len(mine),
            answered=len(answered),
            finished=len(finished),
            with_cause=sum(each.cause for _, each in finished),
            coalesced=sum(each.coalesced for _, each in finished),
            twice=sum(each.posts > 1 for _, each in mine),
            lost=len(mine) - len(answered),
            unfinished=len(answered) - len(finished),
            out_of_order=_out_of_order(answered),
            ack=Spread.of(row["acked_at"] - row["sent_at"] for row in rows if row["acked_at"] and row["sent_at"]),
            first=Spread.of(each.first - sent[key] for key, each in answered if key in sent),
            full=Spread.of(each.full - sent[key] for key, each in finished if key in sent),
            drained=max((each.full or each.first for _, each in answered), default=began) - began,
            rate_limited=self.rate_limited,
            refused=self.refused,
            late_acks=sum(attempt["late"] for row in rows for attempt in row["attempts"]),
            lost_deliveries=sum(row["state"] != "acked" or len(row["attempts"]) > 1 for row in rows),
            calls=self.calls,
        )


_ALERT = frozenset({"message", "message.bot_message"})


def _out_of_order(answered: list[tuple[tuple[str, str], _Answer]]) -> int:
    """Count the cards that were posted before the card of an earlier alert of their channel."""
    by_channel: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (channel, ts), each in answered:
        by_channel[channel].append((ts, each.first_order))
    count = 0
    for rows in by_channel.values():
        latest = 0
        for _, order in sorted(rows):
            count += order < latest
            latest = max(latest, order)
    return count
