"""The inside takes time, ids and chance as arguments, prints nothing and reads no environment (docs/design.md, section 5).

The import contracts forbid whole modules; this looks at what they cannot see: `datetime.now` and the like.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

EDGES = (
    "bot/__main__",
    "bot/cli",
    "bot/commands",
    "bot/bootstrap",
    "bot/settings",
    "bot/codec",
    "bot/yaml_file",
    "bot/slack",
    "bot/webhooks",
    "bot/adapters",
    "bot/sandbox",
)
KNOWLEDGE_EDGES = ("knowledge/stores", "knowledge/embedders")
SPEAKS = ("bot/__main__", "bot/cli", "bot/commands", "bot/sandbox/__main__")  # may print
READS_ENVIRONMENT = ("bot/__main__", "bot/cli", "bot/commands", "bot/settings", "bot/bootstrap", "bot/sandbox")

CLOCKS_AND_CHANCE = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "os.urandom",
    "random",
    "secrets",
    "time",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid7",
)
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")
PRINTING = ("print", "sys.stdout", "sys.stderr")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _files(without: tuple[str, ...]) -> list[Path]:
    """All files of the product but those under the given paths (`bot/cli` is bot/cli.py and bot/cli/)."""
    paths = [path for room in ("bot", "knowledge") for path in sorted((ROOT / room).rglob("*.py"))]

    def is_under(path: Path) -> bool:
        name = _name(path).removesuffix(".py")
        return any(name == prefix or name.startswith(f"{prefix}/") for prefix in without)

    return [path for path in paths if not is_under(path)]


def uses(source: str, names: tuple[str, ...]) -> list[str]:
    """`line: dotted name` for every mention in the source of one of the names, or of something below it, aliases resolved."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                head = item.name.partition(".")[0]
                aliases[item.asname or head] = item.name if item.asname else head
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}

    def dotted(node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return aliases.get(node.id, node.id if node.id == "print" else None)
        if isinstance(node, ast.Attribute) and (head := dotted(node.value)):
            return f"{head}.{node.attr}"
        return None

    found = {
        (node.lineno, full)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and (full := dotted(node))
        if any(full == name or full.startswith(f"{name}.") for name in names)
    }
    return [f"{line}: {full}" for line, full in sorted(found)]


def _violations(files: list[Path], names: tuple[str, ...]) -> list[str]:
    return [f"{_name(path)}:{use}" for path in files for use in uses(path.read_text(encoding="utf-8"), names)]


def test_the_inside_has_no_clock_and_no_chance() -> None:
    assert _violations(_files(EDGES + KNOWLEDGE_EDGES), CLOCKS_AND_CHANCE) == []


def test_only_settings_and_the_wiring_touch_the_environment() -> None:
    assert _violations(_files(READS_ENVIRONMENT), ENVIRONMENT) == []


def test_only_the_command_line_prints() -> None:
    assert _violations(_files(SPEAKS), PRINTING[:1]) == []
    assert _violations(_files(EDGES), PRINTING) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime\nx = datetime.now()", ["2: datetime.datetime.now"]),
        ("import datetime as dt\nx = dt.date.today", ["2: datetime.date.today"]),
        ("from datetime import datetime as D, UTC\ndef f(now=D.now): ...", ["2: datetime.datetime.now"]),
        ("from uuid import uuid4\nx = uuid4()", ["2: uuid.uuid4"]),
        ("import random as r\nx = r.choice([1])", ["2: random", "2: random.choice"]),
        ("from time import monotonic\nmonotonic()", ["2: time.monotonic"]),
        ("import os\nos.urandom(3)", ["2: os.urandom"]),
        ("from datetime import datetime\ndef f(post, time):\n    return time + datetime.fromtimestamp(post.time)", []),
        ("import os.path\nos.path.join('a', 'b')", []),
    ],
)
def test_clocks_and_chance_are_seen(source: str, found: list[str]) -> None:
    assert uses(source, CLOCKS_AND_CHANCE) == found


def test_prints_and_the_environment_are_seen() -> None:
    source = "import os\nfrom os import environ as e\nprint(os.getenv('A'), e['B'])\nself.print()"
    assert uses(source, PRINTING + ENVIRONMENT) == ["3: os.environ", "3: os.getenv", "3: print"]
