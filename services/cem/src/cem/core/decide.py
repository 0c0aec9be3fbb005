"""The decision: one frozen picture of the site in, limits with their reasons out. Pure.

Laws (design.md section 2): what is granted plus what is reserved never exceeds limit - other
loads - margin on the last reading; first down, then up; every number has its reason.
"""

from collections.abc import Mapping
from dataclasses import replace

from cem.core import blame, rooms
from cem.core.allocation import Constraint, Demand, Shares, allocate
from cem.core.charger import Charger, Standing
from cem.core.circuits import MAIN
from cem.core.decision import Decision, Limit, LoadManagement, Picture
from cem.core.demand import claimed, demand_of, served
from cem.core.estimator import estimated
from cem.core.explaining import Sharing, why
from cem.core.failsafe import fallbacks_a
from cem.core.ladder import Rung, Stage, rung
from cem.core.noticing import notices
from cem.core.obedience import observed
from cem.core.parameters import DEFAULTS, Parameters
from cem.core.reasons import Kind, Reason
from cem.core.rooms import Room
from cem.core.sequencing import moved, sequence
from cem.core.state import State
from cem.core.sun import followed
from cem.core.view import View
from electrical.phases import UNKNOWN, Phase, PhaseReadings, from_mapping, on_phases
from electrical.rotation import to_device

AT_LEAST_EVERY_S = 1.0  # design law 4


def decide(state: State, now: float, p: Parameters = DEFAULTS) -> Decision:
    """Return the limits for all paired chargers at `now` (monotonic s), and why.

    Same state and time, same decision. Sends nothing in the first moment after a start, while
    chargers have not reported: the leases of the CEM before still run.
    """
    step = rung(state, now, p)
    state = _observed(state, step, now, p)
    if not state.energy_management.on:
        return _unmanaged(state, step, Kind.ENERGY_MANAGEMENT_OFF, now)
    if state.grid is None:
        return _unmanaged(state, step, Kind.NO_FUSE_SET, now)
    view = View(state, state.grid, step, now, p)
    return _warming_up(view) if _is_warming_up(view) else _managed(view)


def _managed(view: View) -> Decision:
    sharing, found, granted_a = _shared(view)
    chargers = {ski: moved(c, granted_a[ski], view.now) for ski, c in view.state.chargers.items()}
    reasons = {
        ski: _following(charger, why(charger, sharing, view)) for ski, charger in chargers.items()
    }
    fallback_a = fallbacks_a(view.grid, (c.settings for c in chargers.values()))
    limits = {
        ski: _limit(charger, fallback_a[ski], view)
        for ski, charger in chargers.items()
        if charger.granted_a is not None
    }
    return Decision(
        _remembering(replace(view.state, chargers=chargers), reasons),
        limits,
        reasons,
        _picture(view.state, view.step, found),
        blame.overloads(view),
        _wake_at(view),
    )


def _warming_up(view: View) -> Decision:
    nothing: dict[str, Reason | None] = dict.fromkeys(view.state.chargers)
    found = rooms.rooms(view, {})
    picture = _picture(view.state, view.step, found)
    return Decision(view.state, {}, nothing, picture, (), _wake_at(view))


def _unmanaged(state: State, step: Rung, kind: Kind, now: float) -> Decision:
    """Return the decision of a CEM that may not or cannot manage: it withdraws its limits."""
    chargers = {ski: moved(charger, None, now) for ski, charger in state.chargers.items()}
    reasons = {
        ski: _following(charger, Reason(kind, since_s=now)) for ski, charger in chargers.items()
    }
    return Decision(
        _remembering(replace(state, chargers=chargers), reasons),
        {ski: Limit(ski, UNKNOWN, is_release=True) for ski in chargers},
        reasons,
        _picture(state, step, ()),
        (),  # what nobody manages nobody is blamed for
        now + AT_LEAST_EVERY_S,
    )


# --- what follows from time alone ----------------------------------------------------------------


def _observed(state: State, step: Rung, now: float, p: Parameters) -> State:
    chargers = {ski: _brought_up(charger, now, p) for ski, charger in state.chargers.items()}
    state = replace(state, chargers=chargers)
    if state.meter.id is not None:
        meter = replace(state.meter, estimates=estimated(state, now, p))
        state = replace(state, meter=meter)
    state = followed(state, step, now, p)
    return replace(state, notices=notices(state, step, now))


def _brought_up(charger: Charger, now: float, p: Parameters) -> Charger:
    charger = _with_loss(observed(charger, now, p), now, p)
    return served(claimed(charger, now, p), now, p)


def _with_loss(charger: Charger, now: float, p: Parameters) -> Charger:
    """Note since when a charger is out of reach: its own failsafe counts from then."""
    is_lost = charger.standing(now, p) is Standing.OUT_OF_REACH
    if is_lost is (charger.lost_since_s is not None):
        return charger
    return replace(charger, lost_since_s=now if is_lost else None)


def _is_warming_up(view: View) -> bool:
    if view.now - view.state.started_s >= view.p.warm_up_s:
        return False
    unheard = any(charger.report is None for charger in view.state.chargers.values())
    return unheard or not view.state.is_roster_known


# --- sharing -------------------------------------------------------------------------------------


def _shared(view: View) -> tuple[Sharing, tuple[Room, ...], dict[str, float | None]]:
    """Return the sharing, the rooms it was made in, and every charger's new limit (A)."""
    ready = _in_standing(view, Standing.READY)
    sharing, found, limits = _allotted(view, ready, _admittable(view))
    shares = sharing.shares
    offered_a = {ski: shares.current_a[ski] for ski in sharing.demands if ski not in ready}
    demands = [demand for ski, demand in sharing.demands.items() if ski in ready]
    moves = sequence((demands, shares.current_a), limits, offered_a, view)
    granted_a: dict[str, float | None] = {ski: move.granted_a for ski, move in moves.items()}
    granted_a |= offered_a
    for ski, charger in view.state.chargers.items():
        if ski not in granted_a:
            granted_a[ski] = _without_part(charger, found, shares, view)
    return replace(sharing, moves=moves), found, granted_a


def _in_standing(view: View, standing: Standing) -> dict[str, Charger]:
    return {
        ski: charger
        for ski, charger in view.state.chargers.items()
        if view.standings[ski] is standing
    }


def _admittable(view: View) -> dict[str, Charger]:
    """Return the fresh plug-ins that may be given their minimum as first limit."""
    if not view.step.allows_increase:
        return {}
    return dict(view.young)


def _allotted(
    view: View, ready: Mapping[str, Charger], young: Mapping[str, Charger]
) -> tuple[Sharing, tuple[Room, ...], tuple[Constraint, ...]]:
    """Allot; a fresh plug-in whose minimum does not fit leaves, and all is allotted again."""
    taking_part = {**ready, **young}
    demands = {ski: _demand(charger, view) for ski, charger in taking_part.items()}
    for ski in young:
        demands[ski] = replace(demands[ski], max_a=min(demands[ski].min_a, demands[ski].max_a))
    found = rooms.rooms(view, {ski: demands[ski].min_a for ski in young})
    limits = rooms.constraints(found, taking_part, view)
    shares = allocate(list(demands.values()), limits, view.p.step_a)
    admitted = {ski: charger for ski, charger in young.items() if shares.current_a[ski] > 0}
    if len(admitted) < len(young):
        return _allotted(view, ready, admitted)
    return Sharing(demands, shares, {}), found, limits


def _demand(charger: Charger, view: View) -> Demand:
    demand = demand_of(charger, view.now, view.p)
    if view.step.stage is not Stage.FAILSAFE:
        return demand
    most_a = min(demand.max_a, charger.settings.failsafe_a)
    return replace(demand, max_a=most_a, start_a=demand.min_a)


def _without_part(
    charger: Charger, found: tuple[Room, ...], shares: Shares, view: View
) -> float | None:
    """Return the limit of a charger that takes no part: never above what is reserved for it.

    A new charger gets none before it is known what it draws: a car that charges is not paused
    only because its charger was paired. A charger without a car holds its minimum ready while
    that fits, so that the first limit of a session is no pause (a car of ISO 15118 would fall
    back to PWM).
    """
    match view.standings[charger.ski]:
        case Standing.OUT_OF_REACH | Standing.DISOBEDIENT:
            return charger.settings.failsafe_a
        case Standing.NO_CAR:
            return charger.least_a if _fits_on_top(charger, found, shares, view) else 0.0
        case Standing.FRESH:
            return charger.least_a if _fits_its_reserve(charger, found, shares, view) else 0.0
        case Standing.FAULTY | Standing.READY:
            return 0.0
        case Standing.NEW:
            return None


def _fits_on_top(charger: Charger, found: tuple[Room, ...], shares: Shares, view: View) -> bool:
    """Return whether one more minimum fits beside the minimums of all that run."""
    if not view.step.allows_increase or view.step.stage is Stage.FAILSAFE:
        return False
    needed_a = charger.least_a + view.p.start_hysteresis_a
    wired = charger.settings.wired(view.grid.phases)
    running = [view.state.chargers[ski] for ski, at_a in shares.current_a.items() if at_a > 0]
    return all(
        room.firm_a - _minimums_a(running, room.phase, view) >= needed_a
        for room in found
        if room.circuit.id == MAIN and room.phase in wired
    )


def _fits_its_reserve(
    charger: Charger, found: tuple[Room, ...], shares: Shares, view: View
) -> bool:
    """Return whether a car whose first limit is overdue may start at its minimum.

    What it can draw is reserved anyway, so its minimum takes nothing from anybody; but where
    even that would not fit beside what the others have, it must not start at all.
    """
    if not view.step.allows_increase or charger.ski in view.young:
        return False  # a young one was refused its minimum when all was allotted
    reserved = charger.reserved(view.now, view.grid.phases, view.p)
    sharing = [view.state.chargers[ski] for ski in shares.current_a]
    used = view.used[charger.ski]
    return all(
        room.firm_a + reserved[room.phase] - _shared_a(sharing, shares, room.phase, view)
        >= charger.least_a
        for room in found
        if room.phase in used and room.circuit.id == MAIN
    )


def _shared_a(sharing: list[Charger], shares: Shares, phase: Phase, view: View) -> float:
    return sum(shares.current_a[c.ski] for c in sharing if phase in view.used[c.ski])


def _minimums_a(running: list[Charger], phase: Phase, view: View) -> float:
    return sum(c.least_a for c in running if phase in view.used[c.ski])


# --- answers -------------------------------------------------------------------------------------


def _limit(charger: Charger, fallback_a: float, view: View) -> Limit:
    used = charger.settings.wired(view.grid.phases)
    if view.standings[charger.ski] is Standing.READY:
        used = view.used[charger.ski]
    by_phase: PhaseReadings = on_phases(used, charger.granted_a or 0.0, None)
    if view.grid.phases == 3:
        by_phase = to_device(charger.settings.wiring, by_phase)
    return Limit(charger.ski, by_phase, fallback_a, phases=charger.sun.phases)


def _following(charger: Charger, reason: Reason | None) -> Reason | None:
    return None if reason is None else reason.following(charger.reason)


def _remembering(state: State, reasons: Mapping[str, Reason | None]) -> State:
    chargers = {
        ski: charger if charger.reason == reasons[ski] else replace(charger, reason=reasons[ski])
        for ski, charger in state.chargers.items()
    }
    return replace(state, chargers=chargers)


def _picture(state: State, step: Rung, found: tuple[Room, ...]) -> Picture:
    root = [room for room in found if room.circuit.id == MAIN]
    is_dynamic = step.stage is not Stage.NO_METER
    if not state.energy_management.on:
        managed = LoadManagement.OFF
    elif state.grid is None:
        managed = LoadManagement.NOT_CONFIGURED
    else:
        managed = LoadManagement.DYNAMIC if is_dynamic else LoadManagement.STATIC
    return Picture(
        managed,
        step,
        _by_phase({room.phase: room.other_a for room in root}) if is_dynamic else UNKNOWN,
        _by_phase({room.phase: room.reserved_a for room in root}),
        _by_phase({room.phase: max(0.0, room.now_a) for room in root}),
        found,
    )


def _by_phase(values: Mapping[Phase, float]) -> PhaseReadings:
    return from_mapping({phase: float(value) for phase, value in values.items()}, None)


def _wake_at(view: View) -> float:
    """Return when to decide again at the latest: a spike that is not confirmed counts then."""
    wake_at = view.now + AT_LEAST_EVERY_S
    if view.state.meter.estimates:
        confirmed_s = view.state.meter.estimates[-1].at_s + view.p.spike_wait_s + 0.01
        if confirmed_s > view.now:
            wake_at = min(wake_at, confirmed_s)
    return wake_at
