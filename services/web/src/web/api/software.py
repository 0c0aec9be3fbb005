"""Versions and updates (A18): what is new, installed or declined by a person's decision."""

from http import HTTPStatus

from fastapi import APIRouter

from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import RELEASE_APPLY, RELEASE_DECLINE, RELEASE_ROLL_BACK
from volthus_wire.v1.updating_pb2 import DeclineReleaseRequest, RollBackRequest
from web.api.documented import LOGGED_IN, OF_A_SITE, REFUSABLE
from web.api.door import AnyDoor, AnyUser, Door, PartsDep, ServiceDoor
from web.api.rollouts import check_way_back
from web.audit import DONE
from web.messages.updating import apply_request, site_update
from web.models.software import (
    ReleaseFeed,
    Releases,
    SiteSoftware,
    SoftwareDecision,
    SoftwareDecisionWanted,
    SoftwareRelease,
    Texts,
)
from web.problems import ProblemError
from web.software.desk import FeedState
from web.software.release import Choice, Offer, Release, Standing, in_languages, offer

router = APIRouter(tags=["Software"])

APPLY_S = 15.0  # the updater asks its API server before it answers


@router.get("/releases", responses=LOGGED_IN)
async def list_releases(_: AnyUser, parts: PartsDep) -> Releases:
    """List the releases that are known, newest first, with their notes."""
    known = await parts.software.releases()
    return Releases(items=[_release(one) for one in known], feed=_feed(await parts.software.feed()))


@router.get("/sites/{site}/software", responses=OF_A_SITE)
async def get_site_software(door: AnyDoor) -> SiteSoftware:
    """Show what the site runs, what is newer, and what was decided about it."""
    return await _shown(door)


@router.put("/sites/{site}/software/decision", responses=REFUSABLE)
async def decide_about_release(door: ServiceDoor, wanted: SoftwareDecisionWanted) -> SiteSoftware:
    """Install or decline the release that is offered."""
    standing = await _offer(door)
    if standing.offered is None or standing.offered.version != wanted.version:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "release-not-offered",
            f"The release {wanted.version} is not what is offered to this site now.",
            params={"version": wanted.version},
            field="/version",
        )
    choice = Choice(wanted.choice)
    if choice is Choice.INSTALL:
        check_way_back(
            wanted.version,
            is_one_way=standing.offered.one_way,
            confirmed=wanted.confirm_one_way,
        )
    await _decide(door, wanted.version, choice, standing.offered)
    return await _shown(door)


@router.post("/sites/{site}/software/roll-back", responses=REFUSABLE)
async def roll_back_release(door: ServiceDoor) -> SiteSoftware:
    """Put back what ran before the release that the site's updater installed last."""
    told = await door.change(RELEASE_ROLL_BACK, RollBackRequest(), about="back")
    door.parts.software.updaters.heard(door.site, told)
    return await _shown(door)


@router.delete("/sites/{site}/software/decision", responses=REFUSABLE)
async def take_back_decision(door: ServiceDoor) -> SiteSoftware:
    """Take the decision back: the release is offered again."""
    standing = await _offer(door)
    if standing.decision is not None:
        await _decide(door, standing.decision.version, None, None)
    return await _shown(door)


async def _decide(door: Door, version: str, choice: Choice | None, release: Release | None) -> None:
    parts, account = door.parts, door.account
    row = await parts.audit.begin(
        account.who,
        "software.decide",
        site=door.site,
        about=f"{version}: {choice or 'taken back'}",
    )
    outcome = "interrupted"
    try:
        await _tell_updater(door, version, choice, release)
        await parts.software.decide(door.site, version, choice, account.actor)
        outcome = DONE
    except RefusedError as no:
        outcome = no.code
        raise
    except ProblemError as no:
        outcome = no.problem.code
        raise
    finally:
        await parts.audit.end(row, outcome)


async def _tell_updater(
    door: Door, version: str, choice: Choice | None, release: Release | None
) -> None:
    """Have the site's updater do it or know it, where there is one; a "no" of its is final."""
    updaters = door.parts.software.updaters
    if updaters.state(door.site) is None:
        return
    if choice is Choice.INSTALL and release is not None:
        if release.installs_itself:
            # Whoever installs a release without a way back confirmed that before.
            question = apply_request(release, confirmed=True)
            told = await door.ask(RELEASE_APPLY, question, timeout_s=APPLY_S)
            updaters.heard(door.site, told)
        return
    declined = DeclineReleaseRequest(version=version if choice is Choice.DECLINE else "")
    updaters.heard(door.site, await door.ask(RELEASE_DECLINE, declined))


async def _offer(door: Door) -> Offer:
    state = door.parts.live.heard(door.site).state
    return offer(
        state.version if state else "",
        await door.parts.software.releases(),
        await door.parts.software.decision(door.site),
    )


async def _shown(door: Door) -> SiteSoftware:
    state = door.parts.live.heard(door.site).state
    standing = await _offer(door)
    offered, decision = standing.offered, standing.decision
    told = door.parts.software.updaters.state(door.site)
    is_chosen = standing.standing is Standing.CHOSEN and offered is not None
    return SiteSoftware(
        version=(state.version or None) if state else None,
        standing=standing.standing.value,
        offered=None if offered is None else _release(offered),
        newer=[_release(one) for one in standing.newer],
        decision=None
        if decision is None
        else SoftwareDecision(
            version=decision.version,
            choice=decision.choice.value,
            actor=decision.actor,
            at=decision.at,
        ),
        command=_command(door, offered) if is_chosen and offered else None,
        update=None if told is None else site_update(told),
        feed=_feed(await door.parts.software.feed()),
    )


def _command(door: Door, release: Release) -> str | None:
    """Return what somebody must run; None where the updater does it, and where it is not known."""
    software = door.parts.software
    if release.installs_itself and software.updaters.state(door.site) is not None:
        return None
    return software.command(release.version)


def _release(release: Release) -> SoftwareRelease:
    return SoftwareRelease(
        version=release.version,
        published=release.published,
        urgency=release.urgency.value,
        notes=Texts(**in_languages(release.notes)),
        if_declined=Texts(**in_languages(release.if_declined)),
        one_way=release.one_way,
        installs_itself=release.installs_itself,
    )


def _feed(state: FeedState | None) -> ReleaseFeed | None:
    if state is None:
        return None
    return ReleaseFeed(answered_at=state.answered_at, problem=state.problem or None)
