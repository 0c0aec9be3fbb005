"""A session as a server: what it answers, what it refuses, what it survives."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eebus.spine.addresses import FeatureAddress
from eebus.spine.datagram import (
    PARTIAL,
    Classifier,
    Cmd,
    Datagram,
    cmd,
    read_datagram,
    write_datagram,
)
from eebus.spine.discovery import MAX_ENTITIES
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.links import MAX_LINKS
from eebus.spine.local import LocalDevice
from eebus.spine.model.functions import FUNCTIONS
from eebus.spine.session import MAX_OPEN, MAX_OPEN_WRITES, Session
from eebus.spine.tree import READ, READ_WRITE, Entity, Feature, Role

LIMITS = "loadControlLimitListData"
SERVER = FeatureAddress(None, (1,), 1)
CLIENT_OF_OURS = FeatureAddress(None, (1,), 2)
PEER = FeatureAddress("d:_n:Peer-1", (1,), 5)
ROOT = FeatureAddress(None, (0,), 0)


class Deaf:
    def discovered(self, now):
        pass

    def tree_changed(self, changes, now):
        pass

    def use_cases_changed(self, now):
        pass

    def data_changed(self, feature, function, now):
        pass


class Server:
    """A device with one writable feature, and a peer that sends datagrams to it."""

    def __init__(self, *, lenient: bool = False) -> None:
        self.sent: list[Datagram] = []
        self.local = LocalDevice(
            "d:_n:Own-1", "ChargingStation", {}, accept_write=self._accept, lenient=lenient
        )
        functions = {LIMITS: READ_WRITE, "loadControlLimitDescriptionListData": READ}
        self.feature = Feature(SERVER, "LoadControl", Role.SERVER, functions)
        self.feature.contents[LIMITS] = _limits({"limitId": 0, "isLimitActive": False})
        client = Feature(CLIENT_OF_OURS, "LoadControl", Role.CLIENT)
        self.local.add_entity(Entity((1,), "EVSE", {1: self.feature, 2: client}))
        self.session = self.join("aa" * 20)
        self.session.start(0.0)
        self.sent.clear()
        self.counter = 0
        self.accepts = True

    def join(self, ski: str) -> Session:
        return Session(
            self.local, ski, lambda t: self.sent.append(read_datagram(json.loads(t))), Deaf()
        )

    def ask(
        self,
        classifier: Classifier | None,
        command: Cmd,
        to: FeatureAddress = SERVER,
        source: FeatureAddress = PEER,
        *,
        wants_answer: bool = True,
    ) -> list[Datagram]:
        """Send a datagram. Returns what came back."""
        self.counter += 1
        self.sent.clear()
        datagram = Datagram(
            source, to, self.counter, classifier, (command,), wants_answer=wants_answer
        )
        self.session.receive(json.loads(write_datagram(datagram)), 0.0)
        return list(self.sent)

    def error(self, *asked, **more) -> int:
        """Send a datagram. Returns the number of the one result that came back."""
        (result,) = (each for each in self.ask(*asked, **more) if each.classifier == "result")
        assert result.reference == self.counter
        return result.cmds[0].content["errorNumber"]

    def link(self, name: str, request: str, source=PEER, type_="LoadControl", server=SERVER) -> int:
        content = {
            request: {
                "clientAddress": source.item(),
                "serverAddress": server.item(),
                "serverFeatureType": type_,
            }
        }
        return self.error(Classifier.CALL, cmd(name, content), ROOT, ROOT)

    def bind(self, **more) -> int:
        return self.link("nodeManagementBindingRequestCall", "bindingRequest", **more)

    def subscribe(self, **more) -> int:
        return self.link("nodeManagementSubscriptionRequestCall", "subscriptionRequest", **more)

    def _accept(self, write) -> None:
        if not self.accepts:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "limit too low")


def _limits(*items):
    return {"loadControlLimitData": list(items)}


WRITE = cmd(LIMITS, _limits({"limitId": 0, "isLimitActive": True}), PARTIAL)


@pytest.fixture
def server():
    return Server()


def test_a_read_is_answered_with_the_full_data_and_addresses_turned_round(server):
    (reply,) = server.ask(Classifier.READ, cmd(LIMITS))
    assert reply.classifier is Classifier.REPLY
    assert reply.source == SERVER.on("d:_n:Own-1")
    assert reply.destination == PEER
    assert reply.reference == server.counter
    assert reply.cmds[0].content == server.feature.contents[LIMITS]


def test_the_destination_list_holds_our_device(server):
    (reply,) = server.ask(Classifier.READ, cmd("nodeManagementDestinationListData"), ROOT)
    (entry,) = reply.cmds[0].content["nodeManagementDestinationData"]
    assert entry["deviceDescription"]["deviceType"] == "ChargingStation"


@pytest.mark.parametrize(
    ("function", "to", "number"),
    [
        (LIMITS, FeatureAddress(None, (7,), 1), 4),
        (LIMITS, FeatureAddress(None, (1,), 9), 4),
        (LIMITS, FeatureAddress(None, (), None), 4),
        (LIMITS, CLIENT_OF_OURS, 7),
        ("measurementListData", SERVER, 6),
        ("nodeManagementBindingRequestCall", ROOT, 6),
    ],
)
def test_a_read_that_cannot_be_answered_gets_its_error(server, function, to, number):
    assert server.error(Classifier.READ, cmd(function), to, wants_answer=False) == number


def test_a_datagram_without_classifier_gets_an_error(server):
    assert server.error(None, cmd(LIMITS)) == ErrorNumber.DESTINATION_UNKNOWN


def test_a_result_is_never_answered(server):
    assert server.ask(Classifier.RESULT, cmd("resultData", {"errorNumber": 7})) == []


def test_a_notify_is_answered_only_when_asked(server):
    command = cmd("deviceDiagnosisHeartbeatData", {"heartbeatCounter": 1})
    assert server.error(Classifier.NOTIFY, command) == 0
    assert server.ask(Classifier.NOTIFY, command, wants_answer=False) == []


def test_a_write_needs_a_binding_of_the_very_client(server):
    assert server.error(Classifier.WRITE, WRITE) == ErrorNumber.BINDING_REQUIRED
    assert server.bind() == 0
    other = FeatureAddress("d:_n:Peer-1", (1,), 6)
    assert server.error(Classifier.WRITE, WRITE, source=other) == ErrorNumber.BINDING_REQUIRED
    assert server.error(Classifier.WRITE, WRITE) == 0
    assert server.feature.contents[LIMITS] == _limits({"limitId": 0, "isLimitActive": True})


def test_a_write_without_a_wish_for_an_answer_gets_only_the_notify(server):
    server.bind()
    server.subscribe()
    (notify,) = server.ask(Classifier.WRITE, WRITE, wants_answer=False)
    assert notify.classifier is Classifier.NOTIFY


def test_a_refused_write_changes_nothing_and_says_why(server):
    server.bind()
    server.accepts = False
    (result,) = server.ask(Classifier.WRITE, WRITE)
    assert result.cmds[0].content == {"errorNumber": 7, "description": "limit too low"}
    assert server.feature.contents[LIMITS] == _limits({"limitId": 0, "isLimitActive": False})


def test_a_function_that_is_only_readable_is_not_written(server):
    server.bind()
    command = cmd("loadControlLimitDescriptionListData", {})
    assert server.error(Classifier.WRITE, command) != 0


def test_one_feature_has_one_binding(server):
    assert server.bind() == 0
    assert server.bind() != 0
    assert server.bind(source=FeatureAddress(None, (2,), 1)) != 0


@pytest.mark.parametrize(
    "more",
    [
        {"type_": "Measurement"},
        {"server": CLIENT_OF_OURS},
        {"server": FeatureAddress(None, (9,), 1)},
        {"source": FeatureAddress(None, (), None)},
    ],
    ids=["another type", "a client", "a feature we do not have", "no client"],
)
def test_a_link_is_refused_to(server, more):
    assert server.bind(**more) != 0
    assert server.subscribe(**more) != 0


def test_a_generic_client_may_link_to_anything(server):
    assert server.subscribe(type_="Generic") == 0


def test_a_repeated_subscription_is_an_error_for_the_strict_and_fine_for_the_lenient():
    for lenient in (False, True):
        server = Server(lenient=lenient)
        assert server.subscribe() == 0
        assert (server.subscribe() == 0) is lenient


def test_an_unsubscribed_peer_hears_nothing_more(server):
    server.subscribe()
    content = {"subscriptionDelete": {"clientAddress": PEER.item(), "serverAddress": SERVER.item()}}
    call = cmd("nodeManagementSubscriptionDeleteCall", content)
    assert server.error(Classifier.CALL, call, ROOT, ROOT) == 0
    server.sent.clear()
    server.local.put(server.feature, LIMITS, {})
    assert server.sent == []


def _delete(server, name: str, request: str, **content) -> int:
    return server.error(Classifier.CALL, cmd(name, {request: content}), ROOT, ROOT)


def test_a_peer_that_gave_its_binding_back_can_write_no_more_and_another_may(server):
    assert server.bind() == 0
    write = cmd(LIMITS, _limits({"limitId": 0, "isLimitActive": True}), PARTIAL)
    assert server.error(Classifier.WRITE, write) == 0
    both = {"clientAddress": PEER.item(), "serverAddress": SERVER.item()}
    assert _delete(server, "nodeManagementBindingDeleteCall", "bindingDelete", **both) == 0
    assert server.error(Classifier.WRITE, write) == ErrorNumber.BINDING_REQUIRED
    assert server.bind(source=replace(PEER, feature=6)) == 0


def test_a_link_may_be_given_back_by_its_number_alone(server):
    other = replace(PEER, feature=6)
    assert server.subscribe() == server.subscribe(source=other) == 0
    (reply,) = server.ask(Classifier.READ, cmd("nodeManagementSubscriptionData"), ROOT, ROOT)
    first, second = reply.cmds[0].content["subscriptionEntry"]
    assert first["subscriptionId"] != second["subscriptionId"]
    name = "nodeManagementSubscriptionDeleteCall"
    number = first["subscriptionId"]
    assert _delete(server, name, "subscriptionDelete", subscriptionId=number) == 0
    left = [each.client for each in server.local.subscriptions.of("aa" * 20)]
    assert left == [other]
    assert _delete(server, name, "subscriptionDelete", subscriptionId=999) == 0
    assert len(server.local.subscriptions.of("aa" * 20)) == 1
    server.local.subscriptions.remove_number("bb" * 20, second["subscriptionId"])
    assert len(server.local.subscriptions.of("aa" * 20)) == 1


def test_a_delete_that_leaves_parts_out_means_all_of_the_entity(server):
    for feature in (5, 6, 7):
        assert server.subscribe(source=replace(PEER, feature=feature)) == 0
    name, entity = "nodeManagementSubscriptionDeleteCall", {"clientAddress": {"entity": [1]}}
    assert _delete(server, name, "subscriptionDelete", **entity) == 0
    assert server.local.subscriptions.of("aa" * 20) == []


@pytest.mark.parametrize(
    "filters",
    [
        [{"cmdControl": {"partial": {}}}],
        [{"cmdControl": {"partial": {}}, "loadControlLimitListDataSelectors": {"limitId": 7}}],
        [{"cmdControl": {"partial": {}}, "loadControlLimitDataElements": {"value": {}}}],
    ],
)
def test_a_read_of_a_part_is_answered_in_full(server, filters):
    (reply,) = server.ask(Classifier.READ, cmd(LIMITS, {}, *filters))
    assert reply.classifier is Classifier.REPLY
    assert reply.cmds[0].content == server.feature.contents[LIMITS]
    assert reply.cmds[0].filters == ()


@pytest.mark.parametrize("classifier", [Classifier.REPLY, Classifier.NOTIFY])
def test_functions_nobody_knows_are_passed_over(server, classifier):
    raw = json.loads(
        write_datagram(
            Datagram(PEER, SERVER, 1, classifier, (cmd("measurementListData"),))
        ).replace("measurementListData", "heatPumpOfTomorrowListData")
    )
    server.session.receive(raw, 0.0)
    assert server.session.ignored == 0
    assert server.sent == []


def test_a_write_of_a_function_nobody_knows_is_answered_with_its_error(server):
    raw = json.loads(
        write_datagram(
            Datagram(
                PEER, SERVER, 9, Classifier.WRITE, (cmd("measurementListData"),), wants_answer=True
            )
        ).replace("measurementListData", "heatPumpOfTomorrowListData")
    )
    server.session.receive(raw, 0.0)
    (result,) = server.sent
    assert result.cmds[0].content["errorNumber"] == ErrorNumber.COMMAND_NOT_SUPPORTED


def test_links_end_with_the_connection(server):
    server.bind()
    server.session.close(1.0)
    second = server.join("bb" * 20)
    second.start(2.0)
    server.session = second
    assert server.bind() == 0


def test_a_peer_reads_its_own_links_only(server):
    server.subscribe()
    other = server.join("bb" * 20)
    other.start(0.0)
    first, server.session = server.session, other
    (reply,) = server.ask(Classifier.READ, cmd("nodeManagementSubscriptionData"), ROOT)
    assert reply.cmds[0].content == {}
    server.session = first
    (reply,) = server.ask(Classifier.READ, cmd("nodeManagementSubscriptionData"), ROOT)
    (entry,) = reply.cmds[0].content["subscriptionEntry"]
    assert entry["clientAddress"] == PEER.item()


def test_links_are_bounded(server):
    answers = {server.subscribe(source=FeatureAddress(None, (1,), n)) for n in range(MAX_LINKS + 5)}
    assert answers == {0, ErrorNumber.OVERLOAD}
    assert len(server.local.subscriptions.of("aa" * 20)) == MAX_LINKS


def test_the_tree_of_a_peer_is_bounded(server):
    entities = [{"description": {"entityAddress": {"entity": [n]}}} for n in range(500)]
    features = [
        {
            "description": {
                "featureAddress": {"entity": [1], "feature": n},
                "featureType": "Measurement",
                "role": "server",
            }
        }
        for n in range(500)
    ]
    tree = {"entityInformation": entities, "featureInformation": features}
    server.ask(Classifier.NOTIFY, cmd("nodeManagementDetailedDiscoveryData", tree), ROOT, ROOT)
    remote = server.session.remote
    assert len(remote.entities) == MAX_ENTITIES
    assert len(remote.entities[(1,)].features) == 64


def test_open_writes_are_bounded(server):
    answers = []
    for _ in range(MAX_OPEN_WRITES + 1):
        server.session.write(server.feature, server.feature, WRITE, 0.0, answers.append)
    assert [each.error_number for each in answers] == [None]


def test_messages_may_come_in_any_order_of_counters(server):
    for counter in (12, 13, 11):
        server.counter = counter
        assert server.ask(Classifier.READ, cmd(LIMITS))[0].classifier is Classifier.REPLY


ADDRESSES = st.builds(
    lambda device, entity, feature: FeatureAddress(device, tuple(entity), feature),
    st.sampled_from([None, "d:_n:Own-1", "x"]),
    st.lists(st.integers(0, 2), max_size=2),
    st.none() | st.integers(0, 3),
)
NAMES = [
    *sorted({name for f in FUNCTIONS.values() for name in f.data.fields}),
    *("description", "entityAddress", "featureAddress", "entity", "feature", "role"),
    *("clientAddress", "serverAddress", "featureType", "lastStateChange", "limitId"),
]
SMALL = st.recursive(
    st.booleans() | st.integers(0, 3) | st.sampled_from(["added", "removed", "server", "Generic"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(Classifier), st.sampled_from(sorted(FUNCTIONS)), SMALL),
        max_size=6,
    ),
    ADDRESSES,
    ADDRESSES,
)
def test_a_peer_that_babbles_gets_answers_at_most(messages, source, to):
    server = Server()
    for n, (classifier, function, content) in enumerate(messages):
        raw = {
            "datagram": [
                {
                    "header": [
                        {"addressSource": [source.item()]},
                        {"addressDestination": [to.item()]},
                        {"msgCounter": n},
                        {"msgCounterReference": n},
                        {"cmdClassifier": classifier.value},
                        {"ackRequest": True},
                    ]
                },
                {"payload": [{"cmd": [[{"filter": content}, {function: content}]]}]},
            ]
        }
        server.session.receive(raw, float(n))
        server.session.tick(n + 11.0)
    server.session.close(99.0)


@pytest.mark.parametrize("answer", [cmd("resultData"), cmd(LIMITS)])
def test_a_result_that_does_not_say_it_is_no_error_is_one(server, answer):
    answers = []
    server.session.write(
        server.feature, Feature(PEER, "LoadControl", Role.SERVER), WRITE, 0.0, answers.append
    )
    result = Datagram(PEER, CLIENT_OF_OURS, 1, Classifier.RESULT, (answer,), 2)
    server.session.receive(json.loads(write_datagram(result)), 0.0)
    assert [each.error_number for each in answers] == [ErrorNumber.GENERAL_ERROR]


def test_a_peer_that_answers_nothing_gets_no_endless_questions(server):
    functions = dict.fromkeys(FUNCTIONS, READ)
    for n in range(40):
        feature = Feature(FeatureAddress(None, (n,), 9), "LoadControl", Role.SERVER, functions)
        for name in functions:
            server.session.read(server.feature, feature, name)
    assert 40 * len(functions) > 2 * MAX_OPEN
    for second in range(10):
        server.session.flush(float(second))
    assert len(server.sent) <= MAX_OPEN
    server.session.tick(10.0)
    assert len(server.sent) > MAX_OPEN
