"""Webhooks and their deliveries, as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from web.core.alerting.news import CHOOSABLE, Kind
from web.models.common import Model, Wanted

SiteName = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]


def _choosable(kind: Kind) -> Kind:
    if kind not in CHOOSABLE:
        raise ValueError("this event is sent by POST /webhooks/{id}/test only")
    return kind


EventWanted = Annotated[Kind, Field(strict=False), AfterValidator(_choosable)]


class WebhookWanted(Wanted):
    """An address that is to be told of events."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://example.com/volthus",
                    "description": "On-call",
                    "events": ["alert.fired", "alert.resolved"],
                    "sites": ["demo"],
                    "enabled": True,
                }
            ]
        }
    )

    url: Annotated[str, Field(min_length=8, max_length=2000)] = Field(
        description="https; only hosts that the installation names are called without TLS."
    )
    description: Annotated[str, Field(max_length=100)] = ""
    events: Annotated[list[EventWanted], Field(min_length=1, max_length=len(CHOOSABLE))]
    sites: Annotated[list[SiteName], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="Null: all that you may see; only who sees all may say so."
    )
    enabled: bool = Field(default=True, description="true also ends an automatic switching-off.")


class Webhook(Model):
    """An address that is told of events; its secret is told once, when it is made."""

    id: str
    url: str
    description: str
    events: list[Kind]
    sites: list[str] | None
    enabled: bool
    disabled_reason: Literal["gave-up", "gone"] | None = Field(
        description="Switched off by itself: nobody took events for 3 days, or 410 was answered."
    )
    username: str = Field(description="Who made it.")
    created_at: datetime
    failing_since: datetime | None
    old_secret_until: datetime | None = Field(description="Until then both secrets sign.")
    revision: int


class NewWebhook(Webhook):
    """A webhook just made, or one with a new secret."""

    secret: str = Field(
        description="Told only this once; signs each delivery (Standard Webhooks).",
        examples=["whsec_..."],
    )


class Delivery(Model):
    """One event on its way to a webhook."""

    id: str = Field(description="The header `webhook-id`, the same in each attempt.")
    event: Kind
    site: str | None
    state: Literal["waiting", "delivered", "failed"]
    created_at: datetime
    attempts: int
    status: int | None = Field(description="Of the last answer; null: there was none.")
    error: str | None = Field(
        description="timeout, unreachable, refused-address, protocol, status-..., queue-full, "
        "disabled, not-allowed"
    )
    tried_at: datetime | None
    duration_ms: float | None
    next_at: datetime | None = Field(description="When it is tried again; null: not any more.")


class DeliveryQueued(Model):
    """A delivery that was put on its way."""

    id: str
