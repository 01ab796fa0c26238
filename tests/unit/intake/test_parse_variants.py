"""Many senders, many ways to write: what kind a post is, whose, and of what."""

import pytest

SHA = "4be1d3f27a908c5566e1d0b7a9c8d7e6f5a4b3c2"


def att(**more: object) -> list[dict[str, object]]:
    return [{"id": 1, **more}]


def field(title: str, value: str) -> dict[str, object]:
    return {"title": title, "value": value, "short": True}


def section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def fields(*texts: str) -> dict[str, object]:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": each} for each in texts]}


def header(text: str) -> dict[str, object]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def button(url: str, label: str = "View") -> dict[str, object]:
    return {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": label}, "url": url}],
    }


# id, text, event, status, platform, labels
ALERTS = [
    ("gha-8398a7-all-fields", ":no_entry: Failed GitHub Actions\n", {"attachments": att(color="a30200", author_name="8398a7@action-slack", fields=[
        field("repo", "<https://github.com/hooli/nucleus|hooli/nucleus>"), field("message", "Fix started jobs"),
        field("commit", f"<https://github.com/hooli/nucleus/commit/{SHA}|{SHA[:8]}>"), field("author", "gilfoyle"),
        field("workflow", "<https://github.com/hooli/nucleus/actions/runs/991827|Build and push>"), field("ref", "refs/heads/main")])},
     "firing", "github-actions", {"repo": "hooli/nucleus", "workflow": "Build and push", "branch": "main", "commit": SHA[:8], "run_id": "991827"}),
    ("gha-8398a7-success", ":white_check_mark: Succeeded GitHub Actions\n", {"attachments": att(color="2eb886", author_name="8398a7@action-slack", fields=[
        field("repo", "<https://github.com/hooli/nucleus|hooli/nucleus>"), field("job", "lint"), field("took", "43sec")])},
     "success", "github-actions", {"repo": "hooli/nucleus", "job": "lint"}),
    ("gha-app-edited-tag", "Workflow was triggered via push by <https://github.com/rh|rh>", {"app_id": "A01BP7R4KNY", "name": "GitHub", "attachments": att(
        color="cb2431", title="Release #44", title_link="https://github.com/hooli/nucleus/actions/runs/77", fields=[field("Status", ":x: Failure"),
        field("Commit", f"<https://github.com/hooli/nucleus/commit/{SHA}|`{SHA[:7]} (release/2.0)`>")], footer="<https://github.com/hooli/nucleus|hooli/nucleus>")},
     "firing", "github-actions", {"workflow": "Release", "branch": "release/2.0", "commit": SHA[:7], "repo": "hooli/nucleus", "run_id": "77"}),
    ("gha-enterprise-host", ":red_circle: *Deploy* workflow failed: <https://git.corp.example/infra/live/actions/runs/12|run 12>", {},
     "firing", "github-actions", {"repo": "infra/live", "run_id": "12"}),
    ("gha-in-house", "*CI* failed on `hooli/nucleus@main`", {"name": "ci-bot", "attachments": att(color="danger", text="<https://github.com/hooli/nucleus/actions/runs/5|See the run>")},
     "firing", "github-actions", {"repo": "hooli/nucleus", "branch": "main", "run_url": "https://github.com/hooli/nucleus/actions/runs/5"}),
    ("gha-slackapi-blocks", "Nightly", {"blocks": [header(":x: Nightly e2e failed"), fields("*Repository:*\n<https://github.com/hooli/web|hooli/web>", "*Branch:*\n`develop`",
        "*Workflow:*\nNightly e2e", "*Status:*\nfailure"), button("https://github.com/hooli/web/actions/runs/900/attempts/2")]},
     "firing", "github-actions", {"repo": "hooli/web", "branch": "develop", "workflow": "Nightly e2e", "run_id": "900"}),
    ("gha-ravsam-warnings", "", {"attachments": att(color="2eb886", pretext="Job Notification", text=":heavy_check_mark: *Build* passed in <https://github.com/hooli/web|hooli/web@refs/heads/main> on <https://github.com/hooli/web/commit/" + SHA + "|4be1d3f>")},
     "success", "github-actions", {"repo": "hooli/web", "branch": "main", "workflow": "Build", "commit": "4be1d3f"}),
    ("circleci-classic", "", {"app_id": "A0F7VRE7N", "attachments": att(color="ed5c5c", text="Failed: rhendricks's build (<https://circleci.com/gh/hooli/nucleus/8821|#8821>; push) in <https://circleci.com/gh/hooli/nucleus|hooli/nucleus> (<https://circleci.com/gh/hooli/nucleus/tree/main|main>)\n- Started using new tokens (<https://github.com/hooli/nucleus/commit/4be1d3f|4be1d3f>)")},
     "firing", "circleci", {"repo": "hooli/nucleus", "branch": "main", "run_id": "8821", "commit": "4be1d3f"}),
    ("circleci-fixed", "", {"app_id": "A0F7VRE7N", "attachments": att(color="41aa58", text="Fixed: rhendricks's build (<https://circleci.com/gh/hooli/nucleus/8822|#8822>; push) in <https://circleci.com/gh/hooli/nucleus|hooli/nucleus> (main)")},
     "resolved", "circleci", {"repo": "hooli/nucleus", "branch": "main", "run_id": "8822"}),
    ("circleci-app-url", "CircleCI job failed.", {"name": "CircleCI", "blocks": [header("Job Failed. :red_circle:"), fields("*Job*: build", "*Project*: web", "*Branch*: fix/cart"),
        button("https://app.circleci.com/pipelines/github/hooli/web/991/workflows/0d0d2f9c-1111-4222-8333-444455556666/jobs/1234", "View Job")]},
     "firing", "circleci", {"job": "build", "project": "web", "branch": "fix/cart", "run_id": "1234"}),
    ("gitlab-branch-pipeline-text", "<https://git.corp.example/core/api|core/api>: Pipeline <https://git.corp.example/core/api/-/pipelines/88|#88> of branch <https://git.corp.example/core/api/-/commits/main|main> by Ann (ann) has failed in 01:10", {"app_id": "A676ADMV5"},
     "firing", "gitlab-ci", {"repo": "core/api", "run_id": "88", "branch": "main"}),
    ("gitlab-mr-pipeline", "", {"app_id": "A676ADMV5", "attachments": att(color="a30200", title="Pipeline #89 has failed in 03:00", title_link="https://gitlab.com/core/api/-/pipelines/89", fields=[
        field("Branch", "<https://gitlab.com/core/api/-/commits/fix-x|fix-x>"), field("Commit", "<https://gitlab.com/core/api/-/commit/0011aabb22|Approve earlier>"), field("Failed jobs", "<https://gitlab.com/core/api/-/jobs/1|lint>, <https://gitlab.com/core/api/-/jobs/2|unit>")], footer="core / api")},
     "firing", "gitlab-ci", {"repo": "core/api", "run_id": "89", "branch": "fix-x", "commit": "0011aabb22"}),
    ("gitlab-deploy-ok", "Deploy to staging succeeded", {"app_id": "A676ADMV5", "attachments": att(color="2eb886", text="<https://gitlab.com/core/api|core/api> with job <https://gitlab.com/core/api/-/jobs/771|#771> by Ann\n<https://gitlab.com/core/api/-/commit/aa11bb22|aa11bb22>: Fix failed logins")},
     "success", "gitlab-ci", {"repo": "core/api", "environment": "staging", "run_id": "771", "commit": "aa11bb22"}),
    ("jenkins-unstable", "", {"attachments": att(color="daa038", fields=[field("", "web-build - #12 Unstable after 3 min (<https://ci.corp.example/job/web-build/12/display/redirect|Open>)\nTest Status:\n\tPassed: 10, Failed: 2, Skipped: 0")])},
     "firing", "jenkins", {"job": "web-build", "run_id": "12", "run_url": "https://ci.corp.example/job/web-build/12/display/redirect"}),
    ("jenkins-success", "", {"attachments": att(color="2eb886", fields=[field("", "web-build - #13 Success after 3 min (<https://ci.corp.example/job/web-build/13/display/redirect|Open>)\nChanges:\n- Fix failure on startup [ann]")])},
     "success", "jenkins", {"job": "web-build", "run_id": "13"}),
    ("jenkins-encoded-branch", "", {"attachments": att(color="a30200", fields=[field("", "Shop » api » feature%2Fcart - #4 Failure after 1 min (<https://ci.corp.example/job/Shop/job/api/job/feature%252Fcart/4/display/redirect|Open>)")])},
     "firing", "jenkins", {"job": "api", "branch": "feature/cart", "run_id": "4"}),
    ("jenkins-blueocean-text", "Build failed: deploy-prod #771 (<https://jenkins.corp.example/job/deploy-prod/771/|Open>)", {"name": "Jenkins"},
     "firing", "jenkins", {"job": "deploy-prod", "run_id": "771"}),
    ("argocd-unknown", ":exclamation: Application billing sync is 'Unknown'.\nApplication details: <https://cd.corp.example/applications/billing>.", {"name": "argocd-notifications", "attachments": att(color="e96d76", title="billing", title_link="https://cd.corp.example/applications/billing", fields=[field("Sync Status", "Unknown"), field("Repository", ":arrow_heading_up: <https://github.com/hooli/gitops.git>")])},
     "firing", "argocd", {"app": "billing", "repo": "hooli/gitops", "run_url": "https://cd.corp.example/applications/billing"}),
    ("argocd-synced", ":white_check_mark: Application billing has been successfully synced at 2026-06-30T10:00:00Z.\nSync operation details are available at: <https://cd.corp.example/applications/billing?operation=true> .", {"name": "argocd"},
     "success", "argocd", {"app": "billing"}),
    ("argocd-namespaced", ":exclamation: Application billing has degraded.\nApplication details: <https://argocd.corp.example/applications/team-a/billing>.", {},
     "firing", "argocd", {"app": "billing"}),
    ("flux-helm", "", {"username": "helm-controller", "attachments": att(color="danger", author_name="helmrelease/podinfo.apps", text="Helm upgrade failed for release apps/podinfo with chart podinfo@6.5.0: timed out waiting for the condition", fields=[field("revision", "6.5.0"), field("summary", "staging")])},
     "firing", "flux", {"app": "podinfo", "namespace": "apps"}),
    ("flux-git", "", {"username": "source-controller", "attachments": att(color="danger", author_name="gitrepository/infra.flux-system", text="failed to checkout and determine revision: unable to clone 'ssh://git@github.com/hooli/infra': timeout")},
     "firing", "flux", {"app": "infra", "namespace": "flux-system"}),
    ("flux-only-colour", "", {"attachments": att(color="danger", author_name="kustomization/infra.flux-system", text="kustomize build: accumulating resources from 'x'")},
     "firing", "flux", {"app": "infra"}),
    ("grafana-plain", "", {"username": "Grafana", "attachments": att(color="d63232", title="[FIRING:2] High latency API", title_link="https://graf.corp.example/alerting/list", text="**Firing**\n\nValue: A=3\nLabels:\n - alertname = High latency\n - namespace = shop\n - pod = carts-77d9f4c6b8-2xkzp\n - severity = page\n", footer="Grafana v11.1.0")},
     "firing", "grafana", {"alertname": "High latency", "namespace": "shop", "pod": "carts-77d9f4c6b8-2xkzp", "severity": "page"}),
    ("grafana-legacy", "", {"username": "grafana", "attachments": att(color="D63232", title="[Alerting] Disk alert", title_link="https://grafana.corp.example/d/x?tab=alert", text="disk is full", fields=[field("web-1", "97")], footer="Grafana v7.5.0")},
     "firing", "grafana", {"alertname": "Disk alert"}),
    ("grafana-legacy-ok", "", {"username": "grafana", "attachments": att(color="36a64f", title="[OK] Disk alert", title_link="https://grafana.corp.example/d/x", footer="Grafana v7.5.0")},
     "resolved", "grafana", {"alertname": "Disk alert"}),
    ("kubewatch-ready", "", {"name": "kubewatch", "attachments": att(color="2eb886", fields=[field("kubewatch", "Node `node-4` is Ready : \nNodeReady")])},
     "resolved", "kubernetes", {"node": "node-4"}),
    ("botkube-warning", "This content can't be displayed.", {"name": "Botkube", "blocks": [section("*:exclamation: batch/v1/jobs error*"), fields("*Kind:* Job", "*Name:* etl-29183040", "*Namespace:* data", "*Reason:* BackoffLimitExceeded", "*Cluster:* dev")]},
     "firing", "kubernetes", {"namespace": "data", "cluster": "dev"}),
    ("k8sgpt", ">*[sample] K8sGPT analysis of the Pod shop/carts-77d9f4c6b8-2xkzp*", {"attachments": att(color="danger", title="Report", text="Error: Back-off pulling image")},
     "firing", "kubernetes", {"namespace": "shop", "pod": "carts-77d9f4c6b8-2xkzp"}),
    ("datadog-warn", "", {"app_id": "A0F7XDT7F", "attachments": att(color="daa038", title="[Warn on {kube_namespace:shop,pod_name:carts-77d9f4c6b8-2xkzp}] Memory high", title_link="https://app.datadoghq.com/monitors/55")},
     "firing", "datadog", {"alertname": "Memory high", "namespace": "shop", "pod": "carts-77d9f4c6b8-2xkzp"}),
    ("datadog-no-data", "", {"name": "Datadog", "attachments": att(color="a30200", title="[P3] [No Data on {host:db-1}] Agent heartbeat", title_link="https://us3.datadoghq.com/monitors/6")},
     "firing", "datadog", {"alertname": "Agent heartbeat", "node": "db-1", "severity": "P3"}),
    ("datadog-plain", "", {"name": "Datadog", "attachments": att(color="a30200", title="[Triggered] Queue too long", title_link="https://app.datadoghq.com/monitors/7")},
     "firing", "datadog", {"alertname": "Queue too long", "run_url": "https://app.datadoghq.com/monitors/7"}),
    ("pagerduty-plain", "*Triggered* <https://hooli.pagerduty.com/incidents/Q0AB12CD34|#77: Deployment canceled too often>", {"app_id": "A1FKYAUUX"},
     "firing", "pagerduty", {"incident": "Q0AB12CD34"}),
    ("opsgenie-closed", 'Alert <https://opsg.in/a/i/hooli/99-1|#412>: "[Datadog] CPU high" was closed by Ann', {"app_id": "A286WATV2"},
     "resolved", "opsgenie", {"incident": "412"}),
    ("opsgenie-closed-actor", 'ann@hooli.example closed alert <https://opsg.in/a/i/hooli/99-1|#412>: "[Datadog] CPU high"', {"name": "Opsgenie"},
     "resolved", "opsgenie", {"incident": "412"}),
    ("sentry-error-words", "[api] CanceledError: subscription started twice", {"app_id": "A011MFBJEUU", "blocks": [section(":red_circle: <https://hooli.sentry.io/issues/71/?referrer=slack|*CanceledError*>"), section("environment: `prod`"),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Project: <https://hooli.sentry.io/issues/?project=1|api>    Alert: <https://x.sentry.io/organizations/x/alerts/rules/api/1/details/|Any error>    Short ID: API-3F"}]}]},
     "firing", "sentry", {"project": "api", "environment": "prod", "alertname": "Any error", "incident": "API-3F", "run_url": "https://hooli.sentry.io/issues/71/?referrer=slack"}),
    ("sentry-metric", "Critical: Checkout error rate", {"name": "Sentry", "attachments": att(color="e03e2f", blocks=[section("*<https://hooli.sentry.io/organizations/hooli/alerts/rules/details/9/|Critical: Checkout error rate>*\n120 events in the last 5 minutes")])},
     "firing", "sentry", {"alertname": "Checkout error rate"}),
    ("sentry-metric-resolved", "Resolved: Checkout error rate", {"name": "Sentry", "attachments": att(color="4dc771", blocks=[section("*<https://hooli.sentry.io/organizations/hooli/alerts/rules/details/9/|Resolved: Checkout error rate>*\n2 events")])},
     "resolved", "sentry", {"alertname": "Checkout error rate"}),
    ("codepipeline-ok", "", {"app_id": "A6L22LZNH", "attachments": att(color="2eb886", text="*<https://eu-west-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop/executions/11112222-3333-4444-5555-666677778888|AWS CodePipeline Notification | eu-west-1 | Account: 1>*\n*CodePipeline Pipeline Execution State Change: SUCCEEDED*", fields=[field("Pipeline", "shop"), field("State", "SUCCEEDED")])},
     "success", "aws-codepipeline", {"workflow": "shop", "run_id": "11112222-3333-4444-5555-666677778888"}),
    ("buildkite-passed", "", {"name": "Buildkite", "attachments": att(color="2ecc40", text=":white_check_mark: <https://buildkite.com/hooli/web/builds/9|*Web (main) #9*> passed in 2m")},
     "success", "buildkite", {"workflow": "Web", "branch": "main", "run_id": "9"}),
    ("azure-release", "Deployment of release Release-31 on stage Production failed", {"name": "Azure Pipelines", "attachments": att(color="d13438", title="Release-31", title_link="https://dev.azure.com/hooli/Shop/_release?releaseId=31", fields=[field("Stage", "Production"), field("Release pipeline", "shop-cd")])},
     "firing", "azure-pipelines", {"project": "Shop", "run_id": "31"}),
    ("azure-ok", "Build 20260630.1 succeeded", {"name": "Azure Pipelines", "attachments": att(color="107c10", title="20260630.1 succeeded", title_link="https://dev.azure.com/hooli/Shop/_build/results?buildId=12&view=results", fields=[field("Pipeline", "shop-ci"), field("Branch", "refs/heads/main")])},
     "success", "azure-pipelines", {"workflow": "shop-ci", "branch": "main", "run_id": "12", "project": "Shop"}),
    ("teamcity-hanging", ":warning: Backend / <https://tc.corp.example/viewLog.html?buildId=5&amp;buildTypeId=B|Deploy #5> *is probably hanging*", {"name": "TeamCity"},
     "firing", "teamcity", {"job": "Deploy", "project": "Backend", "run_id": "5"}),
    ("vercel-ready", "Deployment ready for docs", {"name": "Vercel", "blocks": [section(":white_check_mark: *Preview deployment ready* for <https://vercel.com/hooli/docs|docs>"), fields("*Branch*\n<https://github.com/hooli/docs/tree/typo|typo>"), button("https://vercel.com/hooli/docs/Ab3dEfGh", "View Deployment")]},
     "success", "vercel", {"project": "docs", "repo": "hooli/docs", "branch": "typo", "run_url": "https://vercel.com/hooli/docs/Ab3dEfGh", "environment": "Preview"}),
    ("prow-default", "Job *ci-nucleus-e2e* of type *periodic* ended with state *failure*. <https://prow.corp.example/view/gs/hooli-ci/logs/ci-nucleus-e2e/1801234567890123456|View logs>", {},
     "firing", "prow", {"job": "ci-nucleus-e2e", "run_id": "1801234567890123456"}),
    ("in-house-cron", ":x: nightly backup failed on db-03 (exit code 2)", {"name": "cron"}, "firing", "", {}),
    ("in-house-down", "[DOWN] shop.example is unreachable", {"name": "uptime"}, "firing", "", {}),
    ("in-house-up", "[UP] shop.example", {"name": "uptime"}, "resolved", "", {}),
]  # fmt: skip

QUIET = [
    ("jenkins-started", "", {"attachments": att(color="a30200", fields=[field("", "failure-tests - #8 Started by user ann (<https://ci.corp.example/job/failure-tests/8/|Open>)")])}),
    ("jenkins-aborted", "", {"attachments": att(color="9d9d9d", fields=[field("", "web - #9 Aborted after 3 min (<https://ci.corp.example/job/web/9/|Open>)")])}),
    ("gitlab-canceled", "", {"app_id": "A676ADMV5", "attachments": att(color="daa038", title="Pipeline #1 has been canceled", title_link="https://gitlab.com/a/b/-/pipelines/1")}),
    ("gitlab-issue", "Ann opened issue <https://gitlab.com/a/b/-/issues/4|#4 Deploy failed twice> in <https://gitlab.com/a/b|a/b>", {"app_id": "A676ADMV5"}),
    ("gitlab-push", "Ann pushed to branch <https://gitlab.com/a/b/commits/main|main> of <https://gitlab.com/a/b|a/b>", {"app_id": "A676ADMV5", "attachments": att(text="<https://gitlab.com/a/b/-/commit/1|1>: Fix crash when job failed - Ann")}),
    ("github-issue", "", {"app_id": "A01BP7R4KNY", "attachments": att(color="36a64f", pretext="Issue opened by <https://github.com/ann|ann>", title="#4 CI failed on main", title_link="https://github.com/a/b/issues/4", text="It failed")}),
    ("github-comment", "", {"app_id": "A01BP7R4KNY", "attachments": att(pretext="New comment by ann on issue <https://github.com/a/b/issues/4|#4 CI failed>", text="failed again")}),
    ("github-pr-closed", "", {"app_id": "A01BP7R4KNY", "attachments": att(color="cb2431", pretext="Pull request closed by ann", title="#5 Fix failing build")}),
    ("github-in-progress", "Workflow was triggered via push by ann", {"app_id": "A01BP7R4KNY", "attachments": att(color="dbab09", title="CI #5", title_link="https://github.com/a/b/actions/runs/5", fields=[field("Status", ":hourglass: In progress")])}),
    ("github-deploy-approval", "ann requested your review to deploy to production", {"app_id": "A01BP7R4KNY", "attachments": att(title="Deploy #6", title_link="https://github.com/a/b/actions/runs/6")}),
    ("pagerduty-ack", "*Acknowledged* <https://hooli.pagerduty.com/incidents/Q0AB12CD34|#77: API is down>", {"app_id": "A1FKYAUUX"}),
    ("pagerduty-assigned", "*Reassigned* <https://hooli.pagerduty.com/incidents/Q0AB12CD34|#77: API is down>", {"app_id": "A1FKYAUUX"}),
    ("opsgenie-ack", 'ann acknowledged alert <https://opsg.in/a/i/h/1|#4>: "CPU failed"', {"app_id": "A286WATV2", "attachments": att(color="daa038", title="#4: CPU failed")}),
    ("opsgenie-assigned", 'Alert <https://opsg.in/a/i/h/1|#4>: "CPU" was assigned to ann', {"app_id": "A286WATV2"}),
    ("sentry-assigned", "Issue API-3F assigned to ann", {"app_id": "A011MFBJEUU"}),
    ("argocd-created", "Application billing has been created.", {"name": "argocd-notifications"}),
    ("codepipeline-started", "", {"app_id": "A6L22LZNH", "attachments": att(color="439fe0", text="*AWS CodePipeline Notification | eu-west-1*\n*CodePipeline Pipeline Execution State Change: STARTED*")}),
    ("codepipeline-approval", "", {"app_id": "A6L22LZNH", "attachments": att(text="*AWS CodePipeline Notification | eu-west-1*\n*APPROVAL NEEDED: pipeline shop, stage Prod*", fields=[field("Failed checks", "0")])}),
    ("buildkite-blocked", "", {"name": "Buildkite", "attachments": att(color="daa038", text="<https://buildkite.com/hooli/web/builds/9|*Web (main) #9*> is blocked, waiting for input")}),
    ("azure-approval", "Approval pending for stage Production", {"name": "Azure Pipelines"}),
    ("azure-waiting", "Deployment to Production is waiting for your approval", {"name": "Azure Pipelines", "attachments": att(color="a30200", title="Approve or reject")}),
    ("teamcity-started", "Backend / <https://tc.corp.example/viewLog.html?buildId=5|Deploy #5> *has started*", {"name": "TeamCity"}),
    ("vercel-building", "Deployment started for docs", {"name": "Vercel"}),
    ("botkube-updated", "", {"name": "Botkube", "blocks": [section("*:large_green_circle: apps/v1/deployments updated*"), fields("*Kind:* Deployment", "*Name:* error-pages")]}),
    ("kubewatch-deleted", "", {"name": "kubewatch", "attachments": att(color="a30200", fields=[field("kubewatch", "A `pod` in namespace `shop` has been `deleted`:\n`crashed-job-1`")])}),
    ("jira-bug", "Ann created a Bug", {"app_id": "A2RPP3NFR", "attachments": att(color="a30200", title="PAY-12 Payment failed after timeout", fields=[field("Status", "To Do")])}),
    ("stand-up", "*Ann* posted an update for *Daily stand-up*", {"name": "Geekbot", "attachments": att(color="a30200", title="What did you do?", text="Fixed the failed deploy")}),
    ("stand-up-own-bot", "Daily stand-up: Ann", {"name": "team-bot", "attachments": att(title="Yesterday", text="The build failed, I fixed it")}),
    ("weekly", "Weekly CI report: 12 pipelines failed, 210 passed", {"name": "stats"}),
    ("reminder-bot", "Reminder: look at failed backups", {"name": "remind"}),
    ("freeze", "Deploy freeze starts at 18:00, ends Monday", {"name": "ops"}),
    ("silence", "Silence created by ann for KubePodCrashLooping", {"name": "Alertmanager-bot"}),
    ("chat", "The coffee machine on floor 3 is new", {"name": "office"}),
    ("all-zero", "Smoke tests: 0 failed, 0 errors", {"name": "qa"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "event", "status", "platform", "labels"), [each[1:] for each in ALERTS], ids=[each[0] for each in ALERTS]
)
def test_an_alert_is_read(read, text, event, status, platform, labels) -> None:
    alert = read(text, **event)
    assert getattr(alert, "reason", "") == ""
    assert (alert.status, alert.platform) == (status, platform)
    assert {name: alert.label(name) for name in labels} == labels
    assert alert.fingerprint


@pytest.mark.parametrize(("text", "event"), [each[1:] for each in QUIET], ids=[each[0] for each in QUIET])
def test_what_is_no_result_is_no_alert(read, text, event) -> None:
    assert read(text, **event).reason


@pytest.mark.parametrize(("text", "event"), [each[1:3] for each in ALERTS], ids=[each[0] for each in ALERTS])
def test_a_person_saying_the_same_is_no_alert(read, text, event) -> None:
    assert read(text, **{**event, "client_msg_id": "7f9c0a11"}).reason == "a person's post"
    assert read(text, **{**event, "bot_id": None, "user": "U0PERSON"}).reason == "a person's post"
