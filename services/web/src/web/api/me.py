"""Oneself: the password, and where one is logged in."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request

from volthus_kit.refusal import RefusedError
from web.accounts import Account
from web.accounts import LogIn as Known
from web.api.auth import too_many_attempts
from web.api.documented import LOGGED_IN, problems
from web.api.door import Newcomer, PartsDep, Person, address_of
from web.models.common import Page
from web.models.users import LogIn, PasswordChange
from web.problems import ProblemError
from web.users import check_password

router = APIRouter(prefix="/me", tags=["Log-in"])

LogInId = Annotated[
    str,
    Path(description="Id of the log-in.", pattern=r"^[0-9a-f]{16}$", examples=["5f2c08c1d9a3b7e4"]),
]
_CHANGE = LOGGED_IN | problems(HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE)
_GONE = LOGGED_IN | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


@router.put("/password", status_code=HTTPStatus.NO_CONTENT, responses=_CHANGE)
async def change_password(
    wanted: PasswordChange, account: Newcomer, parts: PartsDep, request: Request
) -> None:
    """Change your password; all your other log-ins end. Needs the old one."""
    user = await parts.users.get(account.username)
    if user is None or not user.has_password:
        raise RefusedError(
            "password-elsewhere",
            "You log in with a provider of identities; the password is changed there.",
        )
    await _check_old(wanted.old_password, account, parts, address_of(request))
    if wanted.new_password == wanted.old_password:
        raise RefusedError(
            "password-too-weak",
            "The new password is the old one.",
            field="/new_password",
            reason="not-new",
        )
    check_password(wanted.new_password, account.username, "/new_password")
    async with parts.audit.recorded(account.who, "users.change-password"):
        await parts.users.set_password(
            account.username, wanted.new_password, must_change=False, kept=account.digest
        )


@router.get("/log-ins", responses=LOGGED_IN)
async def list_log_ins(account: Person, parts: PartsDep) -> Page[LogIn]:
    """List where you are logged in, the newest first."""
    known = await parts.accounts.log_ins(account.username)
    return Page(items=[_shown(one, account) for one in known])


@router.delete("/log-ins", status_code=HTTPStatus.NO_CONTENT, responses=_GONE)
async def end_other_log_ins(account: Person, parts: PartsDep) -> None:
    """End all your log-ins but this one."""
    async with parts.audit.recorded(account.who, "users.end-log-ins", about="others"):
        await parts.accounts.end_log_ins(account.username, kept=account.digest)


@router.delete("/log-ins/{log_in_id}", status_code=HTTPStatus.NO_CONTENT, responses=_GONE)
async def end_log_in(log_in_id: LogInId, account: Person, parts: PartsDep) -> None:
    """End one of your log-ins."""
    known = await parts.accounts.log_ins(account.username)
    if all(one.id != log_in_id for one in known):
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-log-in",
            f"You have no log-in {log_in_id!r}.",
            params={"log_in": log_in_id},
        )
    async with parts.audit.recorded(account.who, "users.end-log-ins", about=log_in_id):
        await parts.accounts.end_log_ins(account.username, only=log_in_id)


async def _check_old(password: str, account: Account, parts: "PartsDep", address: str) -> None:
    """Raise `password-wrong`, or `too-many-attempts`: guessing here counts like at the log-in."""
    wait_s = await parts.attempts.enter(account.username, address)
    if wait_s > 0:
        raise too_many_attempts(wait_s)
    if not await parts.accounts.is_password(account.username, password):
        raise RefusedError("password-wrong", "The old password is wrong.", field="/old_password")
    await parts.attempts.succeeded(account.username, address)


def _shown(log_in: Known, account: Account) -> LogIn:
    return LogIn(
        id=log_in.id,
        kind="session" if log_in.kind == "session" else "bearer",
        current=account.digest.startswith(log_in.id),
        created_at=log_in.created_at,
        used_at=log_in.used_at,
        expires_at=log_in.expires_at,
        address=log_in.origin.address,
        agent=log_in.origin.agent,
    )
