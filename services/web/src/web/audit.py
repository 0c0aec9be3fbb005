"""Who did what, when, with what outcome: a row before each change, completed after it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.core.redaction import without_secrets
from web.store import AuditRow

logger = logging.getLogger(__name__)

DONE = "done"
LONGEST = 32_000  # characters of details, before and after


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: user name, role, tenant, and the address it came from where that is known."""

    name: str
    role: str
    address: str = ""
    tenant: str = ""


@dataclass(slots=True)
class Change:
    """What a change left behind, told by who does it."""

    after: str = ""  # JSON; never a secret


class Audit:
    """The front door's own record; owners keep theirs beside the settings."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def begin(  # noqa: PLR0913 - each by name
        self,
        who: Actor,
        action: str,
        *,
        site: str = "",
        about: str = "",
        details: str = "",
        before: str | None = "",
    ) -> int:
        """Record that a change is about to be asked for. Returns the row's id.

        before: JSON of what is there now, "" where nothing is known; None: what the last change
        of this record left behind. Secrets in JSON are hidden.
        Raises RefusedError `store-failing`: what cannot be recorded is not done.
        """
        row = AuditRow(
            at_s=self._clock.now().timestamp(),
            actor=who.name,
            role=who.role,
            address=who.address,
            site=site,
            action=action,
            about=about,
            details=without_secrets(details)[:LONGEST],
            tenant=who.tenant,
            before=without_secrets(before or "")[:LONGEST],
        )
        return await asyncio.to_thread(self._add, row, is_before_known=before is not None)

    async def attempt(self, who: Actor, action: str) -> int | None:
        """Record something that changes no setting; None when it could not be recorded.

        It may go on then, and its loss is in the log and in the count of failed writes.
        """
        try:
            return await self.begin(who, action)
        except RefusedError as error:
            lost = {"actor": who.name, "address": who.address, "action": action}
            logger.error("audit lost", extra=lost | {"error": error.detail})
            return None

    async def end(self, row: int | None, outcome: str, *, after: str = "") -> None:
        """Record how it ended: `done` or the code of the refusal; a failure here is logged.

        after: JSON of what is there now, where that is known; secrets in it are hidden.
        """
        if row is None:
            return
        try:
            await asyncio.to_thread(self._complete, row, outcome, after)
        except RefusedError as error:
            # The change itself is already decided by its owner; it must not look refused.
            logger.error("audit incomplete", extra={"row": row, "error": error.detail})

    @asynccontextmanager
    async def recorded(
        self, who: Actor, action: str, *, site: str = "", about: str = "", before: str = ""
    ) -> AsyncIterator["Change"]:
        """Record a change before it is done, and behind the block how it ended.

        Raises RefusedError `store-failing`: what cannot be recorded is not done.
        """
        row = await self.begin(who, action, site=site, about=about, before=before)
        change, outcome = Change(), "interrupted"
        try:
            yield change
            outcome = DONE
        except RefusedError as no:
            outcome = no.code
            raise
        finally:
            await self.end(row, outcome, after=change.after)

    def _add(self, row: AuditRow, *, is_before_known: bool) -> int:
        def write(session: Session) -> int:
            if not is_before_known:
                row.before = _left_behind(session, row)
            session.add(row)
            session.flush()
            return row.id or 0

        return written(self._engine, write)

    def _complete(self, row: int, outcome: str, after: str) -> None:
        def write(session: Session) -> None:
            if (found := session.get(AuditRow, row)) is not None:
                found.outcome, found.after = outcome, without_secrets(after)[:LONGEST]
                found.ended_s = self._clock.now().timestamp()
                session.add(found)

        written(self._engine, write)


def _left_behind(session: Session, row: AuditRow) -> str:
    """Return what the last change of the same thing left, which its next one finds."""
    last = (
        select(AuditRow.after)
        .where(col(AuditRow.site) == row.site, col(AuditRow.action) == row.action)
        .where(col(AuditRow.about) == row.about, col(AuditRow.outcome) == DONE)
        .order_by(col(AuditRow.id).desc())
        .limit(1)
    )
    return session.exec(last).first() or ""
