"""What people do with roll-outs, and what they look up: the store that all replicas share."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Engine, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import ANY, NEVER_SET
from web.core.rollouts.machine import Rollout, Stage, State, resumed
from web.core.rollouts.rings import USUAL, Ring
from web.rollouts import kept
from web.rollouts.figures import overload_of
from web.rollouts.tables import RingsRow, RolloutRow, RolloutSiteRow

Counts = Mapping[tuple[int, Stage], int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A roll-out with how many sites of each ring stand at each stage."""

    row: RolloutRow
    counts: Counts


class RolloutBook:
    """Roll-outs and rings, by tenant."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    async def rings(self, tenant: str) -> tuple[tuple[Ring, ...], int]:
        """Return the rings in force and their revision, 0 = as delivered."""
        return await asyncio.to_thread(self._rings, tenant)

    async def put_rings(self, tenant: str, rings: tuple[Ring, ...], revision: int) -> int:
        """Change the rings for roll-outs to come. Raises RefusedError `revision-conflict`."""
        return await asyncio.to_thread(self._put_rings, tenant, rings, revision)

    async def start(
        self, tenant: str, version: str, actor: str, sites: Mapping[str, int], *, one_way: bool
    ) -> Shown:
        """Begin a roll-out with its sites, each in its ring. Raises RefusedError `rollout-open`."""
        rings, _ = await self.rings(tenant)
        now_s = self._clock.now().timestamp()
        row = RolloutRow(
            open_key=tenant,
            tenant=tenant,
            version=version,
            state=State.RUNNING.value,
            rings=kept.written(rings),
            actor=actor,
            one_way_confirmed=one_way,
            started_s=now_s,
            judged_s=now_s,
            changed_s=now_s,
        )
        return await asyncio.to_thread(self._start, row, sites)

    async def all(self, tenant: str, most: int = 100) -> list[Shown]:
        """Return the roll-outs of a tenant, the latest first."""
        return await asyncio.to_thread(self._all, tenant, most)

    async def find(self, tenant: str, number: int) -> Shown | None:
        """Return a roll-out; None where the tenant has none of that number."""
        return await asyncio.to_thread(self._find, tenant, number)

    async def sites(
        self, number: int, stage: Stage | None, after: str, most: int
    ) -> list[RolloutSiteRow]:
        """Return the sites of a roll-out behind `after`, by their ids."""
        return await asyncio.to_thread(self._sites, number, stage, after, most)

    async def change(self, number: int, to: State) -> None:
        """Stop, resume, roll back or end a roll-out.

        Raises RefusedError `rollout-not-so`; `rollout-open` for going back beside another.
        """
        await asyncio.to_thread(self._change, number, to)

    # --- in threads ------------------------------------------------------------------------------

    def _rings(self, tenant: str) -> tuple[tuple[Ring, ...], int]:
        with Session(self._engine) as session:
            row = session.get(RingsRow, tenant)
        return (USUAL, 0) if row is None else (kept.rings_of(row.rings), row.revision)

    def _put_rings(self, tenant: str, rings: tuple[Ring, ...], revision: int) -> int:
        def write(session: Session) -> int:
            row = session.get(RingsRow, tenant, with_for_update=True)
            current = 0 if row is None else row.revision
            is_meant = revision == ANY or (current == 0 and revision == NEVER_SET)
            if not is_meant and revision != current:
                raise RefusedError(
                    "revision-conflict",
                    f"The rings are at revision {current}.",
                    wanted=revision,
                    current=current,
                )
            row = row or RingsRow(tenant=tenant, rings="")
            row.rings, row.revision = kept.written(rings), current + 1
            session.add(row)
            return row.revision

        return written(self._engine, write)

    def _start(self, row: RolloutRow, sites: Mapping[str, int]) -> Shown:
        def write(session: Session) -> None:
            _add_open(session, row)
            counted = overload_of(session, row.started_s)
            for site, ring in sites.items():
                week_s, all_s = counted.get(site, (0.0, 0.0))
                session.add(
                    RolloutSiteRow(
                        rollout=row.id or 0,
                        site=site,
                        ring=ring,
                        stage=Stage.WAITING.value,
                        overload_week_s=week_s,
                        overload_mark_s=all_s,
                    )
                )

        written(self._engine, write)
        counts: dict[tuple[int, Stage], int] = {}
        for ring in sites.values():
            counts[ring, Stage.WAITING] = counts.get((ring, Stage.WAITING), 0) + 1
        return Shown(row, counts)

    def _all(self, tenant: str, most: int) -> list[Shown]:
        wanted = (
            select(RolloutRow)
            .where(col(RolloutRow.tenant) == tenant)
            .order_by(col(RolloutRow.id).desc())
            .limit(most)
        )
        with Session(self._engine, expire_on_commit=False) as session:
            rows = session.exec(wanted).all()
            return [Shown(row, _counts(session, row.id or 0)) for row in rows]

    def _find(self, tenant: str, number: int) -> Shown | None:
        with Session(self._engine, expire_on_commit=False) as session:
            row = session.get(RolloutRow, number)
            if row is None or row.tenant != tenant:
                return None
            return Shown(row, _counts(session, number))

    def _sites(
        self, number: int, stage: Stage | None, after: str, most: int
    ) -> list[RolloutSiteRow]:
        wanted = (
            select(RolloutSiteRow)
            .where(col(RolloutSiteRow.rollout) == number, col(RolloutSiteRow.site) > after)
            .order_by(col(RolloutSiteRow.site))
            .limit(most)
        )
        if stage is not None:
            wanted = wanted.where(col(RolloutSiteRow.stage) == stage.value)
        with Session(self._engine) as session:
            return list(session.exec(wanted).all())

    def _change(self, number: int, to: State) -> None:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> None:
            row = session.get(RolloutRow, number, with_for_update=True)
            if row is None:
                raise RefusedError("unknown-rollout", f"There is no roll-out {number}.")
            rollout = kept.rollout_of(row)
            failed = _counts(session, number)
            count = sum(n for (_, stage), n in failed.items() if stage is Stage.FAILED)
            kept.put(row, _changed(rollout, to, count), now_s)
            row.judged_s = now_s if to is State.RUNNING else row.judged_s
            row.revision += 1
            _add_open(session, row)  # one that was over may be open again, beside another

        written(self._engine, write)


def _add_open(session: Session, row: RolloutRow) -> None:
    """Write a roll-out, if no other of its tenant is open. Raises RefusedError `rollout-open`."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise RefusedError(
            "rollout-open", "Another roll-out is not over yet: end it first."
        ) from error


CHANGES: Mapping[State, tuple[State, ...]] = {
    State.STOPPED: (State.RUNNING,),
    State.RUNNING: (State.STOPPED,),
    State.ROLLING_BACK: (State.RUNNING, State.STOPPED, State.DONE),
    State.ENDED: (State.RUNNING, State.STOPPED, State.ROLLING_BACK),
}


def _changed(rollout: Rollout, to: State, failed: int) -> Rollout:
    if rollout.state not in CHANGES[to]:
        raise RefusedError(
            "rollout-not-so",
            f"The roll-out is {rollout.state}; it cannot be {to} from there.",
            state=rollout.state,
        )
    change: Mapping[State, Callable[[], Rollout]] = {
        State.STOPPED: lambda: replace(rollout, state=to, reason="asked", params={}),
        State.RUNNING: lambda: resumed(rollout, failed),
    }
    return change.get(to, lambda: replace(rollout, state=to))()


def _counts(session: Session, number: int) -> dict[tuple[int, Stage], int]:
    wanted = (
        select(RolloutSiteRow.ring, RolloutSiteRow.stage, func.count())
        .where(col(RolloutSiteRow.rollout) == number)
        .group_by(col(RolloutSiteRow.ring), col(RolloutSiteRow.stage))
    )
    return {(ring, Stage(stage)): n for ring, stage, n in session.exec(wanted)}
