"""From what the controller hears and decides to what the books take. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cem.core import showing
from cem.core.appliances import ApplianceShare, ApplianceState
from cem.core.charger import Charger
from cem.core.decision import Decision
from cem.core.driving import car_at
from cem.core.events import Link, Report
from cem.core.obeying import standing
from cem.core.operating import OperatorLimit
from cem.core.parameters import DEFAULTS
from cem.core.state import State
from cem.records.core.counting import Measured
from cem.records.core.evidence import Effect
from cem.records.core.history import Shown
from cem.records.core.ledger import Now
from cem.records.core.sessions import Seen
from electrical.power import NOMINAL_VOLTAGE_V

# The gateway speaks every second; ten words missed are worth a `lost` in the log. Control waits
# longer (`operator_silent_s`, LPC's 120 s) since what follows there is the failsafe limit, and a
# gateway that only restarts must not bring it about.
GATEWAY_SILENT_AFTER_S = 10.0
FRESH_S = 10.0  # a power measured longer ago is not what flows now


def seen_of(report: Report, state: State) -> Seen:
    """Return what a charger's report says of its plug."""
    is_told = report.link is Link.CONNECTED and report.is_car_known
    charger = state.chargers.get(report.ski)
    ev_id = report.car.ev_id if report.car else ""
    car = car_at(report.ski, charger.goal if charger else None, state.cars, ev_id)
    return Seen(
        report.ski,
        report.car is not None if is_told else None,
        report.car.plug if report.car else 0,
        report.energy_wh,
        report.name,
        car.id if car else "",
        charger.mode.mode.value if charger else "",
        report.car.soc_percent if report.car else None,
    )


def measured_of(report: Report, now_s: float) -> Measured | None:
    """Return what a charger says it draws; None while it cannot be reached."""
    if report.link is not Link.CONNECTED:
        return None
    return Measured(now_s, _power_w(report), report.energy_wh, is_session=True)


def shown_of(decision: Decision, now: Now) -> tuple[Shown, ...]:
    """Return what limits each charger by a decision."""
    state = decision.state
    ladder = decision.picture.ladder.stage.value
    return tuple(_shown(charger, state, ladder, now) for charger in state.chargers.values())


def limits_of(state: State, now_s: float) -> tuple[OperatorLimit, ...]:
    """Return the operator's limits as control obeys them; a silent gateway has lost its boxes."""
    heard_s = state.operator_heard_s
    is_silent = heard_s is None or now_s - heard_s > GATEWAY_SILENT_AFTER_S
    limits = standing(state, now_s, DEFAULTS)
    if not is_silent:
        return limits
    return tuple(_lost(limit) if limit.source == "eebus" else limit for limit in limits)


def effect_of(decision: Decision, now_s: float) -> Effect:
    """Return what is measured now of what the operator limits."""
    state = decision.state
    grid_w = showing.grid_power_w(state, decision.picture.ladder)
    charging_w = showing.charging_power_w(state, now_s)
    fed_in_w = None if grid_w is None else max(0.0, -grid_w)
    return Effect(
        None if grid_w is None else max(0.0, grid_w),
        charging_w,
        {"lpc": charging_w, "lpp": fed_in_w},
        {"lpc": decision.operator_w, "lpp": None},
        _appliances(decision),
    )


def _appliances(decision: Decision) -> str:
    """Return who else is limited, as the evidence names them: `Heat pump (ab..) 3360 W accepted`.

    What is not answered yet is told as asked.
    """
    limited = [share for share in decision.appliances.values() if share.limit_w is not None]
    return "; ".join(_appliance(share) for share in sorted(limited, key=lambda s: s.appliance.ski))


def _appliance(share: ApplianceShare) -> str:
    name = "".join(filter(str.isprintable, share.appliance.name)).replace(";", ",")
    asked = "asked" if share.state is ApplianceState.PENDING else share.state.value
    return f"{name} ({share.appliance.ski}) {share.limit_w:.0f} W {asked}".strip()


def to_the_millisecond(moment: datetime) -> datetime:
    """Return a moment as it is kept: in UTC, and no finer than what is hashed."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _shown(charger: Charger, state: State, ladder: str, now: Now) -> Shown:
    reason = charger.reason
    has_car = charger.report is not None and charger.report.car is not None
    limit_a = showing.limit_a(charger, state.site_phases) if has_car else None
    mode = charger.mode.mode.value
    if reason is None:
        return Shown(
            to_the_millisecond(now.wall), charger.ski, "", limit_a=limit_a, mode=mode, ladder=ladder
        )

    def wall(monotonic_s: float) -> datetime:
        return to_the_millisecond(now.wall + timedelta(seconds=monotonic_s - now.monotonic_s))

    return Shown(
        to_the_millisecond(now.wall),
        charger.ski,
        reason.kind.value,
        reason.element,
        reason.phase.value if reason.phase else "",
        reason.value,
        wall(reason.since_s),
        None if reason.until_s is None else wall(reason.until_s),
        limit_a,
        mode,
        ladder,
    )


def _power_w(report: Report) -> float | None:
    """Return what a charger draws (W): as measured, else from its currents; None = unknown."""
    if report.car is None:
        return 0.0 if report.is_car_known else None
    if report.measured_age_s is not None and report.measured_age_s > FRESH_S:
        return None
    powers = [value for value in report.power_w.values() if value is not None]
    if powers:
        return max(0.0, sum(powers))
    currents = [value for value in report.current_a.values() if value is not None]
    return max(0.0, sum(currents) * NOMINAL_VOLTAGE_V) if currents else None


def _lost(limit: OperatorLimit) -> OperatorLimit:
    return replace(limit, is_connected=False)
