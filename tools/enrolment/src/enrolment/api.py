"""What devices ask over HTTPS: join with a code, get a nonce, renew the claims."""

import asyncio
from collections import deque
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.base import RequestResponseEndpoint

from enrolment.desk import Claims, Desk
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

STATUSES = {
    "code-unknown": HTTPStatus.NOT_FOUND,
    "code-over": HTTPStatus.GONE,
    "code-used": HTTPStatus.CONFLICT,
    "proof-wrong": HTTPStatus.FORBIDDEN,
    "nonce-over": HTTPStatus.FORBIDDEN,
    "device-unknown": HTTPStatus.NOT_FOUND,
    "device-revoked": HTTPStatus.FORBIDDEN,
    "store-failing": HTTPStatus.SERVICE_UNAVAILABLE,
}
GUESSES = 20  # refused requests of one address, or a hundred times as many of all, in GUESSES_S
GUESSES_S = 60.0
ALL_GUESSES = 100 * GUESSES
MOST_ADDRESSES = 10_000
MOST_BYTES = 4096

Text = Annotated[str, Field(min_length=1, max_length=200)]


class JoinWanted(BaseModel):
    """A device that wants to speak for a site."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Text = Field(examples=["3K7Q-9DMP-..."])
    public_key: Text
    proof: Text = Field(description="Base64 of the signature of `join`, the code and the key.")


class RenewWanted(BaseModel):
    """A device whose claims end."""

    model_config = ConfigDict(extra="forbid", strict=True)

    public_key: Text
    nonce: Text
    proof: Text = Field(description="Base64 of the signature of `renew`, the nonce and the key.")


class Nonce(BaseModel):
    """What is to be signed within two minutes."""

    nonce: str


class Joined(BaseModel):
    """What a device needs to link its site."""

    site: str
    name: str
    jwt: str
    expires_at: datetime
    leaf_url: str
    leaf_ca: str | None


class Guessing:
    """Slows down who guesses: by address, and all together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    def is_too_much(self, address: str) -> bool:
        """Whether this address has to wait."""
        now_s = self._clock.monotonic()
        mine = self._refused.get(address, deque())
        return _lately(mine, now_s) >= GUESSES or _lately(self._all, now_s) >= ALL_GUESSES

    def refused(self, address: str) -> None:
        """Count a request that was refused."""
        if address not in self._refused and len(self._refused) >= MOST_ADDRESSES:
            self._refused.pop(next(iter(self._refused)))
        now_s = self._clock.monotonic()
        self._refused.setdefault(address, deque(maxlen=GUESSES)).append(now_s)
        self._all.append(now_s)


def _lately(times: "deque[float]", now_s: float) -> int:
    while times and now_s - times[0] > GUESSES_S:
        times.popleft()
    return len(times)


def create_app(desk: Desk, clock: Clock, leaf_url: str, leaf_ca: str | None) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Volthus enrolment", openapi_url="/v1/openapi.json", docs_url=None)
    guessing = Guessing(clock)

    def joined(claims: Claims) -> Joined:
        return Joined(
            site=claims.site,
            name=claims.name,
            jwt=claims.jwt,
            expires_at=claims.expires_at,
            leaf_url=leaf_url,
            leaf_ca=leaf_ca,
        )

    @app.exception_handler(RefusedError)
    async def refuse(request: Request, no: Exception) -> JSONResponse:
        code = no.code if isinstance(no, RefusedError) else "internal-error"
        detail = no.detail if isinstance(no, RefusedError) else ""
        if code != "store-failing":
            guessing.refused(_address(request))
        status = STATUSES.get(code, HTTPStatus.BAD_GATEWAY)
        return _problem(status, code, detail)

    @app.middleware("http")
    async def bound(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if guessing.is_too_much(_address(request)):
            return _problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-attempts",
                "Too many requests that were refused; wait a minute.",
                {"Retry-After": str(int(GUESSES_S))},
            )
        length = request.headers.get("content-length", "0")
        is_chunked = "transfer-encoding" in request.headers
        if is_chunked or not length.isdecimal() or int(length) > MOST_BYTES:
            detail = f"A body of at most {MOST_BYTES} bytes, its length told, is taken."
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", detail)
        return await call_next(request)

    @app.post("/v1/join", status_code=HTTPStatus.CREATED)
    async def join(wanted: JoinWanted) -> Joined:
        """Join with a one-time code."""
        return joined(
            await asyncio.to_thread(desk.join, wanted.code, wanted.public_key, wanted.proof)
        )

    @app.get("/v1/nonce")
    async def nonce() -> Nonce:
        """Get what is to be signed to renew."""
        return Nonce(nonce=desk.nonce())

    @app.post("/v1/renew")
    async def renew(wanted: RenewWanted) -> Joined:
        """Renew the claims, also expired ones, of a device that is not locked out."""
        return joined(
            await asyncio.to_thread(desk.renew, wanted.public_key, wanted.nonce, wanted.proof)
        )

    return app


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _problem(
    status: HTTPStatus, code: str, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    body = {
        "type": f"urn:volthus:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": int(status),
        "code": code,
        "detail": detail,
    }
    return JSONResponse(
        body, status_code=status, headers=headers, media_type="application/problem+json"
    )
