"""Reads and writes alerts; all calls blocking, for a thread."""

import json
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Delete, delete, insert, update
from sqlmodel import Session, col, select

from web.alerts.tables import AlertRow, AlertRuleRow, SiteMarksRow
from web.alerts.told import AlertTold, Teller, Told
from web.core.alerting.machine import Change, Key, Open, State, What
from web.core.alerting.news import Happened, Kind, Marks
from web.core.alerting.rules import AS_DELIVERED, Rule, RuleSettings, Severity
from web.history import upserts
from web.history.facts import Row

KEPT_S = 400 * 86_400.0
OWN = "~"  # before a tenant: the front door's own place among the sites
RULES = frozenset(Rule)


@dataclass(frozen=True, slots=True)
class SiteNews:
    """What is new of one site. place: its id, or OWN and a tenant. marks: None = unchanged."""

    place: str
    tenant: str
    name: str
    changes: tuple[Change, ...]
    happened: tuple[Happened, ...] = ()
    marks: Marks | None = None

    @property
    def site(self) -> str:
        """The id as people know it; empty for the front door."""
        return "" if self.place.startswith(OWN) else self.place


def open_alerts(session: Session) -> dict[str, dict[Key, Open]]:
    """Return what is open, by place."""
    found: dict[str, dict[Key, Open]] = defaultdict(dict)
    for row in session.exec(select(AlertRow).where(col(AlertRow.open_key).is_not(None))):
        if row.rule in RULES:  # else of a newer version: not ours to judge
            alert = _alert(row)
            found[row.site or OWN + row.tenant][alert.key] = alert
    return dict(found)


def known_marks(session: Session) -> dict[str, Marks]:
    """Return what was told last, by site."""
    rows = session.exec(select(SiteMarksRow))
    return {row.site: Marks(**json.loads(row.marks)) for row in rows}


def rules_in_force(session: Session) -> dict[str, Mapping[Rule, RuleSettings]]:
    """Return the rules of tenants that changed any."""
    changed: dict[str, dict[Rule, RuleSettings]] = defaultdict(dict)
    for row in session.exec(select(AlertRuleRow)):
        if row.rule in RULES:
            settings = RuleSettings(row.enabled, Severity(row.severity), row.after_s)
            changed[row.tenant][Rule(row.rule)] = settings
    return {tenant: {**AS_DELIVERED, **rules} for tenant, rules in changed.items()}


def write(
    session: Session, news: Sequence[SiteNews], tellers: Sequence[Teller], now_s: float
) -> None:
    """Write what happened and hand its events to the tellers, all in this transaction.

    An alert that another replica wrote already is not told again.
    """
    told: list[Told] = []
    marks: list[Row] = []
    for one in news:
        told += _changed(session, one, now_s)
        told += [
            Told(each.kind, now_s, one.tenant, one.site, one.name, each.facts)
            for each in one.happened
        ]
        if one.marks is not None:
            marks.append({"site": one.place, "marks": _marks(one.marks)})
    upserts.put(session.connection(), SiteMarksRow, marks)
    session.flush()
    if told:
        for teller in tellers:
            teller(session, told)


def forget_old(session: Session, now_s: float) -> None:
    """Delete alerts that were over KEPT_S ago."""
    session.connection().execute(delete(AlertRow).where(col(AlertRow.resolved_s) < now_s - KEPT_S))


def _changed(session: Session, news: SiteNews, now_s: float) -> list[Told]:
    told = []
    at_once = {change.alert.key for change in news.changes if change.what is What.FIRED}
    for change in news.changes:
        match change.what:
            case What.BEGAN if change.alert.key not in at_once:
                _insert(session, news, change.alert)
            case What.DROPPED:
                _of(session, delete(AlertRow), news, change.alert)
            case What.FIRED:
                told += _fired(session, news, change.alert, now_s)
            case What.RESOLVED:
                told += _resolved(session, news, change.alert, now_s)
            case _:
                pass  # it began and fired at once: one row
    return told


def _insert(session: Session, news: SiteNews, alert: Open) -> str:
    row_id = secrets.token_hex(8)
    session.connection().execute(
        insert(AlertRow).values(
            id=row_id,
            open_key=_open_key(news.place, alert.key),
            tenant=news.tenant,
            site=news.site,
            rule=alert.key.rule.value,
            element=alert.key.element,
            severity=alert.severity.value,
            state=alert.state.value,
            params=json.dumps(dict(alert.params)),
            started_s=alert.started_s,
            fired_s=alert.fired_s,
            acknowledged_by="",
        )
    )
    return row_id


def _fired(session: Session, news: SiteNews, alert: Open, now_s: float) -> list[Told]:
    began = {change.alert.key for change in news.changes if change.what is What.BEGAN}
    if alert.key in began:
        return [_told(Kind.ALERT_FIRED, _insert(session, news, alert), news, alert, now_s)]
    ids = session.connection().execute(
        update(AlertRow)
        .where(col(AlertRow.open_key) == _open_key(news.place, alert.key))
        .where(col(AlertRow.state) == State.PENDING.value)
        .values(
            state=State.FIRING.value,
            fired_s=now_s,
            severity=alert.severity.value,
            params=json.dumps(dict(alert.params)),
        )
        .returning(col(AlertRow.id))
    )
    return [_told(Kind.ALERT_FIRED, row_id, news, alert, now_s) for row_id in ids.scalars()]


def _resolved(session: Session, news: SiteNews, alert: Open, now_s: float) -> list[Told]:
    ids = session.connection().execute(
        update(AlertRow)
        .where(col(AlertRow.open_key) == _open_key(news.place, alert.key))
        .values(state=State.RESOLVED.value, resolved_s=now_s, open_key=None)
        .returning(col(AlertRow.id))
    )
    return [_told(Kind.ALERT_RESOLVED, row_id, news, alert, now_s) for row_id in ids.scalars()]


def _of(session: Session, statement: Delete, news: SiteNews, alert: Open) -> None:
    key = _open_key(news.place, alert.key)
    session.connection().execute(statement.where(col(AlertRow.open_key) == key))


def _told(kind: Kind, row_id: str, news: SiteNews, alert: Open, now_s: float) -> Told:
    shown = AlertTold(
        row_id, alert.key, alert.severity, alert.params, alert.started_s, alert.fired_s
    )
    return Told(kind, now_s, news.tenant, news.site, news.name, {}, shown)


def _open_key(place: str, key: Key) -> str:
    return f"{place}|{key.rule}|{key.element}"


def _alert(row: AlertRow) -> Open:
    return Open(
        key=Key(Rule(row.rule), row.element),
        state=State(row.state),
        started_s=row.started_s,
        severity=Severity(row.severity),
        params=json.loads(row.params),
        fired_s=row.fired_s,
    )


def _marks(marks: Marks) -> str:
    told = {"sessions": dict(marks.sessions), "limits": dict(marks.limits), "plan": marks.plan}
    return json.dumps(told)
