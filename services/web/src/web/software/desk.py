"""Keeps the releases that are known and what was decided about them, in the front door's store."""

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.rollouts.book import RolloutBook
from web.software import release as releases
from web.software.feed import fetch
from web.software.release import Choice, Decision, FeedError, Release
from web.software.tables import ReleaseFeedRow, ReleaseRow, SoftwareDecisionRow
from web.software.updaters import Updaters

logger = logging.getLogger(__name__)

ASK_EVERY_S = 3600.0
LOOK_EVERY_S = 300.0
JITTER_S = 60.0
VERSION = "{version}"


@dataclass(frozen=True, slots=True)
class FeedState:
    """How the feed of releases is doing; `problem` "" = well."""

    source: str
    answered_at: datetime | None
    problem: str


class Software:
    """Releases and decisions, shared by all replicas through their database.

    source: "" = no feed is set, and nothing newer will ever be known. command: what a person runs
    on the machine to install `{version}`; "" = not told.
    """

    def __init__(
        self, engine: Engine, clock: Clock, source: str = "", key: str = "", command: str = ""
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._source = source
        self._key = key
        self._command = command
        self.updaters = Updaters(clock)
        self.rollouts = RolloutBook(engine, clock)

    def command(self, version: str) -> str | None:
        """Return what installs a version on this machine; None where that is not known."""
        return self._command.replace(VERSION, version) if self._command else None

    async def keep_fresh(self) -> None:
        """Ask the feed once an hour, and soon after a failure, whichever replica looks first.

        Returns without a feed.
        """
        while self._source:
            try:
                if await asyncio.to_thread(self._is_mine_to_ask):
                    await self.refresh()
            except RefusedError as error:
                logger.warning("releases not stored", extra={"error": error.detail})
            await asyncio.sleep(LOOK_EVERY_S + random.uniform(0, JITTER_S))  # noqa: S311 - jitter

    async def refresh(self) -> None:
        """Ask the feed now; what is wrong with it is kept beside the releases of before.

        Raises RefusedError `store-failing`.
        """
        try:
            found = await fetch(self._source, self._key)
        except FeedError as error:
            logger.warning("release feed not usable", extra={"error": str(error)})
            await asyncio.to_thread(self._note_problem, str(error))
            return
        await asyncio.to_thread(self._take, found)

    async def releases(self) -> tuple[Release, ...]:
        """Return every release that is known, newest first."""
        return await asyncio.to_thread(self._releases)

    async def feed(self) -> FeedState | None:
        """Return how the feed is doing; None where none is set."""
        return await asyncio.to_thread(self._feed) if self._source else None

    async def decision(self, site: str) -> Decision | None:
        """Return what was decided at a site last; None = nothing, or it was taken back."""
        return await asyncio.to_thread(self._decision, site)

    async def decide(self, site: str, version: str, choice: Choice | None, actor: str) -> None:
        """Keep a decision; None takes the last one back. Raises RefusedError `store-failing`."""
        row = SoftwareDecisionRow(
            site=site,
            version=version,
            choice=choice or "",
            actor=actor,
            at_s=self._clock.now().timestamp(),
        )
        await asyncio.to_thread(written, self._engine, lambda session: session.add(row))

    # --- in threads ------------------------------------------------------------------------------

    def _is_mine_to_ask(self) -> bool:
        """Whether the feed was not asked lately; then it is noted as asked, for other replicas."""
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> bool:
            row = session.get(ReleaseFeedRow, self._source)
            # A clock that was set back must not silence the feed for ever.
            if row is not None and 0 <= now_s - row.asked_s < ASK_EVERY_S:
                return False
            if row is None:
                row = ReleaseFeedRow(source=self._source, asked_s=now_s)
            row.asked_s = now_s
            session.add(row)
            return True

        return written(self._engine, write)

    def _take(self, found: tuple[Release, ...]) -> None:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> None:
            # A release that its makers withdrew is offered no longer.
            session.exec(delete(ReleaseRow))
            for one in found:
                session.add(ReleaseRow(version=one.version, document=releases.written(one)))
            session.merge(ReleaseFeedRow(source=self._source, asked_s=now_s, answered_s=now_s))

        written(self._engine, write)

    def _note_problem(self, problem: str) -> None:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> None:
            row = session.get(ReleaseFeedRow, self._source)
            row = row or ReleaseFeedRow(source=self._source, asked_s=now_s)
            # Asked anew at the next look: a box that starts before its network waits for no hour.
            row.asked_s, row.problem = now_s - ASK_EVERY_S + LOOK_EVERY_S, problem
            session.add(row)

        written(self._engine, write)

    def _releases(self) -> tuple[Release, ...]:
        with Session(self._engine) as session:
            rows = session.exec(select(ReleaseRow)).all()
        return releases.newest_first(one for row in rows if (one := _readable(row)) is not None)

    def _feed(self) -> FeedState:
        with Session(self._engine) as session:
            row = session.get(ReleaseFeedRow, self._source)
        if row is None:
            return FeedState(self._source, None, "")
        answered = None if row.answered_s is None else datetime.fromtimestamp(row.answered_s, UTC)
        return FeedState(self._source, answered, row.problem)

    def _decision(self, site: str) -> Decision | None:
        latest = (
            select(SoftwareDecisionRow)
            .where(col(SoftwareDecisionRow.site) == site)
            .order_by(col(SoftwareDecisionRow.id).desc())
            .limit(1)
        )
        with Session(self._engine) as session:
            row = session.exec(latest).first()
        if row is None or not row.choice:
            return None
        at = datetime.fromtimestamp(row.at_s, UTC)
        return Decision(row.version, Choice(row.choice), row.actor, at)


def _readable(row: ReleaseRow) -> Release | None:
    try:
        return releases.kept(row.document)
    except ValueError as error:  # a newer program kept it: it is offered by those that know it
        logger.warning(
            "release not understood", extra={"version": row.version, "error": str(error)[:200]}
        )
        return None
