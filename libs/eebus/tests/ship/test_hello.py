"""The hello phase as a table: state, event, what follows."""

import pytest

from eebus.ship.hello import HelloPhaseState, Trust, begin, on_event
from eebus.ship.messages import Data, Hello, HelloPhase, PinState
from eebus.ship.steps import (
    Approved,
    Close,
    Denied,
    End,
    Send,
    StartTimer,
    State,
    Timer,
    TimerExpired,
)

READY, PENDING, ABORTED = HelloPhase.READY, HelloPhase.PENDING, HelloPhase.ABORTED
LISTEN, WAIT = State.HELLO_READY_LISTEN, State.HELLO_PENDING_LISTEN
SAY_READY = Send(Hello(READY, 60000))


def sends(effects):
    return [effect.message for effect in effects if isinstance(effect, Send)]


def end(effects):
    return next((effect.end for effect in effects if isinstance(effect, Close)), None)


@pytest.mark.parametrize(
    ("trust", "state", "says"),
    [
        (Trust.TRUSTED, LISTEN, [Hello(READY, 60000)]),
        (Trust.UNDECIDED, WAIT, [Hello(PENDING, 60000)]),
        (Trust.REFUSED, State.ENDED, [Hello(PENDING, 60000), Hello(ABORTED)]),
    ],
)
def test_the_first_word_depends_on_trust(trust, state, says):
    hello, effects = begin(trust, now_s=5)
    assert hello.state is state
    assert sends(effects) == says


TABLE = [
    # state, the peer's last phase, event -> state, messages, end
    (LISTEN, None, Hello(READY, 60000), State.HELLO_OK, [], None),
    (LISTEN, None, Hello(READY), State.HELLO_OK, [], None),
    (LISTEN, None, Hello(PENDING, 60000), LISTEN, [], None),
    (LISTEN, None, Hello(PENDING), LISTEN, [], None),
    (LISTEN, PENDING, Hello(ABORTED), State.ENDED, [], End.DENIED_BY_PEER),
    (LISTEN, None, TimerExpired(Timer.WAIT_FOR_READY), State.ENDED, [Hello(ABORTED)],
     End.NOT_CONFIRMED),
    (LISTEN, None, Denied(), State.ENDED, [Hello(ABORTED)], End.DENIED_BY_US),
    (LISTEN, None, Approved(), LISTEN, [], None),
    (LISTEN, None, PinState(), State.ENDED, [Hello(ABORTED)], End.FAILED),
    (LISTEN, None, Data({}, 9), State.ENDED, [Hello(ABORTED)], End.FAILED),
    (WAIT, READY, Approved(), State.HELLO_OK, [Hello(READY, 60000)], None),
    (WAIT, None, Approved(), LISTEN, [Hello(READY, 60000)], None),
    (WAIT, PENDING, Approved(), LISTEN, [Hello(READY, 60000)], None),
    (WAIT, READY, Denied(), State.ENDED, [Hello(ABORTED)], End.DENIED_BY_US),
    (WAIT, READY, Hello(ABORTED), State.ENDED, [], End.DENIED_BY_PEER),
    (WAIT, None, Hello(READY, 60000), WAIT, [], None),
    (WAIT, None, Hello(READY), WAIT, [], None),
    (WAIT, None, Hello(PENDING), WAIT, [], None),
    (WAIT, READY, Hello(READY, 900), State.ENDED, [Hello(ABORTED)], End.NOT_CONFIRMED),
    (WAIT, READY, TimerExpired(Timer.SEND_PROLONGATION), WAIT,
     [Hello(PENDING, prolongation_request=True)], None),
    (WAIT, READY, TimerExpired(Timer.PROLONGATION_REPLY), State.ENDED, [Hello(ABORTED)],
     End.NOT_CONFIRMED),
    (WAIT, None, TimerExpired(Timer.WAIT_FOR_READY), State.ENDED, [Hello(ABORTED)],
     End.NOT_CONFIRMED),
    (WAIT, READY, PinState(), State.ENDED, [Hello(ABORTED)], End.FAILED),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE)
def test_the_hello_follows_its_table(row):
    state, peer, event, after, says, ends = row
    hello = HelloPhaseState(state, ready_until_s=60, peer_phase=peer)
    hello, effects = on_event(hello, event, now_s=10)
    assert hello.state is after
    assert sends(effects) == says
    assert end(effects) is ends


def test_a_prolongation_is_added_to_what_is_left():
    hello = HelloPhaseState(LISTEN, ready_until_s=60)
    hello, effects = on_event(hello, Hello(PENDING, prolongation_request=True), now_s=30)
    assert effects == (
        StartTimer(Timer.WAIT_FOR_READY, 90),
        Send(Hello(READY, waiting_ms=90000)),
    )
    assert hello.ready_until_s == 120


def test_prolongations_without_end_do_not_add_up_without_end():
    hello = HelloPhaseState(LISTEN, ready_until_s=60)
    for _ in range(100):
        hello, _ = on_event(hello, Hello(PENDING, prolongation_request=True), now_s=0)
    assert hello.ready_until_s == 240


@pytest.mark.parametrize(
    ("waiting_ms", "ask_after_s", "reply_within_s"),
    [(60000, 30, 30), (90000, 60, 30), (30000, 0, 30), (20000, 5, 15), (10000, 0, 10)],
)
def test_the_pending_side_asks_before_the_peers_time_is_over(
    waiting_ms, ask_after_s, reply_within_s
):
    hello, _ = begin(Trust.UNDECIDED, 0)
    hello, effects = on_event(hello, Hello(READY, waiting_ms), now_s=1)
    assert StartTimer(Timer.SEND_PROLONGATION, ask_after_s) in effects
    _, effects = on_event(hello, TimerExpired(Timer.SEND_PROLONGATION), now_s=1 + ask_after_s)
    assert StartTimer(Timer.PROLONGATION_REPLY, reply_within_s) in effects


def test_an_absurd_waiting_time_is_capped():
    hello, _ = begin(Trust.UNDECIDED, 0)
    _, effects = on_event(hello, Hello(READY, 10**30), now_s=1)
    assert StartTimer(Timer.SEND_PROLONGATION, 3570) in effects
