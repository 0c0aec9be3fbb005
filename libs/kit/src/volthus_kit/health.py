"""/healthz (the loop turns), /readyz (the work can be done), /metrics of a service.

Plain Starlette: a service without an API must not pay for the memory of one.
"""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from volthus_kit.http import serve_app

Check = Callable[[], bool]
Endpoint = Callable[[Request], Awaitable[Response]]
More = Callable[[], bytes]


def _nothing() -> bytes:
    return b""


def endpoints(checks: dict[str, Check], more: More = _nothing) -> dict[str, Endpoint]:
    """Return who answers, by path.

    checks: what must be true for the service to be ready. more: what /metrics tells beside the
    registry, in the same format; called in a thread.
    """

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        results = {name: check() for name, check in checks.items()}
        is_ready = all(results.values())
        return JSONResponse(
            {"status": "ready" if is_ready else "waiting", "checks": results},
            status_code=200 if is_ready else 503,
        )

    async def metrics(_: Request) -> Response:
        body = await asyncio.to_thread(lambda: generate_latest() + more())
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


async def serve(host: str, port: int, checks: dict[str, Check], more: More = _nothing) -> None:
    """Serve the three paths until cancelled. Raises OSError when the address is taken."""
    routes = [Route(path, endpoint) for path, endpoint in endpoints(checks, more).items()]
    await serve_app(Starlette(routes=routes), host, port)
