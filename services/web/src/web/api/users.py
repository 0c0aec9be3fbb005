"""Users: who may log in, and what they may do and see. Who manages whom: `core/people.py`."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from volthus_kit.refusal import RefusedError
from web.accounts import Account
from web.api.documented import CREATED, LOGGED_IN, problems
from web.api.door import PartsDep, ServicePerson, visible
from web.api.once import OnceRoute
from web.api.revisions import IfMatch, tag
from web.core.people import Person, Sites, may_give, may_manage
from web.core.roles import Role
from web.models.common import Page
from web.models.users import NewUser, ResetPassword, User, UserSettings, UserWanted
from web.parts import Parts
from web.problems import ProblemError, unknown_site
from web.users import User as Known
from web.users import UserAsked, check_password, new_password

Username = Annotated[
    str, Path(description="Name of the user.", min_length=1, max_length=64, examples=["bo"])
]
router = APIRouter(prefix="/users", tags=["Users"], route_class=OnceRoute)

_GONE = LOGGED_IN | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_MAKE = _GONE | problems(HTTPStatus.CONFLICT) | CREATED
_CHANGE = _GONE | problems(HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


@dataclass(frozen=True, slots=True)
class _Staff:
    """The users of the asker's tenant, as far as they are the asker's to see."""

    account: Account
    everybody: tuple[Known, ...]

    @property
    def has_operator(self) -> bool:
        people = (one.person for one in self.everybody)
        return any(one.role is Role.OPERATOR and not one.is_disabled for one in people)

    def shown(self) -> list[Known]:
        own = self.account.username
        return [one for one in self.everybody if one.person.username == own or self._managed(one)]

    def found(self, username: str) -> Known:
        for one in self.shown():
            if one.person.username == username:
                return one
        raise RefusedError(
            "unknown-user", f"There is no user {username!r} here.", username=username
        )

    def check_gives(self, role: Role, sites: Sites) -> None:
        if not may_give(self.account.person, role, sites, has_operator=self.has_operator):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "role-not-grantable",
                f"You may not give the role {role} with these sites.",
                params={"role": role},
                field="/role",
            )

    def _managed(self, one: Known) -> bool:
        return may_manage(self.account.person, one.person, has_operator=self.has_operator)


async def _staff(account: Account, parts: Parts) -> _Staff:
    return _Staff(account, tuple(await parts.users.of_tenant(account.tenant)))


@router.get("", responses=LOGGED_IN)
async def list_users(
    account: ServicePerson,
    parts: PartsDep,
    search: Annotated[str, Query(max_length=64, description="Part of the name.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before.")
    ] = None,
) -> Page[User]:
    """List users by name: yourself, and those you may change."""
    staff = await _staff(account, parts)
    names = (
        one
        for one in staff.shown()
        if search.casefold() in one.person.username.casefold()
        and one.person.username > (cursor or "")
    )
    found = sorted(names, key=lambda one: one.person.username)
    page = found[:limit]
    return Page(
        items=[_shown(one) for one in page],
        next=page[-1].person.username if len(found) > limit else None,
    )


@router.post("", status_code=HTTPStatus.CREATED, responses=_MAKE)
async def create_user(
    wanted: UserWanted,
    account: ServicePerson,
    parts: PartsDep,
    request: Request,
    response: Response,
) -> NewUser:
    """Make a user, who has to change the password at the first log-in."""
    staff = await _staff(account, parts)
    sites = _sites(wanted.sites, account, parts)
    staff.check_gives(wanted.role, sites)
    if wanted.password is not None:
        check_password(wanted.password, wanted.username, "/password")
    password = wanted.password or new_password()
    person = Person(wanted.username, wanted.role, sites, account.tenant)
    async with parts.audit.recorded(account.who, "users.create", about=wanted.username) as change:
        made = _shown(await parts.users.create(person, password))
        change.after = made.model_dump_json()
    response.headers["Location"] = f"{request.url.path}/{made.username}"
    tag(response, made.revision)
    return NewUser(**dict(made), password=None if wanted.password else password)


@router.get("/{username}", responses=_GONE)
async def get_user(
    username: Username, account: ServicePerson, parts: PartsDep, response: Response
) -> User:
    """Show one user."""
    shown = _shown((await _staff(account, parts)).found(username))
    tag(response, shown.revision)
    return shown


@router.put("/{username}", responses=_CHANGE)
async def put_user(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    username: Username,
    wanted: UserSettings,
    account: ServicePerson,
    parts: PartsDep,
    revision: IfMatch,
    response: Response,
) -> User:
    """Change what a user may do and see. Who is disabled is logged out at once."""
    staff = await _staff(account, parts)
    known = staff.found(username)
    sites = _sites(wanted.sites, account, parts, had=known.person.sites)
    is_self = username == account.username
    if not (is_self and (wanted.role, sites) == (known.person.role, known.person.sites)):
        staff.check_gives(wanted.role, sites)
    asked = UserAsked(wanted.role, sites, wanted.disabled)
    async with parts.audit.recorded(
        account.who, "users.change", about=username, before=_shown(known).model_dump_json()
    ) as change:
        shown = _shown(await parts.users.change(username, asked, revision))
        change.after = shown.model_dump_json()
    tag(response, shown.revision)
    return shown


@router.post("/{username}/password", responses=_CHANGE)
async def reset_password(
    username: Username, account: ServicePerson, parts: PartsDep
) -> ResetPassword:
    """Give a user a new password to log in with and change at once; all their log-ins end."""
    known = (await _staff(account, parts)).found(username)
    if username == account.username:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "password-your-own",
            "Your own password is changed with PUT /me/password.",
        )
    if not known.has_password:
        raise RefusedError(
            "password-elsewhere",
            f"{username} logs in with a provider of identities; the password is changed there.",
        )
    password = new_password()
    async with parts.audit.recorded(account.who, "users.reset-password", about=username):
        await parts.users.set_password(username, password, must_change=True)
    return ResetPassword(password=password)


@router.delete("/{username}", status_code=HTTPStatus.NO_CONTENT, responses=_CHANGE)
async def remove_user(
    username: Username, account: ServicePerson, parts: PartsDep, revision: IfMatch
) -> None:
    """Delete a user, with log-ins and tokens of programs."""
    known = (await _staff(account, parts)).found(username)
    async with parts.audit.recorded(
        account.who, "users.remove", about=username, before=_shown(known).model_dump_json()
    ):
        await parts.users.remove(username, revision)


def _sites(
    wanted: list[str] | None, account: Account, parts: Parts, had: Sites = frozenset()
) -> Sites:
    """Return the sites asked for; null is all the asker may see. Raises `unknown-site`."""
    if wanted is None:
        return account.sites
    for site in wanted:
        if site not in (had or ()) and not visible(parts, account, site):
            raise unknown_site(site)
    return frozenset(wanted)


def _shown(user: Known) -> User:
    person = user.person
    return User(
        username=person.username,
        role=person.role,
        sites=None if person.sites is None else sorted(person.sites),
        tenant=person.tenant,
        disabled=person.is_disabled,
        must_change_password=user.must_change,
        log_in="oidc" if user.issuer else "password",
        created_at=user.created_at,
        last_log_in_at=user.last_log_in_at,
        revision=user.revision,
    )
