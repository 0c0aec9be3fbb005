"""Environment to one frozen settings object, read once in main. No global."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service reads from its environment; each variable starts with VOLTHUS_."""

    model_config = SettingsConfigDict(
        env_prefix="VOLTHUS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    nats_url: str = Field("nats://127.0.0.1:4222", description="NATS server to talk to")
    nats_credentials: Path | None = Field(
        None, description="file that says who this program is, where the server asks"
    )
    health_host: str = Field("127.0.0.1", description="address of /healthz, /readyz, /metrics")
    health_port: int = Field(
        0, ge=0, le=65535, description="port of /healthz, /readyz, /metrics; 0 = any free one"
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    traces_url: str = Field(
        "",
        pattern=r"^$|^https?://",
        description="collector of OpenTelemetry spans, http://host:4318; empty = no traces",
    )
    traces_share: float = Field(
        0.1, ge=0, le=1, description="share of requests that are traced where no caller decided"
    )


class SiteSettings(ServiceSettings):
    """What the programs of one site read besides."""

    site: str = Field("demo", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="id of the site")
    state_dir: Path = Field(Path(".state"), description="folder for this service's own data")


def complaint(error: ValidationError, settings: type[BaseSettings]) -> str:
    """Return in one line which variables cannot be, with the value where it is no secret."""
    found = error.errors(include_url=False, include_context=False)
    return "; ".join(_wrong(settings, one["loc"], one["input"], one["msg"]) for one in found)


def _wrong(
    settings: type[BaseSettings], place: tuple[int | str, ...], value: object, why: str
) -> str:
    if not place:
        return why
    field = settings.model_fields.get(str(place[0]))
    is_secret = field is None or not field.repr or field.annotation is SecretStr
    variable = f"{settings.model_config.get('env_prefix') or ''}{place[0]}".upper()
    # Of a variable that is missing the value would be all others.
    is_shown = isinstance(value, str) and not is_secret
    return f"{variable}={value!r}: {why}" if is_shown else f"{variable}: {why}"


def explain(settings: type[BaseSettings]) -> str:
    """Return one line for each environment variable: name, default, meaning (for --help)."""
    prefix = settings.model_config.get("env_prefix") or ""
    rows = []
    for name, field in settings.model_fields.items():
        default = "(required)" if field.is_required() else f"[{field.get_default()}]"
        rows.append(f"  {prefix}{name.upper()}  {default}\n      {field.description or ''}")
    return "environment:\n" + "\n".join(rows)
