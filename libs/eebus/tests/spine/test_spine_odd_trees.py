"""Trees of peers with parts nobody knows, and features that ask for more time."""

import json

import pytest

from eebus.spine.addresses import FeatureAddress
from eebus.spine.datagram import (
    PARTIAL,
    Classifier,
    Datagram,
    cmd,
    read_datagram,
    write_datagram,
)
from eebus.spine.local import DISCOVERY, USE_CASES, LocalDevice
from eebus.spine.session import MAX_RESPONSE_TIME_S, Answer, Session
from eebus.spine.tree import Entity, Feature, Role

PEER, ROOT = "aa" * 20, FeatureAddress("d:_n:Peer-1", (0,), 0)
LIMITS = "loadControlLimitListData"


class Note:
    """A listener that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def discovered(self, now):
        self.told.append("discovered")

    def tree_changed(self, changes, now):
        self.told += [(each.change.value, each.entity.type) for each in changes]

    def use_cases_changed(self, now):
        self.told.append("use cases")

    def data_changed(self, feature, function, now):
        self.told.append(function)


def _entity(address: list[int], type_: str) -> dict:
    return {"description": {"entityAddress": {"entity": address}, "entityType": type_}}


ENTITIES = [
    _entity([0], "DeviceInformation"),
    _entity([1], "EVSE"),
    _entity([9], "FluxCapacitor"),
    {"description": {}},
]


class Client:
    """A session of ours, to which a peer's tree is told."""

    def __init__(self, *features: dict) -> None:
        self.sent: list[Datagram] = []
        self.note = Note()
        self.local = LocalDevice("d:_n:Own-1", "x", {}, accept_write=lambda _: None)
        self.session = Session(
            self.local, PEER, lambda t: self.sent.append(read_datagram(json.loads(t))), self.note
        )
        self.session.start(0.0)
        self.tell(
            Classifier.REPLY,
            DISCOVERY,
            {
                "deviceInformation": {"description": {"deviceAddress": {"device": "d:_n:Peer-1"}}},
                "entityInformation": ENTITIES,
                "featureInformation": [{"description": each} for each in features],
            },
        )

    def tell(self, classifier: Classifier, function: str, content: dict) -> None:
        datagram = Datagram(ROOT, ROOT, 1, classifier, (cmd(function, content),), reference=1)
        self.session.receive(json.loads(write_datagram(datagram)), 0.0)


def _feature(number: int, type_: str, **more) -> dict:
    place = {"entity": [1], "feature": number}
    functions = [{"function": LIMITS, "possibleOperations": {"read": {}, "write": {}}}]
    described = {"featureAddress": place, "featureType": type_, "role": "server"}
    return {**described, "supportedFunction": functions, **more}


def test_entities_features_and_use_cases_nobody_knows_are_carried_along():
    client = Client(_feature(1, "LoadControl"), _feature(2, "Teleporter"))
    remote = client.session.remote
    assert [each.type for each in remote.entities.values()] == [
        "DeviceInformation",
        "EVSE",
        "FluxCapacitor",
    ]
    assert [each.type for each in remote.entities[(1,)].features.values()] == [
        "LoadControl",
        "Teleporter",
    ]
    support = {"useCaseName": "timeTravel", "scenarioSupport": [1, 88]}
    told = {"actor": "Doc", "address": {"entity": [9]}, "useCaseSupport": [support]}
    client.tell(Classifier.REPLY, USE_CASES, {"useCaseInformation": [told]})
    assert remote.scenarios("timeTravel", (9,), frozenset({"Doc"})) == {1, 88}
    assert "discovered" in client.note.told
    assert client.session.ignored == 0


def _write(client: Client) -> list[Answer]:
    done: list[Answer] = []
    own = Feature(FeatureAddress(None, (1,), 1), "LoadControl", Role.CLIENT)
    feature = client.session.remote.entities[(1,)].features[1]
    client.session.write(own, feature, cmd(LIMITS), 0.0, done.append)
    return done


@pytest.mark.parametrize(
    ("asked", "late_s"),
    [
        (None, 10.0),
        ("PT2S", 10.0),  # it may be slow, we need not be strict
        ("PT30S", 30.0),
        ("P1D", MAX_RESPONSE_TIME_S),
        ("soon", 10.0),
    ],
)
def test_a_feature_may_ask_for_more_time_to_answer(asked, late_s):
    more = {} if asked is None else {"maxResponseDelay": asked}
    client = Client(_feature(1, "LoadControl", **more))
    done = _write(client)
    client.session.tick(late_s - 0.1)
    assert done == []
    client.session.tick(late_s)
    assert [each.text for each in done] == ["no answer in time"]


def test_a_part_of_what_was_never_seen_whole_is_kept_and_the_whole_is_asked_for():
    client = Client(_feature(1, "LoadControl"))
    own = Feature(FeatureAddress(None, (1,), 7), "LoadControl", Role.CLIENT)
    client.local.add_entity(Entity((1,), "CEM", {7: own}))
    client.sent.clear()
    limit: dict = {"limitId": 4, "isLimitActive": True}
    source = FeatureAddress("d:_n:Peer-1", (1,), 1)
    part = cmd(LIMITS, {"loadControlLimitData": [limit]}, PARTIAL)
    notify = Datagram(source, own.address, 5, Classifier.NOTIFY, (part,))
    client.session.receive(json.loads(write_datagram(notify)), 1.0)
    (read,) = client.sent
    assert (read.classifier, read.cmds[0].name) == (Classifier.READ, LIMITS)
    assert (read.destination.entity, read.destination.feature) == ((1,), 1)
    known = client.session.remote.entities[(1,)].features[1].content(LIMITS)
    assert known == {"loadControlLimitData": [limit]}
    assert LIMITS in client.note.told
