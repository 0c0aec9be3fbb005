"""The HTTP application: routers, problems, headers, page. Parts are put in by main."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from volthus_kit import health
from volthus_kit.metrics import version_of
from web import handbook
from web.answers import add_handlers
from web.api import (
    acceptance,
    alerts,
    audit,
    auth,
    backup,
    cars,
    chargers,
    circuits,
    confirmations,
    eebus,
    enrolments,
    events,
    failsafe_tests,
    fleet,
    grid,
    me,
    measuring,
    meter_models,
    meters,
    modes,
    oidc,
    operator,
    paired,
    planning,
    price_feeds,
    push,
    pv_systems,
    records,
    rollouts,
    rotation,
    service,
    site_file,
    sites,
    software,
    tariff,
    timeline,
    tokens,
    users,
    webhooks,
)
from web.api.documented import ALWAYS
from web.api.measuring import who_may_measure
from web.document import complete
from web.middleware import BoundedBodies, Counted, ForgetsLogIns, ProtectingHeaders
from web.page import Page
from web.parts import Parts
from web.request_ids import RequestIds

API = "/api/v1"
ABOUT = """\
Everything a person can do at the page, a program can do here: get a token at `/auth/token`,
send it as bearer. Times are RFC 3339 in UTC; units stand in names (`power_w`, `current_a`); grid
import is positive. What goes wrong answers `application/problem+json` with a stable `code`.
Settings carry a revision as ETag; send it back as If-Match. A program that is to stay gets a token
of its own at `/tokens`, with scopes (`x-required-scope` of each operation), sites and an end.
"""
CORS: Mapping[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": [
        "Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Last-Event-ID",
    ],
    "expose_headers": ["ETag", "Location", "Retry-After"],
    "allow_credentials": False,
    "max_age": 600,
}  # fmt: skip
ROUTERS = (
    auth,
    oidc,
    me,
    users,
    tokens,
    audit,
    sites,
    events,
    fleet,
    enrolments,
    grid,
    circuits,
    meters,
    meter_models,
    eebus,
    paired,
    chargers,
    modes,
    confirmations,
    rotation,
    failsafe_tests,
    acceptance,
    cars,
    tariff,
    planning,
    pv_systems,
    timeline,
    price_feeds,
    records,
    operator,
    site_file,
    backup,
    software,
    rollouts,
    alerts,
    webhooks,
    push,
    service,
)


def create_app(
    parts: Parts | None,
    page: Path,
    checks: dict[str, health.Check],
    origins: Sequence[str] = (),
) -> FastAPI:
    """Return the application.

    parts: None where only the OpenAPI document is wanted. checks: see `volthus_kit.health`.
    origins: pages elsewhere that may ask, with a token; a cookie they never get.
    """
    app = FastAPI(
        title="Volthus",
        version=version_of(service.PACKAGE),
        description=ABOUT,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its scripts come from elsewhere; /api/docs is our own
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.parts = parts
    api = APIRouter(prefix=API, responses=ALWAYS)
    for module in ROUTERS:
        api.include_router(module.router)
    app.include_router(api)
    of_sites = parts.fleet.metrics if parts else bytes
    app.include_router(measuring.router(checks, of_sites), dependencies=[Depends(who_may_measure)])
    add_handlers(app)
    complete(app)

    @app.get("/api/docs", include_in_schema=False, response_class=HTMLResponse)
    async def read_handbook() -> str:
        return handbook.page(app.openapi(), f"{API}/openapi.json")

    # Not a mount: that would take a known address with a wrong method away from its 405.
    app.router.default = Page(page)
    if parts is not None:
        app.add_middleware(ForgetsLogIns, known=parts.known)
    for middleware in (BoundedBodies, ProtectingHeaders, Counted):
        app.add_middleware(middleware)
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, **CORS)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(RequestIds)  # outermost: also what is refused on the way has its id
    return app


def _operation_id(route: APIRoute) -> str:
    """Return the function's name: stable, and good to read in a generated client."""
    return route.name
