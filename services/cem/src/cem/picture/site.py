"""Builds the live picture of the site (`SiteState`) from a decision and the wall clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cem.core import showing
from cem.core.decision import Decision
from cem.core.ladder import Stage
from cem.core.obeying import standing
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Notice
from cem.core.state import State
from cem.messages.operating import limit_message
from cem.messages.settings import energy_management_message, grid_message
from cem.picture.chargers import Seen, charger_state
from cem.picture.circuits import circuit_state
from cem.picture.clocks import Clocks
from cem.zone import zone_name
from volthus_wire.convert import to_phases, to_timestamp
from volthus_wire.v1 import metering_pb2, planning_pb2, site_pb2


@dataclass(frozen=True, slots=True)
class Named:
    """What the picture says of the site itself."""

    site: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What other parts of the program add to a decision's picture.

    notices: of what only the shells know. sessions: ids of the open ones, by SKI. plan, prices:
    what the site holds of both; planned: what the plan says of each session, by its id.
    """

    meters: tuple[metering_pb2.MeterHealth, ...] = ()
    notices: tuple[Notice, ...] = ()
    sessions: Mapping[str, str] = field(default_factory=dict)
    plan: planning_pb2.PlanInForce | None = None
    prices: planning_pb2.PricesHeld | None = None
    planned: Mapping[str, planning_pb2.SessionPlan] = field(default_factory=dict)


def site_state(
    decision: Decision, named: Named, beside: Beside, clocks: Clocks
) -> site_pb2.SiteState:
    """Return the live picture. What is not known is left out, never 0."""
    state, picture = decision.state, decision.picture
    power_w = showing.grid_power_w(state, picture.ladder)
    message = site_pb2.SiteState(
        site=named.site,
        name=named.name,
        version=named.version,
        at=to_timestamp(clocks.wall),
        energy_management=energy_management_message(state.energy_management),
        grid_connection=grid_message(state.grid),
        load_management=picture.load_management.value,
        ladder=picture.ladder.stage.value,
        meter_age_s=picture.ladder.age_s,
        grid_current_a=to_phases(showing.grid_current_a(state, picture.ladder)),
        grid_import_w=None if power_w is None else max(0.0, power_w),
        grid_export_w=None if power_w is None else max(0.0, -power_w),
        charging_power_w=showing.charging_power_w(state, clocks.monotonic_s),
        other_load_a=to_phases(picture.other_load_a),
        reserved_a=to_phases(picture.reserved_a),
        headroom_a=to_phases(picture.headroom_a),
        sun_w=state.sun_w,
        meters=beside.meters,
        notices=[_notice(notice, clocks) for notice in (*state.notices, *beside.notices)],
        circuits=[circuit_state(c, decision, clocks.monotonic_s) for c in state.circuits],
        operator_limits=[
            limit_message(limit) for limit in standing(state, clocks.monotonic_s, DEFAULTS)
        ],
        operator_share_w=decision.operator_w,
        plan=beside.plan,
        prices=beside.prices,
        time_zone=_zone_of(state),
    )
    seen = Seen(decision, clocks, beside.sessions, beside.planned)
    message.chargers.extend(charger_state(c, seen) for c in state.chargers.values())
    if picture.ladder.stage is Stage.NO_METER:
        message.ClearField("meter_age_s")
    return message


def _zone_of(state: State) -> str:
    zone = None if state.wall is None else state.wall.wall.tzinfo
    return "" if zone is None else zone_name(zone)


def status_of(decision: Decision, beside: Beside, now: float) -> tuple[object, ...]:
    """Return what makes a picture worth sending at once when it changes."""
    state = decision.state
    return (
        state.energy_management,
        state.grid,
        decision.picture.ladder.stage,
        decision.picture.load_management,
        tuple((n.code, n.params, n.severity) for n in (*state.notices, *beside.notices)),
        state.circuits,
        _held(beside),
        tuple((limit.ski, limit.state, limit.limit_w) for limit in standing(state, now, DEFAULTS)),
        tuple(
            (
                charger.ski,
                charger.report.name if charger.report else "",
                showing.doing(charger, now),
                showing.link(charger, now),
                charger.settings,
                state.modes.get(charger.ski),
                state.goals.get(charger.ski),
                beside.sessions.get(charger.ski),
                charger.reason and (charger.reason.kind, charger.reason.phase),
            )
            for charger in state.chargers.values()
        ),
    )


def _held(beside: Beside) -> tuple[object, ...]:
    """Return what is held of plans and prices: whoever sends them waits for it."""
    plan, prices = beside.plan, beside.prices
    told: tuple[object, ...] = ()
    if plan is not None:
        told = (plan.plan, plan.state, plan.refused, plan.refused_code)
    return told if prices is None else (*told, prices.series, prices.revision)


def _notice(notice: Notice, clocks: Clocks) -> site_pb2.Notice:
    return site_pb2.Notice(
        code=notice.code,
        severity=notice.severity,
        params=dict(notice.params),
        since=to_timestamp(clocks.at(notice.since_s)),
    )
