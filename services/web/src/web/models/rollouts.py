"""Roll-outs of releases over many sites, as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from web.core.rollouts.machine import Stage, State
from web.models.common import Model, Wanted

_RING: JsonDict = {"name": "canary", "tags": ["canary"], "sites": [], "soak_s": 86400}
_ALL: JsonDict = {"name": "all", "tags": [], "sites": [], "soak_s": 86400}
_RINGS: JsonDict = {"rings": [_RING, _ALL]}
_ROLLOUT: JsonDict = {
    "id": 7,
    "version": "0.2.0",
    "state": "stopped",
    "ring": 0,
    "reason": "update-failed",
    "params": {"count": "1", "site": "demo", "why": "cem-silent"},
    "actor": "olga",
    "started_at": "2026-11-22T09:00:00Z",
    "changed_at": "2026-11-22T09:12:00Z",
    "next_ring_at": None,
    "rings": [
        _RING | {"stages": {"installed": 4, "failed": 1}},
        _ALL | {"stages": {"waiting": 95}},
    ],
}

Name = Annotated[str, Field(pattern=r"^[\w-]{1,32}$")]
SiteName = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]


class RingShown(Model):
    """Some sites, and how long all must be well in them before the next ring begins."""

    name: str
    tags: list[str]
    sites: list[str]
    soak_s: int


class RingsShown(Model):
    """The rings of roll-outs to come."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RINGS | {"revision": 1}]})

    rings: list[RingShown]
    revision: int = Field(description="0: as delivered.")


class RingWanted(Wanted):
    """A ring: sites by their tags or ids. The last one names neither and takes everybody else."""

    name: Name
    tags: Annotated[tuple[Name, ...], Field(max_length=20, strict=False)] = ()
    sites: Annotated[tuple[SiteName, ...], Field(max_length=1000, strict=False)] = ()
    soak_s: Annotated[int, Field(ge=0, le=90 * 86_400)]


class RingsWanted(Wanted):
    """How the rings are to be, the first to get a release first."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RINGS]})

    rings: Annotated[list[RingWanted], Field(min_length=1, max_length=10)]


class RingProgress(RingShown):
    """A ring of a roll-out."""

    stages: dict[Stage, int] = Field(description="How many of its sites stand at which stage.")


class RolloutShown(Model):
    """A release on its way from ring to ring."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ROLLOUT]})

    id: int
    version: str
    state: State
    ring: int = Field(description="Number of the ring that is open, from 0.")
    reason: str | None = Field(
        description="Why it stopped: overload, failsafe, charger-offline, update-failed, asked."
    )
    params: dict[str, str] = Field(description="The values for a translated sentence.")
    actor: str
    started_at: datetime
    changed_at: datetime
    next_ring_at: datetime | None = Field(
        description="When the next ring begins if all stays well; null: the open one is at work."
    )
    rings: list[RingProgress]


class RolloutWanted(Wanted):
    """A release to be rolled out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": "0.2.0"}]})

    version: str = Field(examples=["0.2.0"], max_length=64)
    confirm_one_way: bool = Field(
        default=False, description="For a release that cannot be taken back."
    )


class RolloutSite(Model):
    """How a site of a roll-out stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "name": "Green Street 4",
                    "ring": 0,
                    "stage": "failed",
                    "reason": "cem-silent",
                    "asked_at": "2026-11-22T09:00:00Z",
                    "installed_at": None,
                }
            ]
        }
    )

    site: str
    name: str | None
    ring: int
    stage: Stage
    reason: str | None
    asked_at: datetime | None
    installed_at: datetime | None
