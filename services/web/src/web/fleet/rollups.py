"""Energy and sessions of many sites, added up by day or month; reads only."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, Executable, and_, func, literal, select, true
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from volthus_kit.refusal import RefusedError
from web.core.roles import Sight
from web.history.tables import ChargingSessionRow, EnergyDayRow
from web.history.upserts import table_of
from web.store import SiteRow


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time to add up."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class EnergySum:
    """Energy of a window in Wh; site "" = all together."""

    window: Window
    site: str
    sites: int
    import_wh: float
    export_wh: float
    sun_wh: float
    charging_wh: float
    charging_sun_wh: float


@dataclass(frozen=True, slots=True)
class SessionSum:
    """Sessions of a window in one currency; site "" = all together. None: of none is it known."""

    window: Window
    site: str
    currency: str
    sessions: int
    energy_wh: float
    sun_wh: float
    charging_s: float
    cost: float | None
    priced: int
    at_once_cost: float | None
    co2_g: float | None


def windows(start: datetime, end: datetime, step: str) -> Iterator[Window]:
    """Yield the days or months (UTC) of a span, cut at its ends; for "all" the span itself."""
    at = start
    while at < end:
        after = min(end, _next(at, step, end))
        yield Window(at, after)
        at = after


class Rollups:
    """Reads the sums in threads. Raises RefusedError `store-failing` without the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def energy(self, sight: Sight, spans: list[Window], *, by_site: bool) -> list[EnergySum]:
        """Return the energy of each span; see `energy`."""
        try:
            return await asyncio.to_thread(energy, self._engine, sight, spans, by_site=by_site)
        except DBAPIError as error:
            raise _failing(error) from error

    async def sessions(
        self, sight: Sight, spans: list[Window], *, by_site: bool
    ) -> list[SessionSum]:
        """Return the sessions of each span; see `sessions`."""
        try:
            return await asyncio.to_thread(sessions, self._engine, sight, spans, by_site=by_site)
        except DBAPIError as error:
            raise _failing(error) from error


def _failing(error: DBAPIError) -> RefusedError:
    detail = f"The database could not be read ({error.orig})."
    return RefusedError("store-failing", detail, reason=str(error.orig))


def energy(engine: Engine, sight: Sight, spans: list[Window], *, by_site: bool) -> list[EnergySum]:
    """Return the energy of each span; days are taken whole. Spans without any are left out."""
    rows: list[EnergySum] = []
    with Session(engine) as session:
        for window in spans:
            wanted = _energy_of(sight, window, by_site=by_site)
            found = session.connection().execute(wanted)
            rows += [EnergySum(window, *row) for row in found if row[1]]
    return rows


def sessions(
    engine: Engine, sight: Sight, spans: list[Window], *, by_site: bool
) -> list[SessionSum]:
    """Return the sessions that started in each span, by currency."""
    rows: list[SessionSum] = []
    with Session(engine) as session:
        for window in spans:
            wanted = _sessions_of(sight, window, by_site=by_site)
            rows += [SessionSum(window, *row) for row in session.connection().execute(wanted)]
    return rows


def _energy_of(sight: Sight, window: Window, *, by_site: bool) -> Executable:
    days = table_of(EnergyDayRow).c
    name = days.site if by_site else literal("")
    sums = (days.import_wh, days.export_wh, days.sun_wh, days.charging_wh, days.charging_sun_wh)
    first_s, end_s = int(window.start.timestamp()), int(window.end.timestamp())
    wanted = select(
        name.label("of"),
        func.count(days.site.distinct()),
        *(func.coalesce(func.sum(one), 0.0) for one in sums),
    ).where(days.start_s >= first_s, days.start_s < end_s, _seen(days.site, sight))
    return wanted.group_by(name).order_by(name) if by_site else wanted


def _sessions_of(sight: Sight, window: Window, *, by_site: bool) -> Executable:
    told = table_of(ChargingSessionRow).c
    name = told.site if by_site else literal("")
    first_ms, end_ms = (int(at.timestamp() * 1000) for at in (window.start, window.end))
    groups = [told.site, told.currency] if by_site else [told.currency]
    sums = (told.energy_wh, told.sun_wh, told.charging_s, told.cost)
    return (
        select(
            name.label("of"),
            told.currency,
            func.count(),
            *(func.sum(one) for one in sums),
            func.count(told.cost),
            func.sum(told.at_once_cost),
            func.sum(told.co2_g),
        )
        .where(told.started_ms >= first_ms, told.started_ms < end_ms, _seen(told.site, sight))
        .group_by(*groups)
        .order_by(*groups)
    )


def _seen(site: ColumnElement[str], sight: Sight) -> ColumnElement[bool]:
    sites = table_of(SiteRow).c
    of_tenant = select(sites.site).where(sites.tenant == sight.tenant)
    allowed = true() if sight.sites is None else site.in_(sorted(sight.sites))
    return and_(site.in_(of_tenant), allowed)


def _next(at: datetime, step: str, end: datetime) -> datetime:
    if step == "all":
        return end
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if step == "day":
        return midnight + timedelta(days=1)
    return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
