"""Answers requests about circuits: the fuses below the main one (C12)."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from cem.commands.desk import Desk, check_revision, refuse, too_many
from cem.core import installation
from cem.core.circuit_rules import (
    needs_site,
    object_to_circuit,
    object_to_removal,
    object_to_sums,
    object_to_tree,
)
from cem.core.circuits import MAIN, CircuitSettings
from cem.core.events import ChargerSet, CircuitsSet, Event
from cem.core.validation import Objection
from cem.messages.settings import circuit_message, circuit_of
from cem.site_file.plain import of_circuit
from cem.store import Change
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller, Nothing

COLLECTION = "/circuits"
Meters = Callable[[], Iterable[metering_pb2.MeterHealth]]


class CircuitCommands:
    """Adds, changes and removes circuits. meters: those of the site now."""

    def __init__(self, desk: Desk, meters: Meters) -> None:
        self._desk = desk
        self._meters = meters

    async def list(
        self, question: site_pb2.ListCircuitsRequest, caller: Caller
    ) -> site_pb2.ListCircuitsReply:
        """Return all circuits below the main fuse."""
        del question, caller
        circuits = map(circuit_message, self._desk.state.circuits)
        return site_pb2.ListCircuitsReply(circuits=circuits)

    async def put(
        self, question: site_pb2.PutCircuitRequest, caller: Caller
    ) -> site_pb2.CircuitReply:
        """Add a circuit or change it."""
        asked, desk = question.circuit, self._desk
        async with desk.one:
            before = desk.circuit(asked.circuit)
            revision = before.revision if before else 0
            check_revision(asked.revision, revision)
            wanted = circuit_of(asked, revision + 1)
            circuits = with_circuit(desk.state.circuits, wanted)
            refuse(object_to_circuit(wanted))
            if before is None and len(circuits) > installation.MOST_CIRCUITS:
                refuse(too_many("/circuit", installation.MOST_CIRCUITS))
            self._check_meter(wanted, before)
            self._check_whole(wanted, circuits)
            grid = desk.state.grid
            desk.require_site(caller, "/fuse_a", is_needed=needs_site(wanted, before, grid))
            plain = None if before is None else of_circuit(before)
            desk.require_unmanaged_in(COLLECTION, wanted.id, plain, of_circuit(wanted))
            changes = [Change(f"circuit/{wanted.id}", before, wanted)]
            await desk.save(changes, [CircuitsSet(circuits)], caller)
        return site_pb2.CircuitReply(circuit=circuit_message(wanted))

    async def remove(self, question: site_pb2.RemoveCircuitRequest, caller: Caller) -> Nothing:
        """Take a circuit away that nothing hangs on."""
        desk = self._desk
        async with desk.one:
            before = desk.circuit(question.circuit)
            if before is None:
                raise RefusedError(
                    "unknown-circuit",
                    f"There is no circuit {question.circuit!r}.",
                    field="/circuit",
                    circuit=question.circuit,
                )
            check_revision(question.revision, before.revision)
            state = desk.state
            refuse(object_to_removal(before.id, state.circuits, desk.paired()))
            desk.require_site(caller, "/circuit", is_needed=True)
            desk.require_unmanaged_in(COLLECTION, before.id, of_circuit(before), None)
            circuits = tuple(circuit for circuit in state.circuits if circuit != before)
            changes = [Change(f"circuit/{before.id}", before, None)]
            events: list[Event] = [CircuitsSet(circuits)]
            for charger in desk.installation.chargers.values():
                if charger.circuit == before.id:  # not paired now: it would come back to nowhere
                    after = replace(charger, circuit=MAIN, revision=charger.revision + 1)
                    changes.append(Change(f"charger/{charger.ski}", charger, after))
                    events.append(ChargerSet(after))
            await desk.save(changes, events, caller)
        return Nothing()

    # --- inside ----------------------------------------------------------------------------------

    def _check_whole(self, wanted: CircuitSettings, circuits: tuple[CircuitSettings, ...]) -> None:
        desk = self._desk
        found = object_to_tree(circuits, desk.state.grid, at=wanted.id)
        refuse(found, _own_field(found))
        refuse(object_to_sums(desk.state.grid, circuits, desk.paired(), "/fuse_a"))

    def _check_meter(self, wanted: CircuitSettings, before: CircuitSettings | None) -> None:
        """Refuse a meter that is not there; one that was there before may be away."""
        if not wanted.meter or (before is not None and before.meter == wanted.meter):
            return
        roles = {health.settings.meter: health.settings.role for health in self._meters()}
        if roles.get(wanted.meter) != metering_pb2.METER_ROLE_SUB:
            raise RefusedError(
                "unknown-meter",
                f"No meter {wanted.meter!r} of role sub is set up here.",
                field="/meter",
                meter=wanted.meter,
            )


def with_circuit(
    circuits: Iterable[CircuitSettings], wanted: CircuitSettings
) -> tuple[CircuitSettings, ...]:
    """Return circuits with one added or replaced, sorted by id."""
    others = (circuit for circuit in circuits if circuit.id != wanted.id)
    return tuple(sorted((*others, wanted), key=lambda circuit: circuit.id))


def _own_field(found: Objection | None) -> str | None:
    """Return the changed circuit's fuse where the objection names a circuit below it."""
    return "/fuse_a" if found is not None and found.pointer.startswith(COLLECTION) else None
