"""Starts the enrolment: puts the parts together and serves, nothing else."""

import asyncio
from datetime import timedelta

from bus_trust import SITE, Hub, HubKeys
from enrolment import bus as bus_side
from enrolment.api import create_app
from enrolment.desk import Desk, Signing
from enrolment.lockouts import Lockouts
from enrolment.settings import Settings
from enrolment.tables import make_tables
from volthus_kit import health
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_database, open_sqlite
from volthus_kit.http import serve_app
from volthus_kit.service import run

FILE = "enrolment.sqlite"


async def serve(settings: Settings) -> None:
    """Run until cancelled. A task that fails stops all; the supervisor then starts us anew."""
    clock = SystemClock()
    hub = Hub(HubKeys.read(await asyncio.to_thread(settings.hub_keys.read_text)))
    ca = None
    if settings.leaf_ca is not None:
        ca = await asyncio.to_thread(settings.leaf_ca.read_text)
    if settings.database_url:
        engine = await asyncio.to_thread(open_database, settings.database_url)
    else:
        engine = await asyncio.to_thread(open_sqlite, settings.state_dir / FILE)
    await asyncio.to_thread(make_tables, engine)
    signing = Signing(
        hub.keys.fleet.public,
        hub.keys.scoped[SITE.name],
        timedelta(days=settings.claims_days),
    )
    desk = Desk(engine, clock, signing)
    lockouts = None
    if settings.system_credentials is not None:
        lockouts = Lockouts(desk, hub, clock, settings.nats_url, settings.system_credentials)
    app = create_app(desk, clock, settings.leaf_url, ca)
    connecting = Bus.connect(settings.nats_url, "enrolment", credentials=settings.nats_credentials)
    async with connecting as bus, asyncio.TaskGroup() as tasks:
        await bus_side.serve(bus, desk, lockouts, settings.enrolment_url or _own(settings))
        checks = {"bus": lambda: bus.is_connected}
        if lockouts is not None:
            tasks.create_task(lockouts.keep_told(), name="lock-outs")
        tasks.create_task(
            serve_app(
                app,
                settings.enrolment_host,
                settings.enrolment_port,
                proxy_headers=settings.trust_proxy,
            ),
            name="devices",
        )
        tasks.create_task(
            health.serve(settings.health_host, settings.health_port, checks), name="health"
        )


def _own(settings: Settings) -> str:
    return f"http://{settings.enrolment_host}:{settings.enrolment_port}"


def main() -> None:
    """Start the program `enrolment`."""
    run(serve, Settings, name="enrolment", about="Lets sites join the fleet with a one-time code.")


if __name__ == "__main__":
    main()
