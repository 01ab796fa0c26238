"""The import contracts of .importlinter hold walls that can fall: a clean house keeps them, a bad import breaks them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CLEAN_HOUSE = {
    "bot/__main__.py": "from bot import cli",
    "bot/cli.py": "import typer\nfrom bot.commands import run",
    "bot/commands/__init__.py": "",
    "bot/commands/run.py": "import typer\nfrom bot import bootstrap, settings",
    "bot/bootstrap.py": "from bot import settings\nfrom bot.adapters import clock, kubernetes\nfrom bot.slack import app",
    "bot/settings.py": "import pydantic_settings\nfrom bot.domain import alert",
    "bot/ports.py": "from bot.domain import alert",
    "bot/domain/__init__.py": "",
    "bot/domain/alert.py": "from datetime import datetime",
    "bot/intake/__init__.py": "",
    "bot/intake/parse.py": "import re\nfrom bot.domain import alert\nfrom knowledge.text import redact",
    "bot/evidence/__init__.py": "from bot import ports",
    "bot/workflow/__init__.py": "from bot import intake, evidence, ports",
    "bot/slack/__init__.py": "",
    "bot/slack/app.py": "import slack_bolt\nfrom bot import workflow",
    "bot/adapters/__init__.py": "",
    "bot/adapters/clock.py": "import time",
    "bot/adapters/kubernetes.py": "import kubernetes\nfrom bot import ports",
    "bot/sandbox/__init__.py": "",
    "bot/sandbox/slack.py": "import aiohttp\nfrom bot.sandbox import limits",
    "bot/sandbox/limits.py": "",
    "bot/__init__.py": "",
    "knowledge/__init__.py": "",
    "knowledge/text/__init__.py": "",
    "knowledge/text/redact.py": "import re",
}

LAYERS = "Rooms import downwards only, siblings do not know each other"
ALONE = "knowledge knows nothing of bot"
PURE = "The inside knows no vendor SDK, socket, process, clock or chance"
STDLIB = "domain is made of the standard library only"
HOMES = "One home for each vendor SDK"
WIRING = "Only bootstrap imports adapters, and adapters do not know each other"
SETTINGS = "Only bootstrap and the command line read settings"
ORACLE = "The sandbox knows nobody"
HIDDEN = "Nobody knows the sandbox"

# file, the import added to it, the contract that must break, and what its report must say
BAD_IMPORTS = [
    ("bot/intake/parse.py", "from bot import evidence", LAYERS, "bot.intake.parse -> bot.evidence"),
    ("bot/domain/alert.py", "from bot import ports", LAYERS, "bot.domain.alert -> bot.ports"),
    ("bot/helpers.py", "import re", LAYERS, "bot.helpers"),
    ("knowledge/text/redact.py", "from bot.domain import alert", ALONE, "knowledge.text.redact -> bot.domain.alert"),
    ("bot/workflow/__init__.py", "import random", PURE, "bot.workflow -> random"),
    ("knowledge/text/redact.py", "import time", PURE, "knowledge.text.redact -> time"),
    ("bot/newroom/__init__.py", "import logging", PURE, "bot.newroom -> logging"),
    ("bot/domain/alert.py", "import yaml", STDLIB, "bot.domain.alert -> yaml"),
    ("bot/slack/app.py", "import kubernetes", HOMES, "bot.slack.app -> kubernetes"),
    ("bot/adapters/clock.py", "import slack_sdk", HOMES, "bot.adapters.clock -> slack_sdk"),
    ("bot/slack/app.py", "from bot.adapters import clock", WIRING, "bot.slack.app -> bot.adapters.clock"),
    (
        "bot/adapters/clock.py",
        "from bot.adapters import kubernetes",
        WIRING,
        "bot.adapters.clock -> bot.adapters.kubernetes",
    ),
    ("bot/workflow/__init__.py", "from bot import settings", SETTINGS, "bot.workflow -> bot.settings"),
    ("bot/sandbox/slack.py", "from bot.domain import alert", ORACLE, "bot.sandbox.slack -> bot.domain.alert"),
    ("bot/sandbox/limits.py", "import slack_sdk", ORACLE, "bot.sandbox.limits -> slack_sdk"),
    ("bot/cli.py", "from bot.sandbox import slack", HIDDEN, "bot.cli -> bot.sandbox.slack"),
]


def _lint(folder: Path, extra: list[tuple[str, str]]) -> tuple[int, str]:
    """Build the house with the extra lines in `folder` and return lint-imports' status and output."""
    for name, text in [*CLEAN_HOUSE.items(), *extra]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("a") as file:
            file.write(text + "\n")
    shutil.copy(ROOT / ".importlinter", folder)
    tool = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    done = subprocess.run(
        [tool, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Contract name -> what lint-imports reports about it, in a house with every bad import at once."""
    status, output = _lint(tmp_path_factory.mktemp("house"), [(file, line) for file, line, _, _ in BAD_IMPORTS])
    assert status == 1, output
    parts = re.split(r"^(.+)\n-+\n", output.partition("Broken contracts")[2], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_a_clean_house_keeps_every_contract(tmp_path: Path) -> None:
    status, output = _lint(tmp_path, [])
    assert status == 0, output


@pytest.mark.parametrize(
    ("file", "line", "contract", "report"), BAD_IMPORTS, ids=[f"{f}+{i}" for f, i, _, _ in BAD_IMPORTS]
)
def test_a_bad_import_breaks_its_contract(
    broken: dict[str, str], file: str, line: str, contract: str, report: str
) -> None:
    assert report in broken.get(contract, ""), f"{line!r} in {file} broke {sorted(broken)}"
