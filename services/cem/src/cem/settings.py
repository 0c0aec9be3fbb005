"""What the CEM reads from its environment."""

from datetime import timedelta, tzinfo
from pathlib import Path

from pydantic import Field, field_validator

from cem.zone import zone_of
from volthus_kit.settings import SiteSettings


class Settings(SiteSettings):
    """The settings of one site's CEM."""

    site_name: str = Field("", description="name of the site for people; empty = its id")
    remote_fuse: bool = Field(
        default=False,
        description="let commands from afar take protection away: raise a fuse, lower a margin, "
        "change a failsafe, switch energy management off",
    )
    site_file: Path | None = Field(
        None, description="site file to keep the settings by (YAML); empty = none"
    )
    time_zone: str = Field(
        "",
        description="zone of the site for weekly departures (Europe/Berlin); empty = the machine's",
    )
    cloud_domain: str = Field(
        "cloud", description="JetStream domain whose acknowledgement of a fact counts"
    )
    energy_kept_days: int = Field(
        400, ge=1, le=36500, description="how long energy by minute is kept, and facts nobody took"
    )
    decisions_kept_days: int = Field(
        30, ge=1, le=366, description="how long the reasons of limits are kept"
    )

    record: Path | None = Field(
        None, description="file to record every input and decision of the control loop in"
    )
    record_mb: int = Field(100, ge=2, le=100_000, description="most that recordings may take, MB")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        zone_of(name)
        return name

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the site."""
        return zone_of(self.time_zone)

    @property
    def minutes_kept(self) -> timedelta:
        """Return how long energy by minute is kept."""
        return timedelta(days=self.energy_kept_days)

    @property
    def decisions_kept(self) -> timedelta:
        """Return how long the why-history is kept."""
        return timedelta(days=self.decisions_kept_days)
