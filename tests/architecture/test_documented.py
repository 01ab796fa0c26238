"""What a person can set or type is documented: settings in .env.example and docs/configuration.md, commands in docs/cli.md."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).resolve().parents[2]
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
OURS = re.compile(r"\b(?:CODEHEALER|SLACK|GITHUB|ARGOCD|OPENSEARCH|REDIS|LLM)_[A-Z][A-Z_]*[A-Z]\b|\bKUBECONFIG\b")


def example_names(text: str) -> set[str]:
    """Names that .env.example sets or shows commented out."""
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def documented_names(text: str) -> set[str]:
    """Names in the first column of the tables of docs/configuration.md."""
    return {
        name
        for row in re.findall(r"^\|([^|]+)\|", text, re.MULTILINE)
        for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)
    }


def command_names(app: typer.Typer) -> set[str]:
    """All commands of the app, subcommands as `group command`."""

    def walk(group: object, path: str) -> set[str]:
        children = getattr(group, "commands", None)
        if children is None:
            return {path.strip()}
        return {name for key, child in children.items() for name in walk(child, f"{path} {key}") if not child.hidden}

    return walk(typer.main.get_command(app), "")


def _module(name: str, path: str):
    if not (ROOT / path).exists():
        pytest.skip(f"{path} is not written yet")
    return importlib.import_module(name)


def test_every_name_of_the_example_is_documented() -> None:
    missing = {
        name for name in example_names(ENV_EXAMPLE) if name.removesuffix("_FILE") not in documented_names(CONFIGURATION)
    }
    assert missing - documented_names(CONFIGURATION) == set()


def test_every_documented_name_is_in_the_example() -> None:
    assert documented_names(CONFIGURATION) - example_names(ENV_EXAMPLE) == set()


def test_every_setting_is_in_the_example_and_documented() -> None:
    module = _module("bot.settings", "bot/settings.py")
    names = set(module.names())
    literal = set(OURS.findall((ROOT / "bot" / "settings.py").read_text(encoding="utf-8")))
    known = example_names(ENV_EXAMPLE) | {f"{name}_FILE" for name in example_names(ENV_EXAMPLE)}
    assert "SLACK_BOT_TOKEN" in names
    assert (names | literal) - known == set(), "missing in .env.example"
    assert {name.removesuffix("_FILE") for name in names} - {
        name.removesuffix("_FILE") for name in documented_names(CONFIGURATION)
    } == set(), "missing in docs/configuration.md"


def test_every_command_is_documented() -> None:
    module = _module("bot.cli", "bot/cli.py")
    apps = [item for item in vars(module).values() if isinstance(item, typer.Typer)]
    assert apps, "bot/cli.py has no typer.Typer"
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    names = set().union(*(command_names(app) for app in apps[:1]))
    assert {name for name in names if not re.search(rf"`(?:python -m bot )?{re.escape(name)}\b", text)} == set()


def test_names_are_found_where_they_stand() -> None:
    assert example_names("A_B=\n# C_D=1\n# a sentence: E=1\n#F=2\n") == {"A_B", "C_D"}
    assert documented_names("| `A_B`, `A_B_FILE` | of `C_D` |\n|---|---|\n") == {"A_B", "A_B_FILE"}
