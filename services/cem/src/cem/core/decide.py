"""The decision: one frozen picture of the site in, limits with their reasons out. Pure.

Laws (design.md section 2): what is granted plus what is reserved never exceeds limit - other
loads - margin on the last reading; first down, then up; every number has its reason.
"""

from collections.abc import Mapping
from dataclasses import replace

from cem.core import blame, rooms
from cem.core.allocation import Constraint, Demand, allocate
from cem.core.caps import caps, operator_w, voltages_v
from cem.core.charger import Charger, changed
from cem.core.circuits import MAIN, ancestry
from cem.core.conduct import Standing
from cem.core.decision import Decision, Limit, LoadManagement, Picture
from cem.core.demand import claimed, demand_of, served
from cem.core.dividing import division, released
from cem.core.estimator import estimated
from cem.core.explaining import Sharing, why
from cem.core.failsafe import fallbacks_a
from cem.core.fitting import fitted
from cem.core.ladder import Rung, Stage, rung
from cem.core.lanes import usual_a
from cem.core.modes import meant
from cem.core.noticing import notices
from cem.core.obedience import observed
from cem.core.parameters import DEFAULTS, Parameters
from cem.core.pending import pending
from cem.core.reasons import Kind, Reason
from cem.core.rooms import Room
from cem.core.sequencing import moved, sequence
from cem.core.standing_by import limit_a
from cem.core.state import Meter, State
from cem.core.sun import SOLAR, followed, surplus_w, topped_up
from cem.core.switching import switched
from cem.core.view import View
from electrical.phases import UNKNOWN, Phase, PhaseReadings, from_mapping, on_phases
from electrical.rotation import to_device

AT_LEAST_EVERY_S = 1.0  # design law 4


def decide(state: State, now: float, p: Parameters = DEFAULTS) -> Decision:
    """Return the limits for all paired chargers at `now` (monotonic s), and why.

    Same state and time, same decision. Sends nothing in the first moment after a start, while
    chargers have not reported: the leases of the CEM before still run.
    """
    step = rung(state.meter, now, p)
    state = _observed(state, step, now, p)
    if not state.energy_management.on:
        return _unmanaged(state, step, Kind.ENERGY_MANAGEMENT_OFF, now)
    if state.grid is None:
        return _unmanaged(state, step, Kind.NO_FUSE_SET, now)
    view = View(state, state.grid, step, now, p)
    return _warming_up(view) if _is_warming_up(view) else _managed(view)


def _managed(view: View) -> Decision:
    sharing, found, granted_a = _shared(view)
    chargers = {
        ski: fitted(moved(charger, granted_a[ski], view.now), sharing, found, view)
        for ski, charger in view.state.chargers.items()
    }
    reasons = {
        ski: _following(charger, why(charger, sharing, view)) for ski, charger in chargers.items()
    }
    ordered_w = operator_w(view)
    fallback_a = fallbacks_a(view.root, view.grid, chargers.values(), _most_a(ordered_w, view))
    limits = {
        ski: _limit(charger, fallback_a[ski], view)
        for ski, charger in chargers.items()
        if charger.granted_a is not None
    }
    return Decision(
        _remembering(view.state, chargers, reasons),
        limits,
        reasons,
        _picture(view.state, view.step, found),
        blame.overloads(view),
        _wake_at(view),
        pending(chargers, sharing, view),
        ordered_w,
        division(view.state, view.now, view.p).shares,
    )


def _most_a(ordered_w: float | None, view: View) -> float | None:
    """Return a power as amperes on all conductors together, at the highest voltage."""
    return None if ordered_w is None else ordered_w / max(voltages_v(view).values())


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
        _remembering(state, chargers, reasons),
        {ski: Limit(ski, UNKNOWN, is_release=True) for ski in chargers},
        reasons,
        _picture(state, step, ()),
        (),  # what nobody manages nobody is blamed for
        now + AT_LEAST_EVERY_S,
        appliances=released(state),
    )


# --- what follows from time alone ----------------------------------------------------------------


def _observed(state: State, step: Rung, now: float, p: Parameters) -> State:
    phases, meter = state.site_phases, state.meter
    chargers = {
        ski: _brought_up(charger, phases, now, p) for ski, charger in state.chargers.items()
    }
    if meter.id is not None:
        meter = _estimated(meter, tuple(chargers.values()), phases, now, p)
    state = replace(state, chargers=chargers, meter=meter)
    if state.sub_meters:
        state = replace(state, sub_meters=_sub_estimated(state, now, p))
    state = meant(state, step, now, p)
    if any(c.intent.conduct in SOLAR or c.intent.takes_sun for c in state.chargers.values()):
        state = replace(state, surplus_w=surplus_w(state, step, now, p))
        state = topped_up(state, state.surplus_w, now, p)
    state = followed(state, state.surplus_w, now, p)
    state = switched(state, state.surplus_w, now, p)
    told = notices(state, step, now)
    return state if told == state.notices else replace(state, notices=told)


def _estimated(
    meter: Meter, members: tuple[Charger, ...], site_phases: int, now: float, p: Parameters
) -> Meter:
    found = estimated(meter, members, site_phases, now, p)
    return replace(meter, estimates=found, usual_a=usual_a(meter, found))


def _sub_estimated(state: State, now: float, p: Parameters) -> dict[str, Meter]:
    found = {}
    for circuit, meter in state.sub_meters.items():
        members = tuple(
            charger
            for charger in state.chargers.values()
            if circuit in ancestry(charger.settings.circuit, state.circuits)
        )
        found[circuit] = _estimated(meter, members, state.site_phases, now, p)
    return found


def _brought_up(charger: Charger, site_phases: int, now: float, p: Parameters) -> Charger:
    charger = _with_loss(observed(charger, site_phases, now, p), now, p)
    charger = served(claimed(charger, site_phases, now, p), site_phases, now, p)
    if charger.pulse is not None and now >= charger.pulse.until_s:
        charger = replace(charger, pulse=None)
    if charger.proving is not None and now >= charger.proving.until_s:
        charger = replace(charger, proving=None)
    return charger


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
            granted_a[ski] = limit_a(charger, found, shares, view)
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
    limits = rooms.fuses(found, taking_part, view) + caps(found, taking_part, view)
    shares = allocate(list(demands.values()), limits, view.p.step_a)
    admitted = {ski: charger for ski, charger in young.items() if shares.current_a[ski] > 0}
    if len(admitted) < len(young):
        return _allotted(view, ready, admitted)
    favourites = any(d.guaranteed_a or d.due_s is not None for d in demands.values())
    return Sharing(demands, shares, {}, limits, favourites), found, limits


def _demand(charger: Charger, view: View) -> Demand:
    demand = demand_of(charger, view.now, view.p)
    if view.step.stage is not Stage.FAILSAFE and not view.is_below_silence(charger):
        return demand
    most_a = min(demand.max_a, charger.settings.failsafe_a)
    return replace(demand, max_a=most_a, start_a=demand.min_a)


# --- answers -------------------------------------------------------------------------------------


def _limit(charger: Charger, fallback_a: float, view: View) -> Limit:
    used = charger.settings.wired(view.grid.phases)
    leads_itself = charger.settings.may_switch_itself
    if view.standings[charger.ski] is Standing.READY and not leads_itself:
        used = view.used[charger.ski]
    by_phase: PhaseReadings = on_phases(used, charger.granted_a or 0.0, None)
    if view.grid.phases == 3:
        by_phase = to_device(charger.settings.wiring, by_phase)
    asked = charger.switching.asked if charger.settings.can_switch else None
    is_silent = charger.proving is not None and charger.proving.is_silent
    return Limit(charger.ski, by_phase, fallback_a, phases=asked, is_silent=is_silent)


def _following(charger: Charger, reason: Reason | None) -> Reason | None:
    return None if reason is None else reason.following(charger.reason)


def _remembering(
    state: State, chargers: Mapping[str, Charger], reasons: Mapping[str, Reason | None]
) -> State:
    told = {
        ski: charger if charger.reason == reasons[ski] else changed(charger, reason=reasons[ski])
        for ski, charger in chargers.items()
    }
    return replace(state, chargers=told)


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
