"""Tables of releases and decisions. Times are Unix seconds, UTC."""

from sqlmodel import Field, SQLModel


class ReleaseRow(SQLModel, table=True):
    """A release as the feed described it last."""

    __tablename__ = "releases"

    version: str = Field(primary_key=True)
    document: str


class ReleaseFeedRow(SQLModel, table=True):
    """When a feed was asked, and what was wrong with it then."""

    __tablename__ = "release_feeds"

    source: str = Field(primary_key=True)
    asked_s: float
    answered_s: float | None = None
    problem: str = ""


class SoftwareDecisionRow(SQLModel, table=True):
    """What was decided about a release at a site; the latest row of a site counts."""

    __tablename__ = "software_decisions"

    id: int | None = Field(default=None, primary_key=True)
    site: str = Field(index=True)
    version: str
    choice: str  # install, decline, or "" = taken back
    actor: str
    at_s: float
