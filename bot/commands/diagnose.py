"""`diagnose`: a log, or what kubectl and argocd printed, in; the cause with its confidence and its quotes out."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.diagnosis.actions import ESCALATE
from bot.diagnosis.calibrate import Calibration
from bot.diagnosis.diagnose import Judgement, explain, judge
from bot.diagnosis.match import Matcher
from bot.domain.alert import Target
from bot.domain.diagnosis import Category, Diagnosis, Symptom
from bot.domain.evidence import Dossier
from bot.domain.values import value
from bot.evidence.readers.signals import SIGNALS, read_signals
from bot.evidence.source import Source
from knowledge.text.clean import strip_terminal
from knowledge.text.redact import Session

CLUSTER_PLATFORMS = ("kubernetes", "argocd", "helm")
"""Platforms whose plain text is read as a container's log; any other is read as a CI log."""

MAX_ERROR = 200
Write = Callable[[str], object]


@value
class Diagnoser:
    """What the commands need ready: patterns, calibration and the time."""

    patterns: Matcher
    calibration: Calibration
    now: datetime


def diagnose_one(
    stream: Iterable[str], platform: str, as_json: bool, explained: bool, write: Write, diagnoser: Diagnoser
) -> int:
    """Write the diagnosis of one text; return 0, or 1 when it abstains.

    Plain text unless `as_json`, which prints one object as `diagnose_jsonl` does; `explained` adds the reasons.
    """
    name = "logs" if platform in CLUSTER_PLATFORMS else "log"
    dossier = dossier_of("stdin", {name: "".join(stream)}, diagnoser.now)
    judged = judge(dossier, diagnoser.patterns, diagnoser.calibration)
    if as_json:
        write(_json(answer("stdin", judged, diagnoser.patterns)) + "\n")
    else:
        write(_printable(_plain(judged, dossier, explained, diagnoser)) + "\n")
    return 0 if judged.hypotheses else 1


def diagnose_jsonl(lines: Iterable[str], write: Write, diagnoser: Diagnoser) -> int:
    """Answer every line with one JSON line, in order; return 0, or 2 when a line could not be read."""
    code = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        id_: object = None
        try:
            asked = json.loads(line)
            id_ = asked.get("id") if isinstance(asked, dict) else None
            dossier = dossier_of(str(id_), texts_of(asked), diagnoser.now)
        except (ValueError, RecursionError) as error:
            write(_json({"id": id_, "error": f"line {number}: {error}"[:MAX_ERROR]}) + "\n")
            code = 2
            continue
        judged = judge(dossier, diagnoser.patterns, diagnoser.calibration)
        write(_json(answer(id_, judged, diagnoser.patterns)) + "\n")
    return code


def texts_of(asked: Any) -> Mapping[str, str]:
    """Return the texts of a request by signal name. Raises ValueError that says what is wrong with it."""
    if not isinstance(asked, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 - every refusal here is a ValueError
    if not isinstance(asked.get("id"), str | int):
        raise ValueError("needs an id, a text or a number")  # noqa: TRY004
    signals = asked.get("signals") or {}
    if not isinstance(signals, dict):
        raise ValueError("signals must be an object of texts")  # noqa: TRY004
    if "log" not in asked and "signals" not in asked:
        raise ValueError("needs a log or signals")
    named = {**signals, "log": asked.get("log")}
    if asked.get("platform") in CLUSTER_PLATFORMS and named["log"]:
        named["logs"] = named.pop("log")
    for name, text in named.items():
        if text is not None and not isinstance(text, str):
            raise ValueError(f"{name} must be a text")
    return {name: text for name, text in named.items() if text and name in SIGNALS}


def dossier_of(id_: str, texts: Mapping[str, str], now: datetime) -> Dossier:
    """Return the texts as a dossier; secrets are numbered from 1 in each."""
    source = Source(id=id_, target=Target(), at=now)
    evidence = read_signals(texts, source, Session())
    return Dossier(id=id_, incident_id=id_, target=Target(), evidence=evidence, collected_at=now)


def answer(id_: object, judged: Judgement, patterns: Matcher) -> dict[str, object]:
    """Return one answer: category, cause, confidence, evidence, root_cause, action. An abstention says UNKNOWN."""
    if not judged.hypotheses:
        return {
            "id": id_,
            "category": Category.UNKNOWN.value,
            "cause": "",
            "confidence": judged.abstention,
            "evidence": [_evidence(symptom) for symptom in judged.hint],
            "root_cause": judged.summary,
            "action": ESCALATE,
            "hypotheses": [],
        }
    best = judged.hypotheses[0]
    lead = patterns.pattern(best.supports[0].pattern_id)
    return {
        "id": id_,
        "category": best.category.value,
        "cause": best.cause_id,
        "confidence": best.confidence.score,
        "evidence": [_evidence(symptom) for symptom in best.supports],
        "root_cause": best.statement,
        "action": lead.action if lead else ESCALATE,
        "hypotheses": [
            {"cause": each.cause_id, "category": each.category.value, "confidence": each.confidence.score}
            for each in judged.hypotheses
        ],
    }


def _evidence(symptom: Symptom) -> dict[str, object]:
    citation = symptom.citation
    return {"quote": citation.quote, "line": citation.line_from, "source": citation.evidence_id.rpartition(":")[2]}


def _plain(judged: Judgement, dossier: Dossier, explained: bool, diagnoser: Diagnoser) -> str:
    if explained:
        return explain(
            Diagnosis(
                id=dossier.id,
                incident_id=dossier.incident_id,
                hypotheses=judged.hypotheses,
                summary=judged.summary,
                made_at=diagnoser.now,
            )
        )
    if not judged.hypotheses:
        return judged.summary
    best = judged.hypotheses[0]
    sure = best.confidence
    quotes = [f"  line {each.citation.line_from}: {each.citation.quote.strip()}" for each in best.supports[:3]]
    return "\n".join(
        [f"{best.category.value} {best.cause_id} {sure.score:.2f} ({sure.band.value})", best.statement, *quotes]
    )


def _json(thing: object) -> str:
    """Return ASCII JSON, so that even a lone surrogate of the input can be printed on any terminal."""
    return json.dumps(thing)


def _printable(text: str) -> str:
    return strip_terminal(text).encode("utf-8", "replace").decode("utf-8")
