"""How one can log in: what goes over the wire."""

from pydantic import Field

from web.models.common import Model


class OidcMethod(Model):
    """A provider of identities."""

    name: str = Field(description="What to write on the button.", examples=["Company account"])
    start: str = Field(description="Where the browser goes to; `?to=` says where it ends up.")


class LogInMethods(Model):
    """The ways to log in here."""

    password: bool = True
    oidc: OidcMethod | None = Field(description="Null: there is none.")
