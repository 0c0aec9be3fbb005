"""Tables of alerts. Times are Unix seconds, UTC."""

from sqlmodel import Field, SQLModel


class AlertRow(SQLModel, table=True):
    """One alert of a site, open or over."""

    __tablename__ = "alerts"

    # From what it is about and when it began: two who write the same alert write the same row.
    id: str = Field(primary_key=True)
    # What it is about while it is open, else null: at most one open alert of each.
    open_key: str | None = Field(default=None, unique=True)
    tenant: str = Field(default="", index=True)
    site: str = Field(index=True)
    rule: str
    element: str = ""
    severity: str
    state: str = Field(index=True)
    params: str = "{}"  # JSON, text -> text
    started_s: float = Field(index=True)
    fired_s: float | None = None
    resolved_s: float | None = Field(default=None, index=True)
    acknowledged_s: float | None = None
    acknowledged_by: str = ""


class AlertRuleRow(SQLModel, table=True):
    """A rule that a tenant changed."""

    __tablename__ = "alert_rules"

    tenant: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    enabled: bool
    severity: str
    after_s: float
    revision: int = 1


class SiteMarksRow(SQLModel, table=True):
    """What was told of a site last, so that a restart neither repeats nor swallows an event."""

    __tablename__ = "site_marks"

    site: str = Field(primary_key=True)
    marks: str  # JSON


TABLES = (AlertRow, AlertRuleRow, SiteMarksRow)
