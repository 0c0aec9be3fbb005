"""Puts the planning service together. Imported late: it brings compiler and arrays along."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from smart_charging.bus import REPLICAS, Inbox, Outbox, catalogue_message
from smart_charging.core.catalogue import CATALOGUE
from smart_charging.learned import LearnedStore
from smart_charging.planner.compiling import compile_ahead
from smart_charging.planner.kernels.compiled import IS_COMPILED
from smart_charging.planning.answers import Answers, with_sources
from smart_charging.planning.book import Book
from smart_charging.planning.collecting import collect_seldom
from smart_charging.planning.core.sharing import BEAT_S, Replicas
from smart_charging.planning.forecasts import Forecasts
from smart_charging.planning.hearing import Hearing
from smart_charging.planning.learning import School
from smart_charging.planning.markets import Markets
from smart_charging.planning.office import Office, Parts
from smart_charging.planning.store import Known, Store, StoreError
from smart_charging.prices.desk import Desk
from smart_charging.prices.pushed import Pushed
from smart_charging.prices.store import Store as PriceStore
from smart_charging.provider.fetching import client
from smart_charging.settings import Settings
from smart_charging.solar.desk import WeatherDesk, WeatherStore
from smart_charging.solar.watching import SunWatch
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock, SystemClock
from volthus_kit.metrics import version_of

logger = logging.getLogger(__name__)


async def serve(settings: Settings, bus: Bus, clock: Clock | None = None) -> None:
    """Plan until cancelled."""
    collect_seldom()
    clock = clock or SystemClock()
    replica = secrets.token_hex(6)
    folder = settings.state_dir
    store = Store(folder, settings.plans_kept)
    known, series = await _loaded(store)
    outbox = Outbox(bus, replica)
    replicas = Replicas(replica, monotonic(), is_ready=False)
    price_store = PriceStore(folder)
    async with client() as http, _leaving(outbox), asyncio.TaskGroup() as tasks:
        desk = Desk(http, price_store, clock, spread=replica)
        weather = WeatherDesk(http, WeatherStore(folder), clock, spread=replica)
        pushed = Pushed(price_store, clock)
        await pushed.load()
        markets = Markets(settings, desk, pushed, clock)
        book = Book(markets, clock, series)
        forecasts = Forecasts(SunWatch(weather, settings))
        office = Office(
            Parts(book, forecasts, store, outbox, clock, replicas), known, is_warm=False
        )
        school = School(office, forecasts, outbox, LearnedStore(folder), clock)
        answers = Answers(office, markets, pushed, clock)
        catalogue = catalogue_message(version_of("volthus-smart-charging"), CATALOGUE)
        await Inbox(bus).catalogue(with_sources(catalogue, settings, settings))
        await Hearing(bus, office, replicas, clock, REPLICAS).start(answers)
        logger.info("planning", extra={"replica": replica, "sites_known": len(known)})
        for name, work in (
            ("prices", desk.run()),
            ("weather", weather.run()),
            ("warm", _warm(office, replicas)),
            ("plan", office.run()),
            ("repeat", office.repeat()),
            ("watch", office.watch()),
            ("write", office.write()),
            ("learn", school.run()),
            ("beat", _beat(outbox, office, replicas)),
        ):
            tasks.create_task(work, name=name)


async def _warm(office: Office, replicas: Replicas) -> None:
    """Compile the kernels; meanwhile sites get prices, and those without a car their forecasts."""
    if not IS_COMPILED:
        logger.warning("planning without a compiler")
    seconds = await asyncio.to_thread(compile_ahead)
    logger.info("planner is warm", extra={"seconds": round(seconds, 1)})
    replicas.is_ready = True
    office.warm_up()


async def _loaded(store: Store) -> tuple[dict[str, Known], dict[str, tuple[int, bytes]]]:
    try:
        return await asyncio.to_thread(store.load)
    except StoreError as error:
        logger.warning("plans of before could not be read", extra={"error": str(error)})
        return {}, {}


@asynccontextmanager
async def _leaving(outbox: Outbox) -> AsyncIterator[None]:
    """Tell the others when this replica goes, so that they need not find out."""
    try:
        yield
    finally:
        await outbox.beat(0, is_leaving=True)


async def _beat(outbox: Outbox, office: Office, replicas: Replicas) -> None:
    """Say each second that this replica lives; bury who does not."""
    while True:
        if replicas.is_ready:
            await outbox.beat(office.owned)
        if replicas.bury(monotonic()):
            logger.warning("replica fell silent", extra={"left": 1 + len(replicas.heard)})
            office.hear_replicas()
        await asyncio.sleep(BEAT_S)
