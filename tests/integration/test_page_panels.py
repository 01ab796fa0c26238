"""The page's panels at laptop and phone width: what a person sees of GitHub, Argo CD and Kubernetes, and does there."""

import asyncio

import pytest
from page_story import ARGOCD, CHROMIUM, GITHUB, LAPTOP, PHONE, ScriptedCluster, by_id, page_of, show
from sandbox_bench import PROXIES, bench, run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="browser: no Chromium on this machine"),
    pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"]),
]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


async def fits(page):
    """Nothing is wider than the window, and nothing went wrong on the way here."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.troubles == []


def test_a_run_shows_its_jobs_steps_and_log(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await show(page, "github")
            await page.wait_for_selector("[data-testid=run][data-state=failure][open]")
            assert await by_id(page, "job").count() == 2
            assert await page.locator(".step-bad").inner_text() == "Log in to registry.acme.dev\nfailure"
            await page.get_by_label("Log of publish").click()
            error = page.locator(".log-error")
            await error.wait_for()
            assert "denied: token expired" in await error.inner_text()
            assert await error.evaluate("node => node.getBoundingClientRect().bottom <= innerHeight")
            assert "layer 7 <b>waits</b>" in await by_id(page, "log-lines").inner_text()
            assert "\u001b" not in await by_id(page, "log-lines").inner_text()
            await page.get_by_label("Only lines with").fill("token")
            assert await page.locator(".log-line").count() == 1
            await page.keyboard.press("Escape")
            assert await page.evaluate("document.activeElement.dataset.testid") == "job-log"
            await fits(page)

    run(story())


def test_a_second_attempt_stands_first_and_is_lit(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await show(page, "github")
            await page.wait_for_selector("[data-testid=run][data-state=failure]")
            assert await page.locator(".lit-card").count() == 0
            again = {**page.script.run, "attempt": 2, "status": "in_progress", "conclusion": None}
            page.script.repos[0]["runs"].insert(0, again)
            page.script.tell("github")
            await page.wait_for_selector("[data-testid=run][data-state=in_progress].lit-card")
            assert await by_id(page, "run").count() == 1
            assert await page.locator(".attempt-head").inner_text() == "Attempt 1\nfailure"
            await fits(page)

    run(story())


def test_a_person_reads_a_pull_request_and_merges_it(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await show(page, "github")
            pull = by_id(page, "pull")
            assert await pull.locator(".diff-plus").inner_text() == "+            limits: {memory: 256Mi}"
            assert await pull.locator("script").count() == 0
            await by_id(page, "merge").click()
            await page.wait_for_selector("[data-testid=pull][data-state=merged]")
            approver = b.line["people"]["approver"]
            assert page.script.posted == [("merge", {"repo": "acme/checkout", "number": 12, "user": approver})]
            assert await by_id(page, "merge").count() == 0
            await fits(page)

    run(story())


def test_a_pull_request_with_conflicts_can_only_be_closed(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            page.script.pull["mergeable"] = False
            page.script.tell("github")
            await show(page, "github")
            await page.get_by_text("conflicts with its base").wait_for()
            assert await by_id(page, "merge").is_disabled()
            await by_id(page, "close-pull").click()
            await page.wait_for_selector("[data-testid=pull][data-state=closed]")
            await fits(page)

    run(story())


def test_an_application_shows_why_it_is_ill_and_turns_green(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await show(page, "argocd")
            app = by_id(page, "application")
            said = await app.inner_text()
            for words in ("OutOfSync", "Degraded", "SyncError", "quantities must match the regular expression"):
                assert words in said
            assert await by_id(page, "resource").first.get_attribute("data-name") == "checkout"
            page.script.applications[0].update(sync="Synced", health="Healthy", conditions=[], operation=None)
            page.script.tell("argocd")
            await page.wait_for_selector("[data-testid=application][data-sync=Synced][data-health=Healthy].lit-card")
            await fits(page)

    run(story())


def test_a_workload_shows_what_its_limit_was(tmp_path, size):
    async def story():
        cluster = ScriptedCluster()
        async with bench(tmp_path, cluster=cluster) as b, page_of(b, size) as page:
            await show(page, "kubernetes")
            await page.wait_for_selector("[data-testid=workload][data-state=bad]")
            assert "CrashLoopBackOff" in await by_id(page, "pod").inner_text()
            cluster.rows[0]["containers"][0]["memory_limit"] = "384Mi"
            cluster.rows[0]["ready"] = 2
            cluster.rows[0]["pods"] = []
            await page.wait_for_selector("[data-testid=workload][data-state=good]")
            assert await page.locator(".limit dd").inner_text() == "256Mi → 384Mi"
            await fits(page)

    run(story())


def test_many_events_are_few_requests(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await show(page, "github")
            await by_id(page, "run").wait_for()
            before = page.script.asked.count("github")
            for _ in range(100):
                page.script.tell("github")
                await asyncio.sleep(0)
            page.script.run["conclusion"] = "success"
            page.script.tell("github")
            await page.wait_for_selector("[data-testid=run][data-state=success]")
            assert page.script.asked.count("github") - before <= 3

    run(story())


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        (f"{GITHUB}/acme/checkout/actions/runs/9001/job/72", "[data-testid=job-log-dialog] .log-error"),
        (f"{GITHUB}/acme/checkout/actions/runs/9001/job/72#step:2:5", ".log-here >> text=layer 1 <b>waits</b>"),
        (f"{GITHUB}/acme/checkout/actions/runs/9001/attempts/1", "[data-testid=run][data-id='9001'][open]"),
        (f"{GITHUB}/acme/checkout/pull/12", "[data-testid=pull][data-number='12'][open]"),
        (f"{ARGOCD}/applications/argocd/checkout", "[data-testid=application][data-name=checkout][open]"),
    ],
)
def test_a_link_of_a_card_opens_the_panel(tmp_path, size, link, shown):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            await b.control("post", channel="platform-alerts", message={"text": f"<{link}|the place>"})
            await page.get_by_text("the place").click()
            await page.wait_for_selector(shown)
            assert page.url.startswith(b.world.base)
            await fits(page)

    run(story())


def test_a_link_to_a_file_leads_to_the_page_of_the_file(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            address = f"{GITHUB}/acme/checkout/blob/main/a.yaml#L3"
            await b.control("post", channel="platform-alerts", message={"text": f"<{address}|the file>"})
            await page.get_by_text("the file").wait_for()
            async with page.expect_popup() as opened:
                await page.get_by_text("the file").click()
            await (await opened.value).close()
            assert await page.locator("#panel").is_hidden()

    run(story())


def test_the_thread_stays_while_one_looks_at_a_platform(tmp_path, size):
    async def story():
        async with bench(tmp_path) as b, page_of(b, size) as page:
            posted = await b.control("post", channel="platform-alerts", message={"text": "the alert"})
            await b.control("post", channel="platform-alerts", thread_ts=posted["ts"], message={"text": "the card"})
            await by_id(page, "open-thread").click()
            await show(page, "argocd")
            await by_id(page, "application").wait_for()
            assert await by_id(page, "thread-panel").is_visible() == (size == LAPTOP)
            if size == PHONE:
                await by_id(page, "key-slack").click()
            await by_id(page, "thread-panel").get_by_text("the card").wait_for()
            await fits(page)

    run(story())


def test_the_menu_puts_a_twin_under_its_scenario(tmp_path, size):
    async def story():
        async with bench(tmp_path, cluster=ScriptedCluster()) as b, page_of(b, size) as page:
            await by_id(page, "cause-failure").click()
            menu = page.get_by_role("menu")
            await menu.wait_for()
            assert await menu.locator(".menu-group").all_inner_texts() == ["Kubernetes", "GitHub Actions", "Argo CD"]
            names = await menu.get_by_role("menuitem").evaluate_all("nodes => nodes.map(node => node.dataset.testid)")
            assert names[:2] == ["scenario-oom-killed", "scenario-oom-leak"]
            assert "the fix does not help" in await by_id(page, "scenario-oom-leak").inner_text()
            await by_id(page, "scenario-expired-token").click()
            await page.wait_for_selector("[data-testid=thread-panel] >> text=expired-token")
            await fits(page)

    run(story())
