"""How sites join the fleet (C4): codes made, links seen, devices locked out. For operators."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from volthus_wire.convert import from_timestamp
from volthus_wire.subjects import LINK_CODE, LINK_LIST, LINK_REVOKE
from volthus_wire.v1.enrolment_pb2 import (
    CreateCodeRequest,
    Link,
    ListLinksRequest,
    RevokeLinkRequest,
)
from web.accounts import Account
from web.api.documented import CREATED, LOGGED_IN, problems
from web.api.door import OperatorUser, PartsDep
from web.api.once import OnceRoute
from web.models.common import Page
from web.models.enrolment import Enrolment, EnrolmentCode, EnrolmentWanted
from web.parts import Parts
from web.problems import unknown_site

router = APIRouter(prefix="/enrolments", tags=["Fleet"], route_class=OnceRoute)

SiteId = Annotated[str, Path(description="Id of the site.", max_length=63, examples=["demo"])]
_ASKED = LOGGED_IN | problems(HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
_ONE = _ASKED | problems(HTTPStatus.NOT_FOUND)
_MAKE = _ASKED | problems(HTTPStatus.CONFLICT) | CREATED


@router.get("", responses=_ASKED)
async def list_enrolments(
    account: OperatorUser,
    parts: PartsDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str, Query(max_length=100, description="`next` of the page before.")] = "",
) -> Page[Enrolment]:
    """List how your sites are linked, by id."""
    sites = await parts.fleet.claims.sites(account.tenant, account.sites, cursor, limit + 1)
    page = sites[:limit]
    found = await _links(account, parts, page) if page else {}
    return Page(
        items=[_shown(found.get(site, Link(site=site)), parts.clock.now()) for site in page],
        next=page[-1] if len(sites) > limit else None,
    )


@router.post("", status_code=HTTPStatus.CREATED, responses=_MAKE)
async def create_enrolment(
    wanted: EnrolmentWanted,
    account: OperatorUser,
    parts: PartsDep,
    request: Request,
    response: Response,
) -> EnrolmentCode:
    """Make a code with which one device joins as this site; one that waited ends."""
    if account.sites is not None and wanted.site not in account.sites:
        raise unknown_site(wanted.site)
    name = wanted.name or wanted.site
    async with parts.audit.recorded(account.who, "enrolments.create", site=wanted.site, about=name):
        await parts.fleet.claims.claim(wanted.site, name, account.tenant)
        question = CreateCodeRequest(
            site=wanted.site,
            name=name,
            tenant=account.tenant,
            valid_s=wanted.valid_hours * 3600,
        )
        made = await parts.owners.ask_cloud(LINK_CODE, question, account)
    response.headers["Location"] = f"{request.url.path}/{wanted.site}"
    return EnrolmentCode(
        site=wanted.site,
        code=made.code,
        expires_at=from_timestamp(made.expires_at),
        command=f"volthus-enroll join --cloud {made.join_url} --code {made.code}",
    )


@router.get("/{site}", responses=_ONE)
async def get_enrolment(site: SiteId, account: OperatorUser, parts: PartsDep) -> Enrolment:
    """Show how one site is linked."""
    await _check(site, account, parts)
    found = await _links(account, parts, [site])
    return _shown(found.get(site, Link(site=site)), parts.clock.now())


@router.delete("/{site}", responses=_ONE)
async def lock_device_out(site: SiteId, account: OperatorUser, parts: PartsDep) -> Enrolment:
    """Lock the site's device out, at once and for good, and end a code that waits.

    The site itself goes on; a new code lets another device join.
    """
    await _check(site, account, parts)
    async with parts.audit.recorded(account.who, "enrolments.lock-out", site=site, about=site):
        link = await parts.owners.ask_cloud(LINK_REVOKE, RevokeLinkRequest(site=site), account)
    return _shown(link, parts.clock.now())


async def _check(site: str, account: Account, parts: Parts) -> None:
    if account.sites is not None and site not in account.sites:
        raise unknown_site(site)
    tenant = await parts.fleet.claims.tenant(site)
    if tenant is None and parts.live.knows(site):
        tenant = parts.live.heard(site).tenant  # it just spoke up, and is not stored yet
    if tenant != account.tenant:
        raise unknown_site(site)


async def _links(account: Account, parts: Parts, sites: list[str]) -> dict[str, Link]:
    told = await parts.owners.ask_cloud(LINK_LIST, ListLinksRequest(sites=sites), account)
    return {link.site: link for link in told.links}


def _shown(link: Link, now: datetime) -> Enrolment:
    def at(field: str) -> datetime | None:
        return from_timestamp(getattr(link, field)) if link.HasField(field) else None

    expires_at, locked_out_at, code = at("expires_at"), at("revoked_at"), at("code_expires_at")
    if code is not None:
        state = "waiting"
    elif locked_out_at is not None:
        state = "locked-out"
    elif expires_at is None:
        state = "none"
    else:
        state = "linked" if expires_at > now else "expired"
    return Enrolment(
        site=link.site,
        state=state,
        public_key=link.public_key or None,
        enrolled_at=at("enrolled_at"),
        renewed_at=at("renewed_at"),
        expires_at=expires_at,
        locked_out_at=locked_out_at,
        code_expires_at=code,
    )
