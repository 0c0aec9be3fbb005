"""Tables of webhooks and their deliveries. Times are Unix seconds, UTC."""

from sqlmodel import Field, SQLModel


class WebhookRow(SQLModel, table=True):
    """An address that is told of events. Its secret must be readable: it signs."""

    __tablename__ = "webhooks"

    id: str = Field(primary_key=True)
    tenant: str = Field(default="", index=True)
    username: str
    url: str
    description: str = ""
    events: str  # names with commas between
    sites: str = "*"  # names with commas between; * = all of the tenant
    secret: str
    old_secret: str = ""  # signs too, until then: time to change it at the receiver
    old_until_s: float | None = None
    enabled: bool = True
    disabled_reason: str = ""  # gave-up, gone; empty: by a person, or not at all
    created_s: float
    revision: int = 1
    failing_since_s: float | None = None
    rests_until_s: float = 0.0


class DeliveryRow(SQLModel, table=True):
    """One event on its way to one webhook."""

    __tablename__ = "webhook_deliveries"

    id: str = Field(primary_key=True)  # the header webhook-id, the same in each attempt
    webhook: str = Field(index=True)
    event: str
    site: str = ""
    body: str
    created_s: float = Field(index=True)
    state: str = Field(default="waiting", index=True)  # waiting, delivered, failed
    next_s: float = Field(index=True)
    attempts: int = 0
    status: int | None = None  # of the last answer
    error: str = ""  # kind of CallError of the last attempt
    ended_s: float | None = None
    duration_ms: float | None = None


TABLES = (WebhookRow, DeliveryRow)
