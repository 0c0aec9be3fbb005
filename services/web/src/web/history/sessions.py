"""Answers about sessions: lists, sums and savings. Blocking; as the CEM answers them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import ColumnElement, Connection, and_, func, select

from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.planning_pb2 import GetSavingsRequest, Saving, SavingsReply
from volthus_wire.v1.records_pb2 import (
    ChargingSession,
    ListSessionsReply,
    ListSessionsRequest,
    SessionTotals,
    SummarizeSessionsReply,
    SummarizeSessionsRequest,
)
from web.history import upserts
from web.history.core.months import month_named, months, name_of, zone_named
from web.history.facts import KNOWN_IN_SESSION, SAME_IN_SESSION
from web.history.tables import ChargingSessionRow, SiteCalendarRow

PAGE, MOST = 100, 1000
MOST_TOTALS = 5000
SESSION = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f-]{1,20}")
LAST_MS = 2**62


@dataclass(frozen=True, slots=True)
class Calendar:
    """By what the sums of a site go."""

    name: str
    zone: tzinfo
    currency: str


def calendar_of(connection: Connection, site: str) -> Calendar:
    """Return a site's time zone and money; UTC while it never told."""
    table = upserts.table_of(SiteCalendarRow)
    row = connection.execute(select(table).where(table.c.site == site)).one_or_none()
    if row is None:
        return Calendar("UTC", UTC, "")
    return Calendar(row.time_zone or "UTC", zone_named(row.time_zone), row.currency)


def sessions(connection: Connection, site: str, question: ListSessionsRequest) -> ListSessionsReply:
    """Return sessions, newest first. Raises RefusedError `unknown-cursor`."""
    most = min(question.most or PAGE, MOST)
    table = upserts.table_of(ChargingSessionRow)
    wanted = select(table).where(table.c.site == site).order_by(table.c.id.desc()).limit(most + 1)
    if question.cursor:
        if SESSION.fullmatch(question.cursor) is None:
            detail = f"{question.cursor!r} is no cursor of this list."
            raise RefusedError("unknown-cursor", detail, field="/cursor")
        wanted = wanted.where(table.c.id < question.cursor)
    if question.ski:
        wanted = wanted.where(table.c.ski == question.ski)
    if question.HasField("from"):
        first: Timestamp = getattr(question, "from")
        wanted = wanted.where(table.c.started_ms >= first.ToMilliseconds())
    if question.HasField("to"):
        wanted = wanted.where(table.c.started_ms < question.to.ToMilliseconds())
    rows = connection.execute(wanted).mappings().all()
    return ListSessionsReply(
        sessions=[_message(dict(row)) for row in rows[:most]],
        next=str(rows[most - 1]["id"]) if len(rows) > most else "",
    )


def _message(row: Mapping[str, object]) -> ChargingSession:
    message = ChargingSession(session=str(row["id"]))
    for name in (*SAME_IN_SESSION, *KNOWN_IN_SESSION, "revision"):
        if (value := row[name]) is not None:
            setattr(message, name, value)
    message.grid_wh = max(0.0, message.energy_wh - message.sun_wh)
    for name in ("started", "ended"):
        if (told_ms := row[f"{name}_ms"]) is not None:
            getattr(message, name).FromMilliseconds(told_ms)
    return message


# --- sums ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Span:
    """In ms; None = open."""

    first: int | None
    last: int | None

    @property
    def bounds(self) -> tuple[int, int]:
        first = 0 if self.first is None else self.first
        return first, LAST_MS if self.last is None else self.last


def summary(
    connection: Connection, site: str, question: SummarizeSessionsRequest
) -> SummarizeSessionsReply:
    """Return sessions added up, months in the site's time zone.

    Raises RefusedError `unknown-month`, `too-many-spans`.
    """
    calendar = calendar_of(connection, site)
    span = _span(question, calendar.zone)
    reply = SummarizeSessionsReply(time_zone=calendar.name)
    if span.first is not None:
        getattr(reply, "from").FromMilliseconds(span.first)
    if span.last is not None:
        reply.to.FromMilliseconds(span.last)
    for name, part in _parts(connection, site, question, span, calendar.zone):
        reply.totals.extend(_totals(connection, site, question, name, part))
        if len(reply.totals) > MOST_TOTALS:
            detail = f"That is more than {MOST_TOTALS} sums; ask for a shorter time."
            raise RefusedError("too-many-spans", detail, field="/from", most=MOST_TOTALS)
    return reply


def _span(question: SummarizeSessionsRequest, zone: tzinfo) -> _Span:
    if question.month:
        month = month_named(question.month, zone)
        if month is None:
            detail = f"{question.month!r} is no month; expected one such as 2026-11."
            raise RefusedError("unknown-month", detail, field="/month", month=question.month)
        return _Span(*map(_ms_of, month))
    first: Timestamp = getattr(question, "from")
    return _Span(
        first.ToMilliseconds() if question.HasField("from") else None,
        question.to.ToMilliseconds() if question.HasField("to") else None,
    )


def _parts(
    connection: Connection, site: str, question: SummarizeSessionsRequest, span: _Span, zone: tzinfo
) -> Iterator[tuple[str, _Span]]:
    """Yield the months of a span that can have sessions, latest first; else the span itself."""
    if not question.by_month:
        yield question.month, span
        return
    table = upserts.table_of(ChargingSessionRow)
    ends = select(func.min(table.c.started_ms), func.max(table.c.started_ms))
    first_ms, last_ms = connection.execute(ends.where(_of(site, question, span))).one()
    if first_ms is None:
        return
    for begins, ends_at in months(_instant(first_ms), _instant(last_ms), zone):
        first = max(_ms_of(begins), span.bounds[0])
        yield name_of(begins), _Span(first, min(_ms_of(ends_at), span.bounds[1]))


def _of(site: str, question: SummarizeSessionsRequest, span: _Span) -> ColumnElement[bool]:
    table = upserts.table_of(ChargingSessionRow)
    first, last = span.bounds
    is_asked = and_(table.c.site == site, table.c.started_ms >= first, table.c.started_ms < last)
    return and_(is_asked, table.c.ski == question.ski) if question.ski else is_asked


def _totals(
    connection: Connection, site: str, question: SummarizeSessionsRequest, month: str, span: _Span
) -> list[SessionTotals]:
    table = upserts.table_of(ChargingSessionRow)
    by = [table.c.ski] if question.by_charger else []
    by += [table.c.car] if question.by_car else []
    priced = table.c.cost.is_not(None)
    sums = select(
        *by,
        func.max(table.c.id).label("latest"),
        func.count().label("count"),
        func.sum(table.c.energy_wh).label("energy_wh"),
        func.sum(table.c.sun_wh).label("sun_wh"),
        func.sum(table.c.charging_s).label("charging_s"),
        func.sum(table.c.cost).label("cost"),
        func.count(table.c.cost).label("priced"),
        func.min(table.c.currency).filter(priced).label("least"),
        func.max(table.c.currency).filter(priced).label("most"),
        func.sum(table.c.co2_g).label("co2_g"),
        func.count(table.c.co2_g).label("weighed"),
    ).where(_of(site, question, span))
    rows = [dict(row) for row in connection.execute(sums.group_by(*by)).mappings()]
    known = [row for row in rows if row["count"]]
    names = _names(connection, site, [str(row["latest"]) for row in known if "ski" in row])
    found = [_total(row, month, names) for row in known]
    return sorted(found, key=lambda one: (one.ski, one.car))


def _total(row: Mapping[str, object], month: str, names: Mapping[str, str]) -> SessionTotals:
    def number(name: str) -> float:
        value = row[name]
        return float(value) if isinstance(value, int | float) else 0.0

    count, priced, weighed = int(number("count")), int(number("priced")), int(number("weighed"))
    is_one = bool(priced) and row["least"] == row["most"]
    energy_wh, sun_wh = number("energy_wh"), number("sun_wh")
    return SessionTotals(
        month=month,
        ski=str(row.get("ski", "")),
        charger_name=names.get(str(row["latest"]), ""),
        car=str(row.get("car", "")),
        count=count,
        energy_wh=energy_wh,
        sun_wh=sun_wh,
        grid_wh=max(0.0, energy_wh - sun_wh),
        charging_s=number("charging_s"),
        cost=round(number("cost"), 6) if is_one else None,
        currency=str(row["most"]) if is_one else "",
        unpriced=count - priced if is_one else count,
        co2_g=number("co2_g") if weighed else None,
        unweighed=count - weighed,
    )


def _names(connection: Connection, site: str, ids: list[str]) -> dict[str, str]:
    """Return what the charger of each session was called."""
    if not ids:
        return {}
    table = upserts.table_of(ChargingSessionRow)
    wanted = select(table.c.id, table.c.charger_name).where(
        table.c.site == site, table.c.id.in_(ids)
    )
    return {row.id: row.charger_name for row in connection.execute(wanted)}


# --- savings -------------------------------------------------------------------------------------


def savings(connection: Connection, site: str, question: GetSavingsRequest) -> SavingsReply:
    """Return by month what sessions cost, and would have cost charged at once (C9)."""
    calendar = calendar_of(connection, site)
    table = upserts.table_of(ChargingSessionRow)
    wanted = (
        select(table)
        .where(table.c.site == site, table.c.ended_ms.is_not(None))
        .order_by(table.c.id.desc())
    )
    if question.HasField("from"):
        first: Timestamp = getattr(question, "from")
        wanted = wanted.where(table.c.started_ms >= first.ToMilliseconds())
    if question.HasField("to"):
        wanted = wanted.where(table.c.started_ms < question.to.ToMilliseconds())
    found: dict[tuple[str, str], Saving] = {}
    for row in connection.execute(wanted).mappings():
        _save(found, _message(dict(row)), calendar)
    return SavingsReply(months=[found[key] for key in sorted(found)])


def _save(
    found: dict[tuple[str, str], Saving], session: ChargingSession, calendar: Calendar
) -> None:
    month = name_of(_instant(session.started.ToMilliseconds()).astimezone(calendar.zone))
    if not (session.HasField("cost") and session.HasField("at_once_cost")):
        named = next((money for name, money in found if name == month), calendar.currency)
        found.setdefault((month, named), Saving(month=month, currency=named)).unknown += 1
        return
    key = (month, session.currency)
    saving = found.setdefault(key, Saving(month=month, currency=session.currency))
    saving.sessions += 1
    saving.energy_wh += session.energy_wh
    saving.cost += session.cost
    saving.at_once_cost += session.at_once_cost
    if session.HasField("co2_g") and session.HasField("at_once_co2_g"):
        saving.co2_g += session.co2_g
        saving.at_once_co2_g += session.at_once_co2_g


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms_of(moment: datetime) -> int:
    return to_timestamp(moment).ToMilliseconds()
