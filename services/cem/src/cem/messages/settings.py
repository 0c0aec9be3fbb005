"""What the electrician sets, as messages and back: grid connection, circuits, chargers."""

from cem.core.circuits import MAIN, CircuitSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from electrical.phases import ZERO, PhaseCurrents, Phases
from electrical.rotation import Rotation
from volthus_wire.convert import from_phases, to_phases
from volthus_wire.v1 import electrical_pb2, site_pb2


def grid_of(message: site_pb2.GridConnection, revision: int) -> GridConnection:
    """Return a grid connection; phases the site does not have, and values left out, are 0 A."""
    phases = message.phases
    return GridConnection(
        _only(_or_zero(message.fuse_a), phases),
        phases,
        message.margin_a if message.HasField("margin_a") else None,
        _only(_or_zero(message.base_load_a), phases),
        from_phases(message.static_share_a),
        revision,
        unbalance_a=message.unbalance_a if message.HasField("unbalance_a") else None,
    )


def grid_message(grid: GridConnection | None) -> site_pb2.GridConnection:
    """Return the message of a grid connection; revision 0 when it was never set."""
    if grid is None:
        return site_pb2.GridConnection()
    live = grid.live
    return site_pb2.GridConnection(
        fuse_a={p.lower(): grid.fuse_a[p] for p in live},
        phases=grid.phases,
        margin_a=grid.margin_a,
        base_load_a={p.lower(): grid.base_load_a[p] for p in live},
        static_share_a=to_phases(grid.static_share_a),
        revision=grid.revision,
        unbalance_a=grid.unbalance_a,
    )


def energy_management_message(settings: EnergyManagement) -> site_pb2.EnergyManagement:
    """Return the message of the switch."""
    return site_pb2.EnergyManagement(
        on=settings.on,
        confirmed_no_other=settings.confirmed_no_other,
        revision=settings.revision,
    )


def circuit_of(message: site_pb2.Circuit, revision: int) -> CircuitSettings:
    """Return a circuit; a phase left out has no fuse: nothing may be drawn there."""
    return CircuitSettings(
        message.circuit,
        _or_zero(message.fuse_a),
        message.name.strip(),
        message.parent or MAIN,
        message.margin_a if message.HasField("margin_a") else None,
        message.meter,
        revision,
    )


def circuit_message(circuit: CircuitSettings) -> site_pb2.Circuit:
    """Return the message of a circuit."""
    return site_pb2.Circuit(
        circuit=circuit.id,
        name=circuit.name,
        parent=circuit.parent,
        fuse_a={phase.lower(): a for phase, a in circuit.fuse_a.items() if a > 0},
        margin_a=circuit.margin_a,
        meter=circuit.meter,
        revision=circuit.revision,
    )


def charger_of(message: site_pb2.ChargerSettings, before: ChargerSettings) -> ChargerSettings:
    """Return a charger's settings; what a message cannot leave out takes 0 for "as before".

    Raises ValueError for a wiring that is no rotation, or an unknown way to switch phases.
    """
    return ChargerSettings(
        ski=message.ski,
        min_a=message.min_a or before.min_a,
        max_a=message.max_a or before.max_a,
        phases=message.phases or before.phases,
        wiring=Rotation(message.wiring) if message.wiring else before.wiring,
        failsafe_a=message.failsafe_a,
        priority=message.priority or before.priority,
        weight=message.weight if message.HasField("weight") else 1.0,
        circuit=message.circuit or MAIN,
        start_a=message.start_a if message.HasField("start_a") else None,
        revision=before.revision + 1,
        phase_switching=PhaseSwitching(message.phase_switching or PhaseSwitching.NONE),
        phase_switching_url=message.phase_switching_url.strip(),
        is_phase_switching_confirmed=message.phase_switching_confirmed,
        guaranteed_a=message.guaranteed_a if message.HasField("guaranteed_a") else None,
    )


def charger_message(settings: ChargerSettings) -> site_pb2.ChargerSettings:
    """Return the message of a charger's settings."""
    return site_pb2.ChargerSettings(
        ski=settings.ski,
        min_a=settings.min_a,
        max_a=settings.max_a,
        phases=settings.phases,
        wiring=settings.wiring.value,
        failsafe_a=settings.failsafe_a,
        priority=settings.priority,
        revision=settings.revision,
        circuit=settings.circuit,
        start_a=settings.start_a,
        phase_switching=settings.phase_switching.value,
        phase_switching_url=settings.phase_switching_url,
        phase_switching_confirmed=settings.is_phase_switching_confirmed,
        weight=settings.weight,
        guaranteed_a=settings.guaranteed_a,
    )


def _or_zero(message: electrical_pb2.Phases) -> PhaseCurrents:
    return from_phases(message).map(lambda value: 0.0 if value is None else value)


def _only(values: PhaseCurrents, phases: int) -> PhaseCurrents:
    return Phases(values.l1, ZERO.l2, ZERO.l3) if phases == 1 else values
