"""Folds what people and other programs tell: modes, goals, circuits, the operator's limits."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from cem.core import outlook
from cem.core.appliances import Appliance
from cem.core.charger import Charger
from cem.core.circuits import CircuitSettings
from cem.core.conduct import Proving, Pulse
from cem.core.driving import Car, WallClock
from cem.core.events import (
    ApiLimitSet,
    AppliancesHeard,
    BatteryRead,
    CarSocTold,
    CarsSet,
    CircuitsSet,
    GoalSet,
    ModeSet,
    OperatorLimitsHeard,
    OperatorSet,
    PhasesSwitched,
    PlanHeard,
    PlanningSet,
    PowerLimitSet,
    PricesHeard,
    ProvingAsked,
    ProvingEnded,
    PulseAsked,
    PulseEnded,
    PvSystemsSet,
    SessionsNamed,
    StoreChecked,
    TariffSet,
)
from cem.core.numbers import finite
from cem.core.operating import OperatorLimit
from cem.core.state import State

OfCharger = (
    ModeSet | GoalSet | PhasesSwitched | PulseAsked | PulseEnded | ProvingAsked | ProvingEnded
)
OfOperator = OperatorSet | OperatorLimitsHeard | AppliancesHeard | ApiLimitSet | PowerLimitSet
Told = OfCharger | OfOperator | outlook.Told | CircuitsSet | CarsSet | WallClock | StoreChecked


def told(state: State, event: Told, now: float) -> State:  # noqa: PLR0911 - one for each kind
    """Return the state after somebody told us something, at `now` (monotonic s)."""
    match event:
        case CircuitsSet(circuits):
            return _with_circuits(state, circuits)
        case CarsSet(cars):
            known = {car.id for car in cars}
            socs = {car: word for car, word in state.socs.items() if car in known}
            return replace(state, cars=tuple(sorted(cars, key=_by_id)), socs=socs)
        case WallClock():
            return replace(state, wall=event)
        case StoreChecked(is_failing):
            return replace(state, is_store_failing=is_failing)
        case (
            OperatorSet()
            | OperatorLimitsHeard()
            | AppliancesHeard()
            | ApiLimitSet()
            | PowerLimitSet()
        ):
            return _of_operator(state, event, now)
        case (
            TariffSet() | PlanningSet() | PvSystemsSet() | SessionsNamed() | PlanHeard()
            | PricesHeard() | CarSocTold() | BatteryRead()
        ):  # fmt: skip
            return outlook.told(state, event, now)
        case _:
            return _of_charger(state, event)


def _of_charger(state: State, event: OfCharger) -> State:  # noqa: PLR0911 - one for each kind
    ski = event.ski
    match event:
        case ModeSet(_, mode):
            state = replace(state, modes={**state.modes, ski: mode})
            return _changed(state, ski, lambda charger: replace(charger, mode=mode))
        case GoalSet(_, goal):
            goals = {other: kept for other, kept in state.goals.items() if other != ski}
            state = replace(state, goals=goals if goal is None else goals | {ski: goal})
            return _changed(state, ski, lambda charger: replace(charger, goal=goal))
        case PhasesSwitched(_, phases):
            offered = phases if phases in (1, 3) else None
            return _changed(state, ski, lambda c: replace(c, offered_phases=offered))
        case PulseAsked(_, current_a, until_s):
            pulse = Pulse(max(0.0, finite(current_a) or 0.0), finite(until_s) or 0.0)
            return _changed(state, ski, lambda charger: replace(charger, pulse=pulse))
        case PulseEnded():
            return _changed(state, ski, lambda charger: replace(charger, pulse=None))
        case ProvingAsked(_, is_silent, until_s):
            proving = Proving(finite(until_s) or 0.0, is_silent)
            return _changed(state, ski, lambda charger: replace(charger, proving=proving))
        case ProvingEnded():
            return _changed(state, ski, lambda charger: replace(charger, proving=None))
        case _:
            assert_never(event)


def _of_operator(state: State, event: OfOperator, now: float) -> State:
    match event:
        case OperatorSet(settings):
            return replace(state, operator=settings)
        case OperatorLimitsHeard(limits):
            sane = tuple(_sane(limit) for limit in limits)
            return replace(state, operator_limits=sane, operator_heard_s=now)
        case AppliancesHeard(appliances):
            known = sorted((_known(each) for each in appliances), key=lambda each: each.ski)
            return replace(state, appliances=tuple(known), appliances_heard_s=now)
        case ApiLimitSet(limit):
            return replace(state, api_limit=None if limit is None else _sane(limit))
        case PowerLimitSet(limit_w):
            return replace(state, power_limit_w=_sane_w(limit_w))
        case _:
            assert_never(event)


def _changed(state: State, ski: str, change: Callable[[Charger], Charger]) -> State:
    charger = state.chargers.get(ski)
    return state if charger is None else state.with_charger(change(charger))


def _with_circuits(state: State, circuits: tuple[CircuitSettings, ...]) -> State:
    """Return the state with other circuits; a sub-meter that stays keeps what it has read."""
    meters = {circuit.id: circuit.meter for circuit in circuits if circuit.meter}
    kept = {at: meter for at, meter in state.sub_meters.items() if meters.get(at) == meter.id}
    return replace(state, circuits=tuple(sorted(circuits, key=_by_id)), sub_meters=kept)


def _sane(limit: OperatorLimit) -> OperatorLimit:
    failsafe_w, failsafe_s = finite(limit.failsafe_w), finite(limit.failsafe_s)
    return replace(
        limit, limit_w=_sane_w(limit.limit_w), failsafe_w=failsafe_w, failsafe_s=failsafe_s
    )


def _known(appliance: Appliance) -> Appliance:
    """Return an appliance whose odd numbers are unknown ones."""
    return replace(
        appliance,
        silent_s=finite(appliance.silent_s),
        power_w=finite(appliance.power_w),
        nominal_w=_positive_w(appliance.nominal_w),
        failsafe_w=_positive_w(appliance.failsafe_w),
        held_w=_positive_w(appliance.held_w),
        asked_w=finite(appliance.asked_w),
        answer_age_s=finite(appliance.answer_age_s),
    )


def _positive_w(power_w: float | None) -> float | None:
    known_w = finite(power_w)
    return None if known_w is None or known_w < 0 else known_w


def _sane_w(limit_w: float | None) -> float | None:
    """Return a limit fit to reckon with (W); one that is no number is the strictest one."""
    if limit_w is None:
        return None
    known_w = finite(limit_w)
    return 0.0 if known_w is None else max(0.0, known_w)


def _by_id(named: Car | CircuitSettings) -> str:
    """Order what people have named: whoever changed what last, a decision is the same."""
    return named.id
