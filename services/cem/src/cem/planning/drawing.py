"""Draws the timeline from what was kept, what is planned and what was measured. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite

from cem.core import soc
from cem.core.charger import Charger
from cem.core.driving import departure_of
from cem.core.state import State
from cem.planning.limits import operator_pieces, room_pieces
from cem.planning.tables import PlannedRow, PlanSlotRow, PriceRow, RoomRow
from cem.planning.timeline import Axis, Measured, Piece, means, pieces_of, powers
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import planning_pb2, records_pb2


@dataclass(frozen=True, slots=True)
class Material:
    """What a timeline is drawn from. slots, planned: as kept when each slot began."""

    axis: Axis
    spans: Sequence[records_pb2.EnergySpan]
    slots: Sequence[PlanSlotRow]
    planned: Sequence[PlannedRow]
    prices: Sequence[PriceRow]
    plan: planning_pb2.Plan | None
    measured: Measured
    rooms: Sequence[RoomRow] = ()
    operator_w: float | None = None  # what the grid operator leaves the chargers now

    def ahead_s(self, now_s: float) -> float:
        """Return from when on the plan itself counts: no slot was kept of that time yet."""
        return max([now_s, *(slot.end_s for slot in self.slots)])

    def edges_s(self) -> tuple[float, ...]:
        """Return the edges of the plan's slots."""
        if self.plan is None:
            return ()
        return tuple(accumulate(self.plan.slot_s, initial=float(self.plan.start.seconds)))

    def forecast(self, name: str, now_s: float) -> list[Piece]:
        """Return a forecast: as kept, then as the plan has it."""
        kept: list[Piece] = [(s.start_s, s.end_s, getattr(s, name)) for s in self.slots]
        if self.plan is None:
            return kept
        ahead = pieces_of(self.edges_s(), getattr(self.plan, name), self.ahead_s(now_s))
        return [*kept, *ahead]

    def course(self, ski: str, session: str, now_s: float) -> list[Piece]:
        """Return what plans meant a charger to take: as kept, then as the plan has it."""
        ends = {slot.start_s: slot.end_s for slot in self.slots}
        kept: list[Piece] = [
            (row.start_s, ends[row.start_s], row.power_w)
            for row in self.planned
            if row.ski == ski and row.start_s in ends
        ]
        for one in self.plan.sessions if self.plan is not None and session else ():
            if one.ski == ski and one.session == session:
                kept += pieces_of(self.edges_s(), one.power_w, self.ahead_s(now_s))
        return kept


def drawn(material: Material, state: State, now: float) -> planning_pb2.Timeline:
    """Return the timeline at `now` (monotonic s). Raises ValueError without a wall clock."""
    if state.wall is None:
        raise ValueError("a timeline needs the wall time")
    wall, axis = state.wall.at(now), material.axis
    now_s = wall.timestamp()
    told = planning_pb2.Timeline(slot_s=[axis.step_s] * axis.count, now=to_timestamp(wall))
    told.start.FromSeconds(axis.start_s)
    _add_prices(told, material)
    _add_measured(told, material)
    told.sun_forecast_w.extend(means(axis, material.forecast("sun_w", now_s)))
    told.surplus_forecast_w.extend(means(axis, material.forecast("surplus_w", now_s)))
    told.load_forecast_w.extend(means(axis, material.forecast("load_w", now_s)))
    _add_limits(told, material, state, now)
    if material.plan is not None:
        told.inputs.extend(material.plan.inputs)
    told.lanes.extend(_lane(charger, material, state, now_s) for charger in state.chargers.values())
    return told


def _lane(
    charger: Charger, material: Material, state: State, now_s: float
) -> planning_pb2.TimelineLane:
    axis, ski = material.axis, charger.ski
    energies: dict[int, float | None] = {}
    for span in material.spans:
        step = _step_of(axis, span)
        energies[step] = (energies.get(step) or 0.0) + span.charger_wh.get(ski, 0.0)
    car = soc.car_of(charger, state)
    lane = planning_pb2.TimelineLane(
        ski=ski,
        name=charger.report.name if charger.report else "",
        session=charger.session,
        car_name="" if car is None else car.name,
        power_w=powers(axis, energies, material.measured.all_s),
        planned_w=means(axis, material.course(ski, charger.session, now_s)),
    )
    if charger.goal is not None and state.wall is not None:
        departure = departure_of(charger.goal, state.wall.wall)
        if departure is not None:
            lane.departure.CopyFrom(to_timestamp(departure))
    return lane


def _add_prices(told: planning_pb2.Timeline, material: Material) -> None:
    for name, into in (
        ("import_price", told.import_price),
        ("export_price", told.export_price),
        ("co2_g_per_kwh", told.co2_g_per_kwh),
    ):
        pieces: list[Piece] = [(p.start_s, p.end_s, getattr(p, name)) for p in material.prices]
        into.extend(means(material.axis, pieces))


def _add_measured(told: planning_pb2.Timeline, material: Material) -> None:
    axis, measured = material.axis, material.measured
    sun: dict[int, float | None] = {}
    grid: dict[int, float | None] = {}
    house: dict[int, float | None] = {}
    for span in material.spans:
        step = _step_of(axis, span)
        if span.HasField("sun_wh"):
            sun[step] = (sun.get(step) or 0.0) + span.sun_wh
        if span.HasField("import_wh") or span.HasField("export_wh"):
            net_wh = span.import_wh - span.export_wh
            grid[step] = (grid.get(step) or 0.0) + net_wh
            # sun_wh is 0 where no PV meter says it: then the house is what is left of it
            house[step] = (house.get(step) or 0.0) + net_wh + span.sun_wh - span.charging_wh
    told.sun_w.extend(powers(axis, sun, measured.sun_s))
    told.grid_w.extend(powers(axis, grid, measured.grid_s))
    loads_w = powers(axis, house, measured.grid_s)
    told.load_w.extend(max(0.0, w) if isfinite(w) else w for w in loads_w)


def _add_limits(told: planning_pb2.Timeline, material: Material, state: State, now: float) -> None:
    axis, now_s = material.axis, told.now.ToMilliseconds() / 1000
    loads = material.forecast("load_w", now_s)
    told.room_w.extend(means(axis, room_pieces(material.rooms, loads, state, axis, now_s)))
    limits = operator_pieces(material.rooms, material.operator_w, state, now, axis)
    told.operator_limit_w.extend(means(axis, limits))
    if state.operator.contract_w is not None:
        told.contract_w = state.operator.contract_w


def _step_of(axis: Axis, span: records_pb2.EnergySpan) -> int:
    return int(span.start.seconds // axis.step_s * axis.step_s)
