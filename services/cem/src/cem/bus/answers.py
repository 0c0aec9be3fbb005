"""Which request is answered by whom."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message

from cem.commands import Commands
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.confirming import Confirmations
from volthus_wire import subjects
from volthus_wire.v1.rpc_pb2 import Caller

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)


async def answer(bus: Bus, site: str, commands: Commands, clock: Clock) -> None:
    """Serve the requests to the CEM's settings."""
    await _what_may_wait(bus, site, commands, Confirmations("cem", clock))
    whole, driving, operating = commands.site, commands.driving, commands.operating
    await bus.serve(subjects.GRID_CONNECTION_GET, whole.get_grid, site=site)
    await bus.serve(subjects.ENERGY_MANAGEMENT_GET, whole.get_energy_management, site=site)
    await bus.serve(subjects.SITE_STATE_GET, whole.get_state, site=site)
    await bus.serve(subjects.CIRCUIT_LIST, commands.circuits.list, site=site)
    await bus.serve(subjects.MODE_PUT, driving.put_mode, site=site)
    await bus.serve(subjects.GOAL_PUT, driving.put_goal, site=site)
    await bus.serve(subjects.CAR_LIST, driving.list_cars, site=site)
    await bus.serve(subjects.CAR_PUT, driving.put_car, site=site)
    await bus.serve(subjects.CAR_REMOVE, driving.remove_car, site=site)
    await bus.serve(subjects.OPERATOR_GET, operating.get, site=site)
    await bus.serve(subjects.OPERATOR_PUT, operating.put, site=site)
    await bus.serve(subjects.OPERATOR_LIMIT_PUT, operating.put_limit, site=site)
    await bus.serve(subjects.SITE_FILE_GET, commands.site_file.get, site=site)
    outlook = commands.outlook
    await bus.serve(subjects.TARIFF_GET, outlook.get_tariff, site=site)
    await bus.serve(subjects.TARIFF_PUT, outlook.put_tariff, site=site)
    await bus.serve(subjects.PLANNING_GET, outlook.get_planning, site=site)
    await bus.serve(subjects.PLANNING_PUT, outlook.put_planning, site=site)
    await bus.serve(subjects.PV_SYSTEM_LIST, outlook.list_pv_systems, site=site)
    await bus.serve(subjects.PV_SYSTEM_PUT, outlook.put_pv_system, site=site)
    await bus.serve(subjects.PV_SYSTEM_REMOVE, outlook.remove_pv_system, site=site)


async def _what_may_wait(bus: Bus, site: str, commands: Commands, waiting: Confirmations) -> None:
    """Serve what from afar may need somebody at the site."""

    async def serve(
        request: subjects.Request[Q, R], put: Callable[[Q, Caller], Awaitable[R]]
    ) -> None:
        await bus.serve(request, waiting.parking(request, put), site=site)

    await serve(subjects.GRID_CONNECTION_PUT, commands.site.put_grid)
    await serve(subjects.ENERGY_MANAGEMENT_PUT, commands.site.put_energy_management)
    await serve(subjects.CIRCUIT_PUT, commands.circuits.put)
    await serve(subjects.CIRCUIT_REMOVE, commands.circuits.remove)
    await serve(subjects.CHARGER_PUT, commands.chargers.put)
    file = subjects.SITE_FILE_APPLY
    kept = waiting.parking(file, commands.site_file.put, is_trial=lambda asked: asked.dry_run)
    await bus.serve(file, kept, site=site)
    await waiting.serve(bus, site, subjects.CEM_WAITING, subjects.CEM_DECIDE)
