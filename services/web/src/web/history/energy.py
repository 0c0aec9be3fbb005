"""Answers what energy flowed, from minutes, hours and days. Blocking; as the CEM answers it.

Hours and days that are behind their minutes are added up while they are read: an answer never
waits for a roll-up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from volthus_kit.refusal import RefusedError
from volthus_wire.v1.records_pb2 import EnergySpan, GetEnergyReply, GetEnergyRequest
from web.history import upserts
from web.history.core.energy import DAY_S, HOUR_S, QUARTER_S, STEPS_S, Energy, total
from web.history.rolling import spans
from web.history.tables import EnergyDayRow, EnergyHourRow, EnergyMinuteRow, StaleHourRow

MOST_SPANS = 5000
Bounds = tuple[int, int]
Spans = Mapping[int, Energy]  # by start, in order


def energy(connection: Connection, site: str, question: GetEnergyRequest) -> GetEnergyReply:
    """Return energy by span. Raises RefusedError `unknown-step`, `too-many-spans`."""
    step_s = question.step_s or QUARTER_S
    if step_s not in STEPS_S:
        detail = f"{step_s} s is no step; expected one of {', '.join(map(str, STEPS_S))}."
        raise RefusedError("unknown-step", detail, field="/step_s", step_s=step_s)
    first_ms: int = getattr(question, "from").ToMilliseconds()
    bounds = (
        first_ms // 1000 // step_s * step_s,
        -(-question.to.ToMilliseconds() // 1000 // step_s) * step_s,
    )
    if (bounds[1] - bounds[0]) // step_s > MOST_SPANS:
        detail = f"That is more than {MOST_SPANS} spans of {step_s} s; ask for less, or wider ones."
        raise RefusedError("too-many-spans", detail, field="/from", most=MOST_SPANS)
    found = _found(connection, site, bounds, step_s)
    return GetEnergyReply(spans=[_span(start_s, step_s, found[start_s]) for start_s in found])


def _found(connection: Connection, site: str, bounds: Bounds, step_s: int) -> Spans:
    if step_s < HOUR_S:
        return _grouped(spans(connection, EnergyMinuteRow, site, bounds), step_s)
    if step_s == HOUR_S:
        return _hours(connection, site, bounds)
    stale = _stale(connection, site, bounds)  # first: what is added up meanwhile is read anew
    days = dict(spans(connection, EnergyDayRow, site, bounds))
    for day_s in sorted({hour_s // DAY_S * DAY_S for hour_s in stale}):
        hours = _hours(connection, site, (day_s, day_s + DAY_S))
        days[day_s] = total(hours.values())
    return dict(sorted(days.items()))


def _hours(connection: Connection, site: str, bounds: Bounds) -> Spans:
    stale = _stale(connection, site, bounds)
    hours = dict(spans(connection, EnergyHourRow, site, bounds))
    for hour_s in stale:
        minutes = spans(connection, EnergyMinuteRow, site, (hour_s, hour_s + HOUR_S))
        hours[hour_s] = total(one for _, one in minutes)
    return dict(sorted(hours.items()))


def _stale(connection: Connection, site: str, bounds: Bounds) -> list[int]:
    stale = upserts.table_of(StaleHourRow)
    wanted = select(stale.c.start_s).where(
        stale.c.site == site, stale.c.start_s >= bounds[0], stale.c.start_s < bounds[1]
    )
    return sorted(connection.execute(wanted).scalars())


def _grouped(minutes: Iterable[tuple[int, Energy]], step_s: int) -> Spans:
    parts: dict[int, list[Energy]] = defaultdict(list)
    for start_s, one in minutes:
        parts[start_s // step_s * step_s].append(one)
    return {start_s: total(found) for start_s, found in parts.items()}


def _span(start_s: int, length_s: int, found: Energy) -> EnergySpan:
    message = EnergySpan(
        import_wh=found.import_wh,
        export_wh=found.export_wh,
        sun_wh=found.sun_wh,
        charging_wh=found.charging_wh,
        charging_sun_wh=found.charging_sun_wh,
        charger_wh={ski: energy_wh for ski, (energy_wh, _) in found.chargers.items()},
        charger_sun_wh={ski: sun_wh for ski, (_, sun_wh) in found.chargers.items()},
    )
    message.start.FromSeconds(start_s)
    message.end.FromSeconds(start_s + length_s)
    return message
