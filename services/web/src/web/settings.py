"""What the front door reads from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from volthus_kit.settings import ServiceSettings
from web.oidc.desk import OidcSettings

BUILT_PAGE = Path(__file__).parent / "static"


class Settings(ServiceSettings):
    """Settings of `web`, read once in main."""

    state_dir: Path = Field(Path(".state"), description="folder for users, tokens and audit")
    database_url: str | None = Field(
        None,
        description="postgresql://user:password@host/name, shared by all replicas; "
        "left out: a SQLite file in the state folder",
        repr=False,
    )
    web_host: str = Field("127.0.0.1", description="address of the API and the page")
    web_port: int = Field(8080, ge=0, le=65535, description="port of the API and the page")
    web_static: Path = Field(BUILT_PAGE, description="folder of the built page")
    web_origin: Literal["site", "cloud"] = Field(
        "site", description="where this front door stands; owners confirm more from the cloud"
    )
    initial_users: Path | None = Field(
        None,
        description="JSON file [{username, password, role, sites?}], used while there are no users",
    )
    token_hours: float = Field(12, gt=0, description="how long a bearer token lives")
    session_hours: float = Field(168, gt=0, description="how long a log-in at the page lives")
    releases: str = Field(
        "", description="where releases are announced: a file or an address; empty = nowhere"
    )
    releases_key: str = Field(
        "", description="public Ed25519 key (base64) of the releases; needed for an address"
    )
    update_command: str = Field(
        "", description="what a person runs on this machine to install {version}"
    )
    cloud_domain: str = Field("cloud", description="JetStream domain of the cloud's servers")
    facts_mb: int = Field(
        10_000, gt=0, description="what the stream of facts may hold while the database is away"
    )
    facts_replicas: int = Field(1, ge=1, le=5, description="servers that keep each fact")
    history_minutes_days: int = Field(400, ge=2, description="how long minutes of energy are kept")
    history_hours_days: int = Field(1830, ge=31, description="how long hours of energy are kept")
    webhook_private: bool = Field(
        default=False,
        description="webhooks and push services may lie in private networks and on this machine",
    )
    webhook_http_hosts: str = Field(
        "", description="hosts that may be called without TLS, with commas between"
    )
    push_contact: str = Field(
        "mailto:volthus@example.com",
        description="whom push services may write to: mailto:... or https://...",
    )
    web_certificate: Path | None = Field(
        None, description="certificate (PEM) that the proxy in front shows: its end is watched"
    )
    rate_per_s: float = Field(
        50, ge=0, description="requests of one account from one address that go on; 0 = no limit"
    )
    rate_burst: int = Field(200, ge=1, description="of these, how many may come at once")
    cors_origins: str = Field(
        "",
        description="pages elsewhere that may ask the API with a token: https://..., with commas",
    )
    web_url: str = Field("", description="where browsers find this front door: https://...")
    oidc_issuer: str = Field("", description="OpenID provider for log-ins: its issuer, https://...")
    oidc_client_id: str = Field("", description="who we are to the provider")
    oidc_client_secret: str = Field("", description="our secret there", repr=False)
    oidc_client_secret_file: Path | None = Field(None, description="file with that secret")
    oidc_roles: str = Field(
        "[]",
        description='JSON list of {"claim", "value", "role", "sites", "tenant"}: who may what',
    )
    oidc_name: str = Field("", description="what the button at the log-in says")
    oidc_token_days: float = Field(
        30,
        gt=0,
        description="how long tokens of programs work behind their user's last log-in there",
    )
    trust_proxy: bool = Field(
        default=False,
        description="believe X-Forwarded-* of a proxy on this machine",
    )

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins of `cors_origins`."""
        return tuple(filter(None, (one.strip() for one in self.cors_origins.split(","))))

    @property
    def oidc(self) -> OidcSettings:
        """What is set of the OpenID provider."""
        return OidcSettings(
            self.oidc_issuer,
            self.oidc_client_id,
            self.oidc_client_secret,
            self.oidc_client_secret_file,
            self.oidc_roles,
            self.oidc_name,
        )
