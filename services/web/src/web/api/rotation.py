"""The rotation test: which phases a charger sits on, found by changing its car's current."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from volthus_wire.subjects import (
    ROTATION_TEST_CANCEL,
    ROTATION_TEST_GET,
    ROTATION_TEST_START,
)
from volthus_wire.v1.site_pb2 import (
    CancelRotationTestRequest,
    RotationTestRequest,
    StartRotationTestRequest,
)
from web.api.documented import ACCEPTED, OF_A_SITE, REFUSABLE
from web.api.door import ServiceDoor, SkiInPath
from web.messages.rotation import rotation_test
from web.models.rotation import RotationTest

router = APIRouter(prefix="/sites/{site}/chargers/{ski}/rotation-test", tags=["Chargers"])


@router.post("", status_code=HTTPStatus.ACCEPTED, responses=REFUSABLE | ACCEPTED)
async def start_rotation_test(
    door: ServiceDoor, ski: SkiInPath, request: Request, response: Response
) -> RotationTest:
    """Find the phases a charger sits on; its car must be charging, and takes some minutes."""
    question = StartRotationTestRequest(ski=ski)
    answer = await door.change(ROTATION_TEST_START, question, about=ski)
    response.headers["Location"] = request.url.path
    return rotation_test(answer, ski)


@router.get("", responses=OF_A_SITE)
async def get_rotation_test(door: ServiceDoor, ski: SkiInPath) -> RotationTest:
    """Tell how the test stands, and what it proposes."""
    return rotation_test(await door.ask(ROTATION_TEST_GET, RotationTestRequest(ski=ski)), ski)


@router.delete("", responses=REFUSABLE)
async def cancel_rotation_test(door: ServiceDoor, ski: SkiInPath) -> RotationTest:
    """End the test of this charger at once; nothing is changed by it."""
    question = CancelRotationTestRequest(ski=ski)
    return rotation_test(await door.change(ROTATION_TEST_CANCEL, question, about=ski), ski)
