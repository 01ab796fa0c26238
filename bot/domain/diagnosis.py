"""Diagnosis: ranked hypotheses, each with citations and a confidence that can be explained."""

from datetime import datetime
from enum import StrEnum

from bot.domain.evidence import EvidenceGap
from bot.domain.values import value

MAX_QUOTE = 400


class Category(StrEnum):
    CONFIG = "CONFIG"
    AUTH = "AUTH"
    RESOURCE = "RESOURCE"
    DEPENDENCY = "DEPENDENCY"
    NETWORK = "NETWORK"
    TEST = "TEST"
    UNKNOWN = "UNKNOWN"


class Band(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Origin(StrEnum):
    PATTERN = "pattern"
    RECALL = "recall"
    MODEL = "model"


@value
class Citation:
    """A quote of one line of one piece of evidence, byte for byte as kept, at most 400 characters."""

    evidence_id: str
    line_from: int
    line_to: int
    quote: str


@value
class Group:
    """A named part of what a pattern matched, such as the container or the image."""

    name: str
    value: str


@value
class Symptom:
    """A pattern matched, at this place."""

    pattern_id: str
    statement: str
    citation: Citation
    groups: tuple[Group, ...] = ()


@value
class Factor:
    """One reason for the score. `weight` is in log-odds: positive speaks for, negative against."""

    name: str
    weight: float
    reason: str


@value
class Confidence:
    """The probability, 0..1, that the cause is right, with the reasons that made it."""

    score: float
    factors: tuple[Factor, ...] = ()

    @property
    def band(self) -> Band:
        """High from 0.8, medium from 0.5, else low."""
        return Band.HIGH if self.score >= 0.8 else Band.MEDIUM if self.score >= 0.5 else Band.LOW


@value
class Hypothesis:
    """A candidate cause. One without a supporting citation is never built."""

    cause_id: str
    category: Category
    statement: str
    confidence: Confidence
    supports: tuple[Symptom, ...] = ()
    contradicts: tuple[Symptom, ...] = ()
    origin: Origin = Origin.PATTERN
    remedy: str = ""


@value
class Diagnosis:
    """Ranked hypotheses, best first; empty means that we abstain and `summary` says why."""

    id: str
    incident_id: str
    hypotheses: tuple[Hypothesis, ...] = ()
    gaps: tuple[EvidenceGap, ...] = ()
    summary: str
    made_at: datetime
    versions: tuple[str, ...] = ()

    @property
    def best(self) -> Hypothesis | None:
        """The first hypothesis, or None when abstaining."""
        return self.hypotheses[0] if self.hypotheses else None
