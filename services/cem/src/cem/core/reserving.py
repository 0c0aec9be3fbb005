"""What is kept free for a charger that takes no part in the sharing (design law 1)."""

from cem.core.charger import Charger
from cem.core.conduct import Standing
from cem.core.parameters import Parameters
from electrical.phases import Phase, PhaseCurrents, on_phases, with_phase


def reserve_a(charger: Charger, now: float, p: Parameters) -> float:
    """Return what must be kept free for it where it takes no part in the sharing (A)."""
    match charger.standing(now, p):
        case Standing.READY | Standing.NO_CAR | Standing.NEW:
            return 0.0
        case Standing.FAULTY:
            drawn = charger.measured_a(now, p)
            return 0.0 if drawn is None else max(0.0, *drawn.values())
        case Standing.FRESH:
            start_a = charger.settings.start_a
            return charger.most_a if start_a is None else start_a
        case Standing.DISOBEDIENT:
            return max(charger.most_a, charger.highest_drawn_a(now, p))
        case Standing.PROVING:  # one whose failsafe does not work may do as it likes
            return max(charger.unbound_a, charger.highest_drawn_a(now, p))
        case Standing.OUT_OF_REACH:
            return _out_of_reach_a(charger, now, p)


def _out_of_reach_a(charger: Charger, now: float, p: Parameters) -> float:
    """Return max(last current, failsafe), and its last limit until its failsafe rules."""
    failsafe_a = charger.settings.failsafe_a
    if charger.report is None:
        held = charger.is_restored and now - charger.known_since_s <= p.lease_s + p.reaction_s
        return max(failsafe_a, charger.settings.max_a) if held else failsafe_a
    if charger.report.is_car_known and charger.report.car is None:
        return failsafe_a
    last = charger.drawn_a
    last_a = 0.0 if last is None else max(0.0, *last.values())
    lost_since_s = charger.heard_s if charger.lost_since_s is None else charger.lost_since_s
    if now - lost_since_s <= p.own_failsafe_after_s:
        in_force_a = 0.0 if _never_limited(charger) else charger.may_draw_a(now, p)
        return max(failsafe_a, last_a, in_force_a)
    return max(failsafe_a, last_a)


def _never_limited(charger: Charger) -> bool:
    """Return whether no limit of ours can be in force there.

    What is decided for a charger that was never reached (paired here, not yet confirmed there)
    stays here; what its car draws, the meter sees as a load like any other.
    """
    if charger.accepted_a is not None:
        return False
    was_reached = charger.is_restored or charger.met_s is not None
    was_reached = was_reached or charger.fresh_since_s is not None
    return charger.granted_a is None or not was_reached


def reserved(charger: Charger, now: float, site_phases: int, p: Parameters) -> PhaseCurrents:
    """Return `reserve_a` on the phases it might use."""
    phases, each_a = might_use(charger, now, site_phases, p), reserve_a(charger, now, p)
    kept: PhaseCurrents = on_phases(phases, each_a, 0.0)
    if not charger.settings.may_switch_itself or not each_a:
        return kept
    on_one_a = max(each_a, min(charger.settings.max_a, each_a * len(phases)))
    return with_phase(kept, phases[0], on_one_a)


def might_use(charger: Charger, now: float, site_phases: int, p: Parameters) -> tuple[Phase, ...]:
    """Return the house phases it might draw on: all that are wired while out of reach."""
    if charger.standing(now, p) in (Standing.OUT_OF_REACH, Standing.PROVING):
        return charger.settings.wired(site_phases)
    return charger.phases(site_phases, p)
