"""What takes protection away, and so needs somebody at the site when it is asked from afar."""

from dataclasses import replace

import pytest

from cem.core import charger_rules, circuit_rules, validation
from cem.core.circuits import CircuitSettings
from cem.core.site import ChargerSettings, GridConnection, PhaseSwitching
from electrical.phases import on_every_phase
from electrical.rotation import Rotation

CHARGER = ChargerSettings("a" * 40, max_a=16.0, failsafe_a=6.0, circuit="garage")
GARAGE = CircuitSettings("garage", fuse_a=on_every_phase(32.0), meter="sub-1")
GRID = GridConnection(on_every_phase(35.0), base_load_a=on_every_phase(5.0))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"max_a": 32.0}, "/max_a"),
        ({"failsafe_a": 10.0}, "/failsafe_a"),
        ({"failsafe_a": 0.0}, "/failsafe_a"),
        ({"start_a": 6.0}, "/start_a"),
        ({"phases": 1}, "/phases"),
        ({"wiring": Rotation.STR}, "/wiring"),
        ({"phase_switching": PhaseSwitching.AUTOMATIC}, "/phase_switching"),
        ({"circuit": "main"}, "/circuit"),
        ({"max_a": 10.0}, ""),
        ({"priority": 1}, ""),
        ({"weight": 2.0}, ""),
        ({"guaranteed_a": 6.0}, ""),
    ],
)
def test_what_is_reserved_for_a_charger_is_not_made_up_from_afar(change, pointer) -> None:
    wanted = replace(CHARGER, **change)
    assert charger_rules.needs_site(wanted, CHARGER, [GARAGE]) == pointer


@pytest.mark.parametrize(
    ("change", "is_needed"),
    [
        ({"fuse_a": on_every_phase(63.0)}, True),
        ({"margin_a": 0.0}, True),
        ({"base_load_a": on_every_phase(1.0)}, True),
        ({"static_share_a": on_every_phase(34.0), "base_load_a": on_every_phase(9.0)}, True),
        ({"phases": 1}, True),
        ({"fuse_a": on_every_phase(25.0)}, False),
        ({"margin_a": 3.0}, False),
        ({"base_load_a": on_every_phase(9.0)}, False),
        ({"unbalance_a": 20.0}, False),
    ],
)
def test_a_grid_connection_loses_no_protection_from_afar(change, is_needed) -> None:
    assert validation.needs_site(replace(GRID, **change), GRID) == is_needed


def test_a_circuit_is_not_given_another_meter_from_afar() -> None:
    other, none = replace(GARAGE, meter="sub-2"), replace(GARAGE, meter="")
    assert circuit_rules.needs_site(other, GARAGE, GRID)
    assert not circuit_rules.needs_site(none, GARAGE, GRID)
