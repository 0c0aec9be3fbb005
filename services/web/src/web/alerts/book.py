"""What the API asks of alerts: list, count, acknowledge, rules. Any replica may answer."""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Engine, and_, func, or_
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import is_met
from web.alerts.tables import AlertRow, AlertRuleRow
from web.core.alerting.machine import State
from web.core.alerting.rules import AS_DELIVERED, Rule, RuleSettings, Severity
from web.core.roles import Sight

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts are asked for; None and empty: all. Times are Unix seconds of the beginning.

    own: those of the front door itself too, which belong to no site.
    """

    sight: Sight
    own: bool = False
    states: Collection[State] = (State.FIRING, State.RESOLVED)
    site: str | None = None
    rule: Rule | None = None
    severity: Severity | None = None
    acknowledged: bool | None = None
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule as a tenant has it. revision 0: as delivered."""

    rule: Rule
    settings: RuleSettings
    revision: int


class AlertBook:
    """Reads and changes alerts in the database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def page(
        self, query: AlertQuery, before: tuple[float, str] | None, most: int
    ) -> list[AlertRow]:
        """Return alerts, the latest first. before: beginning and id of the last one had."""

        def read(session: Session) -> list[AlertRow]:
            chosen = select(AlertRow).where(*_conditions(query))
            if before is not None:
                at_s, row = before
                chosen = chosen.where(
                    or_(
                        col(AlertRow.started_s) < at_s,
                        and_(col(AlertRow.started_s) == at_s, col(AlertRow.id) < row),
                    )
                )
            latest = chosen.order_by(col(AlertRow.started_s).desc(), col(AlertRow.id).desc())
            return list(session.exec(latest.limit(most)))

        return await self._read(read)

    async def count(self, query: AlertQuery) -> dict[tuple[Severity, bool], int]:
        """Return how many alerts there are, by severity and whether they are acknowledged."""

        def read(session: Session) -> dict[tuple[Severity, bool], int]:
            is_known = col(AlertRow.acknowledged_s).is_not(None)
            rows = session.exec(
                select(AlertRow.severity, is_known, func.count())
                .where(*_conditions(query))
                .group_by(AlertRow.severity, is_known)
            )
            return {(Severity(grave), bool(known)): count for grave, known, count in rows}

        return await self._read(read)

    async def find(self, query: AlertQuery, row: str) -> AlertRow | None:
        """Return one alert that the query covers."""

        def read(session: Session) -> AlertRow | None:
            return session.exec(
                select(AlertRow).where(col(AlertRow.id) == row, *_conditions(query))
            ).first()

        return await self._read(read)

    async def acknowledge(self, row: str, actor: str) -> AlertRow | None:
        """Note that somebody sees to an alert; the first one counts. Raises RefusedError."""
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> AlertRow | None:
            alert = session.get(AlertRow, row)
            if alert is not None and alert.acknowledged_s is None:
                alert.acknowledged_s, alert.acknowledged_by = now_s, actor
                session.add(alert)
            return alert

        return await asyncio.to_thread(written, self._engine, write)

    async def rules(self, tenant: str) -> list[RuleInForce]:
        """Return every rule as a tenant has it."""

        def read(session: Session) -> list[RuleInForce]:
            rows = session.exec(select(AlertRuleRow).where(col(AlertRuleRow.tenant) == tenant))
            changed = {row.rule: row for row in rows}
            return [_in_force(rule, changed.get(rule.value)) for rule in Rule]

        return await self._read(read)

    async def put_rule(
        self, tenant: str, rule: Rule, settings: RuleSettings, revision: int
    ) -> RuleInForce:
        """Change a rule. revision: see `volthus_wire.revisions`. Raises RefusedError."""

        def write(session: Session) -> RuleInForce:
            row = session.get(AlertRuleRow, (tenant, rule.value))
            current = 0 if row is None else row.revision
            if not is_met(revision, current):
                raise RefusedError(
                    "revision-conflict",
                    f"The rule was changed meanwhile: revision {current}, not {revision}.",
                    field="/revision",
                    revision=current,
                )
            kept = AlertRuleRow(
                tenant=tenant,
                rule=rule.value,
                enabled=settings.enabled,
                severity=settings.severity.value,
                after_s=settings.after_s,
                revision=current + 1,
            )
            session.merge(kept)
            return RuleInForce(rule, settings, current + 1)

        return await asyncio.to_thread(written, self._engine, write)

    async def _read(self, read: Callable[[Session], T]) -> T:
        def in_session() -> T:
            with Session(self._engine, expire_on_commit=False) as session:
                return read(session)

        return await asyncio.to_thread(in_session)


def params_of(row: AlertRow) -> dict[str, str]:
    """Return the values of an alert's sentence."""
    found: dict[str, str] = json.loads(row.params)
    return found


def _in_force(rule: Rule, row: AlertRuleRow | None) -> RuleInForce:
    if row is None:
        return RuleInForce(rule, AS_DELIVERED[rule], 0)
    settings = RuleSettings(row.enabled, Severity(row.severity), row.after_s)
    return RuleInForce(rule, settings, row.revision)


def _conditions(query: AlertQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        col(AlertRow.tenant) == query.sight.tenant,
        col(AlertRow.state).in_([state.value for state in query.states]),
    ]
    if query.sight.sites is not None:
        found.append(col(AlertRow.site).in_(sorted(query.sight.sites)))
    elif not query.own:
        found.append(col(AlertRow.site) != "")
    if query.site is not None:
        found.append(col(AlertRow.site) == query.site)
    if query.rule is not None:
        found.append(col(AlertRow.rule) == query.rule.value)
    if query.severity is not None:
        found.append(col(AlertRow.severity) == query.severity.value)
    if query.acknowledged is not None:
        is_known = col(AlertRow.acknowledged_s).is_not(None)
        found.append(is_known if query.acknowledged else ~is_known)
    if query.start_s is not None:
        found.append(col(AlertRow.started_s) >= query.start_s)
    if query.end_s is not None:
        found.append(col(AlertRow.started_s) < query.end_s)
    return found
