"""More senders and more of their variants, a line each: kind, platform and what the post names."""

import pytest


def att(**more: object) -> list[dict[str, object]]:
    return [{"id": 1, **more}]


def f(title: str, value: str) -> dict[str, object]:
    return {"title": title, "value": value, "short": True}


def sec(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def flds(*texts: str) -> dict[str, object]:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": each} for each in texts]}


def hd(text: str) -> dict[str, object]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def bt(url: str, label: str = "View") -> dict[str, object]:
    return {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": label}, "url": url}],
    }


# fmt: off
# id, text, event, status ("quiet": no alert), platform, labels
CASES = [
    ("rtcamp-minimal","",{"username": "rtBot","attachments": att(color="a30200",fields=[f("Tests failed","3 suites failed")],footer="<https://github.com/rtCamp/github-actions-library|Powered By rtCamp's GitHub Actions Library> | <https://github.com/h/x/actions/runs/1|Triggered on this workflow run>",fallback="3 suites failed")},"firing","github-actions",{"repo": "h/x","run_id": "1"}),
    ("8398a7-cancel",":warning: Canceled GitHub Actions",{"attachments": att(color="daa038",author_name="8398a7@action-slack",fields=[f("repo","<https://github.com/h/x|h/x>")])},"quiet","",{}),
    ("act10ns","",{"attachments": att(color="a30200",author_name="ann",text="Workflow _CI_ job _unit_ triggered by _push_ is _Failure_ for <https://github.com/h/x/commits/main|`main`>\n<https://github.com/h/x/commit/4be1d3f27a9|`4be1d3f2`> - 1 commit\n:x: lint",footer="<https://github.com/h/x|h/x> #12")},"firing","github-actions",{"repo": "h/x","workflow": "CI","job": "unit","branch": "main"}),
    ("gamesight","",{"attachments": att(color="a30200",text="*Failed:* ann's `push` on `<https://github.com/h/x/tree/main|main>`\nWorkflow: CI <https://github.com/h/x/actions/runs/44|#44> completed in `2m 1s`",footer="<https://github.com/h/x|*h/x*>",fields=[f("","<https://github.com/h/x/runs/1|Build> failed")])},"firing","github-actions",{"repo": "h/x","run_id": "44","workflow": "CI"}),
    ("gha-in-house-deploy",":rotating_light: Production deploy of *storefront* failed",{"name": "deploybot","blocks": [hd(":rotating_light: Production deploy failed"),flds("*Service:*\nstorefront","*Environment:*\nproduction","*Commit:*\n<https://github.com/h/x/commit/4be1d3f27a9|4be1d3f>","*Triggered by:*\nann"),bt("https://github.com/h/x/actions/runs/55/job/99","View logs")]},"firing","github-actions",{"service": "storefront","environment": "production","commit": "4be1d3f","repo": "h/x","run_id": "55"}),
    ("gha-timeout",":hourglass: Workflow <https://github.com/h/x/actions/runs/6|Nightly #6> timed out",{"app_id": "A01BP7R4KNY"},"firing","github-actions",{"workflow": "Nightly","run_id": "6"}),
    ("gha-cancelled",":no_entry_sign: Workflow <https://github.com/h/x/actions/runs/6|Nightly #6> cancelled",{"app_id": "A01BP7R4KNY"},"quiet","",{}),
    ("gh-deploy-ok","",{"app_id": "A01BP7R4KNY","attachments": att(color="28a745",author_name="ann",text="Deployed <https://github.com/h/x/commit/0a4f5d1be2|`main (0a4f5d1)`> to <https://x.example|production>",footer="<https://github.com/h/x|h/x>")},"success","github-actions",{"repo": "h/x","branch": "main","commit": "0a4f5d1","environment": "production"}),
    ("gh-deploy-pending","",{"app_id": "A01BP7R4KNY","attachments": att(color="dbab09",text="Deploying <https://github.com/h/x/commit/0a4f5d1be2|`main (0a4f5d1)`> to <https://x.example|production>",footer="<https://github.com/h/x|h/x>")},"quiet","",{}),
    ("gh-checks-failed","",{"app_id": "A01BP7R4KNY","attachments": att(color="cb2431",text="<https://github.com/h/x/pull/9/checks|All checks have failed>",title="#9 Fix it",title_link="https://github.com/h/x/pull/9")},"firing","github-actions",{"repo": "h/x","pr": "9"}),
    ("gh-pr-merged","",{"app_id": "A01BP7R4KNY","attachments": att(color="6f42c1",pretext="Pull request merged by ann",title="#9 Fix failed build",title_link="https://github.com/h/x/pull/9")},"quiet","",{}),
    ("gh-commented","",{"app_id": "A01BP7R4KNY","attachments": att(pretext="Comment by <https://github.com/ann|ann>",title="Comment on #9 CI failed",text="failed")},"quiet","",{}),
    ("gh-dependabot","",{"app_id": "A01BP7R4KNY","attachments": att(color="cb2431",pretext="Dependabot alert: critical severity vulnerability in lodash",title="GHSA-1")},"quiet","",{}),
    ("circleci-ontag-fail","CircleCI job failed.",{"name": "CircleCI","blocks": [hd("Job Failed. :red_circle:"),flds("*Job*: deploy"),flds("*Project*: web","*Tag*: v1.2.3","*Author*: a"),bt("https://circleci.com/gh/h/web/9","View Job")]},"firing","circleci",{"job": "deploy","project": "web","tag": "v1.2.3","run_id": "9"}),
    ("circleci-success-classic","",{"app_id": "A0F7VRE7N","attachments": att(color="41aa58",text="Success: ann's workflow (<https://circleci.com/workflow-run/0d0d2f9c-1111-4222-8333-444455556666|build-and-test>) in <https://github.com/h/web|h/web> (<https://github.com/h/web/tree/main|main>)\n- Fix failed test (<https://github.com/h/web/commit/4be1d3f|4be1d3f> by ann)")},"success","circleci",{"repo": "h/web","branch": "main","workflow": "build-and-test","commit": "4be1d3f"}),
    ("circleci-failed-classic-wf","",{"app_id": "A0F7VRE7N","attachments": att(color="ed5c5c",text="Failed: ann's workflow (<https://app.circleci.com/pipelines/github/h/web/12/workflows/0d0d2f9c-1111-4222-8333-444455556666|build-and-test>) in <https://github.com/h/web|h/web> (<https://github.com/h/web/tree/main|main>)")},"firing","circleci",{"repo": "h/web","branch": "main","workflow": "build-and-test","run_id": "0d0d2f9c-1111-4222-8333-444455556666"}),
    ("gitlab-warn","",{"app_id": "A676ADMV5","attachments": att(color="daa038",title="Pipeline #9 has passed with warnings in 02:00",title_link="https://gitlab.com/h/x/-/pipelines/9")},"success","gitlab-ci",{"repo": "h/x","run_id": "9"}),
    ("gitlab-job","",{"app_id": "A676ADMV5","text": "Starting deploy to production","attachments": att(text="<https://gitlab.com/h/x|h/x> with job <https://gitlab.com/h/x/-/jobs/9|#9> by Ann")},"quiet","",{}),
    ("gitlab-alert","",{"app_id": "A676ADMV5","attachments": att(color="c95823",title="Alert firing in <https://gitlab.com/h/x|h/x>: High CPU",fields=[f("Severity","Critical"),f("Events","1"),f("Status","Triggered"),f("Start time","1")])},"firing","gitlab-ci",{"severity": "Critical"}),
    ("gitlab-tag","Ann pushed new tag <https://gitlab.com/h/x/commits/v1|v1> to <https://gitlab.com/h/x|h/x>",{"app_id": "A676ADMV5"},"quiet","",{}),
    ("jenkins-regression","",{"attachments": att(color="a30200",fields=[f("","api - #3 Regression after 2 min (<https://ci.x.example/job/api/3/display/redirect|Open>)")])},"firing","jenkins",{"job": "api","run_id": "3"}),
    ("jenkins-notbuilt","",{"attachments": att(color="9d9d9d",fields=[f("","api - #3 Not built after 2 min (<https://ci.x.example/job/api/3/display/redirect|Open>)")])},"quiet","",{}),
    ("jenkins-slacksend-ok","",{"name": "Jenkins","attachments": att(color="00ff00",fields=[f("","SUCCESSFUL: Job 'infra/plan [9]' (<https://jenkins.x.example/job/infra/job/plan/9/>)")])},"success","jenkins",{"job": "infra/plan","run_id": "9"}),
    ("jenkins-slacksend-started","",{"name": "Jenkins","attachments": att(color="ffff00",fields=[f("","STARTED: Job 'infra/plan [9]' (<https://jenkins.x.example/job/infra/job/plan/9/>)")])},"quiet","",{}),
    ("jenkins-pipeline-input","",{"name": "Jenkins","attachments": att(color="ffff00",fields=[f("","Job 'deploy [9]' is waiting for input: Deploy to production? (<https://jenkins.x.example/job/deploy/9/input>)")])},"quiet","",{}),
    ("argocd-deleted",":exclamation: Application shop has been deleted.",{"name": "argocd"},"quiet","",{}),
    ("argocd-health-ok",":white_check_mark: Application shop is Healthy and Synced.",{"name": "argocd"},"success","argocd",{"app": "shop"}),
    ("rollouts-aborted","Rollout shop has been aborted.",{"name": "argo-rollouts"},"firing","",{}),
    ("flux-helm-ok","",{"username": "helm-controller","attachments": att(color="good",author_name="helmrelease/podinfo.apps",text="Helm upgrade succeeded for release apps/podinfo.v3 with chart podinfo@6.5.0",fields=[f("revision","6.5.0")])},"success","flux",{"app": "podinfo","namespace": "apps"}),
    ("flux-dep","",{"username": "kustomize-controller","attachments": att(color="danger",author_name="kustomization/apps.flux-system",text="Dependencies do not meet ready condition, retrying in 30s",fields=[f("revision","main@sha1:4be1d3f27a908c5566e1d0b7a9c8d7e6f5a4b3c2")])},"firing","flux",{"app": "apps","branch": "main"}),
    ("flux-artifact","",{"username": "source-controller","attachments": att(color="good",author_name="gitrepository/infra.flux-system",text="stored artifact for commit 'Fix failed deploy'")},"success","flux",{"app": "infra"}),
    ("flux-slashrev","",{"username": "kustomize-controller","attachments": att(color="danger",author_name="kustomization/apps.flux-system",text="validation failed: namespace not specified",fields=[f("revision","main/4be1d3f27a908c5566e1d0b7a9c8d7e6f5a4b3c2")])},"firing","flux",{"app": "apps","branch": "main"}),
    ("am-fields","",{"name": "alerts","attachments": att(color="a30200",title="[FIRING:1] KubePodCrashLooping",title_link="https://am.x.example/#/alerts",text="Pod shop/api-5d8f7c6b9d-7kq2z is crashing",fields=[f("Severity","critical"),f("Namespace","shop")])},"firing","prometheus",{"alertname": "KubePodCrashLooping","severity": "critical","namespace": "shop","pod": "api-5d8f7c6b9d-7kq2z"}),
    ("am-emoji-title","",{"username": "Prometheus","attachments": att(color="a30200",title=":fire: [FIRING] TargetDown (prod)",text="*Summary:* target down\n*Severity:* `warning`\n*Instance:* `10.0.0.1:9090`")},"firing","prometheus",{"severity": "warning","node": "10.0.0.1"}),
    ("am-text-only","",{"username": "Alertmanager","attachments": att(color="a30200",pretext="<!channel>",title="TargetDown: 50% of targets are down",text="*Alert:* TargetDown\n*Severity:* critical")},"firing","prometheus",{"alertname": "TargetDown","severity": "critical"}),
    ("grafana-oncall","",{"name": "Grafana OnCall","attachments": att(title="#12 Disk full",text="Status: firing\nalertname: DiskFull\nseverity: critical")},"firing","grafana",{"alertname": "DiskFull","severity": "critical"}),
    ("grafana-err","",{"username": "Grafana","attachments": att(color="d63232",title="[FIRING:1] DatasourceError Infra (A)",title_link="https://graf.x.example/alerting/list",text="**Firing**\n\nValue: [no value]\nLabels:\n - alertname = DatasourceError\n - cluster = eu-1\n - instance = db-1:9100\n")},"firing","grafana",{"alertname": "DatasourceError","cluster": "eu-1","node": "db-1"}),
    ("botkube-svc-del","This content can't be displayed.",{"name": "Botkube","blocks": [sec("*:x: v1/services deleted*"),flds("*Kind:* Service","*Name:* x","*Namespace:* y")]},"quiet","",{}),
    ("k8sgpt-deploy",">*[prod] K8sGPT analysis of the Deployment shop/api*",{"attachments": att(color="danger",title="Report",text="x")},"firing","kubernetes",{"namespace": "shop"}),
    ("dd-p","",{"app_id": "A0F7XDT7F","attachments": att(color="a30200",title="[P2] [Triggered] Kafka lag",title_link="https://app.datadoghq.eu/monitors/3",text="service:orders env:prod")},"firing","datadog",{"alertname": "Kafka lag","severity": "P2"}),
    ("dd-re","",{"app_id": "A0F7XDT7F","attachments": att(color="a30200",title="[Re-Triggered on {service:pay,env:prod}] Latency",title_link="https://app.datadoghq.eu/monitors/3")},"firing","datadog",{"alertname": "Latency","service": "pay","environment": "prod"}),
    ("dd-rec","",{"app_id": "A0F7XDT7F","attachments": att(color="2eb886",title="[P2] [Recovered] Kafka lag",title_link="https://app.datadoghq.eu/monitors/3")},"resolved","datadog",{"alertname": "Kafka lag","severity": "P2"}),
    ("dd-muted","",{"app_id": "A0F7XDT7F","attachments": att(title="Monitor Kafka lag was muted by ann")},"quiet","",{}),
    ("dd-snap","",{"app_id": "A0F7XDT7F","attachments": att(title="ann shared a dashboard: error rates")},"quiet","",{}),
    ("pd-new","",{"app_id": "A1FKYAUUX","blocks": [sec(":red_circle: *<https://h.pagerduty.com/incidents/Q0AB12CD34|[#77] API is down>*"),flds("*Status:* Triggered","*Urgency:* High","*Service:* <https://h.pagerduty.com/services/P1|api>","*Assigned to:* ann")]},"firing","pagerduty",{"incident": "Q0AB12CD34","service": "api","severity": "High"}),
    ("pd-ack-blocks","",{"app_id": "A1FKYAUUX","blocks": [sec(":large_yellow_circle: *<https://h.pagerduty.com/incidents/Q0AB12CD34|[#77] API is down>*"),flds("*Status:* Acknowledged","*Service:* api")]},"quiet","",{}),
    ("pd-res-by","*Resolved* <https://h.pagerduty.com/incidents/Q0AB12CD34|#77: API is down> by ann",{"app_id": "A1FKYAUUX"},"resolved","pagerduty",{"incident": "Q0AB12CD34"}),
    ("pd-note","ann added a note to <https://h.pagerduty.com/incidents/Q0AB12CD34|#77: API is down>: it failed",{"app_id": "A1FKYAUUX"},"quiet","",{}),
    ("pd-escal","*Escalated* <https://h.pagerduty.com/incidents/Q0AB12CD34|#77: API is down>",{"app_id": "A1FKYAUUX"},"quiet","",{}),
    ("pd-oncall","ann is now on call for API until Monday",{"app_id": "A1FKYAUUX"},"quiet","",{}),
    ("og-note",'ann added note to alert <https://opsg.in/a/i/h/1|#4>: "CPU": it failed',{"app_id": "A286WATV2"},"quiet","",{}),
    ("og-closed-att","",{"app_id": "A286WATV2","text": 'Alert closed: <https://opsg.in/a/i/h/1|#4>: "[Prometheus]: KafkaLag orders"',"attachments": att(color="2eb886",title="#4: [Prometheus]: KafkaLag orders",fields=[f("Priority","P2")])},"resolved","opsgenie",{"incident": "4","alertname": "KafkaLag","severity": "P2"}),
    ("og-escal",'Alert <https://opsg.in/a/i/h/1|#4>: "CPU failed" escalated to ops_schedule',{"app_id": "A286WATV2"},"quiet","",{}),
    ("og-ack2",'Alert acknowledged: <https://opsg.in/a/i/h/1|#4>: "CPU failed"',{"app_id": "A286WATV2"},"quiet","",{}),
    ("sentry-text","",{"app_id": "A011MFBJEUU","attachments": att(color="e03e2f",title="ValueError: bad input",title_link="https://h.sentry.io/issues/5/",text="app.views in post",footer="API-12 via Any error",fallback="[api] ValueError: bad input")},"firing","sentry",{"run_url": "https://h.sentry.io/issues/5/"}),
    ("sentry-resolved-edit","[api] ValueError: bad",{"app_id": "A011MFBJEUU","blocks": [sec(":white_circle: <https://h.sentry.io/issues/5/|*ValueError*>"),sec("*Issue resolved by <@U1>*")]},"resolved","sentry",{}),
    ("sentry-weekly","Weekly report for hooli",{"app_id": "A011MFBJEUU"},"quiet","",{}),
    ("sentry-deploy","Release api@1.2 was deployed to production",{"app_id": "A011MFBJEUU"},"quiet","",{}),
    ("cp-cancel","",{"app_id": "A6L22LZNH","attachments": att(text="*AWS CodePipeline Notification | eu-west-1*\n*CodePipeline Pipeline Execution State Change: CANCELED*")},"quiet","",{}),
    ("cp-action","",{"app_id": "A6L22LZNH","attachments": att(color="a30200",text="*<https://eu-west-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop/view|:rotating_light: AWS CodePipeline Notification | eu-west-1 | Account: 1>*\n*CodePipeline Action Execution State Change: FAILED*",fields=[f("Pipeline","shop"),f("Stage","Build"),f("Action","CodeBuild")])},"firing","aws-codepipeline",{"workflow": "shop","job": "CodeBuild"}),
    ("cp-stopped","",{"app_id": "A6L22LZNH","attachments": att(text="*AWS CodePipeline Notification*\n*CodePipeline Pipeline Execution State Change: STOPPED*")},"quiet","",{}),
    ("bk-cancel","",{"name": "Buildkite","attachments": att(color="83b0e4",text=":no_entry: <https://buildkite.com/h/w/builds/9|*W (main) #9*> was canceled")},"quiet","",{}),
    ("bk-running","",{"name": "Buildkite","attachments": att(color="fdf5a9",text="<https://buildkite.com/h/w/builds/9|*W (main) #9*> started")},"quiet","",{}),
    ("bk-branch","",{"username": "Buildkite","attachments": att(color="f83f23",text=":x: <https://buildkite.com/h/w-pipe/builds/9|*Web E2E (feature/x) #9*> failed in 1m",fields=[f("Branch","feature/x"),f("Commit","<https://github.com/h/w/commit/4be1d3f|4be1d3f> started fix")])},"firing","buildkite",{"workflow": "Web E2E","branch": "feature/x","commit": "4be1d3f","repo": "h/w","run_id": "9"}),
    ("az-partial","Build 20260630.1 partially succeeded",{"name": "Azure Pipelines","attachments": att(color="d67f3c",title="20260630.1 partially succeeded",title_link="https://dev.azure.com/h/S/_build/results?buildId=12",fields=[f("Pipeline","<https://dev.azure.com/h/S/_build?definitionId=1|ci>"),f("Branch","refs/heads/main")])},"firing","azure-pipelines",{"workflow": "ci","run_id": "12"}),
    ("az-canceled","Build 20260630.1 canceled",{"name": "Azure Pipelines","attachments": att(title="20260630.1 canceled")},"quiet","",{}),
    ("az-run-stage","Run 20260630.1: stage Deploy_Prod failed",{"name": "Azure Pipelines","attachments": att(color="d13438",title="Deploy_Prod failed",title_link="https://dev.azure.com/h/S/_build/results?buildId=13",fields=[f("Pipeline","cd"),f("Stage","Deploy_Prod"),f("Environment","production")])},"firing","azure-pipelines",{"workflow": "cd","run_id": "13","environment": "production","project": "S"}),
    ("tc-fixed",":white_check_mark: Backend / <https://tc.x.example/viewLog.html?buildId=5&amp;buildTypeId=B|Deploy #5> *is fixed*",{"name": "TeamCity"},"resolved","teamcity",{"job": "Deploy","run_id": "5"}),
    ("tc-failed-start",":x: Backend / <https://tc.x.example/viewLog.html?buildId=5&amp;buildTypeId=B|Deploy #5> *failed to start*",{"name": "TeamCity"},"firing","teamcity",{"job": "Deploy","run_id": "5"}),
    ("tc-branch",":x: Backend / <https://tc.x.example/viewLog.html?buildId=5&amp;buildTypeId=B|Deploy #5> *failed*\nTests failed: 3 (1 new), passed: 20\nBranch: feature/y",{"name": "TeamCity"},"firing","teamcity",{"job": "Deploy","run_id": "5","branch": "feature/y"}),
    ("tc-inv","ann was assigned to investigate failed tests in Backend",{"name": "TeamCity"},"quiet","",{}),
    ("vercel-err","",{"name": "Vercel","blocks": [sec(":x: *Preview deployment failed* for <https://vercel.com/h/docs|docs>"),bt("https://vercel.com/h/docs/Ab3dEfGh","Inspect")]},"firing","vercel",{"project": "docs","environment": "Preview","run_url": "https://vercel.com/h/docs/Ab3dEfGh"}),
    ("vercel-comment","ann commented on docs: it failed",{"name": "Vercel"},"quiet","",{}),
    ("vercel-prod-ready","Deployment ready for docs",{"name": "Vercel","blocks": [sec(":large_green_circle: *Production deployment is ready* for <https://vercel.com/h/docs|docs>")]},"success","vercel",{"project": "docs","environment": "Production"}),
    ("prow-pr","Job *pull-x-unit* of type *presubmit* ended with state *failure*. <https://prow.x.example/view/gs/b/pr-logs/pull/h_x/42/pull-x-unit/1801234567890123456|View logs>",{"username": "prow"},"firing","prow",{"job": "pull-x-unit","pr": "42","repo": "h/x","run_id": "1801234567890123456"}),
    ("prow-success","Job *ci-x* of type *postsubmit* ended with state *success*. <https://prow.k8s.io/view/gs/b/logs/ci-x/1801234567890123456|View logs>",{"name": "Prow"},"success","prow",{"job": "ci-x","run_id": "1801234567890123456"}),
    ("prow-aborted","Job *ci-x* of type *postsubmit* ended with state *aborted*. <https://prow.k8s.io/view/gs/b/logs/ci-x/1801234567890123456|View logs>",{"name": "Prow"},"quiet","",{}),
    ("prow-custom",":prow: *FAILED*: <https://prow.ci.openshift.org/view/gs/b/logs/periodic-ci-x/1801234567890123456|periodic-ci-x>",{},"firing","prow",{"job": "periodic-ci-x"}),
    ("approval","Deploy of *shop* to production needs approval",{"name": "deploybot","blocks": [sec("Deploy of *shop* to production needs approval"),flds("*Last deploy:*\nfailed")]},"quiet","",{}),
    ("poll","Poll: which failed test annoys you most?",{"name": "Simple Poll"},"quiet","",{}),
    ("statuspage","[Resolved] GitHub Actions: degraded performance",{"name": "Statuspage"},"resolved","",{}),
    ("docs","New page published: How we fixed the failed deploys",{"name": "wiki"},"quiet","",{}),
    ("welcome","Welcome! Lost? Ask in #help",{"name": "greeter"},"quiet","",{}),
    ("lunch","Lunch is ready",{"name": "office"},"quiet","",{}),
    ("merge-queue","",{"app_id": "A01BP7R4KNY","attachments": att(pretext="ann added pull request to the merge queue",title="#9 Fix failed build")},"quiet","",{}),
    ("dora","DORA metrics for June: change failure rate 12 %",{"name": "metrics"},"quiet","",{}),
    ("test-report","Test report for build 12: 200 passed, 0 failed",{"name": "qa"},"quiet","",{}),
    ("sla","SLA digest: 3 incidents, 2 errors",{"name": "ops"},"quiet","",{}),
    ("flag","Flag `error-banner` turned on in production by ann",{"name": "LaunchDarkly"},"quiet","",{}),
    ("k8s-scale","Deployment shop/api scaled from 2 to 4",{"name": "keda"},"quiet","",{}),
    ("healthcheck",":red_circle: *shop.example* is DOWN (HTTP 503)",{"name": "Uptime Kuma"},"firing","",{}),
    ("hc-up",":large_green_circle: *shop.example* is UP",{"name": "Uptime Kuma"},"resolved","",{}),
]
# fmt: on


@pytest.mark.parametrize(
    ("text", "event", "status", "platform", "labels"), [each[1:] for each in CASES], ids=[each[0] for each in CASES]
)
def test_a_variant(read, text, event, status, platform, labels) -> None:
    said = {"text": text, **event}
    alert = read(said.pop("text"), **said)
    if status == "quiet":
        assert alert.reason
        return
    assert getattr(alert, "reason", "") == ""
    assert (alert.status, alert.platform) == (status, platform)
    assert {name: alert.label(name) for name in labels} == labels
