"""How much room each fuse leaves the chargers: limit - other loads - margin - reserved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cem.core.allocation import Constraint
from cem.core.charger import Charger
from cem.core.circuits import MAIN, Circuit
from cem.core.conduct import Standing
from cem.core.estimator import NOTHING, Loads, loads
from cem.core.ladder import Rung, Stage
from cem.core.parameters import Parameters
from cem.core.reasons import Kind
from cem.core.reserving import reserved
from cem.core.state import Estimate
from cem.core.view import View
from electrical.phases import ZERO, Phase, PhaseCurrents, on_every_phase, on_phases

KINDS = {
    Stage.NO_METER: Kind.STATIC_LIMIT,
    Stage.FRESH: Kind.FUSE,
    Stage.HOLD: Kind.FUSE,
    Stage.STATIC_SHARE: Kind.STATIC_SHARE,
    Stage.FAILSAFE: Kind.FAILSAFE,
}

NOT_RESERVED = (Standing.READY, Standing.NO_CAR)


@dataclass(frozen=True, slots=True)
class Room:
    """What one circuit has on one phase; all in A.

    other_a: what the house takes, held (firm), with an unconfirmed rise (now), and the most that
    the last reading can mean.
    reserved_a: for chargers that take no part, firm and with fresh plug-ins (now).
    """

    circuit: Circuit
    phase: Phase
    limit_a: float
    firm_other_a: float
    other_a: float
    most_other_a: float
    firm_reserved_a: float
    reserved_a: float

    @property
    def firm_a(self) -> float:
        """Return the room without what may pass within a second or two."""
        return self.limit_a - self.firm_other_a - self.firm_reserved_a

    @property
    def now_a(self) -> float:
        """Return the room on the last reading."""
        return self.limit_a - self.other_a - self.reserved_a


def rooms(view: View, offered_a: Mapping[str, float]) -> tuple[Room, ...]:
    """Return the room of every circuit on every phase of the site.

    offered_a: minimum currents that fresh plug-ins are admitted with; they are part of what is
    granted, so only the rest of their start current is reserved.
    """
    reserves = {ski: _reserve(charger, view) for ski, charger in view.state.chargers.items()}
    found = []
    for circuit, _ in view.root.walk():
        members = [c for c in view.state.chargers.values() if view.is_on(c, circuit.id)]
        other = _other_loads(circuit, view)
        for phase in view.grid.live:
            firm_reserved_a, reserved_a = _reserved(members, reserves, phase, offered_a, view)
            found.append(
                Room(
                    circuit,
                    phase,
                    _limit_a(circuit, phase, members, view),
                    other.held[phase],
                    other.latest[phase],
                    other.most[phase],
                    firm_reserved_a,
                    reserved_a,
                )
            )
    return tuple(found)


def fuses(
    found: tuple[Room, ...], taking_part: Mapping[str, Charger], view: View
) -> tuple[Constraint, ...]:
    """Return the rooms as constraints on the chargers that take part in the sharing."""
    return tuple(
        Constraint(
            KINDS[_step(room.circuit, view).stage],
            room.circuit.id,
            room.phase,
            {
                ski: view.factors[ski][room.phase]
                for ski, charger in taking_part.items()
                if room.phase in view.factors[ski] and view.is_on(charger, room.circuit.id)
            },
            room.now_a,
            room.firm_a,
            _shown_a(room, view),
            room.limit_a - room.most_other_a - room.reserved_a,
        )
        for room in found
    )


def _reserve(charger: Charger, view: View) -> PhaseCurrents:
    """Return what is kept free for a charger, by phase.

    A new one is a load of the house that the meter sees; where none does, it is reserved.
    """
    standing = view.standings[charger.ski]
    if standing in NOT_RESERVED:
        return ZERO
    if standing is Standing.NEW and view.step.stage not in (Stage.FRESH, Stage.HOLD):
        wired = charger.settings.wired(view.grid.phases)
        return on_phases(wired, charger.settings.failsafe_a, 0.0)
    return reserved(charger, view.now, view.grid.phases, view.p)


def _step(circuit: Circuit, view: View) -> Rung:
    """Return the rung of the meter that sees a circuit: its own, or the grid's."""
    return view.steps.get(circuit.id, view.step)


def _other_loads(circuit: Circuit, view: View) -> Loads:
    """Return what else flows through a fuse: nothing where only chargers hang below it."""
    if circuit.id == MAIN:
        base_a = view.grid.base_load_a
        return _seen(view.state.meter.estimates, view.step, base_a, view)
    if circuit.has_meter:
        meter = view.state.sub_meters.get(circuit.id)
        # A silent sub-meter's circuit is limited as a whole: see _limit_a.
        return _seen(meter.estimates if meter else (), view.steps[circuit.id], ZERO, view)
    return NOTHING


def _seen(estimates: tuple[Estimate, ...], step: Rung, base_a: PhaseCurrents, view: View) -> Loads:
    match step.stage:
        case Stage.FRESH | Stage.HOLD:
            return loads(estimates, _patient(step, view)) + on_every_phase(step.growth_a)
        case Stage.FAILSAFE:
            return Loads(base_a, base_a, base_a)
        case Stage.NO_METER | Stage.STATIC_SHARE:
            return NOTHING


def _patient(step: Rung, view: View) -> Parameters:
    """Return the numbers to read loads by: what went must stay away before it is let go.

    While a meter is silent, all that came within its last minute may be there again, unseen.
    During a rotation test nothing is let go early: a charger that sits on other phases than set
    looks like a load there, which goes with one pulse and is back with the next.
    """
    if step.stage is Stage.HOLD:
        return replace(view.p, peak_hold_s=view.p.recurrence_s, let_go_s=view.p.recurrence_s)
    if all(charger.pulse is None for charger in view.state.chargers.values()):
        return view.p
    return replace(view.p, let_go_s=view.p.peak_hold_s)


def _limit_a(circuit: Circuit, phase: Phase, members: list[Charger], view: View) -> float:
    """Return what may flow through a fuse; below a silent meter what is known to fit.

    What else hangs behind a silent sub-meter is unknown: its chargers keep to their failsafe
    currents, which were checked to fit when the settings were saved.
    """
    limit_a = circuit.fuse_a[phase] - circuit.margin_a[phase]
    if circuit.id == MAIN:
        is_shared = view.step.stage is Stage.STATIC_SHARE
        return view.grid.share_a(phase, view.p) if is_shared else limit_a
    if circuit.has_meter and view.steps[circuit.id].stage in (Stage.STATIC_SHARE, Stage.FAILSAFE):
        on_phase = [c for c in members if phase in c.settings.wired(view.grid.phases)]
        return min(limit_a, sum(c.settings.failsafe_a for c in on_phase))
    return limit_a


def _shown_a(room: Room, view: View) -> float:
    if view.step.stage is Stage.STATIC_SHARE and room.circuit.id == MAIN:
        return view.grid.share_a(room.phase, view.p)
    return room.circuit.fuse_a[room.phase]


def _reserved(
    members: list[Charger],
    reserves: Mapping[str, PhaseCurrents],
    phase: Phase,
    offered_a: Mapping[str, float],
    view: View,
) -> tuple[float, float]:
    """Return (firm, now): what is reserved without and with young plug-ins.

    A plug-in lowers the others at once, but pauses nobody before the grace of 2 s is over: no
    car draws that early, and most first limits are accepted long before.
    """
    firm_a, young_a = 0.0, 0.0
    for charger in members:
        reserve_a = reserves[charger.ski][phase]
        if charger.ski in view.young:
            young_a += max(0.0, reserve_a - offered_a.get(charger.ski, 0.0))
        else:
            firm_a += reserve_a
    return firm_a, firm_a + young_a
