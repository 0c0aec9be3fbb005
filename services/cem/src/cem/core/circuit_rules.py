"""Whether circuits may be saved: each by itself, how they hang together, what they must carry."""

from collections.abc import Iterable, Mapping

from cem.core.circuits import MAIN, CircuitSettings, ancestry
from cem.core.site import ChargerSettings, GridConnection
from cem.core.validation import (
    ID,
    LEAST_FUSE_A,
    MOST_FUSE_A,
    MOST_NAME,
    Objection,
    is_within,
    object_to_name,
    out_of_range,
    unknown_circuit,
)
from electrical.margin import usual_margin_a
from electrical.phases import ALL_PHASES, Phase, PhaseCurrents


def object_to_circuit(circuit: CircuitSettings) -> Objection | None:
    """Return what is wrong with a circuit by itself, None if nothing."""
    if ID.fullmatch(circuit.id) is None or circuit.id == MAIN:
        detail = (
            f"{circuit.id!r} cannot name a circuit; expected 1 to 32 small letters, digits "
            "and dashes, and not 'main'."
        )
        return Objection("circuit-id-invalid", detail, "/circuit", {"circuit": circuit.id})
    wrong_name = object_to_name(circuit.name, MOST_NAME)
    if wrong_name is not None:
        return wrong_name
    for phase in ALL_PHASES:
        fuse_a = circuit.fuse_a[phase]
        if phase is not Phase.L1 and fuse_a == 0:
            continue  # a circuit on one phase
        pointer = f"/fuse_a/{phase.lower()}"
        if not is_within(fuse_a, LEAST_FUSE_A, MOST_FUSE_A):
            return out_of_range("fuse", pointer, fuse_a, LEAST_FUSE_A, MOST_FUSE_A, phase)
    least_a = min(fuse_a for fuse_a in circuit.fuse_a.values() if fuse_a > 0)
    if circuit.margin_a is not None and not is_within(circuit.margin_a, 0.0, least_a / 2):
        return out_of_range("margin", "/margin_a", circuit.margin_a, 0.0, least_a / 2)
    return None


def object_to_tree(
    circuits: Iterable[CircuitSettings], grid: GridConnection | None, at: str = ""
) -> Objection | None:
    """Return what is wrong with how circuits hang together, None if nothing.

    at: id of the circuit whose settings the pointers are relative to; empty = all of them, as
    `/circuits/{id}/...`.
    """
    circuits = tuple(circuits)
    by_id = {circuit.id: circuit for circuit in circuits}
    for circuit in circuits:
        base = "" if circuit.id == at else f"/circuits/{circuit.id}"
        if circuit.parent != MAIN and circuit.parent not in by_id:
            return unknown_circuit(f"{base}/parent", circuit.parent)
        if _is_in_loop(circuit, by_id):
            detail = f"The circuit {circuit.id!r} would hang below itself."
            return Objection("circuit-loop", detail, f"{base}/parent", {"circuit": circuit.id})
        above = by_id.get(circuit.parent) or grid
        found = None if above is None else _to_fuse(circuit, above.fuse_a, base)
        if found is not None:
            return found
    return None


def object_to_removal(
    circuit: str, circuits: Iterable[CircuitSettings], chargers: Iterable[ChargerSettings]
) -> Objection | None:
    """Return why a circuit cannot be taken away: something hangs on it."""
    users = [f"circuit {below.id}" for below in circuits if below.parent == circuit]
    users += [f"charger {charger.ski}" for charger in chargers if charger.circuit == circuit]
    if not users:
        return None
    detail = f"The circuit {circuit!r} is in use: {', '.join(users[:3])}."
    params = {"circuit": circuit, "users": str(len(users)), "first": users[0]}
    return Objection("circuit-in-use", detail, "/circuit", params)


def needs_site(
    wanted: CircuitSettings | None, before: CircuitSettings | None, grid: GridConnection | None
) -> bool:
    """Return whether a change takes protection away; a circuit that is added takes none."""
    if before is None:
        return False
    if wanted is None or wanted.parent != before.parent:
        return True
    if wanted.meter and wanted.meter != before.meter:  # without one it goes by the sum of shares
        return True
    is_higher = any(wanted.fuse_a[phase] > before.fuse_a[phase] for phase in ALL_PHASES)
    least_a, before_a = _margin_a(wanted, grid), _margin_a(before, grid)
    return is_higher or (wanted.margin_a != before.margin_a and least_a < before_a)


def _margin_a(circuit: CircuitSettings, grid: GridConnection | None) -> float:
    if circuit.margin_a is not None:
        return circuit.margin_a
    if grid is not None and grid.margin_a is not None:
        return grid.margin_a
    return usual_margin_a(max(circuit.fuse_a.values()))


def _is_in_loop(circuit: CircuitSettings, by_id: Mapping[str, CircuitSettings]) -> bool:
    seen: set[str] = set()
    at: CircuitSettings | None = circuit
    while at is not None:
        if at.id in seen:
            return at.id == circuit.id
        seen.add(at.id)
        at = by_id.get(at.parent)
    return False


def _to_fuse(circuit: CircuitSettings, above_a: PhaseCurrents, base: str) -> Objection | None:
    for phase in ALL_PHASES:
        if above_a[phase] > 0 and circuit.fuse_a[phase] > above_a[phase] + 1e-9:
            return _above_parent(circuit, phase, above_a[phase], base)
    return None


def _above_parent(circuit: CircuitSettings, phase: Phase, most_a: float, base: str) -> Objection:
    value_a = circuit.fuse_a[phase]
    detail = (
        f"The fuse of {circuit.id!r} has {value_a:g} A on {phase}, more than the {most_a:g} A of "
        f"the one above it ({circuit.parent})."
    )
    params = {
        "circuit": circuit.id, "parent": circuit.parent, "phase": phase.value,
        "value": f"{value_a:g}", "most": f"{most_a:g}",
    }  # fmt: skip
    return Objection("fuse-above-parent", detail, f"{base}/fuse_a/{phase.lower()}", params)


def object_to_sums(
    grid: GridConnection | None,
    circuits: Iterable[CircuitSettings],
    chargers: Iterable[ChargerSettings],
    pointer: str,
) -> Objection | None:
    """Return the circuit whose fuse the failsafe currents below it exceed (design law 2)."""
    circuits = tuple(circuits)
    phases = 3 if grid is None else grid.phases
    chains = [(c, ancestry(c.circuit, circuits), c.wired(phases)) for c in chargers]
    for circuit in circuits:
        for phase in ALL_PHASES if phases == 3 else (Phase.L1,):
            sum_a = sum(
                charger.failsafe_a
                for charger, chain, wired in chains
                if circuit.id in chain and phase in wired
            )
            if sum_a > circuit.fuse_a[phase] + 1e-9:
                return _too_much(circuit, phase, sum_a, pointer)
    return None


def _too_much(circuit: CircuitSettings, phase: Phase, sum_a: float, pointer: str) -> Objection:
    fuse_a = circuit.fuse_a[phase]
    detail = (
        f"On {phase} the failsafe currents of the chargers below {circuit.id!r} ({sum_a:g} A) "
        f"exceed its fuse ({fuse_a:g} A)."
    )
    params = {
        "circuit": circuit.id, "phase": phase.value, "sum_a": f"{sum_a:g}",
        "base_load_a": "0", "fuse_a": f"{fuse_a:g}",
    }  # fmt: skip
    return Objection("failsafe-sum-too-high", detail, pointer, params)
