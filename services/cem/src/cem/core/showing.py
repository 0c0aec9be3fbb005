"""What people see of a charger and of the grid: words and sums made from the state. Pure."""

from enum import StrEnum

from cem.core.charger import Charger, house_currents
from cem.core.events import Car, Link, Report
from cem.core.ladder import Rung, Stage
from cem.core.parameters import DEFAULTS, Parameters
from cem.core.state import State
from electrical.phases import (
    ALL_PHASES,
    UNKNOWN,
    PhaseCurrents,
    PhaseReadings,
    Phases,
    combine,
    on_phases,
)
from electrical.power import NOMINAL_VOLTAGE_V


class Doing(StrEnum):
    """What a charger is doing; the words of the API."""

    NO_CAR = "no_car"
    WAITING = "waiting"
    CHARGING = "charging"
    PAUSED = "paused"
    FINISHED = "finished"
    OFFLINE = "offline"
    FAULT = "fault"


def doing(charger: Charger, now: float, p: Parameters = DEFAULTS) -> Doing:
    """Return what a charger is doing, in one word."""
    report = charger.report
    if report is None or link(charger, now, p) is not Link.CONNECTED:
        return Doing.OFFLINE
    if report.operating_state == "failure":
        return Doing.FAULT
    if report.car is None:
        return Doing.NO_CAR if report.is_car_known else Doing.WAITING
    return _with_car(charger, report.car, now, p)


def _with_car(charger: Charger, car: Car, now: float, p: Parameters) -> Doing:
    if _is_drawing(charger.measured_a(now, p), p):
        return Doing.CHARGING
    if charger.granted_a == 0:
        return Doing.PAUSED
    if _is_drawing(charger.known_a(now, p), p):
        return Doing.CHARGING  # on its way to another limit, and not measured there yet
    return Doing.FINISHED if car.operating_state == "finished" else Doing.WAITING


def _is_drawing(current_a: PhaseCurrents | None, p: Parameters) -> bool:
    return current_a is not None and max(current_a.values()) > p.drawing_a


def link(charger: Charger, now: float, p: Parameters = DEFAULTS) -> Link:
    """Return how far a charger is connected; one that reports no more is not."""
    if charger.report is None or now - charger.heard_s > p.silent_after_s:
        return Link.NOT_CONNECTED
    return charger.report.link


def currents_a(charger: Charger, now: float, site_phases: int) -> PhaseReadings:
    """Return the measured currents by phase of the house; None where they are not known now."""
    report = charger.report
    if report is None or doing(charger, now) is Doing.OFFLINE:
        return UNKNOWN
    known = house_currents(charger.settings, site_phases, report)
    if known is None or _is_outdated(charger, now):
        return UNKNOWN if report.car is not None else Phases(0.0, 0.0, 0.0)
    readings: PhaseReadings = known.map(float)
    return readings


def _is_outdated(charger: Charger, now: float, p: Parameters = DEFAULTS) -> bool:
    """Return whether the charger has a car and has not measured it for too long."""
    return charger.has_car and bool(charger.samples) and charger.known_a(now, p) is None


def limit_a(charger: Charger, site_phases: int, p: Parameters = DEFAULTS) -> PhaseReadings | None:
    """Return the limit by phase of the house, None where nothing limits."""
    if charger.granted_a is None:
        return None
    used = charger.phases(site_phases, p)
    readings: PhaseReadings = on_phases(used, charger.granted_a, None)
    return readings


def power_w(charger: Charger, state: State, now: float) -> float | None:
    """Return what a charger draws (W): measured, else by measured voltage; None = unknown."""
    report = charger.report
    if report is None or doing(charger, now) is Doing.OFFLINE:
        return None
    measured = [value for value in report.power_w.values() if value is not None]
    if measured and not _is_outdated(charger, now):
        return sum(measured)
    return _from_currents_w(report, charger, state, now)


def _from_currents_w(report: Report, charger: Charger, state: State, now: float) -> float | None:
    current_a = currents_a(charger, now, state.site_phases)
    if report.car is None:
        return 0.0
    volts = state.meter.last.voltage_v if state.meter.last else UNKNOWN
    powers = combine(current_a, volts, lambda a, v: None if a is None else a * _volts(v))
    known = [value for value in powers.values() if value is not None]
    return sum(known) if known else None


def _volts(voltage_v: float | None) -> float:
    return NOMINAL_VOLTAGE_V if voltage_v is None or voltage_v <= 0 else voltage_v


def charging_power_w(state: State, now: float) -> float | None:
    """Return what all chargers draw together (W); None when none of them says."""
    powers = [power_w(charger, state, now) for charger in state.chargers.values()]
    known = [value for value in powers if value is not None]
    if not known:
        return None if powers else 0.0
    return sum(known)


def grid_power_w(state: State, step: Rung) -> float | None:
    """Return the power at the grid connection (W), plus = import; None without fresh reading."""
    reading = state.meter.last
    if reading is None or step.stage is not Stage.FRESH:
        return None
    if reading.power_total_w is not None:
        return reading.power_total_w
    live = ALL_PHASES[: state.site_phases]
    powers = [reading.power_w[phase] for phase in live]
    return None if any(value is None for value in powers) else sum(v or 0.0 for v in powers)


def grid_current_a(state: State, step: Rung) -> PhaseReadings:
    """Return the currents at the grid connection; None where there is no usable reading."""
    reading = state.meter.last
    if reading is None or step.stage not in (Stage.FRESH, Stage.HOLD):
        return UNKNOWN
    return reading.current_a
