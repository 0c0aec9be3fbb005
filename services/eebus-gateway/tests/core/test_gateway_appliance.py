"""One appliance: leases become limits with an end, kept alive, tried again, let go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    FailsafeChanged,
    HeartbeatChanged,
    Metered,
    MeterValues,
    PowerLimitChanged,
    WriteResult,
)
from eebus_gateway.core.appliance import (
    HOLD_S,
    MOVE_ON_S,
    Answer,
    Appliance,
    Offer,
    Order,
    answered,
    fold,
    offered,
    plan,
)

SKI = "a" * 40
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONNECTED = ConnectionChanged(SKI, ConnectionState.CONNECTED)
LOST = ConnectionChanged(SKI, ConnectionState.NOT_CONNECTED)
YES = WriteResult(ok=True, error_number=0, text="", ms=3.0)
NO = WriteResult(ok=False, error_number=7, text="limit too low", ms=3.0)


def offer(limit_w: float | None, sequence: int = 1, **more) -> Offer:
    known = {"until": None, "ttl_s": 60.0, "epoch": 1, "sent_s": 0.0, "fallback_w": 3360.0}
    return Offer(limit_w=limit_w, sequence=sequence, **(known | more))


def leased(appliance: Appliance, wanted: Offer, now: float) -> Appliance:
    taken = offered(appliance, wanted, now)
    assert taken is not None
    return taken


def turned(appliance: Appliance, now: float) -> tuple[Appliance, Order | None]:
    step = plan(appliance, now, NOON)
    return step.appliance, step.order


def limited(now: float = 10.0) -> Appliance:
    """Return an appliance that accepted 3360 W."""
    appliance = leased(fold(Appliance(SKI), CONNECTED, 0.0), offer(3360.0), now)
    appliance, order = turned(appliance, now)
    assert order == Order(1, 3360.0, HOLD_S)
    return answered(appliance, order, YES, now)


def test_without_a_lease_or_a_limit_nothing_is_written():
    appliance = fold(Appliance(SKI), CONNECTED, 0.0)
    assert turned(appliance, 5.0)[1] is None
    assert turned(leased(appliance, offer(None), 5.0), 5.0)[1] is None


def test_a_limit_is_written_once_and_its_end_moved_on_while_the_lease_lives():
    appliance = limited()
    assert appliance.written.answer is Answer.ACCEPTED
    appliance = leased(appliance, offer(3360.0, 2), 200.0)
    assert turned(appliance, 200.0)[1] is None
    appliance = leased(appliance, offer(3360.0, 3), 10.0 + MOVE_ON_S)
    appliance, order = turned(appliance, 10.0 + MOVE_ON_S)
    assert order == Order(2, 3360.0, HOLD_S)
    assert appliance.written.told_answer is Answer.ACCEPTED
    accepted = answered(appliance, order, YES, 10.0 + MOVE_ON_S)
    assert accepted.written.answered_at == 10.0  # since when it holds this limit


def test_a_limit_ends_when_the_operator_s_does_and_is_not_moved_on_beyond():
    ends = NOON + timedelta(seconds=120)
    appliance = leased(fold(Appliance(SKI), CONNECTED, 0.0), offer(3360.0, until=ends), 10.0)
    appliance, order = turned(appliance, 10.0)
    assert order == Order(1, 3360.0, 120.0)
    appliance = answered(appliance, order, YES, 10.0)
    step = plan(appliance, 40.0, NOON + timedelta(seconds=30))
    assert step.order is None
    assert step.wake_at == 70.0  # the end of the lease


def test_a_lifted_limit_is_withdrawn_once():
    appliance = leased(limited(), offer(None, 2), 20.0)
    appliance, order = turned(appliance, 20.0)
    assert order == Order(2, None, None)
    appliance = answered(appliance, order, YES, 20.0)
    assert turned(appliance, 400.0 - 340.0)[1] is None


def test_what_is_refused_is_tried_again_and_stays_refused_meanwhile():
    appliance = leased(fold(Appliance(SKI), CONNECTED, 0.0), offer(3360.0), 10.0)
    appliance, order = turned(appliance, 10.0)
    assert order is not None
    appliance = answered(appliance, order, NO, 10.5)
    assert appliance.written.problem == "error 7: limit too low"
    assert plan(appliance, 10.5, NOON).wake_at == 12.5
    appliance, again = turned(appliance, 12.5)
    assert again == Order(2, 3360.0, HOLD_S)
    assert appliance.written.told_answer is Answer.REFUSED
    assert answered(appliance, order, YES, 13.0) == appliance  # the answer to an older write
    appliance = answered(appliance, again, YES, 13.0)
    assert (appliance.written.told_answer, appliance.written.problem) == (Answer.ACCEPTED, "")


def test_the_fallback_holds_when_the_lease_ends_and_the_lease_is_back_when_renewed():
    appliance = leased(limited(), offer(5000.0, 2), 20.0)
    appliance, order = turned(appliance, 20.0)
    assert order is not None
    appliance = answered(appliance, order, YES, 20.0)
    assert plan(appliance, 21.0, NOON).wake_at == 80.0
    appliance, order = turned(appliance, 80.0)
    assert order == Order(3, 3360.0, HOLD_S)
    appliance = answered(appliance, order, YES, 80.0)
    appliance = leased(appliance, offer(None, 1, epoch=2), 90.0)
    assert turned(appliance, 90.0)[1] == Order(4, None, None)


def test_a_release_withdraws_our_limit_and_ends_the_lease():
    appliance = leased(limited(), offer(None, 2, release=True), 20.0)
    appliance, order = turned(appliance, 20.0)
    assert order == Order(2, None, None)
    appliance = answered(appliance, order, YES, 20.0)
    assert turned(appliance, 1e6)[1] is None


def test_one_that_comes_back_is_told_its_limit_again():
    appliance = fold(limited(), LOST, 20.0)
    assert appliance.lost_at == 20.0
    appliance = leased(appliance, offer(2000.0, 2), 30.0)
    appliance, order = turned(appliance, 30.0)
    assert order is not None  # kept by the stack for when it is back
    appliance = answered(appliance, order, replace(NO, error_number=None, text="gone"), 30.0)
    assert turned(appliance, 40.0)[1] is None
    appliance = fold(appliance, CONNECTED, 50.0)
    assert appliance.lost_at is None
    assert plan(appliance, 50.0, NOON).wake_at == 51.0
    assert turned(appliance, 51.0)[1] == Order(3, 2000.0, HOLD_S)


def test_one_that_says_it_holds_no_limit_is_told_again_but_not_at_once():
    told = PowerLimitChanged(SKI, "lpc", active=True, power_w=3360.0)
    appliance = fold(limited(), told, 10.0)
    assert turned(appliance, 25.0)[1] is None
    appliance = fold(appliance, replace(told, active=False), 12.0)
    assert plan(appliance, 12.0, NOON).wake_at == 20.0
    assert turned(appliance, 20.0)[1] == Order(2, 3360.0, HOLD_S)
    stricter = fold(appliance, replace(told, power_w=1000.0), 12.0)
    assert turned(stricter, 25.0)[1] is None


def test_its_own_failsafe_is_set_once_when_it_is_another():
    appliance = fold(limited(), FailsafeChanged(SKI, 9000.0, None, 7200.0), 11.0)
    step = plan(appliance, 11.0, NOON)
    assert step.failsafe_w == 3360.0
    assert plan(step.appliance, 12.0, NOON).failsafe_w is None
    done = fold(step.appliance, FailsafeChanged(SKI, 3360.0, None, 7200.0), 12.0)
    assert plan(done, 5000.0, NOON).failsafe_w is None


def test_older_leases_and_odd_numbers_are_not_taken():
    appliance = leased(Appliance(SKI), offer(1000.0, 5), 1.0)
    assert offered(appliance, offer(2000.0, 4), 1.0) is None
    assert not offer(-1.0).can_be
    assert not offer(float("nan")).can_be
    assert not offer(1.0, ttl_s=0.0).can_be
    assert offer(None).can_be


def test_power_is_known_while_it_is_fresh_and_contact_is_lost_with_the_heart():
    values = MeterValues(power_w=2500.0)
    appliance = fold(limited(), Metered(SKI, (1,), "mpc", values), 20.0)
    assert appliance.fresh_power_w(60.0) == 2500.0
    assert appliance.fresh_power_w(81.0) is None
    silent = fold(appliance, HeartbeatChanged(SKI, ok=False), 30.0)
    assert (silent.is_heard, silent.lost_at) == (False, 30.0)
    assert fold(silent, HeartbeatChanged(SKI, ok=True), 40.0).lost_at is None
    assert fold(appliance, LOST, 30.0).fresh_power_w(31.0) is None
