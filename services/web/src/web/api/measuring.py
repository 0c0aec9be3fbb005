"""Health and metrics at the front door's own port; /metrics not for everybody."""

import ipaddress
from typing import Annotated

from fastapi import APIRouter, Request, Security

from volthus_kit import health
from web.api.door import BEARER, PartsDep, account_of, admit
from web.core.roles import Role

METRICS = "/metrics"


def router(checks: dict[str, health.Check], more: health.More) -> APIRouter:
    """Return the routes of `volthus_kit.health`."""
    routes = APIRouter(include_in_schema=False)
    for path, endpoint in health.endpoints(checks, more).items():
        routes.add_api_route(path, endpoint, response_model=None)
    return routes


async def who_may_measure(
    request: Request, parts: PartsDep, bearer: Annotated[str | None, Security(BEARER)]
) -> None:
    """Let this machine read the metrics, and tokens of service users and operators.

    Raises ProblemError `not-logged-in` or `role-not-allowed`.
    """
    if request.url.path == METRICS and not _is_here(request):
        admit(await account_of(request, parts, bearer, None), Role.SERVICE)


def _is_here(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
