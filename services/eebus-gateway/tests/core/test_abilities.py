"""What a device is to us, by the use cases it announces."""

import pytest

from eebus.events import EntityChanged, UseCasesChanged, UseCaseSupport
from eebus.usecases import names
from eebus_gateway.core.abilities import NOTHING_TOLD, Ability, Tree, is_used, role_of

SKI = "1" * 40


def tree(entity_type: str, actor: str, *use_cases: str) -> Tree:
    items = tuple(UseCaseSupport(name, (1, 2, 3)) for name in use_cases)
    grown = NOTHING_TOLD.heard(EntityChanged(SKI, (1,), entity_type, added=True))
    return grown.heard(UseCasesChanged(SKI, (1,), actor, items))


@pytest.mark.parametrize(
    ("told", "role"),
    [
        (tree("EVSE", "EVSE", names.EVSECC), "charger"),
        (tree("EVSE", "", ""), "charger"),
        (tree("EVSE", names.CONTROLLABLE_SYSTEM, names.LPC), "charger"),
        (tree(names.GRID_CONNECTION_POINT, "", ""), "meter"),
        (tree("CEM", names.GRID_CONNECTION_ACTOR, names.MGCP), "meter"),
        (tree("GridGuard", names.ENERGY_GUARD, names.LPC, names.LPP), "control-box"),
        (tree("CEM", names.ENERGY_GUARD, names.LPC), "control-box"),
        (tree("HeatPumpAppliance", names.CONTROLLABLE_SYSTEM, names.LPC), "appliance"),
        (tree("CEM", names.CONTROLLABLE_SYSTEM, names.LPC), ""),
        (tree("CEM", names.MONITORING_APPLIANCE, names.MGCP, names.MPC), ""),
        (tree("CEM", names.CEM, names.EVSECC, names.EVCC, names.OPEV), ""),
        (NOTHING_TOLD, ""),
    ],
)
def test_the_role_follows_from_what_is_announced(told: Tree, role: str) -> None:
    assert role_of(told.abilities()) == role


def test_a_leading_hems_is_meter_and_guard_at_once() -> None:
    told = tree("CEM", names.GRID_CONNECTION_ACTOR, names.MGCP)
    guard = UseCasesChanged(SKI, (1,), names.ENERGY_GUARD, (UseCaseSupport(names.LPC, (1, 3)),))
    assert told.heard(guard).abilities() == {Ability.METER, Ability.CONTROL_BOX}


def test_what_is_taken_back_counts_no_longer() -> None:
    told = tree("EVSE", "EVSE", names.EVSECC)
    gone = told.heard(UseCasesChanged(SKI, (1,), "EVSE", ()))
    gone = gone.heard(EntityChanged(SKI, (1,), "EVSE", added=False))
    assert gone.abilities() == frozenset()
    assert gone.listed() == ()


def test_a_use_case_not_available_now_is_listed_and_not_used() -> None:
    off = UseCaseSupport(names.MGCP, (2,), available=False)
    told = NOTHING_TOLD.heard(UseCasesChanged(SKI, (1,), names.GRID_CONNECTION_ACTOR, (off,)))
    assert [each.is_used for each in told.listed()] == [False]


def test_recommendations_and_plans_of_cars_are_not_spoken() -> None:
    assert is_used("EV", names.EV, names.OPEV)
    assert not is_used("EV", names.EV, names.OSCEV)
    assert not is_used("EV", names.EV, names.CEVC)
