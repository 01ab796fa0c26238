"""Every scenario and its twin by clicking alone, at laptop and phone width: from the failure to the end it has coming.

`make run`'s own command is started, once a width. A person causes all failures of a platform, then goes from thread to
thread: reads the card, reviews, approves, merges where a change waits for it, and reads the end. What a card must come
to stands in each folder's `expected.yaml`. Pictures are left in SCREENSHOTS (var/screenshots) for people to look at.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.fakes.processes import ROOT, clean_environment

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
LAPTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
SIZES = {"laptop": LAPTOP, "phone": PHONE}
PATIENCE_MS = 30_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
]


AXE = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")


@dataclass
class Scenario:
    name: str
    platform: str
    channel: str
    expected: dict[str, object]
    is_first: bool
    """Of its platform."""
    waits: bool
    """For a person who merges its change."""
    ts: str = ""
    """The alert's own, once it was caused."""


def scenarios(platform):
    found = []
    for path in sorted((ROOT / "config" / "scenarios").glob("*/expected.yaml")):
        about = yaml.safe_load((path.parent / "scenario.yaml").read_text())
        if about["platform"] == platform:
            expected = yaml.safe_load(path.read_text())
            found.append(
                Scenario(
                    path.parent.name,
                    platform,
                    about["channel"],
                    expected,
                    not found,
                    "Waiting for change" in expected["outcome"],
                )
            )
    return found


# --- make run, and a person's browser ------------------------------------------------------------------------------------


@contextlib.contextmanager
def make_run(folder):
    """Start what `make run` starts, without any token in its environment; gives the address that it prints."""
    product = subprocess.Popen(
        [sys.executable, "-m", "bot", "up"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=clean_environment(CODEHEALER_DATA_DIR=str(folder), CODEHEALER_VERIFY_WINDOW="5s"),
    )
    try:
        said = ""
        while "Open http" not in said:
            line = product.stdout.readline()
            assert line, said
            said += line
        yield re.search(r"Open (\S+)", said)[1]
    finally:
        product.send_signal(signal.SIGINT)
        code = product.wait(20)
        product.stdout.close()
    assert code == 0


@pytest.fixture(scope="module", params=SIZES)
def size(request):
    return request.param


@pytest.fixture(scope="module")
def url(size, tmp_path_factory):
    with make_run(tmp_path_factory.mktemp(size)) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@contextlib.contextmanager
def visitor(browser, size, url):
    """Somebody at the page for the first time. In the end nothing may have gone wrong there."""
    context = browser.new_context(**SIZES[size], color_scheme="light")
    made = Person(context.new_page(), size)
    made.page.goto(url)
    yield made
    assert made.refused() == []
    assert made.troubles == []
    context.close()


@pytest.fixture
def person(browser, size, url):
    with visitor(browser, size, url) as made:
        made.press("tour-skip")
        yield made


class Person:
    """What a person does at the page, at either width."""

    def __init__(self, page, size):
        self.page, self.size = page, size
        self.troubles = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url} {request.failure}"))
        page.on("response", lambda got: self.troubles.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        self.thread = self.by_id("thread-panel")
        self.modal = self.by_id("modal")

    def by_id(self, name):
        return self.page.locator(f'[data-testid="{name}"]')

    def press(self, name):
        self.by_id(name).click()

    def cause(self, scenario):
        """Choose it in the menu; its thread opens by itself."""
        self.leave_thread()
        self.press("cause-failure")
        self.press(f"scenario-{scenario.name}")
        alert = self.page.locator("#replies [data-testid=message]").first
        alert.wait_for()
        scenario.ts = alert.get_attribute("data-ts")
        assert scenario.ts

    def leave_thread(self):
        """On a phone the thread covers the channel."""
        if self.by_id("thread-close").is_visible():
            self.press("thread-close")

    def show(self, panel):
        self.press(f"key-{panel}" if self.size == "phone" else f"panel-{panel}")

    def open_thread(self, scenario):
        """Go to its channel, find the alert there, and open its thread."""
        if self.by_id("key-slack").is_visible():
            self.press("key-slack")
        self.leave_thread()
        if self.size == "phone":
            self.press("open-sidebar")
        self.press(f"channel-{scenario.channel}")
        alert = self.page.locator(f'#messages [data-ts="{scenario.ts}"]')
        alert.locator('[data-testid="open-thread"]').click()
        self.page.locator(f'#replies [data-ts="{scenario.ts}"]').wait_for()

    def refused(self):
        """Read the app log: what Slack refused of the bot."""
        self.leave_thread()
        if self.size == "phone":
            self.press("open-sidebar")
        self.press("app-log")
        log = self.by_id("log")
        log.wait_for()
        return log.locator("li").all_inner_texts()

    def picture(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"

    def look(self, scenario, state):
        """Leave a picture of this state. Of a platform's first scenario also a dark one, and both have to please axe."""
        name = f"{scenario.name}-{self.size}-{state}"
        self.picture(name)
        if not scenario.is_first:
            return
        found = {}
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            if theme == "dark":
                self.picture(f"{name}-dark")
            found[theme] = self.barriers()
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        assert found == {"light": [], "dark": []}, name

    def barriers(self):
        """Ask axe for what keeps somebody out here: what it calls serious or critical."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate((Path(AXE.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")["violations"]
        return [
            (each["id"], each["nodes"][0]["html"][:160], each["nodes"][0]["failureSummary"][:300])
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]

    # --- the way of one failure ---

    def read_card(self, scenario):
        self.open_thread(scenario)
        card = self.thread.locator("[data-testid=message]", has=self.page.locator('[data-action-id="heal_review"]'))
        card.wait_for()
        target = scenario.expected["target"]
        said = card.inner_text()
        assert target.get("name", target.get("repo")) in said
        assert [secret for secret in scenario.expected["redacted"] if secret in said] == []
        self.look(scenario, "1-offered")

    def review_and_approve(self, scenario):
        self.thread.locator('[data-action-id="heal_review"]').click()
        self.by_id("modal-submit").wait_for()
        assert "The exact request" in self.modal.inner_text()
        self.look(scenario, "2-review")
        self.press("modal-submit")
        self.modal.get_by_text(re.compile(r"^Approved\.")).wait_for()
        self.press("modal-close")
        self.modal.wait_for(state="detached")

    def merge(self, scenario):
        """Read the pull request in GitHub's panel: the one line that changes, and nothing else. Then merge it."""
        change = scenario.expected["change"]
        self.wait_for_note("Waiting for change")
        self.show("github")
        pull = self.page.locator(f'[data-testid=pull][data-item^="pull/{change["repository"]}/"][data-state=open]')
        pull.wait_for()
        for kind, line in (("minus", change["from"]), ("plus", change["to"])):
            changed = pull.locator(f"figure .diff-{kind}")
            assert changed.all_inner_texts() == [f"{'-' if kind == 'minus' else '+'}{line}"]
        pull.scroll_into_view_if_needed()
        self.look(scenario, "3-merge")
        pull.locator('[data-testid="merge"]').click()
        self.page.locator(f'[data-item^="pull/{change["repository"]}/"][data-state=merged]').wait_for()

    def wait_for_note(self, words):
        """Wait for a message of the thread, behind alert and card, that begins with these words."""
        behind = self.thread.locator("article[data-testid=message]:nth-of-type(n+3) .blocks")
        behind.filter(has_text=re.compile(rf"^\s*{words}\b")).wait_for()

    def read_end(self, scenario):
        self.open_thread(scenario)
        for words in scenario.expected["outcome"]:
            self.wait_for_note(words)
        self.thread.locator('[data-action-id="heal_review"]').wait_for(state="detached")
        self.look(scenario, "4-end")

    def see_it_merged(self, scenario):
        """Open the merged pull request beside its thread."""
        self.show("github")
        repository = scenario.expected["change"]["repository"]
        pull = self.page.locator(f'[data-item^="pull/{repository}/"][data-state=merged]')
        if pull.get_attribute("open") is None:
            pull.locator("summary").click()
        pull.locator("figure").evaluate("node => node.scrollIntoView({block: 'center'})")
        self.look(scenario, "5-merged")


# --- the tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["kubernetes", "github", "argocd"])
def test_every_failure_of_a_platform_comes_to_its_end_by_clicking_alone(person, platform):
    rows = scenarios(platform)
    assert rows
    for scenario in rows:
        person.cause(scenario)
    for scenario in rows:
        person.read_card(scenario)
        person.review_and_approve(scenario)
        if scenario.waits:
            person.merge(scenario)
    for scenario in rows:
        person.read_end(scenario)
        if scenario.waits:
            person.see_it_merged(scenario)


def test_a_person_who_may_not_approve_is_told_so(browser, tmp_path):
    with make_run(tmp_path) as url, visitor(browser, "laptop", url) as person:
        person.press("tour-skip")
        person.cause(next(each for each in scenarios("kubernetes") if each.name == "oom-killed"))
        review = person.thread.locator('[data-action-id="heal_review"]')
        review.wait_for()
        person.press("person-switch")
        person.page.get_by_text("Ben Okafor").click()
        review.click()
        person.modal.get_by_text("Before you press: You are not among the approvers").wait_for()
        person.picture("refused-laptop-1-review")
        person.press("modal-submit")
        person.by_id("modal-submit").wait_for(state="detached")
        person.modal.get_by_text(re.compile("^You are not among the approvers")).wait_for()
        person.press("modal-close")
        person.thread.get_by_text("not among the approvers").wait_for()
        assert review.count() == 1
        person.picture("refused-laptop-2-told")


def test_the_tour_leads_a_newcomer_on_a_phone_to_two_verdicts(browser, tmp_path):
    """Each step waits for what it asks for, and never lies over it. Next is the primary button where nothing is awaited."""
    go_on = '[data-testid="tour-next"].primary'
    decide = [
        ("The card", '#replies [data-action-id="heal_review"]'),
        ("What would happen, exactly", '[data-testid="modal-submit"]'),
    ]
    with make_run(tmp_path) as url, visitor(browser, "phone", url) as person:
        for step, press in [
            ("Two minutes with CodeHealer", go_on),
            ("Break something", go_on),
            *decide,
            ("Watch it verify", go_on),
            ("Now one that needs a merge", go_on),
            *decide,
            ("The fix waits for a merge", '[data-testid="merge"]'),
            ("Argo CD takes it up", go_on),
            ("That was it", go_on),
        ]:
            person.page.locator(f'[data-testid="tour"][data-step="{step}"]').wait_for()
            person.page.locator(press).click()
        person.by_id("tour").wait_for(state="detached")
