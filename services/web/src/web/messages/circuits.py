"""Circuits: settings both ways."""

from volthus_wire.v1.site_pb2 import Circuit as WireCircuit
from web.messages.plain import number_in, phases_in, text, to_phases
from web.models.circuits import Circuit, CircuitSettings
from web.models.common import ByPhase


def circuit(message: WireCircuit) -> Circuit:
    """Return a circuit in force."""
    return Circuit(
        id=message.circuit,
        name=message.name or message.circuit,
        parent=parent(message),
        fuse_a=phases_in(message, "fuse_a") or ByPhase(),
        margin_a=number_in(message, "margin_a"),
        meter=text(message.meter),
        revision=message.revision,
    )


def parent(message: WireCircuit) -> str | None:
    """Return the id of the circuit above, None for the main fuse."""
    return None if message.parent == "main" else text(message.parent)


def to_circuit(wanted: CircuitSettings, circuit_id: str, revision: int) -> WireCircuit:
    """Return the message that asks for these settings in place of `revision` (0: of any)."""
    return WireCircuit(
        circuit=circuit_id,
        name=wanted.name,
        parent="" if wanted.parent in (None, "main") else wanted.parent,
        fuse_a=to_phases(wanted.fuse_a),
        margin_a=wanted.margin_a,
        meter=wanted.meter or "",
        revision=revision,
    )
