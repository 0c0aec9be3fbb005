"""A house with one charger, played by the control law alone, in steps of some seconds."""

from datetime import UTC, datetime, timedelta

from cem.core.decide import decide
from cem.core.decision import Decision
from cem.core.driving import ChargingMode, Goal, Mode, SmartSwitches, WallClock
from cem.core.events import (
    Accepted,
    Car,
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
    PlanHeard,
    Report,
    SessionsNamed,
)
from cem.core.folding import apply
from cem.core.plan import Course, Plan
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
from electrical.phases import Phases, on_every_phase

A = "a" * 40
SESSION = "session-1"
EVENING = datetime(2026, 6, 1, 18, tzinfo=UTC)


def smart(**switches: bool) -> ModeSet:
    return ModeSet(A, ChargingMode(Mode.SMART, SmartSwitches(**switches), 1))


class SmartHouse:
    """Its car takes what it may, at most `car_a` and `takes_a`; `step_s` seconds pass at a time."""

    def __init__(
        self, *, has_meter: bool = True, fuse_a: float = 25.0, step_s: float = 5.0
    ) -> None:
        self.t, self.step_s = 0.0, step_s
        self.has_meter = has_meter
        self.house_a, self.car_a, self.phases = 1.0, 16.0, 3
        self.takes_a = 80.0  # less than its charger was told it can
        self.tells_phases = True
        self.energy_wh, self.soc, self.plug = 0.0, None, 1
        state = restored(Remembered(), 0.0)
        for event in (
            GridConnectionSet(GridConnection(on_every_phase(fuse_a), 3, 0.5, revision=1)),
            EnergyManagementSet(EnergyManagement(on=True, confirmed_no_other=True)),
            ChargerSet(ChargerSettings(A, max_a=16.0)),
            ChargersPaired((A,)),
            GridMeterNamed("grid" if has_meter else None),
            WallClock(0.0, EVENING),
        ):
            state = apply(state, event, 0.0)
        self.state: State = state
        self.decision: Decision = decide(state, 0.0)

    @property
    def now_s(self) -> float:
        return EVENING.timestamp() + self.t

    @property
    def granted_a(self) -> float:
        return self.state.chargers[A].granted_a or 0.0

    @property
    def why(self) -> str:
        reason = self.decision.reasons[A]
        return "" if reason is None else reason.kind.value

    @property
    def until(self) -> float | None:
        reason = self.decision.reasons[A]
        return None if reason is None else reason.until_s

    def tell(self, *events: object) -> "SmartHouse":
        for event in events:
            self.state = apply(self.state, event, self.t)  # type: ignore[arg-type]
        return self

    def wants(self, energy_wh: float, hours: float | None) -> "SmartHouse":
        departure = None if hours is None else EVENING + timedelta(hours=hours)
        return self.tell(GoalSet(A, Goal(A, energy_wh=energy_wh, departure=departure)))

    def plan(self, powers: list[float], slot_s: float = 900.0, **more: object) -> "SmartHouse":
        edges_s = tuple(self.now_s + slot_s * number for number in range(len(powers) + 1))
        valid_s = more.pop("valid_until_s", edges_s[-1])
        session = more.pop("session", SESSION)
        course = Course(str(session), A, tuple(powers), **more)  # type: ignore[arg-type]
        return self.tell(PlanHeard(Plan("p", 1, self.now_s, float(valid_s), edges_s, (course,))))  # type: ignore[arg-type]

    def play(self, minutes: float) -> "SmartHouse":
        end = self.t + minutes * 60 - 1e-6
        while self.t < end:
            self.step()
        return self

    def step(self) -> None:
        self.t += self.step_s
        granted_a = self.granted_a
        drawn_a = min(granted_a, self.car_a, self.takes_a)
        drawn = [drawn_a * (n < self.phases) for n in range(3)]
        self.energy_wh += sum(drawn) * 230 * self.step_s / 3600
        told = self.phases if self.tells_phases else None
        car = Car("", told, None, self.car_a, "", self.soc, self.plug)
        report = Report(
            A, car=car, current_a=Phases(*drawn), measured_age_s=0.0, energy_wh=self.energy_wh,
            accepted=Accepted(on_every_phase(granted_a).map(float)),
        )  # fmt: skip
        self.tell(ChargerHeard(report))
        if self.state.chargers[A].session == "":
            self.tell(SessionsNamed(((A, SESSION),)))
        if self.has_meter:
            noise_a = 0.01 * (self.t % 7)  # five equal samples would be a frozen meter
            total = [self.house_a + d + noise_a for d in drawn]
            self.tell(GridRead(GridReading("grid", Phases(*total))))
        self.decision = decide(self.state, self.t)
        self.state = self.decision.state
