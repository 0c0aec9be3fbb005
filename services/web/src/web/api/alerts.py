"""Alerts: what fires, what fired, who sees to it, and when each kind fires."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from web.accounts import Account
from web.alerts.book import AlertQuery, RuleInForce, params_of
from web.alerts.tables import AlertRow
from web.api.acting import recorded
from web.api.documented import LOGGED_IN, problems
from web.api.door import AnyUser, PartsDep, ServiceUser
from web.api.once import OnceRoute
from web.api.revisions import IfMatch, tag
from web.api.spans import Cursor, Limit, SpanAsked
from web.core.alerting.machine import State
from web.core.alerting.rules import STANDARDS, Rule, RuleSettings, Severity
from web.core.roles import Role
from web.models.alerts import Alert, AlertCounts, AlertRule, AlertRuleWanted
from web.models.common import Page
from web.parts import Parts
from web.problems import ProblemError

router = APIRouter(tags=["Alerts"], route_class=OnceRoute)

AlertId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", examples=["5f2c08c1d9a3b7e4"])]
SiteAsked = Annotated[str | None, Query(pattern=r"^[\w-]{1,64}$", description="Only of this site.")]
_ONE = LOGGED_IN | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_LIST = LOGGED_IN | problems(HTTPStatus.SERVICE_UNAVAILABLE)
_PUT = _LIST | problems(HTTPStatus.PRECONDITION_FAILED)


@router.get("/alerts", responses=_LIST)
async def list_alerts(  # noqa: PLR0913, PLR0917 - the filters
    account: AnyUser,
    parts: PartsDep,
    span: SpanAsked,
    state: Annotated[
        list[State] | None,
        Query(description="One or more; left out: firing and resolved.", max_length=3),
    ] = None,
    site: SiteAsked = None,
    rule: Rule | None = None,
    severity: Severity | None = None,
    acknowledged: bool | None = None,  # noqa: FBT001 - a filter
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[Alert]:
    """List alerts of your sites, the latest first; `from` and `to` are of their start."""
    query = AlertQuery(
        account.sight,
        own=_sees_own(account),
        states=state or (State.FIRING, State.RESOLVED),
        site=site,
        rule=rule,
        severity=severity,
        acknowledged=acknowledged,
        start_s=None if span.start is None else span.start.timestamp(),
        end_s=None if span.end is None else span.end.timestamp(),
    )
    rows = await parts.telling.alerts.page(query, _before(cursor), limit + 1)
    page = rows[:limit]
    more = f"{page[-1].started_s!r}~{page[-1].id}" if len(rows) > limit else None
    return Page(items=[_shown(row, parts) for row in page], next=more)


@router.get("/alerts/summary", responses=_LIST)
async def count_alerts(account: AnyUser, parts: PartsDep, site: SiteAsked = None) -> AlertCounts:
    """Count the alerts that fire at the sites you may see."""
    query = AlertQuery(account.sight, own=_sees_own(account), states=(State.FIRING,), site=site)
    counts = await parts.telling.alerts.count(query)
    return AlertCounts(
        firing=sum(counts.values()),
        unacknowledged=sum(n for (_, is_known), n in counts.items() if not is_known),
        alarms=counts.get((Severity.ALARM, False), 0),
    )


@router.get("/alerts/{alert_id}", responses=_ONE)
async def get_alert(alert_id: AlertId, account: AnyUser, parts: PartsDep) -> Alert:
    """Show one alert."""
    return _shown(await _found(alert_id, account, parts), parts)


@router.post("/alerts/{alert_id}/acknowledge", responses=_ONE)
async def acknowledge_alert(alert_id: AlertId, account: ServiceUser, parts: PartsDep) -> Alert:
    """Tell that you see to it: it rings no more and is not counted as new. Once is enough."""
    row = await _found(alert_id, account, parts)
    about = f"{row.rule} {row.element}".strip()
    async with recorded(parts.audit, account, "alerts.acknowledge", about, row.site):
        known = await parts.telling.alerts.acknowledge(alert_id, account.actor)
    return _shown(known or row, parts)


@router.get("/alert-rules", responses=_LIST)
async def list_alert_rules(account: ServiceUser, parts: PartsDep) -> Page[AlertRule]:
    """List the rules as they are in force for your sites."""
    rules = await parts.telling.alerts.rules(account.tenant)
    return Page(items=[_rule(one) for one in rules])


@router.put("/alert-rules/{rule}", responses=_PUT)
async def put_alert_rule(  # noqa: PLR0913, PLR0917 - what a change is
    rule: Rule,
    wanted: AlertRuleWanted,
    account: ServiceUser,
    parts: PartsDep,
    revision: IfMatch,
    response: Response,
) -> AlertRule:
    """Change a rule for all sites: at a site by who sees them all, in the cloud by operators."""
    check_may_for_all(account, parts)
    about = f"{rule}: {'on' if wanted.enabled else 'off'}, {wanted.severity}, {wanted.after_s:g} s"
    settings = RuleSettings(wanted.enabled, wanted.severity, wanted.after_s)
    async with recorded(parts.audit, account, "alert-rules.put", about):
        put = await parts.telling.alerts.put_rule(account.tenant, rule, settings, revision)
    tag(response, put.revision)
    return _rule(put)


def check_may_for_all(account: Account, parts: Parts) -> None:
    """Let those pass who may set something for all sites. Raises ProblemError."""
    is_enough = parts.owners.is_own_site or account.role.includes(Role.OPERATOR)
    if account.sight.sites is not None or not is_enough:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "role-not-allowed",
            "This holds for all sites: it needs somebody who sees them all"
            + ("." if parts.owners.is_own_site else ", with the role operator."),
            params={"needed": Role.OPERATOR, "role": account.role},
        )


def _sees_own(account: Account) -> bool:
    return account.sight.sites is None and account.role.includes(Role.SERVICE)


async def _found(alert_id: str, account: Account, parts: Parts) -> AlertRow:
    query = AlertQuery(account.sight, own=_sees_own(account), states=tuple(State))
    row = await parts.telling.alerts.find(query, alert_id)
    if row is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-alert",
            f"There is no alert {alert_id!r} here.",
            params={"alert": alert_id},
        )
    return row


def _before(cursor: str) -> tuple[float, str] | None:
    """Return where a page goes on; a cursor that is none of ours begins anew."""
    at_s, _, row = cursor.partition("~")
    try:
        return (float(at_s), row) if row else None
    except ValueError:
        return None


def _shown(row: AlertRow, parts: Parts) -> Alert:
    is_known = bool(row.site) and parts.live.knows(row.site)
    return Alert(
        id=row.id,
        site=row.site or None,
        site_name=parts.live.heard(row.site).name if is_known else None,
        rule=Rule(row.rule),
        element=row.element or None,
        severity=Severity(row.severity),
        state=State(row.state),
        params=params_of(row),
        started_at=datetime.fromtimestamp(row.started_s, UTC),
        fired_at=_instant(row.fired_s),
        resolved_at=_instant(row.resolved_s),
        acknowledged_at=_instant(row.acknowledged_s),
        acknowledged_by=row.acknowledged_by or None,
    )


def _rule(one: RuleInForce) -> AlertRule:
    standard = STANDARDS[one.rule]
    return AlertRule(
        rule=one.rule,
        enabled=one.settings.enabled,
        severity=one.settings.severity,
        after_s=one.settings.after_s,
        threshold=standard.threshold,
        needs_car=standard.needs_car,
        delivered_severity=standard.severity,
        delivered_after_s=standard.after_s,
        revision=one.revision,
    )


def _instant(at_s: float | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)
