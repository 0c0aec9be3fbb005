"""Versions and updates (A18): what is new, installed or declined by a person's decision."""

from http import HTTPStatus

from fastapi import APIRouter

from volthus_kit.refusal import RefusedError
from web.api.documented import LOGGED_IN, OF_A_SITE, REFUSABLE
from web.api.door import AnyDoor, AnyUser, Door, PartsDep, ServiceDoor
from web.audit import DONE
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
    await _decide(door, wanted.version, Choice(wanted.choice))
    return await _shown(door)


@router.delete("/sites/{site}/software/decision", responses=REFUSABLE)
async def take_back_decision(door: ServiceDoor) -> SiteSoftware:
    """Take the decision back: the release is offered again."""
    standing = await _offer(door)
    if standing.decision is not None:
        await _decide(door, standing.decision.version, None)
    return await _shown(door)


async def _decide(door: Door, version: str, choice: Choice | None) -> None:
    parts, account = door.parts, door.account
    row = await parts.audit.begin(
        account.who,
        "software.decide",
        site=door.site,
        about=f"{version}: {choice or 'taken back'}",
    )
    outcome = "interrupted"
    try:
        await parts.software.decide(door.site, version, choice, account.actor)
        outcome = DONE
    except RefusedError as no:
        outcome = no.code
        raise
    finally:
        await parts.audit.end(row, outcome)


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
        command=door.parts.software.command(offered.version) if is_chosen and offered else None,
        feed=_feed(await door.parts.software.feed()),
    )


def _release(release: Release) -> SoftwareRelease:
    return SoftwareRelease(
        version=release.version,
        published=release.published,
        urgency=release.urgency.value,
        notes=Texts(**in_languages(release.notes)),
        if_declined=Texts(**in_languages(release.if_declined)),
    )


def _feed(state: FeedState | None) -> ReleaseFeed | None:
    if state is None:
        return None
    return ReleaseFeed(answered_at=state.answered_at, problem=state.problem or None)
