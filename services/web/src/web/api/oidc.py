"""Logging in with an OpenID provider: authorization code with PKCE; and how one can log in at all.

Start and callback are for browsers: they answer with a redirect, whatever came of it. What went
wrong is told to the page as `/log-in?problem=CODE`.
"""

import hmac
import logging
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from web.accounts import Account, Kind, Origin
from web.api.auth import set_session
from web.api.documented import LOGGED_IN, Answers, problems
from web.api.door import SESSION_COOKIE, Newcomer, PartsDep, address_of, check_knocks
from web.audit import DONE, Actor
from web.core.oidc import OidcError, own_path
from web.metrics import LOG_INS
from web.models.methods import LoggedOut, LogInMethods, OidcMethod
from web.oidc.desk import OidcDesk
from web.oidc.sign_ins import LASTS_S
from web.parts import Parts
from web.problems import ProblemError

logger = logging.getLogger(__name__)

SIGN_IN_COOKIE = "volthus_sign_in"
START = "/api/v1/auth/oidc/start"
CALLBACK = "/api/v1/auth/oidc/callback"
LOG_IN_PAGE = "/log-in"
COOKIE_PATH = "/api/v1/auth/oidc/"

router = APIRouter(prefix="/auth", tags=["Log-in"])

_REDIRECTS: Answers = {303: {"description": "To the provider, or back to the page."}}
_BROWSER = _REDIRECTS | problems(
    HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE
)


@router.get("/methods")
async def list_log_in_methods(parts: PartsDep) -> LogInMethods:
    """Tell how one can log in here."""
    desk = parts.oidc
    return LogInMethods(oidc=None if desk is None else OidcMethod(name=desk.name, start=START))


@router.post("/log-out", responses=LOGGED_IN)
async def log_out(
    account: Newcomer, request: Request, response: Response, parts: PartsDep
) -> LoggedOut:
    """Log out here, and say where the browser goes to log out at its provider too.

    Whatever the provider does then, the log-in of this request has ended.
    """
    user = await parts.users.get(account.username)
    secret = request.cookies.get(SESSION_COOKIE, "")
    token = await parts.accounts.provider_token(secret) if secret else None
    await parts.accounts.end(account)
    response.delete_cookie(SESSION_COOKIE, path="/api/")
    is_provided = user is not None and user.issuer and account.kind is Kind.SESSION
    if parts.oidc is None or not is_provided:
        return LoggedOut(at_provider=None)
    return LoggedOut(at_provider=await parts.oidc.end(token, _own(request, parts, LOG_IN_PAGE)))


@router.get("/oidc/start", status_code=303, response_class=RedirectResponse, responses=_BROWSER)
async def start_oidc(
    request: Request,
    parts: PartsDep,
    to: Annotated[str, Query(max_length=500, description="Path of the page to end up at.")] = "/",
) -> Response:
    """Send the browser to the provider."""
    desk = _desk(parts)
    check_knocks(request, parts)  # each one is kept for a while
    try:
        sign_in, address = await desk.begin(_callback(request, parts), own_path(to))
    except OidcError as error:
        return _failed(error)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        SIGN_IN_COOKIE,
        sign_in.state,
        max_age=round(LASTS_S),
        path=COOKIE_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # it has to come along when the provider sends the browser back
    )
    return response


@router.get("/oidc/callback", status_code=303, response_class=RedirectResponse, responses=_BROWSER)
async def finish_oidc(
    request: Request,
    parts: PartsDep,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Take the browser back from the provider, and log in who came."""
    desk = _desk(parts)
    origin = Origin(address_of(request), request.headers.get("user-agent", ""))
    try:
        if not hmac.compare_digest(
            request.cookies.get(SIGN_IN_COOKIE, "").encode(), state.encode()
        ):
            raise OidcError("oidc-not-begun", "this browser did not begin this log-in")
        sign_in = await desk.take(state)
        if error or not code:
            raise OidcError("oidc-refused", error or "no code")
        identity = await desk.identity(sign_in, code, _callback(request, parts))
        username = await desk.user_of(identity)
    except OidcError as wrong:
        return await _refused(parts, wrong, origin)
    who = Actor(username, identity.grant.role, origin.address, identity.grant.tenant)
    row = await parts.audit.attempt(who, "auth.oidc")
    entered = await parts.accounts.enter(
        username, Kind.SESSION, origin, provider_token=identity.token
    )
    await parts.audit.end(row, DONE if entered else "not-logged-in")
    if entered is None:
        return _failed(OidcError("oidc-user-disabled", username))
    LOG_INS.labels("done").inc()
    secret, account = entered
    return _welcome(request, parts, secret, account, sign_in.leads_to)


def _welcome(
    request: Request, parts: Parts, secret: str, account: Account, leads_to: str
) -> Response:
    # Over the log-in page: it alone knows that there is a session now.
    query = urlencode({"signed-in": "oidc", "to": leads_to})
    response = RedirectResponse(f"/log-in?{query}", HTTPStatus.SEE_OTHER)
    set_session(response, request, parts, secret, account)
    response.delete_cookie(SIGN_IN_COOKIE, path=COOKIE_PATH)
    return response


async def _refused(parts: Parts, wrong: OidcError, origin: Origin) -> Response:
    LOG_INS.labels("wrong").inc()
    row = await parts.audit.attempt(Actor("", "", origin.address), "auth.oidc")
    await parts.audit.end(row, wrong.code)
    return _failed(wrong)


def _failed(wrong: OidcError) -> Response:
    logger.warning("log-in with provider failed", extra={"code": wrong.code, "why": wrong.detail})
    response = RedirectResponse(f"/log-in?problem={wrong.code}", HTTPStatus.SEE_OTHER)
    response.delete_cookie(SIGN_IN_COOKIE, path=COOKIE_PATH)
    return response


def _desk(parts: Parts) -> OidcDesk:
    if parts.oidc is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, "no-provider", "No provider of identities is set up here."
        )
    return parts.oidc


def _callback(request: Request, parts: Parts) -> str:
    return _own(request, parts, CALLBACK)


def _own(request: Request, parts: Parts, path: str) -> str:
    """Return an address of ours as the provider knows it."""
    base = parts.public_url or str(request.base_url)
    return base.rstrip("/") + path
