"""Sites and their dashboard (A16)."""

from typing import Annotated

from fastapi import APIRouter, Query

from web.api.documented import LOGGED_IN, OF_A_SITE
from web.api.door import AnyDoor, AnyUser, PartsDep
from web.models.common import Page
from web.models.sites import Dashboard, Site

router = APIRouter(prefix="/sites", tags=["Sites"])


@router.get("", responses=LOGGED_IN)
async def list_sites(
    account: AnyUser,
    parts: PartsDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before.")
    ] = None,
) -> Page[Site]:
    """List the sites you may see, by id."""
    ids = parts.live.ids(account.sight, after=cursor or "")
    page = ids[:limit]
    return Page(
        items=[parts.live.site(one) for one in page],
        next=page[-1] if len(ids) > limit else None,
    )


@router.get("/{site}", responses=OF_A_SITE)
async def get_site(door: AnyDoor) -> Site:
    """Show one site in short."""
    return door.parts.live.site(door.site)


@router.get("/{site}/dashboard", responses=OF_A_SITE)
async def get_dashboard(door: AnyDoor) -> Dashboard:
    """Show the live picture: tiles, fuse, every charger with its reason. Stale is marked so."""
    return await door.parts.owners.dashboard(door.site, door.account)
