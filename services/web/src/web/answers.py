"""Exceptions to problem+json: whatever goes wrong leaves the front door in one shape."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from volthus_kit.metrics import STORE_ERRORS
from volthus_kit.refusal import RefusedError
from web.core.text import sendable
from web.messages.plain import NotUnderstoodError
from web.middleware import protect, too_large
from web.models.common import FieldProblem
from web.problems import ProblemError, not_understood, of_refusal
from web.refusals import REFUSALS

logger = logging.getLogger(__name__)

MOST_FIELDS = 20
_CODES = {
    HTTPStatus.NOT_FOUND: ("not-found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "This address knows other methods."),
}


def add_handlers(app: FastAPI) -> None:
    """Make every failure of the app a problem."""

    @app.exception_handler(ProblemError)
    async def on_problem(_: Request, error: ProblemError) -> JSONResponse:
        return error.response()

    @app.exception_handler(RefusedError)
    async def on_refusal(request: Request, no: RefusedError) -> JSONResponse:
        if no.code not in REFUSALS:
            logger.error("unknown refusal", extra={"code": no.code, "path": request.url.path})
        return of_refusal(no).response()

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return invalid(error.errors()).response()

    @app.exception_handler(NotUnderstoodError)
    @app.exception_handler(ValidationError)
    async def on_nonsense(request: Request, error: Exception) -> JSONResponse:
        logger.error("answer not understood", extra={"path": request.url.path, "error": str(error)})
        return not_understood("the site").response()

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeoutError)
    async def on_store(request: Request, error: Exception) -> JSONResponse:
        STORE_ERRORS.labels("read").inc()
        # Without the statement: what it was asked with may be a secret.
        why = error.orig if isinstance(error, DBAPIError) else "no connection is free"
        logger.error("store not read", extra={"path": request.url.path, "error": str(why)})
        return ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "store-failing",
            "The front door's database cannot be read; nothing was changed.",
        ).response()

    @app.exception_handler(HTTPException)
    async def on_http(_: Request, error: HTTPException) -> JSONResponse:
        return of_http(error).response()

    @app.exception_handler(Exception)
    async def on_failure(request: Request, error: Exception) -> JSONResponse:
        # Starlette raises it again behind the answer; the server logs it with its trace.
        response = ProblemError(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal-error",
            f"The front door failed ({type(error).__name__}); see its log.",
        ).response()
        protect(response.headers, request.scope)  # this answer is made outside of the middleware
        return response


def of_http(error: HTTPException) -> ProblemError:
    """Return the problem for what the framework itself refuses."""
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return too_large()
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.BAD_REQUEST:
        # What the framework cannot parse (too deep, no form) is a wrong request like the others.
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    code, detail = _CODES.get(status, ("invalid-request", str(error.detail)))
    return ProblemError(status, code, detail, headers=error.headers)


def invalid(errors: Sequence[ErrorDetails]) -> ProblemError:
    """Return the problem for a request that is not of the documented shape."""
    for error in errors:
        if error["type"] == "invalid_ski":
            return ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid-ski",
                error["msg"],
                params={k: str(v) for k, v in error.get("ctx", {}).items() if k != "detail"},
                field=_pointer(error["loc"]),
            )
    fields = [
        FieldProblem(
            field=sendable(_pointer(error["loc"])),
            code=error["type"].replace("_", "-"),
            detail=sendable(error["msg"]),
        )
        for error in errors[:MOST_FIELDS]
    ]
    first = fields[0]
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-request",
        f"{first.field or 'The body'}: {first.detail}.",
        field=first.field,
        fields=fields,
    )


def _pointer(loc: tuple[int | str, ...]) -> str:
    """Return a JSON pointer for a place in the body, the name of a parameter otherwise."""
    where, *path = loc
    if where == "body":
        return "".join(f"/{one}" for one in path)
    return str(path[0]) if path else str(where)
