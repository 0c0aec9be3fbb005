"""Who is asking, and a site asked in that name. No router reaches a site by any other way."""

import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyCookie, OAuth2PasswordBearer
from google.protobuf.message import Message

from volthus_wire.subjects import Request as Question
from web.accounts import Account, Kind
from web.core.roles import Role
from web.core.scopes import Scope, needed
from web.core.ski import SkiError, normalised
from web.metrics import LOG_INS
from web.parts import Parts
from web.passwords import PROGRAM_PREFIX
from web.problems import ProblemError, unknown_site

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

SESSION_COOKIE = "volthus_session"
CSRF_HEADER = "X-CSRF-Token"
KEY_HEADER = "Idempotency-Key"
MOST_KEY = 200
KEY = re.compile(rf"[\x21-\x7e]{{1,{MOST_KEY}}}")
OTHER_SITES = frozenset({"cross-site", "same-site"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

BEARER = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)
COOKIE = APIKeyCookie(name=SESSION_COOKIE, auto_error=False)


async def parts_of(request: Request) -> Parts:
    """Return what this program is made of."""
    parts: Parts = request.app.state.parts
    return parts


# Every one that stands before a route is async, also where it waits for nothing: FastAPI would do
# the others in threads, which costs more than they do.
PartsDep = Annotated[Parts, Depends(parts_of)]


async def account_of(
    request: Request,
    parts: PartsDep,
    bearer: Annotated[str | None, Security(BEARER)],
    cookie: Annotated[str | None, Security(COOKIE)],
) -> Account:
    """Return who asks, by bearer token or by the page's cookie (which needs a CSRF token too)."""
    account = None
    if bearer:
        account = await parts.known.account(f"bearer {bearer}", partial(_by_bearer, parts, bearer))
    elif cookie:
        look_up = partial(parts.accounts.by_token, cookie, Kind.SESSION)
        account = await parts.known.account(f"session {cookie}", look_up)
    if account is None:
        if bearer:
            check_knocks(request, parts)
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "not-logged-in",
            "Log in first: this needs a bearer token or a session that is still valid.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if not bearer and request.method not in SAFE_METHODS:
        _check_csrf(request, account)
    _count_request(request, parts, account)
    return account


async def _by_bearer(parts: Parts, secret: str) -> Account | None:
    if secret.startswith(PROGRAM_PREFIX):
        return await parts.tokens.account(secret)
    return await parts.accounts.by_token(secret, Kind.BEARER)


def check_knocks(request: Request, parts: Parts) -> None:
    """Count what opened nothing (yet), by its address. Raises ProblemError `too-many-attempts`."""
    wait_s = parts.limits.knocked(address_of(request))
    if wait_s > 0:
        LOG_INS.labels("too-many").inc()
        raise _wait("too-many-attempts", "Too many tokens that open nothing", wait_s)


def _count_request(request: Request, parts: Parts, account: Account) -> None:
    """Count a request, once however often it is asked whose it is.

    Raises ProblemError `too-many-requests`.
    """
    if getattr(request.state, "is_counted", False):
        return
    request.state.is_counted = True
    wait_s = parts.limits.asked(account.actor, address_of(request))
    if wait_s > 0:
        raise _wait("too-many-requests", "Too many requests", wait_s)


def _wait(code: str, what: str, wait_s: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        code,
        f"{what}; try again in {wait_s} s.",
        params={"wait_s": str(wait_s)},
        headers={"Retry-After": str(wait_s)},
    )


def check_same_origin(request: Request) -> None:
    """Let a browser log in or change something only from our own page. Raises `cross-site`.

    Browsers say where a request comes from and no page can say it for them; programs say nothing.
    It stands beside what already keeps others out: the CSRF token, and cookies that go nowhere.
    """
    if request.headers.get("Sec-Fetch-Site") in OTHER_SITES:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "cross-site",
            "A page of another site asked for this; log in and change things at our own.",
        )


def _check_csrf(request: Request, account: Account) -> None:
    check_same_origin(request)
    given = request.headers.get(CSRF_HEADER, "")
    if not account.is_csrf_token(given):
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "csrf-token-missing",
            f"A change in a cookie session needs the header {CSRF_HEADER} from GET /auth/me.",
        )


AccountDep = Annotated[Account, Depends(account_of)]


async def is_still_valid(parts: Parts, account: Account) -> bool:
    """Whether a log-in or a program's token still holds: long streams ask now and then."""
    kept = parts.tokens if account.kind is Kind.PROGRAM else parts.accounts
    return await parts.known.is_valid(account, partial(kept.is_valid, account))


def check_password_changed(account: Account) -> None:
    """Let an account pass whose password is its own. Raises `password-change-needed`."""
    if account.must_change:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "password-change-needed",
            "This password was given by somebody else: change it first (PUT /me/password).",
        )


def admit(account: Account, role: Role) -> None:
    """Let an account with the role pass.

    Raises ProblemError `password-change-needed`, `role-not-allowed`.
    """
    check_password_changed(account)
    if not account.role.includes(role):
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "role-not-allowed",
            f"This needs the role {role}; {account.username} has the role {account.role}.",
            params={"needed": role, "role": account.role},
        )


def check_scope(account: Account, scope: Scope) -> None:
    """Let an account pass that is no program's, or whose token has the scope.

    Raises ProblemError `scope-not-allowed`.
    """
    if account.scopes is not None and scope not in account.scopes:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "scope-not-allowed",
            f"This needs a token with the scope {scope}; this one has "
            f"{', '.join(sorted(account.scopes)) or 'none'}.",
            params={"needed": scope},
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets only accounts with a role through, programs only with a scope (None: by the method)."""

    role: Role
    scope: Scope | None = None

    async def __call__(self, account: AccountDep, request: Request) -> Account:
        """Return the account. Raises ProblemError `role-not-allowed` or `scope-not-allowed`."""
        admit(account, self.role)
        check_scope(account, self.scope or needed(request.method, self.role))
        return account

    def needs(self, method: str) -> Scope | None:
        """Return the scope that a request of this method needs; None: no token will do."""
        return self.scope or needed(method, self.role)


def _check_is_person(account: Account, request: Request) -> None:
    if account.scopes is not None:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "log-in-needed",
            f"A program's token cannot {request.method} this; log in with a password.",
        )


@dataclass(frozen=True, slots=True)
class PersonGate(Gate):
    """Lets only those through who logged in themselves."""

    async def __call__(self, account: AccountDep, request: Request) -> Account:
        """Return the account. Raises ProblemError `role-not-allowed` or `log-in-needed`."""
        admit(account, self.role)
        _check_is_person(account, request)
        return account

    def needs(self, method: str) -> Scope | None:  # noqa: ARG002 - of every method
        """Return None: no token will do."""
        return None


@dataclass(frozen=True, slots=True)
class NewcomerGate(PersonGate):
    """Lets also those through who have to change their password before all else."""

    async def __call__(self, account: AccountDep, request: Request) -> Account:
        """Return the account. Raises ProblemError `log-in-needed`."""
        _check_is_person(account, request)
        return account


@dataclass(frozen=True, slots=True)
class AnybodyGate(Gate):
    """Lets everybody through, those too who have to change their password before all else."""

    async def __call__(self, account: AccountDep, request: Request) -> Account:
        """Return the account. Raises ProblemError `scope-not-allowed`."""
        check_scope(account, self.scope or needed(request.method, self.role))
        return account


@dataclass(frozen=True, slots=True)
class Door:
    """One site, asked in the name of one account."""

    site: str
    account: Account
    parts: Parts
    key: str = ""  # of a command: one that comes again with it is done once

    async def ask(self, request: Question[Q, R], question: Q, *, timeout_s: float = 5.0) -> R:
        """Ask an owner of the site; for what changes nothing."""
        return await self.parts.owners.ask(
            request, question, site=self.site, account=self.account, timeout_s=timeout_s
        )

    async def change(
        self, request: Question[Q, R], question: Q, *, about: str, timeout_s: float = 5.0
    ) -> R:
        """Ask an owner to change something; written to the audit before and after."""
        return await self.parts.owners.change(
            request,
            question,
            site=self.site,
            account=self.account,
            about=about,
            timeout_s=timeout_s,
            key=self.key,
        )


def visible(parts: Parts, account: Account, site: str) -> bool:
    """Whether there is such a site, and the account may know of it: of its tenant, and its own."""
    return parts.live.shows(account.sight, site)


def address_of(request: Request) -> str:
    """Return where a request came from."""
    return request.client.host if request.client else "unknown"


@dataclass(frozen=True, slots=True)
class DoorFor:
    """Opens a site's door to accounts that have role and scope and may see the site."""

    role: Role
    scope: Scope | None = None

    async def __call__(
        self,
        request: Request,
        account: AccountDep,
        parts: PartsDep,
        site: Annotated[str, Path(description="Id of the site.", examples=["demo"])],
    ) -> Door:
        """Return the door.

        Raises ProblemError `role-not-allowed`, `scope-not-allowed`, `unknown-site` or
        `idempotency-key-invalid`.
        """
        admit(account, self.role)
        check_scope(account, self.needs(request.method))
        if not visible(parts, account, site):
            raise unknown_site(site)
        return Door(site, account, parts, key_of(request))

    def needs(self, method: str) -> Scope:
        """Return the scope that a request of this method needs."""
        return self.scope or needed(method, self.role)


def key_of(request: Request) -> str:
    """Return the idempotency key of a command, "" without one."""
    key = request.headers.get(KEY_HEADER)
    if key is None or request.method in SAFE_METHODS:
        return ""
    if not KEY.fullmatch(key):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency-key-invalid",
            f"{KEY_HEADER} has 1 to {MOST_KEY} visible ASCII characters.",
            params={"most": str(MOST_KEY)},
            field=KEY_HEADER,
        )
    return key


Person = Annotated[Account, Depends(PersonGate(Role.STANDARD))]
Newcomer = Annotated[Account, Depends(NewcomerGate(Role.STANDARD))]
AnyLogIn = Annotated[Account, Depends(AnybodyGate(Role.STANDARD))]
ServicePerson = Annotated[Account, Depends(PersonGate(Role.SERVICE))]
AnyUser = Annotated[Account, Depends(Gate(Role.STANDARD))]
ServiceUser = Annotated[Account, Depends(Gate(Role.SERVICE))]
OperatorUser = Annotated[Account, Depends(Gate(Role.OPERATOR))]
AnyDoor = Annotated[Door, Depends(DoorFor(Role.STANDARD))]
ServiceDoor = Annotated[Door, Depends(DoorFor(Role.SERVICE))]
OperatorDoor = Annotated[Door, Depends(DoorFor(Role.OPERATOR))]
# For what is asked with a body but changes nothing.
LookingDoor = Annotated[Door, Depends(DoorFor(Role.SERVICE, Scope.READ))]
SocDoor = Annotated[Door, Depends(DoorFor(Role.STANDARD, Scope.SOC_WRITE))]


async def ski_in_path(
    ski: Annotated[
        str,
        Path(
            description="40 hexadecimal digits; case, blanks, dashes and colons do not matter.",
            examples=["8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"],
        ),
    ],
) -> str:
    """Return the SKI of the path in its one spelling. Raises ProblemError `invalid-ski`."""
    try:
        return normalised(ski)
    except SkiError as wrong:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-ski",
            str(wrong),
            params=wrong.params,
            field="ski",
        ) from wrong


SkiInPath = Annotated[str, Depends(ski_in_path)]
