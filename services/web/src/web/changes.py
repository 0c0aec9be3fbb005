"""Reads what was recorded of changes: the front door's own record, and what the sites told."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, and_, false
from sqlmodel import Session, col, or_, select

from web.core.roles import Role, Sight
from web.history.tables import SiteAuditRow
from web.store import AuditRow, SiteRow

DOOR, SITE = "d", "s"  # how keys begin; at one instant the sites' come first, newest first


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
            found = [*_own(session, asked, limit), *_sites(session, asked, limit)]
        found.sort(key=_order, reverse=True)
        return found[:limit]


def _order(change: Change) -> tuple[object, ...]:
    """Return the place of a change in the list: the same that the database sorts by."""
    at_s = change.at.timestamp()
    if change.key.startswith(DOOR):
        return at_s, DOOR, int(change.key[1:])
    return at_s, SITE, *_of_key(change.key)


def _of_key(key: str) -> tuple[str, int, int]:
    """Return site, epoch and sequence of a site's change. Raises ValueError for another key."""
    site, epoch, sequence = key[1:].rsplit("/", 2)
    return site, int(epoch), int(sequence)


def is_key(key: str) -> bool:
    """Whether a key is one that was given out."""
    try:
        _ = int(key[1:]) if key.startswith(DOOR) else _of_key(key)
    except ValueError:
        return False
    return key.startswith((DOOR, SITE))


def _own_behind(behind: tuple[float, str]) -> ColumnElement[bool]:
    at_s, key = behind
    if key.startswith(SITE):  # at that instant ours come behind all of the sites
        return col(AuditRow.at_s) <= at_s
    ties = and_(col(AuditRow.at_s) == at_s, col(AuditRow.id) < int(key[1:]))
    return or_(col(AuditRow.at_s) < at_s, ties)


def _sites_behind(behind: tuple[float, str], session: Session) -> ColumnElement[bool]:
    at_s, key = behind
    at_ms, rest_us = divmod(round(at_s * 1_000_000), 1000)
    if rest_us:  # an instant of ours between two of theirs
        return col(SiteAuditRow.at_ms) <= at_ms
    ties: ColumnElement[bool] = false()
    if key.startswith(SITE):
        site, epoch, sequence = _of_key(key)
        named = _by_name(session)
        later = and_(col(SiteAuditRow.epoch) == epoch, col(SiteAuditRow.sequence) < sequence)
        of_site = or_(col(SiteAuditRow.epoch) < epoch, later)
        ties = or_(named < site, and_(named == site, of_site))
    return or_(col(SiteAuditRow.at_ms) < at_ms, and_(col(SiteAuditRow.at_ms) == at_ms, ties))


def _by_name(session: Session) -> ColumnElement[str]:
    """Return the column of sites in the order that Python knows, not one of some language."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    return col(SiteAuditRow.site).collate("C" if is_postgres else "BINARY")


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
        rows = rows.where(_own_behind(asked.behind))
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
        rows = rows.where(_sites_behind(asked.behind, session))
    newest = rows.order_by(
        col(SiteAuditRow.at_ms).desc(),
        _by_name(session).desc(),
        col(SiteAuditRow.epoch).desc(),
        col(SiteAuditRow.sequence).desc(),
    )
    return [_of_site(row) for row in session.exec(newest.limit(limit))]


def _of_own(row: AuditRow) -> Change:
    return Change(
        at=datetime.fromtimestamp(row.at_s, UTC),
        key=f"{DOOR}{row.id:016d}",
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
        key=f"{SITE}{row.site}/{row.epoch}/{row.sequence:016d}",
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
