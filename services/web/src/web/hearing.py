"""Hears every site on the bus, and asks for quick pictures while somebody listens."""

import asyncio
import logging
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from volthus_kit.bus import Bus
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import EEBUS_PICTURE, SITE_STATE, WATCH
from volthus_wire.v1.site_pb2 import Watch
from web.live import Live
from web.metrics import SITES
from web.store import SiteRow

logger = logging.getLogger(__name__)

LOOK_S = 1.0
SAVE_EVERY_S = 30.0


async def hear(bus: Bus, live: Live) -> None:
    """Subscribe to what sites say of themselves; works before the first connection."""
    await bus.subscribe(SITE_STATE, lambda state, at: live.heard_state(at["site"], state))
    await bus.subscribe(EEBUS_PICTURE, lambda picture, at: live.heard_eebus(at["site"], picture))


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
            live.remember(row.site, row.name, datetime.fromtimestamp(row.last_seen_s, UTC))


async def remember(engine: Engine, live: Live) -> None:
    """Store which sites were heard when, every SAVE_EVERY_S seconds; counts them too."""
    saved: dict[str, datetime] = {}
    while True:
        _count(live)
        fresh = {
            site: heard.last_seen
            for site, heard in live.everything()
            if heard.last_seen is not None and saved.get(site) != heard.last_seen
        }
        rows = [
            SiteRow(site=site, name=live.heard(site).name, last_seen_s=seen.timestamp())
            for site, seen in fresh.items()
        ]
        try:
            await asyncio.to_thread(_save, engine, rows)
            saved |= fresh
        except RefusedError as error:
            logger.warning("sites not stored", extra={"error": error.detail})
        await asyncio.sleep(SAVE_EVERY_S if saved else LOOK_S)


def _save(engine: Engine, rows: list[SiteRow]) -> None:
    def write(session: Session) -> None:
        for row in rows:
            session.merge(row)

    if rows:
        written(engine, write)


def _count(live: Live) -> None:
    online = sum(live.is_online(site) for site, _ in live.everything())
    SITES.labels("yes").set(online)
    SITES.labels("no").set(sum(1 for _ in live.everything()) - online)
