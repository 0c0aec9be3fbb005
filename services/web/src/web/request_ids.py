"""Gives every request its id: in our logs, on the bus, and in the answer. Plain ASGI."""

import logging
import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from volthus_kit import traces
from volthus_kit.request_ids import HEADER, Work, taken_or_made, working_on

logger = logging.getLogger(__name__)

_SITE = re.compile(r"/api/v1/sites/([a-z0-9][a-z0-9-]{0,62})(?:/|$)")
_READING = {"GET", "HEAD", "OPTIONS"}
_OUR_FAULT = 500


class RequestIds:
    """Takes the id a caller brought (`traceparent`, `X-Request-Id`) or makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the id in a header; tell in the log what was not only read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request = taken_or_made(headers)
        site = _SITE.match(scope["path"])
        started_s = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(HEADER, request)
                _tell(scope, int(message["status"]), time.perf_counter() - started_s)
                _trace(span, scope, int(message["status"]))
            await send(message)

        with (
            working_on(Work(request, site[1] if site else "")),
            traces.serving(scope["method"], headers) as span,
        ):
            await self._app(scope, receive, send_with_id)


def _trace(span: traces.Span, scope: Scope, status: int) -> None:
    """Name a span by the route, never by the path: that has names of people's things in it."""
    if not traces.is_on():
        return
    route = getattr(scope.get("route"), "path", "page")
    span.rename(f"{scope['method']} {route}")
    span.tell("http.request.method", scope["method"])
    span.tell("http.route", route)
    span.tell("http.response.status_code", status)
    if status >= _OUR_FAULT:
        span.fail(str(status))


def _tell(scope: Scope, status: int, took_s: float) -> None:
    is_quiet = scope["method"] in _READING and status < _OUR_FAULT
    logger.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "request answered",
        extra={
            "operation": getattr(scope.get("route"), "name", "page"),
            "method": scope["method"],
            "status": status,
            "seconds": round(took_s, 4),
        },
    )
