"""The sandbox's Slack, driven by the real slack_bolt and slack_sdk, which must run against it unchanged."""

import asyncio
import contextlib
import json
import logging
import stat
from collections import deque

import aiohttp
import pytest
import yaml
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import start_sandbox

ALERT = {
    "text": "KubePodCrashLooping",
    "attachments": [{"color": "#f00", "title": "pod payments-api is crash looping"}],
}
BUTTONS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*OOMKilled*"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "heal_review",
                "text": {"type": "plain_text", "text": "Review fix"},
                "value": "p1",
            }
        ],
    },
]
MODAL = {
    "type": "modal",
    "callback_id": "heal_decide",
    "private_metadata": "p1",
    "title": {"type": "plain_text", "text": "Review fix"},
    "submit": {"type": "plain_text", "text": "Approve"},
    "close": {"type": "plain_text", "text": "Cancel"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "note"},
        }
    ],
}


class NoCluster:
    """A cluster with nothing in it: these tests are about Slack."""

    url = "http://127.0.0.1:1"

    def __init__(self):
        self.calls = deque()
        self.objects = []

    def create(self, objects):
        self.objects += objects

    def reset(self):
        self.objects.clear()

    def kubeconfig(self):
        return json.dumps({"clusters": [{"cluster": {"server": self.url}}]})

    def fault(self, order):
        raise ValueError(f"no faults here: {order}")

    def summary(self):
        return []

    def load_scenario(self, name):
        return {"channel": "platform-alerts", "sender": {"name": "Robusta"}, "message": {**ALERT, "text": name}}

    def scenarios(self):
        return [{"name": "oom", "title": "OOM", "description": "A pod dies"}]

    async def close(self):
        pass


class Bench:
    """The sandbox, a Bolt app connected to it, and the control API."""

    def __init__(self, sandbox, http):
        self.sandbox, self.http, self.line = sandbox, http, sandbox.line()
        self.world = sandbox.world
        self.client = AsyncWebClient(token=self.line["slack_bot_token"], base_url=self.line["slack_api_url"])
        self.app = AsyncApp(client=self.client, logger=logging.getLogger("quiet"))
        self.handler = None

    async def connect(self):
        self.handler = AsyncSocketModeHandler(self.app, self.line["slack_app_token"], ping_interval=0.5)
        await self.handler.connect_async()

    async def control(self, name, expect=200, **body):
        headers = {"Authorization": f"Bearer {self.line['control_token']}"}
        async with self.http.post(self.line["control_url"] + name, json=body, headers=headers) as answer:
            assert answer.status == expect, await answer.text()
            return await answer.json()

    async def look(self, name, **query):
        headers = {"Authorization": f"Bearer {self.line['control_token']}"}
        async with self.http.get(self.line["control_url"] + name, params=query, headers=headers) as answer:
            return await answer.json()

    def channel(self, name="platform-alerts"):
        return self.world.workspace.find_channel(name).id

    async def until(self, true, what="it"):
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@contextlib.asynccontextmanager
async def bench(tmp_path, limits_on=False):
    sandbox = await start_sandbox(NoCluster(), tmp_path, limits_on=limits_on)
    async with aiohttp.ClientSession() as http:
        made = Bench(sandbox, http)
        try:
            yield made
        finally:
            if made.handler is not None:
                await made.handler.close_async()
            await sandbox.close()


def run(test):
    asyncio.run(test)


def test_an_alert_reaches_the_app_is_acked_and_is_answered_in_its_thread(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            heard = []

            @b.app.event("message")
            async def message(body, client):
                event = body["event"]
                heard.append(event)
                if event.get("app_id") != b.line["app_id"]:
                    await client.chat_postMessage(
                        channel=event["channel"],
                        thread_ts=event["ts"],
                        text="looking",
                        metadata={"event_type": "codehealer_card", "event_payload": {"incident": "i1"}},
                    )

            await b.connect()
            ts = (await b.control("post", channel="#platform-alerts", sender={"name": "Robusta"}, message=ALERT))["ts"]
            await b.until(
                lambda: any("looking" in m["text"] for m in b.world.workspace.channels[b.channel()].messages.values())
            )
            event = heard[0]
            assert event["attachments"][0]["title"] == "pod payments-api is crash looping"
            assert event["bot_profile"]["app_id"] == event["app_id"] != b.line["app_id"]
            history = await b.client.conversations_history(channel=b.channel(), limit=1)
            assert history["messages"][0]["ts"] == ts
            assert history["messages"][0]["reply_count"] == 1
            thread = await b.client.conversations_replies(channel=b.channel(), ts=ts, include_all_metadata=True)
            assert thread["messages"][1]["metadata"]["event_payload"] == {"incident": "i1"}
            plain = await b.client.conversations_replies(channel=b.channel(), ts=ts)
            assert "metadata" not in plain["messages"][1]
            rows = (await b.look("deliveries"))["deliveries"]
            assert rows[0]["state"] == "acked"
            assert len(rows[0]["attempts"]) == 1

    run(story())


def test_click_opens_a_modal_whose_submission_updates_the_card(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            submitted = []

            @b.app.action("heal_review")
            async def review(ack, body, client):
                await ack()
                assert body["actions"][0]["value"] == "p1"
                assert body["container"]["message_ts"] == body["message"]["ts"]
                await client.views_open(trigger_id=body["trigger_id"], view={**MODAL, "external_id": "click-1"})

            @b.app.view("heal_decide")
            async def decide(ack, body, client):
                submitted.append(body["view"])
                await ack(response_action="update", view={**MODAL, "title": {"type": "plain_text", "text": "Checking"}})

            await b.connect()
            posted = await b.client.chat_postMessage(channel=b.channel(), text="card", blocks=BUTTONS)
            ana = b.line["people"]["approver"]
            clicked = await b.control("click", user=ana, channel=b.channel(), ts=posted["ts"], action_id="heal_review")
            assert clicked["acked"]
            await b.until(lambda: b.world.views.open_views(ana))
            view = b.world.views.open_views(ana)[0]
            done = await b.control("submit", user=ana, view_id=view.id, values={"note": "go"})
            assert done["response_action"] == "update"
            assert submitted[0]["state"]["values"]["note"]["note"] == {"type": "plain_text_input", "value": "go"}
            assert submitted[0]["private_metadata"] == "p1"
            assert submitted[0]["external_id"] == "click-1"
            assert view.body["title"]["text"] == "Checking"
            with pytest.raises(SlackApiError, match="hash_conflict"):
                await b.client.views_update(view_id=view.id, view=MODAL, hash="old")
            with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
                await b.client.views_open(trigger_id=clicked["trigger_id"], view=MODAL)

    run(story())


def test_commands_mentions_home_and_ephemeral_answers(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            events = []

            @b.app.command("/heal")
            async def heal(ack, body):
                await ack(f"you said {body['text']}")

            @b.app.event("app_mention")
            async def mention(body, client):
                events.append(body["event_id"])
                event = body["event"]
                await client.chat_postEphemeral(channel=event["channel"], user=event["user"], text="I am here")

            @b.app.event("message")
            async def message(body):
                events.append(body["event_id"])

            @b.app.event("app_home_opened")
            async def home(event, client):
                view = {"type": "home", "blocks": [{"type": "divider"}]}
                await client.views_publish(user_id=event["user"], view=view)

            await b.connect()
            ben = b.line["people"]["other"]
            assert (await b.control("command", user=ben, channel="ci-alerts", command="/heal", text="help"))["acked"]
            await b.control("say", user=ben, channel="ci-alerts", text="@codehealer status")
            await b.control("home", user=ben)
            channel = b.world.workspace.channels[b.channel("ci-alerts")]
            await b.until(lambda: len(channel.ephemerals) == 2 and ben in b.world.views.homes)
            assert [m["text"] for m in channel.ephemerals] == ["you said help", "I am here"]
            assert not [m for m in channel.messages.values() if m["text"] == "you said help"]
            assert len(set(events)) == 2
            refused = await b.control("command", 400, user=ben, channel="ci-alerts", command="/other")
            assert "not a valid command" in refused["error"]

    run(story())


def test_an_event_without_ack_is_sent_again_three_times_then_lost(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            tries = []

            @b.app.middleware
            async def swallow(req, next_):
                tries.append(req.headers.get("x-slack-retry-num"))
                # no next(), no answer: Bolt reports 404 inside and sends no ack

            await b.control("timing", ack_seconds=0.1, retry_seconds=[0.0, 0.1, 0.1])
            await b.connect()
            await b.control("post", channel="platform-alerts", message=ALERT)
            await b.until(lambda: b.world.socket.deliveries[0].state == "lost")
            row = (await b.look("deliveries"))["deliveries"][0]
            assert len(row["attempts"]) == 4
            assert [attempt["reason"] for attempt in row["attempts"]] == ["", "timeout", "timeout", "timeout"]
            assert tries[1:] == [["1"], ["2"], ["3"]]

    run(story())


def test_late_acks_are_written_down_and_a_late_click_shows_an_error(tmp_path):
    async def story():
        async with bench(tmp_path) as b:

            @b.app.action("heal_review")
            async def review(ack):
                await asyncio.sleep(0.3)
                await ack()

            await b.control("timing", ack_seconds=0.1)
            await b.connect()
            posted = await b.client.chat_postMessage(channel=b.channel(), text="card", blocks=BUTTONS)
            ana = b.line["people"]["approver"]
            clicked = await b.control("click", user=ana, channel=b.channel(), ts=posted["ts"], action_id="heal_review")
            assert not clicked["acked"]
            await b.until(lambda: any(row["name"] == "heal_review" for row in b.world.socket.late_acks))
            assert [n["user"] for n in b.world.notices if n["kind"] == "unanswered"] == [ana]

    run(story())


def test_events_with_no_connection_are_lost_after_the_retries(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            await b.control("timing", retry_seconds=[0.0, 0.01, 0.01])
            await b.control("post", channel="platform-alerts", message=ALERT)
            await b.until(lambda: b.world.socket.deliveries[0].state == "lost")
            assert {a.reason for a in b.world.socket.deliveries[0].attempts[1:]} == {"no_connection"}

    run(story())


def test_the_client_reconnects_after_a_disconnect_frame_and_after_a_cut(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            heard = []

            @b.app.event("message")
            async def message(event):
                heard.append(event["text"])

            await b.connect()
            await b.control("disconnect", reason="refresh_requested", close_after=0.2)
            await b.until(lambda: b.world.socket.connections_opened == 2)
            await b.control("post", channel="platform-alerts", message={"text": "one"})
            await b.until(lambda: heard == ["one"])
            await b.control("disconnect", cut=True)
            await b.until(lambda: b.world.socket.connections_opened == 3)
            await b.control("post", channel="platform-alerts", message={"text": "two"})
            await b.until(lambda: heard == ["one", "two"])

    run(story())


def test_refuses_what_slack_refuses(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            client, channel = b.client, b.channel()

            async def refusal(call):
                with pytest.raises(SlackApiError) as refused:
                    await call
                return refused.value.response

            long_section = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
            bad = await refusal(client.chat_postMessage(channel=channel, text="t", blocks=long_section))
            assert bad["error"] == "invalid_blocks"
            assert "[json-pointer:/blocks/0/text/text]" in bad["response_metadata"]["messages"][0]
            assert b.world.notices[-1]["text"].startswith("chat.postMessage: invalid_blocks")
            for error, call in {
                "no_text": client.api_call("chat.postMessage", json={"channel": channel}),
                "channel_not_found": client.chat_postMessage(channel="C0", text="t"),
                "not_in_channel": client.chat_postMessage(channel=b.channel("general"), text="t"),
                "invalid_thread_ts": client.chat_postMessage(channel=channel, text="t", thread_ts="1"),
                "thread_not_found": client.chat_postMessage(channel=channel, text="t", thread_ts="1700000000.000001"),
                "msg_too_long": client.chat_postMessage(channel=channel, text="t" * 40_001),
                "message_not_found": client.chat_update(channel=channel, ts="1700000000.000001", text="t"),
                "user_not_in_channel": client.chat_postEphemeral(channel=channel, user="U0", text="t"),
                "metadata_too_large": client.chat_postMessage(
                    channel=channel, text="t", metadata={"event_type": "e", "event_payload": {"x": "y" * 17_000}}
                ),
                "invalid_trigger_id": client.views_open(trigger_id="1.2.3", view=MODAL),
                "not_found": client.views_update(view_id="V0", view=MODAL),
                "unknown_method": client.api_call("reactions.add"),
                "user_not_found": client.users_info(user="U0"),
                "invalid_auth": AsyncWebClient(token="xoxb-1", base_url=b.line["slack_api_url"]).auth_test(),
                "not_allowed_token_type": client.apps_connections_open(app_token=b.line["slack_bot_token"]),
            }.items():
                response = await refusal(call)
                assert response["error"] == error
            foreign = await b.control("post", channel=channel, message=ALERT)
            assert (await refusal(client.chat_update(channel=channel, ts=foreign["ts"], text="t")))["error"] == (
                "cant_update_message"
            )
            view = {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}
            bad = await refusal(client.views_open(trigger_id="1.2.3", view=view))
            assert bad["error"] == "invalid_arguments"

    run(story())


def test_an_update_with_text_alone_takes_the_blocks_away_and_keeps_the_metadata(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            metadata = {"event_type": "codehealer_card", "event_payload": {"incident": "i"}}
            posted = await b.client.chat_postMessage(
                channel=b.channel(), text="card", blocks=BUTTONS, metadata=metadata
            )
            await b.client.chat_update(channel=b.channel(), ts=posted["ts"], text="done")
            state = await b.look("state", channel=b.channel())
            message = state["channels"][0]["messages"][0]
            assert "blocks" not in message
            assert message["metadata"] == metadata
            changed = b.world.socket.deliveries[-1]
            assert changed.name == "message.message_changed"

    run(story())


def test_history_pages_newest_first_and_between_two_moments(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            bulk = await b.control(
                "post_bulk", posts=[{"channel": b.channel(), "message": {"text": str(n)}} for n in range(7)]
            )
            stamps = [post["ts"] for post in bulk["posts"]]
            seen, cursor = [], None
            while cursor != "":
                page = await b.client.conversations_history(channel=b.channel(), limit=3, cursor=cursor)
                seen += [m["text"] for m in page["messages"]]
                cursor = page["response_metadata"]["next_cursor"]
            assert seen == ["6", "5", "4", "3", "2", "1", "0"]
            page = await b.client.conversations_history(channel=b.channel(), oldest=stamps[2], latest=stamps[5])
            assert [m["text"] for m in page["messages"]] == ["4", "3"]
            page = await b.client.conversations_history(channel=b.channel(), oldest=stamps[5], inclusive=True)
            assert [m["text"] for m in page["messages"]] == ["6", "5"]

    run(story())


def test_rate_limits_and_ordered_faults(tmp_path):
    async def story():
        async with bench(tmp_path, limits_on=True) as b:
            for _ in range(4):
                await b.client.chat_postMessage(channel=b.channel(), text="t")
            with pytest.raises(SlackApiError) as limited:
                await b.client.chat_postMessage(channel=b.channel(), text="t")
            assert limited.value.response.status_code == 429
            assert limited.value.response.headers["Retry-After"] == "1"
            await b.control("limits", on=False)
            await b.control("fault", method="auth.test", kind="error", error="account_inactive")
            with pytest.raises(SlackApiError, match="account_inactive"):
                await b.client.auth_test()
            assert (await b.client.auth_test())["bot_id"] == b.world.workspace.app.bot_id
            before = len(b.world.workspace.channels[b.channel()].messages)
            await b.control("fault", method="chat.postMessage", kind="drop_answer")
            b.client.retry_handlers = []
            with pytest.raises(aiohttp.ClientError):
                await b.client.chat_postMessage(channel=b.channel(), text="lost answer")
            assert len(b.world.workspace.channels[b.channel()].messages) == before + 1
            await b.control("scopes", missing=["users:read"])
            with pytest.raises(SlackApiError, match="missing_scope"):
                await b.client.users_info(user=b.line["people"]["other"])
            calls = (await b.look("calls"))["calls"]
            assert [c["error"] for c in calls][4] == "ratelimited"

    run(story())


def test_response_url_answers_five_times(tmp_path):
    async def story():
        async with bench(tmp_path) as b:

            @b.app.command("/heal")
            async def heal(ack, respond):
                await ack()
                await respond("checked")

            await b.connect()
            ana = b.line["people"]["approver"]
            await b.control("command", user=ana, channel="ci-alerts", command="/heal")
            channel = b.world.workspace.channels[b.channel("ci-alerts")]
            await b.until(lambda: [m["text"] for m in channel.ephemerals] == ["checked"])
            path = b.world.response_urls.new_path(ana, channel.id)
            for expected in (200, 200, 200, 200, 200, 404):
                async with b.http.post(b.world.base + path, json={"text": "t"}) as answer:
                    assert answer.status == expected

    run(story())


def test_foreign_hosts_origins_and_tokens_stay_outside(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            control = b.line["control_url"] + "state"
            for headers, status in (
                ({}, 401),
                ({"Authorization": "Bearer wrong"}, 401),
                ({"Authorization": f"Bearer {b.line['control_token']}", "Host": "evil.example"}, 403),
                ({"Authorization": f"Bearer {b.line['control_token']}", "Origin": "http://evil.example"}, 403),
                ({"Authorization": f"Bearer {b.line['control_token']}", "Origin": b.world.base}, 200),
            ):
                async with b.http.get(control, headers=headers) as answer:
                    assert answer.status == status
            async with b.http.get(b.world.base + "/") as answer:
                assert answer.status == 403
            async with b.http.get(b.line["url"]) as answer:
                assert answer.status == 200
                assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
                assert answer.headers["Cache-Control"] == "no-store"
                page = await answer.text()
            token = b.line["url"].split("token=")[1]
            assert token in page
            for name, status in (
                ("app.js", 200),
                ("..%2Fserver.py", 404),
                ("%2e%2e%2f__init__.py", 404),
                ("no.js", 404),
            ):
                async with b.http.get(f"{b.world.base}/page/{token}/{name}") as answer:
                    assert answer.status == status

    run(story())


def test_the_page_stream_tells_of_new_messages(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            token = b.line["url"].split("token=")[1]
            async with b.http.get(f"{b.world.base}/stream/{token}") as stream:
                assert (await stream.content.readline()).startswith(b"retry")
                await b.control("cause", scenario="oom")
                while True:
                    line = (await stream.content.readline()).decode()
                    batch = json.loads(line[6:]) if line.startswith("data: ") else []
                    if any(change["type"] == "message" for change in batch):
                        break

    run(story())


def test_the_kubeconfig_is_private_and_goes_with_the_sandbox(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            path = b.sandbox.kubeconfig
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            written = yaml.safe_load(path.read_text())
            assert written["clusters"][0]["cluster"]["server"] == NoCluster.url
            assert json.loads(json.dumps(b.line))["kubeconfig"] == str(path)
        assert not path.exists()

    run(story())


def test_a_thousand_posts_at_once_all_arrive_once_and_in_time(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            heard = []

            @b.app.event("message")
            async def message(event):
                heard.append(event["ts"])

            await b.connect()
            channels = [c["id"] for c in (await b.control("channels", count=30, prefix="load"))["channels"]]
            posts = [{"channel": channels[n % 30], "message": {"text": f"alert {n}"}} for n in range(1000)]
            bulk = await b.control("post_bulk", posts=posts)
            await b.until(lambda: len(heard) == 1000)
            assert sorted(heard) == sorted(post["ts"] for post in bulk["posts"])
            await b.until(lambda: all(d.state == "acked" for d in b.world.socket.deliveries))
            assert not b.world.socket.late_acks
            state = await b.look("state", since=bulk["posts"][-2]["ts"])
            assert sum(len(c["messages"]) for c in state["channels"]) == 1

    run(story())
