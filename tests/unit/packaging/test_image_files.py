"""The image runs live, as nobody in particular, without the sandbox; compose gives it no more than it needs."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} +(.*)$", DOCKERFILE, re.MULTILINE)


def test_the_python_is_pinned_and_one_that_we_support() -> None:
    (image,) = [line.partition("=")[2] for line in instructions("ARG") if line.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", image)


def test_it_runs_live_and_without_root() -> None:
    assert instructions("USER")[-1] == "10001:10001"
    assert instructions("ENTRYPOINT") == ['["python", "-m", "bot"]']
    assert instructions("CMD") == ['["run"]']
    environment = " ".join(instructions("ENV"))
    assert "CODEHEALER_MODE=live" in environment
    assert "CODEHEALER_DATA_DIR=/data" in environment


def test_the_sandbox_and_local_secrets_stay_outside() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*", "nothing goes in unless it is named"
    assert {rule for rule in rules if rule.startswith("!")} == {
        "!bot",
        "!knowledge",
        "!config",
        "!requirements.txt",
        "!LICENSE",
    }
    assert rules.index("bot/sandbox") > rules.index("!bot")


def test_chart_and_image_agree_about_the_user() -> None:
    assert "runAsUser: 10001" in (ROOT / "charts" / "codehealer" / "templates" / "deployment.yaml").read_text()


def test_compose_takes_every_privilege_away() -> None:
    bot = COMPOSE["services"]["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in bot
    assert "ports" not in bot, "Socket Mode needs no open port"


def test_versions_agree() -> None:
    chart = yaml.safe_load((ROOT / "charts" / "codehealer" / "Chart.yaml").read_text())
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert chart["appVersion"] == version
    assert COMPOSE["services"]["bot"]["image"] == f"codehealer:{version}"
