"""Around every answer: headers that protect the page, a bound on bodies, counting. Plain ASGI."""

import time
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.known import Known
from web.metrics import REQUEST_SECONDS, REQUESTS
from web.problems import ProblemError

MOST_BODY_BYTES = 256 * 1024

# The page is built by Vite: scripts in files of its own, styles also set by components.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}
# Only for what came under TLS (a site in a house has none), and for this name alone.
HSTS = "max-age=31536000"


class ProtectingHeaders:
    """Adds HEADERS to every answer; answers of the API are stored nowhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with HEADERS added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_protected)


def protect(headers: MutableHeaders, scope: Scope) -> None:
    """Add what protects an answer to a request, where it is not there."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope.get("scheme") == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)
    if scope["path"].startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")


class BoundedBodies:
    """Refuses a body above MOST_BODY_BYTES, announced or not, with a problem `too-large`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse a body that is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > MOST_BODY_BYTES:
            await too_large().response()(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BODY_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, receive_bounded, send)


def too_large() -> ProblemError:
    """Return the problem for a body that is too large."""
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        f"The body is larger than {MOST_BODY_BYTES} bytes.",
        params={"most_bytes": str(MOST_BODY_BYTES)},
    )


class Counted:
    """Counts answers by operation and times them until they begin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, counted and timed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                operation = getattr(scope.get("route"), "name", "page")
                REQUESTS.labels(operation, _method(scope["method"]), str(message["status"])).inc()
                REQUEST_SECONDS.labels(operation).observe(time.perf_counter() - started_s)
            await send(message)

        await self._app(scope, receive, send_counted)


def _method(method: str) -> str:
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return method if method in known else "other"


class ForgetsLogIns:
    """Lets no request that changed a log-in be answered before all forget what they knew."""

    def __init__(self, app: ASGIApp, known: Known) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and forget just before."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_forgotten(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._known.forget_after(scope["method"], scope["path"])
            await send(message)

        await self._app(scope, receive, send_forgotten)
