"""What links say: repositories, runs, builds, commits, by the shape of their addresses. No link is ever fetched."""

import re
from urllib.parse import unquote

from bot.domain.alert import Link, Post

# platform, whether such a link is the page of the run, and the pattern with named groups, from the host on
_SHAPES: tuple[tuple[str, bool, str], ...] = (
    ("github-actions", True, r"//[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/actions/runs/(?P<run_id>\d{1,20})"),
    ("gitlab-ci", True, r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/pipelines/(?P<run_id>\d{1,20})"),
    ("gitlab-ci", True, r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/jobs/(?P<run_id>\d{1,20})"),
    ("circleci", True, r"//app\.circleci\.com/pipelines/(?:gh|github|bb|bitbucket)/(?P<repo>[\w.-]{1,100}/(?P<project>[\w.-]{1,100}))/\d{1,9}/workflows/[0-9a-f-]{36}/jobs/(?P<run_id>\d{1,12})"),
    ("circleci", True, r"//app\.circleci\.com/pipelines/(?:gh|github|bb|bitbucket)/(?P<repo>[\w.-]{1,100}/(?P<project>[\w.-]{1,100}))/\d{1,9}/workflows/(?P<run_id>[0-9a-f-]{36})"),
    ("circleci", True, r"//app\.circleci\.com/pipelines/[^/]{1,60}/[^/]{1,60}/[^/]{1,60}/(?P<run_id>\d{1,12})"),
    ("circleci", True, r"//app\.circleci\.com/(?:workflow-run|pipelines/workflows|workflows)/(?P<run_id>[0-9a-f-]{36})"),
    ("circleci", True, r"//(?:app\.)?circleci\.com/(?:jobs/)?(?:gh|github|bb|bitbucket)/(?P<repo>[\w.-]{1,100}/(?P<project>[\w.-]{1,100}))/(?P<run_id>\d{1,12})"),
    ("buildkite", True, r"//buildkite\.com/[\w.-]{1,100}/(?P<pipeline>[\w.-]{1,100})/builds/(?P<run_id>\d{1,12})"),
    ("azure-pipelines", True, r"//dev\.azure\.com/[^/]{1,100}/(?P<project>[^/]{1,100})/_build/results\?[^#]{0,200}?buildId=(?P<run_id>\d{1,12})"),
    ("azure-pipelines", True, r"//[\w-]{1,60}\.visualstudio\.com/(?:DefaultCollection/)?(?P<project>[^/]{1,100})/_build/results\?[^#]{0,200}?buildId=(?P<run_id>\d{1,12})"),
    ("azure-pipelines", True, r"//dev\.azure\.com/[^/]{1,100}/(?P<project>[^/]{1,100})/_release[^?]{0,40}\?[^#]{0,200}?releaseId=(?P<run_id>\d{1,12})"),
    ("azure-pipelines", True, r"//dev\.azure\.com/[^/]{1,100}/(?P<project>[^/]{1,100})/_releaseProgress\?"),
    ("teamcity", True, r"/viewLog\.html\?[^#]{0,200}?buildId=(?P<run_id>\d{1,12})"),
    ("teamcity", True, r"/buildConfiguration/[^/]{1,200}/(?P<run_id>\d{1,12})|/build/(?P<run_id_>\d{1,12})"),
    ("aws-codepipeline", True, r"/codepipeline/pipelines/(?P<workflow>[\w.@-]{1,100})/(?:executions/(?P<run_id>[0-9a-f-]{8,40}))"),
    ("aws-codepipeline", True, r"/codepipeline/pipelines/(?P<workflow>[\w.@-]{1,100})/"),
    ("aws-codepipeline", True, r"/codebuild/(?:\d{12}/)?projects/(?P<project>[\w-]{1,255})/build/(?P<run_id>[^/?]{1,300})"),
    ("vercel", True, r"//vercel\.com/[\w.-]{1,100}/(?P<project>[\w.-]{1,100})/(?!settings|logs|analytics|deployments|domains|~)[\w-]{6,60}$"),
    ("vercel", True, r"//[\w-]{1,100}\.vercel\.app"),
    ("prow", True, r"/pr-logs/pull/(?:(?P<repo>[\w.-]{1,100}_[\w.-]{1,100})/)?(?P<pr>\d{1,7})/(?P<job>[\w.-]{1,200})/(?P<run_id>\d{1,24})"),
    ("prow", True, r"/(?:logs|view/gs/[\w.-]{1,100})/(?P<job>[\w.-]{1,200})/(?P<run_id>\d{8,24})"),
    ("argocd", True, r"/applications/(?:[\w-]{1,63}/)?(?P<app>[\w.-]{1,200})"),
    ("pagerduty", True, r"\.pagerduty\.com/incidents/(?P<incident>\w{4,40})"),
    ("opsgenie", True, r"//opsg\.in/|\.opsgenie\.com/|/jsm/ops/"),
    ("sentry", True, r"//[^/]{1,200}/(?:organizations/[\w-]{1,100}/)?issues/\d{1,20}"),
    ("sentry", True, r"//[^/]{1,200}/(?:organizations/[\w-]{1,100}/)?(?:issues/)?alerts/(?:rules/)?(?:details/)?\d"),
    ("datadog", True, r"//[\w.-]{1,60}/monitors/\d"),
    ("grafana", True, r"/alerting/(?:list|grafana)"),
    ("prometheus", True, r"/#/alerts"),
    ("jenkins", True, r"/job/[^?#]{1,400}?/\d{1,9}(?:/|$)"),
    ("", False, r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/commit/(?P<commit>[0-9a-f]{6,40})"),
    ("", False, r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/(?:commits|tree)/(?P<branch>[^?#]{1,200})"),
    ("", False, r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/merge_requests/(?P<pr>\d{1,7})"),
    ("", False, r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/commit/(?P<commit>[0-9a-f]{6,40})"),
    ("", False, r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/pull/(?P<pr>\d{1,7})"),
    ("", False, r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/tree/(?P<branch>[^?#]{1,200})"),
    ("", False, r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/(?:releases/tag|tags?)/(?P<tag>[^/?#]{1,100})"),
    ("", False, r"//(?:github|gitlab)\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?/?$"),
)  # fmt: skip
_BY_SHAPE = tuple((platform, is_run, re.compile(pattern)) for platform, is_run, pattern in _SHAPES)
_PATH = re.compile(r"/job/(?P<path>[^?#]{1,400}?)/(?P<run>\d{1,9})(?:/|$)")
_RUN_NAME = re.compile(r"(?P<name>[^#\n]{1,100}?) #\d{1,9}")
_SHORT = re.compile(r"(?<![0-9a-z])(?=[a-f]{0,39}\d)[0-9a-f]{6,40}(?![0-9a-z])")
_CODE_HOSTS = frozenset({"github.com"})
WITHOUT_RUN_PAGE = frozenset(
    {"prometheus", "grafana", "datadog", "opsgenie", "sentry", "pagerduty", "argocd", "teamcity", "prow"}
)
MAX_LINKS = 25


def labels_of_links(post: Post, platform: str) -> dict[str, str]:
    """Return what the post's links name; `run_url` is the page of the run or alert on the platform that speaks."""
    labels: dict[str, str] = {}
    links = post.links[:MAX_LINKS]
    for of_platform, is_run, pattern in _BY_SHAPE:
        if of_platform and of_platform != platform and platform:
            continue
        for link in links:
            found = pattern.search(link.url)
            if found:
                _add(labels, link, found, is_run=is_run)
                break
    if "run_url" not in labels and platform in WITHOUT_RUN_PAGE and links:
        labels["run_url"] = links[0].url
    return labels


def _add(labels: dict[str, str], link: Link, found: re.Match[str], *, is_run: bool) -> None:
    if is_run:
        labels.setdefault("run_url", link.url)
        _add_run_name(labels, link, found)
    for name, said in found.groupdict().items():
        if not said:
            continue
        label, text = name.rstrip("_"), unquote(said)
        if label == "commit":
            short = _SHORT.search(link.label)
            text = short[0] if short and said.startswith(short[0]) else said
        if label == "repo" and "/" not in text:
            text = text.replace("_", "/", 1)
        labels.setdefault("workflow" if label == "pipeline" else label, text)


def _add_run_name(labels: dict[str, str], link: Link, found: re.Match[str]) -> None:
    """Take the workflow's name from a run link's label, `CI #1482`; and Jenkins' folders from the link itself."""
    named = _RUN_NAME.fullmatch(link.label)
    if named and "/actions/runs/" in link.url:
        labels.setdefault("workflow", named["name"].removeprefix("Workflow ").strip())
    elif named and ("viewLog" in link.url or "/buildConfiguration/" in link.url):
        labels.setdefault("job", named["name"].rsplit(" / ", 1)[-1].strip())
    if found.re.pattern.startswith("/job/"):
        path = _PATH.search(link.url)
        if path:
            names = [unquote(unquote(each)) for each in path["path"].split("/job/")]
            labels.setdefault("run_id", path["run"])
            if len(names) > 2:
                labels.setdefault("branch", names.pop())
            labels.setdefault("job", names[-1])
