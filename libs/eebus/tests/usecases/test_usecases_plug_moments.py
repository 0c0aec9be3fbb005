"""A car is seen whenever it is plugged: between any two messages of a conversation's start."""

import json
from itertools import pairwise

import pytest

from eebus.events import Ev, EvChanged, UseCasesChanged
from eebus.spine.addresses import FeatureAddress
from eebus.spine.datagram import PARTIAL, cmd
from eebus.spine.discovery import Change, write_tree
from eebus.spine.local import DISCOVERY, USE_CASES, LocalDevice
from eebus.spine.session import Session
from eebus.usecases.evse.profile import EvProfile

CEM, EVSE = "cc" * 20, "ee" * 20
MOMENTS = range(30)  # a start has about 20 messages


def _cars(pair) -> list[Ev | None]:
    return [each.ev for each in pair.told("cem", EvChanged)]


def _comings(pair) -> int:
    """Return how often a car came: told as there after being told as gone or not there."""
    cars = _cars(pair)
    return sum(after is not None and before is None for before, after in pairwise(cars))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_car_plugged_at_any_moment_is_seen_once(pair, moment):
    pair.connect(settle=False)
    pair.deliver(moment)
    pair.evse.plug(EvProfile())
    pair.settle()
    assert pair.cem.ev(EVSE).has_opev
    assert pair.write(8, 8, 8).ok
    assert _comings(pair) + (_cars(pair)[0] is not None) == 1
    told = pair.told("cem", UseCasesChanged)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_car_unplugged_at_any_moment_is_gone(pair, moment):
    pair.evse.plug(EvProfile())
    pair.connect(settle=False)
    pair.deliver(moment)
    pair.evse.unplug()
    pair.settle()
    assert pair.cem.ev(EVSE) is None
    assert _comings(pair) == 0
    assert not pair.write(8, 8, 8).ok


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_car_swapped_at_any_moment_ends_as_the_second_one(pair, moment):
    pair.evse.plug(EvProfile())
    pair.connect(settle=False)
    pair.deliver(moment)
    pair.evse.plug(EvProfile(phases=1))
    pair.settle()
    assert pair.cem.ev(EVSE).phases == 1
    assert pair.write(8, 8, 8).ok
    assert pair.evse.held_limits()["opev"] == (8.0, None, None)


def test_the_tree_is_read_twice_at_the_start_and_no_more(pair):
    pair.connect()
    pair.wait(60)
    for sender in ("cem", "evse"):
        assert sum(_is_read(text) for text in pair.texts(sender)) == 2


def test_the_notify_of_a_car_the_second_reading_showed_makes_no_second_car(pair):
    pair.connect(settle=False)
    pair.deliver(3)
    pair.evse.plug(EvProfile())
    pair.settle()
    before = list(pair.cem_events)
    pair.cem.received(EVSE, _late_notify(pair.evse.local), pair.now)
    pair.settle()
    assert pair.cem_events == before
    pair.wait(5)
    pair.cem.received(EVSE, _late_notify(pair.evse.local), pair.now)
    pair.settle()
    assert _comings(pair) == 2  # so late it is another car


def test_use_cases_of_an_entity_nobody_told_of_make_us_look(pair):
    pair.connect()
    local = pair.evse.local
    local.subscriptions.drop_peer(CEM, (0,))  # a charger that forgets who listens to its tree
    pair.evse.plug(EvProfile())
    pair.settle()
    assert pair.cem.ev(EVSE) is None
    pair.cem.received(EVSE, _notify(local, cmd(USE_CASES, local.use_case_data())), pair.now)
    pair.settle()
    assert pair.cem.ev(EVSE).has_opev


def test_use_cases_of_an_entity_that_never_appears_are_looked_for_once(pair):
    pair.connect()
    local = pair.evse.local
    stranger = json.loads(json.dumps(local.use_case_data()))
    stranger["useCaseInformation"][0]["address"]["entity"] = [9]
    pair.sent.clear()
    for _ in range(5):
        pair.cem.received(EVSE, _notify(local, cmd(USE_CASES, stranger)), pair.now)
        pair.settle()
    assert sum(_is_read(text) for text in pair.texts("cem")) == 1


@pytest.mark.parametrize("told", [{}, {"entityInformation": []}])
def test_a_tree_without_entities_later_on_takes_no_car_away(pair, told):
    pair.connect()
    pair.evse.plug(EvProfile())
    pair.settle()
    pair.cem.received(EVSE, _notify(pair.evse.local, cmd(DISCOVERY, told)), pair.now)
    assert pair.cem.ev(EVSE).has_opev


def test_a_single_entity_without_filter_is_no_whole_tree(pair):
    pair.connect()
    pair.evse.plug(EvProfile())
    pair.settle()
    local = pair.evse.local
    told = write_tree(local.address, local.type, [local.entities[1, 1]], Change.MODIFIED)
    pair.cem.received(EVSE, _notify(local, cmd(DISCOVERY, told)), pair.now)
    assert pair.cem.ev(EVSE).has_opev
    assert pair.write(8, 8, 8).ok


def _is_read(text: str) -> bool:
    return '"cmdClassifier": "read"' in text and DISCOVERY in text


def _late_notify(local: LocalDevice) -> object:
    told = write_tree(local.address, local.type, [local.entities[1, 1]], Change.ADDED)
    return _notify(local, cmd(DISCOVERY, told, PARTIAL))


def _notify(local: LocalDevice, command) -> object:
    sent: list[str] = []
    probe = Session(local, "00" * 20, sent.append, _DEAF)
    probe.notify(FeatureAddress(None, (0,), 0), local.management, command)
    return json.loads(sent[0])


class _Deaf:
    def discovered(self, now):
        pass

    def tree_changed(self, changes, now):
        pass

    def use_cases_changed(self, now):
        pass

    def data_changed(self, feature, function, now):
        pass


_DEAF = _Deaf()
