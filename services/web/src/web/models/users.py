"""Users, what they may see, and their log-ins: what goes over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.core.roles import Role
from web.models.common import Model, Wanted

SiteNames = Annotated[
    list[Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]], Field(min_length=1, max_length=1000)
]
NewPassword = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        description="10 characters or more, not easy to guess, without the user name in it.",
        examples=["three green cars"],
    ),
]


class User(Model):
    """Somebody who may log in. Of the password only that there is one."""

    username: str
    role: Role
    sites: list[str] | None = Field(description="The sites to see; null = all of the tenant.")
    tenant: str = Field(description="Whose sites and users there are for them; mostly empty.")
    disabled: bool = Field(description="May not log in; log-ins and tokens do not count.")
    must_change_password: bool = Field(description="Nothing else goes before that.")
    log_in: Literal["password", "oidc"] = Field(description="How they prove who they are.")
    created_at: datetime
    last_log_in_at: datetime | None = Field(description="Of the log-ins that still hold.")
    revision: int = Field(description="Also the ETag.")


class UserSettings(Wanted):
    """What somebody may do and see."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "standard", "sites": ["demo"]}]}
    )

    role: Role = Field(strict=False, description="At most what you may give.")
    sites: SiteNames | None = Field(None, description="Null = all you may see.")
    disabled: bool = False


class UserWanted(Wanted):
    """A user to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "bo", "role": "standard", "sites": ["demo"]}]}
    )

    username: Annotated[str, Field(pattern=r"^[\w.@+-]{1,64}$", examples=["bo"])]
    role: Role = Field(strict=False, description="At most what you may give.")
    sites: SiteNames | None = Field(None, description="Null = all you may see.")
    password: NewPassword | None = Field(
        None, description="For the first log-in, then to be changed; null: one is made and told."
    )


class NewUser(User):
    """A user just made."""

    password: str | None = Field(
        description="For the first log-in, told only this once; null where you gave it."
    )


class ResetPassword(Model):
    """A password to be handed over and changed at the next log-in."""

    password: str = Field(description="Told only this once.", examples=["pZ3k9wQhTn1fYc0s"])


class PasswordChange(Wanted):
    """A new password of one's own."""

    old_password: Annotated[str, Field(min_length=1, max_length=1024)]
    new_password: NewPassword


class LogIn(Model):
    """A log-in of yours that holds."""

    id: str
    kind: Literal["session", "bearer"] = Field(description="At the page, or of a program.")
    current: bool = Field(description="The one that asks.")
    created_at: datetime
    used_at: datetime | None = Field(description="To five minutes.")
    expires_at: datetime
    address: str = Field(description="Where it came from; empty: not known.")
    agent: str = Field(description="What the browser or program calls itself.")
