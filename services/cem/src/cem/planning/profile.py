"""The profile: all the planner needs of a site, from what the CEM knows. Pure."""

from collections.abc import Iterator

from cem.core import soc
from cem.core.charger import Charger
from cem.core.circuits import MAIN
from cem.core.driving import departure_of
from cem.core.goals import expected_phases, pace_a, remaining_wh, room_wh
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Kind
from cem.core.site import margins_below
from cem.core.state import State
from cem.messages.driving import mode_message
from cem.messages.tariff import planning_message, pv_system_message, tariff_message
from electrical.phases import PhaseCurrents
from volthus_wire.convert import to_phases, to_timestamp
from volthus_wire.v1 import planning_pb2

DRAWING_W = 100.0


def profile_of(
    state: State, site: str, token: str, zone: str, now: float
) -> planning_pb2.SiteProfile:
    """Return the profile of a site at `now` (monotonic s), without revision.

    zone: name of the site's time zone. Raises ValueError while the wall time is unknown.
    """
    if state.wall is None:
        raise ValueError("a profile needs the wall time")
    grid = state.grid
    message = planning_pb2.SiteProfile(
        site=site,
        at=to_timestamp(state.wall.at(now)),
        planning=planning_message(state.planning, zone),
        tariff=tariff_message(state.tariff),
        pv_systems=map(pv_system_message, state.pv_systems),
        phases=state.site_phases,
        has_meter=state.meter.id is not None,
        contract_w=state.operator.contract_w,
        circuits=_circuits(state),
        sessions=[
            session_of(charger, state, now)
            for charger in state.chargers.values()
            if charger.has_car and charger.session
        ],
    )
    message.tariff.token = token
    if grid is not None:
        message.fuse_a.CopyFrom(to_phases(grid.fuse_a.map(float)))
        message.margin_a.CopyFrom(to_phases(grid.margins_a(DEFAULTS).map(float)))
        message.base_load_a.CopyFrom(to_phases(grid.base_load_a.map(float)))
    return message


def session_of(charger: Charger, state: State, now: float) -> planning_pb2.ProfileSession:
    """Return what the planner needs of a plugged car."""
    car, held = soc.car_of(charger, state), soc.plugged_soc(charger, state, now)
    goal, mode = charger.goal, mode_message(charger.mode)
    at = charger.settings.circuit
    message = planning_pb2.ProfileSession(
        session=charger.session,
        ski=charger.ski,
        charger_name=charger.report.name if charger.report else "",
        car="" if car is None else car.id,
        car_name="" if car is None else car.name,
        phases=[phase.value for phase in expected_phases(charger, state)],
        min_a=charger.least_a,
        max_a=max(pace_a(charger, state), 0.0),
        mode=mode.mode,
        smart=mode.smart,
        needed_wh=remaining_wh(charger, state, now),
        most_wh=room_wh(charger, state, now),
        is_charging=_is_charging(charger),
        battery_wh=None if car is None else car.battery_wh,
        target_soc_percent=None if goal is None else goal.soc_percent,
        circuit="" if at == MAIN else at,
        priority=charger.settings.priority,
        must_charge=charger.intent.is_urgent or charger.intent.kind is Kind.MINIMUM_SOC,
    )
    if held is not None:
        message.soc_percent = held.percent
        message.soc_uncertainty_percent = held.uncertainty_percent
    departure = None
    if goal is not None and state.wall is not None:
        departure = departure_of(goal, state.wall.at(now))
    if departure is not None:
        message.departure.CopyFrom(to_timestamp(departure))
    return message


def _is_charging(charger: Charger) -> bool:
    drawn = charger.drawn_a
    return drawn is not None and max(drawn.values()) > DEFAULTS.drawing_a


def _circuits(state: State) -> Iterator[planning_pb2.ProfileCircuit]:
    for circuit in state.circuits:
        margin_a = circuit.margin_a
        if margin_a is None and state.grid is not None:
            margin_a = state.grid.margin_a
        margins: PhaseCurrents = margins_below(circuit.fuse_a, margin_a, DEFAULTS)
        room = circuit.fuse_a - margins
        yield planning_pb2.ProfileCircuit(
            circuit=circuit.id,
            parent="" if circuit.parent == MAIN else circuit.parent,
            room_a=to_phases(room.map(lambda a: max(0.0, a))),
        )
