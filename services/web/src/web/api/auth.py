"""Logging in: bearer tokens for programs, a cookie session for the page."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from web.accounts import Account, Kind, Origin
from web.api.documented import LOGGED_IN, problems
from web.api.door import (
    SESSION_COOKIE,
    AnyLogIn,
    Newcomer,
    PartsDep,
    address_of,
    check_same_origin,
)
from web.audit import DONE, Actor
from web.metrics import LOG_INS
from web.models.auth import Credentials, Me, Token
from web.parts import Parts
from web.problems import ProblemError

LONGEST_NAME = 64

router = APIRouter(prefix="/auth", tags=["Log-in"])

_LOG_IN = problems(
    HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE
)


@router.post("/token", responses=_LOG_IN)
async def create_token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()], request: Request, parts: PartsDep
) -> Token:
    """Log a program in (OAuth2 password form); it then sends the token as bearer."""
    secret, account = await _log_in(parts, request, form.username, form.password, Kind.BEARER)
    left = account.expires_at - parts.clock.now()
    return Token(access_token=secret, expires_in=round(left.total_seconds()))


@router.post("/session", responses=_LOG_IN | problems(HTTPStatus.FORBIDDEN))
async def create_session(
    wanted: Credentials, request: Request, response: Response, parts: PartsDep
) -> Me:
    """Log the page in: sets an http-only cookie and returns the CSRF token for changes."""
    check_same_origin(request)
    secret, account = await _log_in(parts, request, wanted.username, wanted.password, Kind.SESSION)
    set_session(response, request, parts, secret, account)
    return _me(account)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT, responses=LOGGED_IN)
async def delete_session(account: Newcomer, response: Response, parts: PartsDep) -> None:
    """Log out: the session (or bearer token) of this request ends at once."""
    await parts.accounts.end(account)
    response.delete_cookie(SESSION_COOKIE, path="/api/")


@router.get("/me", responses=LOGGED_IN)
async def get_me(account: AnyLogIn) -> Me:
    """Tell who is logged in; for the page also the CSRF token."""
    return _me(account)


def _me(account: Account) -> Me:
    return Me(
        username=account.username,
        role=account.role,
        sites=None if account.sites is None else sorted(account.sites),
        expires_at=account.expires_at,
        csrf_token=account.csrf_token,
        scopes=None if account.scopes is None else sorted(account.scopes),
        tenant=account.tenant,
        must_change_password=account.must_change,
    )


def set_session(
    response: Response, request: Request, parts: Parts, secret: str, account: Account
) -> None:
    """Give a browser its session."""
    left = account.expires_at - parts.clock.now()
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=round(left.total_seconds()),
        path="/api/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


async def _log_in(
    parts: Parts, request: Request, username: str, password: str, kind: Kind
) -> tuple[str, Account]:
    address = address_of(request)
    wait_s = await parts.attempts.enter(username, address)
    if wait_s > 0:
        LOG_INS.labels("too-many").inc()
        raise too_many_attempts(wait_s)
    action = "auth.token" if kind is Kind.BEARER else "auth.session"
    user = await parts.users.get(username)
    who = Actor(username[:LONGEST_NAME], "", address, user.person.tenant if user else "")
    row = await parts.audit.attempt(who, action)
    origin = Origin(address, request.headers.get("user-agent", ""))
    entered = await parts.accounts.log_in(username, password, kind, origin)
    LOG_INS.labels("done" if entered else "wrong").inc()
    await parts.audit.end(row, DONE if entered else "wrong-credentials")
    if entered is None:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "wrong-credentials",
            "User name or password is wrong.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    await parts.attempts.succeeded(username, address)
    return entered


def too_many_attempts(wait_s: int) -> ProblemError:
    """Return the problem for somebody who guessed too often."""
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-attempts",
        f"Too many failed log-ins; try again in {wait_s} s.",
        params={"wait_s": str(wait_s)},
        headers={"Retry-After": str(wait_s)},
    )
