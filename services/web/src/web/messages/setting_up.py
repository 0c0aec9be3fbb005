"""Failsafe tests and signed acceptance protocols, as the API gives them."""

import json
from datetime import UTC, datetime
from typing import get_args

from volthus_wire.v1.setup_pb2 import AcceptanceProtocol
from volthus_wire.v1.setup_pb2 import FailsafeTest as WireTest
from web.messages.plain import NotUnderstoodError, instant_in, number_in, text
from web.models.rotation import TestState
from web.models.setting_up import (
    FailsafeTest,
    SignedAcceptance,
    SignedAcceptanceWhole,
    TestStep,
)

STATES: dict[str, TestState] = {state: state for state in get_args(TestState)}
STEPS: dict[str, TestStep] = {step: step for step in get_args(TestStep)}


def failsafe_test(message: WireTest, ski: str) -> FailsafeTest:
    """Return how the test of a charger stands; that of another charger is none of its own.

    Raises NotUnderstoodError for a state without a word.
    """
    own = message if message.ski == ski else WireTest()
    state = own.state or "none"
    if state not in STATES:
        raise NotUnderstoodError(f"{state!r} is no state of a failsafe test")
    return FailsafeTest(
        ski=ski,
        state=STATES[state],
        step=STEPS.get(own.step),
        until=instant_in(own, "until"),
        ended_at=instant_in(own, "ended"),
        code=text(own.code),
        failsafe_a=own.failsafe_a if own.ski else None,
        before_a=number_in(own, "before_a"),
        measured_a=number_in(own, "measured_a"),
        took_s=number_in(own, "took_s"),
    )


def signed(message: AcceptanceProtocol) -> SignedAcceptance:
    """Return a signed protocol without its values."""
    return SignedAcceptance(
        id=message.id,
        signed_at=instant_in(message, "signed") or datetime.fromtimestamp(0, UTC),
        electrician=message.electrician,
        remarks=text(message.remarks),
        actor=message.actor,
        digest=message.digest,
        previous=text(message.previous),
        intact=message.intact,
    )


def signed_whole(message: AcceptanceProtocol) -> SignedAcceptanceWhole:
    """Return a signed protocol with its values. Raises NotUnderstoodError for no JSON object."""
    try:
        values = json.loads(message.document)
    except ValueError as wrong:
        raise NotUnderstoodError(f"protocol {message.id} holds no JSON: {wrong}") from wrong
    if not isinstance(values, dict):
        raise NotUnderstoodError(f"protocol {message.id} holds no JSON object")
    return SignedAcceptanceWhole(**signed(message).model_dump(), values=values)
