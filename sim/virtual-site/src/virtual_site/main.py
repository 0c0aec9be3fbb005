"""Puts the virtual site together and starts it; knows everyone, decides nothing."""

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eebus.errors import EebusError
from eebus.transport.node import Network
from meter_profiles.catalogue import profile
from meter_profiles.errors import MeterProfileError
from virtual_site import logs, meter_program
from virtual_site import settings as command_line
from virtual_site.api.app import build
from virtual_site.core import world as worlds
from virtual_site.core.scenario import ChargerModel, Scenario
from virtual_site.grid_box import GridBox
from virtual_site.heat_pump import HeatPump
from virtual_site.hems import Hems
from virtual_site.modbus_meter import MeterError, ModbusMeter
from virtual_site.scenario_file import ScenarioError, load
from virtual_site.serving import serve
from virtual_site.settings import Settings
from virtual_site.site import VirtualSite
from virtual_site.store import ChargerStore, MeterStore, PartnerStore, StateError, write_whole
from virtual_site.wallbox import Wallbox

logger = logging.getLogger(__name__)


class StartError(Exception):
    """The program cannot start; the text says what to change."""


REFUSALS = (
    EebusError,
    MeterError,
    MeterProfileError,
    OSError,
    ScenarioError,
    StartError,
    StateError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the program `virtual-site`. Returns 0 after a stop, 2 when it cannot start."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["meter"]:
        return meter_program.main(arguments[1:])
    settings = command_line.read(arguments)
    logs.configure()
    refusals: list[BaseException] = []
    try:
        asyncio.run(_until_stopped(settings))
    except* REFUSALS as refused:
        refusals = _leaves(refused)
    for error in refusals:
        sys.stderr.write(f"virtual-site: {error}\n")
    return 2 if refusals else 0


async def run(settings: Settings) -> None:
    """Play the site until cancelled.

    Raises one of REFUSALS when it cannot start.
    """
    _forget(settings.ready_file)
    scenario = _scenario(settings)
    meter_store = MeterStore(settings.state)
    meter = ModbusMeter(
        profile(settings.meter_model),
        settings.host,
        settings.meter_port,
        settings.meter_transport,
    )
    world = worlds.begin(scenario, meter_store.load())
    site = VirtualSite(world, meter, meter_store, speed=settings.speed)
    site.connect(_wallboxes(settings, site))
    _add_partners(settings, site)
    with _listening(settings.host, settings.port) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        await meter.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for wallbox in site.wallboxes:
                    tasks.create_task(wallbox.run(), name=f"wallbox {wallbox.ski}")
                tasks.create_task(site.run(), name="world")
                tasks.create_task(serve(build(site, url), listener), name="pages")
                for partner in site.partners.values():
                    tasks.create_task(partner.run(), name=partner.plate.model)
                    await partner.started()
                if site.hems is not None:
                    tasks.create_task(site.hems.tell(), name="values of the HEMS")
                if site.heat_pump is not None:
                    tasks.create_task(site.heat_pump.work(), name="heat pump at work")
                ports = [await wallbox.started() for wallbox in site.wallboxes]
                _tell_ready(settings.ready_file, site, url, ports)
        finally:
            await meter.stop()
            _forget(settings.ready_file)


async def _until_stopped(settings: Settings) -> None:
    """Run until INT or TERM. A signal is an order here, so its handler is set explicitly."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run(settings), name="virtual site")
        waiting = tasks.create_task(stop.wait(), name="signals")
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        waiting.cancel()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        raise StartError(f"cannot listen on {host}:{port} (--port): {error.strerror}") from error


def _scenario(settings: Settings) -> Scenario:
    scenario = load(settings.scenario)
    for kind in scenario.ignored:
        logger.warning("fault inside the product, not played", extra={"kind": kind})
    if settings.meter_latency_s is not None:
        slow = replace(scenario.meter, latency_s=settings.meter_latency_s)
        scenario = replace(scenario, meter=slow)
    here = len(scenario.chargers)
    wanted = here if settings.chargers is None else settings.chargers
    if wanted < here:
        raise ScenarioError(
            f"scenario {scenario.id} needs {here} chargers, --chargers says {wanted}"
        )
    more = (ChargerModel(f"extra{n}", f"Charger {n}") for n in range(here + 1, wanted + 1))
    boxes = (*scenario.chargers, *more)
    if settings.phase_switching is not None:
        boxes = tuple(replace(box, phase_switching=settings.phase_switching) for box in boxes)
    return replace(scenario, chargers=boxes)


def _wallboxes(settings: Settings, site: VirtualSite) -> list[Wallbox]:
    network = _network(settings)
    return [
        Wallbox(
            ChargerStore(settings.state / f"charger-{number}"), network, site.changer(number - 1)
        )
        for number in range(1, len(site.world.chargers) + 1)
    ]


def _add_partners(settings: Settings, site: VirtualSite) -> None:
    network = _network(settings)
    if settings.hems:
        site.hems = Hems(PartnerStore(settings.state / "hems"), network, lambda: site.world)
    if settings.control_box:
        site.grid_box = GridBox(PartnerStore(settings.state / "control-box"), network)
    if settings.heat_pump:
        store = PartnerStore(settings.state / "heat-pump")
        site.heat_pump = HeatPump(store, network, site.set_heat_pump)


def _network(settings: Settings) -> Network:
    interfaces = () if settings.lan else ("127.0.0.1",)
    return Network(listen_host=settings.host, interfaces=interfaces)


def _tell_ready(path: Path | None, site: VirtualSite, url: str, ports: Sequence[int]) -> None:
    logger.info("virtual site ready", extra={"url": url, "meter_port": site.meter.port})
    if path is not None:
        write_whole(path, json.dumps(_ready(site, url, ports), indent=1))


def _ready(site: VirtualSite, url: str, ports: Sequence[int]) -> dict[str, object]:
    chargers = [
        {
            "ski": wallbox.ski,
            "ship_id": wallbox.ship_id,
            "url": f"{url}/charger/{number}",
            "name": site.world.chargers[number - 1].model.name,
            "ship_port": port,
        }
        for number, (wallbox, port) in enumerate(zip(site.wallboxes, ports, strict=True), start=1)
    ]
    meter = {
        "host": "127.0.0.1",
        "port": site.meter.port,
        "unit_id": site.meter.unit_id,
        "model": site.meter.profile.model,
        "transport": site.meter.line.transport.value,
        "device": site.meter.device,
    }
    partners = {
        name: {"ski": partner.ski, "url": f"{url}/{name}", "ship_port": partner.kept.ship_port}
        for name, partner in site.partners.items()
    }
    return {
        "simulator": {"url": url},
        "meter": meter,
        "chargers": chargers,
        "partners": partners,
    }


def _forget(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _leaves(group: BaseExceptionGroup[Exception]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return leaves


if __name__ == "__main__":
    sys.exit(main())
