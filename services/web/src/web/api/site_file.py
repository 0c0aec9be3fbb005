"""The declarative site file (C12): read it, see what it would change, apply it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from volthus_wire.subjects import SITE_FILE_APPLY, SITE_FILE_GET
from volthus_wire.v1.records_pb2 import ApplySiteFileRequest, GetSiteFileRequest
from web.api.documented import OF_A_SITE, REFUSABLE, Answers
from web.api.door import AnyDoor, ServiceDoor
from web.messages.site_file import site_file_result
from web.models.site_file import ManagedFields, SiteFileResult
from web.problems import ProblemError

YAML = "application/yaml"  # RFC 9512
EXAMPLE = "version: 1\ngrid_connection:\n  fuse_a: {l1: 25, l2: 25, l3: 25}\n  phases: 3\n"
_FILE: Answers = {
    200: {
        "description": "The settings as they are.",
        "content": {YAML: {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}

router = APIRouter(prefix="/sites/{site}/site-file", tags=["Site file"])


@router.get("", response_class=Response, responses=OF_A_SITE | _FILE)
async def get_site_file(door: ServiceDoor) -> Response:
    """Read all settings of the site as one file, ready to be kept and applied again."""
    answer = await door.ask(SITE_FILE_GET, GetSiteFileRequest())
    return Response(
        answer.yaml,
        media_type=YAML,
        headers={"Content-Disposition": f'inline; filename="{door.site}.yaml"'},
    )


@router.get("/managed", responses=OF_A_SITE)
async def get_managed_fields(door: AnyDoor) -> ManagedFields:
    """Tell which settings the last applied file manages: they are read-only elsewhere."""
    answer = await door.ask(SITE_FILE_GET, GetSiteFileRequest())
    return ManagedFields(pointers=list(answer.managed))


async def _text(request: Request) -> str:
    """Return the body as text. Raises ProblemError `invalid-request` for what is no UTF-8."""
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as wrong:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-request",
            f"The file is no UTF-8 at byte {wrong.start}.",
            field="",
        ) from wrong


@router.put(
    "",
    responses=REFUSABLE,
    openapi_extra={
        "requestBody": {
            "description": "A site file.",
            "required": True,
            "content": {YAML: {"schema": {"type": "string"}, "example": EXAMPLE}},
        }
    },
)
async def apply_site_file(
    door: ServiceDoor,
    text: Annotated[str, Depends(_text)],
    *,
    dry_run: Annotated[bool, Query(description="Only say what it would change.")] = False,
    release: Annotated[bool, Query(description="No file manages settings any more.")] = False,
) -> SiteFileResult:
    """Apply a site file as a whole or not at all."""
    question = ApplySiteFileRequest(yaml=text, dry_run=dry_run, release=release)
    if dry_run:
        return site_file_result(await door.ask(SITE_FILE_APPLY, question))
    return site_file_result(await door.change(SITE_FILE_APPLY, question, about="site-file"))
