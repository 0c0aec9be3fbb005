"""One charger: events in, writes out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    DeviceState,
    Ev,
    EvChanged,
    Event,
    LimitsChanged,
    Measured,
    PerPhase,
    WriteResult,
)
from eebus_gateway.core import lease as leases
from eebus_gateway.core.evse import Evse, Write, answered, fold, new, plan
from eebus_gateway.core.lease import Offer

SKI = "1" * 40
OFF = ConnectionChanged(SKI, ConnectionState.NOT_CONNECTED)
BUSY = ConnectionChanged(SKI, ConnectionState.CONNECTING)
ON = ConnectionChanged(SKI, ConnectionState.CONNECTED)
CAR = Ev(communication="iec61851", phases=3, min_a=6.0, max_a=16.0, has_opev=True)
YES = WriteResult(ok=True, error_number=0, text="", ms=5.0)
NO = WriteResult(ok=False, error_number=1, text="Write failed", ms=5.0)


def same(a: float | None) -> PerPhase:
    return a, a, a


def told(evse: Evse, a: float, now: float, sequence: int = 1, **changes: object) -> Evse:
    offer = Offer(same(a), 5.0, 1, sequence, now, fallback_a=6.0)
    changed = replace(offer, **changes)  # type: ignore[arg-type]  # test shorthand
    lease, refused = leases.renew(evse.lease, changed, now)
    assert refused is None
    return replace(evse, lease=lease)


def connected(*events: Event) -> Evse:
    evse = new(SKI, OFF, None, 0.0)
    for event in (BUSY, ON, *events):
        evse = fold(evse, event, 0.0)
    return evse


def back(evse: Evse, ev: Ev | None, now: float) -> Evse:
    for event in (BUSY, ON, EvChanged(SKI, ev)):
        evse = fold(evse, event, now)
    return evse


def plugged() -> Evse:
    return connected(EvChanged(SKI, CAR))


def written(evse: Evse, now: float, result: WriteResult = YES) -> tuple[Evse, PerPhase | None]:
    step = plan(evse, now)
    if step.write is None:
        return step.evse, None
    return answered(step.evse, step.write, result, now), step.write.values


def test_a_limit_for_a_plugged_car_is_written_once() -> None:
    evse, values = written(told(plugged(), 10, 0.0), 0.0)
    assert values == same(10)
    evse, values = written(told(evse, 10, 1.0, sequence=2), 1.0)
    assert values is None
    assert evse.writer.accepted is not None
    assert evse.writer.accepted.wanted.sequence == 2
    assert evse.writer.accepted.at == 0.0


def test_without_a_car_nothing_is_written_and_the_plug_in_triggers_it() -> None:
    evse = told(connected(EvChanged(SKI, None)), 10, 0.0)
    assert plan(evse, 0.0).write is None
    assert written(fold(evse, EvChanged(SKI, CAR), 1.0), 1.0)[1] == same(10)


def test_a_car_whose_limits_are_not_there_yet_waits() -> None:
    evse = told(connected(EvChanged(SKI, replace(CAR, has_opev=False))), 10, 0.0)
    assert plan(evse, 0.0).write is None
    assert written(fold(evse, EvChanged(SKI, CAR), 1.0), 1.0)[1] == same(10)


def test_when_the_lease_ends_the_fallback_is_written() -> None:
    evse, _ = written(told(plugged(), 16, 0.0), 0.0)
    assert plan(evse, 4.9).wake_at == 5.0
    evse, values = written(evse, 5.0)
    assert values == same(6)
    assert evse.writer.accepted is not None
    assert evse.writer.accepted.wanted.is_fallback
    assert written(evse, 1e6)[1] is None


def test_a_charger_that_never_had_a_lease_gets_nothing() -> None:
    assert plan(plugged(), 1e9).write is None


def test_after_our_restart_a_silent_controller_means_the_remembered_fallback() -> None:
    evse = new(SKI, OFF, 6.0, 0.0)
    for event in (BUSY, ON, EvChanged(SKI, CAR)):
        evse = fold(evse, event, 1.0)
    step = plan(evse, 1.0)
    assert (step.write, step.wake_at) == (None, 5.0)
    assert written(evse, 5.0)[1] == same(6)


def test_a_release_withdraws_our_limit_once() -> None:
    evse, _ = written(told(plugged(), 10, 0.0), 0.0)
    assert evse.fallback_to_keep == 6.0
    evse = told(evse, 0, 1.0, sequence=2, release=True)
    evse, values = written(evse, 1.0)
    assert values == same(None)
    assert evse.fallback_to_keep is None
    assert written(evse, 1e6)[1] is None
    evse = fold(fold(evse, EvChanged(SKI, None), 2.0), EvChanged(SKI, CAR), 3.0)
    assert plan(evse, 3.0).write is None


def test_a_release_writes_nothing_where_no_limit_of_ours_is() -> None:
    evse = told(plugged(), 0, 1.0, release=True)
    assert plan(evse, 1.0).write is None


def test_a_release_while_the_charger_is_away_is_made_good_when_it_is_back() -> None:
    evse, _ = written(told(plugged(), 10, 0.0), 0.0)
    evse = told(fold(evse, OFF, 1.0), 0, 2.0, sequence=2, release=True)
    assert plan(evse, 2.0).write is None
    evse = back(evse, CAR, 3.0)
    assert written(evse, 3.0)[1] == same(None)


def test_limits_are_written_again_after_a_reconnect() -> None:
    evse, _ = written(told(plugged(), 10, 0.0), 0.0)
    evse = fold(evse, OFF, 1.0)
    assert (evse.ev, evse.ev_known, evse.writer.accepted) == (None, False, None)
    evse = back(evse, CAR, 2.0)
    assert evse.plugs == 1
    assert written(evse, 2.0)[1] == same(10)


def test_limits_are_written_again_after_a_change_of_standard_or_range() -> None:
    evse, _ = written(told(plugged(), 10, 0.0), 0.0)
    iso = replace(CAR, communication="iso15118-2ed1", min_a=2.2)
    evse, values = written(fold(evse, EvChanged(SKI, iso), 1.0), 1.0)
    assert values == same(10)
    evse = fold(evse, EvChanged(SKI, replace(iso, soc_percent=50.0)), 2.0)
    assert plan(evse, 2.0).write is None
    evse = fold(evse, EvChanged(SKI, replace(iso, max_a=32.0)), 3.0)
    assert written(evse, 3.0)[1] == same(10)


def test_the_facts_of_a_fresh_car_settle_before_the_first_write() -> None:
    evse = told(connected(EvChanged(SKI, Ev(has_opev=True))), 10, 0.0)
    step = plan(evse, 0.0)
    assert (step.write, step.wake_at) == (None, 0.5)
    assert written(fold(evse, EvChanged(SKI, CAR), 0.1), 0.1)[1] == same(10)
    assert written(evse, 0.5)[1] == same(10)


def test_a_fresh_car_is_paused_only_when_its_standard_is_known() -> None:
    evse = told(connected(EvChanged(SKI, Ev(has_opev=True))), 0, 0.0)
    evse, values = written(evse, 0.5)
    assert values == same(6)
    evse = fold(evse, EvChanged(SKI, replace(CAR, communication="iso15118-2ed1")), 2.0)
    assert written(evse, 2.0)[1] == same(0)


def test_a_car_that_never_tells_its_standard_is_paused_after_ten_seconds() -> None:
    evse, _ = written(told(connected(EvChanged(SKI, Ev(has_opev=True))), 0, 0.0), 0.5)
    evse = told(evse, 0, 4.0, sequence=2)
    evse = told(evse, 0, 8.0, sequence=3)
    assert plan(evse, 8.0).wake_at == 10.0
    assert written(evse, 10.0)[1] == same(0)


def test_a_refused_write_is_told_and_tried_again() -> None:
    evse, _ = written(told(plugged(), 10, 0.0), 0.0, NO)
    assert evse.writer.problem == "error 1: Write failed"
    step = plan(evse, 0.5)
    assert (step.write, step.wake_at) == (None, 1.0)
    evse, values = written(evse, 1.0)
    assert (values, evse.writer.problem) == (same(10), "")


def test_the_next_limit_leaves_when_the_last_was_answered() -> None:
    step = plan(told(plugged(), 8, 0.0), 0.0)
    assert isinstance(step.write, Write)
    evse = told(step.evse, 12, 0.1, sequence=2)
    assert plan(evse, 0.1).write is None
    evse = answered(evse, step.write, YES, 0.2)
    assert written(evse, 0.2)[1] == same(12)


def test_plugs_are_counted_and_a_lost_link_is_no_unplug() -> None:
    evse = plugged()
    assert evse.plugs == 1
    evse = fold(evse, EvChanged(SKI, None), 1.0)
    assert (evse.ev, evse.ev_known) == (None, True)
    evse = fold(evse, EvChanged(SKI, CAR), 2.0)
    assert evse.plugs == 2
    evse = fold(fold(evse, OFF, 3.0), EvChanged(SKI, None), 3.0)
    assert not evse.ev_known
    evse = back(evse, CAR, 4.0)
    assert evse.plugs == 2


def test_another_car_after_a_lost_link_is_another_plug() -> None:
    evse = connected(EvChanged(SKI, replace(CAR, ids=("a",))))
    evse = back(fold(evse, OFF, 1.0), replace(CAR, ids=("b",)), 3.0)
    assert evse.plugs == 2


def test_a_reconnect_without_a_car_is_an_unplug() -> None:
    evse = fold(fold(fold(plugged(), OFF, 1.0), BUSY, 2.0), ON, 3.0)
    assert not evse.ev_known
    evse = fold(evse, EvChanged(SKI, None), 3.0)
    assert evse.ev_known
    assert fold(evse, EvChanged(SKI, CAR), 4.0).plugs == 2


def test_a_charger_that_lost_our_limit_is_told_again() -> None:
    evse, _ = written(told(plugged(), 10, 0.0), 0.0)
    evse = fold(evse, LimitsChanged(SKI, "opev", same(16)), 1.0)
    assert evse.writer.accepted is None
    assert written(evse, 2.0)[1] == same(10)


def test_measurements_and_states_are_kept_while_connected() -> None:
    evse = connected(DeviceState(SKI, "failure", "E7"), EvChanged(SKI, CAR))
    evse = fold(evse, Measured(SKI, same(9.5), same(2200), 100.0), 7.0)
    assert (evse.measured_at, evse.state) == (7.0, DeviceState(SKI, "failure", "E7"))
    evse = fold(evse, OFF, 8.0)
    assert (evse.measured, evse.state) == (None, None)


events = st.one_of(
    st.sampled_from([OFF, BUSY, ON, EvChanged(SKI, None), EvChanged(SKI, CAR)]),
    st.sampled_from([EvChanged(SKI, Ev(has_opev=True)), LimitsChanged(SKI, "opev", same(16))]),
    st.floats(0, 32),
)


@given(st.lists(st.tuples(events, st.floats(0.01, 8), st.booleans()), max_size=40))
def test_whatever_happens_one_write_is_open_and_what_is_wanted_gets_there(
    story: list[tuple[Event | float, float, bool]],
) -> None:
    evse, now, sequence = connected(EvChanged(SKI, CAR)), 0.0, 0
    for event, step_s, is_accepted in story:
        now += step_s
        if isinstance(event, float):
            sequence += 1
            evse = told(evse, event, now, sequence)
        else:
            evse = fold(evse, event, now)
        evse, _ = written(evse, now, YES if is_accepted else NO)
        assert evse.writer.attempt is None
    evse = fold(fold(evse, ON, now), EvChanged(SKI, CAR), now)
    evse = told(evse, 7.0, now + 20, sequence + 1)
    evse, _ = written(evse, now + 20)
    assert evse.writer.accepted is not None
    assert evse.writer.accepted.values == same(7)
