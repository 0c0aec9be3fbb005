"""What a charger holds after a write is known, whatever it answered."""

import pytest

from eebus.events import LimitsChanged, WriteResult
from eebus.spine.scaled import from_float
from eebus.usecases import names
from eebus.usecases.evse.profile import EvProfile

EVSE = "ee" * 20


@pytest.fixture
def plugged(pair):
    pair.connect()
    pair.evse.plug(EvProfile())
    pair.settle()
    assert pair.write(16, 16, 16).ok
    pair.cem_events.clear()
    pair.sent.clear()
    return pair


@pytest.fixture
def deaf_box(plugged):
    """A charger that accepts writes and keeps what it had, in silence."""
    plugged.evse.local.put = lambda *_: None
    return plugged


def test_a_charger_that_says_yes_and_keeps_its_value_is_told_each_time(deaf_box):
    for times in (1, 2):
        assert deaf_box.write(8, 8, 8).ok
        assert deaf_box.told("cem", LimitsChanged) == [_limits(16)] * times
        assert deaf_box.cem.limits(EVSE, "opev") == (16, 16, 16)


def test_the_answer_comes_before_what_contradicts_it(deaf_box):
    events = deaf_box.cem_events
    deaf_box.cem.write_limit(EVSE, (8, 8, 8), "opev", deaf_box.now, events.append)
    deaf_box.settle()
    assert [type(each) for each in events] == [WriteResult, LimitsChanged]


def test_a_charger_that_does_as_it_says_is_not_read_again(plugged):
    assert plugged.write(8, 8, 8).ok
    assert plugged.told("cem", LimitsChanged) == [_limits(8)]
    assert _reads(plugged) == 0


def test_a_notify_with_the_old_value_before_the_answer_is_looked_at_again(plugged):
    local, put = plugged.evse.local, plugged.evse.local.put

    def tell_the_old(feature, function, _content):
        put(feature, function, feature.content(function))

    local.put = tell_the_old
    assert plugged.write(8, 8, 8).ok
    assert _reads(plugged) == 1
    assert plugged.told("cem", LimitsChanged) == [_limits(16)]


def test_a_value_stored_without_a_notify_is_read(plugged):
    def store_only(feature, function, content):
        feature.contents[function] = content

    plugged.evse.local.put = store_only
    assert plugged.write(8, 8, 8).ok
    assert plugged.cem.limits(EVSE, "opev") == (8, 8, 8)
    assert plugged.told("cem", LimitsChanged) == [_limits(8)]
    assert _reads(plugged) == 1


def test_only_the_last_of_several_writes_is_compared(deaf_box):
    results: list[object] = []
    for value in (14, 12, 8):
        deaf_box.cem.write_limit(EVSE, (value,) * 3, "opev", deaf_box.now, results.append)
    deaf_box.settle()
    assert len(results) == 3
    assert deaf_box.told("cem", LimitsChanged) == [_limits(16)]
    assert _reads(deaf_box) <= 2


def test_a_write_without_any_answer_is_looked_at_too(plugged):
    results: list[object] = []
    plugged.cem.write_limit(EVSE, (8, 8, 8), "opev", plugged.now, results.append)
    plugged.queue.clear()  # the write gets lost
    plugged.wait(12)
    assert [each.ok for each in results] == [False]
    assert plugged.cem.limits(EVSE, "opev") == (16, 16, 16)
    assert _reads(plugged) == 1


def test_what_a_charger_holds_is_unknown_when_it_does_not_tell(deaf_box):
    results: list[WriteResult] = []
    deaf_box.cem.write_limit(EVSE, (8, 8, 8), "opev", deaf_box.now, results.append)
    _settle_unread(deaf_box)
    assert results[0].ok
    for _ in range(240):
        deaf_box.now += 0.5
        deaf_box.cem.tick(EVSE, deaf_box.now)
        _settle_unread(deaf_box)
    assert deaf_box.cem.limits(EVSE, "opev") is None
    assert _reads(deaf_box) == 0


def test_a_change_behind_our_back_is_told(plugged):
    assert plugged.write(8, 8, 8).ok
    feature = plugged.evse._car.server(names.LOAD_CONTROL)
    raised = [{"limitId": n, "isLimitActive": True, "value": from_float(16.0)} for n in range(3)]
    plugged.evse.local.put(feature, names.LIMITS, {"loadControlLimitData": raised})
    plugged.settle()
    assert plugged.told("cem", LimitsChanged)[-1] == _limits(16)


def _settle_unread(pair) -> None:
    """Deliver all but the CEM's reads of limits: they get lost."""
    while pair.queue:
        if pair.queue[0][0] == "cem" and _is_read(pair.queue[0][1]):
            pair.queue.popleft()
        else:
            pair.deliver(1)


def _limits(a: float) -> LimitsChanged:
    return LimitsChanged(EVSE, "opev", (a, a, a))


def _reads(pair) -> int:
    return sum(_is_read(text.replace(" ", "")) for text in pair.texts("cem"))


def _is_read(text: str) -> bool:
    return '"cmdClassifier":"read"' in text and names.LIMITS in text
