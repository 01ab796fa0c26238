"""Who pushed what since it last went well, where that can be the cause."""

from bot.domain.diagnosis import Category
from bot.domain.pipeline import Commit
from bot.domain.report import Text, Tone
from bot.report.causes import image_of, tag_of
from bot.report.story import Story
from bot.report.words import counted

CARD_CHANGES = 3
SHORT = 7
MAX_MESSAGE = 120
MAX_AUTHOR = 60

_NOT_BY_A_CHANGE = frozenset({Category.AUTH, Category.NETWORK})
_NOT_BY_THIS_ONE = frozenset({"flaky_test", "runner_lost", "cancelled", "sync_interrupted"})


def change_parts(story: Story, most: int = CARD_CHANGES) -> tuple[Text, ...]:
    """Return the newest commits since it last went well, each with who pushed it, leading to its page.

    None where no change of the source brings such a failure: a credential that ended, a network, a flaky test. A commit
    that names the image's tag comes first.
    """
    best = story.diagnosis.best if story.diagnosis else None
    changes = story.dossier.changes if story.dossier else ()
    if not changes or (best and (best.category in _NOT_BY_A_CHANGE or best.cause_id in _NOT_BY_THIS_ONE)):
        return ()
    tag = tag_of(image_of(best)) if best else ""
    ordered = sorted(changes, key=lambda commit: not (tag and tag in commit.message))
    if len(ordered) == 1:
        return (Text(text="Changed since it last worked:", quoted=_pushed(ordered[0]), url=ordered[0].url),)
    said = f"Changed since it last worked ({counted(len(ordered), 'commit')}):"
    shown = (Text(text="•", quoted=_pushed(commit), url=commit.url) for commit in ordered[:most])
    left = len(ordered) - most
    more = (Text(text=f"… and {counted(left, 'more commit')}.", tone=Tone.SMALL),) if left > 0 else ()
    return (Text(text=said), *shown, *more)


def _pushed(commit: Commit) -> str:
    message = commit.message if len(commit.message) <= MAX_MESSAGE else f"{commit.message[:MAX_MESSAGE]}…"
    who = commit.author[:MAX_AUTHOR] or "somebody unnamed"
    return f"{who} pushed {commit.sha[:SHORT]}{f': {message}' if message else ''}"
