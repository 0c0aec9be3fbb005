"""Reads what was recorded of changes: the front door's own record, and what the sites told."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, or_, select

from web.core.roles import Role, Sight
from web.history.tables import SiteAuditRow
from web.store import AuditRow, SiteRow

TIES = 200  # of one instant, at most: a file that is applied records many settings at once


@dataclass(frozen=True, slots=True)
class Change:
    """One change, or one attempt of it; before and after are JSON, "" = not known."""

    at: datetime
    key: str  # tells those of one instant apart, and orders them
    source: str  # front-door or site
    actor: str
    role: str
    address: str
    site: str
    action: str
    about: str
    outcome: str
    details: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangesAsked:
    """Which changes; "" and None = all. behind: (Unix seconds, key) of the last one seen."""

    sight: Sight
    role: Role
    username: str
    site: str = ""
    actor: str = ""
    action: str = ""
    start: datetime | None = None
    end: datetime | None = None
    behind: tuple[float, str] | None = None


class Changes:
    """The record of all changes, the newest first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def newest(self, asked: ChangesAsked, limit: int) -> list[Change]:
        """Return at most `limit` changes."""
        return await asyncio.to_thread(self._newest, asked, limit)

    def _newest(self, asked: ChangesAsked, limit: int) -> list[Change]:
        with Session(self._engine) as session:
            found = [*_own(session, asked, limit + TIES), *_sites(session, asked, limit + TIES)]
        found.sort(key=_order, reverse=True)
        if asked.behind is not None:
            found = [one for one in found if _order(one) < asked.behind]
        return found[:limit]


def _order(change: Change) -> tuple[float, str]:
    return change.at.timestamp(), change.key


def _own(session: Session, asked: ChangesAsked, limit: int) -> list[Change]:
    rows = select(AuditRow).where(col(AuditRow.tenant) == asked.sight.tenant)
    if asked.sight.sites is not None:
        # Of what belongs to no site they see what they did themselves.
        own = col(AuditRow.actor) == asked.username
        rows = rows.where(or_(col(AuditRow.site).in_(asked.sight.sites), own))
    if asked.site:
        rows = rows.where(col(AuditRow.site) == asked.site)
    if asked.actor:
        rows = rows.where(col(AuditRow.actor).startswith(asked.actor, autoescape=True))
    if asked.action:
        rows = rows.where(col(AuditRow.action).startswith(asked.action, autoescape=True))
    if asked.start is not None:
        rows = rows.where(col(AuditRow.at_s) >= asked.start.timestamp())
    if asked.end is not None:
        rows = rows.where(col(AuditRow.at_s) < asked.end.timestamp())
    if asked.behind is not None:
        rows = rows.where(col(AuditRow.at_s) <= asked.behind[0])
    newest = rows.order_by(col(AuditRow.at_s).desc(), col(AuditRow.id).desc()).limit(limit)
    return [_of_own(row) for row in session.exec(newest)]


def _sites(session: Session, asked: ChangesAsked, limit: int) -> list[Change]:
    of_tenant = select(SiteRow.site).where(col(SiteRow.tenant) == asked.sight.tenant)
    rows = select(SiteAuditRow).where(col(SiteAuditRow.site).in_(of_tenant))
    if asked.sight.sites is not None:
        rows = rows.where(col(SiteAuditRow.site).in_(asked.sight.sites))
    if asked.site:
        rows = rows.where(col(SiteAuditRow.site) == asked.site)
    if asked.actor:
        rows = rows.where(col(SiteAuditRow.actor).startswith(asked.actor, autoescape=True))
    if asked.action:
        rows = rows.where(col(SiteAuditRow.setting).startswith(asked.action, autoescape=True))
    if asked.start is not None:
        rows = rows.where(col(SiteAuditRow.at_ms) >= asked.start.timestamp() * 1000)
    if asked.end is not None:
        rows = rows.where(col(SiteAuditRow.at_ms) < asked.end.timestamp() * 1000)
    if asked.behind is not None:
        rows = rows.where(col(SiteAuditRow.at_ms) <= asked.behind[0] * 1000)
    return [
        _of_site(row)
        for row in session.exec(rows.order_by(col(SiteAuditRow.at_ms).desc()).limit(limit))
    ]


def _of_own(row: AuditRow) -> Change:
    return Change(
        at=datetime.fromtimestamp(row.at_s, UTC),
        key=f"d{row.id:016d}",
        source="front-door",
        actor=row.actor,
        role=row.role,
        address=row.address,
        site=row.site,
        action=row.action,
        about=row.about,
        outcome=row.outcome,
        details=row.details,
        before=row.before,
        after=row.after,
    )


def _of_site(row: SiteAuditRow) -> Change:
    return Change(
        at=datetime.fromtimestamp(row.at_ms / 1000, UTC),
        key=f"s{row.site}/{row.epoch}/{row.sequence:016d}",
        source="site",
        actor=row.actor,
        role=row.role,
        address="",
        site=row.site,
        action=row.setting,
        about="",
        outcome="done",
        details="",
        before=row.before,
        after=row.after,
    )
