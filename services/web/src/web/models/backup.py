"""A backup of a site's settings, and what putting one back does."""

from typing import Annotated, Literal

from pydantic import Field

from web.models.common import Instant, Model, TypedSki, Wanted
from web.models.meters import MeterSettings
from web.models.site_file import SiteFileChange

MeterStep = Literal["keep", "update", "add"]


class KeptMeter(Wanted):
    """A meter with the id it had."""

    id: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")
    settings: MeterSettings


class KeptDevice(Wanted):
    """A device that was paired. Nothing trusts it again but a person."""

    ski: TypedSki
    name: str | None = Field(None, max_length=100)
    kind: str | None = Field(None, max_length=100, description="charger, meter, ...; for people.")


class Backup(Wanted):
    """A site's settings; holds no secret: no key, no token, no password."""

    format: Literal["volthus-backup"] = "volthus-backup"
    version: Literal[1] = 1
    site: str = Field(max_length=63, description="Where it was made; it may be put back elsewhere.")
    made: Instant
    software: str = Field(max_length=100, description="Version of the front door that made it.")
    site_file: str = Field(
        max_length=262_144,
        description="Grid connection, circuits, chargers with modes and goals, "
        "cars, operator, tariff, planning, PV systems, as a site file.",
    )
    meters: Annotated[list[KeptMeter], Field(default_factory=list, max_length=100)]
    devices: Annotated[list[KeptDevice], Field(default_factory=list, max_length=500)]


class RestoredMeter(Model):
    """What putting a backup back does, or would do, with a meter."""

    id: str = Field(description="In the backup.")
    name: str | None
    step: MeterStep
    id_now: str | None = Field(description="At the site; null: not there (yet).")
    problem: str | None = Field(description="Code of what hindered it; the rest was put back.")
    problem_detail: str | None


class RestoredName(Model):
    """A device whose name changes."""

    ski: str
    before: str | None
    after: str | None
    problem: str | None = Field(description="Code of what hindered it; the rest was put back.")


class RestoreResult(Model):
    """What putting a backup back changed, or with `dry_run` would change."""

    changes: list[SiteFileChange] = Field(description="Of the energy manager's settings.")
    meters: list[RestoredMeter] = Field(description="Those that are not in the backup stay.")
    names: list[RestoredName]
    to_pair: list[KeptDevice] = Field(
        description="Devices of the backup that nobody trusts here: pair them by hand."
    )
    applied: bool
