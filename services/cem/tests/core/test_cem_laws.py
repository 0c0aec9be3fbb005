"""The laws of design.md section 2, after every event, in any order, with any numbers."""

from dataclasses import replace
from math import inf, isfinite, nan

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cem.core.charger import Charger, Standing
from cem.core.decide import decide
from cem.core.decision import Cause, Decision
from cem.core.events import (
    Accepted,
    Car,
    ChargerHeard,
    ChargerSet,
    ChargersPaired,
    EnergyManagementSet,
    Event,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    Link,
    Report,
)
from cem.core.folding import apply
from cem.core.parameters import DEFAULTS
from cem.core.rooms import Room
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
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
    communication=st.sampled_from(["", "iec61851"]),
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
                if room.phase in charger.phases(state.grid.phases, DEFAULTS)
            ]
            granted_a = sum(charger.granted_a or 0.0 for charger in on_phase)
            firm_a = room.limit_a - room.firm_other_a - room.firm_reserved_a
            assert granted_a <= max(0.0, firm_a) + ROUNDING_A
            now_a = room.limit_a - room.other_a - room.reserved_a
            at_minimum = all((c.granted_a or 0.0) <= c.least_a + ROUNDING_A for c in on_phase)
            assert granted_a <= max(0.0, now_a) + ROUNDING_A or at_minimum
            assert room.firm_reserved_a >= self.lost_failsafe_a(room, state) - ROUNDING_A
            assert room.limit_a <= room.circuit.fuse_a[room.phase] - DEFAULTS.margin_fixed_a

    def lost_failsafe_a(self, room: Room, state: State) -> float:
        """Return what chargers out of reach draw at least when their own failsafe rules."""
        return sum(
            charger.settings.failsafe_a
            for charger in state.chargers.values()
            if self.standing(charger) is Standing.OUT_OF_REACH
            and room.phase in charger.settings.wired(state.site_phases)
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
