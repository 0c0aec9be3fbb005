"""What a charger tells its energy manager about itself and its car. Pure."""

from dataclasses import dataclass

from eebus.charger import EvProfile
from virtual_site.core.charger import Charger
from virtual_site.core.control import PerConductor

PAUSE_A = 0.1  # recorded at real chargers, for both standards
ENERGY_STEP_WH = 10.0  # counters of wallboxes are coarse, and notifies are not free


@dataclass(frozen=True, slots=True)
class Measurement:
    """One picture of the measurements, by conductor; rounded as a wallbox rounds."""

    current_a: PerConductor
    power_w: PerConductor
    energy_wh: float
    soc_percent: float | None


def ev_profile(charger: Charger) -> EvProfile | None:
    """Return the car as the charger announces it, None without one.

    With a pulse width the charger knows nothing of the car but its phases. soc_percent is that of
    the plug: it says that there is one, the measurements say how it goes on.
    """
    if charger.car is None:
        return None
    told = charger.is_digital
    return EvProfile(
        standard=charger.standard.value,
        phases=charger.conductors_in_use,
        min_a=round(charger.least_limit_a, 3),
        max_a=charger.max_a,
        pause_a=PAUSE_A,
        soc_percent=float(round(charger.car.model.soc_at_plug_percent)) if told else None,
        ev_id=charger.car.model.ev_id if told else None,
    )


def ev_state(charger: Charger) -> str:
    """Return the car's operating state (EVCC scenario 7 and measurement of use)."""
    if charger.car is not None and charger.car.is_full:
        return "finished"
    return "standby" if charger.offer_a <= 0 else "normalOperation"


def measurement(charger: Charger, voltage_v: float) -> Measurement | None:
    """Return what the charger measures, None without a car."""
    car = charger.car
    if car is None:
        return None
    used = charger.conductors_in_use
    amperes = [round(a, 1) for a in charger.current_a.values()]
    current = [a if index < used else None for index, a in enumerate(amperes)]
    power = [None if a is None else round(a * voltage_v) + 0.0 for a in current]
    energy_wh = car.delivered_wh // ENERGY_STEP_WH * ENERGY_STEP_WH
    soc_percent = float(round(car.soc_percent)) if charger.is_digital else None
    return Measurement(
        (current[0], current[1], current[2]), (power[0], power[1], power[2]), energy_wh, soc_percent
    )
