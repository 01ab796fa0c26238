"""`python -m bot.sandbox`: serve the loopback world until SIGTERM or SIGINT.

Prints one line of JSON on stdout when everything listens (docs/sandbox.md), then nothing. Exit 0 after a signal,
2 when a port is taken or an option is wrong.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from bot.sandbox.argocd_api import serve_argocd
from bot.sandbox.github_act import Act, find_act
from bot.sandbox.github_api import serve_github
from bot.sandbox.github_simulation import Simulation
from bot.sandbox.kubernetes_api import serve_kubernetes
from bot.sandbox.server import start_sandbox

_SCENARIOS = Path(__file__).resolve().parents[2] / "config" / "scenarios"


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bot.sandbox", description=__doc__.split("\n")[0] if __doc__ else ""
    )
    port = os.environ.get("CODEHEALER_SANDBOX_PORT") or "0"
    parser.add_argument("--port", type=int, default=port, help="port of Slack, page and control (0: any free one)")
    parser.add_argument("--kubernetes-port", type=int, default=0, help="port of the Kubernetes API (0: any free one)")
    parser.add_argument("--argocd-port", type=int, default=0, help="port of Argo CD (0: any free one)")
    parser.add_argument("--github-port", type=int, default=0, help="port of GitHub (0: any free one)")
    parser.add_argument(
        "--github-runner",
        choices=("simulated", "act"),
        default="simulated",
        help="who runs jobs: the scenario's rules, or the program act on this machine (CODEHEALER_ACT, else on PATH)",
    )
    parser.add_argument("--scenarios", type=Path, default=_SCENARIOS, help="folder of scenario folders")
    parser.add_argument(
        "--limits",
        choices=("on", "off"),
        default="off" if os.environ.get("CODEHEALER_SANDBOX_LIMITS") == "off" else "on",
        help="Slack's rate limits",
    )
    options = parser.parse_args()
    try:
        options.runner = Act(find_act(), options.scenarios) if options.github_runner == "act" else Simulation()
    except OSError as missing:
        parser.error(str(missing))
    return options


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    cluster = await serve_kubernetes(options.kubernetes_port, options.scenarios)
    github = argocd = None
    try:
        github = await serve_github(options.github_port, options.scenarios, runner=options.runner)
        argocd = await serve_argocd(options.argocd_port, cluster.cluster, options.scenarios, github)
        sandbox = await start_sandbox(
            cluster,
            options.scenarios,
            github=github,
            argocd=argocd,
            port=options.port,
            limits_on=options.limits == "on",
        )
    except OSError:
        for started in (argocd, cluster, github):
            if started is not None:
                await started.close()
        raise
    try:
        sys.stdout.write(json.dumps(sandbox.line()) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await sandbox.close()


def main() -> int:
    options = _read_options()
    try:
        asyncio.run(_serve(options))
    except OSError as taken:
        sys.stderr.write(f"sandbox: cannot listen: {taken}; choose another --port or CODEHEALER_SANDBOX_PORT\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
