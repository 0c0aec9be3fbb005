"""Puts the gateway together and starts it."""

import asyncio
from contextlib import closing

from eebus_gateway import nameplate
from eebus_gateway.bus import Inbox, Outbox
from eebus_gateway.hub import Hub
from eebus_gateway.keeper import Keeper
from eebus_gateway.offering import Offering
from eebus_gateway.operator_side import offered
from eebus_gateway.pairing import Pairing, book_with_own
from eebus_gateway.rounds import Rounds
from eebus_gateway.settings import Settings
from eebus_gateway.store import OFFERED, SHIP_PORT, Store
from volthus_kit import health
from volthus_kit.answer_book import AnswerBook
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.confirming import Confirmations
from volthus_kit.service import run


async def serve(settings: Settings) -> None:
    """Run until cancelled. Trust is loaded before the SHIP port opens."""
    store = await asyncio.to_thread(Store.open, settings.state_dir)
    with closing(store):
        plate = await asyncio.to_thread(nameplate.read, settings, store)
        me, own_ski = plate.identity.ski, settings.own_charger_ski
        book = await asyncio.to_thread(book_with_own, store, own_ski, me)
        clock, keeper = SystemClock(), Keeper(store)
        offer = await asyncio.to_thread(
            offered,
            store.fact,
            settings.nominal_w,
            power_limits=settings.power_limits,
            guards=settings.guards,
        )
        last_offer = await asyncio.to_thread(store.fact, OFFERED)
        hub = Hub(plate, book, keeper, clock, offer)
        pairing = Pairing(hub, keeper, me, own_ski or None, remote=settings.remote_pairing)
        async with (
            Bus.connect(
                settings.nats_url,
                "eebus-gateway",
                AnswerBook(lambda: store.engine),
                settings.nats_credentials,
            ) as bus,
            asyncio.TaskGroup() as tasks,
        ):
            checks = {"bus": lambda: bus.is_connected, "eebus": lambda: hub.is_listening}
            health_at = settings.health_host, settings.health_port
            tasks.create_task(keeper.run(), name="trust store")
            tasks.create_task(hub.run(), name="EEBUS")
            tasks.create_task(health.serve(*health_at, checks), name="health")
            await keeper.remember(SHIP_PORT, str(await hub.started()))
            inbox = Inbox(bus, settings.site)
            await inbox.limits(hub.hear)
            await inbox.appliance_limits(hub.appliances.take)
            await inbox.requests(hub.picture, pairing, Confirmations("eebus", clock))
            offering = Offering(hub, keeper, inbox.operator_settings, last_offer)
            tasks.create_task(pairing.run(), name="accept window")
            tasks.create_task(offering.run(), name="offers to a control box")
            tasks.create_task(Rounds(hub, Outbox(bus, settings.site), clock).run(), name="rounds")


def main() -> None:
    """Start the program `eebus-gateway`."""
    run(
        serve,
        Settings,
        name="eebus-gateway",
        about="Finds and pairs EEBUS chargers, reports them and writes the limits leased to them.",
    )
