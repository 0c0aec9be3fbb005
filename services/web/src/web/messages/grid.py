"""Settings of the grid connection and energy management, both ways."""

from volthus_wire.v1.site_pb2 import EnergyManagement as WireEnergyManagement
from volthus_wire.v1.site_pb2 import GridConnection as WireGridConnection
from web.messages.plain import number_in, phases_in, to_phases
from web.models.common import ByPhase
from web.models.grid import EnergyManagement, GridConnection, GridConnectionSettings

PHASES = ("l1", "l2", "l3")


def grid_connection(message: WireGridConnection) -> GridConnection:
    """Return the grid connection in force; fuse_a is null until it is set."""
    return GridConnection(
        fuse_a=phases_in(message, "fuse_a"),
        phases=message.phases or 3,
        margin_a=number_in(message, "margin_a"),
        base_load_a=_in_short(phases_in(message, "base_load_a"), message.phases),
        static_share_a=_in_short(phases_in(message, "static_share_a"), message.phases),
        unbalance_a=number_in(message, "unbalance_a"),
        revision=message.revision,
    )


def to_grid_connection(wanted: GridConnectionSettings, revision: int) -> WireGridConnection:
    """Return the message that asks for these settings in place of `revision` (0: of any)."""
    return WireGridConnection(
        fuse_a=to_phases(wanted.fuse_a),
        phases=wanted.phases,
        margin_a=wanted.margin_a,
        base_load_a=to_phases(wanted.base_load_a),
        static_share_a=to_phases(wanted.static_share_a),
        unbalance_a=wanted.unbalance_a,
        revision=revision,
    )


def _in_short(found: ByPhase | None, phases: int) -> float | ByPhase | None:
    """Return one number where the live phases are alike, as the API's users set it."""
    if found is None:
        return None
    values = {getattr(found, phase) for phase in PHASES[: phases or 3]}
    return found if len(values) > 1 else values.pop()


def energy_management(message: WireEnergyManagement) -> EnergyManagement:
    """Return whether energy management is on."""
    return EnergyManagement(
        on=message.on, confirmed_no_other=message.confirmed_no_other, revision=message.revision
    )
