"""Alerts and their rules, as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from web.core.alerting.machine import State
from web.core.alerting.rules import LONGEST_AFTER_S, Rule, Severity, Threshold
from web.models.common import Model, Wanted


class Alert(Model):
    """Something at a site that somebody should know of."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "5f2c08c1d9a3b7e4",
                    "site": "demo",
                    "site_name": "Green Street 4",
                    "rule": "charger-offline",
                    "element": "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91",
                    "severity": "warning",
                    "state": "firing",
                    "params": {"name": "Garage left"},
                    "started_at": "2026-11-22T09:00:00Z",
                    "fired_at": "2026-11-22T09:05:00Z",
                    "resolved_at": None,
                    "acknowledged_at": None,
                    "acknowledged_by": None,
                }
            ]
        }
    )

    id: str
    site: str | None = Field(description="Null: the front door itself.")
    site_name: str | None
    rule: Rule
    element: str | None = Field(description="SKI of a charger, id of a meter; null: the site.")
    severity: Severity
    state: State = Field(description="pending: it is so, but not for long enough yet.")
    params: dict[str, str] = Field(description="The values for a translated sentence.")
    started_at: datetime = Field(description="Since when it is so.")
    fired_at: datetime | None
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class AlertCounts(Model):
    """How many alerts fire, and how many of them nobody sees to yet."""

    firing: int
    unacknowledged: int
    alarms: int = Field(description="Of those that nobody sees to.")


class AlertRule(Model):
    """A rule as it is in force."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rule": "charger-offline",
                    "enabled": True,
                    "severity": "warning",
                    "after_s": 300.0,
                    "threshold": "held-for",
                    "needs_car": True,
                    "delivered_severity": "warning",
                    "delivered_after_s": 300.0,
                    "revision": 0,
                }
            ]
        }
    )

    rule: Rule
    enabled: bool
    severity: Severity
    after_s: float
    threshold: Threshold = Field(
        description="held-for: it has been so that long; at-least: seconds of overload counted; "
        "at-most: seconds left."
    )
    needs_car: bool = Field(description="Quiet while no car is plugged.")
    delivered_severity: Severity
    delivered_after_s: float
    revision: int = Field(description="0: as delivered.")


class AlertRuleWanted(Wanted):
    """How a rule is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"enabled": True, "severity": "alarm", "after_s": 600}],
        }
    )

    enabled: bool
    severity: Annotated[Severity, Field(strict=False)]
    after_s: Annotated[float, Field(ge=0, le=LONGEST_AFTER_S, allow_inf_nan=False)]
