"""Push subscriptions and messages in the database; all calls blocking, for a thread."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, func, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from web.alerts.tables import AlertRow
from web.alerts.told import AlertTold, Teller, Told
from web.core.alerting.machine import State
from web.core.alerting.news import Kind
from web.core.alerting.rules import Severity
from web.core.quiet import ends_at
from web.core.roles import Role
from web.push.sealing import VapidKey, new_key
from web.push.tables import PushKeyRow, PushMessageRow, SubscriptionRow
from web.store import UserRow

MOST_A_USER = 20
TEST = "test"
# Whether a user's account is of a tenant.
IsOf = Callable[[UserRow, str], bool]


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message to be sent now."""

    id: str
    subscription: str
    endpoint: str
    p256dh: str
    auth: str
    topic: str
    is_urgent: bool
    body: str
    attempts: int
    created_s: float


def vapid_key(engine: Engine, now_s: float) -> VapidKey:
    """Return the installation's key; the first who asks makes it."""
    with Session(engine) as session:
        row = session.get(PushKeyRow, 1)
        if row is None:
            made = new_key()
            session.add(
                PushKeyRow(id=1, private_pem=made.private_pem, public=made.public, created_s=now_s)
            )
            try:
                session.commit()
            except IntegrityError:  # another replica was quicker
                session.rollback()
            row = session.get(PushKeyRow, 1)
        if row is None:
            raise LookupError("the key of Web Push was neither found nor kept")
        return VapidKey(row.private_pem, row.public)


def teller(is_of: IsOf) -> Teller:
    """Return who puts alerts on their way to everybody who wants them."""

    def enqueue(session: Session, told: Sequence[Told]) -> None:
        alerts = [one for one in told if one.alert is not None]
        if not alerts:
            return
        found = session.exec(
            select(SubscriptionRow, UserRow).join(
                UserRow, col(UserRow.username) == SubscriptionRow.username
            )
        ).all()
        rows = [
            _message(session, one, one.alert, subscription)
            for one in alerts
            for subscription, user in found
            if one.alert is not None
            and not user.is_disabled
            and is_of(user, one.tenant)
            and _wants(subscription, user, one, one.alert)
        ]
        if rows:
            session.connection().execute(insert(PushMessageRow), rows)

    return enqueue


def add_test(session: Session, subscription: SubscriptionRow, now_s: float) -> None:
    """Put a test on its way."""
    body = json.dumps({"type": TEST, "language": subscription.language})
    row = _row(subscription.id, "", TEST, TEST, body, now_s)
    session.connection().execute(insert(PushMessageRow).values(**row, is_urgent=True))


def due(session: Session, now_s: float, busy: Iterable[str], most: int) -> list[DueMessage]:
    """Return what is to be sent now, one for each browser, and forget what is over meanwhile."""
    found = session.exec(
        select(PushMessageRow, SubscriptionRow)
        .join(SubscriptionRow, col(SubscriptionRow.id) == PushMessageRow.subscription)
        .where(col(PushMessageRow.next_s) <= now_s)
        .where(col(PushMessageRow.subscription).not_in(list(busy)))
        .order_by(col(PushMessageRow.next_s), col(PushMessageRow.created_s))
        .limit(8 * most)
    ).all()
    over = _over(session, [message for message, _ in found])
    if over:
        session.connection().execute(delete(PushMessageRow).where(col(PushMessageRow.id).in_(over)))
    firsts: dict[str, DueMessage] = {}
    for message, to in found:
        if message.id not in over:
            firsts.setdefault(to.id, _due(message, to))
    return list(firsts.values())[:most]


def delivered(session: Session, one: DueMessage, now_s: float) -> None:
    """Forget a message that was taken."""
    _drop(session, one.id)
    session.connection().execute(
        update(SubscriptionRow)
        .where(col(SubscriptionRow.id) == one.subscription)
        .values(delivered_s=now_s, failing_since_s=None)
    )


def failed(session: Session, one: DueMessage, now_s: float, retry_s: float | None) -> None:
    """Keep a message for later; retry_s None: it is too old now."""
    if retry_s is None:
        _drop(session, one.id)
    else:
        session.connection().execute(
            update(PushMessageRow)
            .where(col(PushMessageRow.id) == one.id)
            .values(next_s=retry_s, attempts=one.attempts + 1)
        )
    session.connection().execute(
        update(SubscriptionRow)
        .where(col(SubscriptionRow.id) == one.subscription)
        .values(failing_since_s=func.coalesce(col(SubscriptionRow.failing_since_s), now_s))
    )


def forget_leavers(session: Session) -> None:
    """Forget the browsers of users that are gone: a later one of that name is somebody else."""
    users = select(UserRow.username)
    gone = select(SubscriptionRow.id).where(col(SubscriptionRow.username).not_in(users))
    for subscription in session.exec(gone).all():
        forget(session, subscription)


def forget(session: Session, subscription: str) -> None:
    """Forget a browser and what waits for it."""
    session.connection().execute(
        delete(PushMessageRow).where(col(PushMessageRow.subscription) == subscription)
    )
    session.connection().execute(
        delete(SubscriptionRow).where(col(SubscriptionRow.id) == subscription)
    )


def _drop(session: Session, message: str) -> None:
    session.connection().execute(delete(PushMessageRow).where(col(PushMessageRow.id) == message))


def _wants(to: SubscriptionRow, user: UserRow, told: Told, alert: AlertTold) -> bool:
    if told.kind is Kind.ALERT_RESOLVED and not to.tells_resolved:
        return False
    return (
        _may_see(user, told.site)
        and (to.sites == "*" or told.site in to.sites.split(","))
        and (to.rules == "*" or alert.key.rule.value in to.rules.split(","))
        and alert.severity.is_at_least(Severity(to.severity))
    )


def _may_see(user: UserRow, site: str) -> bool:
    if site == "":  # the front door's own alerts
        return user.sites == "*" and Role(user.role).includes(Role.SERVICE)
    return user.sites == "*" or site in user.sites.split(",")


def _message(
    session: Session, told: Told, alert: AlertTold, to: SubscriptionRow
) -> dict[str, object]:
    group = f"{told.site}|{alert.key.rule}"
    body = {
        "type": told.kind.value,
        "language": to.language,
        "group": group,
        "alert": alert.id,
        "rule": alert.key.rule.value,
        "severity": alert.severity.value,
        "params": {name: value[:200] for name, value in alert.params.items()},
        "site": told.site,
        "site_name": told.site_name[:100],
        "open": _open_of(session, told, alert),
        "at": int(told.at_s * 1000),
    }
    is_fired = told.kind is Kind.ALERT_FIRED
    row = _row(
        to.id, alert.id if is_fired else "", told.kind.value, group, json.dumps(body), told.at_s
    )
    is_urgent = alert.severity is Severity.ALARM
    return row | {"is_urgent": is_urgent, "next_s": _not_before_s(to, is_urgent, told.at_s)}


def _open_of(session: Session, told: Told, alert: AlertTold) -> int:
    """Return how many alerts of the same rule fire at the site: one message tells of all."""
    counted = session.exec(
        select(func.count()).where(
            col(AlertRow.site) == told.site,
            col(AlertRow.tenant) == told.tenant,
            col(AlertRow.rule) == alert.key.rule.value,
            col(AlertRow.state) == State.FIRING.value,
        )
    )
    return int(counted.one())


def _not_before_s(to: SubscriptionRow, is_urgent: bool, at_s: float) -> float:  # noqa: FBT001
    if not to.quiet_from or (is_urgent and not to.quiet_for_alarms):
        return at_s
    start, end = time.fromisoformat(to.quiet_from), time.fromisoformat(to.quiet_to)
    over = ends_at(start, end, ZoneInfo(to.timezone), datetime.fromtimestamp(at_s, UTC))
    return at_s if over is None else over.timestamp()


def _row(  # noqa: PLR0913, PLR0917 - the columns
    subscription: str, alert: str, kind: str, group: str, body: str, at_s: float
) -> dict[str, object]:
    return {
        "id": secrets.token_hex(12),
        "subscription": subscription,
        "alert": alert,
        "kind": kind,
        # RFC 8030 5.4: at most 32 characters of base64url
        "topic": hashlib.blake2s(group.encode(), digest_size=12).hexdigest(),
        "body": body,
        "created_s": at_s,
        "next_s": at_s,
        "attempts": 0,
    }


def _over(session: Session, messages: Sequence[PushMessageRow]) -> set[str]:
    """Return the messages whose alert is over or somebody's already."""
    alerts = {one.alert for one in messages if one.alert}
    if not alerts:
        return set()
    still = set(
        session.exec(
            select(AlertRow.id).where(
                col(AlertRow.id).in_(alerts),
                col(AlertRow.state) == State.FIRING.value,
                col(AlertRow.acknowledged_s).is_(None),
            )
        )
    )
    return {one.id for one in messages if one.alert and one.alert not in still}


def _due(message: PushMessageRow, to: SubscriptionRow) -> DueMessage:
    return DueMessage(
        id=message.id,
        subscription=to.id,
        endpoint=to.endpoint,
        p256dh=to.p256dh,
        auth=to.auth,
        topic=message.topic,
        is_urgent=message.is_urgent,
        body=message.body,
        attempts=message.attempts,
        created_s=message.created_s,
    )
