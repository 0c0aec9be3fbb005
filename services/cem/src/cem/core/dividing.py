"""Divides the grid operator's limit among chargers and appliances (C6). Pure.

Law: what appliances in our hand are told, what others may draw, and what is left for the chargers
never exceed the limit together. Each device keeps its part of what section 14a EnWG guarantees;
what is more goes to the chargers, which use it best, and without chargers to the appliances. Who
does not follow is reserved with what it may draw: unknown is not zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import floor, inf

from cem.core import guarantee
from cem.core.appliances import Answer, Appliance, ApplianceShare, ApplianceState, Division
from cem.core.obeying import in_force, limit_w
from cem.core.operating import GUARANTEED_W, OperatorSettings
from cem.core.parameters import Parameters
from cem.core.state import State

HEART_S = 120.0  # LPC: an appliance that does not hear us for so long keeps to its failsafe value
FAILSAFE_S = 7200.0  # LPC: and for so long at least; then it may do as it likes
GATEWAY_SILENT_S = 10.0  # the gateway speaks every second; without it no appliance hears us
FOLLOWS_WITHIN_S = 60.0  # compressors need a while
MORE_THAN = 1.05  # of its limit: measuring errors of two meters
MORE_W = 100.0
FOLLOWING = (ApplianceState.PENDING, ApplianceState.ACCEPTED)
WITHIN_REACH = (*FOLLOWING, ApplianceState.EXCEEDED)


def division(state: State, now: float, p: Parameters) -> Division:
    """Return who may draw what now; without a limit everybody all they like."""
    ordered_w = limit_w(state, now, p)
    if ordered_w is None and not state.appliances:
        return Division(None, {})  # as on most sites at most times
    orders = in_force(state, now, p)
    heard = tuple(_aged(each, state, now) for each in state.appliances)
    if not orders:  # a power set for the chargers alone is not the appliances' business
        left = divide(ordered_w, len(state.chargers), (), state.operator)
        return replace(left, shares=divide(None, len(state.chargers), heard, state.operator).shares)
    until = orders[0].until if len(orders) == 1 else None
    return divide(ordered_w, len(state.chargers), heard, state.operator, until)


def divide(
    limit_w: float | None,
    chargers: int,
    appliances: Sequence[Appliance],
    settings: OperatorSettings,
    until: datetime | None = None,
) -> Division:
    """Divide a limit (W) on all steerable devices; None = no limit.

    chargers: how many there are. settings name devices that nobody controls over EEBUS, and which
    appliances we may limit; the others are the business of whoever controls them.
    """
    ours = {each.ski: each for each in appliances if is_ours(each, settings)}
    factor = guarantee.simultaneity(chargers + len(settings.other_devices_w) + len(ours))
    kept_w = {ski: _guaranteed_w(each, factor) for ski, each in ours.items()}
    not_ours = {
        each.ski: ApplianceShare(each, ApplianceState.NOT_OURS, is_release=True)
        for each in appliances
        if each.ski not in ours
    }
    if limit_w is None:
        free = {
            ski: ApplianceShare(each, _standing(each, None), fallback_w=kept_w[ski])
            for ski, each in ours.items()
        }
        return Division(None, free | not_ours)
    others_w = sum(guarantee.of_device_w(w, factor) for w in settings.other_devices_w)
    of_chargers_w = guarantee.of_chargers_w(chargers, factor)
    shares, left_w = _fitted(ours, kept_w, limit_w, others_w, of_chargers_w)
    if not chargers:
        shares, left_w = _raised(shares, left_w)
    chargers_w = max(0.0, left_w - _excess_w(shares))
    ends = {
        ski: replace(share, fallback_w=kept_w[ski], until=until) for ski, share in shares.items()
    }
    return Division(chargers_w, ends | not_ours)


def released(state: State) -> dict[str, ApplianceShare]:
    """Return the shares of a site that is not managed: our limits are withdrawn."""
    return {
        each.ski: ApplianceShare(each, ApplianceState.NOT_OURS, is_release=True)
        for each in state.appliances
    }


def is_ours(appliance: Appliance, settings: OperatorSettings) -> bool:
    """Return whether we may limit it: as people chose, else if it is paired for nothing else."""
    chosen = {choice.ski: choice.is_limited for choice in settings.appliances}
    return chosen.get(appliance.ski, appliance.is_only_this)


# --- inside --------------------------------------------------------------------------------------


def _fitted(
    ours: Mapping[str, Appliance],
    kept_w: Mapping[str, float],
    limit_w: float,
    others_w: float,
    chargers_w: float,
) -> tuple[dict[str, ApplianceShare], float]:
    """Return every appliance's share, and what is left for the chargers (W).

    What the disobedient may draw comes off the top; all others share the rest by their
    guarantees, chargers_w and others_w being those of the chargers and of further devices.
    """
    firm: dict[str, ApplianceShare] = {}
    while True:
        room_w = max(0.0, limit_w - sum(share.reserved_w for share in firm.values()))
        shared_w = chargers_w + others_w + sum(w for ski, w in kept_w.items() if ski not in firm)
        part = min(1.0, room_w / shared_w) if shared_w > 0 else 0.0
        told = {
            ski: _told(each, float(floor(kept_w[ski] * part)))
            for ski, each in ours.items()
            if ski not in firm
        }
        astray = {ski: share for ski, share in told.items() if share.state not in WITHIN_REACH}
        if not astray:
            told_w = sum(share.limit_w or 0.0 for share in told.values())
            return told | firm, max(0.0, room_w - others_w * part - told_w)
        firm |= astray


def _told(appliance: Appliance, limit_w: float) -> ApplianceShare:
    """Return the share of one that is told a limit (W)."""
    state = _standing(appliance, limit_w)
    reserved_w = limit_w if state in FOLLOWING else max(limit_w, _may_draw_w(appliance, state))
    return ApplianceShare(appliance, state, limit_w, reserved_w)


def _standing(appliance: Appliance, limit_w: float | None) -> ApplianceState:
    if not appliance.is_in_contact:
        silent_s = appliance.silent_s
        is_safe = silent_s is not None and HEART_S < silent_s <= FAILSAFE_S
        return ApplianceState.FAILSAFE if is_safe else ApplianceState.UNREACHABLE
    if limit_w is None:
        return ApplianceState.UNLIMITED
    is_answered = appliance.asked_w is not None and abs(appliance.asked_w - limit_w) < 1.0
    if not is_answered or appliance.answer in (Answer.NONE, Answer.PENDING):
        return ApplianceState.PENDING
    if appliance.answer is Answer.REFUSED:
        return ApplianceState.REFUSED
    draws_w, since_s = appliance.power_w, appliance.answer_age_s or 0.0
    is_more = draws_w is not None and draws_w > limit_w * MORE_THAN + MORE_W
    is_late = since_s > FOLLOWS_WITHIN_S
    return ApplianceState.EXCEEDED if is_more and is_late else ApplianceState.ACCEPTED


def _may_draw_w(appliance: Appliance, state: ApplianceState) -> float:
    """Return what one that does not follow may draw (W)."""
    at_most_w = GUARANTEED_W if appliance.nominal_w is None else appliance.nominal_w
    at_most_w = max(at_most_w, appliance.power_w or 0.0)
    held_w, failsafe_w = appliance.held_w, appliance.failsafe_w
    match state:
        case ApplianceState.EXCEEDED:
            return appliance.power_w or 0.0
        case ApplianceState.REFUSED:
            return at_most_w if held_w is None else held_w
        case ApplianceState.FAILSAFE:
            return at_most_w if failsafe_w is None else failsafe_w
        case _ if appliance.silent_s is not None and appliance.silent_s <= HEART_S:
            known_w = (held_w, failsafe_w)  # it holds our limit, and then goes to its failsafe
            return max(at_most_w if w is None else w for w in known_w)
        case _:
            return at_most_w


def _raised(
    shares: Mapping[str, ApplianceShare], left_w: float
) -> tuple[dict[str, ApplianceShare], float]:
    """Give those that follow what no charger is there for, in equal parts up to their power."""
    raised = dict(shares)
    open_ = {ski for ski, share in shares.items() if share.state in FOLLOWING}
    while open_ and left_w >= len(open_):
        step_w = float(floor(left_w / len(open_)))
        for ski in sorted(open_):
            share = raised[ski]
            told_w = share.limit_w or 0.0
            most_w = inf if share.appliance.nominal_w is None else share.appliance.nominal_w
            more_w = min(step_w, max(0.0, most_w - told_w))
            left_w -= more_w
            raised[ski] = _told(share.appliance, told_w + more_w)
            if more_w < step_w:
                open_.discard(ski)
    return raised, left_w


def _excess_w(shares: Mapping[str, ApplianceShare]) -> float:
    """Return what those that accepted draw beyond their share (W)."""
    return sum(
        share.reserved_w - (share.limit_w or 0.0)
        for share in shares.values()
        if share.state is ApplianceState.EXCEEDED
    )


def _guaranteed_w(appliance: Appliance, factor: float) -> float:
    """Return what an appliance is guaranteed (W); no more than it can draw."""
    most_w = inf if appliance.nominal_w is None else appliance.nominal_w
    return min(guarantee.of_device_w(appliance.nominal_w, factor), most_w)


def _aged(appliance: Appliance, state: State, now: float) -> Appliance:
    """Return an appliance as it counts now: the gateway's silence is its own."""
    heard_s = state.appliances_heard_s
    silent_s = 0.0 if heard_s is None else max(0.0, now - heard_s)
    age_s = None if appliance.answer_age_s is None else appliance.answer_age_s + silent_s
    if silent_s <= GATEWAY_SILENT_S:
        return replace(appliance, answer_age_s=age_s)
    known_s = appliance.silent_s
    was_in_contact = appliance.is_in_contact or known_s is not None
    return replace(
        appliance,
        is_in_contact=False,
        silent_s=(known_s or 0.0) + silent_s if was_in_contact else None,
        power_w=None,
        answer_age_s=age_s,
    )
