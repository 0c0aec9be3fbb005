"""Modes, goals and departures: what a mode comes to, and when a goal takes over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cem.core.conduct import Conduct
from cem.core.decide import decide
from cem.core.decision import Decision, PendingKind
from cem.core.driving import (
    Car,
    ChargingMode,
    Goal,
    Mode,
    SmartSwitches,
    WallClock,
    WeeklyDeparture,
    departure_of,
)
from cem.core.events import (
    Accepted,
    CarsSet,
    ChargerHeard,
    ChargerSet,
    ChargersPaired,
    EnergyManagementSet,
    GoalSet,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    ModeSet,
    PhasesSwitched,
    PulseAsked,
    Report,
)
from cem.core.events import Car as PluggedCar
from cem.core.folding import apply
from cem.core.reasons import Kind
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from cem.core.state import Remembered, State, phase_switches, restored
from electrical.phases import Phases, on_every_phase

A = "a" * 40
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "2026-03-29T03:30:00+02:00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00+01:00"),
    ],
)
def test_an_hour_later_is_an_hour_later_though_the_clocks_change(
    before: datetime, after: str
) -> None:
    clock = WallClock(100.0, before.astimezone(ZoneInfo("Europe/Berlin")))
    later = clock.at(3700.0)
    assert later.isoformat() == after
    assert later.tzinfo is clock.wall.tzinfo
    assert clock.moment_s(later) == 3700.0
    assert WallClock(3700.0, later).at(100.0) == clock.wall


class House:
    """One charger with a car that follows at once, second by second."""

    def __init__(self, *, fuse_a: float = 25.0, settings: ChargerSettings | None = None) -> None:
        self.t = 0.0
        self.house_a = [1.0, 1.0, 1.0]
        self.soc: float | None = None
        self.energy_wh = 0.0
        self.phases = 3
        self.communication, self.least_a = "", None
        state = restored(Remembered(), 0.0)
        for event in (
            GridConnectionSet(GridConnection(on_every_phase(fuse_a), 3, 0.5, revision=1)),
            EnergyManagementSet(EnergyManagement(on=True, confirmed_no_other=True)),
            ChargerSet(settings or ChargerSettings(A, max_a=16.0)),
            ChargersPaired((A,)),
            GridMeterNamed("grid"),
            WallClock(0.0, NOON),
        ):
            state = apply(state, event, 0.0)
        self.state: State = state
        self.decision: Decision

    def tell(self, *events: object) -> "House":
        for event in events:
            self.state = apply(self.state, event, self.t)  # type: ignore[arg-type]
        return self

    def play(self, seconds: int) -> "House":
        for _ in range(seconds):
            self.second()
        return self

    def second(self) -> None:
        self.t += 1.0
        charger = self.state.chargers[A]
        granted_a = charger.granted_a or 0.0
        each_a, phases = granted_a, self.phases
        settings = charger.settings
        if settings.may_switch_itself and 0 < granted_a < 6:
            each_a, phases = min(3 * granted_a, 16.0), 1
        drawn = [each_a * (n < phases) for n in range(3)]
        self.energy_wh += sum(drawn) * 230 / 3600
        car = PluggedCar(self.communication, phases, self.least_a, 16.0, "", self.soc, 1)
        report = Report(
            A, car=car, current_a=Phases(*drawn), measured_age_s=0.0, energy_wh=self.energy_wh,
            accepted=Accepted(on_every_phase(granted_a).map(float)),
        )  # fmt: skip
        noise_a = 0.01 * (self.t % 7)  # five equal samples would be a frozen meter
        total = [h + d + noise_a for h, d in zip(self.house_a, drawn, strict=True)]
        self.tell(ChargerHeard(report), GridRead(GridReading("grid", Phases(*total))))
        self.decision = decide(self.state, self.t)
        self.state = self.decision.state
        self.drive()

    def drive(self) -> None:
        """Switch the phases of a charger with a local API, as a driver does."""
        limit = self.decision.limits.get(A)
        asked = limit.phases if limit is not None else None
        if asked in (1, 3) and asked != self.phases:
            assert self.granted_a == 0.0  # the contactor moves without current
            self.phases = asked
            self.tell(PhasesSwitched(A, asked))

    @property
    def granted_a(self) -> float | None:
        return self.state.chargers[A].granted_a

    @property
    def why(self) -> Kind | None:
        reason = self.decision.reasons[A]
        return None if reason is None else reason.kind


def sunny(watts: float) -> list[float]:
    return [-watts / 690.0] * 3


def mode(word: Mode, **switches: bool) -> ModeSet:
    return ModeSet(A, ChargingMode(word, SmartSwitches(**switches)))


def test_off_is_a_pause_with_its_reason_and_without_a_fallback() -> None:
    house = House().play(20).tell(mode(Mode.OFF)).play(2)
    assert (house.granted_a, house.why) == (0.0, Kind.MODE_OFF)
    assert house.decision.limits[A].fallback_a == 0.0


def test_minimum_and_sun_never_pauses_and_follows_the_sun() -> None:
    house = House().tell(mode(Mode.MIN_SOLAR)).play(40)
    assert house.granted_a == pytest.approx(6.0)
    house.house_a = sunny(7000)
    house.play(60)
    assert house.granted_a == pytest.approx(7000 / 690, abs=0.4)


def test_solar_only_says_when_it_will_start_and_when_it_will_stop() -> None:
    house = House().tell(mode(Mode.SOLAR_ONLY)).play(20)
    assert house.why is Kind.WAITING_FOR_SUN
    house.house_a = sunny(6000)
    house.play(25)
    start = house.decision.pending[A][0]
    assert start.kind is PendingKind.START
    assert start.at_s > house.t
    house.play(100)
    assert house.granted_a == pytest.approx(6000 / 690, abs=0.4)
    house.house_a = sunny(500)
    house.play(40)
    stop = house.decision.pending[A][0]
    assert stop.kind is PendingKind.STOP
    house.play(int(stop.at_s - house.t) + 2)
    assert house.granted_a == 0.0


def test_smart_without_anything_to_look_at_charges_at_once_and_says_so() -> None:
    house = House().tell(mode(Mode.SMART, price=True)).play(60)
    assert (house.granted_a, house.why) == (16.0, Kind.CHARGES_NOW_NO_PLAN)


def test_smart_leaves_it_to_the_sun_until_the_goal_can_only_just_be_met() -> None:
    due = NOON + timedelta(hours=3)
    goal = Goal(A, energy_wh=2_750.0, departure=due)  # 15 min at 16 A on three phases
    house = House().tell(mode(Mode.SMART, surplus=True), GoalSet(A, goal)).play(60)
    assert house.why is Kind.WAITING_FOR_SUN
    house.tell(WallClock(house.t, due - timedelta(minutes=33))).play(150)
    assert house.why is Kind.LATEST_START
    house.play(900)
    assert house.energy_wh >= 2_750.0
    assert house.state.wall is not None
    assert house.state.wall.at(house.t) < due


def test_smart_takes_nothing_from_the_grid_once_its_goal_is_met() -> None:
    goal = Goal(A, energy_wh=500.0, departure=NOON + timedelta(minutes=10))
    house = House().tell(mode(Mode.SMART, surplus=True), GoalSet(A, goal)).play(400)
    assert house.energy_wh >= 500.0
    assert (house.granted_a, house.why) == (0.0, Kind.GOAL_REACHED)
    house.house_a = sunny(6000)
    assert house.play(100).granted_a == pytest.approx(6000 / 690, abs=0.4)


def test_a_car_below_its_minimum_is_charged_at_once_in_a_solar_mode() -> None:
    house = House()
    house.soc = 12.0
    car = Car("1", battery_wh=60_000, min_soc_percent=20.0, charger=A)
    house.tell(mode(Mode.SOLAR_ONLY), CarsSet((car,))).play(60)
    assert house.granted_a == 16.0
    house.soc = 21.0
    assert house.play(3).granted_a == 0.0


def test_a_weekly_departure_is_the_next_one_by_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    goal = Goal(A, energy_wh=1.0, weekly=(WeeklyDeparture(1, 7 * 60), WeeklyDeparture(7, 150)))
    saturday = datetime(2026, 3, 28, 18, tzinfo=berlin)
    # 02:30 on the 29th does not exist: the offset before the gap makes it 01:30 UTC.
    found = departure_of(goal, saturday)
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    monday = departure_of(goal, datetime(2026, 3, 29, 12, tzinfo=berlin))
    assert monday is not None
    assert monday.astimezone(UTC) == datetime(2026, 3, 30, 5, 0, tzinfo=UTC)


def test_a_departure_in_the_hour_that_comes_twice_is_the_first_one_and_once_only() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    goal = Goal(A, energy_wh=1.0, weekly=(WeeklyDeparture(7, 150),))  # Sundays at 02:30
    found = departure_of(goal, datetime(2026, 10, 24, 18, tzinfo=berlin))
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for fold in (0, 1):  # 02:45 of summer, and of winter: it has left
        after = departure_of(goal, datetime(2026, 10, 25, 2, 45, tzinfo=berlin, fold=fold))
        assert after is not None
        assert after.astimezone(UTC) == datetime(2026, 11, 1, 1, 30, tzinfo=UTC)


# --- phases --------------------------------------------------------------------------------------

SWITCHING = ChargerSettings(
    A, max_a=16.0, phase_switching=PhaseSwitching.LOCAL_API, is_phase_switching_confirmed=True
)


def test_three_phases_that_do_not_fit_become_one_and_come_back() -> None:
    house = House(settings=SWITCHING).tell(PhasesSwitched(A, 3)).play(60)
    house.house_a = [1.0, 21.0, 1.0]
    house.play(90)
    assert house.phases == 1
    assert (house.granted_a or 0.0) > 10.0
    assert house.why is Kind.ONE_PHASE_TO_FIT
    house.house_a = [1.0, 1.0, 1.0]
    house.play(100)
    assert house.decision.limits[A].phases == 1  # patience, and a gap since the last switch
    assert PendingKind.PHASES_3 in [change.kind for change in house.decision.pending[A]]
    house.play(120)
    assert house.decision.limits[A].phases == 3


def test_switches_are_remembered_over_a_restart() -> None:
    house = House(settings=SWITCHING).tell(PhasesSwitched(A, 3)).play(10)
    house.house_a = [1.0, 21.0, 1.0]
    house.play(90)
    kept = phase_switches(house.state)
    assert len(kept[A]) == 1
    again = restored(
        Remembered(charger_settings={A: SWITCHING}, paired=(A,), phase_switches=kept),
        5.0,
        NOON + timedelta(seconds=200),
    )
    assert len(again.chargers[A].switching.switched_s) == 1
    assert again.chargers[A].switching.switched_s[0] < 5.0


def test_without_consent_no_phase_is_switched() -> None:
    unconfirmed = replace(SWITCHING, is_phase_switching_confirmed=False)
    house = House(settings=unconfirmed).play(20)
    house.house_a = [1.0, 21.0, 1.0]
    house.play(120)
    assert house.decision.limits[A].phases is None


def test_a_charger_that_switches_itself_is_reserved_for_both_readings() -> None:
    itself = ChargerSettings(A, max_a=16.0, phase_switching=PhaseSwitching.AUTOMATIC)
    house = House(settings=itself)
    house.house_a = [5.0, 5.0, 21.5]  # never three times 6 A
    house.play(200)
    granted_a = house.granted_a or 0.0
    assert 2.0 <= granted_a < 6.0
    assert 3 * granted_a <= 25 - 0.5 - 5.0
    assert all(v == granted_a for v in house.decision.limits[A].current_a.values())


def test_a_car_of_iso_15118_goes_below_six_amperes_without_a_contactor() -> None:
    house = House(settings=SWITCHING)
    house.communication, house.least_a = "iso15118-2ed2", 2.2
    house.house_a = sunny(2100)
    house.tell(mode(Mode.SOLAR_ONLY)).play(120)
    assert house.granted_a == pytest.approx(2100 / 690, abs=0.4)
    assert house.decision.limits[A].phases is None


# --- pulses --------------------------------------------------------------------------------------


def test_a_pulse_is_taken_exactly_but_never_above_the_share() -> None:
    house = House().play(60).tell(PulseAsked(A, 8.0, 100.0)).play(3)
    assert (house.granted_a, house.why) == (8.0, Kind.PULSE)
    house.house_a = [18.0, 1.0, 1.0]
    house.play(5)
    assert (house.granted_a or 0.0) <= 6.5
    house.house_a = [1.0, 1.0, 1.0]
    house.play(90)
    assert house.granted_a == 16.0  # it ended by itself


def test_a_car_that_does_not_start_is_offered_more() -> None:
    house = House()
    house.phases = 0  # it takes nothing
    offers = []
    for _ in range(300):
        house.second()
        offers.append(house.granted_a)
    assert house.state.chargers[A].intent.conduct is Conduct.AT_ONCE
    assert offers[50] == pytest.approx(6.0, abs=10.0)
    claims = {round(o or 0.0) for o in offers[60:]}
    assert {8, 10} <= claims
