"""What an owner may refuse with, and the HTTP status each code stands for: one table.

A code that is missing here answers 502 and is logged: it is never taken for a success.
"""

from collections.abc import Mapping
from http import HTTPStatus

_WRONG = HTTPStatus.UNPROCESSABLE_ENTITY
_GONE = HTTPStatus.NOT_FOUND
_NOT_NOW = HTTPStatus.CONFLICT

_OF_EVERY_OWNER = {
    "revision-conflict": HTTPStatus.PRECONDITION_FAILED,
    "store-failing": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal-error": HTTPStatus.BAD_GATEWAY,
    "role-not-allowed": HTTPStatus.FORBIDDEN,
    "idempotency-key-reused": _NOT_NOW,
    "idempotency-answer-lost": _NOT_NOW,
}
_OF_ENROLMENT = {
    "site-taken": _NOT_NOW,
    "site-not-linked": _NOT_NOW,
}
_OF_CEM = {
    "phases-not-supported": _WRONG,
    "fuse-out-of-range": _WRONG,
    "margin-out-of-range": _WRONG,
    "base-load-out-of-range": _WRONG,
    "static-share-out-of-range": _WRONG,
    "max-out-of-range": _WRONG,
    "min-out-of-range": _WRONG,
    "failsafe-out-of-range": _WRONG,
    "priority-out-of-range": _WRONG,
    "wiring-unknown": _WRONG,
    # Each value can be; together with what else is set they cannot.
    "failsafe-sum-too-high": _NOT_NOW,
    "confirmation-needed": _NOT_NOW,
    "confirmation-at-site-needed": _NOT_NOW,
    "unknown-charger": _GONE,
    "unknown-circuit": _GONE,
    "circuit-loop": _WRONG,
    "circuit-in-use": _NOT_NOW,
    "fuse-above-parent": _NOT_NOW,
    "unknown-car": _GONE,
    "phase-switching-not-confirmed": _NOT_NOW,
    "goal-in-the-past": _WRONG,
    "managed-by-file": _NOT_NOW,
    "rotation-test-running": _NOT_NOW,
    "no-rotation-test": _GONE,
    "failsafe-test-running": _NOT_NOW,
    "no-failsafe-test": _GONE,
    "charges-too-little": _NOT_NOW,
    "limited-by-operator": _NOT_NOW,
    "document-invalid": _WRONG,
    "car-not-charging": _NOT_NOW,
    "car-id-invalid": _WRONG,
    "circuit-id-invalid": _WRONG,
    "ev-id-in-use": _NOT_NOW,
    "goal-ambiguous": _WRONG,
    "name-missing": _WRONG,
    "mode-unknown": _WRONG,
    "phase-switching-unknown": _WRONG,
    "phase-switching-needs-three-phases": _WRONG,
    "phase-switching-url-invalid": _WRONG,
    "text-too-long": _WRONG,
    "too-many": _WRONG,
    "until-in-the-past": _WRONG,
    "soc-out-of-range": _WRONG,
    "energy-out-of-range": _WRONG,
    "battery-out-of-range": _WRONG,
    "weekly-out-of-range": _WRONG,
    "weekday-out-of-range": _WRONG,
    "minute-out-of-range": _WRONG,
    "guaranteed-out-of-range": _WRONG,
    "start-out-of-range": _WRONG,
    "weight-out-of-range": _WRONG,
    "unbalance-out-of-range": _WRONG,
    "contract-w-out-of-range": _WRONG,
    "failsafe-w-out-of-range": _WRONG,
    "failsafe-s-out-of-range": _WRONG,
    "limit-out-of-range": _WRONG,
    "other-devices-out-of-range": _WRONG,
    "phases-out-of-range": _WRONG,
    "site-file-invalid": _WRONG,
    "unknown-setting": _WRONG,
    # What is kept.
    "too-many-spans": _WRONG,
    "unknown-cursor": _WRONG,
    "unknown-month": _WRONG,
    "unknown-step": _WRONG,
    # Tariff, roofs, planning.
    "unknown-pv-system": _GONE,
    "soc-source-unknown": _WRONG,
    "energy-missing": _WRONG,
    "rates-missing": _WRONG,
    "price-out-of-range": _WRONG,
    "billed-minutes-out-of-range": _WRONG,
    "windows-out-of-range": _WRONG,
    "months-out-of-range": _WRONG,
    "weekdays-out-of-range": _WRONG,
    "name-invalid": _WRONG,
    "token-invalid": _WRONG,
    "place-incomplete": _WRONG,
    "latitude-out-of-range": _WRONG,
    "longitude-out-of-range": _WRONG,
    "time-zone-unknown": _WRONG,
    "solar-threshold-out-of-range": _WRONG,
    "objective-unknown": _WRONG,
    "pv-system-id-invalid": _WRONG,
    "peak-out-of-range": _WRONG,
    "tilt-out-of-range": _WRONG,
    "azimuth-out-of-range": _WRONG,
    "inverter-out-of-range": _WRONG,
    "loss-out-of-range": _WRONG,
    "pv-systems-out-of-range": _WRONG,
    # Why a rotation test does not begin.
    "too-little-change": _NOT_NOW,
    "too-little-room": _NOT_NOW,
    "car-takes-little": _NOT_NOW,
    "range-too-small": _NOT_NOW,
    "meter-silent": _NOT_NOW,
    "needs-one-phase-car": _NOT_NOW,
    "charger-lost": _NOT_NOW,
    "energy-management-off": _NOT_NOW,
    "one-phase-site": _NOT_NOW,
}
_OF_SMART_CHARGING = {
    "unknown-source": _WRONG,
    "source-needs-token": _WRONG,
    "place-missing": _NOT_NOW,
    "tariff-wrong": _WRONG,
    "roofs-wrong": _WRONG,
    "feed-wrong": _WRONG,
    "feed-differs": _WRONG,
    "too-many-feeds": _NOT_NOW,
}
_OF_FRONT_DOOR = {
    "too-many-tokens": _NOT_NOW,
    "too-many-webhooks": _NOT_NOW,
    "too-many-subscriptions": _NOT_NOW,
    "unknown-user": _GONE,
    "user-exists": _NOT_NOW,
    "last-of-role": _NOT_NOW,
    "password-too-weak": _WRONG,
    "password-wrong": _WRONG,
    "password-elsewhere": _NOT_NOW,
}
_OF_METER_READER = {
    "unknown-meter": _GONE,
    "unknown-model": _WRONG,
    "role-missing": _WRONG,
    "rotation-unknown": _WRONG,
    "phase-unknown": _WRONG,
    "phase-needed": _WRONG,
    "transport-missing": _WRONG,
    "transport-not-of-model": _WRONG,
    "unit-id-invalid": _WRONG,
    "host-missing": _WRONG,
    "port-invalid": _WRONG,
    "device-missing": _WRONG,
    "serial-parameters-invalid": _WRONG,
    "one-phase-meter": _WRONG,
    "no-values": _WRONG,
    "no-sunspec-mark": _WRONG,
    "no-sunspec-meter": _WRONG,
    "broken-sunspec-chain": _WRONG,
    "implausible-voltage": _WRONG,
    "implausible-frequency": _WRONG,
    "implausible-current": _WRONG,
    "too-many-meters": _NOT_NOW,
    "grid-meter-exists": _NOT_NOW,
    "meter-exists": _NOT_NOW,
    "line-in-use": _NOT_NOW,
    # A meter that does not answer is a matter of the settings that should lead to it.
    "no-answer": _WRONG,
    "garbled-answer": _WRONG,
    "wrong-transport": _WRONG,
    "wrong-unit-id": _WRONG,
    "modbus-exception": _WRONG,
    "gateway-target-silent": _WRONG,
    "host-not-found": _WRONG,
    "host-unreachable": _WRONG,
    "connection-refused": _WRONG,
    "connection-forbidden": _WRONG,
    "connection-lost": _WRONG,
    "serial-port-failed": _WRONG,
}
_OF_EEBUS_GATEWAY = {
    "invalid-ski": _WRONG,
    "invalid-name": _WRONG,
    "invalid-host": _WRONG,
    "own-ski": _WRONG,
    "unknown-ski": _GONE,
    "not-paired": _GONE,
    "site-full": _NOT_NOW,
}

REFUSALS: Mapping[str, HTTPStatus] = (
    _OF_EVERY_OWNER
    | _OF_CEM
    | _OF_ENROLMENT
    | _OF_SMART_CHARGING
    | _OF_FRONT_DOOR
    | _OF_METER_READER
    | _OF_EEBUS_GATEWAY
)
