"""GitHub: its Slack app (runs as an edited message and its broadcasts, checks, deployments) and actions that post.

Facts: github.com/integrations/slack; the sources of 8398a7/action-slack, rtCamp/action-slack-notify,
ravsamhq/notify-slack-action, act10ns/slack, Gamesight/slack-workflow-status, slackapi/slack-github-action's examples.
"""

import re

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import RESULT, Wording

_RUN_NAME = re.compile(r"(?P<name>[^#\n]{1,100}?) #\d{1,9}")


def _refine(labels: dict[str, str], post: Post, _wording: Wording) -> None:
    """Take the workflow's name from the label of a run's link, `CI #1482`."""
    for link in post.links[:10]:
        named = _RUN_NAME.fullmatch(link.label)
        if named and "/actions/runs/" in link.url:
            labels.setdefault("workflow", named["name"].removeprefix("Workflow ").strip())
            return


SENDER = Sender(
    source="github",
    platform="github-actions",
    app_ids=frozenset({"A01BP7R4KNY"}),
    names=words(r"(?<![a-z])github(?![a-z])(?!.{0,40}(?:pages status|status page))|action-slack"),
    urls=words(
        r"//[^/\s]{1,200}/[\w.-]{1,100}/[\w.-]{1,100}/actions/runs/\d|"
        r"//github\.com/[\w.-]{1,100}/[\w.-]{1,100}/(?:commit/[0-9a-f]{6,40}/checks|runs/\d|deployments)"
    ),
    says=words(
        r"\bgithub[ -]actions? (?:build|job|workflow|run|result|pipeline)|(?:failed|succeeded|cancell?ed) github actions?\b|"
        r"new github action run|@action-slack|\b[\w.-]{1,100}/[\w.-]{1,100}@refs/(?:heads|tags|pull)/|"
        r"(?:^|\n)workflow [^\n]{1,80}? job \S{1,80} triggered by \S{1,60} is "
    ),
    titles=any_of(
        r"^workflow (?P<workflow>[^\n]{1,80}?) job (?P<job>\S{1,80}) triggered by \S{1,60} is \w{1,20} for (?P<branch>[\w./-]{1,200})",
        rf"^(?P<workflow>.{{1,100}}?) {RESULT} in (?P<repo>[\w.-]{{1,100}}/[\w.-]{{1,100}})",
        r"^(?:workflow )?(?P<workflow>[^#\n]{1,100}?) #\d{1,9}\b",
        rf"^workflow:? (?P<workflow>[^#\n:]{{1,80}}?) {RESULT}",
        r"deploying (?P<branch>[\w./-]{1,200}) \((?P<commit>[0-9a-f]{6,40})\) to (?P<environment>[\w-]{1,60})",
    ),
    pages=any_of(
        r"//[^/\s]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/actions/runs/(?P<run_id>\d{1,20})",
    ),
    posts_results=True,
    talks=True,
    refine=_refine,
)  # fmt: skip
