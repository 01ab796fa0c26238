"""Floors under the figures of the scorers, on labelled real failures (reached through CODEHEALER_EVAL_DIR).

The patterns were written by people who had read these cases: the figures are a guard against losses, not a measure of
what happens on new ones.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FLOORS = {
    "k8s": {"category": 0.9, "evidence_at_1": 0.8, "evidence_at_3": 0.88, "action": 0.88},
    "ci": {"category": 0.9, "evidence_at_1": 0.8, "evidence_at_3": 0.88, "action": 0.88},
}


def scored(script: str, *arguments: str) -> dict[str, float]:
    folder = Path(os.environ.get("CODEHEALER_EVAL_DIR", "")) / "eval"
    if "CODEHEALER_EVAL_DIR" not in os.environ or not (folder / script).is_file():
        pytest.skip(f"CODEHEALER_EVAL_DIR has no {script}")
    files = [str(folder / each) if each.endswith(".jsonl") else each for each in arguments]
    done = subprocess.run(
        [sys.executable, str(folder / script), *files, "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    return json.loads(done.stdout)


@pytest.mark.eval
@pytest.mark.parametrize("name", ["k8s", "ci"])
def test_diagnoses_stay_above_their_floors(name: str) -> None:
    figures = scored("score_diagnosis.py", f"{name}.jsonl", "--cmd", f"{sys.executable} -m bot diagnose --jsonl")
    low = {key: figures[key] for key, floor in FLOORS[name].items() if figures[key] < floor}
    assert low == {}
    assert figures["ungrounded_quotes"] == 0
    assert figures["confident_errors"] <= 0.05


@pytest.mark.eval
def test_the_reducer_keeps_what_matters() -> None:
    figures = scored("score_reducer.py", "--cmd", f"{sys.executable} -m bot reduce --max-chars {{max_chars}}")
    assert figures["recall"] >= 0.93
    assert figures["worst"] >= 0.75
    assert figures["over_budget"] == 0
