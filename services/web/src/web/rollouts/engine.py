"""Looks at every roll-out again and again and does what the core says; one replica at a time."""

import asyncio
import logging
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import RELEASE_APPLY, RELEASE_ROLL_BACK
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.updating_pb2 import RollBackRequest
from web.core.rollouts.figures import Worsening, worsening
from web.core.rollouts.machine import Look, Seen, Stage, State, look
from web.live import Live
from web.messages.updating import apply_request, phase_name
from web.metrics import ROLLOUT_SITES, ROLLOUT_STOPS
from web.rollouts import kept
from web.rollouts.figures import comparison, overload_of
from web.rollouts.tables import RolloutRow, RolloutSiteRow
from web.software.desk import Software
from web.software.release import Release

logger = logging.getLogger(__name__)

LEASE = "rollouts"
LOOK_EVERY_S = 5.0
FIGURES_EVERY_S = 60.0
ASK_S = 8.0
# With these a site will not take the release by itself, however often it is asked.
BY_HAND = frozenset(
    {
        "release-not-for-this-version",
        "release-not-newer",
        "release-not-signed",
        "image-not-pinned",
        "updates-from-afar-off",
        "cluster-refuses",
    }
)


@dataclass(slots=True)
class _Open:
    """A roll-out that is not over, with its sites."""

    row: RolloutRow
    sites: list[RolloutSiteRow]
    worse: Worsening | None = None
    news: dict[str, tuple[Stage, str]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    @property
    def number(self) -> int:
        """Its id."""
        return self.row.id or 0


class RolloutEngine:
    """The work on roll-outs while the lease LEASE is ours."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self, engine: Engine, clock: Clock, bus: Bus, live: Live, software: Software, origin: str
    ) -> None:
        self._engine, self._clock, self._bus, self._live = engine, clock, bus, live
        self._software, self._origin = software, origin
        self._figured_s: dict[int, float] = {}
        self._worse: dict[int, Worsening | None] = {}
        self._odd: set[int] = set()  # roll-outs that were told of in the log

    async def work(self) -> None:
        """Look every LOOK_EVERY_S until cancelled."""
        while True:
            try:
                await self.look()
            except (RefusedError, SQLAlchemyError, ValueError) as error:
                logger.warning("roll-out not looked at", extra={"error": str(error)})
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look at every roll-out once. Raises RefusedError `store-failing`, SQLAlchemyError."""
        counts = dict.fromkeys(Stage, 0)
        for one in await asyncio.to_thread(self._read):
            try:
                await self._look_at(one, counts)
            except ValueError as error:  # a newer program wrote it: it stays as it is until then
                self._skip(one, error)
        for stage, count in counts.items():
            ROLLOUT_SITES.labels(stage.value).set(count)

    async def _look_at(self, one: _Open, counts: dict[Stage, int]) -> None:
        """Look at one roll-out. Raises ValueError where its rows cannot be understood."""
        release = await self._release(one.row.version)
        seen = look(
            kept.rollout_of(one.row),
            [self._seen(site, one.row.version) for site in one.sites],
            one.worse,
            self._clock.now().timestamp(),
        )
        one.news = dict(seen.stages)
        for stage, _ in seen.stages.values():
            counts[stage] += 1
        if await asyncio.to_thread(self._is_kept, one, seen):
            await self._act(one, seen, release)

    def _skip(self, one: _Open, error: ValueError) -> None:
        if one.number not in self._odd:  # once
            self._odd.add(one.number)
            logger.warning(
                "roll-out not understood", extra={"rollout": one.number, "error": str(error)}
            )

    async def _act(self, one: _Open, seen: Look, release: Release | None) -> None:
        # What is asked is asked after it is written: a stop by somebody comes first.
        if release is not None:
            await asyncio.gather(*(self._ask(one, site, release) for site in seen.ask))
        await asyncio.gather(*(self._ask_back(one, site) for site in seen.back))
        if one.asked:
            await asyncio.to_thread(self._note_asked, one)

    async def _release(self, version: str) -> Release | None:
        known = await self._software.releases()
        return next((release for release in known if release.version == version), None)

    def _seen(self, row: RolloutSiteRow, version: str) -> Seen:
        is_known = self._live.knows(row.site)
        heard = self._live.heard(row.site) if is_known else None
        told = self._software.updaters.state(row.site)
        return Seen(
            site=row.site,
            ring=row.ring,
            stage=Stage(row.stage),
            note=row.note,
            asked_s=row.asked_s,
            is_online=is_known and self._live.is_online(row.site),
            has_updater=told is not None,
            version=heard.state.version if heard is not None and heard.state is not None else "",
            phase=phase_name(told.phase) if told else "",
            of=told.version if told else "",
            reason=told.reason if told else "",
            has_declined=told is not None and told.declined == version,
            can_go_back=told is not None and told.can_go_back,
        )

    async def _ask(self, one: _Open, site: str, release: Release) -> None:
        question = apply_request(release, confirmed=one.row.one_way_confirmed)
        question.rollout = str(one.number)
        one.asked.add(site)
        try:
            await self._bus.ask(
                RELEASE_APPLY, question, caller=self._caller(one.row), timeout_s=ASK_S, site=site
            )
        except RefusedError as no:
            logger.info("site refused a release", extra={"site": site, "code": no.code})
            is_final = no.code in BY_HAND
            one.news[site] = (Stage.BY_HAND if is_final else Stage.WAITING, no.code)
        except NotAnsweredError:
            one.news[site] = (Stage.WAITING, "site-offline")
        else:
            one.news[site] = (Stage.ASKED, "")

    async def _ask_back(self, one: _Open, site: str) -> None:
        try:
            await self._bus.ask(
                RELEASE_ROLL_BACK,
                RollBackRequest(),
                caller=self._caller(one.row),
                timeout_s=ASK_S,
                site=site,
            )
        except (RefusedError, NotAnsweredError) as error:
            logger.info("site did not go back", extra={"site": site, "error": str(error)})

    def _caller(self, row: RolloutRow) -> Caller:
        return Caller(actor=f"{row.actor} (roll-out)", role="operator", origin=self._origin)

    # --- in threads ------------------------------------------------------------------------------

    def _read(self) -> list[_Open]:
        now_s = self._clock.now().timestamp()
        with Session(self._engine, expire_on_commit=False) as session:
            rows = session.exec(
                select(RolloutRow).where(
                    col(RolloutRow.state).in_([s.value for s in State if not s.is_over])
                )
            ).all()
            found = []
            for row in rows:
                of = col(RolloutSiteRow.rollout) == row.id
                one = _Open(row, list(session.exec(select(RolloutSiteRow).where(of)).all()))
                if row.state == State.RUNNING:
                    one.worse = self._worsening(session, one, now_s)
                found.append(one)
        return found

    def _worsening(self, session: Session, one: _Open, now_s: float) -> Worsening | None:
        figured_s = self._figured_s.get(one.number)
        is_fresh = figured_s is not None and 0 <= now_s - figured_s < FIGURES_EVERY_S
        if not is_fresh or (figured_s or 0) < one.row.judged_s:
            seen = comparison(session, one.row, one.sites, now_s)
            self._worse[one.number] = worsening(seen)
            self._figured_s[one.number] = now_s
        return self._worse[one.number]

    def _is_kept(self, one: _Open, seen: Look) -> bool:
        """Write what changed. Returns False where somebody changed the roll-out meanwhile."""
        now_s = self._clock.now().timestamp()
        rollout = seen.rollout

        def write(session: Session) -> bool:
            row = session.get(RolloutRow, one.number, with_for_update=True)
            if row is None or row.revision != one.row.revision:
                return False
            if kept.rollout_of(row) != rollout:
                kept.put(row, rollout, now_s)
                session.add(row)
            self._put_sites(session, one, now_s)
            return True

        was = State(one.row.state)
        is_kept = written(self._engine, write)
        if is_kept:
            self._count(one, was, rollout.state, rollout.reason)
        return is_kept

    def _put_sites(self, session: Session, one: _Open, now_s: float) -> None:
        changed = [row for row in one.sites if (Stage(row.stage), row.note) != one.news[row.site]]
        is_new = any(one.news[row.site][0] is Stage.INSTALLED for row in changed)
        counted = overload_of(session, now_s) if is_new else {}
        for row in changed:
            stage, row.note = one.news[row.site]
            if stage is Stage.INSTALLED and row.installed_s is None:
                row.installed_s = now_s
                _, row.overload_mark_s = counted.get(row.site, (0.0, 0.0))
            row.stage = stage.value
            session.merge(row)

    def _note_asked(self, one: _Open) -> None:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> None:
            for row in one.sites:
                if row.site in one.asked:
                    row.asked_s = now_s
                    stage, row.note = one.news[row.site]
                    row.stage = stage.value
                    session.merge(row)

        written(self._engine, write)

    def _count(self, one: _Open, was: State, now: State, reason: str) -> None:
        if now is State.STOPPED and was is not State.STOPPED:
            ROLLOUT_STOPS.labels(reason).inc()
            logger.warning("roll-out stopped", extra={"version": one.row.version, "reason": reason})
