"""The two modals that the edge opens by itself, before anything is known."""

from typing import Any

TITLE = "CodeHealer"


def loading_view(external_id: str) -> dict[str, Any]:
    """Return the modal that stands while the target is read."""
    return _plain(external_id, "Reading the target and trying the change without applying it …")


def checking_view(external_id: str) -> dict[str, Any]:
    """Return the modal that stands while a decision is checked."""
    return _plain(external_id, "Checking your decision …")


def _plain(external_id: str, text: str) -> dict[str, Any]:
    view: dict[str, Any] = {
        "type": "modal",
        "title": {"type": "plain_text", "text": TITLE},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": text}}],
    }
    if external_id:
        view["external_id"] = external_id
    return view
