"""Answers requests about what plans need: tariff, place, PV systems (B1, B4, C11)."""

import asyncio

from cem.commands.desk import Desk, check_revision, refuse
from cem.commands.naming import new_id
from cem.core.events import PlanningSet, PvSystemsSet, TariffSet
from cem.core.tariff import Objective, PvSystem, Token
from cem.core.tariff_rules import (
    MOST_PV_SYSTEMS,
    object_to_planning,
    object_to_pv_system,
    object_to_tariff,
)
from cem.core.validation import out_of_range
from cem.messages.tariff import (
    planning_message,
    planning_of,
    pv_system_message,
    pv_system_of,
    tariff_message,
    tariff_of,
)
from cem.site_file.outlook import of_planning, of_pv_system, of_tariff
from cem.store import Change
from cem.zone import zone_of
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import tariff_pb2
from volthus_wire.v1.rpc_pb2 import Caller, Nothing

COLLECTION = "/pv_systems"


class OutlookCommands:
    """What the site pays, where it is, and what is on its roofs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def get_tariff(
        self, question: tariff_pb2.GetTariffRequest, caller: Caller
    ) -> tariff_pb2.TariffReply:
        """Return the tariff without its token; revision 0 when it was never set."""
        del question, caller
        return tariff_pb2.TariffReply(tariff=tariff_message(self._desk.state.tariff))

    async def put_tariff(
        self, question: tariff_pb2.PutTariffRequest, caller: Caller
    ) -> tariff_pb2.TariffReply:
        """Save the tariff; an empty token with `has_token` keeps the one that is held."""
        asked, desk = question.tariff, self._desk
        async with desk.one:
            before = desk.state.tariff
            check_revision(asked.revision, before.revision)
            keeps = not asked.token and asked.has_token and before.has_token
            has_token = keeps or bool(asked.token)
            wanted = tariff_of(asked, before.revision + 1, has_token=has_token)
            refuse(object_to_tariff(wanted, asked.token))
            plain = of_tariff(before) if before.revision else None
            desk.require_unmanaged("/tariff", plain, of_tariff(wanted))
            if not keeps:
                desk.refuse_managed("/tariff", desk.managed & {"/tariff/token"})
            changes = [Change("tariff", before if before.revision else None, wanted)]
            if not keeps:
                changes += await self.token_change(asked.token)
            await desk.save(changes, [TariffSet(wanted)], caller)
        return tariff_pb2.TariffReply(tariff=tariff_message(wanted))

    async def token_change(self, secret: str) -> list[Change]:
        """Return the change to another token ("" = none), empty where it is the one held."""
        before = await asyncio.to_thread(self._desk.token)
        after = Token(secret) if secret else None
        return [] if before == after else [Change("tariff-token", before, after)]

    async def get_planning(
        self, question: tariff_pb2.GetPlanningRequest, caller: Caller
    ) -> tariff_pb2.PlanningReply:
        """Return where the site is and what its plans go for."""
        del question, caller
        return tariff_pb2.PlanningReply(settings=planning_message(self._desk.state.planning))

    async def put_planning(
        self, question: tariff_pb2.PutPlanningRequest, caller: Caller
    ) -> tariff_pb2.PlanningReply:
        """Save where the site is and what its plans go for."""
        asked, desk = question.settings, self._desk
        async with desk.one:
            before = desk.state.planning
            check_revision(asked.revision, before.revision)
            if asked.objective not in ("", *Objective):
                raise RefusedError(
                    "objective-unknown",
                    f"{asked.objective!r} is no objective; expected {', '.join(Objective)}.",
                    field="/objective",
                    objective=asked.objective,
                )
            wanted = planning_of(asked, before.revision + 1)
            refuse_zone(wanted.time_zone, "/time_zone")
            refuse(object_to_planning(wanted))
            desk.require_unmanaged("/planning", of_planning(before), of_planning(wanted))
            was_set = before if before.revision else None
            changes = [Change("planning", was_set, wanted)]
            await desk.save(changes, [PlanningSet(wanted)], caller)
        return tariff_pb2.PlanningReply(settings=planning_message(wanted))

    async def list_pv_systems(
        self, question: tariff_pb2.ListPvSystemsRequest, caller: Caller
    ) -> tariff_pb2.ListPvSystemsReply:
        """Return all roofs."""
        del question, caller
        systems = map(pv_system_message, self._desk.state.pv_systems)
        return tariff_pb2.ListPvSystemsReply(systems=systems)

    async def put_pv_system(
        self, question: tariff_pb2.PutPvSystemRequest, caller: Caller
    ) -> tariff_pb2.PvSystemReply:
        """Add a roof (without an id) or change it."""
        asked, desk = question.system, self._desk
        async with desk.one:
            systems = desk.state.pv_systems
            before = self._system(asked.system) if asked.system else None
            revision = before.revision if before else 0
            check_revision(asked.revision, revision)
            id_ = asked.system or new_id(asked.name, (s.id for s in systems), "roof")
            wanted = pv_system_of(asked, id_, revision + 1)
            refuse(object_to_pv_system(wanted))
            others = tuple(system for system in systems if system.id != id_)
            if len(others) >= MOST_PV_SYSTEMS:
                count = len(others) + 1
                refuse(out_of_range("pv-systems", COLLECTION, count, 0, MOST_PV_SYSTEMS))
            plain = None if before is None else of_pv_system(before)
            desk.require_unmanaged_in(COLLECTION, id_, plain, of_pv_system(wanted))
            changes = [Change(f"pv-system/{id_}", before, wanted)]
            await desk.save(changes, [PvSystemsSet((*others, wanted))], caller)
        return tariff_pb2.PvSystemReply(system=pv_system_message(wanted))

    async def remove_pv_system(
        self, question: tariff_pb2.RemovePvSystemRequest, caller: Caller
    ) -> Nothing:
        """Take a roof away."""
        desk = self._desk
        async with desk.one:
            before = self._system(question.system)
            desk.require_unmanaged_in(COLLECTION, before.id, of_pv_system(before), None)
            after = tuple(system for system in desk.state.pv_systems if system != before)
            changes = [Change(f"pv-system/{before.id}", before, None)]
            await desk.save(changes, [PvSystemsSet(after)], caller)
        return Nothing()

    def _system(self, id_: str) -> PvSystem:
        for system in self._desk.state.pv_systems:
            if system.id == id_:
                return system
        raise RefusedError(
            "unknown-pv-system", f"No PV system {id_!r} is set here.", field="/system", system=id_
        )


def refuse_zone(name: str, pointer: str) -> None:
    """Raise RefusedError for a name that is no time zone; "" = as the environment says."""
    try:
        if name:
            zone_of(name)
    except ValueError as error:
        raise RefusedError(
            "time-zone-unknown", f"{error}.", field=pointer, time_zone=name[:80]
        ) from error
