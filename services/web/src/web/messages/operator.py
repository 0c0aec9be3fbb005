"""The grid operator's limits: settings both ways, limits and evidence."""

from typing import get_args

from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import operator_pb2 as wire
from web.messages.plain import NotUnderstoodError, instant_in, number_in, text
from web.models.operator import (
    Appliance,
    ApplianceChoice,
    ApplianceState,
    Evidence,
    LimitKind,
    LimitSource,
    LimitState,
    LimitWanted,
    Operator,
    OperatorLimit,
    OperatorSettings,
)

KINDS: dict[str, LimitKind] = {kind: kind for kind in get_args(LimitKind)}
SOURCES: dict[str, LimitSource] = {source: source for source in get_args(LimitSource)}
STATES: dict[str, LimitState] = {state: state for state in get_args(LimitState)}
APPLIANCE_STATES: dict[str, ApplianceState] = {word: word for word in get_args(ApplianceState)}
# What a message with 0 means (LPC: 4.2 kW is the least a consumer keeps, 2 h the least time).
DEFAULT_FAILSAFE_W = 4200.0
DEFAULT_FAILSAFE_S = 7200.0


def operator_limit(message: wire.OperatorLimit) -> OperatorLimit:
    """Return a limit as it stands. Raises NotUnderstoodError for a word we have none for."""
    try:
        kind, source, state = KINDS[message.kind], SOURCES[message.source], STATES[message.state]
    except KeyError as unknown:
        raise NotUnderstoodError(f"{unknown} is no word of an operator limit") from unknown
    return OperatorLimit(
        kind=kind,
        source=source,
        ski=text(message.ski),
        name=text(message.name),
        state=state,
        limit_w=number_in(message, "limit_w"),
        until=instant_in(message, "until"),
        since=instant_in(message, "since"),
        failsafe_w=number_in(message, "failsafe_w"),
        failsafe_s=number_in(message, "failsafe_s"),
        connected=message.connected,
        heard=instant_in(message, "heard"),
    )


def operator(message: wire.OperatorReply) -> Operator:
    """Return how the site obeys, and all limits that stand."""
    settings = message.settings
    return Operator(
        credits_sun=settings.credits_sun,
        other_devices_w=list(settings.other_devices_w),
        contract_w=number_in(settings, "contract_w"),
        failsafe_w=settings.failsafe_w or DEFAULT_FAILSAFE_W,
        failsafe_s=settings.failsafe_s or DEFAULT_FAILSAFE_S,
        appliance_choices=[
            ApplianceChoice(ski=one.ski, limited=one.limited) for one in settings.appliances
        ],
        revision=settings.revision,
        limits=[operator_limit(one) for one in message.limits],
        appliances=[_appliance(one) for one in message.appliances],
    )


def _appliance(message: wire.ApplianceShare) -> Appliance:
    try:
        state = APPLIANCE_STATES[message.state]
    except KeyError as unknown:
        raise NotUnderstoodError(f"{unknown} is no word of an appliance") from unknown
    return Appliance(
        ski=message.ski,
        name=text(message.name),
        limited=message.limited,
        limit_w=number_in(message, "limit_w"),
        reserved_w=message.reserved_w,
        state=state,
        power_w=number_in(message, "power_w"),
        nominal_w=number_in(message, "nominal_w"),
        failsafe_w=number_in(message, "failsafe_w"),
        problem=text(message.problem),
    )


def to_operator_settings(wanted: OperatorSettings, revision: int) -> wire.OperatorSettings:
    """Return the message that asks for these settings in place of `revision` (0: of any)."""
    return wire.OperatorSettings(
        credits_sun=wanted.credits_sun,
        other_devices_w=wanted.other_devices_w,
        contract_w=wanted.contract_w,
        failsafe_w=wanted.failsafe_w,
        failsafe_s=wanted.failsafe_s,
        appliances=[
            wire.ApplianceChoice(ski=one.ski, limited=one.limited)
            for one in wanted.appliance_choices
        ],
        revision=revision,
    )


def to_limit(wanted: LimitWanted) -> wire.PutOperatorLimitRequest:
    """Return the message that asks for a limit by API."""
    return wire.PutOperatorLimitRequest(
        limit_w=wanted.limit_w,
        until=None if wanted.until is None else to_timestamp(wanted.until),
        reference=wanted.reference or "",
    )


def evidence(message: wire.Evidence) -> Evidence:
    """Return one entry of the evidence log."""
    return Evidence(
        number=message.number,
        at=instant_in(message, "at"),
        event=message.event,
        limit=operator_limit(message.limit) if message.HasField("limit") else None,
        grid_import_w=number_in(message, "grid_import_w"),
        charging_w=number_in(message, "charging_w"),
        reached_s=number_in(message, "reached_s"),
        reference=text(message.reference),
        appliances=text(message.appliances),
        hash=message.hash,
        before=message.before,
    )
