"""Chargers that are not as the reference: built from what is known of real ones."""

import json
from collections import deque
from datetime import UTC, datetime

import pytest

from eebus.events import EvChanged, Event, WriteResult
from eebus.spine.addresses import FeatureAddress
from eebus.spine.datagram import PARTIAL, cmd
from eebus.spine.discovery import Change, write_tree
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.local import Announcement, LocalDevice
from eebus.spine.session import Session
from eebus.spine.tree import READ, Entity, Feature, Operations, Role
from eebus.usecases import names
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.device import manufacturer
from eebus.usecases.evse import car
from eebus.usecases.evse.limits import initial
from eebus.usecases.evse.profile import EvProfile
from eebus.usecases.owner import Owner

EVSE, CEM = "ee" * 20, "cc" * 20
WRITE_ONLY_WHOLE = Operations(write=True, write_partial=False)


class Deaf:
    """A listener that does not care: these chargers only serve."""

    def discovered(self, now):
        pass

    def tree_changed(self, changes, now):
        pass

    def use_cases_changed(self, now):
        pass

    def data_changed(self, feature, function, now):
        pass


class OddCharger:
    """A charger made of any tree, wired to a CEM."""

    def __init__(self) -> None:
        self.refuse: list[ErrorNumber] = []
        self.local = LocalDevice(
            "d:_i:19667_Odd-1",
            "ChargingStation",
            manufacturer("Odd", "Box", "1"),
            accept_write=self._accept,
            lenient=False,
        )
        self.events: list[Event] = []
        self.queue: deque[tuple[str, str]] = deque()
        self.texts: list[str] = []
        self.now = 50.0
        self.hub = CemHub(
            "d:_n:CEM-1",
            manufacturer("Own", "CEM", "1"),
            Owner(self.events.append, lambda _: None),
        )
        self.session = Session(
            self.local, CEM, lambda text: self.queue.append(("evse", text)), Deaf()
        )

    def connect(self) -> None:
        self.hub.opened(EVSE, lambda text: self.queue.append(("cem", text)), self.now)
        self.session.start(self.now)
        self.settle()

    def settle(self) -> None:
        while self.queue:
            sender, text = self.queue.popleft()
            if sender == "cem":
                self.texts.append(text)
                self.session.receive(json.loads(text), self.now)
            else:
                self.hub.received(EVSE, json.loads(self.mangle(text)), self.now)

    def mangle(self, text: str) -> str:
        """Leave the device out of all addresses in discovery, as many devices do."""
        if "nodeManagementDetailedDiscoveryData" not in text:
            return text
        return text.replace('{"device":"d:_i:19667_Odd-1"},{"entity"', '{"entity"')

    def write(self, *values: float | None) -> WriteResult:
        done: list[WriteResult] = []
        self.hub.write_limit(EVSE, (values[0], values[1], values[2]), "opev", self.now, done.append)
        self.settle()
        assert len(done) == 1
        return done[0]

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.hub.tick(EVSE, self.now)
            self.session.tick(self.now)
            self.settle()

    def _accept(self, write) -> None:
        if self.refuse:
            raise RefusedError(self.refuse.pop(0), "not yet")


def _add(entity: Entity, number: int, type_: str, functions: dict[str, Operations]) -> Feature:
    address = FeatureAddress(None, entity.address, number)
    feature = Feature(address, type_, Role.SERVER, functions)
    entity.features[number] = feature
    return feature


def _porsche() -> OddCharger:
    """Feature 4 missing, no partial, use cases of the car at the charger's address."""
    charger = OddCharger()
    evse, ev = Entity((1,), "EVSE"), Entity((1, 1), "EV")
    _add(evse, 3, names.DIAGNOSIS, {names.STATE: READ})
    numbers = {
        names.LOAD_CONTROL: 1,
        names.ELECTRICAL: 2,
        names.MEASUREMENT: 3,
        names.CONFIGURATION: 5,
        names.DIAGNOSIS: 9,
        names.IDENTIFICATION: 10,
    }
    profile = EvProfile("iso15118-2ed1", min_a=2.2)
    described = car.describe(profile)
    described[names.LOAD_CONTROL, names.LIMITS] = initial(profile, {})
    described[names.DIAGNOSIS, names.STATE] = {"operatingState": "normalOperation"}
    for (type_, function), content in described.items():
        feature = ev.features.get(numbers[type_]) or _add(ev, numbers[type_], type_, {})
        feature.functions[function] = WRITE_ONLY_WHOLE if function == names.LIMITS else READ
        feature.contents[function] = content
    charger.local.add_entity(evse)
    charger.local.add_entity(ev)
    charger.local.announce(
        [
            Announcement((1,), "EV", names.EVSECC, (1, 2)),
            Announcement((1,), "EV", names.EVCC, (1, 2, 3)),
            Announcement((1,), "EV", names.OPEV, (1, 2, 3)),
        ]
    )
    return charger


def _elli(limit_ids=(1, 4, 7)) -> OddCharger:
    """LoadControl at feature 10, limit ids of its own, permitted values announced but empty."""
    charger = OddCharger()
    evse, ev = Entity((1,), "EVSE"), Entity((1, 1), "EV")
    profile = EvProfile()
    described = car.describe(profile)
    described[names.ELECTRICAL, names.PERMITTED] = {}
    described[names.LOAD_CONTROL, names.LIMIT_DESCRIPTIONS] = {
        "loadControlLimitDescriptionData": [
            {
                "limitId": limit_id,
                "limitCategory": "obligation",
                "measurementId": 2 - phase,  # and in reverse order
                "unit": "A",
                "scopeType": "overloadProtection",
            }
            for phase, limit_id in enumerate(limit_ids)
        ]
    }
    described[names.LOAD_CONTROL, names.LIMITS] = {
        "loadControlLimitData": [{"limitId": each, "isLimitActive": False} for each in limit_ids]
    }
    numbers = {names.LOAD_CONTROL: 10, names.ELECTRICAL: 2, names.MEASUREMENT: 3}
    for (type_, function), content in described.items():
        number = numbers.get(type_, 20 + len(type_))
        feature = ev.features.get(number) or _add(ev, number, type_, {})
        writable = Operations(write=True, write_partial=True)
        feature.functions[function] = writable if function == names.LIMITS else READ
        feature.contents[function] = content
    charger.local.add_entity(evse)
    charger.local.add_entity(ev)
    charger.local.announce([Announcement((1, 1), "EV", names.OPEV, (1, 2, 3))])
    return charger


def _held(charger: OddCharger, number: int) -> dict[int, float | None]:
    feature = charger.local.entities[(1, 1)].features[number]
    items = feature.content(names.LIMITS)["loadControlLimitData"]
    return {
        each["limitId"]: each["value"]["number"] * 10 ** each["value"]["scale"]
        if each["isLimitActive"]
        else None
        for each in items
    }


def test_a_charger_without_partial_writes_gets_the_whole_list_without_filter():
    charger = _porsche()
    charger.connect()
    assert charger.hub.ev(EVSE).has_opev
    assert charger.write(10, 10, 10).ok
    (text,) = [each for each in charger.texts if '"write"' in each]
    assert "filter" not in text
    assert _held(charger, 1) == {0: 10, 1: 10, 2: 10, 3: None, 4: None, 5: None}


def test_what_a_charger_does_not_offer_is_not_read():
    charger = _porsche()
    charger.connect()
    asked = "".join(charger.texts)
    assert "measurementDescriptionListData" in asked
    assert "measurementConstraintsListData" not in asked
    assert "loadControlLimitConstraintsListData" not in asked


def test_use_cases_of_the_car_may_be_announced_at_the_charger():
    charger = _porsche()
    charger.connect()
    assert charger.hub.ev(EVSE).has_opev
    assert not charger.hub.ev(EVSE).has_oscev


def test_limits_are_found_by_their_descriptions_whatever_their_ids():
    charger = _elli()
    feature = charger.local.entities[(1, 1)].server(names.CONFIGURATION)
    settings = feature.contents[names.SETTINGS]["deviceConfigurationKeyValueData"]
    settings[1]["value"]["boolean"] = True  # asymmetric, so that phases can be told apart
    charger.connect()
    assert charger.write(10, 11, 12).ok
    assert _held(charger, 10) == {1: 12, 4: 11, 7: 10}


def _bender() -> OddCharger:
    """Permitted currents of one phase only, and limits of which nothing but the id is told."""
    charger = _elli((0, 1, 2))
    ev = charger.local.entities[(1, 1)]
    told = car.describe(EvProfile("iso15118-2ed1", min_a=2.2, max_a=20.0))
    sets = told[names.ELECTRICAL, names.PERMITTED]["electricalConnectionPermittedValueSetData"]
    ev.server(names.ELECTRICAL).contents[names.PERMITTED] = {
        "electricalConnectionPermittedValueSetData": sets[:1]
    }
    ev.server(names.LOAD_CONTROL).contents[names.LIMITS] = {
        "loadControlLimitData": [{"limitId": each} for each in (0, 1, 2)]
    }
    return charger


def test_the_range_of_one_phase_stands_for_phases_without_one():
    charger = _bender()
    charger.connect()
    car_ = charger.hub.ev(EVSE)
    assert (car_.min_a, car_.max_a, car_.has_opev) == (2.2, 20.0, True)
    assert charger.write(32, 32, 32).ok
    assert set(_held(charger, 10).values()) == {20}
    assert charger.write(1, 1, 1).ok
    assert set(_held(charger, 10).values()) == {0.1}


def test_limits_of_which_only_the_ids_are_told_are_not_active():
    charger = _bender()
    charger.connect()
    assert charger.hub.limits(EVSE, "opev") == (None, None, None)
    assert charger.write(10, 10, 10).ok
    assert charger.hub.limits(EVSE, "opev") == (10.0, 10.0, 10.0)


def test_without_permitted_values_a_pause_is_zero_for_iec_61851():
    charger = _elli()
    charger.connect()
    assert charger.hub.ev(EVSE).min_a is None
    assert charger.write(3, 3, 3).ok
    assert set(_held(charger, 10).values()) == {0}


def test_a_refused_write_is_reported_with_its_number_and_can_be_repeated():
    charger = _porsche()
    charger.connect()
    charger.refuse = [ErrorNumber.GENERAL_ERROR]
    refused = charger.write(8, 8, 8)
    assert (refused.ok, refused.error_number, refused.text) == (False, 1, "not yet")
    assert charger.write(8, 8, 8).ok


def test_a_binding_lost_by_the_charger_is_asked_for_again_and_the_write_repeated():
    charger = _porsche()
    charger.connect()
    charger.local.bindings.drop_peer(CEM)
    assert charger.write(8, 8, 8).ok


def test_a_charger_that_grants_bindings_and_has_none_is_not_asked_for_ever():
    charger = _porsche()
    charger.connect()
    charger.refuse = [ErrorNumber.BINDING_REQUIRED] * 2
    refused = charger.write(8, 8, 8)
    assert (refused.ok, refused.error_number) == (False, 9)
    assert charger.write(8, 8, 8).ok


def test_reads_refused_at_first_are_asked_again():
    charger = _porsche()
    ev = charger.local.entities[(1, 1)]
    hidden = ev.features[1].functions
    told = dict(hidden)
    charger.session.start(charger.now)
    charger.hub.opened(EVSE, lambda text: charger.queue.append(("cem", text)), charger.now)
    # the tree still announces what the charger cannot yet answer
    while charger.queue:
        sender, text = charger.queue.popleft()
        if sender == "evse":
            charger.hub.received(EVSE, json.loads(text), charger.now)
            continue
        if "loadControl" in text:
            hidden.clear()
        charger.session.receive(json.loads(text), charger.now)
        hidden.update(told)
    assert not charger.hub.ev(EVSE).has_opev
    charger.wait(3)
    assert charger.hub.ev(EVSE).has_opev


def test_a_car_that_leaves_only_by_its_use_cases_is_gone_after_a_moment():
    charger = _porsche()
    charger.connect()
    charger.local.announce([Announcement((1,), "EVSE", names.EVSECC, (1, 2))])
    charger.settle()
    assert charger.hub.ev(EVSE) is not None
    charger.wait(3)
    assert charger.events[-1] == EvChanged(EVSE, None)
    assert not charger.write(8, 8, 8).ok


def test_a_generic_client_may_subscribe_to_the_heartbeat_before_any_discovery():
    charger = OddCharger()
    charger.hub.opened(EVSE, lambda text: charger.queue.append(("cem", text)), charger.now)
    charger.queue.clear()
    header = [
        {"addressSource": [{"entity": [0]}, {"feature": 0}]},
        {"addressDestination": [{"entity": [0]}, {"feature": 0}]},
        {"msgCounter": 1},
        {"cmdClassifier": "call"},
        {"ackRequest": True},
    ]
    request = [
        {"clientAddress": [{"entity": [1]}, {"feature": 1}]},
        {"serverAddress": [{"entity": [1]}, {"feature": 8}]},
        {"serverFeatureType": "DeviceDiagnosis"},
    ]
    call = [{"nodeManagementSubscriptionRequestCall": [{"subscriptionRequest": request}]}]
    raw = {"datagram": [{"header": header}, {"payload": [{"cmd": [call]}]}]}
    charger.hub.received(EVSE, raw, charger.now)
    charger.hub.received(EVSE, raw, charger.now)  # and once more: a CEM does not mind
    answers = [text for _, text in charger.queue]
    assert all('"errorNumber":0' in text for text in answers)
    assert len(answers) == 2
    charger.queue.clear()
    charger.hub.beat(_at())
    assert len(charger.queue) == 1


def test_a_full_tree_notified_without_filter_is_compared_with_what_is_known():
    charger = _porsche()
    charger.connect()
    ev = charger.local.entities.pop((1, 1))
    charger.hub.received(EVSE, _tree(charger), charger.now)
    assert [each for each in charger.events if isinstance(each, EvChanged)][-1].ev is None
    charger.local.entities[(1, 1)] = ev
    charger.hub.received(EVSE, _tree(charger), charger.now)
    charger.settle()
    assert charger.hub.ev(EVSE).has_opev


def test_a_car_added_anew_without_leaving_is_told_as_gone_and_come():
    charger = _porsche()
    charger.connect()
    charger.events.clear()
    charger.local.add_entity(charger.local.entities[(1, 1)])
    charger.settle()
    cars = [each.ev for each in charger.events if isinstance(each, EvChanged)]
    assert cars[0] is None
    assert cars[-1].has_opev
    assert charger.write(8, 8, 8).ok


def test_a_removed_entity_needs_no_type():
    charger = _porsche()
    charger.connect()
    text = json.dumps(_tree(charger, removed=True)).replace('{"entityType": "EV"},', "")
    charger.hub.received(EVSE, json.loads(text), charger.now)
    assert charger.hub.ev(EVSE) is None


@pytest.mark.parametrize("after", [11, 25])
def test_a_peer_that_does_not_answer_discovery_is_asked_again(after):
    charger = _porsche()
    charger.hub.opened(EVSE, lambda text: charger.queue.append(("cem", text)), charger.now)
    for _ in range(after):
        charger.now += 1
        charger.hub.tick(EVSE, charger.now)
    asked = [text for _, text in charger.queue if "DetailedDiscovery" in text]
    assert len(asked) == 1 + after // 11


def test_an_empty_tree_is_no_discovery_and_is_asked_for_again():
    charger = _porsche()
    entities = dict(charger.local.entities)
    charger.local.entities.clear()
    charger.local.entities[(0,)] = Entity((0,), "", {0: charger.local.management})
    charger.mangle = lambda text: text.replace("entityInformation", "nothing")
    charger.connect()
    assert charger.events == []
    del charger.mangle
    charger.local.entities.update(entities)
    charger.wait(3)
    assert charger.hub.ev(EVSE).has_opev


def _tree(charger: OddCharger, *, removed: bool = False):
    sent: list[str] = []
    probe = Session(charger.local, CEM, sent.append, Deaf())
    local = charger.local
    if removed:
        gone = [local.entities[(1, 1)]]
        data = write_tree(local.address, local.type, gone, Change.REMOVED)
        command = cmd("nodeManagementDetailedDiscoveryData", data, PARTIAL)
    else:
        command = cmd("nodeManagementDetailedDiscoveryData", local.discovery_data())
    probe.notify(FeatureAddress(None, (0,), 0), local.management, command)
    return json.loads(sent[0])


def _at():
    return datetime(2026, 11, 22, tzinfo=UTC)
