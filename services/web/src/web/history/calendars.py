"""Keeps each site's time zone and money, as its profile tells them."""

import asyncio
import logging

from sqlalchemy import Engine

from volthus_kit.bus import Bus
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import SITE_PROFILE
from volthus_wire.v1.planning_pb2 import SiteProfile
from web.history import upserts
from web.history.tables import SiteCalendarRow
from web.leases import Leases

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 5.0
MOST_LENGTH = 100


class Calendars:
    """What profiles tell; written when it is news, by the replica that keeps the history."""

    def __init__(self, engine: Engine, leases: Leases, lease: str) -> None:
        self._engine = engine
        self._leases = leases
        self._lease = lease
        self._told: dict[str, tuple[str, str]] = {}
        self._saved: dict[str, tuple[str, str]] = {}

    async def hear(self, bus: Bus) -> None:
        """Subscribe to the profiles of all sites."""
        await bus.subscribe(SITE_PROFILE, lambda profile, at: self.heard(at["site"], profile))

    def heard(self, site: str, profile: SiteProfile) -> None:
        """Take a profile."""
        told = (profile.planning.time_zone[:MOST_LENGTH], profile.tariff.currency[:MOST_LENGTH])
        self._told[site] = told

    async def run(self) -> None:
        """Write what is news until cancelled."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            if self._leases.is_mine(self._lease):
                await self.save()

    async def save(self) -> None:
        """Write what is news; what cannot be written is written the next time."""
        news = {site: told for site, told in self._told.items() if self._saved.get(site) != told}
        if not news:
            return
        rows: list[dict[str, object]] = [
            {
                "site": site,
                "time_zone": zone.replace("\x00", ""),
                "currency": money.replace("\x00", ""),
            }
            for site, (zone, money) in sorted(news.items())
        ]
        try:
            await asyncio.to_thread(
                written,
                self._engine,
                lambda db: upserts.put(db.connection(), SiteCalendarRow, rows),
            )
            self._saved |= news
        except RefusedError as error:
            logger.warning("time zones not stored", extra={"error": error.detail})
