"""Folds events into the state. Decides nothing; makes odd numbers unknown on the way in."""

from dataclasses import replace
from typing import assert_never

from cem.core import ladder, soc, telling
from cem.core.charger import Charger, changed, house_currents
from cem.core.conduct import Former, Sample
from cem.core.driving import ChargingMode, WallClock
from cem.core.events import (
    Accepted,
    ApiLimitSet,
    AppliancesHeard,
    BatteryRead,
    Car,
    CarSocTold,
    CarsSet,
    ChargerHeard,
    ChargerSet,
    ChargersPaired,
    CircuitsSet,
    EnergyManagementSet,
    Event,
    GoalSet,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    Link,
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
    Report,
    SessionsNamed,
    StoreChecked,
    SubMeterRead,
    SunRead,
    TariffSet,
)
from cem.core.numbers import finite, finite_phases
from cem.core.parameters import DEFAULTS, Parameters
from cem.core.site import ChargerSettings
from cem.core.state import Meter, MeterSample, State
from electrical.phases import ZERO, PhaseCurrents, Phases, fully_known

KEPT_S = 25.0  # longer than every window of the control law


def apply(state: State, event: Event, now: float, p: Parameters = DEFAULTS) -> State:
    """Return the state after an event that reached us at `now` (monotonic s)."""
    match event:
        case GridRead(reading):
            state = replace(state, meter=_read(state.meter, reading, state.site_phases, now, p))
        case GridMeterNamed(meter):
            if meter != state.meter.id:
                state = replace(state, meter=Meter(meter, now))
        case SunRead(power_w):
            state = replace(state, sun_w=finite(power_w))
        case ChargerHeard(report):
            state = _heard(state, _sane(report), now)
        case ChargersPaired(skis):
            state = _paired(state, skis, now)
        case GridConnectionSet(grid):
            was_unmanaged = state.grid is None
            state = replace(state, grid=grid)
            state = _switched(state, now) if was_unmanaged else state
        case EnergyManagementSet(energy_management):
            state = _switched(replace(state, energy_management=energy_management), now)
        case ChargerSet(settings):
            state = _set(state, settings)
        case SubMeterRead(circuit, reading):
            state = _sub_metered(state, circuit, reading, now, p)
        case (
            CircuitsSet() | ModeSet() | GoalSet() | CarsSet() | WallClock() | OperatorSet()
            | OperatorLimitsHeard() | ApiLimitSet() | AppliancesHeard()
            | PowerLimitSet() | PhasesSwitched()
            | PulseAsked() | PulseEnded() | ProvingAsked() | ProvingEnded()
            | StoreChecked() | TariffSet() | PlanningSet()
            | PvSystemsSet() | SessionsNamed() | PlanHeard() | PricesHeard() | CarSocTold()
            | BatteryRead()
        ):  # fmt: skip
            state = telling.told(state, event, now)
        case _:
            assert_never(event)
    return state


def is_urgent(before: State, after: State, event: Event, now: float) -> bool:
    """Return whether an event wants a decision at once instead of at the next second."""
    match event:
        case (
            SunRead() | StoreChecked() | SubMeterRead() | WallClock() | PhasesSwitched()
            | SessionsNamed() | BatteryRead() | PricesHeard() | TariffSet() | PvSystemsSet()
        ):  # fmt: skip
            return False
        case GridMeterNamed():
            return before.meter.id != after.meter.id
        case ChargersPaired():
            return before.chargers.keys() != after.chargers.keys()
        case ChargerHeard(report):
            return _stands_otherwise(before.chargers.get(report.ski), after, report.ski, now)
        case OperatorLimitsHeard() | PowerLimitSet() | AppliancesHeard():
            return _orders(before) != _orders(after)
        case _:  # the meter was read, or people want something: they see it at once
            return True


def _orders(state: State) -> tuple[tuple[object, ...], ...]:
    """Return what the operator demands; ages and names change nothing."""
    orders = [(o.ski, o.state, o.limit_w) for o in state.operator_limits]
    return (*orders, (state.power_limit_w,), *_answers(state))


def _answers(state: State) -> list[tuple[object, ...]]:
    """Return how the appliances stand; ages and measurements change nothing at once."""
    return [
        (a.ski, a.is_only_this, a.is_in_contact, a.nominal_w, a.answer, a.asked_w, a.held_w)
        for a in state.appliances
    ]


def _stands_otherwise(then: Charger | None, after: State, ski: str, now: float) -> bool:
    since = after.chargers.get(ski)
    if then is None or since is None:
        return then is not since
    return then.standing(now, DEFAULTS) is not since.standing(now, DEFAULTS)


# --- the grid meter ------------------------------------------------------------------------------


def _read(meter: Meter, reading: GridReading, site_phases: int, now: float, p: Parameters) -> Meter:
    """Return the meter after a poll; what cannot be used leaves it as it was, only older."""
    if meter.id is None:
        meter = Meter(reading.meter, now)  # whoever reads a grid meter has one
    current_a = _usable(reading, site_phases)
    if reading.meter != meter.id or current_a is None:
        return meter
    at_s = now - min(max(finite(reading.age_s) or 0.0, 0.0), 3600.0)
    if meter.last_at_s is not None and at_s < meter.last_at_s:
        return meter
    is_same = meter.last is not None and _picture(meter.last) == _picture(reading)
    sample = MeterSample(at_s, current_a)
    meter = replace(
        meter,
        last=replace(reading, period_s=_period(reading)),
        last_at_s=at_s,
        samples=(*(s for s in meter.samples if at_s - s.at_s <= KEPT_S), sample),
        same_count=meter.same_count + 1 if is_same else 1,
        same_since_s=meter.same_since_s if is_same else at_s,
    )
    return replace(meter, samples=meter.samples[:-1]) if ladder.is_frozen(meter, p) else meter


def _usable(reading: GridReading, site_phases: int) -> PhaseCurrents | None:
    """Return the currents of a reading that can be trusted on every phase of the site."""
    if not reading.is_good:
        return None
    current_a = finite_phases(reading.current_a)
    if site_phases == 1:
        return None if current_a.l1 is None else Phases(current_a.l1, 0.0, 0.0)
    return fully_known(current_a)


def _period(reading: GridReading) -> float:
    """Return the poll period (s), 1 s where it cannot be."""
    period_s = finite(reading.period_s)
    return period_s if period_s is not None and 0.0 < period_s <= 60.0 else 1.0


def _picture(reading: GridReading) -> tuple[object, ...]:
    """Return all that noise would change from one true reading to the next."""
    return (
        reading.current_a,
        reading.power_w,
        reading.power_total_w,
        reading.voltage_v,
        reading.frequency_hz,
    )


def _sub_metered(
    state: State, circuit: str, reading: GridReading, now: float, p: Parameters
) -> State:
    """Return the state after a poll of a circuit's sub-meter; another circuit has none."""
    if all(known.id != circuit or not known.meter for known in state.circuits):
        return state
    before = state.sub_meters.get(circuit, Meter(reading.meter, now))
    if before.id != reading.meter:
        before = Meter(reading.meter, now)
    meter = _read(before, reading, state.site_phases, now, p)
    return replace(state, sub_meters={**state.sub_meters, circuit: meter})


# --- the chargers --------------------------------------------------------------------------------


def _paired(state: State, skis: tuple[str, ...], now: float) -> State:
    if state.is_roster_known and set(skis) == set(state.chargers):
        return state
    chargers = {ski: state.chargers.get(ski) or _new(state, ski, now) for ski in sorted(set(skis))}
    return replace(state, chargers=chargers, is_roster_known=True)


def _new(state: State, ski: str, now: float) -> Charger:
    settings = state.charger_settings.get(ski) or ChargerSettings(ski)
    mode = state.modes.get(ski, ChargingMode())
    return Charger(ski, settings, known_since_s=now, mode=mode, goal=state.goals.get(ski))


def _switched(state: State, now: float) -> State:
    """Return the state after a switch: cars that were never limited wait for their first limit."""
    chargers = {
        ski: charger if charger.fresh_since_s is None else replace(charger, fresh_since_s=now)
        for ski, charger in state.chargers.items()
    }
    return replace(state, chargers=chargers)


def _set(state: State, settings: ChargerSettings) -> State:
    state = replace(state, charger_settings={**state.charger_settings, settings.ski: settings})
    charger = state.chargers.get(settings.ski)
    if charger is None:
        return state
    # Samples are by phase of the house: another wiring makes the old ones wrong.
    return state.with_charger(replace(charger, settings=settings, samples=()))


def _taken_over(charger: Charger, accepted_a: float, now: float) -> Charger:
    """Return the charger with the limit it holds as ours.

    It may be only just in force, as when our lease ended meanwhile: what the car draws is still
    what it was allowed before, and no disobedience.
    """
    drawn_a = charger.most_a if charger.drawn_a is None else max(charger.drawn_a.values())
    return replace(
        charger,
        granted_a=accepted_a,
        changed_s=now,
        former=(Former(now, max(accepted_a, drawn_a)),),
        running_since_s=now if accepted_a >= charger.least_a else None,
    )


def _heard(state: State, report: Report, now: float) -> State:
    """Fold a charger's report. One that is not on the roster is not (or no longer) ours."""
    charger = state.chargers.get(report.ski)
    if charger is None:
        return state
    is_first = charger.report is None
    updated = _with_sample(changed(charger, report=report, heard_s=now), state.site_phases, now)
    if (met_s := _met_since(updated, now)) != updated.met_s:
        updated = changed(updated, met_s=met_s)
    is_met = charger.met_s is None and updated.met_s is not None
    fresh_since_s = _fresh_since(charger, report, now)
    if is_met and fresh_since_s is not None:
        fresh_since_s = now  # only now its first limit is on the way
    if fresh_since_s != updated.fresh_since_s:
        updated = changed(updated, fresh_since_s=fresh_since_s)
    is_other = _is_other_car(charger, report)
    if charger.has_car and (is_other or (report.car is None and report.is_car_known)):
        state = soc.unplugged(state, charger, now)
        updated = changed(updated, session="")
    word = soc.heard(updated, now, is_other_car=is_other)
    if word is not updated.soc:
        updated = changed(updated, soc=word)
    if is_other:
        is_new = charger.report is not None or not charger.is_restored
        updated = replace(
            updated, plugged_s=now if is_new else None, claim_a=None, below_since_s=None,
            used_since_s=None, running_since_s=None, served_as=0.0, unused_a=0.0, over_a=0.0,
            idle_since_s=None, low_refusals=0, paused_since_s=None, misses=0, disobeys=False,
            seen_a=None, seen_phases=None,
        )  # fmt: skip
    if is_first and charger.accepted_a is None and updated.accepted_a is not None:
        # After our own restart the limit in force is where we go on from, and who runs stays.
        updated = _taken_over(updated, updated.accepted_a, now)
    state = state.with_charger(updated)
    if is_met and updated.drawn_a is not None:
        state = replace(state, meter=_without(state.meter, updated.drawn_a))
    return state


def _met_since(charger: Charger, now: float) -> float | None:
    """Return since when we know what it draws: measured, or nothing without a car."""
    report = charger.report
    if charger.met_s is not None or report is None or report.link is not Link.CONNECTED:
        return charger.met_s
    knows_car = report.is_car_known and report.car is None
    return now if knows_car or report.measured_age_s is not None else None


def _without(meter: Meter, drawn_a: PhaseCurrents) -> Meter:
    """Return the meter with a charger's draw taken out of what was believed to be the house.

    Until it was measured its car was one more load there. What is remembered of the others
    stays: a charger that draws nothing changes nothing.
    """
    if max(drawn_a.values()) <= DEFAULTS.drawing_a:
        return meter
    estimates = tuple(
        replace(
            e,
            raw_a=e.raw_a - drawn_a,
            confirmed_a=e.confirmed_a - drawn_a,
            most_a=e.most_a - drawn_a,
        )
        for e in meter.estimates
    )
    # Readings from before its first measurement cannot be divided between it and the house again.
    return replace(meter, estimates=estimates, samples=meter.samples[-1:], usual_a=None)


def _with_sample(charger: Charger, site_phases: int, now: float) -> Charger:
    report = charger.report
    if report is None:
        return charger
    current_a = house_currents(charger.settings, site_phases, report)
    age_s = report.measured_age_s
    if report.car is None and report.is_car_known:
        current_a, age_s = ZERO, 0.0  # nothing flows into a cable without a car
    if current_a is None or age_s is None:
        return charger
    at_s = now - max(0.0, age_s)
    before = [sample for sample in charger.samples if sample.at_s < at_s - 0.01]
    # The last one before the window stays: until its successor it was the truth.
    older = sum(now - sample.at_s > KEPT_S for sample in before)
    return changed(charger, samples=(*before[max(0, older - 1) :], Sample(at_s, current_a)))


def _fresh_since(charger: Charger, report: Report, now: float) -> float | None:
    if report.car is None or report.accepted is not None:
        return None
    if charger.fresh_since_s is None or _is_other_car(charger, report):
        return now
    return charger.fresh_since_s


def _is_other_car(charger: Charger, report: Report) -> bool:
    """Return whether a car came since the last report."""
    before = charger.report.car if charger.report else None
    return report.car is not None and (before is None or before.plug != report.car.plug)


def _sane(report: Report) -> Report:
    """Return the report with everything that is no finite number made unknown."""
    accepted = report.accepted
    return replace(
        report,
        current_a=finite_phases(report.current_a),
        power_w=finite_phases(report.power_w),
        energy_wh=finite(report.energy_wh),
        measured_age_s=finite(report.measured_age_s),
        reaction_s=finite(report.reaction_s),
        car=None if report.car is None else _sane_car(report.car),
        accepted=None if accepted is None else _sane_accepted(accepted),
    )


def _sane_car(car: Car) -> Car:
    return replace(
        car,
        min_a=finite(car.min_a),
        max_a=finite(car.max_a),
        soc_percent=finite(car.soc_percent),
        phases=car.phases if car.phases in (1, 2, 3) else None,
    )


def _sane_accepted(accepted: Accepted) -> Accepted:
    return replace(
        accepted,
        current_a=accepted.current_a.map(
            lambda limit: None if limit is None or finite(limit) is None else max(0.0, limit)
        ),
    )
