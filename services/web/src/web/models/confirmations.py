"""What was asked from afar, raises risk, and waits for somebody at the site."""

from datetime import datetime

from pydantic import Field

from web.models.common import Model


class WantedValue(Model):
    """One value of what is asked for."""

    pointer: str = Field(examples=["/settings/fuse_a/l1"])
    value: str = Field(examples=["63"])


class Confirmation(Model):
    """A command that waits."""

    id: str = Field(examples=["cem-5f0c9a1e22d4"])
    method: str = Field(
        description="What it does: the owner and the name of its request.",
        examples=["cem.grid-connection-put"],
    )
    asked_by: str = Field(examples=["olga"])
    asked_at: datetime
    expires_at: datetime = Field(description="Then it is forgotten; a restart forgets it too.")
    detail: str = Field(description="Why it waits, one English sentence.")
    pointer: str | None = Field(description="The setting that raises risk, where it is one.")
    wanted: list[WantedValue]


class Confirmations(Model):
    """All that waits at a site."""

    items: list[Confirmation]
    can_confirm: bool = Field(
        description="Whether this front door stands at the site; in the cloud one can only decline."
    )
