"""Adds sessions up: by month of the site, by charger, by car. In the database, month by month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import text
from sqlmodel import Session as Db

from cem.records.core.months import month_named, months, name_of, zone_name
from cem.records.messages import instant, ms_of
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import records_pb2

MOST_ROWS = 5000
LAST_MS = 2**62
ENDS = text(
    "SELECT min(started_ms), max(started_ms) FROM cem_session"
    " WHERE started_ms >= :first AND started_ms < :last"
)
# The name is looked up by the latest id: SQLite keeps its promise of bare columns beside max(id)
# only while no other min or max stands there.
SUMS = text(
    "SELECT latest, (SELECT charger_name FROM cem_session WHERE id = latest), g_ski, g_car, count,"
    " energy_wh, sun_wh, charging_s, cost, priced, least, most, co2_g, weighed FROM ("
    "SELECT max(id) AS latest, CASE WHEN :by_charger THEN ski ELSE '' END AS g_ski,"
    " CASE WHEN :by_car THEN car ELSE '' END AS g_car, count(*) AS count,"
    " sum(energy_wh) AS energy_wh, sum(sun_wh) AS sun_wh, sum(charging_s) AS charging_s,"
    " sum(CAST(cost AS REAL)) AS cost, count(cost) AS priced,"
    " min(currency) FILTER (WHERE cost IS NOT NULL) AS least,"
    " max(currency) FILTER (WHERE cost IS NOT NULL) AS most, sum(co2_g) AS co2_g,"
    " count(co2_g) AS weighed FROM cem_session WHERE started_ms >= :first AND started_ms < :last"
    " AND (:ski = '' OR ski = :ski) GROUP BY g_ski, g_car) ORDER BY g_ski, g_car"
)


@dataclass(frozen=True, slots=True)
class _Span:
    """In ms; None = open."""

    first: int | None
    last: int | None

    @property
    def bounds(self) -> dict[str, int]:
        first = 0 if self.first is None else self.first
        return {"first": first, "last": LAST_MS if self.last is None else self.last}


def summary(
    db: Db, question: records_pb2.SummarizeSessionsRequest, zone: tzinfo, now: datetime
) -> records_pb2.SummarizeSessionsReply:
    """Return what was asked for, in the site's time zone.

    Raises RefusedError `unknown-month`, `too-many-spans`.
    """
    span = _span(question, zone)
    reply = records_pb2.SummarizeSessionsReply(time_zone=zone_name(zone, now))
    if span.first is not None:
        getattr(reply, "from").CopyFrom(to_timestamp(instant(span.first)))
    if span.last is not None:
        reply.to.CopyFrom(to_timestamp(instant(span.last)))
    for name, part in _parts(db, question, span, zone):
        reply.totals.extend(_totals(db, question, name, part))
        if len(reply.totals) > MOST_ROWS:
            detail = f"That is more than {MOST_ROWS} sums; ask for a shorter time."
            raise RefusedError("too-many-spans", detail, field="/from", most=MOST_ROWS)
    return reply


def _span(question: records_pb2.SummarizeSessionsRequest, zone: tzinfo) -> _Span:
    if question.month:
        month = month_named(question.month, zone)
        if month is None:
            detail = f"{question.month!r} is no month; expected one such as 2026-11."
            raise RefusedError("unknown-month", detail, field="/month", month=question.month)
        return _Span(*map(ms_of, month))
    first = getattr(question, "from").ToMilliseconds() if question.HasField("from") else None
    return _Span(first, question.to.ToMilliseconds() if question.HasField("to") else None)


def _parts(
    db: Db, question: records_pb2.SummarizeSessionsRequest, span: _Span, zone: tzinfo
) -> Iterator[tuple[str, _Span]]:
    """Yield the months of a span that can have sessions, latest first; else the span itself."""
    if not question.by_month:
        yield question.month, span
        return
    first_ms, last_ms = db.connection().execute(ENDS, span.bounds).one()
    if first_ms is None:
        return
    for begins, ends in months(instant(first_ms), instant(last_ms), zone):
        first = max(ms_of(begins), span.bounds["first"])
        yield name_of(begins), _Span(first, min(ms_of(ends), span.bounds["last"]))


def _totals(
    db: Db, question: records_pb2.SummarizeSessionsRequest, month: str, span: _Span
) -> Iterator[records_pb2.SessionTotals]:
    asked = {"by_charger": question.by_charger, "by_car": question.by_car, "ski": question.ski}
    for row in db.connection().execute(SUMS, span.bounds | asked):
        (_, name, ski, car, count, energy_wh, sun_wh, charging_s) = row[:8]
        (cost, priced, least, most, co2_g, weighed) = row[8:]
        is_one = bool(priced) and least == most
        yield records_pb2.SessionTotals(
            month=month,
            ski=ski,
            charger_name=name if ski else "",
            car=car,
            count=count,
            energy_wh=energy_wh,
            sun_wh=sun_wh,
            grid_wh=max(0.0, energy_wh - sun_wh),
            charging_s=charging_s,
            cost=round(cost, 6) if is_one else None,
            currency=most if is_one else "",
            unpriced=count - priced if is_one else count,
            co2_g=co2_g if weighed else None,
            unweighed=count - weighed,
        )
