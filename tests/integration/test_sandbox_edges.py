"""What the sandbox refuses, its history and limits, and who may talk to it."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml
from sandbox_bench import ALERT, BUTTONS, MODAL, PROXIES, Bench, NoCluster, bench, run
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.kubernetes_api import serve_kubernetes
from bot.sandbox.server import start_sandbox

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


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


def start_process(*options):
    command = [sys.executable, "-m", "bot.sandbox", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_process_prints_one_line_serves_and_cleans_up_after_itself():
    with start_process() as process:
        line = json.loads(process.stdout.readline())
        kubeconfig = Path(line["kubeconfig"])
        assert kubeconfig.exists()
        port = line["slack_api_url"].split(":")[2].split("/")[0]
        with start_process("--port", port) as second:
            assert second.wait(20) == 2
            assert "choose another --port" in second.stderr.read()
        process.terminate()
        assert process.wait(20) == 0
        assert process.stdout.read() == ""
        assert not kubeconfig.exists()


def test_a_scenario_reaches_the_cluster_and_its_channel_and_recovers():
    async def story():
        cluster = await serve_kubernetes(0, ROOT / "config" / "scenarios")
        sandbox = await start_sandbox(cluster, ROOT / "config" / "scenarios")
        async with aiohttp.ClientSession() as http:
            try:
                b = Bench(sandbox, http)
                scenarios = (await b.look("scenarios"))["scenarios"]
                assert {"oom-killed", "oom-leak"} <= {scenario["name"] for scenario in scenarios}
                caused = await b.control("cause", scenario="oom-killed")
                assert (await b.look("cluster"))["workloads"]
                await b.control("recover", scenario="oom-killed")
                messages = list(b.world.workspace.channels[caused["channel"]].messages.values())
                assert messages[0]["ts"] == caused["ts"]
                assert "RESOLVED" in messages[1]["text"]
                assert messages[0]["bot_id"] == messages[1]["bot_id"]
                await b.control("cause", 400, scenario="../etc")
            finally:
                await sandbox.close()

    run(story())


def test_buttons_of_other_apps_and_of_other_people_stay_out_of_reach(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            ana, ben, gia = (b.line["people"][who] for who in ("approver", "other", "guest"))
            click = {"channel": b.channel("ci-alerts"), "action_id": "heal_review"}
            foreign = await b.control("post", channel="ci-alerts", message={"text": "t", "blocks": BUTTONS})
            assert "another app" in (await b.control("click", 400, user=ana, ts=foreign["ts"], **click))["error"]
            shown = await b.client.chat_postEphemeral(channel=click["channel"], user=ana, text="t", blocks=BUTTONS)
            ts = shown["message_ts"]
            assert "no such message" in (await b.control("click", 400, user=ben, ts=ts, **click))["error"]
            assert "is not in" in (await b.control("click", 400, user=gia, ts=ts, **click))["error"]
            assert not [d for d in b.world.socket.deliveries if d.kind == "interactive"]

    run(story())
