"""Messages, threads, ephemerals, views, response URLs, form values: the workspace's own rules."""

import pytest

from bot.sandbox.faults import Fault, Faults
from bot.sandbox.form_state import action_of, check_inputs, read_state
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.views import ViewRefusedError, Views
from bot.sandbox.workspace import Workspace


class Clock:
    now = 10.0

    def __call__(self):
        return self.now


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture
def channel(workspace):
    return workspace.add_channel("alerts", {workspace.app.user_id})


def test_timestamps_grow_and_never_repeat(workspace):
    stamps = [workspace.timestamps.next() for _ in range(1000)]
    assert stamps == sorted(set(stamps))


def test_a_thread_counts_its_replies_on_the_parent(workspace, channel):
    parent = workspace.post(channel, {"user": "U1", "text": "alert"})
    first = workspace.post(channel, {"user": "U2", "text": "a"}, thread_ts=parent["ts"])
    last = workspace.post(channel, {"user": "U2", "text": "b"}, thread_ts=parent["ts"])
    assert (parent["reply_count"], parent["latest_reply"], parent["thread_ts"]) == (2, last["ts"], parent["ts"])
    assert parent["reply_users"] == ["U2"]
    assert first["parent_user_id"] == "U1"
    workspace.delete(channel, last["ts"])
    workspace.delete(channel, first["ts"])
    assert "reply_count" not in parent
    assert "thread_ts" not in parent


def test_a_broadcast_carries_its_root(workspace, channel):
    parent = workspace.post(channel, {"user": "U1", "text": "alert"})
    shared = workspace.post(channel, {"user": "U2", "text": "a"}, thread_ts=parent["ts"], broadcast=True)
    assert shared["subtype"] == "thread_broadcast"
    assert shared["root"]["text"] == "alert"


def test_blocks_and_elements_get_ids(workspace, channel):
    button = {"type": "button", "text": {"type": "plain_text", "text": "x"}}
    message = workspace.post(channel, {"text": "", "blocks": [{"type": "actions", "elements": [button]}]})
    assert message["blocks"][0]["block_id"]
    assert message["blocks"][0]["elements"][0]["action_id"]
    assert "action_id" not in button


def test_an_edit_returns_what_was(workspace, channel):
    message = workspace.post(channel, {"user": "U1", "text": "a", "blocks": [{"type": "divider"}]})
    now, before = workspace.edit(channel, message["ts"], {"text": "b", "blocks": None}, "U1")
    assert before["text"] == "a"
    assert "blocks" in before
    assert (now["text"], "blocks" in now, now["edited"]["user"]) == ("b", False, "U1")


def test_the_page_hears_of_every_change(workspace, channel):
    heard = []
    workspace.listeners.append(lambda change: heard.append(change["type"]))
    message = workspace.post(channel, {"text": "a"})
    workspace.post_ephemeral(channel, "U1", {"text": "psst"})
    workspace.replace_ephemeral(channel, channel.ephemerals[0]["ts"], None)
    workspace.delete(channel, message["ts"])
    assert heard == ["message", "ephemeral", "ephemeral_gone", "message_deleted"]
    assert channel.ephemerals == []


# --- views ---


def modal(**more):
    return {"type": "modal", "title": {"type": "plain_text", "text": "t"}, "blocks": [{"type": "divider"}], **more}


def test_a_trigger_opens_one_view_within_three_seconds(workspace):
    clock = Clock()
    views = Views(workspace, clock)
    trigger = views.new_trigger("U1")
    views.open(trigger, modal())
    late = views.new_trigger("U1")
    clock.now += 3.1
    for used, error in ((trigger, "exchanged_trigger_id"), (late, "expired_trigger_id"), ("1.2", "invalid_trigger_id")):
        with pytest.raises(ViewRefusedError, match=error):
            views.open(used, modal())


def test_updates_need_the_right_hash_and_an_open_view(workspace):
    views = Views(workspace, Clock())
    view = views.open(views.new_trigger("U1"), modal(external_id="x"))
    old = view.hash
    views.update(view, modal(external_id="x"), old)
    assert view.hash != old
    for act, error in (
        (lambda: views.update(view, modal(), old), "hash_conflict"),
        (lambda: views.open(views.new_trigger("U1"), modal(external_id="x")), "duplicate_external_id"),
        (lambda: views.update(None, modal(), None), "not_found"),
    ):
        with pytest.raises(ViewRefusedError, match=error):
            act()
    assert views.find(None, "x") is view
    views.close(view)
    with pytest.raises(ViewRefusedError, match="not_found"):
        views.update(view, modal(), None)


def test_at_most_three_views_lie_on_each_other(workspace):
    views = Views(workspace, Clock())
    view = views.open(views.new_trigger("U1"), modal())
    for _ in range(2):
        view = views.push(views.new_trigger("U1", view.id), modal())
    with pytest.raises(ViewRefusedError, match="push_limit_reached"):
        views.push(views.new_trigger("U1", view.id), modal())
    views.close_stack(view)
    assert views.open_views("U1") == []


def test_a_home_tab_is_one_per_person_and_hash_guarded(workspace):
    views = Views(workspace, Clock())
    home = {"type": "home", "blocks": []}
    first = views.publish("U1", home, None)
    old = first.hash
    assert views.publish("U1", home, old) is first
    with pytest.raises(ViewRefusedError, match="hash_conflict"):
        views.publish("U1", home, old)
    assert views.open_views("U1") == []


# --- forms ---

OPTIONS = [{"text": {"type": "plain_text", "text": v}, "value": v} for v in ("a", "b")]


def input_block(element, **more):
    return {"type": "input", "block_id": "b", "element": {"action_id": "x", **element}, **more}


@pytest.mark.parametrize(
    ("element", "given", "state"),
    [
        ({"type": "plain_text_input"}, "hi", {"value": "hi"}),
        ({"type": "plain_text_input", "initial_value": "was"}, None, {"value": "was"}),
        ({"type": "plain_text_input"}, "", {"value": None}),
        ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
        ({"type": "radio_buttons", "options": OPTIONS}, "b", {"selected_option": OPTIONS[1]}),
        ({"type": "checkboxes", "options": OPTIONS}, ["a", "z"], {"selected_options": [OPTIONS[0]]}),
        (
            {"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[0]},
            None,
            {"selected_option": OPTIONS[0]},
        ),
    ],
)
def test_state_has_slacks_shape_for_each_element(element, given, state):
    values = read_state([input_block(element)], {} if given is None else {"x": given})
    assert values == {"b": {"x": {"type": element["type"], **state}}}


def test_required_inputs_and_lengths_are_checked_before_a_submission():
    block = input_block({"type": "plain_text_input", "max_length": 3})
    assert "required" in check_inputs([block], read_state([block], {}))["b"]
    assert "length" in check_inputs([block], read_state([block], {"x": "long"}))["b"]
    assert check_inputs([block], read_state([block], {"b/x": "ok"})) == {}
    optional = {**block, "optional": True}
    assert check_inputs([optional], read_state([optional], {})) == {}


def test_actions_carry_what_was_pressed():
    feedback = {
        "type": "feedback_buttons",
        "action_id": "f",
        "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
        "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "down"},
    }
    block = {"block_id": "b"}
    assert action_of(block, feedback, "down", "1.2")["value"] == "down"
    overflow = {"type": "overflow", "action_id": "o", "options": OPTIONS}
    assert action_of(block, overflow, "b", "1.2")["selected_option"] == OPTIONS[1]
    button = {"type": "button", "action_id": "p", "text": {"type": "plain_text", "text": "x"}, "value": "v"}
    assert action_of(block, button, None, "1.2") == {
        "action_id": "p",
        "block_id": "b",
        "type": "button",
        "action_ts": "1.2",
        "text": button["text"],
        "value": "v",
    }


# --- the rest ---


def test_a_response_url_lives_thirty_minutes_and_five_uses():
    clock = Clock()
    urls = ResponseUrls(clock)
    key = urls.new_path("U1", "C1").rsplit("/", 1)[1]
    assert [isinstance(urls.use(key), str) for _ in range(6)] == [False] * 5 + [True]
    other = urls.new_path("U1", "C1").rsplit("/", 1)[1]
    clock.now += 1801
    assert urls.use(other) == "expired_url"


def test_faults_count_skip_and_choose_their_channel():
    faults = Faults()
    faults.add(Fault(method="chat.update", kind="error", times=2, skip=1, channel="C1"))
    taken = [faults.take("chat.update", channel) for channel in ("C1", "C2", "C1", "C1", "C1")]
    assert [fault is not None for fault in taken] == [False, False, True, True, False]
    with pytest.raises(ValueError, match="kind must be one of"):
        faults.add(Fault(method="*", kind="explode"))
