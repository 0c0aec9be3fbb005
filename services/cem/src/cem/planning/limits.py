"""The limits of a timeline: what fuse and grid operator left the chargers, and will. Pure."""

from collections.abc import Sequence

from cem.core.obeying import in_force
from cem.core.parameters import DEFAULTS
from cem.core.site import GridConnection
from cem.core.state import State
from cem.planning.tables import RoomRow
from cem.planning.timeline import Axis, Piece
from electrical.power import NOMINAL_VOLTAGE_V

MINUTE_S = 60


def room_pieces(
    rooms: Sequence[RoomRow], loads: Sequence[Piece], state: State, axis: Axis, now_s: float
) -> list[Piece]:
    """Return what the fuse leaves all chargers together (W): as measured, then as forecast.

    loads: what the house is expected to take beside cars; where nothing is, its design base load.
    """
    found: list[Piece] = [(row.start_s, row.start_s + MINUTE_S, _measured_w(row)) for row in rooms]
    grid = state.grid
    if grid is None or axis.end_s <= now_s:
        return found
    if state.meter.id is None:
        share_a = sum(grid.share_a(phase, DEFAULTS) for phase in grid.live)
        return [*found, (now_s, axis.end_s, max(0.0, share_a) * NOMINAL_VOLTAGE_V)]
    whole_w = _below_fuse_w(grid)
    known_s = now_s
    for start_s, end_s, load_w in loads:
        if end_s > now_s and load_w is not None:
            found.append((max(start_s, now_s), end_s, max(0.0, whole_w - load_w)))
            known_s = max(known_s, end_s)
    base_w = sum(grid.base_load_a[phase] for phase in grid.live) * NOMINAL_VOLTAGE_V
    if known_s < axis.end_s:
        found.append((known_s, axis.end_s, max(0.0, whole_w - base_w)))
    return found


def operator_pieces(
    rooms: Sequence[RoomRow], left_w: float | None, state: State, now: float, axis: Axis
) -> list[Piece]:
    """Return what the grid operator left the chargers, and will as long as that is known.

    left_w: what its limits leave now. now: monotonic s. A limit without an end holds on.
    """
    found: list[Piece] = [
        (row.start_s, row.start_s + MINUTE_S, row.operator_w)
        for row in rooms
        if row.operator_w is not None
    ]
    if left_w is None or state.wall is None:
        return found
    now_s = state.wall.at(now).timestamp()
    ends = [limit.until for limit in in_force(state, now, DEFAULTS)]
    ends_s = [end.timestamp() for end in ends if end is not None]
    end_s = max(ends_s) if ends_s and len(ends_s) == len(ends) else float(axis.end_s)
    if end_s > now_s:
        found.append((now_s, end_s, left_w))
    return found


def _measured_w(row: RoomRow) -> float | None:
    rooms_a = [room_a for room_a in (row.l1_a, row.l2_a, row.l3_a) if room_a is not None]
    return max(0.0, sum(rooms_a)) * NOMINAL_VOLTAGE_V if rooms_a else None


def _below_fuse_w(grid: GridConnection) -> float:
    margins = grid.margins_a(DEFAULTS)
    return sum(grid.fuse_a[phase] - margins[phase] for phase in grid.live) * NOMINAL_VOLTAGE_V
