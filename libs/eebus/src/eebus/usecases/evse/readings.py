"""Measurements of a car as data: all of them, or only those that changed."""

from datetime import datetime

from eebus.events import PerPhase
from eebus.spine.durations import timestamp
from eebus.spine.scaled import from_float
from eebus.spine.values import Item, Value, parts
from eebus.usecases.evse import car
from eebus.usecases.evse.profile import EvProfile

LIST = "measurementData"
MAX_VALUE = 1e12  # beyond any physical meaning, as are infinity and NaN: not told


def values_by_id(
    ev: EvProfile,
    current_a: PerPhase,
    power_w: PerPhase,
    energy_wh: float | None,
    soc_percent: float | None,
) -> dict[int, float]:
    """Return the known values by measurement id, those of conductors in use only."""
    found: dict[int, float | None] = {}
    for phase in range(ev.phases):
        found[car.current_id(phase)] = current_a[phase]
        found[car.power_id(ev, phase)] = power_w[phase]
    found[car.energy_id(ev)] = energy_wh
    if ev.soc_percent is not None:
        found[car.soc_id(ev)] = soc_percent
    return {
        number: value
        for number, value in found.items()
        if value is not None and abs(value) < MAX_VALUE
    }


def write(values: dict[int, float], at: datetime) -> Item:
    """Return the measurements as data, in the order of their ids."""
    written: list[Value] = [
        {
            "measurementId": number,
            "valueType": "value",
            "timestamp": timestamp(at),
            "value": from_float(value),
            "valueSource": "measuredValue",
            "valueState": "normal",
        }
        for number, value in sorted(values.items())
    ]
    return {LIST: written}


def changed(before: Item, after: Item) -> Item:
    """Return the measurements of `after` whose value is not that of `before`; {} for none."""
    old = {str(each["measurementId"]): each.get("value") for each in parts(before, LIST)}
    new: list[Value] = [
        each
        for each in parts(after, LIST)
        if each.get("value") != old.get(str(each["measurementId"]))
    ]
    return {LIST: new} if new else {}
