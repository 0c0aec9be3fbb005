"""The rules of the core by value: ladder, reserves, wiring, failsafe, validation, reasons."""

from dataclasses import replace

import pytest

from cem.core.charger import Charger, house_currents
from cem.core.circuits import MAIN, Circuit
from cem.core.conduct import Standing
from cem.core.decide import decide
from cem.core.demand import claimed
from cem.core.events import (
    Accepted,
    Car,
    ChargerHeard,
    ChargersPaired,
    EnergyManagementSet,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    Link,
    Report,
)
from cem.core.failsafe import excess, fallbacks_a
from cem.core.folding import apply, is_urgent
from cem.core.ladder import Stage, rung
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Kind, Reason
from cem.core.reserving import reserve_a
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, tree
from cem.core.state import Remembered, State, restored
from cem.core.validation import (
    needs_site,
    object_to_charger,
    object_to_energy_management,
    object_to_grid,
)
from electrical.phases import Phase, Phases, on_every_phase
from electrical.rotation import Rotation

A, B = "a" * 40, "b" * 40
ON = EnergyManagement(on=True, confirmed_no_other=True)


def grid(fuse_a: float = 25.0, phases: int = 3) -> GridConnection:
    return GridConnection(on_every_phase(fuse_a), phases, 0.5, on_every_phase(3.0), revision=1)


def report(
    ski: str = A, drawn_a: float = 0.0, limit_a: float | None = 16.0, **more: object
) -> Report:
    accepted = None if limit_a is None else Accepted(on_every_phase(limit_a).map(float))
    car = Car(phases=3, min_a=6.0, max_a=16.0)
    said = Report(
        ski, car=car, current_a=on_every_phase(drawn_a).map(float), measured_age_s=0.0,
        accepted=accepted,
    )  # fmt: skip
    return replace(said, **more)


def site(*skis: str, meter: str | None = "grid", fuse_a: float = 25.0, phases: int = 3) -> State:
    state = restored(Remembered(grid(fuse_a, phases), ON, {}, skis, meter), 0.0)
    return apply(state, ChargersPaired(skis), 0.0)


def read(state: State, now: float, house_a: float) -> State:
    noise = now % 1 / 100 + now / 1e5
    return apply(state, GridRead(GridReading("grid", on_every_phase(house_a + noise))), now)


# --- ladder --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_s", "stage"),
    [
        (0, Stage.FRESH),
        (4.9, Stage.FRESH),
        (5.1, Stage.HOLD),
        (20, Stage.HOLD),
        (20.1, Stage.STATIC_SHARE),
        (60, Stage.STATIC_SHARE),
        (60.1, Stage.FAILSAFE),
    ],
)
def test_the_older_a_reading_the_lower_the_rung(age_s: float, stage: Stage) -> None:
    state = read(site(), 10.0, 3.0)
    assert rung(state.meter, 10.0 + age_s, DEFAULTS).stage is stage


def test_while_holding_the_reserve_for_the_house_grows_to_four_amperes() -> None:
    state = read(site(), 10.0, 3.0)
    assert rung(state.meter, 10 + 7.0, DEFAULTS).growth_a == pytest.approx(1.0)
    assert rung(state.meter, 10 + 19.0, DEFAULTS).growth_a == 4.0


def test_a_site_without_a_meter_is_static_and_one_with_a_silent_meter_is_not() -> None:
    assert rung(site(meter=None).meter, 1000.0, DEFAULTS).stage is Stage.NO_METER
    assert rung(site().meter, 1.0, DEFAULTS).stage is Stage.HOLD
    assert rung(site().meter, 10.0, DEFAULTS).stage is Stage.STATIC_SHARE
    assert rung(site().meter, 61.0, DEFAULTS).stage is Stage.FAILSAFE


def test_a_meter_that_is_set_up_later_has_its_own_first_seconds() -> None:
    state = apply(site(meter=None), GridMeterNamed("new"), 5000.0)
    assert rung(state.meter, 5001.0, DEFAULTS).stage is Stage.HOLD


def test_five_equal_samples_are_a_frozen_meter() -> None:
    state = site()
    for second in range(5):
        state = apply(state, GridRead(GridReading("grid", on_every_phase(3.0))), float(second))
    assert rung(state.meter, 4.0, DEFAULTS).age_s == 4.0
    assert rung(state.meter, 6.0, DEFAULTS).stage is Stage.HOLD


@pytest.mark.parametrize("reading", [
    GridReading("grid", Phases(3.0, None, 3.0)),
    GridReading("grid", Phases(3.0, float("nan"), 3.0)),
    GridReading("grid", on_every_phase(3.0), is_good=False),
    GridReading("another", on_every_phase(3.0)),
])  # fmt: skip
def test_a_reading_that_cannot_be_used_is_no_reading(reading: GridReading) -> None:
    assert apply(site(), GridRead(reading), 1.0).meter.last is None


# --- sites and chargers --------------------------------------------------------------------------


def test_a_one_phase_site_needs_only_l1_and_manages_only_l1() -> None:
    state = site(A, phases=1, fuse_a=16)
    state = apply(state, GridRead(GridReading("grid", Phases(3.0, None, None))), 2.0)
    state = apply(state, ChargerHeard(report(drawn_a=0.0, limit_a=6.0)), 2.0)
    decision = decide(state, 2.0)
    assert decision.picture.headroom_a.l1 == pytest.approx(12.5)
    assert decision.picture.headroom_a.l2 is None
    assert decision.limits[A].current_a == Phases(10.0, None, None)


def test_a_rotated_charger_loads_the_phases_it_is_wired_to() -> None:
    settings = ChargerSettings(A, wiring=Rotation.STR, phases=3)
    assert settings.wired(3) == (Phase.L2, Phase.L3, Phase.L1)
    assert ChargerSettings(A, wiring=Rotation.STR, phases=1).wired(3) == (Phase.L2,)
    said = report(current_a=Phases(1.0, 2.0, 3.0))
    assert house_currents(settings, 3, said) == Phases(3.0, 1.0, 2.0)
    assert house_currents(settings, 3, report(current_a=Phases(1.0, None, 3.0))) is None


def test_a_conductor_the_car_does_not_use_may_stay_unmeasured() -> None:
    said = report(current_a=Phases(9.0, None, None), car=Car(phases=1))
    settings = ChargerSettings(A, wiring=Rotation.STR)
    assert house_currents(settings, 3, said) == Phases(0.0, 9.0, 0.0)


def test_a_one_phase_car_is_limited_on_its_conductor_only() -> None:
    state = read(site(A), 2.0, 3.0)
    car = Car(phases=1, min_a=6.0, max_a=16.0)
    state = apply(state, ChargerHeard(report(limit_a=6.0, car=car)), 2.0)
    limit = decide(state, 2.0).limits[A].current_a
    assert (limit.l2, limit.l3) == (None, None)
    assert limit.l1 == 10.0


def test_an_unknown_phase_count_reserves_all_wired_phases() -> None:
    charger = Charger(A, ChargerSettings(A), report=report(car=Car(phases=None)))
    assert charger.phases(3, DEFAULTS) == (Phase.L1, Phase.L2, Phase.L3)


@pytest.mark.parametrize(
    ("said", "standing", "kept_a"),
    [
        (report(), Standing.READY, 0.0),
        (report(limit_a=None), Standing.FRESH, 16.0),
        (report(car=None, limit_a=None), Standing.NO_CAR, 0.0),
        (report(operating_state="failure"), Standing.FAULTY, 0.0),
        (report(link=Link.CONNECTING, drawn_a=9.0, limit_a=10.0), Standing.OUT_OF_REACH, 10.0),
        (report(is_car_known=False, limit_a=None, car=None), Standing.OUT_OF_REACH, 6.0),
    ],
)
def test_what_takes_no_part_is_reserved(said: Report, standing: Standing, kept_a: float) -> None:
    state = apply(site(A), ChargerHeard(said), 10.0)
    charger = state.chargers[A]
    assert charger.standing(10.0, DEFAULTS) is standing
    assert reserve_a(charger, 10.0, DEFAULTS) == kept_a


def test_a_charger_nobody_has_heard_of_is_reserved_and_waited_for() -> None:
    state = read(site(A, B), 1.0, 3.0)
    assert decide(state, 1.0).limits == {}  # the leases of the CEM before still run
    decision = decide(state, 2.0)
    assert decision.picture.reserved_a.l1 == 64.0  # either may hold any older limit
    assert decide(apply(state, ChargersPaired((A,)), 20.0), 20.0).picture.reserved_a.l1 == 6.0


def test_a_charger_whose_own_side_nobody_confirms_costs_the_others_no_more_than_its_failsafe() -> (
    None
):
    state = site(A, fuse_a=32.0)
    waiting = report(B, link=Link.CONNECTING, is_car_known=False, car=None, limit_a=None)
    kept_a, granted_a = [], []
    for second in range(200):
        now = float(second)
        if second == 40:
            state = apply(state, ChargersPaired((A, B)), now)
        charger = state.chargers[A]
        held_a = charger.granted_a or 0.0
        state = apply(state, ChargerHeard(report(drawn_a=held_a, limit_a=held_a)), now)
        if second >= 40:
            state = apply(state, ChargerHeard(replace(waiting, measured_age_s=None)), now)
        decision = decide(read(state, now, 3.0 + held_a), now)
        state = decision.state
        kept_a.append(decision.picture.reserved_a.l1)
        granted_a.append(state.chargers[A].granted_a or 0.0)
    assert max(filter(None, kept_a[40:])) == 6.0
    assert min(granted_a[40:]) == 16.0


def test_a_car_that_takes_less_gives_the_rest_back_and_is_asked_again() -> None:
    state = apply(site(A), ChargerHeard(report(drawn_a=8.0, limit_a=16.0)), 0.0)
    charger = replace(state.chargers[A], granted_a=16.0)
    for second in range(27):
        state = apply(state, ChargerHeard(report(drawn_a=8.0)), float(second))
        samples = state.chargers[A].samples
        charger = claimed(replace(charger, samples=samples), 3, float(second), DEFAULTS)
    assert charger.claim_a == 9.5
    charger = replace(charger, granted_a=9.5)
    for second in range(27, 60):
        state = apply(state, ChargerHeard(report(drawn_a=9.2)), float(second))
        samples = state.chargers[A].samples
        charger = claimed(replace(charger, samples=samples), 3, float(second), DEFAULTS)
    assert charger.claim_a == 11.5


def test_a_roster_without_a_charger_forgets_it_and_late_reports_do_not_bring_it_back() -> None:
    state = apply(site(A, B), ChargersPaired((B,)), 1.0)
    state = apply(state, ChargerHeard(report(A)), 2.0)
    assert set(state.chargers) == {B}


def test_a_plug_in_is_urgent_and_a_routine_report_is_not() -> None:
    before = apply(site(A), ChargerHeard(report(car=None, limit_a=None)), 1.0)
    plugged = ChargerHeard(report(limit_a=None))
    assert is_urgent(before, apply(before, plugged, 1.1), plugged, 1.1)
    routine = ChargerHeard(report(car=None, limit_a=None))
    assert not is_urgent(before, apply(before, routine, 1.1), routine, 1.1)


def test_switched_off_every_limit_is_released() -> None:
    state = apply(read(site(A), 2.0, 3.0), ChargerHeard(report()), 2.0)
    decision = decide(apply(state, EnergyManagementSet(EnergyManagement()), 2.0), 2.0)
    assert decision.limits[A].is_release
    assert decision.reasons[A] == Reason(Kind.ENERGY_MANAGEMENT_OFF, since_s=2.0)
    unset = decide(apply(state, GridConnectionSet(None), 2.0), 2.0)
    assert unset.limits[A].is_release
    assert [notice.code for notice in unset.state.notices] == ["no-fuse-set"]


def test_the_reason_names_circuit_phase_and_fuse_and_keeps_its_start() -> None:
    state = apply(site(A), ChargerHeard(report(drawn_a=12.0, limit_a=12.0)), 1.0)
    reasons = []
    for second in range(2, 12):
        state = read(state, float(second), 22.0)
        state = apply(state, ChargerHeard(report(drawn_a=12.0, limit_a=12.0)), float(second))
        decision = decide(state, float(second))
        state = decision.state
        reasons.append(decision.reasons[A])
    last = reasons[-1]
    assert last is not None
    assert (last.kind, last.element, last.value) == (Kind.FUSE, MAIN, 25.0)
    assert last.phase is Phase.L1
    assert last.since_s < 11.0


# --- failsafe and validation ---------------------------------------------------------------------


def test_the_usual_margin_adds_noise_and_the_meters_error_as_squares() -> None:
    unset = replace(grid(), margin_a=None)
    assert unset.margins_a(DEFAULTS)[Phase.L1] == pytest.approx(0.559, abs=5e-4)
    assert grid().margins_a(DEFAULTS)[Phase.L1] == 0.5, "as it was set"


def test_failsafe_currents_and_the_base_load_must_fit_under_the_fuse() -> None:
    chargers = [ChargerSettings(str(number) * 40) for number in range(4)]
    assert excess(grid(27.0), chargers) is None
    found = excess(grid(26.9), chargers)
    assert found is not None
    assert (found.failsafe_sum_a, found.base_load_a, found.fuse_a) == (24.0, 3.0, 26.9)
    assert (
        sum(
            fallbacks_a(
                tree(grid(26.9), (), DEFAULTS),
                grid(26.9),
                [Charger(settings.ski, settings) for settings in chargers],
                None,
            ).values()
        )
        == 18.0
    )


def test_a_charger_paired_later_is_warned_about() -> None:
    skis = tuple(str(number) * 40 for number in range(4))
    state = decide(site(*skis, fuse_a=25), 2.0).state
    assert "failsafe-sum" in [notice.code for notice in state.notices]


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"fuse_a": Phases(0.0, 25.0, 25.0)}, "fuse-out-of-range", "/fuse_a/l1"),
        ({"fuse_a": Phases(25.0, 25.0, 1000.5)}, "fuse-out-of-range", "/fuse_a/l3"),
        ({"fuse_a": Phases(25.0, float("nan"), 25.0)}, "fuse-out-of-range", "/fuse_a/l2"),
        ({"phases": 2}, "phases-not-supported", "/phases"),
        ({"margin_a": 13.0}, "margin-out-of-range", "/margin_a"),
        ({"base_load_a": Phases(3.0, -1.0, 3.0)}, "base-load-out-of-range", "/base_load_a/l2"),
        ({"static_share_a": on_every_phase(26.0)}, "static-share-out-of-range",
         "/static_share_a/l1"),
        ({"base_load_a": on_every_phase(20.0)}, "failsafe-sum-too-high", "/fuse_a"),
    ],
)  # fmt: skip
def test_a_grid_connection_that_cannot_be_is_refused(
    changed: dict[str, object], code: str, pointer: str
) -> None:
    objection = object_to_grid(replace(grid(), **changed), [ChargerSettings(A)])
    assert objection is not None
    assert (objection.code, objection.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ski": "xyz"}, "invalid-ski"),
        ({"max_a": 100.0}, "max-out-of-range"),
        ({"min_a": 40.0}, "min-out-of-range"),
        ({"failsafe_a": -1.0}, "failsafe-out-of-range"),
        ({"priority": 0}, "priority-out-of-range"),
        ({"phases": 2}, "phases-not-supported"),
        ({"failsafe_a": 23.0}, "failsafe-sum-too-high"),
    ],
)
def test_charger_settings_that_cannot_be_are_refused(changed: dict[str, object], code: str) -> None:
    objection = object_to_charger(replace(ChargerSettings(A), **changed), grid(), [])
    assert objection is not None
    assert objection.code == code


def test_what_is_fine_is_not_objected_to() -> None:
    assert object_to_grid(grid(), [ChargerSettings(A)]) is None
    assert object_to_charger(ChargerSettings(A), grid(), []) is None
    assert object_to_energy_management(ON) is None
    assert object_to_energy_management(EnergyManagement(on=True)) is not None


def test_taking_protection_away_needs_somebody_at_the_site() -> None:
    assert needs_site(grid(), None)
    assert needs_site(grid(32.0), grid(25.0))
    assert needs_site(replace(grid(), margin_a=0.1), grid())
    assert not needs_site(grid(20.0), grid(25.0))


def test_a_tree_of_circuits_knows_what_is_below_each_node() -> None:
    row = Circuit("row", on_every_phase(16.0))
    tree = Circuit(
        MAIN,
        on_every_phase(25.0),
        children=(Circuit("hall", on_every_phase(20.0), children=(row,)),),
    )
    below = {circuit.id: ids for circuit, ids in tree.walk()}
    assert below == {
        MAIN: {MAIN, "hall", "row"},
        "hall": {"hall", "row"},
        "row": {"row"},
    }
