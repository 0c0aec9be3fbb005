"""Appliances and their shares of an operator's limit, as messages and back."""

import logging

from cem.core.appliances import Answer, Appliance, ApplianceShare, ApplianceState
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import operator_pb2

LEASE_MS = 60_000  # a restart of ours takes seconds, and an appliance shall not feel it

logger = logging.getLogger(__name__)


def appliance_of(message: operator_pb2.Appliance) -> Appliance:
    """Return an appliance as the gateway tells it; an answer we do not know is a refusal."""

    def number(name: str) -> float | None:
        return float(getattr(message, name)) if message.HasField(name) else None

    try:
        answer = Answer(message.answer)
    except ValueError:
        logger.warning("unknown answer of an appliance", extra={"answer": message.answer})
        answer = Answer.REFUSED
    return Appliance(
        ski=message.ski,
        name=message.name,
        is_only_this=message.only_this,
        is_in_contact=message.connected and message.heard,
        silent_s=number("silent_s"),
        power_w=number("power_w"),
        nominal_w=number("nominal_w"),
        failsafe_w=number("failsafe_w"),
        held_w=number("held_w"),
        asked_w=number("asked_w"),
        answer=answer,
        answer_age_s=number("answer_age_s"),
        problem=message.problem,
    )


def lease_message(share: ApplianceShare) -> operator_pb2.ApplianceLimit:
    """Return the lease of an appliance, without what says who gives it, and when."""
    message = operator_pb2.ApplianceLimit(
        ski=share.appliance.ski,
        limit_w=share.limit_w,
        ttl_ms=LEASE_MS,
        fallback_w=share.fallback_w,
        release=share.is_release,
    )
    if share.until is not None:
        message.until.CopyFrom(to_timestamp(share.until))
    return message


def share_message(share: ApplianceShare) -> operator_pb2.ApplianceShare:
    """Return what people see of an appliance and its share."""
    appliance = share.appliance
    return operator_pb2.ApplianceShare(
        ski=appliance.ski,
        name=appliance.name,
        limited=share.state is not ApplianceState.NOT_OURS,
        limit_w=share.limit_w,
        reserved_w=share.reserved_w,
        state=share.state.value,
        power_w=appliance.power_w,
        problem=appliance.problem if share.state is ApplianceState.REFUSED else "",
        nominal_w=appliance.nominal_w,
        failsafe_w=appliance.failsafe_w,
    )
