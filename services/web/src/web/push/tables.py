"""Tables of Web Push. Times are Unix seconds, UTC."""

from sqlmodel import Field, SQLModel


class PushKeyRow(SQLModel, table=True):
    """The key by which push services know this installation (VAPID); one row, made once."""

    __tablename__ = "push_keys"

    id: int = Field(primary_key=True)
    private_pem: str  # told to nobody
    public: str  # base64url, the uncompressed point
    created_s: float


class SubscriptionRow(SQLModel, table=True):
    """One browser that a person lets us ring at, and what for."""

    __tablename__ = "push_subscriptions"

    id: str = Field(primary_key=True)
    username: str = Field(index=True)
    endpoint: str = Field(unique=True)
    p256dh: str  # the browser's keys, base64url
    auth: str
    label: str = ""
    language: str = "en"
    severity: str = "warning"  # the least grave that rings
    rules: str = "*"  # names with commas between; * = all
    sites: str = "*"  # names with commas between; * = all its user may see
    tells_resolved: bool = False
    quiet_from: str = ""  # HH:MM; empty: no quiet hours
    quiet_to: str = ""
    timezone: str = "UTC"
    quiet_for_alarms: bool = False  # alarms wait for the morning too
    created_s: float
    delivered_s: float | None = None
    failing_since_s: float | None = None


class PushMessageRow(SQLModel, table=True):
    """One message on its way to one browser."""

    __tablename__ = "push_messages"

    id: str = Field(primary_key=True)
    subscription: str = Field(index=True)
    alert: str = ""  # not sent any more once it is over; empty: none
    kind: str
    topic: str  # a later message of the same replaces one that the push service still holds
    is_urgent: bool
    body: str
    created_s: float
    next_s: float = Field(index=True)
    attempts: int = 0


TABLES = (PushKeyRow, SubscriptionRow, PushMessageRow)
