"""GitLab for Slack: pipelines, deployments, alerts. Facts: gitlab-org/gitlab, app/models/integrations/chat_message/."""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="gitlab",
    platform="gitlab-ci",
    app_ids=frozenset({"A676ADMV5"}),
    names=words(r"(?<![a-z])gitlab(?![a-z])"),
    urls=words(r"/-/(?:pipelines|jobs)/\d"),
    says=words(
        r"(?:^|\n)(?:\S{1,200}: )?pipeline #\d{1,12} (?:of (?:branch|tag) \S{1,200} )?(?:by .{1,80} )?has (?:failed|passed)"
        r"|\bgitlab (?:ci|pipeline|job)\b"
    ),
    titles=any_of(r"pipeline #\d{1,12} of tag (?P<tag>\S{1,200})"),
    pages=any_of(
        r"//[^/\s]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/pipelines/(?P<run_id>\d{1,20})",
        r"//[^/\s]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/jobs/(?P<run_id>\d{1,20})",
    ),
    posts_results=True,
    talks=True,
)
