"""What the updater reads from its environment."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from updater.core.job import Limits
from volthus_kit.settings import SiteSettings

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def _api_server() -> str:
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
    port = os.environ.get("KUBERNETES_SERVICE_PORT_HTTPS", "443")
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


class Settings(SiteSettings):
    """One updater looks after the programs of one site in one namespace."""

    deployments: Annotated[dict[str, str], NoDecode] = Field(
        description="program=Deployment with commas between, in the order in which they are updated"
    )
    namespace: str = Field("default", description="where they are")
    kubernetes_url: str = Field("", description="the API server; empty: the cluster's own")
    kubernetes_token: Path = Field(
        ACCOUNT / "token", description="file with the service account's token; read each time"
    )
    kubernetes_ca: Path | None = Field(
        ACCOUNT / "ca.crt", description="file with the roots that vouch for the API server"
    )
    releases_key: str = Field(
        min_length=44, max_length=44, description="makers' Ed25519 key, base64; nothing else is run"
    )
    updates_from_afar: bool = Field(
        default=True, description="0: only somebody at the site's own page may install"
    )
    update_ready_s: float = Field(180.0, gt=0, description="for a program to be ready again")
    update_settle_s: float = Field(60.0, gt=0, description="that all must be well afterwards")
    update_within_s: float = Field(300.0, gt=0, description="for that; else what ran is put back")

    @field_validator("deployments", mode="before")
    @classmethod
    def _pairs(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        pairs = [pair.partition("=") for pair in text.split(",")]
        if not all(program and name for program, _, name in pairs):
            raise ValueError("expected program=deployment,program=deployment")
        return {program.strip(): name.strip() for program, _, name in pairs}

    @property
    def api_server(self) -> str:
        """Where the API server is."""
        return self.kubernetes_url or _api_server()

    @property
    def limits(self) -> Limits:
        """How patient we are."""
        return Limits(self.update_ready_s, self.update_settle_s, self.update_within_s)
