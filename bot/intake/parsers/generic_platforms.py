"""Which platform speaks: by the sender's app id, its name, the shape of its links, its wording, in this order of trust.

Names are spelled as `reading.PLATFORMS` lists them. App ids are real ones of public Slack apps; most self-hosted senders
post under an app or webhook that the customer made, so that their ids say nothing.
"""

import re

from bot.domain.alert import Post

APP_IDS = {
    "A01BP7R4KNY": "github-actions",
    "A011MFBJEUU": "sentry",
    "A1FKYAUUX": "pagerduty",
    "A0F7VRFKN": "jenkins",
    "A0F7VRE7N": "circleci",
    "A676ADMV5": "gitlab-ci",
    "A0F7XDT7F": "datadog",
    "A286WATV2": "opsgenie",
    "A0214S5PHB4": "kubernetes",
}
OTHER_APP_IDS = frozenset({"A2RPP3NFR"})  # Jira Cloud: talks about failures all day, reports none
_OTHERS = re.compile(
    r"\b(?:jira|confluence|trello|asana|linear|notion|clickup|geek-?bot|stand-?up\w{0,4}|daily-?bot|polly|simple poll|donut|"
    r"google (?:calendar|drive)|outlook|zoom|giphy|miro|figma|loom|workday|bamboohr|rss|twitter|intercom|zendesk)\b",
    re.IGNORECASE,
)
_NAMES = (
    ("prometheus", r"alert-?manager|prometheus"),
    ("grafana", r"grafana"),
    ("jenkins", r"jenkins"),
    ("argocd", r"argo[ -]?cd"),
    ("flux", r"(?:kustomize|helm|source|image-\w{1,20}|notification|tf)-controller|flux(?:cd|-system|bot)?"),
    ("kubernetes", r"robusta|kube-?watch|botkube|k8sgpt|holmes(?:gpt)?|komodor|kured|kubernetes|k8s-\w{1,20}"),
    ("datadog", r"datadog"),
    ("pagerduty", r"pager-?duty"),
    ("opsgenie", r"opsgenie"),
    ("sentry", r"sentry"),
    ("buildkite", r"buildkite"),
    ("azure-pipelines", r"azure(?: (?:pipelines|devops))"),
    ("teamcity", r"team-?city"),
    ("vercel", r"vercel"),
    ("prow", r"prow|k8s-ci-robot"),
    ("circleci", r"circle-?ci"),
    ("gitlab-ci", r"gitlab"),
    ("github-actions", r"github(?:-actions)?|action-slack"),
    ("aws-codepipeline", r"codepipeline"),
)
_LINKS = (
    ("github-actions", r"//[^/]{1,200}/[\w.-]{1,100}/[\w.-]{1,100}/actions/runs/\d"),
    ("gitlab-ci", r"/-/(?:pipelines|jobs)/\d"),
    ("circleci", r"//(?:app\.)?circleci\.com/"),
    ("buildkite", r"//buildkite\.com/[^/]{1,100}/[^/]{1,100}/builds/"),
    ("azure-pipelines", r"//(?:dev\.azure\.com|[\w-]{1,60}\.visualstudio\.com)/.{0,200}(?:_build|_release|_pipelines)"),
    ("teamcity", r"/viewLog\.html\?|/buildConfiguration/|/viewType\.html\?"),
    ("aws-codepipeline", r"/codesuite/(?:codepipeline|codebuild|codedeploy)/"),
    ("argocd", r"//[^/]{0,100}argo[^/]{0,100}/applications/|/applications/[\w./-]{1,200}\?operation="),
    ("jenkins", r"/job/[^/]{1,200}/(?:job/[^/]{1,200}/){0,10}\d{1,9}(?:/|$)|//[^/]{0,60}jenkins"),
    ("prow", r"//prow\.|/view/(?:gs|gcs|s3)/"),
    ("pagerduty", r"\.pagerduty\.com/"),
    ("opsgenie", r"//opsg\.in/|\.opsgenie\.com/|/jsm/ops/alerts/"),
    ("sentry", r"\.sentry\.io/|//sentry[.\w-]{0,60}/.{0,80}(?:issues|alerts)/"),
    ("datadog", r"//[\w.-]{0,40}\.?datadoghq\.(?:com|eu)/|\.ddog-gov\.com/"),
    ("kubernetes", r"//platform\.robusta\.dev/|\.botkube\.io/"),
    ("grafana", r"//[^/]{0,60}grafana|/alerting/grafana/|/alerting/list"),
    ("prometheus", r"/#/alerts|//[^/]{0,60}(?:alertmanager|prometheus)|/graph\?g0\.expr="),
    ("vercel", r"//(?:[\w-]{1,60}\.)?vercel\.com/|\.vercel\.app"),
    ("github-actions", r"//github\.com/[\w.-]{1,100}/[\w.-]{1,100}/(?:commit/[0-9a-f]{6,40}/checks|runs/|deployments)"),
)
_WORDING = (
    ("github-actions", r"github[ -]actions?\b|@action-slack"),
    ("flux", r"(?:^|\n)(?:kustomization|helmrelease|(?:git|oci|helm|image)repository|helmchart|bucket|imagepolicy|imageupdateautomation)/[\w.-]{1,200}"),
    ("kubernetes", r"k8sgpt|k8s event detected|prometheus alert firing|kubewatch|(?:^|\n)\W{0,3}v1/\w{1,40} error"),
    ("aws-codepipeline", r"codepipeline|codebuild"),
    ("argocd", r"argo ?cd|(?:sync operation of|(?:^|\n)\W{0,20})application [\w.-]{1,200} (?:has|is|sync)"),
    ("azure-pipelines", r"azure (?:pipelines|devops)"),
    ("circleci", r"circleci"),
    ("teamcity", r"teamcity"),
    ("buildkite", r"buildkite"),
    ("jenkins", r"jenkins|(?:^|\n).{1,200} - #\d{1,9} (?:failure|success|back to normal|still failing|unstable|aborted)"),
    ("gitlab-ci", r"gitlab|(?:^|\n)pipeline #\d{1,12} (?:of branch \S{1,200} )?(?:by .{1,80} )?has (?:failed|passed)"),
    ("grafana", r"(?:^|\n)grafana v\d|grafana_folder"),
    ("datadog", r"\[(?:re-)?(?:triggered|recovered|warn|no data) on \{|datadog"),
    ("prow", r"of type (?:presubmit|postsubmit|periodic|batch) ended with|\bprow\b"),
    ("prometheus", r"\[(?:firing|resolved)(?::\d{1,5})?\]|alertmanager|prometheus"),
    ("pagerduty", r"pagerduty"),
    ("opsgenie", r"opsgenie"),
    ("sentry", r"\bsentry\b"),
    ("vercel", r"\bvercel\b"),
    ("kubernetes", r"crashloopbackoff|imagepullbackoff|oomkilled|\bpod \S{1,253} (?:in namespace|is crash)|node \S{1,253} is not ready"),
    ("github-actions", r"github\.com/[\w.-]{1,100}/[\w.-]{1,100}"),
)  # fmt: skip
_AWS = "A6L22LZNH"
_BY_NAME = tuple((name, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)) for name, words in _NAMES)
_BY_LINK = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in _LINKS)
_BY_WORDING = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in _WORDING)


def is_other_sender(post: Post) -> bool:
    """Whether the sender is an app that speaks of failures without reporting any: trackers, stand-ups, calendars."""
    return post.app_id in OTHER_APP_IDS or _OTHERS.search(post.author) is not None


def platform_of(post: Post, wording: str) -> str:
    """Return the platform that speaks, or the empty string. `wording` is the post's text without markup."""
    if post.app_id in APP_IDS:
        return APP_IDS[post.app_id]
    for name, pattern in _BY_NAME:
        if pattern.search(post.author):
            return name
    urls = "\n".join(link.url for link in post.links[:20])
    if urls:
        for name, pattern in _BY_LINK:
            if pattern.search(urls):
                return name
    text = f"{wording[:2000]}\n{urls[:2000]}"
    for name, pattern in _BY_WORDING:
        if pattern.search(text):
            return name
    return "aws" if post.app_id == _AWS else ""
