"""What the enrolment reads from its environment."""

from pathlib import Path

from pydantic import Field

from volthus_kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of `enrolment`, read once in main."""

    state_dir: Path = Field(Path(".state"), description="folder of codes and devices (SQLite)")
    database_url: str = Field("", description="PostgreSQL instead of a file in the state folder")
    hub_keys: Path = Field(description="file of the hub's keys, made by volthus-hub-keys")
    system_credentials: Path | None = Field(
        None, description="credentials by which servers are told who is locked out"
    )
    enrolment_host: str = Field("127.0.0.1", description="address that devices ask")
    enrolment_port: int = Field(
        8090, ge=0, le=65535, description="its port; TLS is a proxy's matter"
    )
    enrolment_url: str = Field(
        "", description="address under which devices reach it; empty: as host and port say"
    )
    leaf_url: str = Field(description="address that sites link to, tls://hub.example.com:7422")
    leaf_ca: Path | None = Field(
        None, description="certificate (PEM) that vouches for the leaf address, if not a public one"
    )
    claims_days: float = Field(30, gt=0, le=365, description="how long a device's claims hold")
    trust_proxy: bool = Field(
        default=False, description="believe X-Forwarded-* of a proxy on this machine"
    )
