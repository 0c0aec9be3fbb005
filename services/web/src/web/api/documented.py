"""The answers that stand beside the good one in the OpenAPI document."""

from http import HTTPStatus

from web.models.common import Problem

Answers = dict[int | str, dict[str, object]]

_WORDS = {
    HTTPStatus.UNAUTHORIZED: "`not-logged-in`",
    HTTPStatus.FORBIDDEN: "`role-not-allowed`, `scope-not-allowed`, `csrf-token-missing`",
    HTTPStatus.NOT_FOUND: "`unknown-site`, `unknown-...`",
    HTTPStatus.CONFLICT: "The site's state forbids it, or `idempotency-key-reused`; see `code`.",
    HTTPStatus.PRECONDITION_FAILED: "`revision-conflict`: somebody changed it meanwhile.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "`too-large`",
    HTTPStatus.UNPROCESSABLE_ENTITY: "`invalid-request`, `invalid-ski`, or the owner's reason.",
    HTTPStatus.TOO_MANY_REQUESTS: "`too-many-attempts`; Retry-After says how long.",
    HTTPStatus.BAD_GATEWAY: "`answer-not-understood`, `internal-error`, or an unknown refusal.",
    HTTPStatus.SERVICE_UNAVAILABLE: "`site-offline`, `service-silent`, `store-failing`, ...",
}


def problems(*statuses: HTTPStatus) -> Answers:
    """Return the documentation of these problem answers."""
    return {int(s): {"model": Problem, "description": _WORDS[s]} for s in statuses}


ALWAYS = problems(HTTPStatus.UNPROCESSABLE_ENTITY)
LOGGED_IN = problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
OF_A_SITE = LOGGED_IN | problems(
    HTTPStatus.NOT_FOUND, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE
)
REFUSABLE = OF_A_SITE | problems(HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
CONDITIONAL = REFUSABLE | problems(HTTPStatus.PRECONDITION_FAILED)

_LOCATION = {"Location": {"description": "Where it is found.", "schema": {"type": "string"}}}
CREATED: Answers = {201: {"description": "Added.", "headers": _LOCATION}}
ACCEPTED: Answers = {202: {"description": "Started.", "headers": _LOCATION}}
CSV_FILE: Answers = {
    200: {
        "description": "A table with a header (RFC 4180).",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}
