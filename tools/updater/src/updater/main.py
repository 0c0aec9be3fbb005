"""Starts the updater: puts the parts together, nothing else."""

import asyncio

from updater import bus as wire
from updater.kubernetes import Cluster
from updater.settings import Settings
from updater.site import Site
from updater.store import Store
from updater.updating import Rules, Updater
from volthus_kit import health
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.service import run


async def serve(settings: Settings) -> None:
    """Run until cancelled. A task that fails stops all; Kubernetes then starts us anew."""
    clock = SystemClock()
    site = Site(clock)
    cluster = Cluster(
        settings.api_server,
        settings.namespace,
        settings.kubernetes_token,
        settings.kubernetes_ca,
        settings.deployments,
    )
    rules = Rules(settings.releases_key, settings.limits, settings.updates_from_afar)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    updater = Updater(cluster, site, Store(settings.state_dir), clock, rules)
    connecting = Bus.connect(settings.nats_url, "updater", credentials=settings.nats_credentials)
    async with cluster, connecting as bus, asyncio.TaskGroup() as tasks:
        await wire.serve(bus, settings.site, updater)
        tasks.create_task(wire.watch(bus, settings.site, site), name="watch")
        tasks.create_task(updater.run(), name="update")
        tasks.create_task(wire.tell(bus, settings.site, updater), name="tell")
        checks = {"bus": lambda: bus.is_connected}
        tasks.create_task(
            health.serve(settings.health_host, settings.health_port, checks), name="health"
        )


def main() -> None:
    """Start the program `updater`."""
    run(serve, Settings, name="updater", about="Applies accepted releases on Kubernetes.")


if __name__ == "__main__":
    main()
