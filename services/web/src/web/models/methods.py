"""How one can log in: what goes over the wire."""

from pydantic import Field

from web.models.common import Model


class OidcMethod(Model):
    """A provider of identities."""

    name: str = Field(description="What to write on the button.", examples=["Company account"])
    start: str = Field(description="Where the browser goes to; `?to=` says where it ends up.")


class LoggedOut(Model):
    """A log-in that ended here."""

    at_provider: str | None = Field(
        description="Where the browser goes to log out at the provider of identities too; null: "
        "there is nothing to end there, or it cannot be asked.",
        examples=["https://id.example.com/logout?client_id=volthus"],
    )


class LogInMethods(Model):
    """The ways to log in here."""

    password: bool = True
    oidc: OidcMethod | None = Field(description="Null: there is none.")
