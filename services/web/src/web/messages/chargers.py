"""Chargers: state to what the API gives, settings both ways."""

from typing import get_args

from volthus_wire.v1.site_pb2 import ChargerSettings as WireSettings
from volthus_wire.v1.site_pb2 import ChargerState, SiteState
from volthus_wire.v1.site_pb2 import LimitedBy as WireLimitedBy
from volthus_wire.v1.site_pb2 import PendingChange as WirePending
from web.core.car_talk import Seen, Symptom, symptom
from web.messages.eebus import connection
from web.messages.meters import phase_name
from web.messages.operating import charging_mode, goal
from web.messages.plain import NotUnderstoodError, instant_in, number_in, phases_in, text
from web.messages.plan import car_soc, session_plan_now
from web.models.chargers import (
    CarRange,
    Charger,
    ChargerNow,
    ChargerSettings,
    ChargerSettingsInForce,
    LimitedBy,
    PendingChange,
    PhaseSwitching,
    State,
)
from web.models.common import ByPhase

STATES: dict[str, State] = {state: state for state in get_args(State)}
SWITCHING: dict[str, PhaseSwitching] = {one: one for one in get_args(PhaseSwitching)}


def charger_now(message: ChargerState, of: SiteState) -> ChargerNow:
    """Return what a charger of a site does now.

    Raises NotUnderstoodError for a state without a word.
    """
    if message.state not in STATES:
        raise NotUnderstoodError(f"{message.state!r} is no state of a charger")
    has_settings = message.HasField("settings")
    return ChargerNow(
        ski=message.ski,
        name=text(message.name),
        own=message.own,
        brand=message.brand,
        model=message.model,
        connection=connection(message.connection),
        detail=message.detail,
        state=STATES[message.state],
        power_w=number_in(message, "power_w"),
        current_a=phases_in(message, "current_a") or ByPhase(),
        limit_a=phases_in(message, "limit_a"),
        limited_by=limited_by(message.limited_by) if message.HasField("limited_by") else None,
        communication=text(message.communication),
        car_talk_problem=_symptom(message, of),
        soc_percent=number_in(message, "soc_percent"),
        session_energy_wh=number_in(message, "session_energy_wh"),
        measured_age_s=number_in(message, "measured_age_s"),
        error_code=text(message.error_code),
        phases=message.settings.phases if has_settings else None,
        max_a=message.settings.max_a if has_settings else None,
        circuit=_circuit(message.settings),
        mode=charging_mode(message.mode) if message.mode.mode else None,
        goal=goal(message.goal),
        pending=[_pending(one) for one in message.pending],
        phases_in_use=[phase for one in message.phases if (phase := phase_name(one)) is not None],
        session=text(message.session),
        car=text(message.car),
        car_range=_car_range(message),
        reaction_s=number_in(message, "reaction_s"),
        plan=session_plan_now(message.plan) if message.HasField("plan") else None,
        soc=car_soc(message.soc) if message.HasField("soc") else None,
    )


def _symptom(message: ChargerState, of: SiteState) -> Symptom | None:
    now = instant_in(of, "at")
    if now is None:
        return None
    reason = message.limited_by
    seen = Seen(
        communication=message.communication,
        state=message.state,
        reason=reason.kind,
        since=instant_in(reason, "since"),
        taken_a=_highest_a(phases_in(message, "current_a")),
        allowed_a=_highest_a(phases_in(message, "limit_a")),
        energy_wh=number_in(message, "session_energy_wh"),
        soc_percent=number_in(message, "soc_percent"),
        disobeys=any(
            one.code == "charger-disobeys" and one.params.get("ski") == message.ski
            for one in of.notices
        ),
    )
    return symptom(seen, now)


def _highest_a(phases: ByPhase | None) -> float | None:
    if phases is None:
        return None
    known = [one for one in (phases.l1, phases.l2, phases.l3) if one is not None]
    return max(known, default=None)


def _circuit(settings: WireSettings) -> str | None:
    return None if settings.circuit == "main" else text(settings.circuit)


def _pending(message: WirePending) -> PendingChange:
    return PendingChange(
        kind=message.kind, at=instant_in(message, "at"), value=number_in(message, "value")
    )


def _car_range(message: ChargerState) -> CarRange | None:
    if not message.HasField("car_range"):
        return None
    found = message.car_range
    return CarRange(min_a=number_in(found, "min_a"), max_a=number_in(found, "max_a"))


def limited_by(message: WireLimitedBy) -> LimitedBy | None:
    """Return the reason for a charger's current, None where it names no kind."""
    if not message.kind:
        return None
    return LimitedBy(
        kind=message.kind,
        element=text(message.element),
        phase=text(message.phase),
        value=number_in(message, "value"),
        since=instant_in(message, "since"),
        until=instant_in(message, "until"),
    )


def charger(message: ChargerState, of: SiteState) -> Charger:
    """Return a charger of a site with its settings."""
    settings = settings_in_force(message.settings) if message.HasField("settings") else None
    return Charger(**dict(charger_now(message, of)), settings=settings)


def settings_in_force(message: WireSettings) -> ChargerSettingsInForce:
    """Return a charger's settings. Raises NotUnderstoodError for a way of phase switching."""
    switching = message.phase_switching or "none"
    if switching not in SWITCHING:
        raise NotUnderstoodError(f"{switching!r} is no way of phase switching")
    return ChargerSettingsInForce(
        min_a=message.min_a,
        max_a=message.max_a,
        phases=message.phases,
        wiring=message.wiring,
        failsafe_a=message.failsafe_a,
        priority=message.priority,
        circuit=_circuit(message),
        start_a=number_in(message, "start_a"),
        weight=number_in(message, "weight"),
        guaranteed_a=number_in(message, "guaranteed_a"),
        phase_switching=SWITCHING[switching],
        phase_switching_url=text(message.phase_switching_url),
        phase_switching_confirmed=message.phase_switching_confirmed,
        revision=message.revision,
    )


def to_charger_settings(wanted: ChargerSettings, ski: str, revision: int) -> WireSettings:
    """Return the message that asks for these settings in place of `revision` (0: of any)."""
    return WireSettings(
        ski=ski,
        min_a=wanted.min_a,
        max_a=wanted.max_a,
        phases=wanted.phases,
        wiring=wanted.wiring,
        failsafe_a=wanted.failsafe_a,
        priority=wanted.priority,
        circuit="" if wanted.circuit in (None, "main") else wanted.circuit,
        start_a=wanted.start_a,
        weight=wanted.weight,
        guaranteed_a=wanted.guaranteed_a,
        phase_switching=wanted.phase_switching,
        phase_switching_url=wanted.phase_switching_url or "",
        phase_switching_confirmed=wanted.phase_switching_confirmed,
        revision=revision,
    )
