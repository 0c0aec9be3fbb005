"""What the CEM reads from its environment."""

from pydantic import Field

from volthus_kit.settings import SiteSettings


class Settings(SiteSettings):
    """The settings of one site's CEM."""

    site_name: str = Field("", description="name of the site for people; empty = its id")
    remote_fuse: bool = Field(
        default=False,
        description="let commands from afar raise a fuse limit or lower a margin",
    )
