"""The small rules: keepalive, redial, pace, admission, double connections, state of the dot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.events import ConnectionState
from eebus.ship import keepalive, session
from eebus.ship.admission import MAX_PER_SKI, surplus
from eebus.ship.duplicates import Contender, carrier, to_close
from eebus.ship.hello import Trust
from eebus.ship.keepalive import Ping, PongReceived
from eebus.ship.pace import Pace, PacePerAddress
from eebus.ship.redial import delay_s
from eebus.ship.session import Received
from eebus.ship.status import Ending, Outlook, describe, ending_of_socket
from eebus.ship.steps import Close, End, Role, StartTimer, StopTimer, Timer, TimerExpired


def test_a_ping_goes_out_every_fifty_seconds_and_wants_its_pong_in_ten():
    assert keepalive.begin() == (StartTimer(Timer.PING, 50),)
    assert keepalive.on_event(TimerExpired(Timer.PING)) == (
        Ping(),
        StartTimer(Timer.PING, 50),
        StartTimer(Timer.PONG, 10),
    )
    assert keepalive.on_event(PongReceived()) == (StopTimer(Timer.PONG),)
    (close,) = keepalive.on_event(TimerExpired(Timer.PONG))
    assert isinstance(close, Close)
    assert close.end is End.LOST


@pytest.mark.parametrize(
    ("attempt", "low", "high"), [(1, 0, 3), (2, 3, 10), (3, 10, 20), (4, 10, 20), (999, 10, 20)]
)
def test_dials_follow_the_documented_windows(attempt, low, high):
    assert delay_s(attempt, 0.0) == low
    assert delay_s(attempt, 1.0) == high
    assert low < delay_s(attempt, 0.5) < high


def test_a_peer_may_burst_and_is_then_slowed_to_its_rate():
    pace = Pace(per_s=10, burst=20)
    assert pace.spend(20, now_s=100) == 0
    assert pace.spend(10, now_s=100) == pytest.approx(1.0)
    assert pace.spend(0, now_s=101) == 0
    assert pace.spend(20, now_s=200) == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 5)), max_size=40))
def test_a_paced_peer_never_gets_more_than_burst_plus_rate(steps):
    pace, now_s, total = Pace(per_s=10, burst=20), 0.0, 0
    for count, gap_s in steps:
        now_s += gap_s
        total += count
        now_s += pace.spend(count, now_s)
        assert total <= 20 + 10 * now_s + 1e-6


def test_each_address_has_its_own_pace_and_few_are_remembered():
    paces = PacePerAddress(per_s=1, burst=1, remembered=2)
    assert [paces.spend("a", 0), paces.spend("b", 0), paces.spend("a", 0)] == [0, 0, 1]
    paces.spend("c", 0)
    assert paces.spend("b", 0) == 0  # forgotten
    assert paces.spend("c", 0) == 1


def test_the_greediest_address_loses_its_oldest_connection():
    assert surplus(["a", "b"], 2) is None
    assert surplus(["honest", "flood", "flood", "flood"], 3) == 1


def line(*numbers, past_cmi=True, complete=False):
    return [Contender(number, past_cmi, complete) for number in numbers]


def test_the_bigger_ski_keeps_the_newest_that_passed_cmi():
    assert to_close("bb", "aa", line(1, 2)) == {1}
    assert to_close("bb", "aa", [*line(1), Contender(2, False, False)]) == frozenset()
    assert to_close("bb", "aa", line(7)) == frozenset()


def test_the_smaller_ski_leaves_the_choice_to_its_peer():
    assert to_close("aa", "bb", line(1, 2, 3)) == frozenset()
    assert to_close("aa", "bb", line(1, 2, 3, 4, 5)) == {1}


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8), st.booleans())
def test_one_connection_always_stays_and_their_number_is_bounded(shapes, is_bigger):
    contenders = [Contender(i, cmi, cmi and done) for i, (cmi, done) in enumerate(shapes)]
    closed = to_close("bb" if is_bigger else "aa", "ab", contenders)
    left = [c for c in contenders if c.number not in closed]
    assert len(left) <= MAX_PER_SKI
    assert bool(left) == bool(contenders)
    assert carrier(None, left) in {None, *(c.number for c in left if c.is_complete)}


def _peer_closes(rule: str, peer_is_bigger: bool, second_by_peer: bool) -> int | None:
    """Return which of two connections a peer closes when the second one opens."""
    if rule == "newest of the bigger":  # the specification
        return 1 if peer_is_bigger else None
    return 1 if second_by_peer == peer_is_bigger else 2  # "initiated by the bigger", ship-go 2024


@pytest.mark.parametrize("rule", ["newest of the bigger", "initiated by the bigger"])
@pytest.mark.parametrize("peer_is_bigger", [True, False])
@pytest.mark.parametrize("second_by_peer", [True, False])
@pytest.mark.parametrize("is_first_past_cmi", [True, False])
@pytest.mark.parametrize("cmi_order", [(1, 2), (2, 1)])
def test_with_a_peer_of_either_rule_exactly_one_connection_stays(
    rule, peer_is_bigger, second_by_peer, is_first_past_cmi, cmi_order
):
    ours, theirs = ("aa", "bb") if peer_is_bigger else ("bb", "aa")
    alive, past_cmi = {1, 2}, {1} if is_first_past_cmi else set()
    alive.discard(_peer_closes(rule, peer_is_bigger, second_by_peer))
    for number in cmi_order:
        if number in alive:
            past_cmi.add(number)
        alive -= to_close(ours, theirs, [Contender(n, n in past_cmi, False) for n in sorted(alive)])
    if rule == "newest of the bigger" and not peer_is_bigger:
        assert alive == {2}  # both of us keep the newest
    assert len(alive) == 1


def test_spine_moves_only_to_a_newer_connection_the_peer_speaks_on():
    contenders = line(1, 2, complete=True)
    assert carrier(1, contenders) == 1
    assert carrier(1, contenders, speaking=2) == 2
    assert carrier(2, contenders, speaking=1) == 2
    assert carrier(1, contenders[1:]) == 2
    assert carrier(1, []) is None


def at(role, trust, *frames):
    begun, _ = session.begin(role, "us", trust)
    for frame in frames:
        begun, _ = session.step(begun, Received(frame), 0)
    return begun


INIT = b"\x00\x00"
PENDING = b'\x01{"connectionHello":[{"phase":"pending"},{"waiting":60000}]}'
OPENING = at(Role.CLIENT, Trust.TRUSTED)
WAITING = at(Role.CLIENT, Trust.TRUSTED, INIT, PENDING)
REQUEST = at(Role.SERVER, Trust.UNDECIDED, INIT)
ENDED = session.ended(OPENING)
S = ConnectionState


@pytest.mark.parametrize(
    ("sessions", "outlook", "state"),
    [
        ([], Outlook(False), S.NOT_CONNECTED),
        ([at(Role.SERVER, Trust.UNDECIDED)], Outlook(False), S.NOT_CONNECTED),
        ([REQUEST], Outlook(False), S.REQUEST_RECEIVED),
        ([], Outlook(True), S.NOT_CONNECTED),
        ([], Outlook(True, is_reachable=True), S.NOT_CONNECTED),
        ([], Outlook(True, is_dialling=True), S.CONNECTING),
        ([OPENING], Outlook(True), S.CONNECTING),
        ([OPENING, WAITING], Outlook(True), S.WAITING_FOR_PEER),
        ([ENDED], Outlook(True, last=Ending(End.DENIED_BY_PEER, "No.")), S.DENIED),
        ([], Outlook(True, last=Ending(End.UNPAIRED_BY_PEER, "No.")), S.DENIED),
        ([], Outlook(True, last=Ending(End.FAILED, "Bad.")), S.ERROR),
        ([], Outlook(True, last=Ending(End.LOST, "Gone.")), S.NOT_CONNECTED),
        ([], Outlook(True, True, last=Ending(End.CLOSED, "Bye.")), S.NOT_CONNECTED),
    ],
)
def test_the_dot_follows_its_table(sessions, outlook, state):
    found, detail = describe(sessions, outlook)
    assert found is state
    assert detail.endswith((".", "?"))


@pytest.mark.parametrize(
    ("code", "reason", "end"),
    [
        (4452, "Node rejected by application", End.DENIED_BY_PEER),
        (4500, "User", End.UNPAIRED_BY_PEER),
        (4450, "", End.FAILED),
        (1000, "double connection", End.DUPLICATE),
        (1000, "", End.CLOSED),
        (4001, "close", End.CLOSED),
        (1009, "too big", End.FAILED),
        (None, "", End.LOST),
    ],
)
def test_the_peers_close_code_says_why(code, reason, end):
    assert ending_of_socket(code, reason, was_complete=True).end is end
