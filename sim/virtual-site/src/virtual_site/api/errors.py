"""Errors of the control API: `{"error": code, "detail": text}` with a 4xx status."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class ApiError(Exception):
    """A request cannot be done. code: stable, for programs; detail: for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


def install(app: FastAPI) -> None:
    """Make every error of the app look the same."""
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _answer(status: int, code: str, detail: str) -> JSONResponse:
    return JSONResponse({"error": code, "detail": detail}, status_code=status)


def _refused(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ApiError):
        raise error
    return _answer(error.status, error.code, str(error))


def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    texts = []
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"] if part != "body")
        texts.append(f"{place}: {problem['msg']}" if place else str(problem["msg"]))
    return _answer(422, "invalid-request", "; ".join(texts))


def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "refused")
    return _answer(error.status_code, code, str(error.detail))
