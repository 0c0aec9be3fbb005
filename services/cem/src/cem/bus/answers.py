"""Which request is answered by whom."""

from cem.commands import Commands
from volthus_kit.bus import Bus
from volthus_wire import subjects


async def answer(bus: Bus, site: str, commands: Commands) -> None:
    """Serve the requests to the CEM's settings."""
    whole, driving, operating = commands.site, commands.driving, commands.operating
    await bus.serve(subjects.GRID_CONNECTION_GET, whole.get_grid, site=site)
    await bus.serve(subjects.GRID_CONNECTION_PUT, whole.put_grid, site=site)
    await bus.serve(subjects.ENERGY_MANAGEMENT_GET, whole.get_energy_management, site=site)
    await bus.serve(subjects.ENERGY_MANAGEMENT_PUT, whole.put_energy_management, site=site)
    await bus.serve(subjects.SITE_STATE_GET, whole.get_state, site=site)
    await bus.serve(subjects.CIRCUIT_LIST, commands.circuits.list, site=site)
    await bus.serve(subjects.CIRCUIT_PUT, commands.circuits.put, site=site)
    await bus.serve(subjects.CIRCUIT_REMOVE, commands.circuits.remove, site=site)
    await bus.serve(subjects.CHARGER_PUT, commands.chargers.put, site=site)
    await bus.serve(subjects.MODE_PUT, driving.put_mode, site=site)
    await bus.serve(subjects.GOAL_PUT, driving.put_goal, site=site)
    await bus.serve(subjects.CAR_LIST, driving.list_cars, site=site)
    await bus.serve(subjects.CAR_PUT, driving.put_car, site=site)
    await bus.serve(subjects.CAR_REMOVE, driving.remove_car, site=site)
    await bus.serve(subjects.OPERATOR_GET, operating.get, site=site)
    await bus.serve(subjects.OPERATOR_PUT, operating.put, site=site)
    await bus.serve(subjects.OPERATOR_LIMIT_PUT, operating.put_limit, site=site)
    await bus.serve(subjects.SITE_FILE_GET, commands.site_file.get, site=site)
    await bus.serve(subjects.SITE_FILE_APPLY, commands.site_file.put, site=site)
    outlook = commands.outlook
    await bus.serve(subjects.TARIFF_GET, outlook.get_tariff, site=site)
    await bus.serve(subjects.TARIFF_PUT, outlook.put_tariff, site=site)
    await bus.serve(subjects.PLANNING_GET, outlook.get_planning, site=site)
    await bus.serve(subjects.PLANNING_PUT, outlook.put_planning, site=site)
    await bus.serve(subjects.PV_SYSTEM_LIST, outlook.list_pv_systems, site=site)
    await bus.serve(subjects.PV_SYSTEM_PUT, outlook.put_pv_system, site=site)
    await bus.serve(subjects.PV_SYSTEM_REMOVE, outlook.remove_pv_system, site=site)
