"""CEVC: a car's demand and plan, and the curve and prices to write (usecases.md). Pure."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from eebus.events import ChargingDemand, PowerSlot, PriceSlot
from eebus.spine import durations
from eebus.spine.datagram import Cmd, cmd
from eebus.spine.scaled import from_float, to_float
from eebus.spine.tree import Entity
from eebus.spine.values import Item, Value, flag, number, part, parts, text
from eebus.usecases import names
from eebus.usecases.cem.join import content, items

CONSTRAINTS: Final = "constraints"  # the series the energy manager writes
PLAN: Final = "plan"
DEMAND: Final = "singleDemand"
DIRECT_COVER_S: Final = 48 * 3600.0  # how far a curve must reach for a car without departure
MAX_POWER_W: Final = 1e7
MAX_PRICE: Final = 1e4


def read_demand(car: Entity) -> ChargingDemand | None:
    """Return what the car asks for, None when it does not say."""
    series = _series(car, DEMAND)
    slot = next(iter(parts(series, "timeSeriesSlot")), None)
    if slot is None:
        return None
    optimal_wh, min_wh = to_float(part(slot, "value")), to_float(part(slot, "minValue"))
    departure_s = _seconds(text(slot, "duration"))
    if optimal_wh is None and min_wh is None:
        return None
    curve_due, prices_due = updates_due(car)
    return ChargingDemand(
        strategy=_strategy(min_wh, optimal_wh, departure_s),
        min_wh=min_wh,
        optimal_wh=optimal_wh,
        max_wh=to_float(part(slot, "maxValue")),
        departure_s=departure_s,
        curve_due=curve_due,
        prices_due=prices_due,
    )


def updates_due(car: Entity) -> tuple[bool, bool]:
    """Return whether the car waits for a power curve, and whether for prices."""
    return (
        flag(_described(car, CONSTRAINTS), "updateRequired") is True,
        flag(_tariff(car), "updateRequired") is True,
    )


def tells(car: Entity, type_: str) -> bool:
    """Whether a series is among the last data: after a write some tell only what was written."""
    return bool(_series(car, type_))


def read_plan(car: Entity) -> tuple[PowerSlot, ...]:
    """Return how the car means to charge; a slot without a power or an end ends the plan."""
    series = _series(car, PLAN)
    at = _seconds(text(part(series, "timePeriod"), "startTime")) or 0.0
    found = []
    for slot in parts(series, "timeSeriesSlot"):
        period = part(slot, "timePeriod")
        start = _seconds(text(period, "startTime"))
        at = at if start is None else start
        length, end = _seconds(text(slot, "duration")), _seconds(text(period, "endTime"))
        end = at + length if length is not None else end
        power_w = to_float(part(slot, "maxValue"))
        if power_w is None or end is None:
            break
        found.append(PowerSlot(at, end, power_w))
        at = end
    return tuple(found)


def curve_command(car: Entity, slots: Sequence[PowerSlot]) -> Cmd | str:
    """Return the write of a power curve, or in one sentence why the car cannot take it."""
    described = _described(car, CONSTRAINTS)
    series_id = number(described, "timeSeriesId")
    if series_id is None or flag(described, "timeSeriesWriteable") is False:
        return "the car takes no power curve"
    if not all(0 <= each.power_w <= MAX_POWER_W for each in slots):
        return f"a power is from 0 to {MAX_POWER_W:.0f} W"
    bounds = _of_series(car, names.SERIES_CONSTRAINTS, series_id)
    wrong = _misfit([(each.start_s, each.end_s) for each in slots], bounds)
    demand = read_demand(car)
    if wrong is None and demand is not None and demand.strategy != "none":
        needed_s = DIRECT_COVER_S if demand.departure_s is None else demand.departure_s
        if slots[-1].end_s < needed_s:
            wrong = f"the curve ends before the {needed_s:.0f} s the car needs"
    if wrong is not None:
        return wrong
    written: list[Value] = []
    for place, each in enumerate(slots):
        period: Item = {"startTime": _relative(each.start_s)}
        if place == len(slots) - 1:
            period["endTime"] = _relative(each.end_s)
        written.append(
            {
                "timeSeriesSlotId": place,
                "timePeriod": period,
                "maxValue": from_float(each.power_w),
            }
        )
    series: Item = {
        "timeSeriesId": series_id,
        "timePeriod": {"startTime": "PT0S", "endTime": _relative(slots[-1].end_s)},
        "timeSeriesSlot": written,
    }
    return cmd(names.SERIES, {"timeSeriesData": [series]})


def price_commands(car: Entity, slots: Sequence[PriceSlot], currency: str) -> tuple[Cmd, Cmd] | str:
    """Return the writes of what prices mean and of the prices, or why the car takes none."""
    tariff = _tariff(car)
    tariff_id = number(tariff, "tariffId")
    if tariff_id is None or flag(tariff, "tariffWriteable") is False:
        return "the car takes no prices"
    if not all(abs(each.price_per_kwh) <= MAX_PRICE for each in slots):
        return f"a price is at most {MAX_PRICE:.0f} per kWh"
    listed = parts(
        content(car, names.INCENTIVE_TABLE, names.PRICE_CONSTRAINTS), "incentiveTableConstraints"
    )
    bounds = next(
        (each for each in listed if number(part(each, "tariff"), "tariffId") == tariff_id), {}
    )
    wrong = _misfit(
        [(each.start_s, each.end_s) for each in slots], part(bounds, "incentiveSlotConstraints")
    )
    if wrong is not None:
        return wrong
    described: Item = {
        "tariffDescription": tariff,
        "tier": [
            {
                "tierDescription": {"tierId": 0, "tierType": "dynamicCost"},
                "boundaryDescription": [
                    {"boundaryId": 0, "boundaryType": "powerBoundary", "boundaryUnit": "W"}
                ],
                "incentiveDescription": [
                    {"incentiveId": 0, "incentiveType": "absoluteCost", "currency": currency}
                ],
            }
        ],
    }
    priced: list[Value] = [_priced(each, is_last=each is slots[-1]) for each in slots]
    table: Item = {"tariff": {"tariffId": tariff_id}, "incentiveSlot": priced}
    return (
        cmd(names.PRICE_DESCRIPTIONS, {"incentiveTableDescription": [described]}),
        cmd(names.PRICES, {"incentiveTable": [table]}),
    )


def _strategy(min_wh: float | None, optimal_wh: float | None, departure_s: float | None) -> str:
    if departure_s is None:
        return "direct" if (optimal_wh or 0.0) > 0 else "none"
    if (min_wh or 0.0) > 0:
        return "minimum"
    return "timed" if (optimal_wh or 0.0) > 0 else "none"


def _priced(slot: PriceSlot, *, is_last: bool) -> Item:
    interval: Item = {"startTime": {"relative": _relative(slot.start_s)}}
    if is_last:
        interval["endTime"] = {"relative": _relative(slot.end_s)}
    return {
        "timeInterval": interval,
        "tier": [
            {
                "tier": {"tierId": 0},
                "boundary": [{"boundaryId": 0, "lowerBoundaryValue": from_float(0.0)}],
                "incentive": [{"incentiveId": 0, "value": from_float(slot.price_per_kwh)}],
            }
        ],
    }


def _misfit(slots: Sequence[tuple[float, float]], bounds: Item) -> str | None:
    """Return what is wrong with slots: order, count or length; None when they fit.

    Slots follow one another from now on; only the last one says when it ends.
    """
    least, most = number(bounds, "slotCountMin") or 1, number(bounds, "slotCountMax")
    if len(slots) < least or (most is not None and len(slots) > most):
        return f"{len(slots)} slots; the car takes {least} to {most if most is not None else 'any'}"
    if slots[0][0] != 0 or any(a[1] != b[0] for a, b in pairwise(slots)):
        return "slots begin now and follow one another without a gap"
    shortest = _seconds(text(bounds, "slotDurationMin")) or 0.0
    longest = _seconds(text(bounds, "slotDurationMax"))
    step = _seconds(text(bounds, "slotDurationStepSize"))
    for start_s, end_s in slots:
        length_s = end_s - start_s
        if not shortest <= length_s <= (longest or length_s) or length_s < 1:
            return f"a slot of {length_s:.0f} s is too short or too long for the car"
        if step and length_s % step:
            return f"a slot of {length_s:.0f} s is no multiple of {step:.0f} s"
    return None


def _described(car: Entity, type_: str) -> Item:
    listed = items(car, names.TIME_SERIES, names.SERIES_DESCRIPTIONS)
    return next((each for each in listed if text(each, "timeSeriesType") == type_), {})


def _series(car: Entity, type_: str) -> Item:
    series_id = number(_described(car, type_), "timeSeriesId")
    return {} if series_id is None else _of_series(car, names.SERIES, series_id)


def _of_series(car: Entity, function: str, series_id: int) -> Item:
    listed = items(car, names.TIME_SERIES, function)
    return next((each for each in listed if number(each, "timeSeriesId") == series_id), {})


def _tariff(car: Entity) -> Item:
    data = content(car, names.INCENTIVE_TABLE, names.PRICE_DESCRIPTIONS)
    listed = parts(data, "incentiveTableDescription")
    return part(listed[0], "tariffDescription") if listed else {}


def _seconds(written: str | None) -> float | None:
    span = durations.parse(written) if written else None
    return None if span is None else span.total_seconds()


def _relative(seconds: float) -> str:
    """Return a time from now; the reference writes zero as `P0D`."""
    return durations.write(timedelta(seconds=seconds)) if seconds else "P0D"
