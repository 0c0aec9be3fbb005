"""Operator limits, contract power, circuits with sub-meters, guarantees: by value."""

from datetime import UTC, datetime, timedelta

import pytest

from cem.core.circuits import CircuitSettings, ancestry
from cem.core.decide import decide
from cem.core.decision import Decision
from cem.core.driving import WallClock
from cem.core.events import (
    Accepted,
    ApiLimitSet,
    Car,
    ChargerHeard,
    ChargerSet,
    ChargersPaired,
    CircuitsSet,
    EnergyManagementSet,
    Event,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    OperatorLimitsHeard,
    OperatorSet,
    Report,
    SubMeterRead,
)
from cem.core.failsafe import excess
from cem.core.folding import apply, is_urgent
from cem.core.obeying import in_force
from cem.core.operating import LimitState, OperatorLimit, OperatorSettings
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Kind
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, tree
from cem.core.state import Remembered, State, restored
from electrical.phases import UNKNOWN, PhaseReadings, Phases, on_every_phase

A, B, C = "a" * 40, "b" * 40, "c" * 40
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIMITED = OperatorLimit(state=LimitState.LIMITED, limit_w=4200.0, failsafe_w=4200.0)


class Site:
    """Chargers whose cars follow at once, and a quiet house."""

    def __init__(self, *skis: str, fuse_a: float = 63.0, **fields: float | int | None) -> None:
        self.t = 0.0
        self.skis = skis
        self.house_a = [1.0, 1.0, 1.0]
        self.volts: PhaseReadings = UNKNOWN
        self.sub_a: float | None = None  # what else hangs on the circuit "row"
        self.state: State = restored(Remembered(), 0.0)
        self.tell(
            GridConnectionSet(GridConnection(on_every_phase(fuse_a), 3, 0.5, revision=1)),
            EnergyManagementSet(EnergyManagement(on=True, confirmed_no_other=True)),
            *(ChargerSet(ChargerSettings(ski, max_a=16.0, **fields)) for ski in skis),  # type: ignore[arg-type]
            ChargersPaired(skis),
            GridMeterNamed("grid"),
            WallClock(0.0, NOON),
        )
        self.decision: Decision

    def tell(self, *events: Event) -> "Site":
        for event in events:
            self.state = apply(self.state, event, self.t)
        return self

    def play(self, seconds: int) -> "Site":
        for _ in range(seconds):
            self.t += 1.0
            self._second(0.01 * (self.t % 7))
        return self

    def _second(self, noise_a: float) -> None:
        total_a = self.sub_a or 0.0
        for ski in self.skis:
            drawn_a = self.state.chargers[ski].granted_a or 0.0
            total_a += drawn_a
            report = Report(
                ski, car=Car("", 3, None, 16.0, plug=1), measured_age_s=0.0,
                current_a=on_every_phase(drawn_a).map(float),
                accepted=Accepted(on_every_phase(drawn_a).map(float)),
            )  # fmt: skip
            self.tell(ChargerHeard(report))
        amps = Phases(*(house_a + total_a + noise_a for house_a in self.house_a))
        self.tell(GridRead(GridReading("grid", amps, voltage_v=self.volts)))
        if self.sub_a is not None:
            self.tell(SubMeterRead("row", GridReading("sub", on_every_phase(total_a + noise_a))))
        self.decision = decide(self.state, self.t)
        self.state = self.decision.state

    @property
    def granted_a(self) -> list[float]:
        return [self.state.chargers[ski].granted_a or 0.0 for ski in self.skis]

    def why(self, ski: str) -> Kind | None:
        reason = self.decision.reasons[ski]
        return None if reason is None else reason.kind


# --- the grid operator ---------------------------------------------------------------------------


def test_a_limit_is_obeyed_at_once_and_by_measured_voltage() -> None:
    site = Site(A)
    site.volts = on_every_phase(230.0).map(float)
    site.play(60)
    before = site.state
    event = OperatorLimitsHeard((LIMITED,))
    assert is_urgent(before, apply(before, event, site.t), event, site.t)
    site.tell(event).play(1)
    assert site.granted_a == [pytest.approx(6.0, abs=0.1)]
    assert site.why(A) is Kind.OPERATOR_LIMIT
    assert site.decision.limits[A].fallback_a == 6.0
    site.volts = on_every_phase(240.0).map(float)
    assert site.play(1).granted_a == [0.0]  # 3 x 6 A at 240 V is more than 4.2 kW
    assert site.decision.limits[A].fallback_a == 0.0


def test_a_car_that_pauses_for_the_grid_operator_says_so() -> None:
    site = Site(A, B)
    site.volts = on_every_phase(230.0).map(float)
    site.play(60).tell(OperatorLimitsHeard((LIMITED,))).play(2)
    assert sorted(site.granted_a) == [0.0, pytest.approx(6.0, abs=0.1)]
    assert (site.why(A), site.why(B)) == (Kind.OPERATOR_LIMIT, Kind.OPERATOR_LIMIT)
    assert {reason.value for reason in site.decision.reasons.values() if reason} == {4200.0}


def test_without_a_measured_voltage_the_highest_allowed_one_counts() -> None:
    site = Site(A).play(30).tell(OperatorLimitsHeard((LIMITED,))).play(1)
    assert site.granted_a == [0.0]
    wider = OperatorLimit(state=LimitState.LIMITED, limit_w=253.0 * 3 * 8)
    assert site.tell(OperatorLimitsHeard((wider,))).play(90).granted_a[0] <= 8.0


def test_when_the_gateway_is_silent_the_failsafe_limit_holds_until_it_speaks() -> None:
    free = OperatorLimit(state=LimitState.UNLIMITED_CONTROLLED, failsafe_w=4200.0)
    state = Site(A).play(5).tell(OperatorLimitsHeard((free,))).state
    assert in_force(state, 100.0, DEFAULTS) == ()
    for later_s in (126.0, 7326.0, 90_000.0):  # never unlimited because a time has passed
        (limit,) = in_force(state, later_s, DEFAULTS)
        assert (limit.state, limit.limit_w) == (LimitState.FAILSAFE, 4200.0)
    spoken = apply(state, OperatorLimitsHeard((free,)), 90_001.0)
    assert in_force(spoken, 90_002.0, DEFAULTS) == ()


def test_a_limit_outlives_a_restart_of_ours() -> None:
    state = restored(Remembered(operator_limits=(LIMITED,)), 500.0)
    assert [limit.limit_w for limit in in_force(state, 501.0, DEFAULTS)] == [4200.0]


def test_a_car_that_still_follows_what_held_before_our_restart_is_not_disobedient() -> None:
    site = Site(A)

    def hear(is_fallback: bool) -> None:  # the current is told before and after, not meanwhile
        site.t += 0.5
        drawn = on_every_phase(7.7).map(float)
        nothing = Accepted(on_every_phase(0.0).map(float), is_fallback=is_fallback)
        car = Car("", 3, None, 16.0, plug=1)
        age_s = 1.0 + site.t
        report = Report(A, car=car, current_a=drawn, measured_age_s=age_s, accepted=nothing)
        site.tell(ChargerHeard(report))
        site.tell(GridRead(GridReading("grid", Phases(62.0, 62.0, 62.0))))
        site.decision = decide(site.state, site.t)
        site.state = site.decision.state

    for is_fallback in (True, True, *6 * (False,)):
        hear(is_fallback)
    assert not site.state.chargers[A].disobeys
    assert site.state.chargers[A].misses == 0


def test_a_limit_by_api_ends_by_the_wall_clock_and_the_strictest_one_counts() -> None:
    ends = NOON + timedelta(seconds=60)
    by_api = OperatorLimit(source="api", state=LimitState.LIMITED, limit_w=3000.0, until=ends)
    site = Site(A).tell(OperatorLimitsHeard((LIMITED,)), ApiLimitSet(by_api)).play(2)
    assert site.decision.operator_w == 3000.0
    assert site.play(65).decision.operator_w == 4200.0


def test_a_limit_that_is_no_number_is_the_strictest() -> None:
    odd = OperatorLimit(state=LimitState.LIMITED, limit_w=float("nan"))
    assert Site(A).tell(OperatorLimitsHeard((odd,))).play(3).decision.operator_w == 0.0


def test_own_sun_is_added_only_where_that_is_set() -> None:
    site = Site(A)
    site.house_a = [-10.0, -10.0, -10.0]
    site.volts = on_every_phase(230.0).map(float)
    site.play(40).tell(OperatorLimitsHeard((LIMITED,))).play(30)
    assert site.decision.operator_w == 4200.0
    site.tell(OperatorSet(OperatorSettings(credits_sun=True))).play(30)
    assert site.decision.operator_w == pytest.approx(4200 + 6900, abs=100)
    assert site.granted_a[0] > 14.0


def test_the_contracts_power_counts_the_house_too() -> None:
    site = Site(A)
    site.volts = on_every_phase(230.0).map(float)
    site.tell(OperatorSet(OperatorSettings(contract_w=8000.0))).play(60)
    assert site.granted_a[0] == pytest.approx((8000 - 690) / 690, abs=0.6)
    assert site.why(A) is Kind.CONTRACT_POWER


# --- circuits ------------------------------------------------------------------------------------

ROW = CircuitSettings("row", on_every_phase(20.0), meter="sub", margin_a=0.5)


def test_what_hangs_behind_a_sub_meter_leaves_its_chargers_less() -> None:
    site = Site(A, B, circuit="row")  # type: ignore[arg-type]
    site.sub_a = 6.0
    site.tell(CircuitsSet((ROW,))).play(80)
    assert sum(site.granted_a) == pytest.approx(13.5, abs=0.6)
    reason = site.decision.reasons[A]
    assert reason is not None
    assert (reason.kind, reason.element) == (Kind.FUSE, "row")


def test_a_silent_sub_meter_moves_its_chargers_down_the_ladder() -> None:
    site = Site(A, circuit="row")  # type: ignore[arg-type]
    site.sub_a = 2.0
    site.tell(CircuitsSet((ROW,))).play(60)
    assert site.granted_a[0] == 16.0
    site.sub_a = None
    site.play(40)
    assert site.granted_a == [6.0]  # its failsafe current
    assert site.why(A) is Kind.FAILSAFE


def test_a_narrow_phase_of_a_circuit_binds_only_there() -> None:
    site = Site(A, B)
    site.tell(
        ChargerSet(ChargerSettings(A, max_a=16.0, circuit="row")),
        CircuitsSet((CircuitSettings("row", Phases(20.0, 10.0, 20.0), margin_a=0.0),)),
    ).play(60)
    assert site.granted_a == [10.0, 16.0]


def test_a_circuit_whose_parent_is_gone_hangs_on_the_main_fuse() -> None:
    loose = CircuitSettings("a", on_every_phase(10.0), parent="gone")
    one, two = (
        CircuitSettings("x", on_every_phase(10.0), parent="y"),
        CircuitSettings("y", on_every_phase(10.0), parent="x"),
    )
    root = tree(GridConnection(on_every_phase(25.0)), (loose, one, two), DEFAULTS)
    assert {circuit.id for circuit, _ in root.walk()} == {"main", "a", "x", "y"}
    assert ancestry("x", (one, two)) == ("x", "y", "main")


def test_failsafe_currents_must_fit_each_circuit() -> None:
    circuits = (CircuitSettings("row", on_every_phase(10.0)),)
    chargers = [ChargerSettings(ski, circuit="row") for ski in (A, B)]
    found = excess(GridConnection(on_every_phase(63.0)), chargers, circuits)
    assert found is not None
    assert (found.circuit, found.failsafe_sum_a, found.fuse_a) == ("row", 12.0, 10.0)


def test_a_guaranteed_minimum_comes_before_the_share_of_others() -> None:
    site = Site(A, B, C, fuse_a=31.5)
    site.tell(ChargerSet(ChargerSettings(C, max_a=16.0, guaranteed_a=14.0))).play(90)
    first, second, third = site.granted_a
    assert third == pytest.approx(14.0, abs=0.6)
    assert first == pytest.approx(second, abs=0.6)
    assert site.why(A) is Kind.GUARANTEED_MINIMUM
