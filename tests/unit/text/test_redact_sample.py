"""The labelled sample of secrets and lookalikes in channel history, where the evaluation data is at hand."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.text.redact import redact

pytestmark = pytest.mark.eval


@pytest.fixture(scope="module")
def sample() -> Path:
    named = os.environ.get("CODEHEALER_EVAL_DIR")
    if not named:
        pytest.skip("CODEHEALER_EVAL_DIR is not set")
    for folder in (Path(named) / "incidents", Path(named).parent / "incidents", Path(named)):
        if (folder / "secrets.jsonl").is_file():
            return folder
    pytest.skip("CODEHEALER_EVAL_DIR holds no incidents/secrets.jsonl")


def strings(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list | dict):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from strings(inner)


def messages(folder: Path) -> dict[tuple[str, str], dict[str, object]]:
    channels = [c for name in ("channels.json", "groups.json") for c in json.loads((folder / name).read_text())]
    return {
        (channel["id"], message["ts"]): message
        for channel in channels
        for day in sorted((folder / channel["name"]).glob("*.json"))
        for message in json.loads(day.read_text())
    }


def test_secrets_of_the_sample_are_masked_and_lookalikes_stay(sample: Path) -> None:
    rows = [json.loads(line) for line in (sample / "secrets.jsonl").read_text().splitlines()]
    marks = {row["mark"]: "".join(row["chunks"]) for row in rows if "mark" in row}
    history = messages(sample)
    survived, lost = [], []
    for row in rows:
        message = history[row["channel"], row["ts"]]
        text = "\n".join(strings({key: message.get(key) for key in ("text", "attachments", "blocks")}))
        for mark, value in marks.items():
            text = text.replace(mark, value)
        value = marks.get(row.get("mark"), row.get("value"))
        masked = redact(text).text
        lines = [line for line in value.splitlines() if len(line) > 20] if "\n" in value else [value]
        if row["must_mask"] and any(line in masked for line in lines):
            survived.append(row["kind"])
        elif not row["must_mask"] and value not in masked:
            lost.append(row["kind"])
    must = sum(row["must_mask"] for row in rows)
    print(f"mask recall {1 - len(survived) / must:.3f}, false masks {len(lost)} of {len(rows) - must}")
    assert len(survived) <= 0.03 * must, survived
    assert len(lost) <= 0.03 * (len(rows) - must), lost
