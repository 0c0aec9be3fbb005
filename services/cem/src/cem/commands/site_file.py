"""Answers requests about the site file: read it, compare it, apply it as a whole (C12)."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from cem.commands.desk import Desk, refuse
from cem.commands.outlook import OutlookCommands, refuse_zone
from cem.core import charger_rules, circuit_rules
from cem.core.circuits import CircuitSettings
from cem.core.driving import Car
from cem.core.events import (
    CarsSet,
    ChargerSet,
    CircuitsSet,
    EnergyManagementSet,
    Event,
    GoalSet,
    GridConnectionSet,
    ModeSet,
    OperatorSet,
    PlanningSet,
    PvSystemsSet,
    TariffSet,
)
from cem.core.installation import Installation, object_to_all
from cem.core.tariff import PvSystem
from cem.core.tariff_rules import object_to_token
from cem.core.validation import needs_site
from cem.site_file import shape, yaml_text
from cem.site_file.errors import SiteFileError
from cem.site_file.merging import managed, merged
from cem.site_file.plain import differing, leaves, of_installation
from cem.store import Change
from cem.store.changes import Setting
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

HIDDEN = json.dumps("***")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a file changes. changes: (pointer, before as JSON, after as JSON)."""

    changes: tuple[tuple[str, str, str], ...]
    is_applied: bool


class SiteFileCommands:
    """The settings as one file."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._outlook = OutlookCommands(desk)

    async def get(
        self, question: records_pb2.GetSiteFileRequest, caller: Caller
    ) -> records_pb2.SiteFileReply:
        """Return the settings as they are, and what a file manages."""
        del question, caller
        plain = of_installation(self._desk.installation)
        return records_pb2.SiteFileReply(
            yaml=yaml_text.write(plain), managed=sorted(self._desk.managed)
        )

    async def put(
        self, question: records_pb2.ApplySiteFileRequest, caller: Caller
    ) -> records_pb2.ApplySiteFileReply:
        """Apply a file, say what it would change, or release what the last one manages."""
        if question.release:
            if not question.dry_run:
                await self.release(caller)
            return records_pb2.ApplySiteFileReply(applied=not question.dry_run)
        done = await self.apply(
            question.yaml, caller, is_dry_run=question.dry_run, is_restore=question.restore
        )
        told = [{"pointer": p, "before": b, "after": a} for p, b, a in done.changes]
        return records_pb2.ApplySiteFileReply(changes=told, applied=done.is_applied)

    async def release(self, caller: Caller) -> None:
        """Let no setting be managed by a file any more; all stay as they are."""
        async with self._desk.one:
            await self._desk.save([], [], caller, managed=())

    async def apply(
        self, text: str, caller: Caller, *, is_dry_run: bool = False, is_restore: bool = False
    ) -> Applied:
        """Check a file as a whole, then write all of it in one transaction.

        is_restore: of a backup. It manages nothing, and may not change what a file manages.
        Raises RefusedError with the pointer of what is wrong; then nothing was changed.
        """
        desk = self._desk
        try:
            file = await asyncio.to_thread(_read, text)  # seconds, for a large one
        except SiteFileError as error:
            raise RefusedError(error.code, error.detail, field=error.pointer) from error
        async with desk.one:
            before = desk.installation
            token = await self._token_change(file)
            wanted = merged(file, before, is_token_new=bool(token))
            self._check_zone(wanted)
            counted = desk.state.chargers.keys()
            refuse(object_to_all(wanted, before, counted, desk.clock.now()))
            self._check_from_afar(wanted, before, caller)
            changes = (*_told(before, wanted), *(("/tariff/token", HIDDEN, HIDDEN) for _ in token))
            if is_restore:
                desk.refuse_managed("", filter(self._is_managed, (at for at, _, _ in changes)))
            if not is_dry_run:
                steps = list(_steps(before, wanted))
                events = [event for _, event in steps]
                saved = [*(change for change, _ in steps), *token]
                held = None if is_restore else managed(file)
                await desk.save(saved, _once(events), caller, held)
        return Applied(changes, not is_dry_run)

    async def _token_change(self, file: shape.SiteFile) -> list[Change]:
        """Return the change of the tariff's token that a file brings."""
        part = file.tariff
        if "tariff" not in file.model_fields_set or "token" not in part.model_fields_set:
            return []
        refuse(object_to_token(part.token), "/tariff/token")
        return await self._outlook.token_change(part.token)

    def _is_managed(self, pointer: str) -> bool:
        """Return whether a setting, or the collection it is added to, is managed by a file."""
        collection = "/".join(pointer.split("/")[:2])
        return pointer in self._desk.managed or collection in self._desk.managed

    @staticmethod
    def _check_zone(wanted: Installation) -> None:
        refuse_zone(wanted.planning.time_zone, "/planning/time_zone")

    def _check_from_afar(self, wanted: Installation, before: Installation, caller: Caller) -> None:
        desk = self._desk
        is_fuse = wanted.grid is not None and wanted.grid != before.grid
        if is_fuse and wanted.grid is not None:
            needed = needs_site(wanted.grid, before.grid)
            desk.require_site(caller, "/grid_connection/fuse_a", is_needed=needed)
        kept = {circuit.id: circuit for circuit in wanted.circuits}
        for circuit in before.circuits:
            needed = circuit_rules.needs_site(kept.get(circuit.id), circuit, wanted.grid)
            desk.require_site(caller, f"/circuits/{circuit.id}", is_needed=needed)
        for ski, charger in wanted.chargers.items():
            then = before.chargers.get(ski)
            risk = "" if then is None else charger_rules.needs_site(charger, then, wanted.circuits)
            desk.require_site(caller, f"/chargers/{ski}{risk}", is_needed=bool(risk))
        is_off = before.energy_management.on and not wanted.energy_management.on
        desk.require_site(caller, "/energy_management/on", is_needed=is_off)


def _read(text: str) -> shape.SiteFile:
    return shape.read(yaml_text.parse(text))


def _told(before: Installation, wanted: Installation) -> Iterator[tuple[str, str, str]]:
    then, now = leaves(of_installation(before)), leaves(of_installation(wanted))
    for pointer in differing(then, now):
        was, will = then.get(pointer), now.get(pointer)
        if was != will:  # an object that comes was null as a whole: its fields say it
            yield pointer, json.dumps(was), json.dumps(will)


def _steps(before: Installation, wanted: Installation) -> Iterator[tuple[Change, Event]]:
    """Yield each setting that changes, with what it makes happen."""
    if wanted.grid is not None and wanted.grid != before.grid:
        change = Change("grid-connection", before.grid, wanted.grid)
        yield change, GridConnectionSet(wanted.grid)
    for change in _changed("circuit", _by_id(before.circuits), _by_id(wanted.circuits)):
        yield change, CircuitsSet(wanted.circuits)
    for change in _changed("charger", before.chargers, wanted.chargers):
        yield change, ChargerSet(wanted.chargers[change.id])
    for change in _changed("car", _by_id(before.cars), _by_id(wanted.cars)):
        yield change, CarsSet(wanted.cars)
    for change in _changed("mode", before.modes, wanted.modes):
        yield change, ModeSet(change.id, wanted.modes[change.id])
    for change in _changed("goal", before.goals, wanted.goals):
        yield change, GoalSet(change.id, wanted.goals.get(change.id))
    if wanted.operator != before.operator:
        yield Change("operator", before.operator, wanted.operator), OperatorSet(wanted.operator)
    yield from _outlook_steps(before, wanted)
    switch = wanted.energy_management
    if switch != before.energy_management:
        change = Change("energy-management", before.energy_management, switch)
        yield change, EnergyManagementSet(switch)


def _outlook_steps(before: Installation, wanted: Installation) -> Iterator[tuple[Change, Event]]:
    if wanted.tariff != before.tariff:
        was_set = before.tariff if before.tariff.revision else None
        yield Change("tariff", was_set, wanted.tariff), TariffSet(wanted.tariff)
    if wanted.planning != before.planning:
        was_set_too = before.planning if before.planning.revision else None
        yield Change("planning", was_set_too, wanted.planning), PlanningSet(wanted.planning)
    systems = (_by_id(before.pv_systems), _by_id(wanted.pv_systems))
    for change in _changed("pv-system", *systems):
        yield change, PvSystemsSet(wanted.pv_systems)


def _changed(
    kind: str, before: Mapping[str, Setting], wanted: Mapping[str, Setting]
) -> Iterator[Change]:
    for id_ in dict.fromkeys(chain(before, wanted)):
        if before.get(id_) != wanted.get(id_):
            yield Change(f"{kind}/{id_}", before.get(id_), wanted.get(id_))


def _by_id(
    settings: tuple[CircuitSettings, ...] | tuple[Car, ...] | tuple[PvSystem, ...],
) -> dict[str, Setting]:
    return {setting.id: setting for setting in settings}


def _once(events: list[Event]) -> list[Event]:
    """Return events without repetition: all circuits, cars and PV systems are one event each."""
    return [event for number, event in enumerate(events) if event not in events[:number]]
