"""Cars and a house as a recording shows them, so that other limits can be tried on them. Pure.

A car that drew less than its limit allowed wanted no more; one that drew its whole limit wants as
much as it and its charger can take. It follows a limit two seconds late, and not at all below its
minimum. The house is what the grid meter showed, less what the chargers said they drew.
"""

from dataclasses import dataclass, replace

from cem.core.charger import house_currents
from cem.core.events import Accepted, ChargerHeard, Event, GridRead, Report
from cem.core.site import ChargerSettings
from electrical.phases import ZERO, PhaseCurrents, PhaseReadings, Phases, combine
from electrical.power import NOMINAL_VOLTAGE_V

REACTION_S = 2.0
FREE_A = 1.0  # this far below its limit a car is not held by it
DRAWING_A = 0.5


@dataclass(slots=True)
class Outlet:
    """One charger of the plant. wish_a: what its car would take, None = all it can get.

    limits: (from when, A), oldest first; None = no limit yet, as recorded.
    """

    settings: ChargerSettings
    report: Report | None = None
    wish_a: float | None = None
    limits: tuple[tuple[float, float | None], ...] = ()
    true_a: PhaseCurrents = ZERO  # as recorded, by phase of the house
    drawn_a: PhaseCurrents = ZERO  # as it would be
    moved_wh: float = 0.0  # more than was recorded in this session

    def limited(self, limit_a: float | None, now: float) -> None:
        """Give it a limit."""
        if not self.limits or self.limits[-1][1] != limit_a:
            older = [pair for pair in self.limits if now - pair[0] > REACTION_S]
            newer = [pair for pair in self.limits if now - pair[0] <= REACTION_S]
            self.limits = (*older[-1:], *newer, (now, limit_a))

    def limit_a(self, now: float) -> float | None:
        """Return the limit that its car follows now."""
        followed = [limit for since, limit in self.limits if now - since >= REACTION_S]
        return followed[-1] if followed else None


class Plant:
    """The outside world of a recording under other limits."""

    def __init__(self, site_phases: int) -> None:
        self.site_phases = site_phases
        self.outlets: dict[str, Outlet] = {}
        self.grid_a: PhaseCurrents | None = None

    def settings_of(self, settings: ChargerSettings) -> None:
        """Learn a charger's settings."""
        outlet = self.outlets.setdefault(settings.ski, Outlet(settings))
        outlet.settings = settings

    def changed(self, event: Event, now: float) -> Event:
        """Return an event as it would have been."""
        match event:
            case ChargerHeard(report):
                return ChargerHeard(self._reported(report, now))
            case GridRead(reading):
                moved_a = self._moved()
                current_a = combine(reading.current_a, moved_a, _plus)
                power_w = combine(reading.power_w, moved_a, _plus_power)
                total_w = reading.power_total_w
                if total_w is not None:
                    total_w += sum(moved_a.values()) * NOMINAL_VOLTAGE_V
                known = [value or 0.0 for value in current_a.values()]
                self.grid_a = Phases(*known)
                changed = replace(
                    reading, current_a=current_a, power_w=power_w, power_total_w=total_w
                )
                return GridRead(changed)
            case _:
                return event

    def _moved(self) -> PhaseCurrents:
        """Return how much more the chargers draw than was recorded."""
        moved_a = ZERO
        for outlet in self.outlets.values():
            moved_a = moved_a + outlet.drawn_a - outlet.true_a
        return moved_a

    def _reported(self, report: Report, now: float) -> Report:
        outlet = self.outlets.setdefault(report.ski, Outlet(ChargerSettings(report.ski)))
        before = outlet.report.car if outlet.report else None
        if report.car is None or (before is not None and before.plug != report.car.plug):
            outlet.moved_wh = 0.0
        outlet.report = report
        outlet.wish_a = _wish(report, outlet.wish_a)
        true_a = house_currents(outlet.settings, self.site_phases, report)
        outlet.true_a = ZERO if true_a is None else true_a
        limit_a = outlet.limit_a(now)
        would_a = _would_draw(report, outlet, limit_a)
        conductors = _conductors(report, outlet.settings)
        current_a: PhaseReadings = conductors.map(lambda used: would_a if used else 0.0)
        changed = replace(
            report,
            current_a=current_a,
            power_w=current_a.map(lambda a: None if a is None else a * NOMINAL_VOLTAGE_V),
            energy_wh=_counted(report, outlet),
            accepted=_accepted(report, outlet.limits[-1][1] if outlet.limits else None),
        )
        drawn_a = house_currents(outlet.settings, self.site_phases, changed)
        outlet.drawn_a = ZERO if drawn_a is None else drawn_a
        return changed


def _wish(report: Report, before_a: float | None) -> float | None:
    """Return what the car would take by a recorded report."""
    if report.car is None:
        return None
    known = [value for value in report.current_a.values() if value is not None]
    limits = report.accepted.current_a.values() if report.accepted else ()
    limit_a = max((value for value in limits if value is not None), default=None)
    if not known or limit_a == 0:
        return before_a
    drawn_a = max(known)
    if drawn_a <= DRAWING_A and report.car.operating_state != "finished":
        return before_a
    is_held = limit_a is not None and drawn_a > limit_a - FREE_A
    return None if is_held else drawn_a


def _would_draw(report: Report, outlet: Outlet, limit_a: float | None) -> float:
    car = report.car
    if car is None:
        return 0.0
    most_a = min(outlet.settings.max_a, car.max_a or outlet.settings.max_a)
    wanted_a = most_a if outlet.wish_a is None else min(most_a, outlet.wish_a)
    if limit_a is None:
        return wanted_a
    least_a = max(outlet.settings.min_a, car.min_a or 0.0)
    return 0.0 if limit_a < least_a - 1e-9 else min(wanted_a, limit_a)


def _conductors(report: Report, settings: ChargerSettings) -> "Phases[bool]":
    """Return which conductors the car uses."""
    told = report.car.phases if report.car else None
    seen = sum((value or 0.0) > DRAWING_A for value in report.current_a.values())
    count = min(settings.phases, told or seen or settings.phases)
    return Phases(count >= 1, count >= 2, count >= 3)


def _accepted(report: Report, limit_a: float | None) -> Accepted | None:
    if report.car is None or limit_a is None:
        return report.accepted
    before = report.accepted or Accepted(Phases(limit_a, limit_a, limit_a))
    return replace(before, current_a=Phases(limit_a, limit_a, limit_a))


def _counted(report: Report, outlet: Outlet) -> float | None:
    """Return what the charger would count of its session: goals are told by it."""
    counted_wh = report.energy_wh
    return None if counted_wh is None else max(0.0, counted_wh + outlet.moved_wh)


def _plus(first: float | None, second: float) -> float | None:
    return None if first is None else first + second


def _plus_power(first: float | None, second: float) -> float | None:
    return None if first is None else first + second * NOMINAL_VOLTAGE_V
