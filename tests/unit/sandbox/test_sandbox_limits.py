"""Token buckets by method, workspace and channel; the clock is the test's."""

from bot.sandbox.limits import RateLimits


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_channel_takes_a_short_burst_then_one_post_a_second():
    clock = Clock()
    limits = RateLimits(clock)
    assert [limits.retry_after("chat.postMessage", "C1") for _ in range(5)] == [None, None, None, None, 1]
    assert limits.retry_after("chat.postMessage", "C2") is None
    clock.now += 1.0
    assert limits.retry_after("chat.postMessage", "C1") is None
    assert limits.retry_after("chat.postMessage", "C1") == 1


def test_tier_three_lets_fifty_calls_a_minute_pass():
    clock = Clock()
    limits = RateLimits(clock)
    answers = [limits.retry_after("chat.update", "C1") for _ in range(51)]
    assert answers[:50] == [None] * 50
    assert answers[50] == 2
    clock.now += 1.2
    assert limits.retry_after("chat.update", "C9") is None


def test_a_client_that_keeps_the_pace_is_never_refused():
    clock = Clock()
    limits = RateLimits(clock)
    for _ in range(600):
        clock.now += 1.0
        assert limits.retry_after("chat.postMessage", "C1") is None


def test_a_refused_call_spends_nothing():
    clock = Clock()
    limits = RateLimits(clock)
    for _ in range(300):
        limits.retry_after("chat.postMessage", "C1")
    assert limits.retry_after("chat.postMessage", "C2") is None


def test_off_and_methods_without_a_tier_always_pass():
    limits = RateLimits(Clock(), on=False)
    assert {limits.retry_after("chat.update", "C1") for _ in range(500)} == {None}
    limits.on = True
    assert {limits.retry_after("auth.test") for _ in range(500)} == {None}
