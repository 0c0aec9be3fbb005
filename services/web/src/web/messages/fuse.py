"""The fuse pictures: a bar for each phase of the main fuse, and of each circuit below it."""

from collections.abc import Iterator, Sequence
from typing import Literal

from google.protobuf.message import Message

from electrical.margin import usual_margin_a
from volthus_wire.v1.site_pb2 import CircuitState, GridConnection, SiteState
from web.messages.circuits import parent
from web.messages.plain import number_in, phases_in, text
from web.models.chargers import ChargerNow
from web.models.circuits import CircuitNow
from web.models.common import ByPhase, PhaseName
from web.models.fuse import ChargerShare, FusePhase

Key = Literal["l1", "l2", "l3"]
PHASES: tuple[tuple[PhaseName, Key], ...] = (("L1", "l1"), ("L2", "l2"), ("L3", "l3"))
Line = tuple[PhaseName, Key, float]  # a phase and its fuse in A


def fuse_picture(state: SiteState, chargers: Sequence[ChargerNow]) -> list[FusePhase] | None:
    """Return a bar for each phase that has a fuse, None where no fuse is set."""
    grid = state.grid_connection
    if not grid.HasField("fuse_a") or grid.revision == 0:
        return None
    return [
        _bar(line, margin_a(grid, line[2]), state, "grid_current_a", chargers)
        for line in _fuses(grid, grid.phases)
    ]


def circuit_pictures(state: SiteState, chargers: Sequence[ChargerNow]) -> list[CircuitNow]:
    """Return each circuit below the main fuse with its bars, in the order of the site."""
    above = {one.settings.circuit: parent(one.settings) for one in state.circuits}
    return [
        CircuitNow(
            id=one.settings.circuit,
            name=one.settings.name or one.settings.circuit,
            parent=parent(one.settings),
            meter=text(one.settings.meter),
            fuse=_circuit_bars(one, state.grid_connection, _below(one, above, chargers)),
        )
        for one in state.circuits
    ]


def margin_a(settings: Message, fuse_a: float, above: Message | None = None) -> float:
    """Return what stays free below a fuse of `fuse_a`, in A; `above` says it where nothing does."""
    for one in filter(None, (settings, above)):
        if (margin := number_in(one, "margin_a")) is not None:
            return margin
    return usual_margin_a(fuse_a)


def at(values: ByPhase | None, key: Key) -> float | None:
    """Return one phase's value, None where nothing is known."""
    match key:
        case _ if values is None:
            return None
        case "l1":
            return values.l1
        case "l2":
            return values.l2
        case "l3":
            return values.l3


def _circuit_bars(
    circuit: CircuitState, grid: GridConnection, chargers: Sequence[ChargerNow]
) -> list[FusePhase]:
    # Without a meter the CEM sums up the chargers: that is no measurement of the fuse.
    measured = "current_a" if circuit.settings.meter else None
    return [
        _bar(line, margin_a(circuit.settings, line[2], grid), circuit, measured, chargers)
        for line in _fuses(circuit.settings, grid.phases)
    ]


def _below(
    circuit: CircuitState, above: dict[str, str | None], chargers: Sequence[ChargerNow]
) -> list[ChargerNow]:
    """Return the chargers that hang on a circuit, or on one below it."""
    return [one for one in chargers if circuit.settings.circuit in _path(one.circuit, above)]


def _path(circuit: str | None, above: dict[str, str | None]) -> set[str]:
    seen: set[str] = set()
    while circuit is not None and circuit not in seen:
        seen.add(circuit)
        circuit = above.get(circuit)
    return seen


def _fuses(settings: Message, phases: int) -> Iterator[Line]:
    fuses = phases_in(settings, "fuse_a")
    for name, key in PHASES[: phases or 3]:
        fuse_a = at(fuses, key)
        if fuse_a is not None:
            yield name, key, fuse_a


def _bar(
    line: Line,
    margin: float,
    state: SiteState | CircuitState,
    measured: str | None,
    chargers: Sequence[ChargerNow],
) -> FusePhase:
    name, key, fuse_a = line
    drawn = [_drawn_a(one, key) for one in chargers]
    currents = [current_a for current_a in drawn if current_a is not None]
    other = phases_in(state, "other_load_a") if isinstance(state, SiteState) else None
    return FusePhase(
        phase=name,
        fuse_a=fuse_a,
        margin_a=round(margin, 3),
        other_load_a=at(other, key),
        reserved_a=at(phases_in(state, "reserved_a"), key),
        headroom_a=at(phases_in(state, "headroom_a"), key),
        grid_current_a=at(phases_in(state, measured), key) if measured else None,
        charging_a=round(sum(currents), 3) if len(currents) == len(drawn) else None,
        chargers=[_share(one, key) for one in chargers],
    )


def _share(charger: ChargerNow, key: Key) -> ChargerShare:
    return ChargerShare(
        ski=charger.ski,
        name=charger.name,
        current_a=at(charger.current_a, key),
        limit_a=at(charger.limit_a, key),
    )


def _drawn_a(charger: ChargerNow, key: Key) -> float | None:
    """Return what a charger draws on a phase; 0 where its limit says that no car uses it."""
    current_a = at(charger.current_a, key)
    is_unused = charger.limit_a is not None and at(charger.limit_a, key) is None
    return 0.0 if current_a is None and is_unused else current_a
