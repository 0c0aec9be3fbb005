"""Tables of roll-outs. Times are Unix seconds, UTC."""

from sqlmodel import Field, SQLModel


class RingsRow(SQLModel, table=True):
    """The rings of a tenant, where they are not the usual ones."""

    __tablename__ = "rollout_rings"

    tenant: str = Field(primary_key=True)
    rings: str  # JSON
    revision: int = 1


class RolloutRow(SQLModel, table=True):
    """A release on its way, with the rings as they were when it began."""

    __tablename__ = "rollouts"

    id: int | None = Field(default=None, primary_key=True)
    # The tenant while it is not over, else null: at most one at a time of each.
    open_key: str | None = Field(default=None, unique=True)
    tenant: str = Field(index=True)
    version: str
    state: str
    rings: str  # JSON
    ring: int = 0
    complete_s: float | None = None
    forgiven: int = 0
    reason: str = ""
    params: str = "{}"  # JSON, text -> text
    actor: str
    one_way_confirmed: bool = False
    started_s: float
    judged_s: float  # figures count from here: who resumes knows of what was before
    changed_s: float
    revision: int = 1  # raised by people: a look that began before is void


class RolloutSiteRow(SQLModel, table=True):
    """A site of a roll-out. overload_*: what it had counted, so that what grew since is known."""

    __tablename__ = "rollout_sites"

    rollout: int = Field(primary_key=True)
    site: str = Field(primary_key=True)
    ring: int
    stage: str
    note: str = ""
    asked_s: float | None = None
    installed_s: float | None = None
    overload_week_s: float = 0.0  # in the seven days before
    overload_mark_s: float = 0.0  # in all days, at the start or when it was installed


TABLES = (RingsRow, RolloutRow, RolloutSiteRow)
