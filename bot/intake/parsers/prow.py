"""Prow's Slack reporter: `Job *x* of type *periodic* ended with state *failure*`, or the job's own template.

Facts: kubernetes-sigs/prow, pkg/crier/reporters/slack; addresses of Deck and Spyglass.
"""

from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import RESULT

SENDER = Sender(
    source="prow",
    platform="prow",
    names=words(r"(?<![a-z])(?:prow|k8s-ci-robot)(?![a-z])"),
    urls=words(r"//prow[.\w-]{0,60}/|/view/(?:gs|gcs|s3)/"),
    says=words(r"of type (?:presubmit|postsubmit|periodic|batch) ended with"),
    titles=any_of(rf"job (?P<job>[\w./-]{{1,200}}) (?:of type \w{{1,20}} )?(?:ended|{RESULT})"),
    pages=any_of(
        r"/pr-logs/pull/(?:(?P<repo>[\w.-]{1,100}_[\w.-]{1,100})/)?(?P<pr>\d{1,7})/(?P<job>[\w.-]{1,200})/(?P<run_id>\d{1,24})",
        r"/(?:logs|view/gs/[\w.-]{1,100})/(?P<job>[\w.-]{1,200})/(?P<run_id>\d{8,24})",
    ),
    links_home=True,
    posts_results=True,
)
