"""The sandbox's Slack, driven by the real slack_bolt and slack_sdk, which must run against it unchanged."""

import asyncio

import pytest
from sandbox_bench import ALERT, BUTTONS, MODAL, PROXIES, bench, run
from slack_sdk.errors import SlackApiError


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


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
