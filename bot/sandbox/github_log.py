"""Job logs in the shape of GitHub's own: what the runner prints around the output of the steps, and the text and zip."""

import io
import zipfile
from datetime import UTC, datetime

from bot.sandbox.github_state import Attempt, Job, Step
from bot.sandbox.github_workflow import JobSpec, StepSpec

SET_UP, COMPLETE = "Set up job", "Complete job"
_HAS_POST = ("actions/checkout", "actions/setup-", "actions/cache", "docker/login-action", "docker/setup-buildx-action")
_RUNNER = "2.329.0"


def step_names(spec: JobSpec) -> list[str]:
    """List the steps that GitHub shows for a job: its own around those of the file."""
    posts = [f"Post {step.name}" for step in reversed(spec.steps) if step.uses.startswith(_HAS_POST)]
    return [SET_UP, *(step.name for step in spec.steps), *posts, COMPLETE]


def new_steps(spec: JobSpec) -> list[Step]:
    return [Step(number=number, name=name) for number, name in enumerate(step_names(spec), 1)]


def set_up_lines(job: Job, spec: JobSpec) -> list[str]:
    uses = sorted({step.uses for step in spec.steps if step.uses and not step.uses.startswith("./")})
    return [
        f"Current runner version: '{_RUNNER}'",
        "##[group]Runner Image Provisioner",
        "Hosted Compute Agent",
        "##[endgroup]",
        "##[group]Operating System",
        "Ubuntu",
        "24.04.3",
        "LTS",
        "##[endgroup]",
        "##[group]GITHUB_TOKEN Permissions",
        "Contents: read",
        "Metadata: read",
        "Packages: write",
        "##[endgroup]",
        "Secret source: Actions",
        "Prepare workflow directory",
        "Prepare all required actions",
        *(["Getting action download info"] if uses else []),
        *(f"Download action repository '{each}'" for each in uses),
        f"Complete job name: {job.name}",
    ]


def begin_lines(step: StepSpec) -> list[str]:
    """Write what the runner prints before a step's own output."""
    if step.uses:
        lines = [f"##[group]Run {step.uses}"]
        if step.inputs:
            lines += ["with:", *(f"  {name}: {_shown(value)}" for name, value in step.inputs.items())]
    else:
        script = step.run.rstrip().split("\n")
        lines = [f"##[group]Run {script[0]}", *(f"\x1b[36;1m{line}\x1b[0m" for line in script)]
        lines.append("shell: /usr/bin/bash -e {0}")
    if step.env:
        lines += ["env:", *(f"  {name}: {_shown(value)}" for name, value in step.env.items())]
    return [*lines, "##[endgroup]"]


def _shown(value: str) -> str:
    return "***" if "secrets." in value or "github.token" in value else value


def post_lines(name: str) -> list[str]:
    """Write what a post step prints: noise that says nothing of the failure."""
    if "checkout" not in name.lower() and "check out" not in name.lower():
        return ["Post job cleanup."]
    return [
        "Post job cleanup.",
        "[command]/usr/bin/git version",
        "git version 2.51.0",
        "Adding repository directory to the temporary git global config as a safe directory",
        "[command]/usr/bin/git config --local --name-only --get-regexp core\\.sshCommand",
        "[command]/usr/bin/git config --local --name-only --get-regexp http\\.https\\:\\/\\/github\\.com\\/\\.extraheader",
        "http.https://github.com/.extraheader",
        "[command]/usr/bin/git config --local --unset-all http.https://github.com/.extraheader",
    ]


COMPLETE_LINES = ("Cleaning up orphan processes",)


def _line(moment: float, text: str, number: int) -> str:
    """Write one line; lines of the same moment get stamps a little apart, in their order."""
    ticks = int(moment * 10_000_000) + number * 1_237
    whole = datetime.fromtimestamp(ticks // 10_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ticks % 10_000_000:07d}Z {text}\n"


def job_log(job: Job) -> str:
    """Give the whole log, as the redirect of `jobs/{id}/logs` leads to: it begins with a byte order mark."""
    return "\ufeff" + "".join(_line(moment, text, n) for n, (moment, text, _) in enumerate(job.lines))


def run_zip(attempt: Attempt) -> bytes:
    """Pack an attempt's logs as `runs/{id}/logs` leads to: a file a job, and a folder with a file a step."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(attempt.jobs):
            name = job.name.replace("/", "")
            archive.writestr(f"{number}_{name}.txt", job_log(job))
            for step in job.steps:
                own = [_line(m, text, n) for n, (m, text, of) in enumerate(job.lines) if of == step.number]
                if own:
                    archive.writestr(f"{name}/{step.number}_{step.name.replace('/', '')}.txt", "".join(own))
    return packed.getvalue()
