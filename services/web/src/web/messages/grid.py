"""Settings of the grid connection and energy management, both ways."""

from volthus_wire.v1.site_pb2 import EnergyManagement as WireEnergyManagement
from volthus_wire.v1.site_pb2 import GridConnection as WireGridConnection
from web.messages.plain import number_in, phases_in, to_phases
from web.models.grid import EnergyManagement, GridConnection, GridConnectionSettings


def grid_connection(message: WireGridConnection) -> GridConnection:
    """Return the grid connection in force; fuse_a is null until it is set."""
    return GridConnection(
        fuse_a=phases_in(message, "fuse_a"),
        phases=message.phases or 3,
        margin_a=number_in(message, "margin_a"),
        base_load_a=phases_in(message, "base_load_a"),
        static_share_a=phases_in(message, "static_share_a"),
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
        revision=revision,
    )


def energy_management(message: WireEnergyManagement) -> EnergyManagement:
    """Return whether energy management is on."""
    return EnergyManagement(
        on=message.on, confirmed_no_other=message.confirmed_no_other, revision=message.revision
    )
