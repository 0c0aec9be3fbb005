"""Webhooks and their deliveries in the database; all calls blocking, for a thread."""

import json
import secrets as chance
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeGuard

from sqlalchemy import delete, func, insert, update
from sqlmodel import Session, col, select

from web.alerts.told import Told
from web.core.alerting.machine import Condition, Key
from web.core.alerting.rules import Rule
from web.core.roles import Role
from web.core.signing import SECRET_BYTES, as_secret
from web.store import UserRow
from web.users import read_sites
from web.webhooks.tables import DeliveryRow, WebhookRow

TEST = "webhook.test"
MOST_A_TENANT = 50
MOST_WAITING = 10_000  # of one webhook; what comes above is lost, and listed so
KEPT_S = 30 * 86_400.0
BOTH_SECRETS_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be tried now."""

    id: str
    webhook: str
    tenant: str
    url: str
    secrets: tuple[str, ...]
    body: str
    attempts: int
    created_s: float
    failing_since_s: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. retry_s: when to try again; None = not any more."""

    is_delivered: bool
    at_s: float
    duration_ms: float
    status: int | None = None
    error: str = ""
    retry_s: float | None = None
    disable: str = ""  # why the webhook is switched off; empty: it is not


def new_secret() -> str:
    """Return a secret for a webhook."""
    return as_secret(chance.token_bytes(SECRET_BYTES))


def enqueue(session: Session, told: Sequence[Told]) -> None:
    """Put events on their way to every webhook that wants them: a Teller."""
    tenants = {one.tenant for one in told}
    hooks = session.exec(
        select(WebhookRow).where(col(WebhookRow.enabled), col(WebhookRow.tenant).in_(tenants))
    ).all()
    if not hooks:
        return
    waiting = _waiting(session, [hook.id for hook in hooks])
    owners = _owners(session, hooks)
    rows = []
    for one in told:
        for hook in hooks:
            if hook.tenant != one.tenant or not _wants(hook, one):
                continue
            if not _may_know(owners.get(hook.username), one):
                continue
            is_full = waiting.get(hook.id, 0) >= MOST_WAITING
            waiting[hook.id] = waiting.get(hook.id, 0) + 1
            rows.append(_delivery(hook.id, one, is_full=is_full))
    if rows:
        session.connection().execute(insert(DeliveryRow), rows)


def add_test(session: Session, hook: WebhookRow, at_s: float) -> str:
    """Put a test on its way. Returns the delivery's id."""
    body = _body(TEST, at_s, {"webhook": hook.id})
    row = _row(hook.id, TEST, "", body, at_s)
    session.connection().execute(insert(DeliveryRow).values(**row))
    return str(row["id"])


def due(session: Session, now_s: float, busy: Iterable[str], most: int) -> list[Due]:
    """Return what is to be tried now: the oldest of each webhook that neither rests nor is busy.

    What waits for somebody who meanwhile left, was disabled or may know less is told no more: it
    ends as failed, `not-allowed`.
    """
    is_due = (col(DeliveryRow.state) == "waiting", col(DeliveryRow.next_s) <= now_s)
    oldest = (
        select(func.min(col(DeliveryRow.id)))
        .join(WebhookRow, col(WebhookRow.id) == DeliveryRow.webhook)
        .where(*is_due, col(DeliveryRow.webhook).not_in(list(busy)))
        .where(col(WebhookRow.rests_until_s) <= now_s, col(WebhookRow.enabled))
        .group_by(col(DeliveryRow.webhook))
    )
    found = session.exec(
        select(DeliveryRow, WebhookRow)
        .join(WebhookRow, col(WebhookRow.id) == DeliveryRow.webhook)
        .where(col(DeliveryRow.id).in_(oldest))
        .order_by(col(DeliveryRow.next_s))
        .limit(most)
    ).all()
    owners = _owners(session, [hook for _, hook in found])
    chosen = []
    for delivery, hook in found:
        if _may_have(owners.get(hook.username), hook, delivery):
            chosen.append(_due(delivery, hook, now_s))
        else:
            delivery.state, delivery.error, delivery.ended_s = "failed", "not-allowed", now_s
            session.add(delivery)
    return chosen


def finish(session: Session, one: Due, outcome: Outcome) -> None:
    """Keep how an attempt ended, and what it means for the webhook."""
    is_over = outcome.is_delivered or outcome.retry_s is None
    session.connection().execute(
        update(DeliveryRow)
        .where(col(DeliveryRow.id) == one.id)
        .values(
            state="delivered" if outcome.is_delivered else "failed" if is_over else "waiting",
            next_s=outcome.retry_s or outcome.at_s,
            attempts=one.attempts + 1,
            status=outcome.status,
            error=outcome.error,
            ended_s=outcome.at_s,
            duration_ms=outcome.duration_ms,
        )
    )
    session.connection().execute(
        update(WebhookRow).where(col(WebhookRow.id) == one.webhook).values(**_health(one, outcome))
    )
    if outcome.disable:
        session.connection().execute(
            update(DeliveryRow)
            .where(col(DeliveryRow.webhook) == one.webhook, col(DeliveryRow.state) == "waiting")
            .values(state="failed", error="disabled")
        )


def given_up(session: Session) -> dict[str, dict[Key, Condition]]:
    """Return, by tenant, the webhooks that were switched off since nobody took their events."""
    found: dict[str, dict[Key, Condition]] = {}
    rows = session.exec(select(WebhookRow).where(col(WebhookRow.disabled_reason) != ""))
    for row in rows:
        told = {"name": row.description or row.url, "reason": row.disabled_reason}
        found.setdefault(row.tenant, {})[Key(Rule.WEBHOOK_DISABLED, row.id)] = Condition(told)
    return found


def forget_old(session: Session, now_s: float) -> None:
    """Delete deliveries that ended KEPT_S ago."""
    session.connection().execute(
        delete(DeliveryRow).where(
            col(DeliveryRow.state) != "waiting", col(DeliveryRow.created_s) < now_s - KEPT_S
        )
    )


def payload(told: Told) -> dict[str, object]:
    """Return the data of an event, as webhooks get it."""
    found: dict[str, object] = {"site": told.site or None, "site_name": told.site_name or None}
    if told.alert is None:
        return found | dict(told.facts)
    alert = told.alert
    return found | {
        "alert": alert.id,
        "rule": alert.key.rule.value,
        "element": alert.key.element or None,
        "severity": alert.severity.value,
        "params": dict(alert.params),
        "started_at": _instant(alert.started_s),
        "fired_at": _instant(alert.fired_s) if alert.fired_s is not None else None,
    }


def _health(one: Due, outcome: Outcome) -> dict[str, object]:
    """Return how the webhook stands after an attempt."""
    if outcome.is_delivered:
        return {"failing_since_s": None, "rests_until_s": 0.0}
    since_s = one.failing_since_s if one.failing_since_s is not None else outcome.at_s
    # One that does not answer is tried with one event at a time, not with all that wait.
    found: dict[str, object] = {
        "failing_since_s": since_s,
        "rests_until_s": outcome.at_s + min(60.0, 5.0 * (one.attempts + 1)),
    }
    if outcome.disable:
        found |= {"enabled": False, "disabled_reason": outcome.disable}
    return found


def _wants(hook: WebhookRow, told: Told) -> bool:
    is_seen = hook.sites == "*" or told.site in hook.sites.split(",")
    return is_seen and told.kind.value in hook.events.split(",")


def _owners(session: Session, hooks: Sequence[WebhookRow]) -> dict[str, UserRow]:
    names = {hook.username for hook in hooks}
    users = session.exec(select(UserRow).where(col(UserRow.username).in_(names)))
    return {user.username: user for user in users}


def _may_know(owner: UserRow | None, told: Told) -> bool:
    """Whether who answers for a webhook may know this today; who left may know nothing."""
    return _is_trusted(owner, told.tenant) and _sees(owner, told.site)


def _may_have(owner: UserRow | None, hook: WebhookRow, delivery: DeliveryRow) -> bool:
    """Whether what waits may still go to its webhook; a test tells nothing of any site."""
    if not _is_trusted(owner, hook.tenant):
        return False
    return delivery.event == TEST or _sees(owner, delivery.site)


def _is_trusted(owner: UserRow | None, tenant: str) -> TypeGuard[UserRow]:
    """Whether somebody is still here, of this tenant, and may answer for webhooks."""
    if owner is None or owner.is_disabled or owner.tenant != tenant:
        return False
    return Role(owner.role).includes(Role.SERVICE)


def _sees(owner: UserRow, site: str) -> bool:
    sites = read_sites(owner.sites)
    return sites is None or site in sites


def _waiting(session: Session, hooks: list[str]) -> dict[str, int]:
    counted = session.exec(
        select(DeliveryRow.webhook, func.count())
        .where(col(DeliveryRow.state) == "waiting", col(DeliveryRow.webhook).in_(hooks))
        .group_by(DeliveryRow.webhook)
    )
    return dict(counted.all())


def _delivery(hook: str, told: Told, *, is_full: bool) -> dict[str, object]:
    body = _body(told.kind.value, told.at_s, payload(told))
    row = _row(hook, told.kind.value, told.site, body, told.at_s)
    return row | {"state": "failed", "error": "queue-full"} if is_full else row


def _row(hook: str, event: str, site: str, body: str, at_s: float) -> dict[str, object]:
    return {
        "id": f"msg_{int(at_s * 1000):012x}{chance.token_hex(8)}",  # in order of time
        "webhook": hook,
        "event": event,
        "site": site,
        "body": body,
        "created_s": at_s,
        "state": "waiting",
        "next_s": at_s,
        "attempts": 0,
        "error": "",
    }


def _body(kind: str, at_s: float, facts: dict[str, object]) -> str:
    told = {"type": kind, "timestamp": _instant(at_s), "data": facts}
    return json.dumps(told, separators=(",", ":"))


def _due(delivery: DeliveryRow, hook: WebhookRow, now_s: float) -> Due:
    has_old = bool(hook.old_secret) and (hook.old_until_s or 0.0) > now_s
    return Due(
        id=delivery.id,
        webhook=hook.id,
        tenant=hook.tenant,
        url=hook.url,
        secrets=(hook.secret, hook.old_secret) if has_old else (hook.secret,),
        body=delivery.body,
        attempts=delivery.attempts,
        created_s=delivery.created_s,
        failing_since_s=hook.failing_since_s,
    )


def _instant(at_s: float) -> str:
    at = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")
