"""Jenkins: the Slack plugin's build notices and `slackSend` steps with texts of the team's own.

Facts: jenkinsci/slack-plugin, ActiveNotifier and MessageBuilder: `Folder » job » branch - #12 Still Failing after 3 min
(<…|Open>)`; its "Started" takes the colour of the build before, so that a colour alone never tells.
"""

import re
from urllib.parse import unquote, urlsplit

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import Wording

_NAME = re.compile(r"^(?P<path>.{1,250}?) - #(?P<run>\d{1,9})\b")
_PATH = re.compile(r"/job/(?P<path>[^?#]{1,400}?)/(?P<run>\d{1,9})(?:/|$)")
_BRANCH_LIKE = re.compile(
    r"(?:main|master|develop|dev|trunk|staging|production|next|release|hotfix)|(?:PR|MR)-\d{1,7}|"
    r"(?:feature|feat|fix|bugfix|hotfix|release|chore|renovate|dependabot|revert)[-/_%].{1,200}|.{0,200}(?:/|%2F).{0,200}",
    re.IGNORECASE,
)


def _refine(labels: dict[str, str], post: Post, wording: Wording) -> None:
    """Read folders, job and branch from the headline, else from the link: in both the last of three names is the branch."""
    for line in wording.headlines[:3]:
        found = _NAME.match(line)
        if found:
            names = [each.strip() for each in found["path"].split("»") if each.strip()]
            if len(names) > 1 and (len(names) > 2 or _BRANCH_LIKE.fullmatch(names[-1])):
                labels.setdefault("branch", unquote(unquote(names.pop())))
            if names:
                labels.setdefault("job", names[-1])
                labels["folder"] = "/".join(names[:-1])
            labels.setdefault("run_id", found["run"])
            break
    for link in post.links[:10]:
        path = _PATH.search(link.url[:500])
        if path:
            names = [unquote(unquote(each)) for each in path["path"].split("/job/")]
            labels.setdefault("run_id", path["run"])
            if len(names) > 2:
                labels.setdefault("branch", names.pop())
            labels.setdefault("job", names[-1])
            labels["folder"] = "/".join(each for each in names[:-1] if each != labels.get("branch"))
            labels["site"] = urlsplit(link.url).netloc.lower()
            return


SENDER = Sender(
    source="jenkins",
    platform="jenkins",
    app_ids=frozenset({"A0F7VRFKN"}),
    names=words(r"(?<![a-z])jenkins(?![a-z])"),
    urls=words(
        r"(?<!\w)//[^/\s]{1,200}/(?:[^/\s]{1,60}/){0,4}job/[^/\s]{1,200}/(?:job/[^/\s]{1,200}/){0,10}\d{1,9}(?:/|$|\s)|//[^/\s]{0,60}jenkins"
    ),
    says=words(
        r"(?:^|\n).{1,200} - #\d{1,9} (?:failure|success|back to normal|still failing|unstable|aborted|not built|regression|"
        r"started)|\bjenkins (?:job|build|pipeline)\b"
    ),
    titles=any_of(r"job '(?P<job>[^'\n]{1,200}?) ?[\[#(](?P<run_id>\d{1,9})"),
    pages=any_of(r"/job/[^?#\s]{1,400}?/\d{1,9}(?:/|$)"),
    posts_results=True,
    refine=_refine,
)
