"""Web Push, as the API shows it."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from web.core.alerting.rules import Rule, Severity
from web.models.common import Model, Wanted

Language = Literal["en", "de", "sv"]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("this is no time zone, such as Europe/Berlin")
    return name


class PushKey(Model):
    """By which browsers know who may ring at them."""

    public_key: str = Field(description="base64url; the `applicationServerKey` of a subscription.")


class QuietHours(BaseModel):
    """When nothing rings; through midnight where `to` is the earlier one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: ClockTime = Field(alias="from")
    to: ClockTime
    timezone: Annotated[
        str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_known_zone)
    ]
    alarms_too: bool = Field(default=False, description="Alarms wait for the morning as well.")


class PushWishes(Wanted):
    """What rings at a browser."""

    label: Annotated[str, Field(max_length=64)] = ""
    language: Language = "en"
    severity: Annotated[Severity, Field(strict=False)] = Field(
        Severity.WARNING, description="The least grave that rings."
    )
    rules: list[Annotated[Rule, Field(strict=False)]] | None = Field(None, description="Null: all.")
    sites: (
        Annotated[
            list[Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]],
            Field(min_length=1, max_length=1000),
        ]
        | None
    ) = Field(None, description="Null: all that you may see.")
    tells_resolved: bool = False
    quiet: QuietHours | None = None


class PushKeys(Wanted):
    """The keys a browser told with its subscription."""

    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


class PushSubscriptionWanted(PushWishes):
    """A browser at which to ring; sent again for the same endpoint it replaces what was."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "endpoint": "https://push.example.com/f3a1",
                    "keys": {
                        "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",  # noqa: E501
                        "auth": "tBHItJI5svbpez7KI4CCXg",
                    },
                    "label": "Phone",
                    "language": "de",
                    "severity": "alarm",
                    "quiet": {"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin"},
                }
            ]
        }
    )

    endpoint: Annotated[str, Field(min_length=8, max_length=2000)]
    keys: PushKeys


class PushSubscription(Model):
    """A browser of yours at which is rung."""

    id: str
    endpoint: str
    label: str
    language: Language
    severity: Severity
    rules: list[Rule] | None
    sites: list[str] | None
    tells_resolved: bool
    quiet: QuietHours | None
    created_at: datetime
    delivered_at: datetime | None
    failing_since: datetime | None
