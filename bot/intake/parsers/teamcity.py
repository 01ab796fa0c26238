"""TeamCity's Slack notifier: `Project / Sub / Build #12 failed`. Facts: jetbrains.com/help/teamcity/notifications."""

import re
from urllib.parse import parse_qs, urlsplit

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import Wording

_RUN_NAME = re.compile(r"(?P<name>[^#\n]{1,100}?) #\d{1,9}")


def _refine(labels: dict[str, str], post: Post, _wording: Wording) -> None:
    for link in post.links[:10]:
        if "viewLog" not in link.url and "/buildConfiguration/" not in link.url:
            continue
        named = _RUN_NAME.fullmatch(link.label)
        if named:
            labels.setdefault("job", named["name"].rsplit(" / ", 1)[-1].strip())
        unit = parse_qs(urlsplit(link.url).query, max_num_fields=20).get("buildTypeId", [""])[0]
        labels.setdefault("site", urlsplit(link.url).netloc.lower())
        if unit:
            labels["folder"] = unit
        return


SENDER = Sender(
    source="teamcity",
    platform="teamcity",
    names=words(r"(?<![a-z])team-? ?city(?![a-z])"),
    urls=words(r"/viewLog\.html\?|/buildConfiguration/|/viewType\.html\?"),
    says=words(r"\bteamcity (?:build|agent|project)\b"),
    titles=any_of(r"^(?P<project>.{1,150}?) / (?P<job>[^/\n]{1,100}) #"),
    pages=any_of(
        r"/viewLog\.html\?[^#\s]{0,200}?buildId=(?P<run_id>\d{1,12})",
        r"/buildConfiguration/[^/\s]{1,200}/(?P<run_id>\d{1,12})|/build/(?P<run_id_>\d{1,12})",
    ),
    links_home=True,
    posts_results=True,
    refine=_refine,
)
