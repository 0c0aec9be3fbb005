"""Who changed what: what goes over the wire."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from web.models.common import Model


class AuditEntry(Model):
    """One change, or an attempt of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "1795341600.25|d0000000000000042", "at": "2026-11-22T09:20:00.25Z",
                 "source": "front-door", "actor": "sven", "role": "service", "address": "",
                 "site": "demo", "action": "cem.grid-connection-put", "about": "grid-connection",
                 "outcome": "done", "details": {"settings": {"phases": 3}}, "before": None,
                 "after": {"settings": {"phases": 3, "revision": "1"}}}
            ]
        }
    )  # fmt: skip

    id: str
    at: datetime
    source: Literal["front-door", "site"] = Field(
        description="front-door: asked here, whatever came of it. site: recorded there when done."
    )
    actor: str = Field(description="The user; in brackets the program in their name.")
    role: str
    address: str = Field(description="Of log-ins: where they came from.")
    site: str | None = Field(description="Null: of no site.")
    action: str = Field(examples=["users.create"])
    about: str = Field(description="What of it: a name, an id.")
    outcome: str = Field(description="done, begun, interrupted, or the code of a refusal.")
    details: JsonValue = Field(
        description="What was asked, without secrets; null: nothing to tell."
    )
    before: JsonValue = Field(description="What was there; null: not known.")
    after: JsonValue = Field(description="What is there since; null: not known.")
