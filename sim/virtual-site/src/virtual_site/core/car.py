"""A car: how its current follows the offer (scenario format, section 3). Pure.

One step takes `dt_s` seconds; with 1 s it is the format's model, with less the current just moves
in finer steps.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

NEVER = math.inf
EV_ID = "02:00:5e:10:00:01"  # locally administered, as a car would tell its EUI-48


class Standard(StrEnum):
    """How charger and car talk."""

    IEC61851 = "iec61851"  # a pulse width, 6 A and more
    ISO15118_ED1 = "iso15118-2ed1"  # power line communication
    ISO15118_ED2 = "iso15118-2ed2"

    @property
    def is_digital(self) -> bool:
        """Return whether it needs power line communication (PLC)."""
        return self is not Standard.IEC61851


@dataclass(frozen=True, slots=True)
class CarModel:
    """What a car can do. standard is the best it speaks, min_digital_a its minimum with that."""

    phases: int
    max_a: float
    energy_wh: float
    min_a: float = 6.0
    delay_s: float = 0.0
    start_s: float = 0.0
    ramp_up_a_s: float = 1000.0
    ramp_down_a_s: float = 1000.0
    stop_s: float = 2.0
    offset_a: float = 0.0
    over_a: float = 0.0
    step_a: float = 0.0
    taper_from: float = 1.0
    taper_floor_a: float = 6.0
    sleep_after_s: float = NEVER
    wake_s: float = 0.0
    standard: Standard = Standard.IEC61851
    min_digital_a: float = 2.2
    soc_at_plug_percent: float = 20.0
    soc_when_full_percent: float = 90.0
    ev_id: str = EV_ID


@dataclass(frozen=True, slots=True)
class Car:
    """A plugged car, some time after it came."""

    model: CarModel
    age_s: float = 0.0  # since it was plugged
    offers: tuple[tuple[float, float], ...] = ()  # (age, A): when the offer changed
    seen_a: float = 0.0
    offered_s: float = 0.0  # how long there has been enough to charge with
    paused_s: float = 0.0
    wakes_up: bool = False
    current_a: float = 0.0  # on each of the conductors in use
    conductors: int = 0
    delivered_wh: float = 0.0

    @property
    def is_full(self) -> bool:
        """Return whether it has all the energy it came for."""
        return self.delivered_wh >= self.model.energy_wh - 1e-6

    @property
    def soc_percent(self) -> float:
        """Return how full the battery is."""
        model = self.model
        part = min(1.0, self.delivered_wh / model.energy_wh)
        return model.soc_at_plug_percent + part * (
            model.soc_when_full_percent - model.soc_at_plug_percent
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What the charger offers: A, on how many conductors, and the least that counts."""

    current_a: float
    conductors: int
    min_a: float


def step(car: Car, offer: Offer, dt_s: float, voltage_v: float, *, deaf: bool = False) -> Car:
    """Let `dt_s` seconds pass under an offer. deaf: the car holds the last limit it saw."""
    offers = _noted(car, offer.current_a)
    seen_a = car.seen_a if deaf else _seen(offers, car.age_s - car.model.delay_s)
    conductors = min(offer.conductors, car.model.phases)
    can_draw = seen_a >= offer.min_a - 1e-9 and conductors > 0
    has_started = can_draw and car.offered_s >= _start_s(car)
    target_a = _target_a(car, seen_a) if has_started and not car.is_full else 0.0
    current_a = _moved(car, target_a, dt_s)
    paused_s = 0.0 if can_draw else car.paused_s + dt_s
    return replace(
        car,
        age_s=car.age_s + dt_s,
        offers=offers,
        seen_a=seen_a,
        offered_s=car.offered_s + dt_s if can_draw else 0.0,
        paused_s=paused_s,
        wakes_up=(car.wakes_up and not has_started) or paused_s > car.model.sleep_after_s,
        current_a=current_a,
        conductors=conductors,
        delivered_wh=car.delivered_wh + voltage_v * current_a * conductors * dt_s / 3600,
    )


def accepted_a(car: Car) -> float:
    """Return the most the battery takes now; it falls towards the end of a charge."""
    model = car.model
    filled = car.delivered_wh / model.energy_wh
    if filled <= model.taper_from:
        return model.max_a
    part = (filled - model.taper_from) / (1 - model.taper_from)
    return max(model.taper_floor_a, model.max_a * (1 - part))


def _noted(car: Car, offer_a: float) -> tuple[tuple[float, float], ...]:
    """Return the changes of the offer that still matter, the newest last."""
    offers = car.offers
    if not offers or offers[-1][1] != offer_a:
        offers = (*offers, (car.age_s, offer_a))
    horizon_s = car.age_s - car.model.delay_s
    while len(offers) > 1 and offers[1][0] <= horizon_s:
        offers = offers[1:]
    return offers


def _seen(offers: tuple[tuple[float, float], ...], age_s: float) -> float:
    return next((offer_a for since_s, offer_a in reversed(offers) if since_s <= age_s), 0.0)


def _start_s(car: Car) -> float:
    return car.model.wake_s if car.wakes_up else car.model.start_s


def _target_a(car: Car, seen_a: float) -> float:
    model = car.model
    target_a = min(seen_a, accepted_a(car))
    if model.step_a > 0:
        target_a = math.floor(target_a / model.step_a + 1e-9) * model.step_a
    return max(0.0, target_a - model.offset_a + model.over_a)


def _moved(car: Car, target_a: float, dt_s: float) -> float:
    model = car.model
    if target_a >= car.current_a:
        return min(target_a, car.current_a + model.ramp_up_a_s * dt_s)
    fall_a_s = model.ramp_down_a_s
    if target_a == 0:
        fall_a_s = max(fall_a_s, model.max_a / model.stop_s)
    return max(target_a, car.current_a - fall_a_s * dt_s)
