"""Plays a recording with other settings on the same cars and house, and compares. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cem.core.decide import decide
from cem.core.decision import Decision
from cem.core.driving import ChargingMode, Mode, SmartSwitches
from cem.core.events import ChargersPaired, Event, GridConnectionSet, GridRead, ModeSet
from cem.core.folding import apply
from cem.core.site import GridConnection
from cem.core.state import State
from cem.core.validation import object_to_grid
from cem.replaying.codec import UnreadableError
from cem.replaying.plant import Plant
from cem.replaying.reading import Heard, Recorded, played_at
from electrical.phases import PhaseCurrents, Phases, on_every_phase
from electrical.power import NOMINAL_VOLTAGE_V

LONGEST_STEP_S = 10.0  # a hole in the recording is no energy
PAUSED_BELOW_A = 0.5
FIRST_LINE = 1


class ImpossibleError(Exception):
    """What shall be tried cannot be: no site could be set so."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Settings to try. modes: by SKI (its beginning will do), "" = every charger."""

    fuse_a: float | None = None
    margin_a: float | None = None
    modes: Mapping[str, Mode] = field(default_factory=dict)

    def connection(self, grid: GridConnection) -> GridConnection:
        """Return a grid connection as it would be."""
        if self.fuse_a is not None:
            least_a = (_lower(a, self.fuse_a) for a in grid.static_share_a.values())
            fuse_a = on_every_phase(self.fuse_a)
            grid = replace(grid, fuse_a=fuse_a, static_share_a=Phases(*least_a))
        if self.margin_a is not None:
            grid = replace(grid, margin_a=self.margin_a)
        objection = None if self.is_none else object_to_grid(grid, ())
        if objection is not None:
            raise ImpossibleError(objection.detail)
        return grid

    @property
    def is_none(self) -> bool:
        """Return whether the connection stays as it was recorded."""
        return self.fuse_a is None and self.margin_a is None

    def unmet(self, known: Iterable[str]) -> list[str]:
        """Return what was to name a charger and names none of those that were there."""
        there = tuple(known)
        return [start for start in self.modes if not any(ski.startswith(start) for ski in there)]

    def mode(self, ski: str) -> Mode | None:
        """Return the mode that a charger would have; None = as recorded."""
        named = [mode for start, mode in self.modes.items() if start and ski.startswith(start)]
        return named[0] if named else self.modes.get("")


@dataclass(slots=True)
class Tally:
    """What came of a play. kwh, paused_min: by SKI; peak_a: of the grid; overload_s: above fuse."""

    kwh: dict[str, float] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    paused_min: dict[str, float] = field(default_factory=dict)
    peak_a: PhaseCurrents = field(default_factory=lambda: Phases(0.0, 0.0, 0.0))
    overload_s: float = 0.0
    span_s: float = 0.0


def played(recorded: Recorded, changes: Changes) -> Tally:
    """Return what would have come of a recording under changed settings.

    The production decides; the cars and the house are `plant`'s. Play it unchanged too for a
    fair comparison: a model of cars is no car. Raises UnreadableError, ImpossibleError.
    """
    with played_at(FIRST_LINE):
        game = _Game(recorded, changes)
    for line in recorded.lines:
        with played_at(line.number):
            if isinstance(line, Heard):
                game.hear(line.event, line.now)
            else:
                game.decide(line.now)
    if game.is_without_fuse and not changes.is_none:
        raise ImpossibleError("this recording has no fuse that could be another one")
    if not all(isinstance(ski, str) for ski in (*game.known, *game.tally.kwh)):
        raise UnreadableError("a charger of this recording has no SKI")
    unmet = changes.unmet(game.known)
    if unmet:
        raise ImpossibleError(f"no charger of this recording begins with {unmet[0]!r}")
    return game.tally


def _lower(known_a: float | None, most_a: float) -> float | None:
    """Return what may be set beside a smaller fuse."""
    return None if known_a is None else min(known_a, most_a)


def _switches(mode: Mode, recorded: SmartSwitches) -> SmartSwitches:
    """Return what mode Smart would look at: as recorded, or at everything if at nothing."""
    if mode is not Mode.SMART or recorded != SmartSwitches():
        return recorded
    return SmartSwitches(forecast=True, surplus=True, price=True)


class _Game:
    """One play of a recording. known: every charger that was there."""

    def __init__(self, recorded: Recorded, changes: Changes) -> None:
        self.known = set(recorded.state.chargers)
        self._changes = changes
        self._state = recorded.state
        self._plant = Plant(recorded.state.site_phases)
        self._last = recorded.now
        self.tally = Tally()
        for charger in recorded.state.chargers.values():
            self._plant.settings_of(charger.settings)
            outlet = self._plant.outlets[charger.ski]
            outlet.limits = ((recorded.now - 60.0, charger.granted_a),)
        for event in self._first():
            self._state = apply(self._state, event, recorded.now)

    @property
    def is_without_fuse(self) -> bool:
        """Return whether no main fuse was ever set."""
        return self._state.grid is None

    def hear(self, event: Event, now: float) -> None:
        """Fold an event as it would have been."""
        self._count(now)
        changed = self._plant.changed(self._as_set(event), now)
        self._state = apply(self._state, changed, now)
        if isinstance(event, ChargersPaired):
            for one in self._modes(self._state):
                self._state = apply(self._state, one, now)
        self.known.update(self._state.chargers)
        for charger in self._state.chargers.values():
            self._plant.settings_of(charger.settings)
        if isinstance(event, GridRead):
            self._peak()

    def decide(self, now: float) -> None:
        """Decide, and let the limits be known."""
        self._count(now)
        decision: Decision = decide(self._state, now)
        self._state = decision.state
        for ski, limit in decision.limits.items():
            known = [value for value in limit.current_a.values() if value is not None]
            limit_a = None if limit.is_release or not known else max(known)
            self._plant.outlets[ski].limited(limit_a, now)

    def _first(self) -> Iterable[Event]:
        if self._state.grid is not None:
            yield GridConnectionSet(self._changes.connection(self._state.grid))
        yield from self._modes(self._state)

    def _modes(self, state: State) -> Iterable[Event]:
        for ski, charger in state.chargers.items():
            mode = self._changes.mode(ski)
            if mode is not None and charger.mode.mode is not mode:
                switches = _switches(mode, charger.mode.smart)
                yield ModeSet(ski, replace(charger.mode, mode=mode, smart=switches))

    def _as_set(self, event: Event) -> Event:
        """Return a setting that was changed in the recording as it would have been changed."""
        match event:
            case GridConnectionSet(grid) if grid is not None:
                return GridConnectionSet(self._changes.connection(grid))
            case ModeSet(ski, mode):
                wanted = self._changes.mode(ski)
                if wanted is None:
                    return event
                return ModeSet(ski, ChargingMode(wanted, _switches(wanted, mode.smart)))
            case _:
                return event

    def _count(self, now: float) -> None:
        seconds = min(LONGEST_STEP_S, max(0.0, now - self._last))
        self._last = now
        tally, grid = self.tally, self._state.grid
        tally.span_s += seconds
        for ski, outlet in self._plant.outlets.items():
            drawn_a = sum(outlet.drawn_a.values())
            energy_kwh = drawn_a * NOMINAL_VOLTAGE_V * seconds / 3_600_000
            true_kwh = sum(outlet.true_a.values()) * NOMINAL_VOLTAGE_V * seconds / 3_600_000
            outlet.moved_wh += (energy_kwh - true_kwh) * 1000
            tally.kwh[ski] = tally.kwh.get(ski, 0.0) + energy_kwh
            tally.names[ski] = outlet.report.name if outlet.report else ""
            has_car = outlet.report is not None and outlet.report.car is not None
            wants = outlet.wish_a is None or outlet.wish_a > PAUSED_BELOW_A
            is_paused = has_car and wants and drawn_a < PAUSED_BELOW_A
            waited_min = seconds / 60 if is_paused else 0.0
            tally.paused_min[ski] = tally.paused_min.get(ski, 0.0) + waited_min
        if grid is None or self._plant.grid_a is None:
            return
        over = (self._plant.grid_a[phase] > grid.fuse_a[phase] for phase in grid.live)
        if any(over):
            tally.overload_s += seconds

    def _peak(self) -> None:
        if self._plant.grid_a is not None:
            pairs = zip(self.tally.peak_a.values(), self._plant.grid_a.values(), strict=True)
            self.tally.peak_a = Phases(*(max(pair) for pair in pairs))
