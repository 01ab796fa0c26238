"""The main states of the card as pictures, drawn by the sandbox's page: light at a laptop, dark on a phone.

UPDATE_GOLDEN=1 draws them anew. A picture is compared pixel by pixel where it has the same size; with other fonts than
those that it was drawn with, by size and by where there is ink.
"""

import asyncio
import io
import os
from pathlib import Path

import pytest
from sandbox_bench import PROXIES

from bot.report.compose import compose_card
from bot.report.modal import compose_review
from bot.slack.blocks import render_message, render_modal
from tests.fakes.card_pictures import CHROMIUM, LAPTOP, PHONE, album
from tests.fakes.stories import CARD_REF, CARDS
from tests.fakes.stories_apps import APP_CARDS
from tests.fakes.stories_runs import RUN_CARDS

Image = pytest.importorskip("PIL.Image", reason="golden pictures: Pillow is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="browser: no Chromium on this machine"),
]
GOLDEN = Path(__file__).parents[1] / "golden" / "pictures"
ALL = {**CARDS, **RUN_CARDS, **APP_CARDS}
STATES = (
    "looking",
    "offered",
    "flaky/offered",
    "token/offered",
    "token/verifying_2",
    "token/passed",
    "token/escalated",
    "manifest/offered",
    "manifest/waiting",
    "image/offered",
    "run/no_cause",
)
REVIEW = "token/review"
"""The modal: a laptop's window scrolls it, so it is whole on the phone alone."""
LOOKS = {"laptop": (LAPTOP, "light"), "phone": (PHONE, "dark")}
DRAWN = {
    f"{state.replace('/', '_')}.{look}": (state, *at)
    for look, at in LOOKS.items()
    for state in (*STATES, *((REVIEW,) if look == "phone" else ()))
}
NAMES = tuple(DRAWN)
COLOURS = 64
OTHER = 48
"""Levels of grey, of 255, from which on a pixel is another one: smaller differences are the palette's."""


def blocks_of(state):
    if state == REVIEW:
        story = RUN_CARDS["token/offered"]()
        return render_modal(compose_review(story, ref=CARD_REF, checks=(), problem="", warning=""), external_id="")
    return render_message(compose_card(ALL[state]()))[1]


async def drawn_anew():
    async with album() as page:
        return {
            name: await page.picture(blocks_of(state), width, theme) for name, (state, width, theme) in DRAWN.items()
        }


@pytest.fixture(scope="module")
def drawn():
    with pytest.MonkeyPatch.context() as patch:
        for name in PROXIES:
            patch.delenv(name, raising=False)
        made = asyncio.run(drawn_anew())
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        for name, png in made.items():
            Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(GOLDEN / f"{name}.png", optimize=True)
    return {name: Image.open(io.BytesIO(png)) for name, png in made.items()}


def grey(picture):
    return picture.convert("RGB").convert("L")


def apart(one, other):
    """How much two pictures differ: the share of their pixels, or of their rows when they are not of one size."""
    one, other = grey(one), grey(other)
    if one.size == other.size:
        return sum(abs(a - b) > OTHER for a, b in zip(one.tobytes(), other.tobytes(), strict=True)) / len(one.tobytes())
    narrow = abs(one.width - other.width) > 4
    higher = abs(one.height - other.height) / max(one.height, other.height)
    return 1.0 if narrow else higher


@pytest.mark.parametrize("name", NAMES)
def test_a_card_looks_as_its_golden_picture(drawn, name):
    golden = Image.open(GOLDEN / f"{name}.png")
    assert apart(drawn[name], golden) < (0.02 if drawn[name].size == golden.size else 0.12)


def test_another_card_is_seen_to_be_another(drawn):
    assert apart(drawn["offered.phone"], drawn["looking.phone"]) > 0.12
    same_size = drawn["looking.phone"]
    assert apart(same_size, Image.new("RGB", same_size.size, "white")) > 0.12
    assert apart(same_size, same_size) == 0


def test_the_pictures_are_small_and_all_there_is():
    files = list(GOLDEN.glob("*.png"))
    assert {file.stem for file in files} == set(NAMES)
    assert sum(file.stat().st_size for file in files) < 1_000_000
