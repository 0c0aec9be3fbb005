"""The laws of design.md section 2, after every event, in any order, with any numbers."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import inf, isfinite, nan
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cem.core.caps import conductors, voltages_v
from cem.core.charger import Charger
from cem.core.circuits import CircuitSettings
from cem.core.conduct import Standing
from cem.core.decide import decide
from cem.core.decision import Cause, Decision
from cem.core.driving import Car as DrivenCar
from cem.core.driving import ChargingMode, Goal, Mode, SmartSwitches, WallClock
from cem.core.events import (
    Accepted,
    ApiLimitSet,
    BatteryRead,
    Car,
    CarSocTold,
    CarsSet,
    ChargerHeard,
    ChargerSet,
    ChargersPaired,
    CircuitsSet,
    EnergyManagementSet,
    Event,
    GoalSet,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    Link,
    ModeSet,
    OperatorLimitsHeard,
    OperatorSet,
    PhasesSwitched,
    PlanHeard,
    PricesHeard,
    PulseAsked,
    PulseEnded,
    Report,
    SessionsNamed,
    SubMeterRead,
)
from cem.core.folding import apply
from cem.core.operating import LimitState, OperatorLimit, OperatorSettings
from cem.core.parameters import DEFAULTS
from cem.core.plan import Course, Plan, Prices
from cem.core.rooms import Room
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from cem.core.state import Remembered, restored
from cem.core.view import View
from electrical.phases import Phases
from electrical.rotation import Rotation

SKIS = ("a" * 40, "b" * 40, "c" * 40)
ROUNDING_A = 1e-6
odd = st.sampled_from([None, nan, inf, -inf])
amps = st.one_of(st.floats(-40, 80), odd)
three = st.builds(Phases, amps, amps, amps)
skis = st.sampled_from(SKIS)
fuses = st.builds(Phases, *[st.floats(6, 80)] * 3)
cars = st.none() | st.builds(
    Car,
    communication=st.sampled_from(["", "iec61851", "iso15118-2ed2"]),
    phases=st.sampled_from([None, 1, 2, 3, 9]),
    min_a=st.one_of(st.sampled_from([6.0, 2.2]), odd),
    max_a=st.one_of(st.floats(0, 40), odd),
    operating_state=st.sampled_from(["", "finished"]),
    plug=st.integers(0, 2),
)
limits = st.none() | st.builds(Accepted, three, st.booleans())
reports = st.builds(
    Report,
    skis,
    link=st.sampled_from([Link.CONNECTED] * 4 + [Link.CONNECTING]),
    operating_state=st.sampled_from(["", "", "failure"]),
    car=cars,
    is_car_known=st.sampled_from([True, True, True, False]),
    current_a=three,
    measured_age_s=st.one_of(st.floats(0, 30), odd),
    accepted=limits,
    limit_problem=st.sampled_from(["", "refused"]),
    offered_phases=st.sampled_from([None, None, 1, 3]),
    energy_wh=st.one_of(st.floats(0, 60_000), odd),
)
settings_of = st.builds(
    ChargerSettings,
    skis,
    min_a=st.sampled_from([6.0, 8.0]),
    max_a=st.sampled_from([16.0, 32.0]),
    phases=st.sampled_from([1, 3]),
    wiring=st.sampled_from(list(Rotation)),
    failsafe_a=st.sampled_from([0.0, 6.0]),
    priority=st.integers(1, 3),
    weight=st.sampled_from([1.0, 2.0]),
    circuit=st.sampled_from(["main", "hall", "row", "gone"]),
    phase_switching=st.sampled_from(list(PhaseSwitching)),
    is_phase_switching_confirmed=st.booleans(),
    guaranteed_a=st.sampled_from([None, 8.0]),
)
EPOCH = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
modes = st.builds(
    ChargingMode,
    st.sampled_from(list(Mode)),
    st.builds(SmartSwitches, st.booleans(), st.booleans(), st.booleans()),
)
orders = st.builds(
    OperatorLimit,
    state=st.sampled_from(list(LimitState)),
    limit_w=st.one_of(st.sampled_from([0.0, 4200.0, 11000.0]), odd),
    failsafe_w=st.sampled_from([None, 4200.0]),
)
circuits = st.builds(
    CircuitSettings,
    st.sampled_from(["hall", "row"]),
    fuses,
    parent=st.sampled_from(["main", "hall", "row", "gone"]),
    meter=st.sampled_from(["", "sub"]),
)


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens, in whatever order: the laws hold after every decision."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.decision: Decision

    @initialize(phases=st.sampled_from([1, 3]), fuse=fuses, meter=st.sampled_from([None, "grid"]))
    def start(self, phases: int, fuse: Phases[float], meter: str | None) -> None:
        fuse = fuse if phases == 3 else Phases(fuse.l1, 0.0, 0.0)
        grid = GridConnection(fuse, phases, None, Phases(2.0, 2.0, 2.0), revision=1)
        on = EnergyManagement(on=True, confirmed_no_other=True)
        state = restored(Remembered(grid, on, {}, SKIS[:2], meter), self.now)
        self.decision = decide(state, self.now)
        self.happens(ChargersPaired(SKIS))

    def happens(self, event: Event) -> None:
        before = self.decision.state
        state = apply(before, event, self.now)
        assert apply(before, event, self.now) == state
        self.decision = decide(state, self.now)
        assert decide(state, self.now) == self.decision
        self.check_moves(before.chargers, state)

    def check_moves(self, before: object, state: object) -> None:
        """Increases are paced; back to what a car still draws is none."""
        for ski, new in self.decision.state.chargers.items():
            old = state.chargers[ski]  # type: ignore[attr-defined]  # a State
            if self.standing(new) is not Standing.READY or not self.decision.limits:
                continue
            if old.granted_a is None or new.granted_a is None or new.granted_a <= old.granted_a:
                continue
            still = old.measured_a(self.now, DEFAULTS)
            still_a = 0.0 if still is None else max(still.values())
            if new.granted_a > still_a + ROUNDING_A:
                assert self.now - old.raised_s >= DEFAULTS.raise_every_s - ROUNDING_A
                assert (
                    new.granted_a
                    <= max(old.granted_a + DEFAULTS.raise_step_a, new.least_a) + ROUNDING_A
                )
            assert self.decision.picture.ladder.allows_increase

    @rule(house=st.floats(0, 30), phases=st.sampled_from([1, 3]), seconds=st.integers(1, 8))
    def all_is_well(self, house: float, phases: int, seconds: int) -> None:
        """Some ordinary seconds: cars draw what they may, the meter sees them and the house."""
        for _ in range(seconds):
            self.now += 1.0
            drawn = Phases(house, house, house)
            for ski, charger in self.decision.state.chargers.items():
                granted_a = min(charger.granted_a or 0.0, 16.0)
                self.charger_behaves(ski, granted_a, phases)
                drawn = drawn + Phases(granted_a, granted_a, granted_a)
            self.happens(GridRead(GridReading("grid", drawn.map(float))))

    @rule(report=reports)
    def charger_reports(self, report: Report) -> None:
        self.happens(ChargerHeard(report))

    @rule(ski=skis, drawn_a=st.floats(0, 16), phases=st.sampled_from([1, 3]))
    def charger_behaves(self, ski: str, drawn_a: float, phases: int) -> None:
        charger = self.decision.state.chargers.get(ski)
        granted_a = charger.granted_a if charger and charger.granted_a is not None else 6.0
        limit = Accepted(Phases(granted_a, granted_a, granted_a))
        drawn_a = min(drawn_a, granted_a)
        current = Phases(drawn_a, drawn_a, drawn_a) if phases == 3 else Phases(drawn_a, 0.0, 0.0)
        car = Car(phases=phases, min_a=6.0, max_a=16.0)
        report = Report(ski, car=car, current_a=current, measured_age_s=0.0, accepted=limit)
        self.happens(ChargerHeard(report))

    @rule(current=three, age_s=st.one_of(st.floats(-1, 100), odd), good=st.booleans())
    def meter_reads_anything(
        self, current: Phases[float | None], age_s: float | None, good: bool
    ) -> None:
        age = nan if age_s is None else age_s
        self.happens(GridRead(GridReading("grid", current, age, is_good=good)))

    @rule(current=st.builds(Phases, *[st.floats(-30, 60)] * 3))
    def meter_reads(self, current: Phases[float]) -> None:
        self.happens(GridRead(GridReading("grid", current.map(float))))

    @rule(meter=st.sampled_from([None, "grid", "other"]))
    def meter_named(self, meter: str | None) -> None:
        self.happens(GridMeterNamed(meter))

    @rule(paired=st.sets(skis))
    def paired(self, paired: set[str]) -> None:
        self.happens(ChargersPaired(tuple(paired)))

    @rule(wanted=settings_of)
    def charger_set(self, wanted: ChargerSettings) -> None:
        self.happens(ChargerSet(wanted))

    @rule(on=st.booleans())
    def switched(self, on: bool) -> None:
        self.happens(EnergyManagementSet(EnergyManagement(on=on, confirmed_no_other=on)))

    @rule(fuse=fuses)
    def fuse_set(self, fuse: Phases[float]) -> None:
        grid = self.decision.state.grid
        assert grid is not None
        fuse = fuse if grid.phases == 3 else Phases(fuse.l1, 0.0, 0.0)
        self.happens(GridConnectionSet(replace(grid, fuse_a=fuse)))

    @rule(seconds=st.sampled_from([0.01, 0.3, 1.0, 1.0, 5.0, 30.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        before = self.decision.state
        self.decision = decide(before, self.now)
        self.check_moves(before.chargers, before)

    @rule(ski=skis, mode=modes)
    def mode_set(self, ski: str, mode: ChargingMode) -> None:
        self.happens(ModeSet(ski, mode))

    @rule(ski=skis, hours=st.floats(-1, 12), energy_wh=st.one_of(st.floats(0, 40_000), odd))
    def goal_set(self, ski: str, hours: float, energy_wh: float | None) -> None:
        departure = EPOCH + timedelta(hours=hours)
        wanted = None if energy_wh is None else Goal(ski, None, energy_wh, departure)
        self.happens(GoalSet(ski, wanted))

    @rule(soc=st.floats(0, 100))
    def car_told(self, soc: float) -> None:
        car = DrivenCar("id", battery_wh=50_000, min_soc_percent=soc, charger=SKIS[0])
        self.happens(CarsSet((car,)))

    @rule()
    def clock_read(self) -> None:
        self.happens(WallClock(self.now, EPOCH))

    @rule(orders=st.lists(orders, max_size=2))
    def operator_heard(self, orders: list[OperatorLimit]) -> None:
        self.happens(OperatorLimitsHeard(tuple(orders)))

    @rule(order=st.none() | orders)
    def limited_by_api(self, order: OperatorLimit | None) -> None:
        self.happens(ApiLimitSet(None if order is None else replace(order, source="api")))

    @rule(credits_sun=st.booleans(), contract_w=st.sampled_from([None, 3000.0, 20000.0]))
    def operator_set(self, credits_sun: bool, contract_w: float | None) -> None:
        self.happens(OperatorSet(OperatorSettings(credits_sun, (5000.0,), contract_w)))

    @rule(circuits=st.lists(circuits, max_size=2, unique_by=lambda circuit: circuit.id))
    def circuits_set(self, circuits: list[CircuitSettings]) -> None:
        self.happens(CircuitsSet(tuple(circuits)))

    @rule(circuit=st.sampled_from(["hall", "row"]), current=three)
    def sub_meter_reads(self, circuit: str, current: Phases[float | None]) -> None:
        self.happens(SubMeterRead(circuit, GridReading("sub", current)))

    @rule(ski=skis, phases=st.sampled_from([None, 1, 3, 7]))
    def phases_switched(self, ski: str, phases: int | None) -> None:
        self.happens(PhasesSwitched(ski, phases))

    @rule(ski=skis, current_a=amps, seconds=st.floats(-5, 60))
    def pulse_asked(self, ski: str, current_a: float | None, seconds: float) -> None:
        asked_a = nan if current_a is None else current_a
        self.happens(PulseAsked(ski, asked_a, self.now + seconds))

    @rule(ski=skis)
    def pulse_ended(self, ski: str) -> None:
        self.happens(PulseEnded(ski))

    @rule(
        powers=st.lists(st.sampled_from([0.0, 1.0, 4_000.0, 1e9]), min_size=1, max_size=4),
        slot_s=st.sampled_from([1.0, 900.0]),
        sessions=st.tuples(*[st.sampled_from(["s1", "s2"])] * 3),
        sunny=st.booleans(),
    )
    def plan_heard(
        self, powers: list[float], slot_s: float, sessions: tuple[str, str, str], sunny: bool
    ) -> None:
        start_s = EPOCH.timestamp() + self.now - 1000.0
        edges_s = tuple(start_s + slot_s * number for number in range(len(powers) + 1))
        courses = tuple(
            Course(session, ski, tuple(powers), (sunny,) * len(powers), shortfall_wh=500.0)
            for ski, session in zip(SKIS, sessions, strict=True)
        )
        self.happens(PlanHeard(Plan("p", 1, start_s, edges_s[-1], edges_s, courses)))

    @rule(values=st.lists(st.none() | st.floats(-1, 1), min_size=1, max_size=4))
    def prices_heard(self, values: list[float | None]) -> None:
        start_s = EPOCH.timestamp() + self.now - 1000.0
        edges_s = tuple(start_s + 900.0 * number for number in range(len(values) + 1))
        self.happens(PricesHeard(Prices("t", 1, edges_s, tuple(values))))

    @rule(sessions=st.tuples(*[st.sampled_from(["s1", "s2"])] * 3))
    def sessions_named(self, sessions: tuple[str, str, str]) -> None:
        self.happens(SessionsNamed(tuple(zip(SKIS, sessions, strict=True))))

    @rule(percent=st.one_of(st.floats(-10, 110), odd), age_s=st.one_of(st.floats(-9, 9e3), odd))
    def soc_told(self, percent: float | None, age_s: float | None) -> None:
        told = [nan if value is None else value for value in (percent, age_s)]
        self.happens(CarSocTold("id", *told, "push"))

    @rule(is_there=st.booleans(), power_w=st.one_of(st.floats(-9_000, 9_000), odd))
    def battery_read(self, is_there: bool, power_w: float | None) -> None:
        self.happens(BatteryRead(is_there, power_w))

    def standing(self, charger: Charger) -> Standing:
        return charger.standing(self.now, DEFAULTS)

    @invariant()
    def granted_and_reserved_stay_below_the_fuse(self) -> None:
        state, picture = self.decision.state, self.decision.picture
        if not self.decision.limits or state.grid is None or not picture.rooms:
            return
        view = View(state, state.grid, picture.ladder, self.now, DEFAULTS)
        sharing = [
            charger
            for charger in state.chargers.values()
            if self.standing(charger) is Standing.READY or charger.ski in view.young
        ]
        for room in picture.rooms:
            on_phase = [
                charger
                for charger in sharing
                if room.phase in view.used[charger.ski] and view.is_on(charger, room.circuit.id)
            ]
            granted_a = sum(
                (charger.granted_a or 0.0) * view.factors[charger.ski][room.phase]
                for charger in on_phase
            )
            firm_a = room.limit_a - room.firm_other_a - room.firm_reserved_a
            assert granted_a <= max(0.0, firm_a) + ROUNDING_A
            now_a = room.limit_a - room.other_a - room.reserved_a
            at_minimum = all((c.granted_a or 0.0) <= c.least_a + ROUNDING_A for c in on_phase)
            assert granted_a <= max(0.0, now_a) + ROUNDING_A or at_minimum
            assert room.firm_reserved_a >= self.lost_failsafe_a(room, view) - ROUNDING_A
            assert room.limit_a <= room.circuit.fuse_a[room.phase] - DEFAULTS.margin_fixed_a

    @invariant()
    def the_operators_limit_leaves_room_for_all_that_is_granted(self) -> None:
        """What is granted stays below the limit in watts, at the highest voltage there may be."""
        ordered_w, state = self.decision.operator_w, self.decision.state
        if ordered_w is None or not self.decision.limits or state.grid is None:
            return
        view = View(state, state.grid, self.decision.picture.ladder, self.now, DEFAULTS)
        volts = voltages_v(view)
        granted_w = sum(
            (charger.granted_a or 0.0) * sum(volts[phase] for phase in conductors(charger, view))
            for charger in state.chargers.values()
            if self.standing(charger) is Standing.READY
        )
        assert granted_w <= max(0.0, ordered_w) + 0.1
        fallback_w = sum(
            limit.fallback_a * 253.0 * len(state.chargers[ski].settings.wired(state.grid.phases))
            for ski, limit in self.decision.limits.items()
        )
        assert fallback_w <= max(0.0, ordered_w) * 253.0 / max(volts.values()) + 0.1

    @invariant()
    def who_is_off_gets_nothing(self) -> None:
        for ski, charger in self.decision.state.chargers.items():
            limit = self.decision.limits.get(ski)
            if charger.mode.mode is Mode.OFF and limit is not None and not limit.is_release:
                assert not charger.granted_a
                assert limit.fallback_a == 0.0

    @invariant()
    def what_is_pending_lies_ahead(self) -> None:
        for changes in self.decision.pending.values():
            times = [change.at_s for change in changes]
            assert times == sorted(times)
            assert all(at_s >= self.now and isfinite(at_s) for at_s in times)

    @invariant()
    def a_pulse_is_never_exceeded(self) -> None:
        if not self.decision.limits:
            return
        for charger in self.decision.state.chargers.values():
            pulse = charger.pulse
            if pulse is not None and self.standing(charger) is Standing.READY:
                assert (charger.granted_a or 0.0) <= max(pulse.current_a, charger.least_a) + 0.1

    def lost_failsafe_a(self, room: Room, view: View) -> float:
        """Return what chargers out of reach draw at least when their own failsafe rules."""
        return sum(
            charger.settings.failsafe_a
            for charger in view.state.chargers.values()
            if self.standing(charger) is Standing.OUT_OF_REACH
            and room.phase in charger.settings.wired(view.grid.phases)
            and view.is_on(charger, room.circuit.id)
        )

    @invariant()
    def a_limit_is_zero_or_between_minimum_and_maximum(self) -> None:
        for ski, limit in self.decision.limits.items():
            charger = self.decision.state.chargers[ski]
            for value in limit.current_a.values():
                assert value is None or (isfinite(value) and value >= 0)
            granted_a = charger.granted_a
            if self.standing(charger) is Standing.READY and granted_a:
                assert charger.least_a <= granted_a <= charger.most_a + ROUNDING_A
            assert limit.fallback_a in (0.0, charger.settings.failsafe_a)

    @invariant()
    def who_has_a_car_and_a_limit_has_a_reason(self) -> None:
        for ski, limit in self.decision.limits.items():
            charger = self.decision.state.chargers[ski]
            if self.standing(charger) is not Standing.NO_CAR:
                assert self.decision.reasons[ski] is not None
                assert limit.is_release or charger.granted_a is not None

    @invariant()
    def the_next_decision_is_at_most_a_second_away(self) -> None:
        assert self.now < self.decision.wake_at <= self.now + 1.0
        assert all(isinstance(o.cause, Cause) for o in self.decision.overloads)


AnyOrder.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    # A broken law shall fail within seconds. Shrinking 40 steps takes minutes: for that, run it
    # with `phases` left out.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestLawsInAnyOrder = AnyOrder.TestCase
