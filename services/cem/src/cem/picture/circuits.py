"""Circuits below the main fuse as they stand now."""

from cem.core import showing
from cem.core.circuits import CircuitSettings, ancestry
from cem.core.decision import Decision
from cem.core.rooms import Room
from cem.messages.settings import circuit_message
from electrical.phases import ALL_PHASES, PhaseReadings, Phases
from volthus_wire.convert import to_phases
from volthus_wire.v1 import site_pb2

MEASURED_S = 5.0  # a sub-meter's reading is shown that long


def circuit_state(
    circuit: CircuitSettings, decision: Decision, now: float
) -> site_pb2.CircuitState:
    """Return the live picture of a circuit; what is not known is left out."""
    found = _rooms(decision, circuit.id)
    return site_pb2.CircuitState(
        settings=circuit_message(circuit),
        current_a=to_phases(_current_a(circuit, decision, now)),
        reserved_a=to_phases(_by_phase({phase: r.reserved_a for phase, r in found.items()})),
        headroom_a=to_phases(headroom_a(decision, circuit.id)),
    )


def headroom_a(decision: Decision, circuit: str) -> PhaseReadings:
    """Return what the chargers below a circuit's fuse may draw together by that fuse alone."""
    found = _rooms(decision, circuit)
    return _by_phase({phase: max(0.0, room.now_a) for phase, room in found.items()})


def _rooms(decision: Decision, circuit: str) -> dict[str, Room]:
    rooms = (room for room in decision.picture.rooms if room.circuit.id == circuit)
    return {room.phase.value: room for room in rooms}


def _current_a(circuit: CircuitSettings, decision: Decision, now: float) -> PhaseReadings:
    """Return what flows through its fuse: measured, or what its chargers draw together."""
    state = decision.state
    meter = state.sub_meters.get(circuit.id)
    if circuit.meter:
        is_fresh = meter is not None and now - (meter.last_at_s or -MEASURED_S) <= MEASURED_S
        last = meter.last if meter is not None and is_fresh else None
        return _by_phase({}) if last is None else last.current_a
    drawn = [
        showing.currents_a(charger, now, state.site_phases)
        for charger in state.chargers.values()
        if circuit.id in ancestry(charger.settings.circuit, state.circuits)
    ]
    live = ALL_PHASES[: state.site_phases]
    return _by_phase({
        phase.value: sum(a[phase] or 0.0 for a in drawn)
        for phase in live
        if all(a[phase] is not None for a in drawn)
    })  # fmt: skip


def _by_phase(values: dict[str, float]) -> PhaseReadings:
    return Phases(*(values.get(phase.value) for phase in ALL_PHASES))
