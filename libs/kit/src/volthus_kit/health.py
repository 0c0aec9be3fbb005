"""/healthz (the loop turns), /readyz (the work can be done), /metrics of a service."""

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from volthus_kit.http import serve_app

Check = Callable[[], bool]


def router(checks: dict[str, Check]) -> APIRouter:
    """Return the three routes; `checks` name what must be true for the service to be ready."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        results = {name: check() for name, check in checks.items()}
        is_ready = all(results.values())
        return JSONResponse(
            {"status": "ready" if is_ready else "waiting", "checks": results},
            status_code=200 if is_ready else 503,
        )

    @routes.get("/metrics")
    async def metrics() -> Response:
        body = await asyncio.to_thread(generate_latest)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return routes


async def serve(host: str, port: int, checks: dict[str, Check]) -> None:
    """Serve the three routes until cancelled. Raises OSError when the address is taken."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router(checks))
    await serve_app(app, host, port)
