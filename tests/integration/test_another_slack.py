"""The bot process, live, against another Slack that follows Slack's documents, with no platform configured.

Every failing alert gets one card that carries what the post itself says and names what could not be read; no call is made
that Slack would refuse, and every ack comes within Slack's three seconds.
"""

import html
import json
import os
import re
import zlib
from pathlib import Path

import pytest

from tests.fakes.plain_slack import ACK_SECONDS, ANA, BOT_USER, METHODS, PlainSlack
from tests.fakes.processes import Bot, until

GAP = "not configured"
ALERTS, CI, DEPLOYS, PAGES, NIGHT, EXTRA = (
    f"C0{name:0<8}" for name in ("ALERTS", "CI", "DEPLOYS", "PAGES", "NIGHT", "EXTRA")
)
SETTLED = "Looking into"


def app(name: str, text: str = "", **more: object) -> dict[str, object]:
    """A message as another app posts it."""
    number = f"{zlib.crc32(name.encode()) % 10**8:08d}"
    profile = {"id": f"B{number}", "app_id": f"A{number}", "name": name, "deleted": False}
    return {
        "bot_id": f"B{number}",
        "app_id": f"A{number}",
        "user": f"U{number}",
        "bot_profile": profile,
        "text": text,
        **more,
    }


def att(**more: object) -> list[dict[str, object]]:
    return [{"id": 1, "color": "a30200", "fallback": str(more.get("title") or more.get("text") or ""), **more}]


def field(title: str, value: str) -> dict[str, object]:
    return {"title": title, "value": value, "short": True}


# id, channel, message, what the card has to repeat of it, whether a platform could have said more
FAILURES = [
    ("robusta", ALERTS, app("Robusta", attachments=att(blocks=[
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Crashing pod ledger-7d4b9c6f5d-q8w2z in namespace bank*"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "Container ledger: CrashLoopBackOff, last state Error, exit code 1"}}])),
     ("ledger", "bank"), True),
    ("alertmanager", ALERTS, {**app("Alertmanager"), "subtype": "bot_message", "username": "Alertmanager", "attachments": att(
        title="[FIRING:1] KubePodCrashLooping (bank/ledger-7d4b9c6f5d-abcde warning)", title_link="https://am.hooli.example/#/alerts",
        text="Pod shop/basket-6f7d9c8b5-x2x4z (basket) is restarting 2.1 times / 10 minutes.")}, ("KubePodCrashLooping",), True),
    ("github", CI, app("GitHub", attachments=att(title="Release #44", title_link="https://github.com/hooli/nucleus/actions/runs/77001",
        fields=[field("Status", ":x: Failure")], footer="<https://github.com/hooli/nucleus|hooli/nucleus>")), ("Release #44",), True),
    ("argocd", DEPLOYS, app("argocd-notifications", ":exclamation: The sync operation of application billing has failed at 2026-06-30T10:00:00Z with the following error: one or more objects failed to apply",
        attachments=att(title="billing", title_link="https://cd.hooli.example/applications/billing")), ("billing",), True),
    ("jenkins", CI, {**app("jenkins"), "subtype": "bot_message", "attachments": att(fields=[
        field("", "web-build - #12 Failure after 3 min (<https://ci.hooli.example/job/web-build/12/|Open>)\nTest Status:\n\tPassed: 10, Failed: 2")])},
     ("web-build",), False),
    ("grafana", PAGES, {**app("Grafana"), "subtype": "bot_message", "username": "Grafana", "attachments": att(color="d63232",
        title="[FIRING:1] Checkout 5xx ratio (payments critical)", title_link="https://graf.hooli.example/alerting/list",
        text="**Firing**\n\nValue: A=0.13\nLabels:\n - alertname = Checkout 5xx ratio\n - severity = critical\n", footer="Grafana v12.0.1")},
     ("Checkout 5xx ratio",), False),
    ("gitlab", CI, app("GitLab", attachments=att(title="Pipeline #89 has failed in 03:00", title_link="https://gitlab.com/core/api/-/pipelines/89",
        fields=[field("Branch", "<https://gitlab.com/core/api/-/commits/fix-x|fix-x>"), field("Failed stage", "build")], footer="core / api")),
     ("Pipeline #89",), False),
    ("circleci", CI, app("CircleCI", "CircleCI job failed.", blocks=[{"type": "header", "text": {"type": "plain_text", "text": "Job Failed. :red_circle:"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Job*: build"}, {"type": "mrkdwn", "text": "*Project*: cart-web"}, {"type": "mrkdwn", "text": "*Branch*: main"}]}]),
     ("Job Failed",), False),
    ("datadog", PAGES, app("Datadog", attachments=att(title="[Triggered] Queue depth too high on {queue:orders}",
        title_link="https://app.datadoghq.com/monitors/7", text="orders queue is at 9000")), ("Queue depth too high",), False),
    ("pagerduty", PAGES, app("PagerDuty", "*Triggered* <https://hooli.pagerduty.com/incidents/Q0AB12CD34|#77: Disk full on db-1>"), ("Disk full on db-1",), False),
    ("opsgenie", PAGES, app("Opsgenie", 'New alert: <https://opsg.in/a/i/hooli/99-1|#412>: "[Zabbix]: CPU high on web-3"'), ("CPU high on web-3",), False),
    ("sentry", NIGHT, app("Sentry", "[api] TypeError: cart is undefined", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": ":red_circle: <https://hooli.sentry.io/issues/71/|*TypeError: cart is undefined*>"}}]),
     ("TypeError",), False),
    ("flux", DEPLOYS, {**app("flux"), "subtype": "bot_message", "username": "kustomize-controller", "attachments": att(color="danger",
        author_name="kustomization/infra.flux-system", text="kustomize build failed: accumulating resources from 'x'")}, ("infra",), False),
    ("in-house", NIGHT, app("deploy-bot", ":x: *nightly-etl* failed: connection to warehouse refused (exit code 3)"), ("nightly-etl",), False),
    ("hostile", NIGHT, app("deploy-bot", ":x: *<!channel> backup* failed\n```\n<!channel> \u202egnp.exe\u0000 <https://evil.example|click> &lt;@U1&gt; @here\n" + "x" * 9_000 + "\n```"), ("backup",), False),
]  # fmt: skip

QUIET = [
    ("a success", CI, app("GitHub", attachments=att(color="2eb886", title="Release #45", title_link="https://github.com/hooli/nucleus/actions/runs/77002", fields=[field("Status", ":white_check_mark: Success")], footer="<https://github.com/hooli/nucleus|hooli/nucleus>"))),
    ("a person who types an alert", ALERTS, {"user": ANA, "client_msg_id": "6a1c0f3e-0000-4000-8000-000000000001", "text": "Crashing pod api-1 in namespace bank"}),
    ("a person who joins", ALERTS, {"subtype": "channel_join", "user": ANA, "text": "<@U0ANA00001> has joined the channel"}),
    ("small talk of a bot", NIGHT, app("Standup", "Good morning! What are you working on?")),
]  # fmt: skip


@pytest.fixture
def slack():
    with PlainSlack() as made:
        yield made


@pytest.fixture
def bot(slack, tmp_path):
    made = Bot(tmp_path, CODEHEALER_MODE="live", CODEHEALER_APPROVERS=ANA, **slack.settings())
    yield made
    made.close()


def cards(slack, room, ts):
    found = slack.thread(room, ts)
    return [each for each in found if (each.get("metadata") or {}).get("event_type") == "codehealer_card"]


def told(slack, room, ts):
    """Return the text of the card once it says more than that it is being looked into."""
    said = [str(card["text"]) for card in cards(slack, room, ts)]
    return said[0] if said and not said[0].startswith(SETTLED) else ""


def check_manners(slack):
    """Nothing was refused, nothing undocumented was sent, only the agreed methods were called, every ack came in time."""
    assert slack.refusals == []
    assert slack.oddities == []
    assert {name for name, _, _ in slack.calls} <= set(METHODS)
    late = [
        envelope
        for envelope in slack.envelopes
        if envelope.acked is None or envelope.acked > ACK_SECONDS or envelope.tries > 1
    ]
    assert late == []


def check_harmless(card):
    """Whatever the post held, nothing in the card calls anybody, and strangers' text stands in rich text alone."""
    assert not re.search(r"<!|<@(?!U0ANA)", card["text"])
    assert not re.search(
        "[\u0000-\u0008\u202a-\u202e\u2066-\u2069]", card["text"] + json.dumps(card["blocks"], ensure_ascii=False)
    )
    kinds = {piece.get("type") for block in card["blocks"] for piece in block.get("elements", [])}
    assert "mrkdwn" not in kinds | {
        (block.get("text") or {}).get("type") for block in card["blocks"] if block["type"] != "rich_text"
    }


def all_acked(slack):
    return all(envelope.acked is not None for envelope in list(slack.envelopes))


def test_every_failing_alert_is_answered_with_what_it_says(slack, bot):
    bot.start()
    quiet = [(name, room, slack.post(room, message)) for name, room, message in QUIET]
    posted = [(name, room, slack.post(room, message), says, asked) for name, room, message, says, asked in FAILURES]
    for name, room, ts, says, asked in posted:
        card = until(
            lambda room=room, ts=ts: told(slack, room, ts),
            lambda name=name: f"the card of {name}: {bot.said()[-2000:]}",
        )
        assert len(cards(slack, room, ts)) == 1, name
        for word in says:
            assert word in card, f"{name}: {card}"
        if asked:
            assert GAP in card, f"{name}: {card}"
        assert "<!channel>" not in card, name
        check_harmless(cards(slack, room, ts)[0])
    for name, room, ts in quiet:
        assert slack.thread(room, ts) == [], name
    until(lambda: all_acked(slack), "every ack")
    check_manners(slack)
    assert bot.stop() == 0


def test_people_are_answered_without_a_platform_too(slack, bot):
    """Buttons, commands, mentions and the Home tab: each answered to the person, by calls that Slack takes."""
    bot.start()
    _, room, message, _, _ = FAILURES[0]
    ts = slack.post(room, message)
    until(lambda: told(slack, room, ts), "the card")
    card = cards(slack, room, ts)[0]
    buttons = {e["action_id"]: e["value"] for b in card["blocks"] if b["type"] == "actions" for e in b["elements"]}
    assert "heal_review" not in buttons  # nothing is proposed that no platform confirms
    place = slack.rooms[room]

    def answered(act):
        before = len(place.whispers)
        act()
        until(lambda: len(place.whispers) > before, "an answer")
        return str(place.whispers[-1]["text"])

    assert "noted" in answered(lambda: slack.press(room, card["ts"], "heal_up", buttons["heal_up"]))
    assert "open incident" in answered(lambda: slack.command(room, "status")) or "ledger" in str(
        place.whispers[-1]["text"]
    )
    assert answered(lambda: slack.command(room, "help"))
    assert "no longer know" in answered(lambda: slack.press(room, card["ts"], "heal_from_an_old_version", "in_gone"))
    escalated = len(slack.thread(room, ts))
    slack.press(room, card["ts"], "heal_escalate", buttons["heal_escalate"])
    until(lambda: len(slack.thread(room, ts)) > escalated, "the escalation")
    said = slack.thread(room, ts)
    slack.raise_event({"type": "app_mention", "user": ANA, "text": f"<@{BOT_USER}> why", "channel": room, "ts": "1795000000.000001", "thread_ts": ts, "event_ts": "1795000000.000001"})  # fmt: skip
    until(lambda: len(slack.thread(room, ts)) > len(said), "the answer to why")
    slack.press(room, card["ts"], "heal_review", "pr_of_long_ago")
    until(
        lambda: any("no longer know" in json.dumps(view) for view in list(slack.views.values())), "the modal's answer"
    )
    slack.raise_event(
        {"type": "app_home_opened", "user": ANA, "channel": "D0ANA", "tab": "home", "event_ts": "1795000000.000002"}
    )
    until(lambda: ANA in slack.homes, "the Home tab")
    assert "Dismissed" in answered(lambda: slack.press(room, card["ts"], "heal_dismiss", buttons["heal_dismiss"]))
    until(lambda: all_acked(slack), "every ack")
    check_manners(slack)


def test_missing_scopes_and_failing_methods_never_stop_a_card(slack, bot):
    slack.order(method="auth.test", status=503)
    slack.order(method="apps.connections.open", status=500)
    slack.order(method="conversations.info", error="missing_scope", times=1000)
    slack.order(method="conversations.replies", error="missing_scope", times=1000)
    slack.order(method="chat.postMessage", status=500)
    slack.order(method="chat.update", status=429, error="ratelimited", retry_after=1, times=2)
    bot.start()
    posted = [(room, slack.post(room, message)) for _, room, message, _, _ in FAILURES[:5]]
    for room, ts in posted:
        until(lambda room=room, ts=ts: told(slack, room, ts), lambda: f"a card: {bot.said()[-2000:]}")
        assert len(cards(slack, room, ts)) == 1
    until(lambda: all_acked(slack), "every ack")
    check_manners(slack)


def test_after_a_gap_it_reads_what_was_posted_meanwhile(slack, bot):
    bot.start()
    first = slack.post(ALERTS, FAILURES[0][2])
    until(lambda: told(slack, ALERTS, first), "the first card")
    slack.disconnect("refresh_requested")
    until(lambda: slack.hellos == 2, "a new connection")
    second = slack.post(ALERTS, FAILURES[1][2])
    until(lambda: told(slack, ALERTS, second), "a card over the new connection")
    unheard = app("deploy-bot", ":x: *vacuum* failed: out of disk (exit code 9)")
    ts = slack.post(ALERTS, unheard, silent=True)  # the event of it went to nobody
    slack.cut()
    until(lambda: slack.hellos == 3, "a third connection", patience=60)
    until(lambda: told(slack, ALERTS, ts), lambda: f"the card of the unheard post: {bot.said()[-2000:]}")
    bot.kill()
    ts = slack.post(ALERTS, app("deploy-bot", ":x: *reindex* failed: timeout after 30 s"), silent=True)
    bot.start()
    until(lambda: told(slack, ALERTS, ts), "the card of the post while we were down")
    assert len(cards(slack, ALERTS, ts)) == 1
    assert slack.refusals == []
    assert slack.oddities == []


def labelled() -> list[tuple[str, dict[str, object]]]:
    folder = Path(os.environ.get("CODEHEALER_EVAL_DIR", "")) / "alerts"
    if "CODEHEALER_EVAL_DIR" not in os.environ or not folder.is_dir():
        pytest.skip("CODEHEALER_EVAL_DIR has no alerts")
    return [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def put(slack, room, event):
    """Let the labelled event happen in the room; return the ts of the message that it is about, or None."""
    inner = {
        name: value
        for name, value in event.items()
        if name not in {"ts", "channel", "event_ts", "channel_type", "type", "thread_ts"}
    }
    if event.get("subtype") == "message_changed":
        bare = [
            {n: v for n, v in dict(event[part]).items() if n not in {"ts", "edited", "type"}}
            for part in ("message", "previous_message")
        ]
        return slack.change(room, *bare)
    if event.get("subtype") == "message_deleted":
        slack.raise_event({**event, "channel": room})
        return None
    if event.get("thread_ts"):
        root = slack.post(
            room, dict(event.get("root") or {"text": "root", "user": ANA, "client_msg_id": "x"}), silent=True
        )
        if isinstance(inner.get("root"), dict):
            inner["root"] = {**inner["root"], "ts": root, "thread_ts": root}
        slack.post(room, inner, thread_ts=root)
        return root
    return slack.post(room, inner)


@pytest.mark.eval
@pytest.mark.timeout(240)
def test_labelled_alerts_of_real_senders_are_answered(slack, bot, capsys):
    rooms = (ALERTS, CI, DEPLOYS, PAGES, NIGHT, EXTRA)
    bot.environment["CODEHEALER_OWN_APP_ID"] = "A0CHATOPS01"  # the labelled events' own app
    bot.start()
    placed = [
        (name, case["kind"], rooms[at % 6], put(slack, rooms[at % 6], case["event"]))
        for at, (name, case) in enumerate(labelled())
    ]
    failures = [(name, room, ts) for name, kind, room, ts in placed if kind == "failure"]
    joined = []
    for name, room, ts in failures:
        until(
            lambda room=room, ts=ts: told(slack, room, ts) or bot.rows("SELECT 1 FROM records WHERE kind = 'alert' AND body LIKE ?", f'%"{ts}"%'),
            lambda name=name: f"an answer to {name}",
        )  # fmt: skip
        if not until(lambda room=room, ts=ts: told(slack, room, ts) or is_joined(bot, ts), "its card"):
            continue
        joined += [] if cards(slack, room, ts) else [name]
    chatty = [name for name, kind, room, ts in placed if kind == "not_alert" and ts and slack.thread(room, ts)]
    until(lambda: all_acked(slack), "every ack")
    check_manners(slack)
    titles = {name: case["expect"]["title"] for name, case in labelled()}
    untold = [
        name for name, room, ts in failures if cards(slack, room, ts) and not says(told(slack, room, ts), titles[name])
    ]
    with capsys.disabled():
        print(
            f"\nanother Slack: {len(failures)} labelled failures answered, {len(joined)} in the card of the same failure,"
            f" {len(untold)} do not say its title: {untold}; slowest ack {max(e.acked for e in slack.envelopes):.3f} s"
        )
    assert len(joined) <= 2
    assert chatty == []
    assert len(untold) <= 4


def is_joined(bot, ts):
    """Whether the post belongs to an incident that another post opened."""
    rows = bot.rows("SELECT i.body FROM records a JOIN records i ON i.id = a.incident AND i.kind = 'incident'"
                    " WHERE a.kind = 'alert' AND a.body LIKE ?", f'%"{ts}"%')  # fmt: skip
    return any(json.loads(str(body))["thread"]["ts"] != ts for (body,) in rows)


def says(card: str, title: str) -> bool:
    """Whether the card repeats the alert's headline, whatever became of its markup."""

    def words(text: str) -> str:
        return "".join(c for c in html.unescape(text).lower() if c.isalnum())

    return words(title)[:60] in words(card)
