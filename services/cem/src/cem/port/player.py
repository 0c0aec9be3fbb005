"""Plays `cem-port/1` against the decision code: a tick's fields in, its limits out. No I/O.

The link of a real charger is kept here as the gateway keeps it: which limit was sent when, which
one is in force, and whether the charger fell back on its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cem.core.decide import decide
from cem.core.decision import Decision
from cem.core.driving import WallClock
from cem.core.events import (
    Accepted,
    ChargerHeard,
    ChargerSet,
    GridRead,
    GridReading,
    Link,
    Report,
    SubMeterRead,
)
from cem.core.folding import apply
from cem.core.parameters import DEFAULTS
from cem.core.site import ChargerSettings
from cem.core.state import State
from cem.port.drivers import EPOCH, car_of, delivered_wh, ordered, told_by_driver
from cem.port.plans import (
    METER,
    Json,
    MessageError,
    Plan,
    number,
    numbers,
    plan_of,
    record,
    records,
    text,
)
from electrical.phases import Phases, on_every_phase

DRAWING_A = DEFAULTS.drawing_a


@dataclass(slots=True)
class _Wire:
    """The way to one charger. sent: (when it arrives, A), oldest first."""

    sent: list[tuple[float, float]] = field(default_factory=list)
    in_force_a: float | None = None
    heard_s: float | None = None  # when the last command arrived
    phases: int = 3

    def deliver(self, t: float, *, is_online: bool) -> None:
        """Let arrive what is due; without a link it is lost."""
        while self.sent and self.sent[0][0] <= t:
            _, limit_a = self.sent.pop(0)
            if is_online:
                self.in_force_a, self.heard_s = limit_a, t

    def accepted(self, t: float, failsafe_a: float, failsafe_after_s: float) -> Accepted | None:
        """Return what the charger holds now; None = not known, since we never told it."""
        if self.in_force_a is None or self.heard_s is None:
            return None
        if t - self.heard_s > failsafe_after_s:
            return Accepted(on_every_phase(failsafe_a).map(float), is_fallback=True)
        return Accepted(on_every_phase(self.in_force_a).map(float))


class Player:
    """One run of a scenario: an `init`, then ticks."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._state: State | None = None
        self._wires: dict[str, _Wire] = {}

    def answer(self, message: Json) -> dict[str, object]:
        """Return the answer to one message. Raises MessageError for one that is not of the port."""
        match message.get("type"):
            case "init":
                self._plan, self._state = plan_of(message), None
                self._wires = {ski: _Wire() for ski in self._plan.settings}
                return {"ok": True}
            case "tick" if self._plan is not None:
                return {"limits": self._tick(message, self._plan)}
            case kind:
                raise MessageError(f"type is {kind!r}; expected init, then tick")

    def _tick(self, tick: Json, plan: Plan) -> dict[str, dict[str, float]]:
        t = number(tick, "t")
        if self._state is None:
            self._state = State(started_s=t)
            for event in plan.events():
                self._state = apply(self._state, event, t)
        state = self._state
        state = apply(state, WallClock(t, EPOCH + timedelta(seconds=t)), t)
        for evse in records(tick, "evses"):
            ski = text(evse, "id")
            if ski in self._wires:
                state = self._heard(state, evse, self._wires[ski], plan, t)
        for event in ordered(tick):
            state = apply(state, event, t)
        state = _read(state, tick, plan, t)
        decision = decide(state, t)
        self._state = decision.state
        return self._sent(decision, plan, t)

    def _heard(self, state: State, evse: Json, wire: _Wire, plan: Plan, t: float) -> State:
        is_online = evse.get("online") is not False
        wire.deliver(t, is_online=is_online)
        offered = int(number(evse, "nph"))
        wire.phases = offered if offered in (1, 3) else wire.phases
        settings = _of_session(state.charger_settings[text(evse, "id")], evse)
        if settings != state.charger_settings[settings.ski]:
            state = apply(state, ChargerSet(settings), t)
        for event in told_by_driver(state, evse, settings.ski):
            state = apply(state, event, t)
        accepted = wire.accepted(t, settings.failsafe_a, plan.failsafe_after_s)
        drawn = numbers(evse, "i")
        if accepted is None and max(drawn) > DRAWING_A:
            # We were started anew while it charges: it holds at least the limit it uses.
            accepted = Accepted(on_every_phase(max(drawn)).map(float))
        report = Report(
            settings.ski,
            link=Link.CONNECTED if is_online else Link.NOT_CONNECTED,
            car=car_of(evse) if evse.get("plugged") else None,
            current_a=Phases(*drawn),
            measured_age_s=plan.measurement_latency_s,
            accepted=accepted,
            offered_phases=offered or None,
            energy_wh=delivered_wh(state, evse, settings.ski),
        )
        return apply(state, ChargerHeard(report), t)

    def _sent(self, decision: Decision, plan: Plan, t: float) -> dict[str, dict[str, float]]:
        limits = {}
        for ski, limit in decision.limits.items():
            values = [value for value in limit.current_a.values() if value is not None]
            limit_a = min(max(values, default=0.0), plan.settings[ski].max_a)
            wire = self._wires[ski]
            wire.sent.append((t + plan.command_latency_s, limit_a))
            if plan.settings[ski].can_switch and limit.phases is not None:
                wire.phases = limit.phases
            limits[ski] = {"limit_a": round(limit_a, 3), "phases": wire.phases}
        return limits


def _read(state: State, tick: Json, plan: Plan, t: float) -> State:
    if tick.get("meter") is not None:
        state = apply(state, GridRead(_reading(record(tick, "meter"), METER, plan, t)), t)
    for circuit, sample in record(tick, "sub_meters").items():
        if isinstance(sample, Mapping):
            reading = _reading(sample, circuit, plan, t)
            state = apply(state, SubMeterRead(circuit, reading), t)
    return state


def _reading(sample: Json, meter: str, plan: Plan, t: float) -> GridReading:
    return GridReading(
        meter,
        Phases(*numbers(sample, "i")),
        age_s=t - number(sample, "t"),
        period_s=plan.meter_period_s,
        voltage_v=on_every_phase(plan.voltage_v).map(float),
    )


def _of_session(settings: ChargerSettings, evse: Json) -> ChargerSettings:
    """Return a charger's settings with what its present session wants."""
    if not evse.get("plugged"):
        return settings
    priority, weight = int(number(evse, "prio")), number(evse, "weight")
    return replace(settings, priority=priority, weight=weight)
