"""Webhooks: programs elsewhere that are told of events, signed and at least once."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Path, Request, Response

from web.accounts import Account
from web.api.acting import recorded
from web.api.documented import ACCEPTED, CREATED, LOGGED_IN, problems
from web.api.door import PartsDep, ServiceUser
from web.api.once import OnceRoute
from web.api.revisions import IfMatch, tag
from web.api.spans import Cursor, Limit
from web.core.addresses import AddressError, check_url
from web.core.alerting.news import Kind
from web.models.common import Page
from web.models.webhooks import Delivery, DeliveryQueued, NewWebhook, Webhook, WebhookWanted
from web.parts import Parts
from web.problems import ProblemError, unknown_site
from web.webhooks.book import HookWanted, sites_of
from web.webhooks.tables import DeliveryRow, WebhookRow

router = APIRouter(prefix="/webhooks", tags=["Webhooks"], route_class=OnceRoute)

HookId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", examples=["5f2c08c1d9a3b7e4"])]
DeliveryId = Annotated[str, Path(pattern=r"^msg_[0-9a-f]{1,64}$", examples=["msg_5f2c08c1d9a3"])]
_LIST = LOGGED_IN | problems(HTTPStatus.SERVICE_UNAVAILABLE)
_ONE = _LIST | problems(HTTPStatus.NOT_FOUND)
_MAKE = _ONE | problems(HTTPStatus.CONFLICT) | CREATED
_PUT = _ONE | problems(HTTPStatus.PRECONDITION_FAILED)


@router.get("", responses=_LIST)
async def list_webhooks(account: ServiceUser, parts: PartsDep) -> Page[Webhook]:
    """List the webhooks of your sites."""
    rows = await parts.telling.webhooks.all(account.sight)
    return Page(items=[_shown(row) for row in rows])


@router.post("", status_code=HTTPStatus.CREATED, responses=_MAKE)
async def create_webhook(
    wanted: WebhookWanted,
    account: ServiceUser,
    parts: PartsDep,
    request: Request,
    response: Response,
) -> NewWebhook:
    """Have an address told of events; the secret is in this answer and never again."""
    asked = _asked(wanted, account, parts)
    async with recorded(parts.audit, account, "webhooks.create", asked.url):
        row = await parts.telling.webhooks.add(account.tenant, account.username, asked)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    tag(response, row.revision)
    return _with_secret(row)


@router.get("/{webhook_id}", responses=_ONE)
async def get_webhook(
    webhook_id: HookId, account: ServiceUser, parts: PartsDep, response: Response
) -> Webhook:
    """Show one webhook, without its secret."""
    row = await _found(webhook_id, account, parts)
    tag(response, row.revision)
    return _shown(row)


@router.put("/{webhook_id}", responses=_PUT)
async def put_webhook(  # noqa: PLR0913, PLR0917 - what a change is
    webhook_id: HookId,
    wanted: WebhookWanted,
    account: ServiceUser,
    parts: PartsDep,
    revision: IfMatch,
    response: Response,
) -> Webhook:
    """Change a webhook; `enabled` true ends an automatic switching-off too."""
    await _found(webhook_id, account, parts)
    asked = _asked(wanted, account, parts)
    async with recorded(parts.audit, account, "webhooks.put", asked.url):
        row = await parts.telling.webhooks.put(webhook_id, asked, revision, account.username)
    if row is None:
        raise _unknown(webhook_id)
    tag(response, row.revision)
    return _shown(row)


@router.delete("/{webhook_id}", status_code=HTTPStatus.NO_CONTENT, responses=_ONE)
async def delete_webhook(webhook_id: HookId, account: ServiceUser, parts: PartsDep) -> None:
    """Forget a webhook, and what waits for it."""
    row = await _found(webhook_id, account, parts)
    async with recorded(parts.audit, account, "webhooks.delete", row.url):
        await parts.telling.webhooks.remove(webhook_id)


@router.post("/{webhook_id}/secret", responses=_ONE)
async def turn_webhook_secret(
    webhook_id: HookId, account: ServiceUser, parts: PartsDep
) -> NewWebhook:
    """Give it a new secret; for a day both sign, so that nothing is lost at the receiver."""
    row = await _found(webhook_id, account, parts)
    async with recorded(parts.audit, account, "webhooks.turn-secret", row.url):
        turned = await parts.telling.webhooks.turn_secret(webhook_id)
    if turned is None:
        raise _unknown(webhook_id)
    return _with_secret(turned)


@router.post("/{webhook_id}/test", status_code=HTTPStatus.ACCEPTED, responses=_ONE | ACCEPTED)
async def check_webhook(
    webhook_id: HookId,
    account: ServiceUser,
    parts: PartsDep,
    request: Request,
    response: Response,
) -> DeliveryQueued:
    """Send it a `webhook.test` now; see its deliveries for the answer."""
    row = await _found(webhook_id, account, parts)
    async with recorded(parts.audit, account, "webhooks.test", row.url):
        queued = await parts.telling.webhooks.test(row)
    response.headers["Location"] = request.url.path.removesuffix("/test") + "/deliveries"
    return DeliveryQueued(id=queued)


@router.get("/{webhook_id}/deliveries", responses=_ONE)
async def list_deliveries(
    webhook_id: HookId,
    account: ServiceUser,
    parts: PartsDep,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[Delivery]:
    """List what was sent to it in the last 30 days, the latest first, with how it was answered."""
    await _found(webhook_id, account, parts)
    rows = await parts.telling.webhooks.deliveries(webhook_id, _before(cursor), limit + 1)
    page = rows[:limit]
    more = f"{page[-1].created_s!r}~{page[-1].id}" if len(rows) > limit else None
    return Page(items=[_delivery(row) for row in page], next=more)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/resend",
    status_code=HTTPStatus.ACCEPTED,
    responses=_ONE,
)
async def resend_delivery(
    webhook_id: HookId, delivery_id: DeliveryId, account: ServiceUser, parts: PartsDep
) -> DeliveryQueued:
    """Send a delivery once more, with the same `webhook-id`."""
    row = await _found(webhook_id, account, parts)
    async with recorded(parts.audit, account, "webhooks.resend", row.url):
        is_there = await parts.telling.webhooks.resend(webhook_id, delivery_id)
    if not is_there:
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-delivery",
            f"There is no delivery {delivery_id!r} of this webhook.",
            params={"delivery": delivery_id},
        )
    return DeliveryQueued(id=delivery_id)


def _asked(wanted: WebhookWanted, account: Account, parts: Parts) -> HookWanted:
    """Return what is asked where this account may ask for it. Raises ProblemError."""
    try:
        check_url(wanted.url, parts.telling.call_rules.plain_hosts)
    except AddressError as wrong:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, wrong.code, str(wrong), field="/url"
        ) from wrong
    for site in wanted.sites or ():
        if not parts.live.shows(account.sight, site):
            raise unknown_site(site)
    sites = account.sight.sites if wanted.sites is None else frozenset(wanted.sites)
    return HookWanted(
        url=wanted.url,
        description=wanted.description,
        events=tuple(event.value for event in wanted.events),
        sites=sites,
        enabled=wanted.enabled,
    )


async def _found(webhook_id: str, account: Account, parts: Parts) -> WebhookRow:
    row = await parts.telling.webhooks.find(account.sight, webhook_id)
    if row is None:
        raise _unknown(webhook_id)
    return row


def _unknown(webhook_id: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-webhook",
        f"There is no webhook {webhook_id!r} here.",
        params={"webhook": webhook_id},
    )


def _before(cursor: str) -> tuple[float, str] | None:
    at_s, _, row = cursor.partition("~")
    try:
        return (float(at_s), row) if row else None
    except ValueError:
        return None


def _shown(row: WebhookRow) -> Webhook:
    sites = sites_of(row)
    reason = cast("Literal['gave-up', 'gone'] | None", row.disabled_reason or None)
    return Webhook(
        id=row.id,
        url=row.url,
        description=row.description,
        events=[Kind(event) for event in row.events.split(",")],
        sites=None if sites is None else sorted(sites),
        enabled=row.enabled,
        disabled_reason=reason,
        username=row.username,
        created_at=datetime.fromtimestamp(row.created_s, UTC),
        failing_since=_instant(row.failing_since_s),
        old_secret_until=_instant(row.old_until_s),
        revision=row.revision,
    )


def _with_secret(row: WebhookRow) -> NewWebhook:
    return NewWebhook(**dict(_shown(row)), secret=row.secret)


def _delivery(row: DeliveryRow) -> Delivery:
    state = cast("Literal['waiting', 'delivered', 'failed']", row.state)
    return Delivery(
        id=row.id,
        event=Kind(row.event),
        site=row.site or None,
        state=state,
        created_at=datetime.fromtimestamp(row.created_s, UTC),
        attempts=row.attempts,
        status=row.status,
        error=row.error or None,
        tried_at=_instant(row.ended_s),
        duration_ms=row.duration_ms,
        next_at=_instant(row.next_s) if row.state == "waiting" else None,
    )


def _instant(at_s: float | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)
