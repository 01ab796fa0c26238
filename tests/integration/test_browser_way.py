"""By clicking alone: from the failure to the verified fix, and in its twin to the honest failure, in a real browser.

`make run`'s own command is started; screenshots are left in SCREENSHOTS (var/screenshots) for people to look at.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = Path(os.environ.get("CODEHEALER_SCREENSHOTS", "var/screenshots"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
]


@pytest.fixture
def url(tmp_path_factory):
    """The address that `make run` prints, without any token in its environment."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "CODEHEALER_", "KUBECONFIG"))
    }
    folder = tmp_path_factory.mktemp("run")
    product = subprocess.Popen(
        [sys.executable, "-m", "bot", "up"],
        stdout=subprocess.PIPE,
        text=True,
        env={**clean, "CODEHEALER_DATA_DIR": str(folder)},
    )
    said = ""
    while "Open http" not in said:
        line = product.stdout.readline()
        assert line, said
        said += line
    yield re.search(r"Open (\S+)", said)[1]
    product.send_signal(signal.SIGINT)
    assert product.wait(20) == 0
    product.stdout.close()


@pytest.fixture
def page(url):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(20_000)
        page.goto(url)
        yield page
        browser.close()


def picture(page, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def cause(page, scenario):
    page.click('[data-testid="cause-failure"]')
    page.click(f'[data-testid="scenario-{scenario}"]')
    page.locator('[data-testid="open-thread"]').last.click()
    return page.locator('[data-testid="thread-panel"]')


def approve(page, thread, name):
    thread.locator('[data-action-id="heal_review"]').click()
    modal = page.locator('[data-testid="modal"]')
    modal.get_by_text("What changes").wait_for()
    picture(page, f"{name}-2-review")
    page.click('[data-testid="modal-submit"]')
    modal.get_by_text("Approved").wait_for()
    page.click('[data-testid="modal-close"]')


def test_a_person_clicks_from_the_failure_to_the_verified_fix(page):
    thread = cause(page, "oom-killed")
    thread.get_by_text("was OOMKilled").first.wait_for()
    picture(page, "oom-killed-1-diagnosed")
    approve(page, thread, "oom-killed")
    thread.get_by_text(re.compile("^Verified: the fix")).first.wait_for(timeout=60_000)
    thread.locator('[data-action-id="heal_review"]').wait_for(state="detached")
    picture(page, "oom-killed-3-verified")
    assert thread.get_by_text("Only visible to you").count() >= 1


def test_in_the_twin_the_fix_does_not_help_and_that_is_said(page):
    thread = cause(page, "oom-leak")
    thread.get_by_text("was OOMKilled").first.wait_for()
    approve(page, thread, "oom-leak")
    thread.get_by_text(re.compile("^Verification failed")).first.wait_for(timeout=60_000)
    thread.get_by_text(re.compile("^Escalated")).first.wait_for()
    picture(page, "oom-leak-3-escalated")


def test_a_person_who_may_not_approve_is_told_so(page):
    thread = cause(page, "oom-killed")
    thread.get_by_text("was OOMKilled").first.wait_for()
    page.click('[data-testid="person-switch"]')
    page.get_by_text("Ben Okafor").click()
    thread.locator('[data-action-id="heal_review"]').first.click()
    page.locator('[data-testid="modal"]').get_by_text("not among the approvers").wait_for()
    picture(page, "refused-1-review")
    page.click('[data-testid="modal-submit"]')
    page.click('[data-testid="modal-close"]')
    thread.get_by_text("not among the approvers").wait_for()
    assert thread.locator('[data-action-id="heal_review"]').count() == 1
