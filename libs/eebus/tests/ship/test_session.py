"""Two sessions against each other, phase by phase, with a clock that stands still."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eebus.ship import session
from eebus.ship.hello import Trust
from eebus.ship.messages import (
    AccessMethods,
    AccessMethodsRequest,
    CloseAnnounce,
    CloseConfirm,
    HandshakeType,
    Hello,
    HelloPhase,
    Init,
    PinState,
    ProtocolHandshake,
    ProtocolHandshakeError,
    encode,
    encode_data,
)
from eebus.ship.session import MAX_EARLY_MESSAGES, Received
from eebus.ship.steps import Approved, CloseWanted, Denied, End, Role, State, Timer

DATAGRAM = encode_data('{"datagram":[]}')
ANNOUNCE = encode(ProtocolHandshake(HandshakeType.ANNOUNCE_MAX))
SELECT = encode(ProtocolHandshake(HandshakeType.SELECT))
READY = encode(Hello(HelloPhase.READY, 60000))
PIN = encode(PinState())
REQUEST = encode(AccessMethodsRequest())


def both(wire, server_trust=Trust.TRUSTED, **of_client):
    client = wire.Side.start(Role.CLIENT, our_id="client", **of_client)
    server = wire.Side.start(Role.SERVER, server_trust, our_id="server")
    wire.exchange(client, server)
    return client, server


def feed(side, *frames):
    for frame in frames:
        side.take(Received(frame))


def server_in(wire, *frames):
    side = wire.Side.start(Role.SERVER)
    feed(side, b"\x00\x00", READY, *frames)
    return side


def test_two_that_trust_each_other_complete(wire):
    for side in both(wire):
        assert side.session.state is State.DATA
        assert side.completed == 1
        assert not side.timers


def test_each_learns_the_others_ship_id(wire):
    client, server = both(wire)
    assert (client.ids, server.ids) == (["server"], ["client"])


def test_our_request_leaves_before_our_answer(wire):
    for side in both(wire):
        sent = side.messages()
        ours = next(i for i, m in enumerate(sent) if isinstance(m, AccessMethods))
        assert sent.index(AccessMethodsRequest()) < ours


def test_a_known_ship_id_that_differs_ends_with_4450(wire):
    client, _ = both(wire, known_id="another")
    assert client.close.code == 4450
    assert client.close.end is End.FAILED
    assert not client.completed


@pytest.mark.parametrize("ship_id", ["", "x" * 129, "two\nlines"])
def test_a_ship_id_that_is_none_is_refused(wire, ship_id):
    side = server_in(wire, ANNOUNCE, SELECT, PIN, encode(AccessMethods(ship_id)))
    assert side.close.code == 4450


def test_a_pending_user_may_take_ten_minutes(wire):
    client, server = both(wire, Trust.UNDECIDED)
    assert client.session.is_peer_pending
    wire.pass_time(client, server, 600)
    server.take(Approved())
    wire.exchange(client, server)
    assert client.completed == server.completed == 1


def test_a_denied_request_is_aborted_and_then_closed(wire):
    client, server = both(wire, Trust.UNDECIDED)
    server.take(Denied())
    wire.exchange(client, server)
    assert server.messages()[-1] == Hello(HelloPhase.ABORTED)
    assert (server.close.code, server.close.after_s) == (4452, 1.0)
    assert client.close.end is End.DENIED_BY_PEER


def test_a_refused_peer_hears_pending_and_aborted_back_to_back(wire):
    client, server = both(wire, Trust.REFUSED)
    assert server.messages()[-2:] == [Hello(HelloPhase.PENDING, 60000), Hello(HelloPhase.ABORTED)]
    assert client.close.end is End.DENIED_BY_PEER


def test_a_peer_that_answers_nothing_ends_after_ten_seconds(wire):
    for role in Role:
        side = wire.Side.start(role)
        side.wait_until(9.9)
        assert side.close is None
        side.wait_until(10.0)
        assert side.close.end is End.FAILED


def test_approval_before_the_first_byte_counts(wire):
    side = wire.Side.start(Role.SERVER, Trust.UNDECIDED)
    side.take(Approved(known_id="client"))
    feed(side, b"\x00\x00")
    assert side.messages() == [Init(), Hello(HelloPhase.READY, 60000)]
    assert side.session.known_id == "client"


def test_a_prolongation_answer_may_cross_our_ready(wire):
    side = server_in(wire, READY, encode(Hello(HelloPhase.PENDING, 60000)), ANNOUNCE)
    assert side.session.state is State.PROTOCOL_SERVER_LISTEN_CONFIRM


PROTOCOL_ERRORS = [
    ([SELECT], 2),
    ([ANNOUNCE, ANNOUNCE], 2),
    ([PIN], 2),
    ([encode(ProtocolHandshake(HandshakeType.ANNOUNCE_MAX, major=0, minor=9))], 3),
    ([encode(ProtocolHandshake(HandshakeType.ANNOUNCE_MAX, formats=("JSON-UTF16",)))], 3),
    ([ANNOUNCE, encode(ProtocolHandshake(HandshakeType.SELECT, minor=1))], 3),
    (
        [ANNOUNCE, encode(ProtocolHandshake(HandshakeType.SELECT, formats=("JSON-UTF8", "X")))],
        3,
    ),
]


@pytest.mark.parametrize(("frames", "error"), PROTOCOL_ERRORS)
def test_a_broken_protocol_handshake_is_answered_with_its_error(wire, frames, error):
    side = server_in(wire, *frames)
    assert side.messages()[-1] == ProtocolHandshakeError(error)
    assert side.close.end is End.FAILED


def test_a_silent_protocol_handshake_is_a_timeout_error(wire):
    side = server_in(wire)
    side.wait_until(10)
    assert side.messages()[-1] == ProtocolHandshakeError(1)


def test_a_server_takes_the_best_of_several_formats(wire):
    wide = ProtocolHandshake(HandshakeType.ANNOUNCE_MAX, 1, 1, ("JSON-UTF8", "JSON-UTF16"))
    side = server_in(wire, encode(wide))
    assert side.messages()[-1] == ProtocolHandshake(HandshakeType.SELECT)


def test_a_demanded_pin_ends_with_words_for_the_installer(wire):
    side = server_in(wire, ANNOUNCE, SELECT, encode(PinState("required")))
    assert "PIN" in side.close.detail
    assert side.close.end is End.FAILED


@pytest.mark.parametrize("state", ["none", "pinOk", "optional"])
def test_a_pin_that_is_not_demanded_is_passed(wire, state):
    side = server_in(wire, ANNOUNCE, SELECT, encode(PinState(state)))
    assert side.session.state is State.ACCESS_REQUEST


def test_a_peer_that_never_asks_for_our_id_may_start_all_the_same(wire):
    side = server_in(wire, ANNOUNCE, SELECT, PIN, encode(AccessMethods("shy")))
    assert not side.completed
    side.wait_until(1.0)
    assert side.completed == 1
    feed(side, REQUEST)  # and may still ask later
    assert side.messages()[-1] == AccessMethods("us")


def test_early_data_waits_for_the_end_of_the_handshake(wire):
    side = server_in(wire, ANNOUNCE, SELECT, PIN, DATAGRAM, REQUEST, DATAGRAM)
    assert side.delivered == []
    feed(side, encode(AccessMethods("early")))
    assert side.delivered == [{"datagram": []}] * 2


def test_endless_early_data_is_cut_off(wire):
    side = server_in(wire, ANNOUNCE, *[DATAGRAM] * MAX_EARLY_MESSAGES)
    assert side.close is None
    feed(side, DATAGRAM)
    assert side.close.end is End.FAILED
    assert side.session.early == ()


def test_a_close_is_announced_confirmed_and_done(wire):
    client, server = both(wire)
    client.take(CloseWanted("unspecific"))
    assert client.messages()[-1] == CloseAnnounce(500, "unspecific")
    wire.exchange(client, server)
    assert server.messages()[-1] == CloseConfirm()
    assert (client.close.code, client.close.after_s) == (4001, 0)
    assert (server.close.code, server.close.after_s) == (4001, 0.5)
    assert server.close.end is End.CLOSED


def test_an_unpairing_is_told_as_such(wire):
    client, server = both(wire)
    client.take(CloseWanted("removedConnection"))
    wire.exchange(client, server)
    assert server.close.end is End.UNPAIRED_BY_PEER


def test_a_close_without_confirm_ends_after_its_time(wire):
    client, _ = both(wire)
    client.take(CloseWanted())
    client.wait_until(0.5)
    assert client.close.code == 4001


def test_before_the_data_phase_a_close_needs_no_words(wire):
    client, _ = both(wire, Trust.UNDECIDED)
    words = len(client.sent)
    client.take(CloseWanted())
    assert (client.close.code, len(client.sent)) == (4001, words)


def test_nothing_follows_an_end(wire):
    client, server = both(wire)
    client.take(CloseWanted())
    wire.exchange(client, server)
    words = len(server.sent)
    feed(server, DATAGRAM, b"nonsense", READY)
    server.take(Approved())
    assert len(server.sent) == words


def test_unknown_messages_do_not_end_the_data_phase(wire):
    client, _ = both(wire)
    feed(client, b'\x01{"novelty":[]}', READY, PIN, DATAGRAM)
    assert client.close is None
    assert client.delivered == [{"datagram": []}]


FRAMES = st.sampled_from(
    [
        b"\x00\x00",
        READY,
        ANNOUNCE,
        SELECT,
        PIN,
        REQUEST,
        DATAGRAM,
        encode(AccessMethods("x")),
        encode(Hello(HelloPhase.PENDING, prolongation_request=True)),
        encode(Hello(HelloPhase.ABORTED)),
        encode(CloseAnnounce()),
        encode(CloseConfirm()),
        b"\x01{}",
        b"\x05x",
    ]
)
EVENTS = st.one_of(
    FRAMES.map(Received),
    st.sampled_from([Approved(), Denied(), CloseWanted()]),
    st.floats(0, 70),
)


@settings(max_examples=300)
@given(st.sampled_from(Role), st.sampled_from(Trust), st.lists(EVENTS, max_size=30))
def test_any_order_of_anything_ends_or_waits_with_a_timer(wire, role, trust, events):
    side = wire.Side.start(role, trust)
    for event in events:
        if isinstance(event, float):
            side.wait_until(side.now_s + event)
        else:
            side.take(event)
        # Never stuck: it is over, or open, or a timer will move it on.
        assert side.close or side.completed or side.timers
        assert len(side.session.early) <= MAX_EARLY_MESSAGES
    assert side.completed <= 1
    assert set(side.timers) <= set(Timer)
    if side.completed == 0:
        assert side.delivered == []
    if trust is not Trust.TRUSTED and Approved() not in events:
        assert side.completed == 0


@pytest.mark.parametrize("frames", [(), (SELECT,), (SELECT, PIN), (SELECT, PIN, REQUEST)])
def test_who_is_refused_after_the_hello_never_gets_to_spine(wire, frames):
    client = wire.Side.start(Role.CLIENT)
    feed(client, b"\x00\x00", READY, *frames)
    client.take(Denied())
    assert client.close.end is End.DENIED_BY_US
    assert client.session.state is State.ENDED
    feed(client, SELECT, PIN, REQUEST, DATAGRAM)
    assert client.completed == 0


IN_PIN = (ANNOUNCE, SELECT)
IN_ACCESS = (*IN_PIN, PIN)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ((*IN_PIN, encode(PinState("thumbprint"))), "unknown PIN state 'thumbprint'"),
        ((*IN_PIN, encode(CloseConfirm())), "CloseConfirm"),
        ((*IN_ACCESS, PIN), "PinState"),
        ((ANNOUNCE, encode(ProtocolHandshakeError(2))), "error 2"),
        ((ANNOUNCE, encode(CloseAnnounce())), "CloseAnnounce"),
    ],
)
def test_what_is_out_of_turn_ends_the_handshake_with_a_reason(wire, frames, said):
    side = server_in(wire, *frames)
    assert side.close.end is End.FAILED
    assert said in side.close.detail


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (IN_PIN, "did not tell its PIN state in time"),
        (IN_ACCESS, "did not tell its SHIP ID in time"),
        ((*IN_ACCESS, REQUEST), "did not tell its SHIP ID in time"),
    ],
)
def test_silence_in_a_phase_ends_it_after_ten_seconds(wire, frames, said):
    side = server_in(wire, *frames)
    side.wait_until(9.9)
    assert side.close is None
    side.wait_until(10.0)
    assert said in side.close.detail


def test_a_user_who_refuses_during_the_protocol_handshake_is_heard(wire):
    side = server_in(wire, ANNOUNCE, encode(Hello(HelloPhase.ABORTED)))
    assert side.close.end is End.DENIED_BY_PEER


def test_every_state_of_a_connection_is_passed_by_somebody(wire, monkeypatch):
    seen: set[State] = set()
    real = session._next_phase

    def noting(current, now_s):
        seen.add(current.state)
        return real(current, now_s)

    monkeypatch.setattr(session, "_next_phase", noting)
    client, server = both(wire, Trust.UNDECIDED)
    seen |= {client.session.state, server.session.state}
    server.take(Approved())
    wire.exchange(client, server)
    client.take(CloseWanted())
    seen.add(client.session.state)
    wire.exchange(client, server)
    seen |= {wire.Side.start(role).session.state for role in Role}
    seen |= {client.session.state, server.session.state}
    assert seen == set(State)


def test_every_wait_of_the_handshake_ends_by_itself(wire):
    """Wherever the peer falls silent, the connection ends; none waits for ever."""
    frames = [b"\x00\x00", READY, ANNOUNCE, SELECT, PIN, REQUEST]
    for told in range(len(frames)):
        side = wire.Side.start(Role.SERVER)
        feed(side, *frames[:told])
        assert side.timers, told
        side.wait_until(400.0)
        assert side.close is not None, told
        assert side.session.state is State.ENDED
