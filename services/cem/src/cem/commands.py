"""Answers requests: settings are checked by the core, written with their audit, then folded."""

import asyncio
from collections.abc import Callable

from cem.core.events import ChargerSet, EnergyManagementSet, GridConnectionSet, StoreChecked
from cem.core.site import ChargerSettings, EnergyManagement
from cem.core.validation import (
    Objection,
    needs_site,
    object_to_charger,
    object_to_energy_management,
    object_to_grid,
)
from cem.loop import Controller
from cem.messages.settings import (
    charger_message,
    charger_of,
    energy_management_message,
    grid_message,
    grid_of,
)
from cem.store import Change, Store
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

FAR = "cloud"


class Commands:
    """One change at a time: a change is refused, or it is in the database and in force."""

    def __init__(self, controller: Controller, store: Store, *, remote_fuse: bool) -> None:
        self._controller = controller
        self._store = store
        self._remote_fuse = remote_fuse
        self._one = asyncio.Lock()

    async def get_grid(
        self, question: site_pb2.GetGridConnectionRequest, caller: Caller
    ) -> site_pb2.GridConnectionReply:
        """Return the grid connection; revision 0 when it was never set."""
        del question, caller
        return site_pb2.GridConnectionReply(settings=grid_message(self._controller.state.grid))

    async def put_grid(
        self, question: site_pb2.PutGridConnectionRequest, caller: Caller
    ) -> site_pb2.GridConnectionReply:
        """Save the grid connection. Raises RefusedError with the field that is wrong."""
        async with self._one:
            before = self._controller.state.grid
            revision = before.revision if before else 0
            _check_revision(question.settings.revision, revision)
            wanted = grid_of(question.settings, revision + 1)
            _refuse(object_to_grid(wanted, self._paired()))
            if caller.origin == FAR and not self._remote_fuse and needs_site(wanted, before):
                raise RefusedError(
                    "confirmation-at-site-needed",
                    "A higher fuse or a smaller margin must be set at the site itself.",
                    field="/fuse_a",
                )
            await self._save(
                lambda: self._store.save([Change("grid-connection", before, wanted)], caller)
            )
            self._controller.happened(GridConnectionSet(wanted))
        return site_pb2.GridConnectionReply(settings=grid_message(wanted))

    async def get_energy_management(
        self, question: site_pb2.GetEnergyManagementRequest, caller: Caller
    ) -> site_pb2.EnergyManagementReply:
        """Return whether energy management is on."""
        del question, caller
        switch = self._controller.state.energy_management
        return site_pb2.EnergyManagementReply(settings=energy_management_message(switch))

    async def put_energy_management(
        self, question: site_pb2.PutEnergyManagementRequest, caller: Caller
    ) -> site_pb2.EnergyManagementReply:
        """Switch energy management. Off forgets the confirmation: it is asked for anew."""
        asked = question.settings
        async with self._one:
            before = self._controller.state.energy_management
            _check_revision(asked.revision, before.revision)
            is_confirmed = asked.on and asked.confirmed_no_other
            wanted = EnergyManagement(asked.on, is_confirmed, before.revision + 1)
            _refuse(object_to_energy_management(wanted))
            await self._save(
                lambda: self._store.save([Change("energy-management", before, wanted)], caller)
            )
            self._controller.happened(EnergyManagementSet(wanted))
        return site_pb2.EnergyManagementReply(settings=energy_management_message(wanted))

    async def put_charger(
        self, question: site_pb2.PutChargerRequest, caller: Caller
    ) -> site_pb2.ChargerReply:
        """Save a charger's settings; the charger must be paired or have been."""
        asked = question.settings
        async with self._one:
            state = self._controller.state
            before = self._known(asked.ski)
            _check_revision(asked.revision, before.revision)
            wanted = _charger_of(asked, before)
            others = [c for c in self._paired() if c.ski != wanted.ski]
            _refuse(object_to_charger(wanted, state.grid, others))
            await self._save(
                lambda: self._store.save([Change(f"charger/{wanted.ski}", before, wanted)], caller)
            )
            self._controller.happened(ChargerSet(wanted))
        return site_pb2.ChargerReply(settings=charger_message(wanted))

    async def get_state(
        self, question: site_pb2.GetSiteStateRequest, caller: Caller
    ) -> site_pb2.SiteState:
        """Return the live picture of this moment."""
        del question, caller
        return self._controller.picture()

    # --- inside ----------------------------------------------------------------------------------

    def _paired(self) -> list[ChargerSettings]:
        return [charger.settings for charger in self._controller.state.chargers.values()]

    def _known(self, ski: str) -> ChargerSettings:
        state = self._controller.state
        if ski in state.chargers:
            return state.chargers[ski].settings
        if ski in state.charger_settings:
            return state.charger_settings[ski]
        raise RefusedError(
            "unknown-charger", f"No charger {ski!r} is paired here.", field="/ski", ski=ski
        )

    async def _save(self, write: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(write)
        except RefusedError:
            self._controller.happened(StoreChecked(is_failing=True))
            raise
        self._controller.happened(StoreChecked(is_failing=False))


def _check_revision(asked: int, current: int) -> None:
    if asked not in (0, current):
        raise RefusedError(
            "revision-conflict",
            f"The settings were changed meanwhile: revision {current}, not {asked}.",
            field="/revision",
            revision=current,
        )


def _refuse(objection: Objection | None) -> None:
    if objection is not None:
        raise RefusedError(
            objection.code, objection.detail, field=objection.pointer, **objection.params
        )


def _charger_of(asked: site_pb2.ChargerSettings, before: ChargerSettings) -> ChargerSettings:
    try:
        return charger_of(asked, before)
    except ValueError as error:
        raise RefusedError(
            "wiring-unknown",
            f"{asked.wiring!r} is no phase rotation; expected RST, STR, TRS, RTS, SRT or TSR.",
            field="/wiring",
            wiring=asked.wiring,
        ) from error
