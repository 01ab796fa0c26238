"""`capsule` and `replay`: an incident's recorded exchanges, exported and run again, byte for byte."""

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from bot.bootstrap import peek, replay_desk
from bot.codec import decode_payload
from bot.domain.durable import Job, Lane, Lease
from bot.domain.errors import Unreadable
from bot.domain.values import canonical
from bot.settings import Settings, load_settings
from bot.workflow.table import run_job

FORMAT = 1
PARTS = (("job", dict), ("payload", dict), ("house", dict), ("exchanges", list), ("steps", list))
HOUSE = ("approvers", "team", "proposal_ttl", "verify_window", "simulated")
EXCHANGE = {"port", "method", "args"}


def export(settings: Settings, incident: str, out: Path | None, write: Callable[[str], object]) -> int:
    """Write the capsule of an incident. Raises Unreadable when nothing is recorded of it."""
    recordings = peek(settings).recordings(incident)
    if not recordings:
        raise Unreadable(place=incident, problem="nothing is recorded of it; `audit show` lists the incidents")
    capsule = {
        "format": FORMAT,
        "incident": incident,
        "recordings": [json.loads(each.body) for each in recordings],
    }
    text = json.dumps(capsule, ensure_ascii=False, indent=1) + "\n"
    if out is None:
        write(text)
    else:
        out.write_text(text, encoding="utf-8")
        write(f"{len(recordings)} jobs of {incident} in {out}\n")
    return 0


def replay(path: Path, write: Callable[[str], object]) -> int:
    """Run every recorded job again; raises ReplayDiffers (exit 1) at the first byte that is not the recorded one."""
    capsule = _read(path)
    with tempfile.TemporaryDirectory() as scratch:
        load, close = replay_desk(load_settings(), Path(scratch))
        try:
            steps = 0
            for recording in capsule["recordings"]:
                desk, tape = load(recording)
                run_job(desk, _lease(recording))
                tape.ended()
                steps += len(recording["steps"])
        finally:
            close()
    write(
        f"{capsule['incident']}: {len(capsule['recordings'])} jobs, {steps} durable steps: the same card, the same decisions\n"
    )
    return 0


def _lease(recording: dict[str, Any]) -> Lease:
    payload = decode_payload(canonical(recording["payload"]))
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    job = Job(
        id=recording["job"]["id"],
        payload=payload,
        lane=Lane.CLICKS,
        run_at=moment,
        incident_id=recording["job"]["incident"],
    )
    return Lease(job=job, worker="replay", attempt=recording["job"]["attempt"], until=moment)


def _read(path: Path) -> dict[str, Any]:
    try:
        capsule = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(place=str(path), problem=f"it is not a capsule: {error}") from error
    if (
        not isinstance(capsule, dict)
        or capsule.get("format") != FORMAT
        or not isinstance(capsule.get("recordings"), list)
    ):
        raise Unreadable(place=str(path), problem=f"it is not a capsule of format {FORMAT}")
    for number, recording in enumerate(capsule["recordings"], 1):
        _check(recording, f"{path}: recording {number}")
    return cast("dict[str, Any]", capsule)


def _check(recording: object, place: str) -> None:
    """Check that a recording has its parts and that its payload can be read. Raises Unreadable."""
    if not isinstance(recording, dict):
        raise Unreadable(place=place, problem="it is not an object")
    for part, kind in PARTS:
        if not isinstance(recording.get(part), kind):
            raise Unreadable(place=place, problem=f"{part} is missing or not {kind.__name__}")
    for what, names in (("job", ("id", "incident", "attempt")), ("house", HOUSE)):
        missing = [name for name in names if name not in recording[what]]
        if missing:
            raise Unreadable(place=place, problem=f"{what} lacks {', '.join(missing)}")
    if not all(isinstance(each, dict) and each.keys() >= EXCHANGE for each in recording["exchanges"]):
        raise Unreadable(place=place, problem="an exchange lacks its port, method or args")
    try:
        decode_payload(canonical(recording["payload"]))
    except (Unreadable, KeyError) as error:
        raise Unreadable(place=place, problem=f"its payload cannot be read: {error}") from error
