"""Web Push: one's own browsers, and what rings there."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import APIRouter, Path, Request, Response

from web.accounts import Account
from web.api.documented import CREATED, LOGGED_IN, problems
from web.api.door import AnyUser, PartsDep, Person
from web.api.once import OnceRoute
from web.core.addresses import AddressError, check_url
from web.core.alerting.rules import Rule, Severity
from web.models.common import Page
from web.models.push import (
    Language,
    PushKey,
    PushSubscription,
    PushSubscriptionWanted,
    QuietHours,
)
from web.parts import Parts
from web.problems import ProblemError, unknown_site
from web.push.book import Browser
from web.push.sealing import SubscriptionKeysError, check_keys
from web.push.tables import SubscriptionRow

router = APIRouter(prefix="/push", tags=["Notifications"], route_class=OnceRoute)

SubscriptionId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", examples=["5f2c08c1d9a3b7e4"])]
_LIST = LOGGED_IN | problems(HTTPStatus.SERVICE_UNAVAILABLE)
_ONE = _LIST | problems(HTTPStatus.NOT_FOUND)
_MAKE = _ONE | problems(HTTPStatus.CONFLICT) | CREATED


@router.get("/key", responses=_LIST)
async def get_push_key(_: AnyUser, parts: PartsDep) -> PushKey:
    """Tell the public key that a browser needs to subscribe (VAPID)."""
    return PushKey(public_key=await parts.telling.push.public_key())


@router.get("/subscriptions", responses=_LIST)
async def list_push_subscriptions(account: Person, parts: PartsDep) -> Page[PushSubscription]:
    """List your own browsers at which is rung."""
    rows = await parts.telling.push.of(account.username)
    return Page(items=[_shown(row) for row in rows])


@router.post("/subscriptions", status_code=HTTPStatus.CREATED, responses=_MAKE)
async def put_push_subscription(
    wanted: PushSubscriptionWanted,
    account: Person,
    parts: PartsDep,
    request: Request,
    response: Response,
) -> PushSubscription:
    """Have a browser of yours rung at; the same endpoint again changes what rings."""
    browser = _browser(wanted, account, parts)
    row = await parts.telling.push.put(account.username, browser)
    response.headers["Location"] = f"{request.url.path}/{row.id}"
    return _shown(row)


@router.delete(
    "/subscriptions/{subscription_id}", status_code=HTTPStatus.NO_CONTENT, responses=_ONE
)
async def delete_push_subscription(
    subscription_id: SubscriptionId, account: Person, parts: PartsDep
) -> None:
    """Ring there no more."""
    row = await _found(subscription_id, account, parts)
    await parts.telling.push.remove(row.id)


@router.post(
    "/subscriptions/{subscription_id}/test", status_code=HTTPStatus.ACCEPTED, responses=_ONE
)
async def check_push_subscription(
    subscription_id: SubscriptionId, account: Person, parts: PartsDep
) -> None:
    """Ring there once, to see that it works."""
    await parts.telling.push.test(await _found(subscription_id, account, parts))


async def _found(subscription_id: str, account: Account, parts: Parts) -> SubscriptionRow:
    for row in await parts.telling.push.of(account.username):
        if row.id == subscription_id:
            return row
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-subscription",
        f"You have no push subscription {subscription_id!r}.",
        params={"subscription": subscription_id},
    )


def _browser(wanted: PushSubscriptionWanted, account: Account, parts: Parts) -> Browser:
    try:
        check_url(wanted.endpoint, parts.telling.call_rules.plain_hosts)
        check_keys(wanted.keys.p256dh, wanted.keys.auth)
    except AddressError as wrong:
        raise _wrong(wrong.code, str(wrong), "/endpoint") from wrong
    except SubscriptionKeysError as wrong:
        raise _wrong("push-keys-invalid", str(wrong), "/keys") from wrong
    for site in wanted.sites or ():
        if not parts.live.shows(account.sight, site):
            raise unknown_site(site)
    quiet = wanted.quiet
    return Browser(
        endpoint=wanted.endpoint,
        p256dh=wanted.keys.p256dh,
        auth=wanted.keys.auth,
        label=wanted.label,
        language=wanted.language,
        severity=wanted.severity.value,
        rules="*" if wanted.rules is None else ",".join(rule.value for rule in wanted.rules),
        sites="*" if wanted.sites is None else ",".join(sorted(set(wanted.sites))),
        tells_resolved=wanted.tells_resolved,
        quiet_from=quiet.start if quiet else "",
        quiet_to=quiet.to if quiet else "",
        timezone=quiet.timezone if quiet else "UTC",
        quiet_for_alarms=quiet.alarms_too if quiet else False,
    )


def _wrong(code: str, detail: str, field: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail, field=field)


def _shown(row: SubscriptionRow) -> PushSubscription:
    quiet = QuietHours(
        start=row.quiet_from,
        to=row.quiet_to,
        timezone=row.timezone,
        alarms_too=row.quiet_for_alarms,
    ) if row.quiet_from else None  # fmt: skip
    return PushSubscription(
        id=row.id,
        endpoint=row.endpoint,
        label=row.label,
        language=cast("Language", row.language),
        severity=Severity(row.severity),
        rules=None if row.rules == "*" else [Rule(one) for one in row.rules.split(",") if one],
        sites=None if row.sites == "*" else row.sites.split(","),
        tells_resolved=row.tells_resolved,
        quiet=quiet,
        created_at=datetime.fromtimestamp(row.created_s, UTC),
        delivered_at=_instant(row.delivered_s),
        failing_since=_instant(row.failing_since_s),
    )


def _instant(at_s: float | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)
