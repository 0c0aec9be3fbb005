"""Everything that can go wrong, as problem+json with a stable code (RFC 9457)."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from fastapi.responses import JSONResponse

from volthus_kit.refusal import RefusedError
from web.core.text import sendable
from web.models.common import FieldProblem, Problem
from web.refusals import REFUSALS

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that cannot be answered as wished; becomes a problem+json response."""

    def __init__(  # noqa: PLR0913 - the members of a problem, all by name
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        params: Mapping[str, str] | None = None,
        field: str | None = None,
        fields: list[FieldProblem] | None = None,
        last_seen: datetime | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.headers = dict(headers or {})
        self.problem = Problem(
            type=f"urn:volthus:problem:{code}",
            title=code.replace("-", " ").capitalize(),
            status=status,
            code=code,
            detail=sendable(detail),
            params={name: sendable(value) for name, value in (params or {}).items()},
            field=None if field is None else sendable(field),
            fields=fields,
            last_seen=last_seen,
        )

    def response(self) -> JSONResponse:
        """Return the answer to send."""
        return JSONResponse(
            self.problem.model_dump(mode="json", exclude_none=True),
            status_code=self.problem.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def of_refusal(no: RefusedError) -> ProblemError:
    """Return the problem for an owner's refusal; one whose code nobody knows is a 502."""
    status = REFUSALS.get(no.code, HTTPStatus.BAD_GATEWAY)
    return ProblemError(status, no.code, no.detail, params=no.params, field=no.field or None)


def unknown_site(site: str) -> ProblemError:
    """Return the problem for a site that is not there, or not the caller's to see."""
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-site",
        f"There is no site {site!r} here.",
        params={"site": site},
    )


def site_offline(
    site: str, last_seen: datetime | None, cause: Literal["site-silent", "bus-away"]
) -> ProblemError:
    """Return the problem for a site out of reach; nothing is kept to be done later."""
    params = {"site": site, "cause": cause}
    if last_seen is not None:
        params["last_seen"] = last_seen.isoformat()
    seen = f"last seen {last_seen.isoformat()}" if last_seen else "not seen yet"
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "site-offline",
        f"Site {site} is offline ({seen}); nothing was changed.",
        params=params,
        last_seen=last_seen,
    )


def service_silent(service: str, site: str | None = None) -> ProblemError:
    """Return the problem for a program that does not answer although its site is there."""
    where = f" of site {site}" if site else ""
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "service-silent",
        f"The service {service}{where} does not answer.",
        params={"service": service} | ({"site": site} if site else {}),
    )


def not_understood(service: str) -> ProblemError:
    """Return the problem for an answer that makes no sense to us."""
    return ProblemError(
        HTTPStatus.BAD_GATEWAY,
        "answer-not-understood",
        f"The answer of {service} could not be understood; its version may be newer.",
        params={"service": service},
    )
