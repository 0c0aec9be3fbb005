"""Roll-outs: a release goes from ring to ring of sites, and stops by itself (A18)."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from web.accounts import Account
from web.api.acting import recorded
from web.api.alerts import check_may_for_all
from web.api.documented import LOGGED_IN, problems
from web.api.door import OperatorUser, PartsDep
from web.api.once import OnceRoute
from web.api.revisions import IfMatch, tag
from web.api.spans import Limit
from web.core.rollouts.machine import Stage, State
from web.core.rollouts.rings import Ring, problem, ring_of
from web.models.common import Page
from web.models.rollouts import (
    RingProgress,
    RingShown,
    RingsShown,
    RingsWanted,
    RolloutShown,
    RolloutSite,
    RolloutWanted,
)
from web.parts import Parts
from web.problems import ProblemError
from web.rollouts import kept
from web.rollouts.book import Shown
from web.rollouts.tables import RolloutSiteRow

router = APIRouter(tags=["Software"], route_class=OnceRoute)

RolloutId = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[7])]
_LIST = LOGGED_IN | problems(HTTPStatus.SERVICE_UNAVAILABLE)
_ONE = _LIST | problems(HTTPStatus.NOT_FOUND)
_CHANGE = _ONE | problems(HTTPStatus.CONFLICT)


@router.get("/rollout-rings", responses=_LIST)
async def get_rollout_rings(
    account: OperatorUser, parts: PartsDep, response: Response
) -> RingsShown:
    """Show which sites get a release first, and how long the next ones wait."""
    rings, revision = await parts.software.rollouts.rings(account.tenant)
    tag(response, revision)
    return RingsShown(rings=[_ring(one) for one in rings], revision=revision)


@router.put("/rollout-rings", responses=_LIST | problems(HTTPStatus.PRECONDITION_FAILED))
async def put_rollout_rings(
    wanted: RingsWanted,
    account: OperatorUser,
    parts: PartsDep,
    revision: IfMatch,
    response: Response,
) -> RingsShown:
    """Change the rings for roll-outs to come; one under way keeps those it began with."""
    check_may_for_all(account, parts)
    rings = tuple(
        Ring(one.name, tuple(one.tags), tuple(one.sites), one.soak_s) for one in wanted.rings
    )
    if (wrong := problem(rings)) is not None:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "rings-invalid", wrong, field="/rings")
    about = ", ".join(ring.name for ring in rings)
    async with recorded(parts.audit, account, "rollout-rings.put", about):
        now = await parts.software.rollouts.put_rings(account.tenant, rings, revision)
    tag(response, now)
    return RingsShown(rings=[_ring(one) for one in rings], revision=now)


@router.get("/rollouts", responses=_LIST)
async def list_rollouts(account: OperatorUser, parts: PartsDep) -> Page[RolloutShown]:
    """List the latest roll-outs, the latest first."""
    found = await parts.software.rollouts.all(account.tenant)
    return Page(items=[_shown(one) for one in found])


@router.post("/rollouts", status_code=HTTPStatus.CREATED, responses=_CHANGE)
async def start_rollout(
    wanted: RolloutWanted, account: OperatorUser, parts: PartsDep
) -> RolloutShown:
    """Begin to roll a release out: the first ring at once, each next one when all stayed well."""
    check_may_for_all(account, parts)
    known = await parts.software.releases()
    release = next((one for one in known if one.version == wanted.version), None)
    if release is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-release",
            f"There is no release {wanted.version!r}.",
            params={"version": wanted.version},
            field="/version",
        )
    check_way_back(wanted.version, is_one_way=release.one_way, confirmed=wanted.confirm_one_way)
    rings, _ = await parts.software.rollouts.rings(account.tenant)
    sites = {
        site: ring_of(site, parts.fleet.registry.entry(site).tags, rings)
        for site in parts.live.ids(account.sight)
    }
    async with recorded(parts.audit, account, "rollouts.start", wanted.version):
        return _shown(
            await parts.software.rollouts.start(
                account.tenant,
                wanted.version,
                account.actor,
                sites,
                one_way=wanted.confirm_one_way,
            )
        )


@router.get("/rollouts/{rollout}", responses=_ONE)
async def get_rollout(rollout: RolloutId, account: OperatorUser, parts: PartsDep) -> RolloutShown:
    """Show how far a roll-out is."""
    return _shown(await _found(rollout, account, parts))


@router.get("/rollouts/{rollout}/sites", responses=_ONE)
async def list_rollout_sites(  # noqa: PLR0913, PLR0917 - the filters
    rollout: RolloutId,
    account: OperatorUser,
    parts: PartsDep,
    stage: Stage | None = None,
    limit: Limit = 100,
    cursor: Annotated[str, Query(pattern=r"^[\w-]{0,64}$")] = "",
) -> Page[RolloutSite]:
    """List how each site of a roll-out stands."""
    await _found(rollout, account, parts)
    rows = await parts.software.rollouts.sites(rollout, stage, cursor, limit + 1)
    more = rows[limit - 1].site if len(rows) > limit else None
    seen = (
        row
        for row in rows[:limit]
        if account.sight.sites is None or row.site in account.sight.sites
    )
    return Page(items=[_site(row, parts) for row in seen], next=more)


@router.post("/rollouts/{rollout}/stop", responses=_CHANGE)
async def stop_rollout(rollout: RolloutId, account: OperatorUser, parts: PartsDep) -> RolloutShown:
    """Stop: no other site is asked; what is installed stays."""
    return await _change(rollout, State.STOPPED, account, parts)


@router.post("/rollouts/{rollout}/resume", responses=_CHANGE)
async def resume_rollout(
    rollout: RolloutId, account: OperatorUser, parts: PartsDep
) -> RolloutShown:
    """Go on after a stop: what was seen so far is no reason to stop again."""
    return await _change(rollout, State.RUNNING, account, parts)


@router.post("/rollouts/{rollout}/roll-back", responses=_CHANGE)
async def roll_back_rollout(
    rollout: RolloutId, account: OperatorUser, parts: PartsDep
) -> RolloutShown:
    """Ask the sites that this roll-out updated to go back to what they ran before."""
    return await _change(rollout, State.ROLLING_BACK, account, parts)


@router.post("/rollouts/{rollout}/end", responses=_CHANGE)
async def end_rollout(rollout: RolloutId, account: OperatorUser, parts: PartsDep) -> RolloutShown:
    """End it where it is: it cannot be resumed, and another may begin."""
    return await _change(rollout, State.ENDED, account, parts)


def check_way_back(version: str, *, is_one_way: bool, confirmed: bool) -> None:
    """Let a release pass that can be taken back, or whose not being so was confirmed."""
    if is_one_way and not confirmed:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "release-one-way",
            f"{version} cannot be taken back with the data it changes: confirm that.",
            params={"version": version},
            field="/confirm_one_way",
        )


async def _change(number: int, to: State, account: Account, parts: Parts) -> RolloutShown:
    check_may_for_all(account, parts)
    found = await _found(number, account, parts)
    about = f"{number}: {found.row.version}: {to}"
    async with recorded(parts.audit, account, "rollouts.change", about):
        await parts.software.rollouts.change(number, to)
    return _shown(await _found(number, account, parts))


async def _found(number: int, account: Account, parts: Parts) -> Shown:
    found = await parts.software.rollouts.find(account.tenant, number)
    if found is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-rollout",
            f"There is no roll-out {number} here.",
            params={"rollout": str(number)},
        )
    return found


def _ring(ring: Ring) -> RingShown:
    return RingShown(
        name=ring.name, tags=list(ring.tags), sites=list(ring.sites), soak_s=ring.soak_s
    )


def _shown(found: Shown) -> RolloutShown:
    row, rings = found.row, kept.rings_of(found.row.rings)
    state = State(row.state)
    soaks = state is State.RUNNING and row.complete_s is not None
    return RolloutShown(
        id=row.id or 0,
        version=row.version,
        state=state,
        ring=row.ring,
        reason=row.reason or None,
        params=kept.params_of(row),
        actor=row.actor,
        started_at=datetime.fromtimestamp(row.started_s, UTC),
        changed_at=datetime.fromtimestamp(row.changed_s, UTC),
        next_ring_at=_instant((row.complete_s or 0.0) + rings[row.ring].soak_s) if soaks else None,
        rings=[
            RingProgress(
                **_ring(ring).model_dump(),
                stages={stage: n for (at, stage), n in found.counts.items() if at == number},
            )
            for number, ring in enumerate(rings)
        ],
    )


def _site(row: RolloutSiteRow, parts: Parts) -> RolloutSite:
    return RolloutSite(
        site=row.site,
        name=parts.live.heard(row.site).name if parts.live.knows(row.site) else None,
        ring=row.ring,
        stage=Stage(row.stage),
        reason=row.note or None,
        asked_at=_instant(row.asked_s),
        installed_at=_instant(row.installed_s),
    )


def _instant(at_s: float | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)
