"""Sizes and names stay human: docs/design.md, section 5, rules 10 and 11."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = [path for room in ("bot", "knowledge") for path in sorted((ROOT / room).rglob("*.py"))]
SUPPORT = [path for room in ("tests", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]

MODULE_LINES = 400
TEST_LINES = 600
FUNCTION_LINES = 60  # the aim is 40; nothing goes beyond this

# file -> why it may be longer. A file that has become short enough must leave this list.
LONGER_MODULES: dict[str, str] = {}

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _too_long(paths: list[Path], limit: int) -> dict[str, int]:
    return {_name(path): _lines(path) for path in paths if _lines(path) > limit}


def long_functions(source: str) -> dict[str, int]:
    """Name -> lines of each function in the source that is longer than FUNCTION_LINES, decorators not counted."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    sizes = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    return {name: size for name, size in sizes.items() if size > FUNCTION_LINES}


def test_modules_have_at_most_400_lines() -> None:
    assert {name: size for name, size in _too_long(PRODUCT, MODULE_LINES).items() if name not in LONGER_MODULES} == {}


def test_test_modules_have_at_most_600_lines() -> None:
    assert {name: size for name, size in _too_long(SUPPORT, TEST_LINES).items() if name not in LONGER_MODULES} == {}


def test_the_exceptions_are_still_needed() -> None:
    long = _too_long(PRODUCT, MODULE_LINES) | _too_long(SUPPORT, TEST_LINES)
    assert set(LONGER_MODULES) - set(long) == set()


def test_functions_have_at_most_60_lines() -> None:
    found = {
        f"{_name(path)}:{name}": size for path in PRODUCT for name, size in long_functions(path.read_text()).items()
    }
    assert found == {}


def test_a_long_function_is_seen() -> None:
    body = "\n".join("    x = 1" for _ in range(FUNCTION_LINES))
    assert long_functions(f"def short():\n    pass\n\n\nasync def long():\n{body}\n") == {"long": FUNCTION_LINES + 1}


def test_names_say_the_thing() -> None:
    assert [_name(path) for path in [*PRODUCT, *SUPPORT] if SAYS_NOTHING & {path.stem, path.parent.name}] == []


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.name == "__init__.py"], ids=_name)
def test_a_package_says_the_rule_of_its_room(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{_name(path)} has no docstring"


def test_every_room_is_a_package() -> None:
    folders = {path.parent for path in PRODUCT}
    assert [_name(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_test_files_have_unique_names() -> None:
    names = [path.name for path in SUPPORT if path.name.startswith("test_")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
