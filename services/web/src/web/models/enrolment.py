"""How sites join the fleet."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from web.models.common import Model, Wanted

SITE_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"


class EnrolmentWanted(Wanted):
    """A site that is to join."""

    site: str = Field(pattern=SITE_ID, examples=["green-street-4"], description="Its id, for good.")
    name: str = Field("", max_length=100, description="For people; empty: the id.")
    valid_hours: int = Field(24, ge=1, le=168)


class EnrolmentCode(Model):
    """A code for one device; told in this answer and never again."""

    site: str
    code: str = Field(examples=["3K7Q-9DMP-4T2C-XW8H-5"])
    expires_at: datetime
    command: str = Field(description="What is run at the site's machine.")


class Enrolment(Model):
    """How a site is linked."""

    site: str
    state: Literal["waiting", "linked", "expired", "locked-out", "none"] = Field(
        description="`waiting`: for its code to be used; `expired`: its claims ended, and it may "
        "renew them; `none`: it never joined by a code."
    )
    public_key: str | None = Field(description="Of the device that speaks for it.")
    enrolled_at: datetime | None
    renewed_at: datetime | None
    expires_at: datetime | None
    locked_out_at: datetime | None
    code_expires_at: datetime | None = Field(description="Of a code that waits.")
