"""make finds a Python that the product supports or says clearly that there is none; servers that are not built are skipped by name."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def _fake_python(path: Path, version: str, *, supported: bool) -> Path:
    """A program that answers like that Python where the Makefile asks: `-c`, `--version`, `-m venv DIR`, `-m pip`."""
    path.write_text(
        f"""#!/bin/sh
case "$1 $2" in
  "--version "*) echo "Python {version}" ;;
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip") echo "$@" >> pip.log ;;
  "-m bot") echo "started by {version}: $3" ;;
  "-c "*) exit {0 if supported else 1} ;;
esac
"""
    )
    path.chmod(0o755)
    return path


def _make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "Makefile", folder)
    for name in ["requirements.txt", "requirements-dev.txt"]:
        if not (folder / name).exists():
            (folder / name).touch()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_first_supported_python_is_taken(tmp_path: Path) -> None:
    old = _fake_python(tmp_path / "old", "3.9.18", supported=False)
    good = _fake_python(tmp_path / "good", "3.12.1", supported=True)
    done = _make(tmp_path, "run", f"PYTHON={tmp_path / 'missing'} {old} {good}")
    assert done.returncode == 0, done.stderr
    assert "started by 3.12.1: up" in done.stdout


def test_run_installs_only_what_running_needs(tmp_path: Path) -> None:
    good = _fake_python(tmp_path / "good", "3.13.0", supported=True)
    _make(tmp_path, "run", f"PYTHON={good}")
    assert [line.split()[-1] for line in (tmp_path / "pip.log").read_text().splitlines()] == ["requirements.txt"]


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    good = _fake_python(tmp_path / "good", "3.13.0", supported=True)
    _make(tmp_path, "setup", f"PYTHON={good}")
    log = (tmp_path / "pip.log").read_text()
    assert _make(tmp_path, "setup", f"PYTHON={good}").returncode == 0
    assert (tmp_path / "pip.log").read_text() == log


def test_another_version_says_so(tmp_path: Path) -> None:
    old = _fake_python(tmp_path / "old", "3.9.18", supported=False)
    done = _make(tmp_path, "run", f"PYTHON={old} {tmp_path / 'missing'}")
    assert done.returncode != 0
    assert "CodeHealer needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert f"{old} is Python 3.9.18" in done.stderr
    assert f"{tmp_path / 'missing'}: not found" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_help_lists_every_target_that_a_person_may_want() -> None:
    done = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, timeout=60, check=True)
    for target in ["run", "setup", "test", "test-servers", "lint", "bench", "clean"]:
        assert f"  make {target} " in done.stdout


def test_servers_that_are_not_built_are_skipped_by_name(tmp_path: Path) -> None:
    environment = {
        name: text for name, text in os.environ.items() if name not in {"BUILD", "CODEHEALER_TEST_KUBECONFIG"}
    }
    environment["KUBERNETES_TESTBED_CACHE"] = str(tmp_path)
    command = [ROOT / ".ci" / "test-servers", "tests/integration/test_real_cluster_way.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("skipped: kubernetes testbed")
    assert "CODEHEALER_TEST_KUBECONFIG is not set" in done.stdout
