"""A charger as it stands now: what it does, what limits it, what it waits for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cem.core import driving, showing, soc
from cem.core.charger import Charger
from cem.core.decision import Decision, Pending
from cem.core.driving import ChargingMode
from cem.core.parameters import DEFAULTS
from cem.core.reasons import Reason
from cem.core.state import State
from cem.messages.driving import goal_message, mode_message
from cem.messages.hearing import CONNECTIONS
from cem.messages.settings import charger_message
from cem.messages.soc import soc_message
from cem.picture.clocks import Clocks
from volthus_wire.convert import to_phases, to_timestamp
from volthus_wire.v1 import planning_pb2, site_pb2


@dataclass(frozen=True, slots=True)
class Seen:
    """What a charger's picture is drawn from.

    sessions: ids of the open ones, by SKI. planned: what the plan says of each, by its id.
    """

    decision: Decision
    clocks: Clocks
    sessions: Mapping[str, str] = field(default_factory=dict)
    planned: Mapping[str, planning_pb2.SessionPlan] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Return everything the CEM knows."""
        return self.decision.state


def charger_state(charger: Charger, seen: Seen) -> site_pb2.ChargerState:
    """Return the live picture of a charger. What is not known is left out, never 0."""
    state, now, ski = seen.state, seen.clocks.monotonic_s, charger.ski
    message = site_pb2.ChargerState(
        ski=ski,
        connection=CONNECTIONS[showing.link(charger, now)],
        state=showing.doing(charger, now).value,
        power_w=showing.power_w(charger, state, now),
        current_a=to_phases(showing.currents_a(charger, now, state.site_phases)),
        settings=charger_message(charger.settings),
        mode=mode_message(state.modes.get(ski, ChargingMode())),
        pending=_pending(seen.decision.pending.get(ski, ()), seen.clocks),
        session=seen.sessions.get(ski, ""),
    )
    goal = state.goals.get(ski)
    if goal is not None:
        message.goal.CopyFrom(goal_message(goal))
    if charger.reason is not None:
        message.limited_by.CopyFrom(limited_by(charger.reason, seen.clocks))
    if charger.samples:
        message.measured_age_s = max(0.0, now - charger.samples[-1].at_s)
    _add_report(message, charger)
    _add_car(message, charger, state)
    _add_plan(message, charger, seen)
    return message


def limited_by(reason: Reason, clocks: Clocks) -> site_pb2.LimitedBy:
    """Return why a charger has its limit."""
    message = site_pb2.LimitedBy(
        kind=reason.kind.value,
        element=reason.element,
        phase=reason.phase.value if reason.phase else "",
        value=None if reason.value is None else round(reason.value, 3),
        since=to_timestamp(clocks.at(reason.since_s)),
    )
    if reason.until_s is not None:
        message.until.CopyFrom(to_timestamp(clocks.at(reason.until_s)))
    return message


def _pending(waiting: Iterable[Pending], clocks: Clocks) -> list[site_pb2.PendingChange]:
    return [
        site_pb2.PendingChange(
            kind=change.kind.value,
            at=to_timestamp(clocks.at(change.at_s)),
            value=None if change.value is None else round(change.value, 3),
        )
        for change in waiting
    ]


def _add_report(message: site_pb2.ChargerState, charger: Charger) -> None:
    report = charger.report
    if report is None:
        return
    message.name, message.own = report.name, report.own
    message.brand, message.model = report.brand, report.model
    message.detail, message.error_code = report.detail, report.error_code
    if report.reaction_s is not None:
        message.reaction_s = report.reaction_s


def _add_car(message: site_pb2.ChargerState, charger: Charger, state: State) -> None:
    """Add what is known of the plugged car: told by itself, or by drivers."""
    report = charger.report
    if report is None or report.car is None:
        return
    car = report.car
    limit_a = showing.limit_a(charger, state.site_phases)
    if limit_a is not None:
        message.limit_a.CopyFrom(to_phases(limit_a))
    if report.energy_wh is not None:
        message.session_energy_wh = report.energy_wh
    message.communication = car.communication
    if car.soc_percent is not None:
        message.soc_percent = car.soc_percent
    if car.min_a is not None:
        message.car_range.min_a = car.min_a
    if car.max_a is not None:
        message.car_range.max_a = car.max_a
    message.phases.extend(ph.value for ph in charger.phases(state.site_phases, DEFAULTS))
    known = driving.car_at(charger.ski, state.goals.get(charger.ski), state.cars, car.ev_id)
    message.car = "" if known is None else known.id


def _add_plan(message: site_pb2.ChargerState, charger: Charger, seen: Seen) -> None:
    """Add what is planned for its session, and what its car holds."""
    planned = seen.planned.get(message.session)
    if planned is not None:
        message.plan.CopyFrom(planned)
    known = soc.plugged_soc(charger, seen.state, seen.clocks.monotonic_s)
    if known is not None:
        told = soc_message(message.car, known, seen.clocks.at(known.told_s))
        message.soc.CopyFrom(told)
        message.soc_percent = told.soc_percent
