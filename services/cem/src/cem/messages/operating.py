"""The grid operator's limits and how the site obeys, as messages and back."""

import logging
from collections.abc import Iterable

from cem.core.operating import ApplianceChoice, LimitState, OperatorLimit, OperatorSettings
from volthus_wire.convert import from_timestamp, to_timestamp
from volthus_wire.v1 import operator_pb2

logger = logging.getLogger(__name__)


def operator_of(message: operator_pb2.OperatorSettings, revision: int) -> OperatorSettings:
    """Return how the site obeys; 0 takes the default."""
    usual = OperatorSettings()
    return OperatorSettings(
        message.credits_sun,
        tuple(message.other_devices_w),
        message.contract_w if message.HasField("contract_w") else None,
        message.failsafe_w or usual.failsafe_w,
        message.failsafe_s or usual.failsafe_s,
        revision,
        choices_of(message.appliances),
    )


def operator_message(operator: OperatorSettings) -> operator_pb2.OperatorSettings:
    """Return the message of how the site obeys."""
    return operator_pb2.OperatorSettings(
        credits_sun=operator.credits_sun,
        other_devices_w=operator.other_devices_w,
        contract_w=operator.contract_w,
        failsafe_w=operator.failsafe_w,
        failsafe_s=operator.failsafe_s,
        revision=operator.revision,
        appliances=[
            operator_pb2.ApplianceChoice(ski=choice.ski, limited=choice.is_limited)
            for choice in operator.appliances
        ],
    )


def choices_of(messages: Iterable[operator_pb2.ApplianceChoice]) -> tuple[ApplianceChoice, ...]:
    """Return what people chose for appliances, by SKI; the last word for each."""
    chosen = {message.ski: message.limited for message in messages}
    return tuple(ApplianceChoice(ski, chosen[ski]) for ski in sorted(chosen))


def limit_of(message: operator_pb2.OperatorLimit) -> OperatorLimit:
    """Return a limit as its source tells it; a state we do not know is failsafe."""
    try:
        state = LimitState(message.state)
    except ValueError:
        logger.warning("unknown state of an operator limit", extra={"state": message.state})
        state = LimitState.FAILSAFE
    return OperatorLimit(
        kind=message.kind,
        source=message.source,
        ski=message.ski,
        state=state,
        limit_w=message.limit_w if message.HasField("limit_w") else None,
        until=from_timestamp(message.until) if message.HasField("until") else None,
        failsafe_w=message.failsafe_w if message.HasField("failsafe_w") else None,
        failsafe_s=message.failsafe_s if message.HasField("failsafe_s") else None,
        is_connected=message.connected,
        since=from_timestamp(message.since) if message.HasField("since") else None,
        heard=from_timestamp(message.heard) if message.HasField("heard") else None,
        name=message.name,
    )


def limit_message(limit: OperatorLimit) -> operator_pb2.OperatorLimit:
    """Return the message of a limit."""
    message = operator_pb2.OperatorLimit(
        kind=limit.kind,
        source=limit.source,
        ski=limit.ski,
        state=limit.state.value,
        limit_w=limit.limit_w,
        failsafe_w=limit.failsafe_w,
        failsafe_s=limit.failsafe_s,
        connected=limit.is_connected,
        name=limit.name,
    )
    for name, at in (("until", limit.until), ("since", limit.since), ("heard", limit.heard)):
        if at is not None:
            getattr(message, name).CopyFrom(to_timestamp(at))
    return message
