"""`python -m benchmarks`: burst, steady rate and paced storm; prints one table. Exit 1 when a target is missed.

--quick is a try of ten seconds and 200 alerts (its figures are no proof); --json prints one object in place of the table.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import aiohttp

from benchmarks.drive import CHANNELS, Driver
from benchmarks.processes import Failed, Stage, stage
from benchmarks.results import Phase
from benchmarks.table import table
from benchmarks.targets import missed

PER_SECOND = 20.0
PHASES = ("burst", "steady", "paced")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--alerts", type=int, default=1000, help="alerts of the burst (default 1000)")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the steady phase (default 60)")
    parser.add_argument("--paced", type=int, default=300, help="alerts of the paced storm (default 300)")
    parser.add_argument("--only", choices=PHASES, action="append", help="run this phase alone (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="200 alerts, 10 seconds, 60 alerts paced: a try")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    if options.quick:
        options.alerts, options.seconds, options.paced = 200, 10.0, 60
    options.only = tuple(options.only or PHASES)
    return options


def _say(words: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {words}\n")


async def _unpaced(subject: str, options: argparse.Namespace) -> tuple[list[Phase], float]:
    """Run burst and steady rate on one pair of processes; return the phases and the very first full card's seconds."""
    phases = []
    with stage(subject, limits="off", channel_rate="0") as running:
        async with _driver(running) as driver:
            cold = await driver.warm_up()
            if "burst" in options.only:
                _say(f"{subject}: {options.alerts} alerts at once over {CHANNELS} channels")
                phases.append(await driver.burst(options.alerts))
            if "steady" in options.only:
                _say(f"{subject}: {PER_SECOND:g} a second for {options.seconds:g} s")
                phases.append(await driver.steady(PER_SECOND, options.seconds))
    return phases, cold


async def _paced(options: argparse.Namespace) -> list[Phase]:
    with stage("bot", limits="on", channel_rate=None) as running:
        async with _driver(running) as driver:
            _say(f"bot: {options.paced} alerts at once, Slack's limits on, default pacing")
            return [await driver.burst(options.paced, "paced")]


@contextlib.asynccontextmanager
async def _driver(running: Stage) -> Any:
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as http:
        yield Driver(running, http)


async def _run(options: argparse.Namespace) -> tuple[list[Phase], float]:
    phases: list[Phase] = []
    cold = 0.0
    if {"burst", "steady"} & set(options.only):
        echo, _ = await _unpaced("echo", options)
        product, cold = await _unpaced("bot", options)
        phases = [each for pair in zip(product, echo, strict=True) for each in pair]
    if "paced" in options.only:
        phases += await _paced(options)
    return phases, cold


def _machine(before: tuple[float, ...]) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": round(before[0], 2),
        "load_after": round(os.getloadavg()[0], 2),
    }


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """Take SIGTERM like Ctrl-C (which a shell's background job ignores), so that the processes are ended in any case."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT)),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> int:
    options = _options()
    before = os.getloadavg()
    try:
        with _told_to_end():
            phases, cold = asyncio.run(_run(options))
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    except Failed as failed:
        _say(str(failed))
        return 2
    found = missed(phases)
    machine = _machine(before)
    if options.json:
        made = {
            "machine": machine,
            "cold_full_card": cold,
            "phases": [asdict(each) for each in phases],
            "missed": found,
        }
        sys.stdout.write(json.dumps(made, indent=1) + "\n")
        return int(bool(found))
    facts = f"{machine['date']}, {machine['cores']} cores, Python {machine['python']}"
    sys.stdout.write(f"\n{facts}, load {machine['load_before']} before and {machine['load_after']} after\n\n")
    sys.stdout.write(table(phases) + "\n\n")
    sys.stdout.write(
        f"The very first alerts after the start had their full card after at most {cold:.2f} s.\n" if cold else ""
    )
    sys.stdout.write("".join(f"MISSED  {line}\n" for line in found) or "Every target is met.\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
