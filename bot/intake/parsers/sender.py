"""What is peculiar to one sender's posts, as data: how it is recognised, how it lays out its headlines and its links."""

import re
from collections.abc import Callable, Mapping

from bot.domain.alert import Post
from bot.domain.values import value
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import Wording


def words(pattern: str) -> re.Pattern[str]:
    """Compile a pattern without regard to case. The text is a stranger's: every repeat in it is bounded."""
    return re.compile(pattern, re.IGNORECASE)


def any_of(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """Compile several."""
    return tuple(map(words, patterns))


@value
class Sender:
    """One app. Recognised by `app_ids` (real ones of public Slack apps), `names`, `urls`, `says`, in this order of trust.

    `platform` is one of reading.PLATFORMS, or empty for a sender whose platform has no name there. `says` must be a
    phrase that nobody else writes. `titles` are tried on the first lines and `pages` on the links; their groups are
    labels; the link that fits a page is the run's or alert's page, else the first link if `links_home`.
    `posts_results`: posts nothing but results, so that emoji and colour alone may tell; if it `talks` of other things too, only beside a page.
    `monitors`: what it calls good is a recovery. `tints`: its colour is the
    event's severity, whatever the words. `named` are values that it names in a way of its own. `refine` adds what no
    table can say. `read` replaces the plain reading.
    """

    source: str
    platform: str = ""
    app_ids: frozenset[str] = frozenset()
    names: re.Pattern[str] | None = None
    urls: re.Pattern[str] | None = None
    says: re.Pattern[str] | None = None
    titles: tuple[re.Pattern[str], ...] = ()
    pages: tuple[re.Pattern[str], ...] = ()
    named: Callable[[Wording], Mapping[str, str]] | None = None
    links_home: bool = False
    posts_results: bool = False
    talks: bool = False
    monitors: bool = False
    tints: bool = False
    refine: Callable[[dict[str, str], Post, Wording], None] | None = None
    read: Callable[[Post, Wording, "Sender"], Reading | NotAlert] | None = None


def recognise(post: Post, wording: Wording, senders: tuple[Sender, ...]) -> Sender | None:
    """Return whose post it is: by app id, else by the sender's name, else by its links, else by its phrases."""
    if post.app_id:
        for each in senders:
            if post.app_id in each.app_ids:
                return each
    if post.author:
        for each in senders:
            if each.names is not None and each.names.search(post.author):
                return each
    urls = "\n".join(link.url[:300] for link in post.links[:20])
    if urls:
        for each in senders:
            if each.urls is not None and each.urls.search(urls):
                return each
    text = wording.all[:2000]
    return next((each for each in senders if each.says is not None and each.says.search(text)), None)
