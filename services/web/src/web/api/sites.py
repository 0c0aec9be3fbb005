"""Sites, their list and their dashboard (A16)."""

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from web.api.documented import CONDITIONAL, LOGGED_IN, OF_A_SITE
from web.api.door import AnyDoor, AnyUser, PartsDep, ServiceDoor
from web.api.revisions import IfMatch, tag
from web.core.fleet.finding import CursorError, Sort, State
from web.core.fleet.finding import Query as Asked
from web.messages.fleet_rows import site as shown
from web.models.fleet import Sites, SiteWanted
from web.models.sites import Dashboard, Site
from web.problems import ProblemError

router = APIRouter(prefix="/sites", tags=["Sites"])

SORTS = tuple(sign + sort.value for sort in Sort for sign in ("", "-"))


@router.get("", responses=LOGGED_IN, response_model=Sites)
async def list_sites(  # noqa: PLR0913, PLR0917 - what a list can be asked for
    account: AnyUser,
    parts: PartsDep,
    search: Annotated[
        str,
        Query(max_length=100, description="Words in name, id, address or tags; all must be there."),
    ] = "",
    state: Annotated[State | None, Query(description="Only sites in this state.")] = None,
    attention: Annotated[
        bool | None, Query(description="Only sites that somebody should look at (or not).")
    ] = None,
    with_tag: Annotated[str, Query(alias="tag", max_length=32, description="With this tag.")] = "",
    sort: Annotated[
        str,
        Query(
            pattern=f"^-?({'|'.join(Sort)})$",
            description="What they are in the order of; with `-` the greatest first. `power` is "
            "what the chargers draw, `load` that of the main fuse.",
            examples=["-attention"],
        ),
    ] = "id",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[
        str,
        Query(max_length=400, description="`next` of the page before, with the same `sort`."),
    ] = "",
) -> Response:
    """List the sites you may see.

    A cursor is a place in the order, by value and id: it stays true while sites come and go. What
    moves (power, load) may show a site twice, or not at all, in a list of several pages.
    """
    asked = Asked(
        search=search,
        state=state,
        attention=attention,
        tag=with_tag,
        sort=Sort(sort.removeprefix("-")),
        descending=sort.startswith("-"),
        limit=limit,
        after=cursor,
    )
    try:
        found = parts.fleet.find(asked, account.sight)
    except CursorError as wrong:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-cursor", f"{wrong}.", field="cursor"
        ) from wrong
    # As text at once: nothing is gained by checking what was just made, and a page may be long.
    return Response(parts.fleet.pages.page(found), media_type="application/json")


@router.get("/{site}", responses=OF_A_SITE)
async def get_site(door: AnyDoor, response: Response) -> Site:
    """Show one site in short."""
    row = door.parts.fleet.row(door.site)
    tag(response, row.entry.revision)
    return shown(row)


@router.patch("/{site}", responses=CONDITIONAL)
async def change_site(
    door: ServiceDoor, wanted: SiteWanted, revision: IfMatch, response: Response
) -> Site:
    """Write what a site is called here, its tags, address, place and notes."""
    fleet, account = door.parts.fleet, door.account
    before = shown(fleet.row(door.site))
    changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    if "tags" in changes:
        changes["tags"] = tuple(wanted.tags or ())
    told = {"site": door.site, "about": "registry", "before": _written(before)}
    async with door.parts.audit.recorded(account.who, "site.describe", **told) as change:
        after = shown(await fleet.write(door.site, changes, revision))
        change.after = _written(after)
    tag(response, after.revision)
    return after


@router.get("/{site}/dashboard", responses=OF_A_SITE)
async def get_dashboard(door: AnyDoor) -> Dashboard:
    """Show the live picture: tiles, fuse, every charger with its reason. Stale is marked so."""
    return await door.parts.owners.dashboard(door.site, door.account)


def _written(site: Site) -> str:
    return json.dumps(
        site.model_dump(mode="json", include={"name", "tags", "address", "place", "notes"})
    )
