"""Logging in: what goes over the wire."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from web.core.roles import Role
from web.models.common import Model, Wanted


class Token(Model):
    """A bearer token (RFC 6749): send it as `Authorization: Bearer ...`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"access_token": "vt_4dJ0...", "token_type": "bearer", "expires_in": 43200}
            ]
        }
    )

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6749's word, no password
    expires_in: int = Field(description="Seconds until it ends.")


class Credentials(Wanted):
    """What a person types to log in at the page."""

    username: str = Field(min_length=1, max_length=64, examples=["service"])
    password: str = Field(min_length=1, max_length=1024)


class Me(Model):
    """Who is logged in, and how long for."""

    username: str
    role: Role
    sites: list[str] | None = Field(description="The sites this user may see; null = all.")
    expires_at: datetime
    csrf_token: str | None = Field(
        description=(
            "With a cookie session: send it as `X-CSRF-Token` with each POST, PUT, PATCH and "
            "DELETE. Null with a bearer token, which needs none."
        )
    )
