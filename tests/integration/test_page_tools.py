"""The page's tools at laptop and phone width: the inspector of calls, faults, the tour, light and dark, accessibility."""

import json
from pathlib import Path

import pytest
from page_story import CHROMIUM, LAPTOP, PHONE, ScriptedCluster, by_id, page_of, show
from sandbox_bench import BUTTONS, MODAL, PROXIES, bench, run

from bot.sandbox.platform_faults import PlatformFaults

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="browser: no Chromium on this machine"),
    pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"]),
]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


# --- the inspector -----------------------------------------------------------------------------------------------------


def test_the_inspector_lists_all_platforms_calls_and_marks_writes(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            page.script.calls["github"] = [
                {"method": "GET", "path": "/repos/acme/checkout", "status": 200, "at": 10.0, "ms": 3.1},
                {"method": "POST", "path": "/repos/acme/checkout/pulls", "status": 422, "at": 12.0, "ms": 4.0},
            ]
            page.script.calls["argocd"] = [
                {"method": "POST", "path": "/api/v1/applications/checkout/sync", "status": 200, "at": 11.0, "ms": 5}
            ]
            review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            b.world.cluster.calls.append({"method": "POST", "path": review, "status": 201, "at": 9.0, "ms": 1})
            await b.client.auth_test()
            await b.client.chat_postMessage(channel=b.channel(), text="hello")
            await show(page, "calls")
            rows = by_id(page, "call")
            await rows.nth(5).wait_for()
            listed = [
                (await row.get_attribute("data-platform"), await row.get_attribute("data-write"))
                for row in await rows.all()
            ]
            assert listed == [
                ("slack", "true"),
                ("slack", "false"),
                ("github", "true"),
                ("argocd", "true"),
                ("github", "false"),
                ("cluster", "false"),
            ]
            await by_id(page, "calls-writes").click()
            assert await rows.count() == 3
            await by_id(page, "calls-slack").click()
            assert await rows.count() == 2
            await by_id(page, "calls-failed").click()
            assert "422" in await rows.inner_text()
            await by_id(page, "calls-filter").fill("nothing like it")
            await page.get_by_text("No call like that").wait_for()
            assert page.troubles == []

    run(story())


def test_a_new_call_comes_by_itself(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await show(page, "calls")
            await page.get_by_text("No calls yet").wait_for()
            await b.client.auth_test()
            await page.wait_for_selector("[data-testid=call] >> text=auth.test")
            assert await by_id(page, "call").count() == 1
            assert page.troubles == []

    run(story())


# --- faults ------------------------------------------------------------------------------------------------------------


def test_a_fault_is_ordered_seen_and_cleared(tmp_path, size):
    async def story():
        cluster = ScriptedCluster()
        async with bench(tmp_path, cluster=cluster) as b, page_of(b, size) as page:
            await by_id(page, "faults").click()
            await by_id(page, "faults-slack").click()
            await by_id(page, "fault-times").select_option("the next three calls")
            await by_id(page, "fault-500").click()
            await page.wait_for_selector("[data-testid=fault-500][aria-checked=true]")
            assert [(fault.kind, fault.status, fault.times) for fault in b.world.faults.waiting] == [("http", 500, 3)]
            await by_id(page, "faults-cluster").click()
            await by_id(page, "fault-times").select_option("all calls until cleared")
            await by_id(page, "fault-method").select_option("PATCH")
            await by_id(page, "fault-500-done").click()
            await page.wait_for_selector("[data-testid=fault-500-done][aria-checked=true]")
            wanted = {"kind": "status", "status": 500, "done": True, "method": "PATCH", "times": 0}
            assert cluster.ordered == [wanted]
            await by_id(page, "faults-close").click()
            strip = by_id(page, "fault-strip")
            await strip.get_by_text("500 after it did the thing (until cleared)").wait_for()
            await by_id(page, "faults-clear").click()
            await strip.wait_for(state="hidden")
            assert b.world.faults.waiting == []
            assert cluster.ordered[-1] == {"clear": True}
            assert ("github_fault", {"clear": True}) in page.script.posted
            assert page.troubles == []

    run(story())


def test_a_fault_that_is_used_up_leaves_the_strip(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await b.control("fault", method="auth.test", kind="error", error="invalid_auth")
            await page.wait_for_selector("[data-testid=fault-on] >> text=invalid_auth")
            async with b.http.post(
                b.line["slack_api_url"] + "auth.test", headers={"Authorization": f"Bearer {b.line['slack_bot_token']}"}
            ) as refused:
                assert (await refused.json())["error"] == "invalid_auth"
            await by_id(page, "fault-strip").wait_for(state="hidden")

    run(story())


KINDS = ("401", "403", "404", "409", "422", "429", "500", "500-done", "slow", "cut", "lost")


@pytest.mark.parametrize("platform", ["github", "argocd"])
def test_every_fault_of_a_platform_can_be_ordered(tmp_path, size, platform):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await by_id(page, "faults").click()
            await by_id(page, f"faults-{platform}").click()
            for kind in KINDS:
                await by_id(page, f"fault-{kind}").click()
                await page.wait_for_selector(f"[data-testid=fault-{kind}][aria-checked=true]")
            real = PlatformFaults()
            for name, order in page.script.posted:
                assert name == f"{platform}_fault"
                real.order(order)
            assert len(real.waiting) == len(KINDS)
            assert page.troubles == []

    run(story())


# --- the tour ----------------------------------------------------------------------------------------------------------


def a_bot(b):
    """An app that does as the bot does: a card, a modal, a verdict in the thread."""

    @b.app.event("message")
    async def message(event, client):
        if event.get("bot_id") and event.get("app_id") != b.line["app_id"]:
            await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="card", blocks=BUTTONS)

    @b.app.action("heal_review")
    async def review(ack, body, client):
        await ack()
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"], "thread": body["message"]["thread_ts"]}
        view = {**MODAL, "private_metadata": json.dumps(place)}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @b.app.view("heal_decide")
    async def decide(ack, body, client):
        await ack()
        place = json.loads(body["view"]["private_metadata"])
        await client.chat_update(channel=place["channel"], ts=place["ts"], text="Approved", blocks=BUTTONS[:1])
        await client.chat_postMessage(channel=place["channel"], thread_ts=place["thread"], text="Verified: it holds")


async def heal(page):
    """Go through the four steps that every failure has: cause it, read the card, review, approve."""
    await by_id(page, "tour-next").press("Enter")
    await page.wait_for_selector("[data-testid=tour][data-step='The card']")
    await page.locator("#replies [data-action-id=heal_review]").click()
    await page.wait_for_selector("[data-testid=tour][data-step^='What would happen']")
    await by_id(page, "modal-submit").click()


async def verdict(page, words):
    """Wait until the tour points at the verdict in the thread, and go on."""
    await by_id(page, "tour").get_by_text(words).wait_for()
    assert await page.get_by_text("Verified: it holds").last.is_visible()
    await by_id(page, "tour-next").click()


def test_the_tour_follows_a_person_from_the_failure_to_the_verdict(tmp_path, size):
    async def story():
        async with bench(tmp_path, cluster=ScriptedCluster()) as b:
            a_bot(b)
            await b.connect()
            async with page_of(b, size, first_visit=True) as page:
                await by_id(page, "tour-step").get_by_text("1 of 13").wait_for()
                await by_id(page, "tour-next").press("Enter")
                await page.wait_for_selector("[data-testid=tour][data-step='Break something']")
                assert await page.evaluate("document.activeElement.dataset.testid") == "tour-next"
                await heal(page)
                await verdict(page, "There it is, in the thread")
                await page.wait_for_selector("[data-testid=tour][data-step='Now one that needs a merge']")
                await heal(page)
                await by_id(page, "merge").click()
                await verdict(page, "what Argo CD showed")
                await page.wait_for_selector("[data-testid=tour][data-step='That was it']")
                await by_id(page, "tour-next").click()
                await by_id(page, "tour").wait_for(state="detached")
                await page.reload()
                await by_id(page, "channel-platform-alerts").wait_for(state="attached")
                assert await by_id(page, "tour").count() == 0
                assert page.troubles == []

    run(story())


def test_the_tour_can_be_left_and_started_again_by_keyboard(tmp_path, size):
    async def story():
        async with bench(tmp_path, cluster=ScriptedCluster()) as b, page_of(b, size, first_visit=True) as page:
            await by_id(page, "tour-skip").focus()
            await page.keyboard.press("Escape")
            await by_id(page, "tour").wait_for(state="detached")
            if size == PHONE:
                await by_id(page, "open-sidebar").click()
            await by_id(page, "tour-start").press("Enter")
            await by_id(page, "tour-step").get_by_text("1 of 13").wait_for()
            assert await page.evaluate("document.activeElement.dataset.testid") == "tour-next"

    run(story())


def test_who_does_not_want_the_tour_is_not_in_its_way(tmp_path, size):
    async def story():
        async with bench(tmp_path, cluster=ScriptedCluster()) as b, page_of(b, size, first_visit=True) as page:
            await by_id(page, "tour").wait_for()
            await by_id(page, "cause-failure").click()
            await by_id(page, "scenario-oom-killed").click()
            await by_id(page, "tour").wait_for(state="detached")
            assert await by_id(page, "tour").count() == 0
            assert page.troubles == []

    run(story())


# --- light, dark, and everybody ----------------------------------------------------------------------------------------


def test_the_theme_is_switched_and_remembered(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size, "light") as page:
            background = "getComputedStyle(document.body).backgroundColor"
            assert await page.evaluate(background) == "rgb(255, 255, 255)"
            if size == PHONE:
                await by_id(page, "open-sidebar").click()
            await by_id(page, "theme").click()
            dark = await page.evaluate(background)
            assert dark != "rgb(255, 255, 255)"
            await page.reload()
            assert await page.evaluate(background) == dark
            await page.emulate_media(color_scheme="dark")
            assert await page.evaluate(background) == dark

    run(story())


AXE = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
CARD = [
    *BUTTONS,
    {"type": "context", "elements": [{"type": "plain_text", "text": "small print"}]},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_preformatted",
                "elements": [{"type": "text", "text": "  limits:\n- memory: 256Mi\n+ memory: 384Mi"}],
            }
        ],
    },
]


async def faults_of(page):
    """Ask axe for what breaks WCAG 2.1 A or AA in what is shown now."""
    await page.evaluate((Path(AXE.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
    return [
        (each["id"], each["nodes"][0]["html"][:160], each["nodes"][0]["failureSummary"][:300])
        for each in found["violations"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(tmp_path, size, theme):
    async def story():
        async with bench(tmp_path, cluster=ScriptedCluster()) as b, page_of(b, size, theme, first_visit=True) as page:
            await b.client.chat_postMessage(channel=b.channel(), text="card", blocks=CARD)
            alert = {
                "text": "<https://example.com/a|a link>",
                "attachments": [{"title": "t", "footer": "f", "text": "`code`"}],
            }
            posted = await b.control("post", channel="platform-alerts", message=alert)
            await b.control("post", channel="platform-alerts", thread_ts=posted["ts"], message={"text": "reply"})
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            await page.get_by_text("a link").wait_for()
            found = {"channel and tour": await faults_of(page)}
            await by_id(page, "tour-skip").click()
            await by_id(page, "open-thread").click()
            found["thread"] = await faults_of(page)
            await by_id(page, "thread-close").click()
            for panel in ("github", "argocd", "kubernetes", "calls"):
                await show(page, panel)
                found[panel] = await faults_of(page)
            await show(page, "github")
            await by_id(page, "job-log").last.click()
            await page.locator(".log-error").wait_for()
            found["log"] = await faults_of(page)
            await by_id(page, "log-close").click()
            await by_id(page, "faults").click()
            await by_id(page, "fault-401").click()
            found["faults"] = await faults_of(page)
            await by_id(page, "faults-close").click()
            await by_id(page, "cause-failure").click()
            found["menu"] = await faults_of(page)
            await page.keyboard.press("Escape")
            if size == PHONE:
                await by_id(page, "open-sidebar").click()
                found["sidebar"] = await faults_of(page)
            assert {where: faults for where, faults in found.items() if faults} == {}
            assert page.troubles == []

    run(story())
