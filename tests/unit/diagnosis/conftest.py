from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.patterns_yaml import load_calibration, load_patterns
from bot.diagnosis.calibrate import Calibration
from bot.diagnosis.match import Matcher
from bot.domain.alert import Target
from bot.domain.evidence import Dossier, Evidence, EvidenceGap, EvidenceKind, Excerpt, Fact, Line

CONFIG = Path(__file__).resolve().parents[3] / "config"
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

Piece = Callable[..., Evidence]
Case = Callable[..., Dossier]


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return Matcher(load_patterns(CONFIG / "failure_patterns"))


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    return load_calibration(CONFIG / "calibration.json")


@pytest.fixture(scope="session")
def piece() -> Piece:
    """Make evidence: `piece(EvidenceKind.LOG, "line one\\nline two", last_reason="Error")`."""

    def make(kind: EvidenceKind, text: str, **facts: str) -> Evidence:
        lines = tuple(Line(number=number, text=line) for number, line in enumerate(text.split("\n"), 1))
        return Evidence(
            id=f"ev_{kind.value}",
            kind=kind,
            target=Target(),
            summary="",
            excerpt=Excerpt(lines=lines, total_lines=len(lines)),
            facts=tuple(Fact(name=name, value=value) for name, value in facts.items()),
            collected_at=AT,
        )

    return make


@pytest.fixture(scope="session")
def case() -> Case:
    def make(*evidence: Evidence, gaps: tuple[EvidenceGap, ...] = ()) -> Dossier:
        return Dossier(id="do_1", incident_id="inc_1", target=Target(), evidence=evidence, gaps=gaps, collected_at=AT)

    return make
