"""Answers requests about the grid connection, energy management and the live picture."""

from cem.commands.desk import Desk, check_revision, refuse
from cem.core.circuit_rules import object_to_tree
from cem.core.events import EnergyManagementSet, GridConnectionSet
from cem.core.site import EnergyManagement, GridConnection
from cem.core.validation import needs_site, object_to_energy_management, object_to_grid
from cem.messages.settings import energy_management_message, grid_message, grid_of
from cem.site_file.plain import of_energy_management, of_grid
from cem.store import Change
from volthus_wire.v1 import site_pb2
from volthus_wire.v1.rpc_pb2 import Caller


class SiteCommands:
    """The site as a whole."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def get_grid(
        self, question: site_pb2.GetGridConnectionRequest, caller: Caller
    ) -> site_pb2.GridConnectionReply:
        """Return the grid connection; revision 0 when it was never set."""
        del question, caller
        return site_pb2.GridConnectionReply(settings=grid_message(self._desk.state.grid))

    async def put_grid(
        self, question: site_pb2.PutGridConnectionRequest, caller: Caller
    ) -> site_pb2.GridConnectionReply:
        """Save the grid connection. Raises RefusedError with the field that is wrong."""
        desk = self._desk
        async with desk.one:
            before = desk.state.grid
            revision = before.revision if before else 0
            check_revision(question.settings.revision, revision)
            wanted = grid_of(question.settings, revision + 1)
            refuse(object_to_grid(wanted, desk.paired()))
            self._check_circuits(wanted)
            desk.require_site(caller, "/fuse_a", is_needed=needs_site(wanted, before))
            plain = None if before is None else of_grid(before)
            desk.require_unmanaged("/grid_connection", plain, of_grid(wanted))
            changes = [Change("grid-connection", before, wanted)]
            await desk.save(changes, [GridConnectionSet(wanted)], caller)
        return site_pb2.GridConnectionReply(settings=grid_message(wanted))

    async def get_energy_management(
        self, question: site_pb2.GetEnergyManagementRequest, caller: Caller
    ) -> site_pb2.EnergyManagementReply:
        """Return whether energy management is on."""
        del question, caller
        switch = self._desk.state.energy_management
        return site_pb2.EnergyManagementReply(settings=energy_management_message(switch))

    async def put_energy_management(
        self, question: site_pb2.PutEnergyManagementRequest, caller: Caller
    ) -> site_pb2.EnergyManagementReply:
        """Switch energy management. Off forgets the confirmation: it is asked for anew."""
        asked, desk = question.settings, self._desk
        async with desk.one:
            before = desk.state.energy_management
            check_revision(asked.revision, before.revision)
            is_confirmed = asked.on and asked.confirmed_no_other
            wanted = EnergyManagement(asked.on, is_confirmed, before.revision + 1)
            refuse(object_to_energy_management(wanted))
            # Off, chargers take what is set in themselves, and nobody watches the fuse.
            desk.require_site(caller, "/on", is_needed=before.on and not wanted.on)
            desk.require_unmanaged(
                "/energy_management", of_energy_management(before), of_energy_management(wanted)
            )
            changes = [Change("energy-management", before, wanted)]
            await desk.save(changes, [EnergyManagementSet(wanted)], caller)
        return site_pb2.EnergyManagementReply(settings=energy_management_message(wanted))

    async def get_state(
        self, question: site_pb2.GetSiteStateRequest, caller: Caller
    ) -> site_pb2.SiteState:
        """Return the live picture of this moment."""
        del question, caller
        return self._desk.controller.picture()

    def _check_circuits(self, wanted: GridConnection) -> None:
        """Refuse a main fuse below that of a circuit; the field is the main fuse's."""
        refuse(object_to_tree(self._desk.state.circuits, wanted), "/fuse_a")
