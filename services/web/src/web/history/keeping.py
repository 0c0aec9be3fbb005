"""Puts the history together; knows everyone here, decides nothing."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.streams import StreamPlan, WorkStream
from volthus_wire.subjects import FACT, FACT_KINDS, OTHER_FACTS
from web.history.calendars import Calendars
from web.history.consuming import LEASE, Historian, Stores
from web.history.records import KeptRecords
from web.history.rolling import Kept
from web.leases import Leases
from web.settings import Settings

STREAM = "FACTS"
# Of one site and kind: what is beyond waits at the site. A week of minutes (10,080) fits, so that
# sessions do not overtake them; what is overtaken nevertheless is a gap until it has come, too.
MOST_WAITING = 12_000
MOST_MESSAGE_BYTES = 32 * 1024  # a fact of MOST_FACT_BYTES with its key


class History:
    """The history of all sites, as the routes read it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, site: str) -> KeptRecords:
        """Return the records of a site."""
        return KeptRecords(self._engine, site)


def plan_of(settings: Settings) -> StreamPlan:
    """Return what the stream of facts shall be."""
    return StreamPlan(
        STREAM,
        tuple(
            FACT.pattern.format(site="*", kind=kind) for kind in (*sorted(FACT_KINDS), OTHER_FACTS)
        ),
        settings.cloud_domain,
        LEASE,
        settings.facts_mb * 1_000_000,
        most_a_subject=MOST_WAITING,
        most_message_bytes=MOST_MESSAGE_BYTES,
        replicas=settings.facts_replicas,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the history needs of the rest of the front door."""

    bus: Bus
    engine: Engine
    leases: Leases
    clock: Clock


async def keep(around: Surroundings, settings: Settings, tasks: asyncio.TaskGroup) -> History:
    """Keep the history until the tasks are cancelled."""
    bus, engine, leases = around.bus, around.engine, around.leases
    kept = Kept(
        timedelta(days=settings.history_minutes_days), timedelta(days=settings.history_hours_days)
    )
    stores = Stores(WorkStream(bus, plan_of(settings)), engine, kept)
    historian = Historian(bus, stores, leases, around.clock)
    calendars = Calendars(engine, leases, LEASE)
    await calendars.hear(bus)
    tasks.create_task(historian.run(), name="history")
    tasks.create_task(calendars.run(), name="time zones of sites")
    return History(engine)
