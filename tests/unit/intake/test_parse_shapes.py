"""Further shapes of known and unknown senders, a line each: kind and platform only.

F is a failure, R a recovery, S a success, N no alert.
"""

import pytest

from bot.domain.alert import Alert

KINDS = {"firing": "F", "resolved": "R", "success": "S"}


def att(**m: object) -> list[dict[str, object]]:
    return [{"id": 1, **m}]


def fields(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"title": title, "value": said} for title, said in pairs]


def sec(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


G = "https://github.com/o/r"
RUN = G + "/actions/runs/12"
# fmt: off
SHAPES = [
("F","github-actions",f"*CI* failed :x: <{RUN}|View>",{"name":"build-bot"}),
("F","github-actions",f":x: Workflow <{RUN}|CI #12> failure",{"app_id":"A01BP7R4KNY"}),
("F","github-actions","",{"app_id":"A01BP7R4KNY","attachments":att(color="cb2431",text="3 failing checks",title="#9 Add x",title_link=G+"/pull/9")}),
("S","github-actions",f":white_check_mark: Workflow <{RUN}|CI #12> succeeded",{"app_id":"A01BP7R4KNY"}),
("N","",f":octagonal_sign: Workflow <{RUN}|CI #12> was cancelled",{"app_id":"A01BP7R4KNY"}),
("N","","<https://github.com/a|a> requested your review on deployment to production",{"app_id":"A01BP7R4KNY"}),
("N","","",{"app_id":"A01BP7R4KNY","attachments":att(color="24292f",pretext="2 new commits pushed to `main` by ann",text="`abc1234` - Fix failing build\n`abc1235` - revert",footer="<https://github.com/o/r|o/r>")}),
("N","","",{"app_id":"A01BP7R4KNY","attachments":att(color="36a64f",pretext="Release - v1.2 published by ann",title="v1.2 Fix crash",title_link=G+"/releases/tag/v1.2")}),
("F","github-actions","",{"username":"GitHub Actions","attachments":att(color="danger",title="Deploy to prod :boom:",title_link=RUN,fields=fields(("Status","failure"),("Branch","main")))}),
("S","github-actions","",{"username":"Actions","attachments":att(color="good",title="Build #33",title_link=RUN,fields=fields(("Job Status","success")))}),
("F","github-actions",f"GitHub Action build result: failure\n{G}/pull/2",{}),
("S","github-actions",f"GitHub Action build result: success\n{G}/pull/2",{}),
("N","",f"GitHub Action build result: cancelled\n{G}/pull/2",{}),
("F","gitlab-ci","<https://gitlab.com/a/b|a / b>: Pipeline <https://gitlab.com/a/b/-/pipelines/1|#1> of tag <https://gitlab.com/a/b/-/commits/v1|v1> by ann has failed in 02:12",{"name":"GitLab"}),
("N","","ann (ann) closed merge request <https://gitlab.com/a/b/-/merge_requests/1|!1 *Fix failed job*>",{"app_id":"A676ADMV5"}),
("F","circleci","",{"name":"CircleCI","attachments":att(color="ed5c5c",text="Failed: ann's build (#12; push) in o/r (main)")}),
("F","circleci","Your workflow <https://app.circleci.com/pipelines/github/o/r/1/workflows/0d0d2f9c-1111-4222-8333-444455556666|build> failed",{"name":"CircleCI"}),
("N","","",{"name":"CircleCI","attachments":att(text="Canceled: ann's workflow (build) in o/r (main)")}),
("F","jenkins","",{"username":"jenkins","attachments":att(color="danger",fields=[{"value":"api - #4 Failure after 1 min 2 sec (<https://ci.x.example/jenkins/view/all/job/api/4/|Open>)"}])}),
("F","jenkins","*FAILURE:* Job api build 4\nMore info at: https://ci.x.example/job/api/4/",{"name":"ci"}),
("S","jenkins","",{"name":"Jenkins","attachments":att(color="good",text="Build Success - api 4 (<https://ci.x.example/job/api/4/|Open>)")}),
("F","jenkins","",{"name":"Jenkins","attachments":att(color="warning",fields=[{"value":"api - #5 Unstable after 3 min (<https://ci.x.example/job/api/5/|Open>)"}])}),
("R","jenkins","",{"name":"Jenkins","attachments":att(color="good",fields=[{"value":"api - #6 Back to normal after 3 hr (<https://ci.x.example/job/api/6/|Open>)"}])}),
("F","argocd","Application *shop* is OutOfSync and Degraded",{"name":"Argo CD"}),
("F","argocd","",{"name":"argocd","attachments":att(color="ff0000",title="shop",title_link="https://cd.x.example/applications/argocd/shop",fields=fields(("Status","Failed"),("Revision","abc1234")))}),
("S","argocd","",{"name":"argocd","blocks":[sec(":white_check_mark: *shop* Sync succeeded in *prod*")]}),
("N","",":hourglass: Application shop is Progressing",{"name":"argocd"}),
("N","","Application shop is suspended",{"name":"argocd"}),
("F","argocd","Application shop health is Missing",{"name":"argocd"}),
("F","argocd","[prod] App shop went from Healthy to Degraded",{"name":"argocd"}),
("R","argocd","Application shop has recovered: Healthy",{"name":"argocd"}),
("F","flux","kustomization/apps.flux-system\nhealth check failed after 30s: timeout waiting for: [Deployment/shop/api status: 'InProgress']",{"name":"flux-bot"}),
("F","flux","",{"username":"helm-controller","attachments":att(color="danger",author_name="HelmRelease/redis.data",text="install retries exhausted")}),
("F","prometheus","",{"username":"AlertManager","attachments":att(color="danger",title="🔥 [FIRING:1] High latency",text="*Summary:* x",title_link="https://am/#/alerts")}),
("F","prometheus","*[FIRING] InstanceDown*\nSeverity: critical",{"name":"prometheus"}),
("R","prometheus","",{"username":"Alertmanager","attachments":att(color="good",title="RESOLVED: InstanceDown",text="all fine")}),
("F","prometheus","",{"username":"Alertmanager","attachments":att(color="danger",title="InstanceDown",text="*Alert:* Instance down - `critical`")}),
("R","prometheus","",{"username":"Alertmanager","attachments":att(color="good",title="[RESOLVED:1] KubePodCrashLooping for prod",text="*Description:* Pod is in waiting state (reason: CrashLoopBackOff)")}),
("F","grafana","",{"username":"Grafana","attachments":att(color="D63232",title="[Alerting] CPU alert",title_link="https://g.x/d/1",text="CPU high")}),
("R","grafana","",{"username":"Grafana","attachments":att(color="36a64f",title="[OK] CPU alert",title_link="https://g.x/d/1")}),
("F","grafana","",{"username":"Grafana","attachments":att(color="888",title="[No Data] CPU alert")}),
("N","","",{"username":"Grafana","attachments":att(title="[Pending] CPU alert")}),
("F","datadog","",{"app_id":"A0F7XDT7F","attachments":att(color="a30200",title="Triggered: CPU is high on host:web-1",title_link="https://app.datadoghq.com/monitors/1",text="x")}),
("R","datadog","",{"app_id":"A0F7XDT7F","attachments":att(color="2eb886",title="Recovered: CPU is high on host:web-1",title_link="https://app.datadoghq.com/monitors/1")}),
("F","datadog","",{"app_id":"A0F7XDT7F","attachments":att(color="daa038",title="[Warn on {host:w}] Disk",title_link="https://app.datadoghq.com/monitors/1")}),
("F","pagerduty","",{"app_id":"A1FKYAUUX","attachments":att(color="a30200",title="Triggered #12: API down",title_link="https://h.pagerduty.com/incidents/Q1AAAA")}),
("N","","",{"app_id":"A1FKYAUUX","attachments":att(title="#12 API down",text="Acknowledged by ann")}),
("R","pagerduty","",{"app_id":"A1FKYAUUX","attachments":att(color="2eb886",title="Resolved #12: API is down",text="Resolved by ann")}),
("F","opsgenie","",{"app_id":"A286WATV2","attachments":att(color="a30200",text="[High] #5 CPU above 90% on web-1",title="New alert")}),
("R","opsgenie",'Alert closed via Prometheus: <https://opsg.in/a/i/1|#5> "CPU down"',{"app_id":"A286WATV2"}),
("N","","ann snoozed alert #5: CPU down",{"app_id":"A286WATV2"}),
("F","sentry","",{"app_id":"A011MFBJEUU","blocks":[sec(":warning: <https://h.sentry.io/issues/1/|*Slow DB Query*>"),sec("SELECT 1")]}),
("R","sentry","",{"app_id":"A011MFBJEUU","attachments":att(color="4dc771",title="Resolved: Crash free rate",title_link="https://h.sentry.io/organizations/h/alerts/rules/details/1/")}),
("N","","",{"app_id":"A011MFBJEUU","attachments":att(text="Issue API-12 assigned to ann")}),
("F","aws-codepipeline","",{"app_id":"A6L22LZNH","attachments":att(color="a30200",text="*AWS CodeBuild Notification | us-east-1*\nCodeBuild Build State Change: FAILED",fields=fields(("Project","x")))}),
("F","","",{"app_id":"A6L22LZNH","attachments":att(color="a30200",text="CloudWatch Alarm | prod-cpu | us-east-1\nstate changed to ALARM")}),
("R","","",{"app_id":"A6L22LZNH","attachments":att(color="2eb886",text="CloudWatch Alarm | prod-cpu | us-east-1",fields=fields(("State","OK"),("Previous state","ALARM")))}),
("F","buildkite","",{"username":"Buildkite","attachments":att(color="f83f23",text="*Web* Build #9 failed",footer="x")}),
("N","","",{"username":"Buildkite","attachments":att(text="<https://buildkite.com/h/w/builds/9|Web (main) #9> was skipped")}),
("F","azure-pipelines","",{"name":"Azure Pipelines","attachments":att(color="d13438",title="Release-12",text="Deployment to prod failed")}),
("S","azure-pipelines","Run 20260101.1: stage Deploy succeeded",{"name":"Azure Pipelines"}),
("N","","Run 20260101.1: stage Deploy is waiting for approval",{"name":"Azure Pipelines"}),
("F","teamcity","Build Web / Deploy #5 failed: exit code 1",{"name":"TeamCity"}),
("F","teamcity","Problem detected: Web / Deploy #5 is hanging",{"name":"TeamCity"}),
("F","vercel","",{"name":"Vercel","blocks":[sec("*docs* failed to deploy to Production")]}),
("N","","",{"name":"Vercel","blocks":[sec("Deployment of docs was canceled")]}),
("F","prow","Job pull-x of type presubmit ended with state error. <https://prow.k8s.io/view/gs/b/pr-logs/pull/1/pull-x/1801234567890123456|log>",{"name":"prow"}),
("N","","Job pull-x of type presubmit ended with state pending. <https://prow.k8s.io/view/gs/x|log>",{"name":"prow"}),
("N","","Job pull-x of type presubmit ended with state aborted.",{"name":"prow"}),
("F","kubernetes","",{"name":"K8sGPT","blocks":[sec(">*[prod] K8sGPT analysis of the Deployment shop/api*")]}),
("F","kubernetes","*v1/events error*",{"name":"BotKube"}),
("N","","*:large_green_circle: v1/pods created*",{"name":"BotKube"}),
("N","","A deployment in namespace `shop` has been created:\nfailing-job",{"name":"kubewatch"}),
("F","kubernetes","Pod `api-1` in `shop` Crashed : \nCrashLoopBackOff back-off",{"name":"kubewatch"}),
("F","","Pod api-5d8f7c6b9d-7kq2z in namespace shop is in CrashLoopBackOff",{"name":"k8s-alerts"}),
("F","","gitlab.com is DOWN (HTTP 503)",{"name":"UptimeRobot"}),
("F","","Deploy to Heroku failed for api",{"name":"Heroku"}),
("F","","Terraform run errored: workspace prod",{"name":"Terraform Cloud"}),
("N","","Terraform plan needs confirmation: workspace prod",{"name":"Terraform Cloud"}),
("F","","DAG etl failed: task load exited with 1",{"name":"Airflow"}),
("S","","Deployment complete: api v1.2 is live",{"name":"Octopus Deploy"}),
("N","","ann: can someone look at the failed build? (poll)",{"name":"Polly"}),
("N","","Sprint retro: 3 bugs failed QA",{"name":"bot"}),
("N","","Dependabot: 3 vulnerabilities with critical severity",{"name":"security"}),
("N","","How to handle failed deployments - new page by ann",{"name":"Confluence"}),
("N","","New feedback: 'login failed for me'",{"name":"Intercom"}),
("N","","Error budget for June: 97% left",{"name":"slo-bot"}),
("F","","SLO burn rate alert: checkout error budget burning too fast",{"name":"slo-bot"}),
("F","","Backup job did not complete on db-3",{"name":"cron"}),
("F","","Backup not successful on db-3",{"name":"cron"}),
("S","","Backup completed successfully on db-3, 0 errors",{"name":"cron"}),
("F","","Backup completed with 3 errors",{"name":"cron"}),
("F","","Tests: 210 passed, 3 failed",{"name":"qa"}),
("S","","Tests passed: 210 passed, 0 failed",{"name":"qa"}),
("F","","⚠️ Disk usage at 95% on web-1",{"name":"mon","attachments":att(color="danger",text="Disk usage at 95% on web-1")}),
("F","","Certificate for shop.example expires in 3 days",{"name":"cert-bot","attachments":att(color="danger",text="renew it",fields=fields(("Status","critical")))}),
("N","","Canary analysis started for api",{"name":"flagger"}),
("F","","api.prod canary analysis failed, rolling back",{"name":"flagger"}),
("S","","Canary promotion finished for api: success",{"name":"flagger"}),
("N","","Scheduled maintenance: database upgrade tonight, errors may occur",{"name":"ops"}),
("F","","Die Pipeline #12 ist fehlgeschlagen",{"name":"ci"}),
("F","","L'alerte CPU a été déclenchée",{"name":"mon"}),
("R","","L'alerte CPU est résolue",{"name":"mon"}),
("F","","El despliegue no se completó",{"name":"ci"}),
("F","","O job não foi concluído",{"name":"ci"}),
("F","","ビルドが失敗しました",{"name":"ci"}),
("N","","ビルドを開始しました",{"name":"ci"}),
]
# fmt: on


@pytest.mark.parametrize(("kind", "platform", "text", "event"), SHAPES)
def test_a_shape_is_read(read, kind, platform, text, event) -> None:
    alert = read(text, **event)
    said = KINDS[alert.status] if isinstance(alert, Alert) else "N"
    assert (said, alert.platform if isinstance(alert, Alert) else "") == (kind, platform)


def test_a_build_without_names_is_about_its_repository(read) -> None:
    alert = read(
        "",
        app_id="A676ADMV5",
        attachments=att(
            color="a30200", title="Pipeline #331 has failed", title_link="https://gitlab.com/a/b/-/pipelines/331"
        ),
    )
    assert (alert.target.kind, alert.target.name, alert.target.run_id) == ("build", "a/b", "331")
