"""CircleCI: the Slack orb's job posts and the older app's notices.

Facts: CircleCI-Public/slack-orb, src/message_templates; circleci.com addresses in its documentation.
"""

from bot.intake.parsers.sender import Sender, any_of, words

_PROJECT = r"(?P<repo>[\w.-]{1,100}/(?P<project>[\w.-]{1,100}))"
_FORGE = r"(?:gh|github|bb|bitbucket)"
SENDER = Sender(
    source="circleci",
    platform="circleci",
    app_ids=frozenset({"A0F7VRE7N"}),
    names=words(r"(?<![a-z])circle-? ?ci(?![a-z])"),
    urls=words(r"//(?:app\.)?circleci\.com/"),
    says=words(r"\bcircleci (?:job|workflow|build|pipeline)\b"),
    titles=any_of(
        r"workflow \((?P<workflow>[^)\n]{1,100})\)",
        r"in (?P<repo>[\w.-]{1,100}/[\w.-]{1,100}) \((?P<branch>[^)\n]{1,200})\)",
        r"(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})'s ",
    ),
    pages=any_of(
        rf"//app\.circleci\.com/pipelines/{_FORGE}/{_PROJECT}/\d{{1,9}}/workflows/[0-9a-f-]{{36}}/jobs/(?P<run_id>\d{{1,12}})",
        rf"//app\.circleci\.com/pipelines/{_FORGE}/{_PROJECT}/\d{{1,9}}/workflows/(?P<run_id>[0-9a-f-]{{36}})",
        r"//app\.circleci\.com/pipelines/[^/]{1,60}/[^/]{1,60}/[^/]{1,60}/(?P<run_id>\d{1,12})",
        r"//(?:app\.)?circleci\.com/(?:workflow-run|pipelines/workflows|workflows)/(?P<run_id>[0-9a-f-]{36})",
        rf"//(?:app\.)?circleci\.com/(?:jobs/)?{_FORGE}/{_PROJECT}/(?P<run_id>\d{{1,12}})",
    ),
    posts_results=True,
)
