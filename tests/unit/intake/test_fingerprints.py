"""Equal problems get equal fingerprints; error text and the order of fields never matter."""

import pytest

RUN = "https://github.com/hooli/web/actions/runs/"


def gha(read, number: int, said: str, **more: object):
    return read(
        f":x: Workflow <{RUN}{number}|CI #{number}> {said}",
        app_id="A01BP7R4KNY",
        attachments=[
            {
                "id": 1,
                "title": f"CI #{number}",
                "title_link": f"{RUN}{number}",
                "fields": [{"title": "Commit", "value": "`4be1d3f (main)`"}],
            }
        ],
        **more,
    )


def test_runs_of_a_branch_join_and_a_success_ends_it(read) -> None:
    assert (
        gha(read, 1, "failed").fingerprint
        == gha(read, 2, "failed").fingerprint
        == gha(read, 3, "succeeded").fingerprint
        == "ci/default/hooli%2Fweb/CI/main"
    )


def test_edit_and_broadcast_of_one_run_are_one(read) -> None:
    run = {
        "id": 1,
        "title": "CI #9",
        "title_link": f"{RUN}9",
        "color": "cb2431",
        "fields": [{"title": "Status", "value": ":x: Failure"}, {"title": "Commit", "value": "`4be1d3f (main)`"}],
        "footer": "<https://github.com/hooli/web|hooli/web>",
    }
    root = {
        "ts": "1782900000.000100",
        "bot_id": "B0TESTBOT1",
        "app_id": "A01BP7R4KNY",
        "text": "Workflow was triggered via push by ann",
        "attachments": [run],
    }
    before = {
        **root,
        "attachments": [{**run, "color": "dbab09", "fields": [{"title": "Status", "value": "In progress"}]}],
    }
    edited = read(
        "",
        subtype="message_changed",
        message={**root, "edited": {"ts": "1782900100.000000"}},
        previous_message=before,
        event_ts="1782900100.000200",
    )
    broadcast = read(
        f":x: Workflow <{RUN}9|CI #9> failed",
        subtype="thread_broadcast",
        ts="1782900101.000100",
        thread_ts=root["ts"],
        root=root,
        app_id="A01BP7R4KNY",
    )
    assert edited.fingerprint == broadcast.fingerprint == "ci/default/hooli%2Fweb/CI/main"
    assert edited.post.ref.root == broadcast.post.ref.root == root["ts"]


def test_argo_phase_and_application(read) -> None:
    failed = read(
        "The sync operation of application shop has failed at 2026-06-30T01:02:03Z with the following error: X",
        name="argocd",
    )
    synced = read("Application shop has been successfully synced at 2026-06-30T02:02:03Z.", name="argocd")
    degraded = read("Application shop has degraded.", name="argocd")
    assert failed.fingerprint == synced.fingerprint == "argo/default/shop/sync"
    assert degraded.fingerprint == "argo/default/shop/health"


@pytest.mark.parametrize(
    ("failing", "over", "event"),
    [
        ("*Triggered* <https://h.pagerduty.com/incidents/Q0AB12CD34|#7: API slow>", "*Resolved* <https://h.pagerduty.com/incidents/Q0AB12CD34|#7: API slow>", {"name": "PagerDuty"}),
        ('New alert: <https://opsg.in/a/i/h/1|#4>: "CPU"', 'ann closed alert <https://opsg.in/a/i/h/1|#4>: "CPU"', {"name": "Opsgenie"}),
        ("[Triggered on {host:web-7,env:prod}] Disk full", "[Recovered on {env:prod,host:web-7}] Disk full", {"name": "Datadog"}),
        ("Deploy - #4 Failure after 3 min (<https://ci.x.example/job/Deploy/4/|Open>)", "Deploy - #5 Back to normal after 1 hr (<https://ci.x.example/job/Deploy/5/|Open>)", {}),
        ("[FIRING:1] API 5xx Production (payments critical)", "[RESOLVED] API 5xx Production (payments critical)", {"name": "Grafana"}),
        ("Critical: Checkout error rate", "Resolved: Checkout error rate", {"name": "Sentry"}),
        ("Node `node-4` is Not Ready : \nNodeNotReady", "Node `node-4` is Ready : \nNodeReady", {"name": "kubewatch"}),
        (":x: nightly backup #12 failed after 3 min on db", ":white_check_mark: nightly backup #13 succeeded after 9 min on db", {"name": "cron"}),
    ],
)  # fmt: skip
def test_failure_and_recovery_are_one(read, failing, over, event) -> None:
    one, two = read(failing, **event), read(over, **event)
    assert (one.status, two.status in {"resolved", "success"}) == ("firing", True)
    assert one.fingerprint == two.fingerprint


def test_the_order_of_fields_does_not_matter(read) -> None:
    fields = [
        {"title": "Project", "value": "web"},
        {"title": "Branch", "value": "main"},
        {"title": "Job", "value": "build"},
    ]
    one, two = (
        read("CircleCI job failed.", name="CircleCI", attachments=[{"id": 1, "fields": each}])
        for each in (fields, fields[::-1])
    )
    assert one.fingerprint == two.fingerprint == "ci/default/circleci/web/build/main"


def test_error_text_does_not_matter(read) -> None:
    one, two = (
        read("The sync operation of application shop has failed with the following error: " + text, name="argocd")
        for text in ("pod a-1 is bad", "pod b-2 is worse")
    )
    assert one.fingerprint == two.fingerprint


def test_a_part_cannot_pretend_to_be_two(read) -> None:
    alert = read(
        "Workflow failed",
        name="GitHub",
        attachments=[
            {
                "id": 1,
                "fields": [
                    {"title": "Workflow", "value": "a/b"},
                    {"title": "Branch", "value": "x/y"},
                    {"title": "Repo", "value": "o/r"},
                ],
            }
        ],
    )
    assert alert.fingerprint == "ci/default/o%2Fr/a%2Fb/x%2Fy"


def test_the_job_that_failed_is_no_part_of_a_pipeline(read) -> None:
    def pipeline(title: str, *fields: tuple[str, str]):
        link = "https://gitlab.com/h/x/-/pipelines/7"
        shown = [{"title": name, "value": said} for name, said in (("Branch", "main"), *fields)]
        return read(
            "", app_id="A676ADMV5", attachments=[{"id": 1, "title": title, "title_link": link, "fields": shown}]
        )

    one = pipeline("Pipeline #7 has failed in 05:12", ("Failed job", "unit"))
    two = pipeline("Pipeline #8 has failed in 05:12", ("Failed job", "lint"))
    over = pipeline("Pipeline #9 has passed in 05:12")
    assert one.fingerprint == two.fingerprint == over.fingerprint == "ci/default/gitlab-ci/h%2Fx/-/main"


def test_jobs_of_a_cron_job_are_one(read) -> None:
    one, two = (
        read(
            "",
            username="Alertmanager",
            attachments=[
                {
                    "id": 1,
                    "title": "[FIRING:1] KubeJobFailed for prod",
                    "text": f"*namespace:* `data`\n*job_name:* `etl-{number}`",
                }
            ],
        )
        for number in (29183040, 29184480)
    )
    assert one.fingerprint == two.fingerprint == "pod/default@prod/data/etl"
