"""Hears every site on the bus, and asks for quick pictures while somebody listens."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import EEBUS_PICTURE, SITE_STATE, WATCH
from volthus_wire.v1.site_pb2 import Watch
from web.history import upserts
from web.history.facts import Row
from web.live import Live
from web.metrics import SITES
from web.store import SiteRow
from web.talk import Talk

logger = logging.getLogger(__name__)

LOOK_S = 1.0
SAVE_EVERY_S = 5.0
STORED_WITHIN_S = 120.0
ROWS_AT_ONCE = 500  # in one transaction: others want to write too
PLACE_EVERY_S = 15.0


async def hear(bus: Bus, live: Live, clock: Clock) -> None:
    """Subscribe to what sites say of themselves; works before the first connection."""
    talk = Talk(clock)

    def state(body: bytes, at: dict[str, str]) -> None:
        if talk.admits(at["site"]):
            live.heard_state(at["site"], body)

    def eebus(body: bytes, at: dict[str, str]) -> None:
        if talk.admits(at["site"]):
            live.heard_eebus(at["site"], body)

    await bus.subscribe_bytes(SITE_STATE, state)
    await bus.subscribe_bytes(EEBUS_PICTURE, eebus)


async def watch(bus: Bus, live: Live) -> None:
    """Publish down.watch for each site that is listened to, at once and then every 10 s."""
    while True:
        live.watch_wanted.clear()
        for site in live.to_watch():
            if await bus.publish(WATCH, Watch(), site=site):
                live.watched(site)
        try:
            # Not wait_for: on Python 3.11 it can swallow a cancellation.
            async with asyncio.timeout(LOOK_S):
                await live.watch_wanted.wait()
        except TimeoutError:
            continue


def recall(engine: Engine, live: Live) -> None:
    """Know the sites of before; blocking."""
    with Session(engine) as session:
        for row in session.exec(select(SiteRow)):
            if row.last_seen_s <= 0:
                continue  # it has a code to join with, and was never heard
            seen = datetime.fromtimestamp(row.last_seen_s, UTC)
            live.remember(row.site, row.name, seen, row.tenant)


async def place(engine: Engine, live: Live) -> None:
    """Learn whose a site is: a new one at once, and every PLACE_EVERY_S what changed."""
    while True:
        live.placing_wanted.clear()
        try:
            tenants = await asyncio.to_thread(_tenants, engine, live.unplaced())
        except SQLAlchemyError as error:  # also: no connection is free
            # Who is not placed is seen by nobody, which is the safe side.
            logger.warning("tenants of sites not read", extra={"error": str(error)})
        else:
            for site, tenant in tenants.items():
                live.place(site, tenant)
        with suppress(TimeoutError):
            async with asyncio.timeout(PLACE_EVERY_S):
                await live.placing_wanted.wait()


def _tenants(engine: Engine, new: list[str]) -> dict[str, str]:
    with Session(engine) as session:
        stored = session.exec(select(SiteRow.site, SiteRow.tenant)).all()
    return dict.fromkeys(new, "") | dict(stored)


async def remember(engine: Engine, live: Live) -> None:
    """Store which sites were heard when, and count them, every SAVE_EVERY_S seconds.

    Of a site that speaks all the time it is enough to know within STORED_WITHIN_S; the last word of
    one that fell silent is stored as it was.
    """
    saved: dict[str, tuple[str, datetime]] = {}
    while True:
        _count(live)
        fresh = {
            site: (heard.name, heard.last_seen)
            for site, heard in live.everything()
            if heard.last_seen is not None
            and _is_worth_storing(saved.get(site), heard.name, heard.last_seen, live, site)
        }
        rows: list[Row] = [
            {"site": site, "name": name, "last_seen_s": seen.timestamp()}
            for site, (name, seen) in fresh.items()
        ]
        try:
            for at in range(0, len(rows), ROWS_AT_ONCE):
                await asyncio.to_thread(_save, engine, rows[at : at + ROWS_AT_ONCE])
            saved |= fresh
        except RefusedError as error:
            logger.warning("sites not stored", extra={"error": error.detail})
        await asyncio.sleep(SAVE_EVERY_S if saved else LOOK_S)


def _is_worth_storing(
    before: tuple[str, datetime] | None, name: str, seen: datetime, live: Live, site: str
) -> bool:
    if before is None or before[0] != name:
        return True
    is_old = (seen - before[1]).total_seconds() >= STORED_WITHIN_S
    return is_old or (seen != before[1] and not live.is_online(site))


def _save(engine: Engine, rows: list[Row]) -> None:
    # The tenant of a site that is there stays.
    written(engine, lambda session: upserts.put(session.connection(), SiteRow, rows))


def _count(live: Live) -> None:
    online = sum(live.is_online(site) for site, _ in live.everything())
    SITES.labels("yes").set(online)
    SITES.labels("no").set(sum(1 for _ in live.everything()) - online)
