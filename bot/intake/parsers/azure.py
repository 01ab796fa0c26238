"""Azure Pipelines for Slack: builds, runs, stages, releases.

Facts: learn.microsoft.com/azure/devops/pipelines/integrations/slack; the shapes of dev.azure.com addresses.
"""

from bot.intake.parsers.sender import Sender, any_of, words

_DEV = r"//dev\.azure\.com/(?P<site>[^/\s]{1,100})/(?P<project>[^/\s]{1,100})"
SENDER = Sender(
    source="azure-pipelines",
    platform="azure-pipelines",
    names=words(r"(?<![a-z])azure (?:pipelines|devops)(?![a-z])"),
    urls=words(
        r"//(?:dev\.azure\.com|[\w-]{1,60}\.visualstudio\.com)/[^\s]{0,200}(?:_build|_release|_pipelines|_environments)"
    ),
    says=words(r"\bazure (?:pipelines?|devops) (?:build|run|release|pipeline)\b"),
    pages=any_of(
        rf"{_DEV}/_build/results\?[^#\s]{{0,200}}?buildId=(?P<run_id>\d{{1,12}})",
        r"//(?P<site>[\w-]{1,60})\.visualstudio\.com/(?:DefaultCollection/)?(?P<project>[^/\s]{1,100})/_build/results\?[^#\s]{0,200}?buildId=(?P<run_id>\d{1,12})",
        rf"{_DEV}/_release[^?\s]{{0,40}}\?[^#\s]{{0,200}}?releaseId=(?P<run_id>\d{{1,12}})",
        rf"{_DEV}/_releaseProgress\?",
    ),
    posts_results=True,
)
