"""Builds the live picture of the site (`SiteState`) from a decision and the wall clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cem.core import showing
from cem.core.charger import Charger
from cem.core.decision import Decision
from cem.core.ladder import Stage
from cem.core.reasons import Notice, Reason
from cem.core.state import State
from cem.messages.hearing import CONNECTIONS
from cem.messages.settings import (
    charger_message,
    energy_management_message,
    grid_message,
)
from volthus_wire.convert import to_phases, to_timestamp
from volthus_wire.v1 import metering_pb2, site_pb2


@dataclass(frozen=True, slots=True)
class Clocks:
    """One moment on both clocks, so that monotonic instants can be shown as wall time."""

    monotonic_s: float
    wall: datetime

    def at(self, monotonic_s: float) -> datetime:
        """Return the wall time of a monotonic instant, UTC, to the millisecond."""
        instant = self.wall + timedelta(seconds=monotonic_s - self.monotonic_s)
        return instant.astimezone(UTC).replace(microsecond=instant.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Named:
    """What the picture says of the site itself."""

    site: str
    name: str
    version: str


def site_state(
    decision: Decision,
    named: Named,
    meters: Iterable[metering_pb2.MeterHealth],
    clocks: Clocks,
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
        meters=meters,
        notices=[_notice(notice, clocks) for notice in state.notices],
    )
    message.chargers.extend(_charger(c, state, clocks) for c in state.chargers.values())
    if picture.ladder.stage is Stage.NO_METER:
        message.ClearField("meter_age_s")
    return message


def status_of(decision: Decision, now: float) -> tuple[object, ...]:
    """Return what makes a picture worth sending at once when it changes."""
    state = decision.state
    return (
        state.energy_management,
        state.grid,
        decision.picture.ladder.stage,
        decision.picture.load_management,
        tuple((n.code, n.params, n.severity) for n in state.notices),
        tuple(
            (
                charger.ski,
                charger.report.name if charger.report else "",
                showing.doing(charger, now),
                showing.link(charger, now),
                charger.settings,
                charger.reason and (charger.reason.kind, charger.reason.phase),
            )
            for charger in state.chargers.values()
        ),
    )


def _charger(charger: Charger, state: State, clocks: Clocks) -> site_pb2.ChargerState:
    now, report = clocks.monotonic_s, charger.report
    message = site_pb2.ChargerState(
        ski=charger.ski,
        connection=CONNECTIONS[showing.link(charger, now)],
        state=showing.doing(charger, now).value,
        power_w=showing.power_w(charger, state, now),
        current_a=to_phases(showing.currents_a(charger, now, state.site_phases)),
        settings=charger_message(charger.settings),
    )
    limit_a = showing.limit_a(charger, state.site_phases)
    if limit_a is not None and report is not None and report.car is not None:
        message.limit_a.CopyFrom(to_phases(limit_a))
    if charger.reason is not None:
        message.limited_by.CopyFrom(_limited_by(charger.reason, clocks))
    if charger.samples:
        message.measured_age_s = max(0.0, now - charger.samples[-1].at_s)
    if report is None:
        return message
    message.name, message.own = report.name, report.own
    message.brand, message.model = report.brand, report.model
    message.detail, message.error_code = report.detail, report.error_code
    if report.energy_wh is not None and report.car is not None:
        message.session_energy_wh = report.energy_wh
    if report.car is not None:
        message.communication = report.car.communication
        if report.car.soc_percent is not None:
            message.soc_percent = report.car.soc_percent
    return message


def _limited_by(reason: Reason, clocks: Clocks) -> site_pb2.LimitedBy:
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


def _notice(notice: Notice, clocks: Clocks) -> site_pb2.Notice:
    return site_pb2.Notice(
        code=notice.code,
        severity=notice.severity,
        params=dict(notice.params),
        since=to_timestamp(clocks.at(notice.since_s)),
    )
