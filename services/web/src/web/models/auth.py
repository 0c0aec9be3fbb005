"""Logging in: what goes over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.core.roles import Role
from web.core.scopes import Scope
from web.models.common import Instant, Model, Wanted

ScopeWanted = Annotated[Scope, Field(strict=False)]


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
    scopes: list[Scope] | None = Field(
        description="What a program's token may do; null = all that the role may."
    )
    tenant: str = Field(description="Whose sites and users there are for them; mostly empty.")
    must_change_password: bool = Field(
        description="Until that is done everything else answers 403 `password-change-needed`."
    )


class ProgramTokenWanted(Wanted):
    """A token for a program."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Telematics", "role": "standard", "sites": ["demo"],
                 "scopes": ["soc:write"], "expires_at": "2027-11-22T00:00:00Z"}
            ]
        }
    )  # fmt: skip

    name: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role | None = Field(None, strict=False, description="At most your own; null: your own.")
    sites: (
        Annotated[
            list[Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]],
            Field(min_length=1, max_length=1000),
        ]
        | None
    ) = Field(None, description="At most those you may see; null: all of them.")
    scopes: Annotated[list[ScopeWanted], Field(min_length=1)]
    expires_at: Instant | None = Field(None, description="Within five years; null: in one year.")


class ProgramToken(Model):
    """A token of a program; its secret is told once, when it is made."""

    id: str
    name: str
    username: str = Field(description="In whose name it acts.")
    role: Role
    sites: list[str] | None = Field(description="Null = all its user may see.")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(description="To the minute; null: never.")
    rests_at: datetime | None = Field(
        description="Of a user of a provider of identities: from then on it opens nothing, until "
        "they log in there again. Null: it works until it ends."
    )


class NewProgramToken(ProgramToken):
    """A token just made."""

    token: str = Field(
        description="The secret, told only this once: send it as `Authorization: Bearer ...`.",
        examples=["vp_4dJ0..."],
    )
