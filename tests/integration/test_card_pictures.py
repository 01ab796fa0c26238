"""The helper that draws cards for golden pictures: the same blocks give the same picture, and Slack's refusals stay refusals."""

import struct

import pytest
from sandbox_bench import BUTTONS, MODAL, PROXIES

from tests.fakes.card_pictures import CHROMIUM, LAPTOP, PHONE, RefusedError, picture, pictures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="browser: no Chromium on this machine"),
]

LONG = [{"type": "section", "text": {"type": "mrkdwn", "text": f"line {number}"}} for number in range(49)]
HOME = {"type": "home", "blocks": BUTTONS}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


def size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def test_the_same_blocks_give_the_same_picture():
    assert picture(BUTTONS, PHONE, "dark") == picture(BUTTONS, PHONE, "dark")


def test_width_and_theme_make_a_difference():
    drawn = {picture(BUTTONS, width, theme) for width in (PHONE, LAPTOP) for theme in ("light", "dark")}
    assert len(drawn) == 4
    assert {size(png)[0] for png in drawn} == {PHONE, 491}


def test_a_long_card_is_whole_and_views_are_drawn():
    drawn = pictures({"short": BUTTONS, "long": LONG, "modal": MODAL, "home": HOME, "short again": BUTTONS}, PHONE)
    assert size(drawn["long"])[1] > 1_200
    assert drawn["short"] == drawn["short again"]
    assert size(drawn["modal"])[0] < PHONE
    assert len(set(drawn.values())) == 4


def test_what_slack_would_refuse_is_refused():
    with pytest.raises(RefusedError, match="invalid_blocks"):
        picture([{"type": "section"}])
