"""What people wrote of sites: name, tags, address, place, notes. Shared by all replicas."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import ANY, NEVER_SET
from web.core.fleet.rows import BLANK, Entry
from web.fleet.tables import FleetSiteRow

logger = logging.getLogger(__name__)

SLACK_S = 60.0  # clocks of replicas may differ: what changed so lately is read again


class Registry:
    """Everything written of sites, in memory; other replicas' changes come with `refresh`."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._read_s = 0.0

    def entry(self, site: str) -> Entry:
        """Return what is written of a site, BLANK where nothing is."""
        return self._entries.get(site, BLANK)

    async def refresh(self) -> set[str]:
        """Read what changed since the last time; returns whose. A database away changes nothing."""
        try:
            found, read_s = await asyncio.to_thread(self._changed)
        except SQLAlchemyError as error:
            logger.warning("fleet registry not read", extra={"error": str(error)})
            return set()
        news = {site for site, entry in found.items() if self._entries.get(site) != entry}
        self._entries |= found
        self._read_s = read_s
        return news

    async def write(self, site: str, changes: Mapping[str, object], revision: int) -> Entry:
        """Change some fields of an entry in place of `revision` (ANY, NEVER_SET).

        Raises RefusedError `revision-conflict`, `store-failing`.
        """
        entry = await asyncio.to_thread(self._write, site, changes, revision)
        self._entries[site] = entry
        return entry

    # --- in threads ------------------------------------------------------------------------------

    def _changed(self) -> tuple[dict[str, Entry], float]:
        now_s = self._clock.now().timestamp()
        since = col(FleetSiteRow.changed_s) >= self._read_s - SLACK_S
        with Session(self._engine) as session:
            rows = session.exec(select(FleetSiteRow).where(since)).all()
            return {row.site: _entry(row) for row in rows}, now_s

    def _write(self, site: str, changes: Mapping[str, object], revision: int) -> Entry:
        def write(session: Session) -> Entry:
            # Locked: of two who change the same one the later sees the other's revision.
            wanted = select(FleetSiteRow).where(col(FleetSiteRow.site) == site).with_for_update()
            row = session.exec(wanted).first() or FleetSiteRow(site=site, changed_s=0.0)
            _check(revision, row.revision)
            entry = replace(_entry(row), **changes, revision=row.revision + 1)  # type: ignore[arg-type]  # checked by the API's model
            for name in ("name", "address", "latitude", "longitude", "notes", "revision"):
                setattr(row, name, getattr(entry, name))
            row.tags = " ".join(entry.tags)
            row.changed_s = self._clock.now().timestamp()
            session.add(row)
            return entry

        return written(self._engine, write)


def _entry(row: FleetSiteRow) -> Entry:
    return Entry(
        name=row.name,
        tags=tuple(row.tags.split()),
        address=row.address,
        latitude=row.latitude,
        longitude=row.longitude,
        notes=row.notes,
        revision=row.revision,
    )


def _check(wanted: int, current: int) -> None:
    is_meant = wanted == current or (wanted == NEVER_SET and current == 0)
    if wanted != ANY and not is_meant:
        raise RefusedError(
            "revision-conflict",
            f"What is written of this site is at revision {current}.",
            wanted=wanted,
            current=current,
        )
