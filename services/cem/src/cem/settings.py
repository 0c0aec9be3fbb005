"""What the CEM reads from its environment."""

from datetime import timedelta

from pydantic import Field

from volthus_kit.settings import SiteSettings


class Settings(SiteSettings):
    """The settings of one site's CEM."""

    site_name: str = Field("", description="name of the site for people; empty = its id")
    remote_fuse: bool = Field(
        default=False,
        description="let commands from afar raise a fuse limit or lower a margin",
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

    @property
    def minutes_kept(self) -> timedelta:
        """Return how long energy by minute is kept."""
        return timedelta(days=self.energy_kept_days)

    @property
    def decisions_kept(self) -> timedelta:
        """Return how long the why-history is kept."""
        return timedelta(days=self.decisions_kept_days)
