"""The life of a car between our CEM and our charging station, in memory."""

from datetime import UTC, datetime

import pytest

from eebus.events import (
    DeviceDescribed,
    DeviceState,
    Ev,
    EvChanged,
    HeartbeatChanged,
    LimitsChanged,
    Measured,
    UseCasesChanged,
)
from eebus.usecases import names
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.evse.profile import EvProfile
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.owner import Owner

CEM, EVSE = "cc" * 20, "ee" * 20
ISO = EvProfile("iso15118-2ed1", min_a=2.2, soc_percent=40.0, ev_id="001122334455")
NONE = (None, None, None)


@pytest.fixture
def connected(pair):
    pair.connect()
    return pair


@pytest.fixture
def plugged(connected):
    connected.evse.plug(EvProfile())
    connected.settle()
    return connected


def test_the_charger_is_described_and_healthy(connected):
    described = DeviceDescribed(EVSE, "Test", "Box", "2", None, "ChargingStation")
    assert connected.told("cem", DeviceDescribed)[-1] == described
    assert connected.told("cem", DeviceState) == [DeviceState(EVSE, "normalOperation")]
    assert connected.told("cem", HeartbeatChanged) == [HeartbeatChanged(EVSE, ok=True)]


def test_without_a_car_the_cem_is_told_so_once(connected):
    assert connected.told("cem", EvChanged) == [EvChanged(EVSE, None)]


def test_a_failure_of_the_charger_is_told_with_its_code(connected):
    connected.evse.set_evse_state("failure", "E42")
    connected.settle()
    assert connected.told("cem", DeviceState)[-1] == DeviceState(EVSE, "failure", "E42")


def test_a_plugged_car_is_told_at_once_and_then_in_full(plugged):
    cars = [each.ev for each in plugged.told("cem", EvChanged)[1:]]
    assert cars[0] == Ev()
    assert cars[-1] == Ev(
        communication="iec61851",
        asymmetric=False,
        phases=3,
        min_a=6.0,
        max_a=16.0,
        pause_a=0.1,
        operating_state="normalOperation",
        has_opev=True,
    )


def test_a_car_brings_its_use_cases_and_takes_them_along(plugged):
    plugged.evse.unplug()
    plugged.settle()
    of_car = [each for each in plugged.told("cem", UseCasesChanged) if each.entity == (1, 1)]
    assert [[item.name for item in each.items] for each in of_car] == [
        [names.EVCC, names.EVCEM, names.OPEV],
        [],
    ]


def test_a_limit_is_written_per_phase_and_told_to_both_sides(plugged):
    result = plugged.write(10, 10, 10)
    assert (result.ok, result.error_number) == (True, 0)
    assert plugged.told("evse", LimitsChanged)[-1] == LimitsChanged(CEM, "opev", (10, 10, 10))
    assert plugged.told("cem", LimitsChanged)[-1] == LimitsChanged(EVSE, "opev", (10, 10, 10))


def test_the_charger_notifies_before_it_answers_a_write(plugged):
    plugged.sent.clear()
    plugged.write(10, 10, 10)
    kinds = [
        kind
        for text in plugged.texts("evse")
        for kind in ("notify", "result")
        if f'"cmdClassifier": "{kind}"' in text
    ]
    assert kinds == ["notify", "result"]


def test_a_limit_below_the_minimum_becomes_the_pause_value(plugged):
    assert plugged.write(5.9, 5.9, 5.9).ok
    assert plugged.cem.limits(EVSE, "opev") == (0.1, 0.1, 0.1)


def test_a_limit_above_the_maximum_becomes_the_maximum(plugged):
    assert plugged.write(32, 32, 32).ok
    assert plugged.cem.limits(EVSE, "opev") == (16.0, 16.0, 16.0)


def test_no_limit_makes_it_inactive(plugged):
    plugged.write(10, 10, 10)
    assert plugged.write(*NONE).ok
    assert plugged.cem.limits(EVSE, "opev") == NONE
    assert plugged.told("evse", LimitsChanged)[-1].values == NONE


def test_phases_that_must_not_differ_all_get_the_smallest(plugged):
    plugged.write(10, 8, 12)
    assert plugged.cem.limits(EVSE, "opev") == (8.0, 8.0, 8.0)


def test_phases_that_may_differ_get_their_own(connected):
    connected.evse.plug(EvProfile(asymmetric=True))
    connected.settle()
    connected.write(10, None, 0)
    assert connected.cem.limits(EVSE, "opev") == (10.0, None, 0.1)


def test_a_car_on_one_phase_has_one_limit(connected):
    connected.evse.plug(EvProfile(phases=1))
    connected.settle()
    assert connected.cem.ev(EVSE).phases == 1
    assert connected.write(10, 3, 3).ok
    assert connected.cem.limits(EVSE, "opev") == (10.0, None, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_limit_that_is_no_number_of_amperes_is_not_written(plugged, value):
    assert not plugged.write(value, value, value).ok


def test_measurements_come_as_a_full_picture_and_travel_in_part(plugged):
    plugged.measure(10.0, 2300.0, 5.0)
    assert plugged.told("cem", Measured)[-1] == Measured(
        EVSE, (10.0, 10.0, 10.0), (2300.0, 2300.0, 2300.0), 5.0
    )
    plugged.sent.clear()
    plugged.measure(10.0, 2300.0, 6.0)
    (text,) = plugged.texts("evse")
    assert text.count("measurementId") == 1
    assert plugged.cem.measured(EVSE).energy_wh == 6.0


def test_measurements_that_did_not_change_are_not_sent(plugged):
    plugged.measure(10.0, 2300.0, 5.0)
    plugged.sent.clear()
    plugged.measure(10.0, 2300.0, 5.0)
    assert plugged.sent == []


def test_powers_never_delivered_are_told_from_the_currents(plugged):
    plugged.evse.measure((10.0, 10.0, 10.0), NONE, None, None, _at())
    plugged.settle()
    assert plugged.cem.measured(EVSE).power_w == (2300.0, 2300.0, 2300.0)


def test_the_state_of_a_car_is_told(plugged):
    plugged.evse.set_ev_state("standby")
    plugged.settle()
    assert plugged.cem.ev(EVSE).operating_state == "standby"


def test_a_car_that_turns_iso_15118_keeps_its_limits_and_offers_more(plugged):
    plugged.write(10, 10, 10)
    plugged.evse.update_ev(ISO)
    plugged.settle()
    car = plugged.cem.ev(EVSE)
    assert (car.communication, car.min_a, car.ids) == ("iso15118-2ed1", 2.2, ("001122334455",))
    assert car.has_opev
    assert car.has_oscev
    assert plugged.cem.limits(EVSE, "opev") == (10.0, 10.0, 10.0)
    assert plugged.write(2.5, 2.5, 2.5).ok
    assert plugged.write(6, 6, 6, kind="oscev").ok
    assert plugged.cem.limits(EVSE, "opev") == (2.5, 2.5, 2.5)
    assert plugged.told("evse", LimitsChanged)[-1] == LimitsChanged(CEM, "oscev", (6, 6, 6))


def test_a_car_that_falls_back_to_pwm_loses_what_only_iso_15118_has(plugged):
    plugged.evse.update_ev(ISO)
    plugged.settle()
    plugged.write(3, 3, 3)
    plugged.evse.update_ev(EvProfile())
    plugged.settle()
    car = plugged.cem.ev(EVSE)
    assert (car.communication, car.min_a, car.has_opev, car.has_oscev) == (
        "iec61851",
        6.0,
        True,
        False,
    )
    assert plugged.write(3, 3, 3).ok  # below the minimum now: a pause
    assert plugged.cem.limits(EVSE, "opev") == (0.1, 0.1, 0.1)
    assert plugged.write(8, 8, 8).ok


def test_phases_that_change_after_the_start_take_the_limits_along(plugged):
    plugged.write(10, 10, 10)
    plugged.evse.update_ev(EvProfile(phases=1))
    plugged.settle()
    assert plugged.cem.ev(EVSE).phases == 1
    assert plugged.cem.limits(EVSE, "opev") == (10.0, None, None)
    plugged.measure(10.0, 2300.0, 5.0)
    assert plugged.cem.measured(EVSE).current_a == (10.0, None, None)
    plugged.evse.update_ev(EvProfile(phases=3))
    plugged.settle()
    assert plugged.write(9, 9, 9).ok
    assert plugged.cem.limits(EVSE, "opev") == (9.0, 9.0, 9.0)


def test_a_pause_of_an_iso_15118_car_never_is_zero(connected):
    connected.evse.plug(ISO)
    connected.settle()
    for values in ((0, 0, 0), (2.1, 2.1, 2.1)):
        assert connected.write(*values).ok
        held = connected.evse.held_limits()["opev"]
        assert held == (0.1, 0.1, 0.1)
    assert connected.write(2.2, 2.2, 2.2).ok
    assert connected.cem.ev(EVSE).communication == "iso15118-2ed1"


@pytest.mark.parametrize("moment", range(0, 28, 2))
def test_a_reconnect_in_the_middle_of_a_change_to_iso_15118_ends_with_the_whole_car(
    plugged, moment
):
    plugged.write(10, 10, 10)
    plugged.evse.update_ev(ISO)
    plugged.deliver(moment)
    plugged.disconnect()
    plugged.connect(settle=False)
    plugged.deliver(moment)
    plugged.evse.set_ev_state("standby")
    plugged.settle()
    car = plugged.cem.ev(EVSE)
    assert (car.communication, car.min_a, car.operating_state) == ("iso15118-2ed1", 2.2, "standby")
    assert car.has_opev
    assert car.has_oscev
    assert plugged.cem.limits(EVSE, "opev") == (10.0, 10.0, 10.0)
    assert plugged.write(3, 3, 3).ok


@pytest.mark.parametrize("moment", range(0, 28, 2))
def test_a_car_unplugged_and_plugged_anew_while_the_connection_comes_back_is_another_one(
    plugged, moment
):
    plugged.disconnect()
    plugged.evse.unplug()
    plugged.connect(settle=False)
    plugged.deliver(moment)
    plugged.evse.plug(EvProfile(phases=1, max_a=32))
    plugged.settle()
    assert (plugged.cem.ev(EVSE).phases, plugged.cem.ev(EVSE).max_a) == (1, 32.0)
    assert plugged.cem.limits(EVSE, "opev") == NONE
    assert plugged.write(20, 20, 20).ok


def test_the_heart_beats_on_every_entity_of_ours():
    owner = Owner(lambda _: None, lambda _: None)
    hub = CemHub("d:_n:CEM-1", {}, owner, SystemProfile({"lpc": 1.0}), guards=True)
    for beats in (1, 2):
        hub.beat(_at())
        hearts = {
            address: feature.content(names.HEARTBEAT)
            for address, entity in hub.local.entities.items()
            if (feature := entity.server(names.DIAGNOSIS)) and names.HEARTBEAT in feature.functions
        }
        assert hearts.keys() == {(1,), (2,), (3,)}
        for heart in hearts.values():
            assert (heart["heartbeatCounter"], heart["heartbeatTimeout"]) == (beats, "PT4S")


def test_a_recommendation_below_the_minimum_is_switched_off(plugged):
    plugged.evse.update_ev(ISO)
    plugged.settle()
    plugged.write(1, 1, 1, kind="oscev")
    assert plugged.cem.limits(EVSE, "oscev") == NONE


def test_a_state_of_charge_is_told_with_the_car_and_the_measurements(plugged):
    plugged.evse.update_ev(ISO)
    plugged.evse.measure((1.0,) * 3, (2.0,) * 3, 3.0, 44.0, _at())
    plugged.settle()
    assert plugged.cem.ev(EVSE).soc_percent == 44.0
    assert plugged.cem.measured(EVSE).soc_percent == 44.0


def test_unplugging_forgets_the_car_its_limits_and_its_links(plugged):
    plugged.write(10, 10, 10)
    plugged.evse.unplug()
    plugged.settle()
    assert plugged.told("cem", EvChanged)[-1] == EvChanged(EVSE, None)
    assert plugged.cem.measured(EVSE) is None
    assert plugged.cem.limits(EVSE, "opev") is None
    assert plugged.told("evse", LimitsChanged)[-1] == LimitsChanged(CEM, "opev", NONE)
    links = plugged.evse.local.subscriptions.of(CEM) + plugged.evse.local.bindings.of(CEM)
    assert all(link.server.entity != (1, 1) for link in links)
    assert not plugged.write(10, 10, 10).ok


def test_a_second_car_is_bound_and_limited_like_the_first(plugged):
    plugged.evse.unplug()
    plugged.settle()
    plugged.evse.plug(EvProfile(max_a=32))
    plugged.settle()
    assert plugged.cem.ev(EVSE).max_a == 32.0
    assert plugged.write(20, 20, 20).ok
    plugged.sent.clear()
    plugged.measure(5.0, 1150.0, 1.0)
    assert len(plugged.texts("evse")) == 1  # subscribed once, not twice


def test_after_a_reconnect_car_and_limits_are_known_again_and_can_be_written(plugged):
    plugged.write(9, 9, 9)
    plugged.disconnect()
    assert plugged.cem.ev(EVSE) is None
    plugged.connect()
    assert plugged.cem.ev(EVSE).has_opev
    assert plugged.cem.limits(EVSE, "opev") == (9.0, 9.0, 9.0)
    assert plugged.write(7, 7, 7).ok


def test_a_reconnect_without_the_car_tells_that_it_is_gone(plugged):
    plugged.disconnect()
    plugged.evse.unplug()
    plugged.cem_events.clear()
    plugged.connect()
    assert plugged.told("cem", EvChanged) == [EvChanged(EVSE, None)]


def test_a_write_open_when_the_connection_breaks_is_answered_as_lost(plugged):
    done = []
    plugged.cem.write_limit(EVSE, (8.0, 8.0, 8.0), "opev", plugged.now, done.append)
    plugged.disconnect()
    assert [(each.ok, each.error_number) for each in done] == [(False, None)]


def test_a_write_nobody_answers_is_answered_after_ten_seconds(plugged):
    done = []
    plugged.cem.write_limit(EVSE, (8.0, 8.0, 8.0), "opev", plugged.now, done.append)
    plugged.queue.clear()
    plugged.wait(9.5)
    assert done == []
    plugged.wait(1)
    assert [(each.ok, each.error_number) for each in done] == [(False, None)]


def test_a_silent_heart_is_noticed_after_twice_the_announced_time(connected):
    connected.wait(4)
    connected.does_beat = False
    connected.wait(7.5)
    assert connected.told("evse", HeartbeatChanged) == [HeartbeatChanged(CEM, ok=True)]
    connected.wait(1)
    assert connected.told("evse", HeartbeatChanged)[-1] == HeartbeatChanged(CEM, ok=False)
    connected.does_beat = True
    connected.wait(2)
    assert connected.told("evse", HeartbeatChanged)[-1] == HeartbeatChanged(CEM, ok=True)


def test_a_lost_connection_is_a_silent_heart(connected):
    connected.wait(2)
    connected.disconnect()
    connected.wait(9)
    assert connected.told("evse", HeartbeatChanged)[-1] == HeartbeatChanged(CEM, ok=False)


def test_the_failure_of_the_cem_is_told_to_the_charger(connected):
    connected.cem.set_failure(failed=True)
    connected.settle()
    assert connected.told("evse", DeviceState)[-1] == DeviceState(CEM, "failure")


def test_a_pause_waits_for_the_standard_of_a_fresh_car(plugged):
    connected = plugged
    connected.evse.unplug()
    connected.settle()
    connected.evse.plug(EvProfile())
    _forget_standard(connected)
    result = connected.write(0, 0, 0)
    assert not result.ok
    assert connected.cem.limits(EVSE, "opev") == (6.0, 6.0, 6.0)
    connected.wait(10)
    assert connected.write(0, 0, 0).ok
    assert connected.cem.limits(EVSE, "opev") == (0.1, 0.1, 0.1)


def _forget_standard(pair):
    """Let the charger answer as if its car had not told the standard yet."""
    feature = pair.evse.local.entities[(1, 1)].server(names.CONFIGURATION)
    feature.contents.clear()
    pair.settle()


def _at():
    return datetime(2026, 11, 22, tzinfo=UTC)
