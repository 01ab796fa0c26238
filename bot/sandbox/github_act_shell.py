"""A shell around the steps that act runs, so that what a failing step printed is read to its end.

act (0.2.89) reads a step's output from a pseudo terminal and stops at once when a step fails, whatever it has not read yet:
on a busy machine the words that say why. So a step that failed says that it is over, and ends when its last words were read.
"""

import re
import shlex
from pathlib import Path
from typing import Any

_OVER = re.compile(r"@@sandbox-step-over (\d{1,10}-\d{1,10})\r?\n?\Z")
_WRAPPER = """#!/usr/bin/env bash
"$@"
code=$?
if [ $code != 0 ]; then
  name=$$-$RANDOM
  echo "@@sandbox-step-over $name"
  for _ in $(seq 500); do [ -e "$(dirname "$0")/read/$name" ] && break; sleep 0.01; done
fi
exit $code
"""
_SHELLS = {
    "": "bash -e {0}",
    "bash": "bash --noprofile --norc -e -o pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}


class StepShell:
    """Belongs to one attempt; `folder` is its own. `wrap` gives a workflow's steps the shell, `take` answers them."""

    def __init__(self, folder: Path) -> None:
        self._program, self._read = folder / "run-step", folder / "read"
        self._read.mkdir(parents=True)
        self._program.write_text(_WRAPPER, encoding="utf-8")
        self._program.chmod(0o700)

    def wrap(self, document: dict[str, Any], jobs: dict[str, Any]) -> None:
        """Change the steps of these jobs of the workflow; shells that are not known stay as they are."""
        usual = _shell_of(document)
        for job in jobs.values():
            of_job = _shell_of(job) or usual
            for step in job.get("steps") or []:
                shell = str(step.get("shell") or of_job)
                command = _SHELLS.get(shell, shell)
                if "run" in step and "{0}" in command:
                    step["shell"] = f"{shlex.quote(str(self._program))} {command}"

    def take(self, text: str) -> str | None:
        """Return what a step printed, without the word that it is over; None when it was that word alone."""
        over = _OVER.search(text)
        if over is None:
            return text
        (self._read / over[1]).touch()
        return text[: over.start()] or None


def _shell_of(spec: dict[str, Any]) -> str:
    return str(((spec.get("defaults") or {}).get("run") or {}).get("shell") or "")
