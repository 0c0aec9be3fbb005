"""CEVC as data of the EV entity: demand, plan, the curve and prices a client writes. Pure.

Ids and bounds as the recorded reference has them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from eebus.events import PowerSlot, PriceSlot
from eebus.spine import durations
from eebus.spine.scaled import from_float, to_float
from eebus.spine.values import Item, Value, part, parts, text
from eebus.usecases.evse.profile import MAX_DEPARTURE_S, CarDemand

CURVE_ID: Final = 1  # the series a client writes
PLAN_ID: Final = 2
DEMAND_ID: Final = 3
TARIFF_ID: Final = 0
MAX_CURVE_SLOTS: Final = 30
MAX_PRICE_SLOTS: Final = 24
MAX_TIERS: Final = 3
DIRECT_COVER_S: Final = 48 * 3600.0  # what a curve must cover for a car without departure
SERIES: Final = "timeSeriesData"
TABLES: Final = "incentiveTable"
TARIFFS: Final = "incentiveTableDescription"


def describe_series(*, is_curve_due: bool) -> Item:
    """Return what the three series are. is_curve_due: the car waits for its curve."""
    curve: Item = {"timeSeriesId": CURVE_ID, "timeSeriesType": "constraints"}
    curve |= {"timeSeriesWriteable": True, "updateRequired": is_curve_due, "unit": "W"}
    plan: Item = {"timeSeriesId": PLAN_ID, "timeSeriesType": "plan"}
    demand: Item = {"timeSeriesId": DEMAND_ID, "timeSeriesType": "singleDemand"}
    return {
        "timeSeriesDescriptionData": [
            curve,
            {**plan, "timeSeriesWriteable": False, "unit": "W"},
            {**demand, "timeSeriesWriteable": False, "unit": "Wh"},
        ]
    }


def series_bounds() -> Item:
    """Return how many slots a curve may have."""
    bounds: Item = {"timeSeriesId": CURVE_ID, "slotCountMin": 1, "slotCountMax": MAX_CURVE_SLOTS}
    return {"timeSeriesConstraintsData": [bounds]}


def write_demand(demand: CarDemand) -> Item:
    """Return the series of a demand: one slot, as long as the car stays."""
    slot: Item = {"timeSeriesSlotId": 1}
    if demand.departure_s is not None:
        slot["duration"] = durations.write(timedelta(seconds=demand.departure_s))
    slot["value"] = from_float(demand.optimal_wh)
    if demand.min_wh is not None:
        slot["minValue"] = from_float(demand.min_wh)
    if demand.max_wh is not None:
        slot["maxValue"] = from_float(demand.max_wh)
    return _series(DEMAND_ID, [slot])


def write_plan(slots: Sequence[PowerSlot]) -> Item:
    """Return the series of a plan. Raises ValueError unless slots begin now and leave no gap."""
    _check_gapless([(each.start_s, each.end_s) for each in slots])
    written: list[Value] = [
        {
            "timeSeriesSlotId": place,
            "duration": durations.write(timedelta(seconds=each.end_s - each.start_s)),
            "maxValue": from_float(each.power_w),
        }
        for place, each in enumerate(slots, 1)
    ]
    return _series(PLAN_ID, written)


def read_curve(series: Item, at: datetime, demand: CarDemand | None) -> tuple[PowerSlot, ...]:
    """Return the curve a client wrote. at: now, for times told as a date.

    Raises ValueError, with the reason, for one a car could not follow: no power, a gap, too many
    slots, or an end before the car has what it asked for.
    """
    written = parts(series, "timeSeriesSlot")
    if not 1 <= len(written) <= MAX_CURVE_SLOTS:
        raise ValueError(f"a curve has 1 to {MAX_CURVE_SLOTS} slots, not {len(written)}")
    times = _times([part(each, "timePeriod") for each in written], written, at)
    powers = [to_float(part(each, "maxValue")) for each in written]
    found = []
    for (start_s, end_s), power_w in zip(times, powers, strict=True):
        if power_w is None or power_w < 0:
            raise ValueError("each slot needs a power from 0 W up as its maxValue")
        found.append(PowerSlot(start_s, end_s, power_w))
    needed_s = _needed_s(demand)
    if found[-1].end_s + 1 < needed_s:
        raise ValueError(f"the curve ends before the {needed_s:.0f} s the car needs")
    return tuple(found)


def describe_tariff(tiers: Sequence[Item], *, are_prices_due: bool) -> Item:
    """Return the tariff, with the tiers a client described. are_prices_due: the car waits."""
    tariff: Item = {"tariffId": TARIFF_ID, "tariffWriteable": True}
    tariff |= {"updateRequired": are_prices_due, "scopeType": "simpleIncentiveTable"}
    described: Item = {"tariffDescription": tariff}
    if tiers:
        described["tier"] = [*tiers]
    return {TARIFFS: [described]}


def tariff_bounds() -> Item:
    """Return how many tiers and slots a client may write."""
    tiers: Item = {"maxTiersPerTariff": MAX_TIERS}
    tiers |= {"maxBoundariesPerTier": 1, "maxIncentivesPerTier": 3}
    slots: Item = {"slotCountMin": 1, "slotCountMax": MAX_PRICE_SLOTS}
    return {
        "incentiveTableConstraints": [
            {
                "tariff": {"tariffId": TARIFF_ID},
                "tariffConstraints": tiers,
                "incentiveSlotConstraints": slots,
            }
        ]
    }


def read_currency(tiers: Sequence[Item]) -> str | None:
    """Return the currency of the first price described, None when there is none."""
    for tier in tiers:
        for each in parts(tier, "incentiveDescription"):
            if (currency := text(each, "currency")) is not None:
                return currency
    return None


def read_prices(table: Item, at: datetime) -> tuple[PriceSlot, ...]:
    """Return the prices a client wrote: those of the first tier. Raises ValueError, see read_curve.

    at: now, for times told as a date.
    """
    written = parts(table, "incentiveSlot")
    if not 1 <= len(written) <= MAX_PRICE_SLOTS:
        raise ValueError(f"a tariff has 1 to {MAX_PRICE_SLOTS} slots, not {len(written)}")
    times = _times([_interval(each) for each in written], written, at)
    found = []
    for (start_s, end_s), slot in zip(times, written, strict=True):
        tier = next(iter(parts(slot, "tier")), {})
        incentive = next(iter(parts(tier, "incentive")), {})
        price = to_float(part(incentive, "value"))
        if price is None:
            raise ValueError("each slot needs a tier with a price")
        found.append(PriceSlot(start_s, end_s, price))
    return tuple(found)


def _series(series_id: int, slots: Sequence[Value]) -> Item:
    start: Item = {"startTime": "PT0S"}
    series: Item = {"timeSeriesId": series_id, "timePeriod": start}
    return {**series, "timeSeriesSlot": [*slots]}


def _interval(slot: Item) -> Item:
    """Return start and end of a price slot, which carry one kind of time each, as of a period."""
    interval: Item = {}
    for name in ("startTime", "endTime"):
        told = part(slot, "timeInterval", name)
        written = text(told, "relative") or text(told, "dateTime")
        if written is not None:
            interval[name] = written
    return interval


def _times(
    periods: Sequence[Item], slots: Sequence[Item], at: datetime
) -> list[tuple[float, float]]:
    """Return start and end of each slot: what one leaves out, its neighbour says."""
    starts = [durations.seconds_until(text(each, "startTime"), at) for each in periods]
    found: list[tuple[float, float]] = []
    for place, (period, slot) in enumerate(zip(periods, slots, strict=True)):
        before = found[-1][1] if found else 0.0
        start = starts[place] if starts[place] is not None else before
        length = durations.seconds_until(text(slot, "duration"), at)
        end = durations.seconds_until(text(period, "endTime"), at)
        if end is None and start is not None and length is not None:
            end = start + length
        if end is None and place + 1 < len(starts):
            end = starts[place + 1]
        if start is None or end is None:
            raise ValueError("the last slot needs an end")
        found.append((start, end))
    _check_gapless(found)
    return found


def _check_gapless(times: Sequence[tuple[float, float]]) -> None:
    at = 0.0
    for start_s, end_s in times:
        if abs(start_s - at) > 1 or not start_s < end_s <= MAX_DEPARTURE_S + 1:
            raise ValueError("slots begin now and follow one another, for seven days at most")
        at = end_s


def _needed_s(demand: CarDemand | None) -> float:
    if demand is None or not (demand.optimal_wh or demand.min_wh):
        return 0.0
    return DIRECT_COVER_S if demand.departure_s is None else demand.departure_s
