"""How much room each fuse leaves the chargers: limit - other loads - margin - reserved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cem.core.allocation import Constraint
from cem.core.charger import Charger, Standing
from cem.core.circuits import MAIN, Circuit
from cem.core.driving import Mode
from cem.core.estimator import held_a, latest_a, lowest_a, most_a
from cem.core.ladder import Stage
from cem.core.reasons import Kind
from cem.core.sun import surplus_w
from cem.core.view import View
from electrical.phases import ZERO, Phase, PhaseCurrents, on_every_phase, on_phases
from electrical.power import ASSUMED_VOLTAGE_V, NOMINAL_VOLTAGE_V

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
    firm, latest, most = _other_loads(view)
    reserves = {ski: _reserve(charger, view) for ski, charger in view.state.chargers.items()}
    found = []
    for circuit, ids in view.grid.root(view.p).walk():
        members = [c for c in view.state.chargers.values() if c.settings.circuit in ids]
        is_root = circuit.id == MAIN
        for phase in view.grid.live:
            firm_reserved_a, reserved_a = _reserved(members, reserves, phase, offered_a, view)
            found.append(
                Room(
                    circuit,
                    phase,
                    _limit_a(circuit, phase, view),
                    firm[phase] if is_root else 0.0,
                    latest[phase] if is_root else 0.0,
                    most[phase] if is_root else 0.0,
                    firm_reserved_a,
                    reserved_a,
                )
            )
    return tuple(found)


def constraints(
    found: tuple[Room, ...], taking_part: Mapping[str, Charger], view: View
) -> tuple[Constraint, ...]:
    """Return the rooms as constraints on the chargers that take part in the sharing."""
    inside = {circuit.id: ids for circuit, ids in view.grid.root(view.p).walk()}
    fuses = [
        Constraint(
            KINDS[view.step.stage],
            room.circuit.id,
            room.phase,
            {
                ski: 1.0
                for ski, charger in taking_part.items()
                if room.phase in view.used[ski]
                and charger.settings.circuit in inside[room.circuit.id]
            },
            room.now_a,
            room.firm_a,
            _shown_a(room, view),
            room.limit_a - room.most_other_a - room.reserved_a,
        )
        for room in found
    ]
    return (
        *fuses,
        *_power_limit(found, taking_part, view),
        *_sun(taking_part, view),
        *_unbalance(taking_part, view),
    )


def _power_limit(
    found: tuple[Room, ...], taking_part: Mapping[str, Charger], view: View
) -> Iterator[Constraint]:
    """Yield the operator's limit as amperes on all conductors together."""
    limit_w = view.state.power_limit_w
    if limit_w is None:
        return
    root = [room for room in found if room.circuit.id == MAIN]
    limit_a = limit_w / _voltage_v(view)
    yield Constraint(
        Kind.OPERATOR_LIMIT,
        MAIN,
        None,
        {ski: float(len(view.used[ski])) for ski in taking_part},
        limit_a - sum(room.reserved_a for room in root),
        limit_a - sum(room.firm_reserved_a for room in root),
        limit_w,
    )


def _unbalance(taking_part: Mapping[str, Charger], view: View) -> Iterator[Constraint]:
    """Yield for each phase what cars on one or two phases may draw there beyond the emptiest one.

    Cars on three phases load all alike. What fills the other phases is what the house has taken
    at least of late, and what the cars there draw for certain.
    """
    limit_a = view.grid.unbalance_a
    estimates = view.state.meter.estimates
    if limit_a is None or not estimates or view.grid.phases == 1:
        return
    skewed = {ski: c for ski, c in taking_part.items() if len(view.used[ski]) < len(view.grid.live)}
    high, latest = held_a(estimates, view.p), latest_a(estimates, view.p)
    low = lowest_a(estimates, view.p)
    filled = {
        phase: low[phase] + sum(_certain_a(c, phase, view) for c in skewed.values())
        for phase in view.grid.live
    }
    for phase in view.grid.live:
        emptiest_a = min(a for other, a in filled.items() if other is not phase)
        share = {ski: 1.0 for ski in skewed if phase in view.used[ski]}
        room_a, firm_a = (limit_a + emptiest_a - house[phase] for house in (latest, high))
        yield Constraint(Kind.UNBALANCE, MAIN, phase, share, room_a, firm_a, limit_a)


def _certain_a(charger: Charger, phase: Phase, view: View) -> float:
    measured = charger.measured_a(view.now, view.p)
    granted_a = charger.granted_a
    return 0.0 if measured is None or granted_a is None else min(measured[phase], granted_a)


def _sun(taking_part: Mapping[str, Charger], view: View) -> Iterator[Constraint]:
    """Yield what the sun leaves those in mode Solar only: the minimum of who may run at least."""
    solar = [ski for ski, c in taking_part.items() if c.mode.mode is Mode.SOLAR_ONLY]
    if not solar:
        return
    left_w = surplus_w(view.state, view.step, view.now, view.p)
    least_a = sum(
        len(view.used[ski]) * taking_part[ski].least_a
        for ski in solar
        if taking_part[ski].sun.is_on
    )
    # Cars draw a little less than they may: what they leave would else go to the grid.
    unused_a = sum(len(view.used[ski]) * taking_part[ski].unused_a for ski in solar)
    room_a = max(left_w / NOMINAL_VOLTAGE_V, least_a) + unused_a
    share = {ski: float(len(view.used[ski])) for ski in solar}
    yield Constraint(Kind.SUN_SHARE, MAIN, None, share, room_a, room_a, left_w)


def _voltage_v(view: View) -> float:
    """Return the highest measured voltage, the highest allowed one while none is known."""
    last = view.state.meter.last
    known = [] if last is None else [v for v in last.voltage_v.values() if v is not None and v > 0]
    return max(known, default=ASSUMED_VOLTAGE_V)


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
    return charger.reserved(view.now, view.grid.phases, view.p)


def _other_loads(view: View) -> tuple[PhaseCurrents, PhaseCurrents, PhaseCurrents]:
    """Return what to reckon the house with: confirmed, on the last reading, and at most."""
    match view.step.stage:
        case Stage.FRESH | Stage.HOLD:
            growth: PhaseCurrents = on_every_phase(view.step.growth_a)
            estimates = view.state.meter.estimates
            loads = (f(estimates, view.p) + growth for f in (held_a, latest_a, most_a))
            held, latest, most = loads
            return held, latest, most
        case Stage.FAILSAFE:
            return view.grid.base_load_a, view.grid.base_load_a, view.grid.base_load_a
        case Stage.NO_METER | Stage.STATIC_SHARE:
            return ZERO, ZERO, ZERO


def _limit_a(circuit: Circuit, phase: Phase, view: View) -> float:
    if view.step.stage is Stage.STATIC_SHARE and circuit.id == MAIN:
        return view.grid.share_a(phase, view.p)
    return circuit.fuse_a[phase] - circuit.margin_a[phase]


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
