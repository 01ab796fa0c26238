"""The bot is killed by the kernel at request boundaries while the sandbox lives on: nothing is lost, doubled or done twice.

Each way goes from the failure to the verified fix, with kills (SIGKILL) on it. A kill is aimed by a fault of the sandbox
(a call that hangs, that is done but not answered, that never arrives) or by freezing the bot before something is
delivered; after it the bot starts again over the same state, and a person goes on as people do: what was not
acknowledged is pressed again.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.fakes.processes import Bot, SandboxProcess, until

CHANNEL = "platform-alerts"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/checkout"
RETRIES = [0.2, 1, 2, 3, 4, 5, 5]
"""Slack's three retries within minutes, in seconds: what was not acknowledged comes again soon."""
REAL, DRY = r"fieldValidation=Strict$", r"dryRun=All$"
VERDICTS = ("Verified", "Verification failed", "Inconclusive", "Refused", "Unknown", "Stale", "Expired", "Escalated")

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Kill:
    """Where the bot dies. `arm` aims it, `hit` tells that the moment has come (both take the way)."""

    name: str
    hit: Callable[["Way"], object]
    arm: Callable[["Way"], object] = lambda way: None
    frozen: bool = False
    """The bot is stopped before the phase's act, so that what is delivered is never read."""


def in_flight(method: str, **more) -> Kill:
    """The call has arrived, is done after the bot's death, and its answer reaches nobody."""
    return Kill(
        name=f"{method} in flight",
        arm=lambda way: way.sandbox.control("fault", method=method, kind="slow", seconds=0.4, **more),
        hit=lambda way: way.sandbox.look("state", since="9")["faults_waiting"] == 0,
    )


def lost(method: str, **more) -> Kill:
    """The connection breaks before the work: the call never happened."""
    return Kill(
        name=f"{method} never arrives",
        arm=lambda way: way.sandbox.control("fault", method=method, kind="drop_request", **more),
        hit=lambda way: [row for row in way.slack_calls(method) if row["fault"] == "drop_request"],
    )


def unanswered(method: str, **more) -> Kill:
    """The work is done, and the connection breaks before the answer."""
    return Kill(
        name=f"{method} done but unanswered",
        arm=lambda way: way.sandbox.control("fault", method=method, kind="drop_answer", **more),
        hit=lambda way: [row for row in way.slack_calls(method) if row["fault"] == "drop_answer"],
    )


def answered(method: str, text: str = "") -> Kill:
    """The call is done and answered; whether the bot has noted it nobody knows."""
    return Kill(
        name=f"{method} just answered",
        hit=lambda way: [row for row in way.slack_calls(method) if row["ok"] and row["text"].startswith(text)],
    )


def platform(what: str, verb: str, path: str, kind: str, **more) -> Kill:
    """A request of the Kubernetes API meets a fault, and the bot dies as soon as the API has noted it."""
    return Kill(
        name=f"{what} ({kind})",
        arm=lambda way: way.sandbox.control("cluster_fault", verb=verb, path=path, kind=kind, **more),
        hit=lambda way: way.platform_calls(verb, path),
    )


def frozen(what: str) -> Kill:
    """It was delivered and never read: no ack, so Slack sends an event again, and a person presses again."""
    return Kill(name=f"{what} delivered, not read", hit=lambda way: True, frozen=True)


DOWN = Kill(name="nothing in flight", hit=lambda way: True)


def patch_in_flight(seconds: float) -> Kill:
    """The PATCH has left and is done `seconds` later; it hangs all that time, so a short pause only lets it leave."""
    return Kill(
        name=f"the PATCH in flight for {seconds:g} s",
        arm=lambda way: way.sandbox.control("cluster_fault", verb="patch", path=REAL, kind="slow", seconds=seconds),
        hit=lambda way: (
            way.bot.rows("SELECT 1 FROM records WHERE kind = 'execution' AND state = 'sent'") and not time.sleep(0.2)
        ),
    )


LATE_PATCH = patch_in_flight(4.0)
"""It arrives after the restart, when the bot has looked and perhaps sent it again: the guard lets only one through."""
VERIFYING = Kill(
    name="a read of the verification (drop_answer)",
    arm=lambda way: None,
    hit=lambda way: (
        way.platform_calls("patch", REAL)
        and way.bot.rows("SELECT 1 FROM records WHERE kind = 'proposal' AND state = 'verifying'")
        and way.sandbox.control("cluster_fault", verb="get", path=f"{DEPLOYMENT}$", kind="drop_answer")
        and until(lambda: way.platform_calls("get", f"{DEPLOYMENT}$", dropped=True), "the read")
    ),
)


@dataclass(frozen=True)
class Plan:
    """The kills of one way, by the phase that they fall into."""

    start: tuple[Kill, ...] = ()
    alert: tuple[Kill, ...] = ()
    review: tuple[Kill, ...] = ()
    approve: tuple[Kill, ...] = ()
    unseen: bool = False
    """Slack does not send the alert again: only catch-up can find it."""
    blind: bool = False
    """After the last kill the platform cannot be asked for a while: the bot has to say Unknown."""


PLANS = (
    Plan(
        start=(in_flight("auth.test"), in_flight("apps.connections.open")),
        alert=(frozen("the alert"), in_flight("chat.postMessage")),
    ),
    Plan(
        alert=(
            lost("chat.postMessage"),
            platform("a read of the evidence", "get", "/log", "drop_answer"),
            in_flight("chat.update"),
        )
    ),
    Plan(alert=(answered("chat.postMessage"), lost("chat.update")), review=(frozen("the click"),)),
    Plan(review=(in_flight("views.open"), in_flight("views.update")), approve=(frozen("the submission"),)),
    Plan(
        review=(platform("the review's dry run", "patch", DRY, "drop_answer"),),
        approve=(
            in_flight("users.info"),
            platform("the last dry run", "patch", DRY, "drop_answer"),
            platform("the PATCH", "patch", REAL, "drop_answer"),
        ),
    ),
    Plan(approve=(platform("the PATCH", "patch", REAL, "drop_request"), VERIFYING)),
    Plan(approve=(LATE_PATCH, unanswered("chat.update"))),
    Plan(approve=(in_flight("chat.postMessage"), in_flight("conversations.replies"))),
    Plan(approve=(lost("chat.postMessage"), answered("chat.postMessage", "Verified"))),
    Plan(alert=(DOWN, in_flight("conversations.history")), unseen=True),
    Plan(approve=(patch_in_flight(1.0),), blind=True),
)


@dataclass
class Way:
    """One way from the failure to the verified fix."""

    sandbox: SandboxProcess
    bot: Bot
    plan: Plan
    ana: str
    ts: str = ""
    generation: int = 0
    killed: list[str] = field(default_factory=list)
    _marks: dict[str, int] = field(default_factory=dict)

    def go(self) -> None:
        self.sandbox.control("timing", retry_seconds=[] if self.plan.unseen else RETRIES)
        self._mark()
        if self.plan.start:
            self.bot.close()
            self._survive(self.plan.start, lambda: None)
        self._phase(self.plan.alert, self._cause)
        until(self._offers_review, lambda: f"the card: {self.thread()}")
        view = self._review()
        self._approve(view)
        until(lambda: self.notes("Verified"), lambda: f"the verdict: {self.thread()}, {self.bot.said()[-1500:]}")
        until(lambda: self.cards()[0]["text"].startswith("Verified"), "the card's last word")
        until(lambda: not self._unsent(), "an empty outbox")
        if LATE_PATCH in self.plan.approve:
            until(lambda: len(self.platform_calls("patch", REAL, since="way")) >= 2, "the late PATCH")

    # --- the phases

    def _phase(self, kills: tuple[Kill, ...], act: Callable[[], None]) -> None:
        if not kills:
            act()
            return
        self._survive(kills, act)

    def _survive(self, kills: tuple[Kill, ...], act: Callable[[], None]) -> None:
        """Do the act with the first kill aimed; the next ones fall while the bot comes back."""
        for number, kill in enumerate(kills):
            self._mark()
            kill.arm(self)
            if kill is DOWN:
                self.bot.kill()
                act()
            else:
                if kill.frozen:
                    self.bot.freeze()
                if self.bot.process is None:
                    self.bot.launch()
                if number == 0:
                    act()
                until(lambda kill=kill: kill.hit(self), lambda kill=kill: f"{kill.name}; {self.bot.said()[-1500:]}")
                self.bot.kill()
            self.killed.append(kill.name)
        if self.plan.blind:
            until(lambda: self.platform_calls("patch", REAL), "the PATCH that nobody waits for")
            self.sandbox.control("cluster_fault", verb="get|list", path="", kind="status", status=503, times=3)
        self.bot.start()

    def _cause(self) -> None:
        self.ts = self.sandbox.control("cause", scenario="oom-killed")["ts"]
        self.generation = self.deployment()["metadata"]["generation"]

    def _review(self) -> dict[str, object]:
        """Press Review fix until the modal shows the fix: again if nothing was acknowledged, or when told to."""
        kills = self.plan.review
        for _ in range(3):
            said = len(self.whispers())
            acked = self._pressed(
                kills,
                "click",
                user=self.ana,
                channel=CHANNEL,
                ts=self.cards()[0]["ts"],
                action_id="heal_review",
            )
            kills = ()
            if acked:
                until(lambda said=said: self._shown() or len(self.whispers()) > said, self._unanswered)
            shown = self._shown()
            if shown and shown["submit"]:
                return shown
            self.close_views()  # it says why it cannot be approved just now: pressed again
        raise AssertionError(f"no review: {self.whispers()}")

    def _approve(self, view: dict[str, object]) -> None:
        """Submit; again while it was not acknowledged and nobody's approval is known."""
        kills = self.plan.approve
        for _ in range(3):
            if self._pressed(kills, "submit", user=self.ana, view_id=view["id"], values={}):
                return
            kills = ()
            if self.bot.rows("SELECT 1 FROM records WHERE kind = 'approval' AND incident = ?", self.incident()):
                return
        raise AssertionError("the approval was never acknowledged")

    def _pressed(self, kills: tuple[Kill, ...], endpoint: str, **body) -> bool:
        """Do what a person does, while the bot may die; return whether it was acknowledged."""
        answers: list[dict[str, object]] = []
        person = threading.Thread(target=lambda: answers.append(self.sandbox.beside(endpoint, **body)))
        self._phase(kills, person.start)
        person.join(30)
        return bool(answers and answers[0]["acked"])

    # --- what there is to see

    def _mark(self) -> None:
        at = {"slack": len(self.sandbox.look("calls")["calls"]), "cluster": len(self.sandbox.look("cluster")["calls"])}
        self._marks.update(at)
        self._marks.setdefault("way", at["cluster"])

    def slack_calls(self, method: str) -> list[dict[str, object]]:
        rows = self.sandbox.look("calls", start=self._marks["slack"])["calls"]
        return [row for row in rows if row["method"] == method]

    def platform_calls(self, verb: str, path: str, *, dropped: bool = False, since: str = "cluster") -> list[object]:
        rows = self.sandbox.look("cluster")["calls"][self._marks[since] :]
        found = [row for row in rows if row["verb"] == verb and re.search(path, row["path"])]
        return found[-1:] if dropped else found

    def deployment(self) -> dict[str, object]:
        return self.sandbox.kubernetes(DEPLOYMENT)

    def thread(self) -> list[dict[str, object]]:
        messages = self.sandbox.look("state", channel=CHANNEL, since=self.ts)["channels"][0]["messages"]
        ours = [each for each in messages if each.get("thread_ts") == self.ts and each.get("metadata")]
        return [{name: each.get(name) for name in ("ts", "text", "metadata", "blocks")} for each in ours]

    def cards(self) -> list[dict[str, object]]:
        return [each for each in self.thread() if each["metadata"]["event_type"] == "codehealer_card"]

    def notes(self, word: str = "") -> list[str]:
        found = [each["text"] for each in self.thread() if each["metadata"]["event_type"] == "codehealer_note"]
        return [text for text in found if text.startswith(word)]

    def whispers(self) -> list[dict[str, object]]:
        return self.sandbox.look("state", channel=CHANNEL, since=self.ts)["channels"][0]["ephemerals"]

    def incident(self) -> str:
        return self.cards()[0]["metadata"]["event_payload"]["incident"]

    def _offers_review(self) -> bool:
        cards = self.cards()
        return bool(cards) and "heal_review" in str(cards[0]["blocks"])

    def _shown(self) -> dict[str, object] | None:
        """Return the modal once it says more than that the target is being read."""
        views = self.sandbox.look("state", since="9")["views"].get(self.ana, [])
        return next((view for view in views if "Reading the target" not in str(view["blocks"])), None)

    def _unsent(self) -> list[object]:
        return self.bot.rows("SELECT key FROM outbox WHERE version > sent_version AND error = ''")

    def _unanswered(self) -> str:
        jobs = self.bot.rows("SELECT lane, state, attempts, run_at, substr(payload, 1, 300), error FROM jobs")
        views = self.sandbox.look("state", since="9")["views"]
        return f"an answer to the click; killed: {self.killed}; jobs: {jobs}; unsent: {self._unsent()}; views: {views}; {self.bot.said()[-1500:]}"

    def close_views(self) -> None:
        for view in self.sandbox.look("state", since="9")["views"].get(self.ana, []):
            self.sandbox.control("close_view", user=self.ana, view_id=view["id"], whole_stack=True)


def check(way: Way) -> None:
    """What must hold at the end of every way, wherever the bot died."""
    where = "; ".join(way.killed)
    incident = way.incident()
    assert len(way.cards()) == 1, f"{where}: {way.cards()}"
    notes = way.notes()
    assert len(notes) == len(set(notes)), f"{where}: {notes}"
    assert len(way.notes("Verified")) == 1, f"{where}: {notes}"
    wanted = {"Verified", "Unknown"} if way.plan.blind else {"Verified"}
    assert {word for word in VERDICTS for note in notes if note.startswith(word)} == wanted, f"{where}: {notes}"
    done = way.deployment()
    assert done["metadata"]["generation"] == way.generation + 1, where
    limits = done["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["memory"] != "256Mi", where
    patches = way.platform_calls("patch", REAL, since="way")
    assert [row["status"] for row in patches].count(200) == 1, f"{where}: {patches}"
    states = way.bot.rows("SELECT kind, state FROM records WHERE incident = ? OR id = ?", incident, incident)
    assert ("incident", "resolved") in states, f"{where}: {states}"
    assert [state for kind, state in states if kind == "proposal"] == ["passed"], f"{where}: {states}"
    assert [state for kind, state in states if kind == "execution"] == ["applied"], f"{where}: {states}"
    opened = way.bot.rows("SELECT COUNT(*) FROM records WHERE kind = 'incident' AND body LIKE ?", f'%"{way.ts}"%')
    assert opened == [(1,)], f"{where}: the alert opened {opened} incidents"
    assert way.bot.rows("SELECT id, error FROM jobs WHERE state = 'dead'") == [], where
    verified = way.bot.command("audit", "verify")
    assert verified.returncode == 0, f"{where}: {verified.stdout} {verified.stderr}"


def test_no_kill_loses_or_doubles_anything(tmp_path, capsys):
    kills, ways, began = [], [], time.monotonic()
    sandbox = SandboxProcess("--limits", "off")
    bot = Bot(tmp_path, CODEHEALER_VERIFY_WINDOW="2s", SLACK_CHANNEL_RATE="0", **sandbox.bot_settings())
    try:
        bot.start()
        for plan in PLANS:
            way = Way(sandbox, bot, plan, ana=sandbox.line["people"]["approver"])
            way.go()
            check(way)
            way.close_views()
            kills += way.killed
            ways.append(way)
        refused = [
            (row["method"], row["error"])
            for row in sandbox.look("calls")["calls"]
            if row["error"] and not row["fault"] and not row["method"].startswith("views.")
        ]
        assert refused == []
        unseen = {way.ts for way in ways if way.plan.unseen}
        rows = sandbox.look("deliveries")["deliveries"]
        assert {row["ts"] for row in rows if row["state"] == "lost"} & {way.ts for way in ways} <= unseen
    finally:
        bot.close()
        sandbox.close()
    with capsys.disabled():
        print(
            f"\nSIGKILL test: the bot was killed {len(kills)} times on {len(PLANS)} ways in {time.monotonic() - began:.0f} s"
        )
    assert len(kills) >= 25
