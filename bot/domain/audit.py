"""The audit chain: append-only, each record keyed to the one before it, so that a change anywhere shows."""

import hashlib
import hmac
from datetime import datetime

from bot.domain.values import canonical, value

GENESIS = "0" * 64


@value
class AuditEntry:
    """What happened, before it has a place in the chain. `subject` is an id (`incident:…`), `detail` is redacted text."""

    at: datetime
    actor: str
    verb: str
    subject: str
    detail: str = ""


@value
class AuditRecord:
    seq: int
    at: datetime
    actor: str
    verb: str
    subject: str
    detail: str
    prev_hash: str
    hash: str


def chained(entry: AuditEntry, seq: int, prev_hash: str, key: bytes) -> AuditRecord:
    """Return the entry as the record number `seq`, keyed (HMAC-SHA256) over its content and the hash before it."""
    return AuditRecord(
        seq=seq,
        at=entry.at,
        actor=entry.actor,
        verb=entry.verb,
        subject=entry.subject,
        detail=entry.detail,
        prev_hash=prev_hash,
        hash=_mac(entry, seq, prev_hash, key),
    )


def first_break(records: "list[AuditRecord] | tuple[AuditRecord, ...]", key: bytes) -> int | None:
    """Return the seq of the first record that does not fit the chain from its beginning, or None when it is whole."""
    prev, want = GENESIS, 1
    for record in records:
        entry = AuditEntry(
            at=record.at, actor=record.actor, verb=record.verb, subject=record.subject, detail=record.detail
        )
        if (
            record.seq != want
            or record.prev_hash != prev
            or not hmac.compare_digest(record.hash, _mac(entry, want, prev, key))
        ):
            return record.seq
        prev, want = record.hash, want + 1
    return None


def _mac(entry: AuditEntry, seq: int, prev_hash: str, key: bytes) -> str:
    body = canonical([seq, prev_hash, entry]).encode("utf-8", "surrogatepass")
    return hmac.new(key, body, hashlib.sha256).hexdigest()
