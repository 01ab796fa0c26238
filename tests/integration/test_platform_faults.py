"""Each fault of each platform, while the bot reads and while it writes: it ends honestly, writes once, and recovers.

A case has the three platforms fail in the same way at once, each on a copy of a scenario of its own.
"""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.processes import ROOT, Bot, SandboxProcess, until
from tests.integration.house import plain

SCENARIOS = ROOT / "config" / "scenarios"
wait = partial(until, pause=0.05)
INTERRUPTED = "rpc error: code = Unavailable desc = connection error: transport is closing"
ARGOCD = f"""applications:
- name: storefront
  source: {{repoURL: '{{{{github}}}}/acme/storefront-deploy.git', path: prod, targetRevision: main}}
  namespace: storefront
  policy: {{syncOptions: [CreateNamespace=true]}}
  history: [{{ref: '{{{{sha:release}}}}', at: '{{{{now-3d}}}}'}}]
  operation: {{ref: '{{{{sha:weekend}}}}', phase: Failed, at: '{{{{now-8m}}}}', message: '{INTERRUPTED}'}}
"""


@dataclass(frozen=True)
class Platform:
    """Where a platform fails and what of it is looked at.

    `scenario` is copied with `word` made another one, so that each case has a failure of its own. `reads` and `write`
    select calls for `fault`; `named` is what a card says could not be read; `guarded`: a lost write may be sent again.
    """

    name: str
    scenario: str
    word: str
    fault: str
    reads: dict[str, str]
    write: dict[str, str]
    named: str
    guarded: bool = False


PLATFORMS = (
    Platform(
        name="kubernetes",
        scenario="oom-killed",
        word="shop",
        fault="cluster_fault",
        reads={"verb": "get|list"},
        write={"method": "PATCH", "path": "^(?!.*dryRun)"},
        named="pod status",
        guarded=True,
    ),
    Platform(
        name="github",
        scenario="flaky-test",
        word="basket",
        fault="github_fault",
        reads={"method": "GET"},
        write={"method": "POST", "path": "rerun-failed-jobs"},
        named="workflow run",
    ),
    Platform(
        name="argocd",
        scenario="manifest-error",
        word="storefront",
        fault="argocd_fault",
        reads={"method": "GET"},
        write={"method": "POST", "path": "/sync"},
        named="application status",
    ),
)
REFUSED, UNKNOWN, VERIFIED = "Refused", "Unknown", "Verified"


@dataclass(frozen=True)
class Fault:
    """`order` is what the sandbox is told; `gap` is the reason on the card; `guarded`, `sent_once`: how a write ends."""

    name: str
    order: dict[str, Any]
    gap: tuple[str, ...]
    guarded: str = VERIFIED
    sent_once: str = REFUSED


DOWN = ("no usable answer",)
LIMITED = (*DOWN, "more than may be read now")  # GitHub's limits are kept track of, those of the others are outages
FAULTS = (
    Fault("401", {"kind": "status", "status": 401}, ("forbidden",), guarded=REFUSED),
    Fault("403", {"kind": "status", "status": 403}, ("forbidden",), guarded=REFUSED),
    Fault("403-limited", {"kind": "rate_limited", "retry_after": 1}, LIMITED),
    Fault("404", {"kind": "status", "status": 404}, ("not found",), guarded=REFUSED),
    Fault("409", {"kind": "status", "status": 409}, DOWN),
    Fault("422", {"kind": "status", "status": 422}, DOWN, guarded=REFUSED),
    Fault("429", {"kind": "rate_limited", "status": 429, "retry_after": 1}, LIMITED),
    Fault("500", {"kind": "status", "status": 500}, DOWN, sent_once=UNKNOWN),
    Fault("500-done", {"kind": "status", "status": 500, "done": True}, DOWN, sent_once=VERIFIED),
    Fault("cut", {"kind": "cut"}, DOWN, sent_once=VERIFIED),
    Fault("lost", {"kind": "drop_answer"}, DOWN, sent_once=VERIFIED),
)
SLOW = "slow"


def copied(folder: Path, platform: Platform, fault: str) -> None:
    """Write a copy of the platform's scenario whose failure is about other things than all other copies'."""
    target = folder / scenario_of(platform, fault)
    shutil.copytree(SCENARIOS / platform.scenario, target)
    if platform.name == "argocd":  # the sync was interrupted: the remedy is another sync
        (target / "argocd.yaml").write_text(ARGOCD)
        github = target / "github.yaml"
        github.write_text(github.read_text().replace("""'replicas: "6"'""", "'replicas: 6'"))
        post = json.loads((target / "post.json").read_text())
        post["message"]["text"] = f"The sync operation of application storefront has failed: {INTERRUPTED}"
        (target / "post.json").write_text(json.dumps(post))
    own = f"{platform.word}-{fault}"
    for path in [path for path in sorted(target.rglob("*")) if path.is_file()]:
        path.write_text(path.read_text().replace(platform.word, own))
    for path in sorted(target.rglob("*"), reverse=True):
        if platform.word in path.name:
            path.rename(path.with_name(path.name.replace(platform.word, own)))


def scenario_of(platform: Platform, fault: str) -> str:
    return f"{platform.name}-{fault}"


class Case:
    """One failure of one platform, from its alert to the end of its fix."""

    def __init__(self, sandbox: SandboxProcess, platform: Platform, fault: str) -> None:
        self.sandbox, self.platform, self.scenario = sandbox, platform, scenario_of(platform, fault)
        self.where: dict[str, Any] = {}
        self._before = 0

    def cause(self) -> None:
        self.where = self.sandbox.control("cause", scenario=self.scenario)

    def offered(self) -> None:
        """Wait until a fix is offered."""
        card = self.card()
        assert offers(card, "heal_review"), plain(card)
        self._before = self._effects()

    def order(self, order: dict[str, Any], calls: dict[str, str], times: int) -> None:
        self.sandbox.control(self.platform.fault, **{**order, **calls, "times": times})

    def clear(self) -> None:
        self.sandbox.control(self.platform.fault, clear=True)

    def thread(self) -> list[dict[str, Any]]:
        state: Any = self.sandbox.look("state", channel=self.where["channel"])
        (channel,) = [each for each in state["channels"] if each["id"] == self.where["channel"]]
        ours = state["app"]["user_id"]
        return [m for m in channel["messages"] if m.get("thread_ts") == self.where["ts"] and m.get("user") == ours]

    def card(self) -> dict[str, Any]:
        """The card once the diagnosis is over."""
        return dict(wait(lambda: self._with("heal_escalate"), f"a card of {self.scenario}"))

    def dismiss(self) -> None:
        self._click("heal_dismiss")
        wait(lambda: not self._with("heal_dismiss"), "the card is dismissed")

    def approve(self, reads_fail_with: int = 0) -> None:
        """Approve what is offered, as the one who reads the review does; from then on reads may fail."""
        person = self.sandbox.line["people"]["approver"]
        for left in self._views():
            self.sandbox.control("close_view", user=person, view_id=left["id"])
        self._click("heal_review")
        review = wait(
            lambda: next((v for v in self._views() if v.get("submit") and v["callback_id"] == "heal_decide"), None),
            "the review",
        )
        if reads_fail_with:
            self.order({"kind": "status", "status": reads_fail_with}, self.platform.reads, times=0)
        self.sandbox.control("submit", user=person, view_id=review["id"])

    def outcome(self, *words: str) -> str:
        """The last outcome in the thread once it begins with one of the words."""

        def said() -> str:
            notes = [m["text"] for m in self.thread()[1:]]
            return str(notes[-1]) if notes and notes[-1].startswith(words) else ""

        return str(wait(said, lambda: f"{words}: {[m['text'][:200] for m in self.thread()]}"))

    def sent(self) -> int:
        """How many writes reached the platform, whatever it answered (dry runs are none)."""
        own, method = self.scenario.removeprefix(self.platform.name), self.platform.write["method"]
        calls: Any = self.sandbox.look({"kubernetes": "cluster"}.get(self.platform.name, self.platform.name))["calls"]
        return sum(
            each["method"] == method and f"{self.platform.word}{own}/" in each["path"] and "dryRun" not in each["path"]
            for each in calls
        )

    def done(self) -> int:
        """How often the fix took effect since it was offered."""
        return self._effects() - self._before

    def _effects(self) -> int:
        own = f"{self.platform.word}{self.scenario.removeprefix(self.platform.name)}"
        if self.platform.name == "kubernetes":
            found: Any = self.sandbox.kubernetes(f"/apis/apps/v1/namespaces/{own}/deployments/checkout")
            return int(found["metadata"]["generation"])
        if self.platform.name == "github":
            repos: Any = self.sandbox.look("github")["repos"]
            (repo,) = [each for each in repos if each["name"] == f"acme/{own}"]
            return len(repo["runs"])  # one row an attempt
        apps: Any = self.sandbox.look("argocd")["applications"]
        (app,) = [each for each in apps if each["name"] == own]
        return int(app["operation"]["message"] != INTERRUPTED)

    def _views(self) -> list[dict[str, Any]]:
        state: Any = self.sandbox.look("state")
        return list(state["views"].get(self.sandbox.line["people"]["approver"]) or [])

    def _click(self, action: str) -> None:
        person, card = self.sandbox.line["people"]["approver"], self.thread()[0]
        self.sandbox.control("click", user=person, channel=self.where["channel"], ts=card["ts"], action_id=action)

    def _with(self, action: str) -> dict[str, Any] | None:
        thread = self.thread()
        return thread[0] if thread and offers(thread[0], action) else None


def offers(card: dict[str, Any], action: str) -> bool:
    elements = [e for block in card["blocks"] if block["type"] == "actions" for e in block["elements"]]
    return any(each["action_id"] == action for each in elements)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("scenarios")
    for fault in (*(each.name for each in FAULTS), SLOW, "away"):
        for platform in PLATFORMS:
            copied(folder, platform, fault)
    made = SandboxProcess("--scenarios", str(folder), "--limits", "off")
    yield made
    broken = [row for row in made.look("state")["notices"] if row["kind"] == "broken"]  # type: ignore[attr-defined]
    made.close()
    assert broken == []


@pytest.fixture(scope="module")
def bot(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    settings = {**sandbox.bot_settings(), "CODEHEALER_VERIFY_WINDOW": "1s", "SLACK_CHANNEL_RATE": "0"}
    made = Bot(tmp_path_factory.mktemp("bot"), **settings)
    made.start()
    yield made
    assert made.stop() == 0
    assert made.events("job.dead") == []
    assert made.events("job.give_up_failed") == []


@pytest.fixture
def cases(sandbox: SandboxProcess, bot: Bot, request: pytest.FixtureRequest) -> Iterator[list[Case]]:
    made = [Case(sandbox, platform, request.param) for platform in PLATFORMS]
    yield made
    for case in made:
        case.clear()


def offered(cases: list[Case]) -> None:
    """Cause the failures; each is diagnosed and a fix for it is offered."""
    for case in cases:
        case.cause()
    for case in cases:
        case.offered()


@pytest.mark.parametrize(
    ("fault", "cases"), [(each, each.name) for each in FAULTS], indirect=["cases"], ids=[each.name for each in FAULTS]
)
def test_a_fault_is_told_and_survived(fault: Fault, cases: list[Case], bot: Bot) -> None:
    for case in cases:
        case.order(fault.order, case.platform.reads, times=0)
        case.cause()
    for case in cases:
        card = case.card()
        gaps = [f"Could not read {case.platform.named}", *(f"({reason})" for reason in fault.gap)]
        assert gaps[0] in plain(card)
        assert any(gap in plain(card) for gap in gaps[1:]), plain(card)
        assert not offers(card, "heal_review")
        case.clear()
        case.dismiss()
    offered(cases)  # the fault is over, and nothing of it stays
    for case in cases:
        case.order(fault.order, case.platform.write, times=1)
        case.approve()
    for case in cases:
        expected = fault.guarded if case.platform.guarded else fault.sent_once
        case.outcome(expected)
        assert case.done() == (expected is VERIFIED), case.scenario
        assert case.sent() <= (2 if case.platform.guarded else 1)
    if fault.order["kind"] == "rate_limited":
        time.sleep(1.2)  # for a second GitHub wants no call of anybody
    assert bot.process is not None
    assert bot.process.poll() is None


@pytest.mark.parametrize("cases", [SLOW], indirect=True)
def test_a_write_that_arrives_after_we_gave_up_waiting_is_found_and_not_sent_twice(cases: list[Case]) -> None:
    for case in cases:
        case.order({"kind": "slow", "seconds": 0.3}, case.platform.reads, times=0)
    offered(cases)  # slow is no failure
    for case in cases:
        case.clear()
        late = 2 if case.platform.name == "github" else 12  # longer than two of the adapters wait
        case.order({"kind": "slow", "seconds": late}, case.platform.write, times=1)
        case.approve()
    for case in cases:
        case.outcome(VERIFIED)
        assert case.done() == 1
        assert case.sent() == (2 if case.platform.guarded else 1)
        told = [UNKNOWN, VERIFIED] if case.platform.name == "argocd" else [VERIFIED]
        assert [m["text"].partition(":")[0] for m in case.thread()[1:]] == told


@pytest.mark.parametrize("cases", ["away"], indirect=True)
def test_a_platform_that_goes_away_after_the_approval_is_waited_for(cases: list[Case], bot: Bot) -> None:
    offered(cases)
    for case in cases:
        failed = len(bot.events("job.failed"))
        case.approve(reads_fail_with=503)
        wait(lambda failed=failed: len(bot.events("job.failed")) > failed, "a try that failed")
        assert case.sent() == 0
        case.clear()
    for case in cases:
        case.outcome(VERIFIED)
        assert (case.done(), case.sent()) == (1, 1)
