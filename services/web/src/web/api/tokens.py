"""Tokens for programs: what they may do, at which sites, until when. Told once, ended any time."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from web.accounts import Account
from web.api.documented import CREATED, LOGGED_IN, problems
from web.api.door import PartsDep, Person, admit
from web.api.once import OnceRoute
from web.core.roles import Role
from web.core.scopes import Scope, is_grantable
from web.models.auth import NewProgramToken, ProgramToken, ProgramTokenWanted
from web.models.common import Page
from web.parts import Parts
from web.problems import ProblemError, unknown_site
from web.tokens import ProgramToken as Known
from web.tokens import TokenAsked

YEAR = timedelta(days=365)
LONGEST = 5 * YEAR

TokenId = Annotated[
    str,
    Path(description="Id of the token; not its secret.", pattern=r"^[0-9a-f]{1,64}$",
         examples=["5f2c08c1d9a3b7e4"]),
]  # fmt: skip

router = APIRouter(prefix="/tokens", tags=["Log-in"], route_class=OnceRoute)

_GONE = LOGGED_IN | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_MAKE = _GONE | problems(HTTPStatus.CONFLICT) | CREATED


@router.get("", responses=LOGGED_IN)
async def list_program_tokens(account: Person, parts: PartsDep) -> Page[ProgramToken]:
    """List tokens: your own; a service user's also those of others at their sites."""
    return Page(
        items=[
            _shown(one)
            for one in await parts.tokens.of_tenant(account.tenant)
            if _may(account, one)
        ]
    )


@router.post("", status_code=HTTPStatus.CREATED, responses=_MAKE)
async def create_program_token(
    wanted: ProgramTokenWanted,
    account: Person,
    parts: PartsDep,
    request: Request,
    response: Response,
) -> NewProgramToken:
    """Make a token for a program; its secret is told in this answer and never again."""
    asked = _asked(wanted, account, parts)
    about = f"{asked.name}: {' '.join(sorted(asked.scopes))}"
    async with parts.audit.recorded(account.who, "tokens.create", about=about) as change:
        secret, made = await parts.tokens.create(account.username, asked)
        change.after = _shown(made).model_dump_json()
    response.headers["Location"] = f"{request.url.path}/{made.id}"
    return NewProgramToken(**dict(_shown(made)), token=secret)


@router.get("/{token_id}", responses=_GONE)
async def get_program_token(token_id: TokenId, account: Person, parts: PartsDep) -> ProgramToken:
    """Show one token, without its secret."""
    return _shown(await _found(token_id, account, parts))


@router.delete("/{token_id}", status_code=HTTPStatus.NO_CONTENT, responses=_GONE)
async def revoke_program_token(token_id: TokenId, account: Person, parts: PartsDep) -> None:
    """End a token at once."""
    known = await _found(token_id, account, parts)
    about = f"{known.name} of {known.username}"
    before = _shown(known).model_dump_json()
    async with parts.audit.recorded(account.who, "tokens.revoke", about=about, before=before):
        await parts.tokens.remove(token_id)


def _asked(wanted: ProgramTokenWanted, account: Account, parts: Parts) -> TokenAsked:
    """Return what is asked where its user may give it. Raises ProblemError."""
    role = wanted.role or account.role
    admit(account, role)
    for site in wanted.sites or ():
        if not parts.live.shows(account.sight, site):
            raise unknown_site(site)
    for scope in wanted.scopes:
        if not is_grantable(scope, role, is_own_site=parts.owners.is_own_site):
            raise _not_grantable(scope, role)
    return TokenAsked(
        name=wanted.name,
        role=role,
        sites=account.sites if wanted.sites is None else frozenset(wanted.sites),
        scopes=frozenset(wanted.scopes),
        expires_at=_end(wanted.expires_at, parts.clock.now()),
    )


def _not_grantable(scope: Scope, role: Role) -> ProblemError:
    return ProblemError(
        HTTPStatus.FORBIDDEN,
        "scope-not-grantable",
        f"A token with the role {role} cannot have the scope {scope} here.",
        params={"scope": scope, "role": role},
        field="/scopes",
    )


def _end(wanted: datetime | None, now: datetime) -> datetime:
    end = now + YEAR if wanted is None else wanted
    if not now < end <= now + LONGEST:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "expiry-out-of-range",
            "A token ends in the future, and within five years.",
            field="/expires_at",
        )
    return end


def _may(account: Account, token: Known) -> bool:
    """Whether somebody may see and end a token: their own, or one that may not do more."""
    if token.username == account.username:
        return True
    return (
        token.tenant == account.tenant
        and account.role.includes(Role.SERVICE)
        and account.role.includes(token.role)
        and (account.sites is None or (token.sites is not None and token.sites <= account.sites))
    )


async def _found(token_id: str, account: Account, parts: Parts) -> Known:
    known = await parts.tokens.get(token_id)
    if known is None or not _may(account, known):
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-token",
            f"There is no token {token_id!r} here.",
            params={"token": token_id},
        )
    return known


def _shown(token: Known) -> ProgramToken:
    return ProgramToken(
        id=token.id,
        name=token.name,
        username=token.username,
        role=token.role,
        sites=None if token.sites is None else sorted(token.sites),
        scopes=sorted(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
        rests_at=token.rests_at,
    )
