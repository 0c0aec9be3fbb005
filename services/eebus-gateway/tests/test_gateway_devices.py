"""What devices turn out to be over time: nothing vanishes between two messages of a reconnect."""

import pytest

from eebus.events import ConnectionChanged, ConnectionState, EntityChanged, Metered, MeterValues
from eebus_gateway.core.abilities import Ability
from eebus_gateway.core.metering import Quality
from eebus_gateway.core.trust import Paired
from eebus_gateway.devices import Devices
from volthus_kit.testing import FakeClock

SKI = "1" * 40
UP = ConnectionChanged(SKI, ConnectionState.CONNECTED)
DOWN = ConnectionChanged(SKI, ConnectionState.NOT_CONNECTED, "Cut off.")
GRID = EntityChanged(SKI, (1,), "GridConnectionPointOfPremises", added=True)
DRAWN = MeterValues(power_w=700.0, current_a=(1.0, 1.0, 1.0))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def devices(clock: FakeClock) -> Devices:
    return Devices(clock)


def test_a_reconnect_takes_no_ability_away_before_the_device_had_time_to_say_it(
    devices: Devices, clock: FakeClock
) -> None:
    known = Paired(SKI, abilities=frozenset({Ability.METER, Ability.CHARGER}))
    devices.hear(SKI, UP)
    assert devices.abilities(known) == known.abilities
    devices.hear(SKI, GRID)
    assert devices.abilities(known) == known.abilities
    clock.go_on(9.9)
    assert devices.abilities(known) == known.abilities
    clock.go_on(0.2)
    assert devices.abilities(known) == {Ability.METER}


def test_a_device_that_tells_nothing_keeps_what_it_was(devices: Devices, clock: FakeClock) -> None:
    known = Paired(SKI, abilities=frozenset({Ability.METER}))
    devices.hear(SKI, UP)
    clock.go_on(60)
    assert devices.abilities(known) == known.abilities
    devices.hear(SKI, GRID)
    devices.hear(SKI, DOWN)
    clock.go_on(60)
    assert devices.abilities(known) == known.abilities


def test_of_several_meters_of_a_device_the_first_that_speaks_counts(
    devices: Devices, clock: FakeClock
) -> None:
    known = Paired(SKI, abilities=frozenset({Ability.METER}))
    devices.hear(SKI, UP)
    devices.hear(SKI, Metered(SKI, (2,), "mgcp", DRAWN))
    devices.hear(SKI, Metered(SKI, (1,), "mpc", MeterValues(power_w=9.0)))
    assert devices.meter(known).meter.values == DRAWN
    devices.hear(SKI, Metered(SKI, (1,), "mgcp", MeterValues()))
    assert devices.meter(known).meter.values == DRAWN
    clock.go_on(1.0)
    assert devices.meter(known).quality is Quality.GOOD
    assert devices.meter(known).age_s == pytest.approx(1.0)
    clock.go_on(5.0)
    problem = devices.meter(known).problem
    assert problem is not None
    assert problem.code == "silent"


def test_what_is_forgotten_begins_anew(devices: Devices) -> None:
    known = Paired(SKI, abilities=frozenset({Ability.METER}))
    devices.hear(SKI, UP)
    devices.hear(SKI, Metered(SKI, (1,), "mgcp", DRAWN))
    devices.forget(SKI)
    assert not devices.meter(known).meter.is_there
    assert devices.diagnosis(SKI).connections == 0
