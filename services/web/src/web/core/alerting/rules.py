"""The rules of alerts: what each waits for, how grave it is, what keeps it quiet. Pure.

Thresholds are those of issue 7 and field.md C (41: no alert for a charger without a car).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MINUTE_S = 60.0
DAY_S = 86_400.0


class Rule(StrEnum):
    """What may be wrong. The names are part of the API."""

    SITE_OFFLINE = "site-offline"
    CHARGER_OFFLINE = "charger-offline"
    CHARGER_FAULT = "charger-fault"
    CHARGER_DISOBEYS = "charger-disobeys"
    OVERLOAD = "overload"
    FAILSAFE_ACTIVE = "failsafe-active"
    METER_LOST = "meter-lost"
    CONTROL_BOX_LOST = "control-box-lost"
    GOAL_MISSED = "goal-will-be-missed"
    PRICES_STALE = "price-feed-stale"
    CERTIFICATE_EXPIRING = "certificate-expiring"
    STORE_FAILING = "store-failing"
    RECORDS_LOST = "records-lost"
    RECORDS_UNDELIVERED = "records-not-delivered"
    SITE_FILE_REFUSED = "site-file-refused"
    WEBHOOK_DISABLED = "webhook-disabled"
    ROLLOUT_STOPPED = "rollout-stopped"
    ROLLOUT_WAITING = "rollout-waiting"


class Severity(StrEnum):
    """How soon somebody should look, the least first."""

    INFO = "info"
    WARNING = "warning"
    ALARM = "alarm"

    def is_at_least(self, other: "Severity") -> bool:
        """Whether this is as grave as `other`, or graver."""
        return _RANK[self] >= _RANK[other]


_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ALARM: 2}


class Threshold(StrEnum):
    """What a rule's `after_s` is compared with."""

    HELD_FOR = "held-for"  # how long it has been so without a break
    AT_LEAST = "at-least"  # seconds counted, of overload
    AT_MOST = "at-most"  # seconds left, of a certificate


@dataclass(frozen=True, slots=True)
class Standard:
    """A rule as we deliver it.

    clear_s: how long all must be well before it is resolved, so that nothing flaps.
    needs_car: not raised for a charger at which no car is plugged.
    covers: while this fires at a site, these stay quiet there: they follow from it.
    """

    severity: Severity
    after_s: float
    clear_s: float = MINUTE_S
    threshold: Threshold = Threshold.HELD_FOR
    needs_car: bool = False
    covers: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """A rule as it is in force for a tenant. after_s: see `Threshold`."""

    enabled: bool
    severity: Severity
    after_s: float


STANDARDS: Mapping[Rule, Standard] = {
    Rule.SITE_OFFLINE: Standard(Severity.ALARM, 2 * MINUTE_S, clear_s=30.0),
    Rule.CHARGER_OFFLINE: Standard(Severity.WARNING, 5 * MINUTE_S, needs_car=True),
    Rule.CHARGER_FAULT: Standard(Severity.ALARM, MINUTE_S),
    Rule.CHARGER_DISOBEYS: Standard(Severity.ALARM, 30.0),
    Rule.OVERLOAD: Standard(
        Severity.ALARM, 10.0, clear_s=10 * MINUTE_S, threshold=Threshold.AT_LEAST
    ),
    Rule.FAILSAFE_ACTIVE: Standard(Severity.ALARM, 10.0),
    Rule.METER_LOST: Standard(Severity.WARNING, 30.0),
    Rule.CONTROL_BOX_LOST: Standard(Severity.WARNING, 5 * MINUTE_S),
    Rule.GOAL_MISSED: Standard(Severity.WARNING, 2 * MINUTE_S, clear_s=2 * MINUTE_S),
    Rule.PRICES_STALE: Standard(Severity.WARNING, 30 * MINUTE_S),
    Rule.CERTIFICATE_EXPIRING: Standard(
        Severity.WARNING, 30 * DAY_S, clear_s=0.0, threshold=Threshold.AT_MOST
    ),
    Rule.STORE_FAILING: Standard(
        Severity.ALARM, MINUTE_S, covers=frozenset({Rule.RECORDS_UNDELIVERED})
    ),
    Rule.RECORDS_LOST: Standard(Severity.ALARM, 0.0),
    Rule.RECORDS_UNDELIVERED: Standard(Severity.WARNING, 60 * MINUTE_S),
    Rule.SITE_FILE_REFUSED: Standard(Severity.WARNING, MINUTE_S),
    Rule.WEBHOOK_DISABLED: Standard(Severity.WARNING, 0.0, clear_s=0.0),
    Rule.ROLLOUT_STOPPED: Standard(Severity.ALARM, 0.0, clear_s=0.0),
    Rule.ROLLOUT_WAITING: Standard(Severity.WARNING, DAY_S, clear_s=0.0),
}

LONGEST_AFTER_S = 400 * DAY_S


def as_delivered(rule: Rule) -> RuleSettings:
    """Return what is in force where nobody chose anything."""
    standard = STANDARDS[rule]
    return RuleSettings(enabled=True, severity=standard.severity, after_s=standard.after_s)


AS_DELIVERED: Mapping[Rule, RuleSettings] = {rule: as_delivered(rule) for rule in Rule}
