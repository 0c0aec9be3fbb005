"""A car at its charger, one step a second, as the format prescribes (README sections 2 and 3)."""

from dataclasses import dataclass, field
from math import floor

from uncontrolled import Json

LEAST_OFFER_A = 6.0


@dataclass
class Car:
    """A plugged car. seen: the limits since plug-in, one each second."""

    number: int
    session: Json
    seen: list[float] = field(default_factory=list)
    current_a: float = 0.0
    offered_s: int = 0
    paused_s: int = 0
    start_s: int = 0
    delivered_wh: float = 0.0
    has_drawn: bool = False

    def __post_init__(self) -> None:
        self.ev = self.session["ev"]
        self.need_wh = self.session["energy_kwh"] * 1000.0
        self.start_s = self.ev.get("start_s", 0)

    @property
    def is_full(self) -> bool:
        return self.delivered_wh >= self.need_wh

    def step(self, limit_a: float, phases: int, voltage_v: float, *, is_deaf: bool) -> None:
        """Live one second under the charger's limit."""
        ev = self.ev
        self.seen.append(self.seen[-1] if is_deaf and self.seen else limit_a)
        delay_s = ev.get("delay_s", 0)
        seen_a = self.seen[-1 - delay_s] if len(self.seen) > delay_s else 0.0
        self._wait(seen_a >= ev.get("min_a", 6))
        target_a = self._target_a(seen_a)
        fall_a = ev.get("ramp_down_a_s", 1e9)
        if target_a == 0:
            fall_a = max(fall_a, ev["max_a"] / ev.get("stop_s", 2))
        change_a = target_a - self.current_a
        self.current_a += max(-fall_a, min(ev.get("ramp_up_a_s", 1e9), change_a))
        self.has_drawn = self.has_drawn or self.current_a > 0
        self.delivered_wh += self.current_a * phases * voltage_v / 3600.0

    def _wait(self, is_offered: bool) -> None:
        if is_offered:
            if self.offered_s == 0 and self.paused_s > self.ev.get("sleep_after_s", 1e9):
                self.start_s = self.ev.get("wake_s", self.start_s)
            self.offered_s, self.paused_s = self.offered_s + 1, 0
        else:
            self.paused_s += 1
            self.offered_s, self.start_s = 0, self.start_s if self.paused_s else 0
            if self.paused_s == 1:
                self.start_s = self.ev.get("start_s", 0)

    def _target_a(self, seen_a: float) -> float:
        ev = self.ev
        if self.offered_s == 0 or self.offered_s <= self.start_s or self.is_full:
            return 0.0
        target_a = min(seen_a, self._accepted_a())
        step_a = ev.get("step_a", 0)
        if step_a:
            target_a = floor(target_a / step_a + 1e-9) * step_a
        return max(0.0, target_a - ev.get("offset_a", 0) + ev.get("over_a", 0))

    def _accepted_a(self) -> float:
        ev, part = self.ev, self.delivered_wh / self.need_wh
        since = ev.get("taper_from")
        if since is None or part <= since:
            return ev["max_a"]
        return max(ev.get("taper_floor_a", 6), ev["max_a"] * (1 - (part - since) / (1 - since)))


@dataclass
class Charger:
    """A charger: takes commands, falls back on its own, switches phases."""

    evse: Json
    failsafe_after_s: int
    limit_a: float = 0.0
    heard_s: int | None = None
    phases: int = 3
    wanted_phases: int = 3
    switching_until: int = -1
    switches: int = 0
    car: Car | None = None

    def __post_init__(self) -> None:
        self.limit_a = self.evse["failsafe_a"]

    def take(self, t: int, limit_a: float, phases: int) -> None:
        """Take a command that arrived."""
        step_a = self.evse.get("step_a", 0.1)
        is_pause = limit_a < self.evse.get("least_offer_a", LEAST_OFFER_A)
        self.limit_a = 0.0 if is_pause else round(floor(limit_a / step_a + 1e-6) * step_a, 6)
        self.heard_s, self.wanted_phases = t, phases

    def offer_a(self, t: int) -> float:
        """Return what is offered in this second, after the failsafe and a phase switch."""
        if self.heard_s is not None and t - self.heard_s > self.failsafe_after_s:
            self.limit_a = self.evse["failsafe_a"]
        if self.switching_until >= 0:
            if t <= self.switching_until:
                return 0.0
            self.switching_until = -1
        if self.evse.get("phase_switch") and self.wanted_phases != self.phases:
            self.phases = self.wanted_phases
            self.switches += 1
            self.switching_until = t + self.evse.get("switch_s", 10)
            return 0.0
        return self.limit_a

    @property
    def active(self) -> int:
        """Return how many conductors the car uses."""
        return min(self.phases, self.car.ev["phases"]) if self.car else 0

    def phase_a(self) -> list[float]:
        """Return what flows on each phase of the house."""
        amps = [0.0, 0.0, 0.0]
        if self.car is not None:
            for phase in self.evse["wiring"][: self.active]:
                amps[phase - 1] += self.car.current_a
        return amps

    def conductor_a(self) -> list[float]:
        """Return what flows on each conductor."""
        current_a = self.car.current_a if self.car else 0.0
        return [current_a if index < self.active else 0.0 for index in range(3)]
