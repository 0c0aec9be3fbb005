"""The failsafe test: proves by silence that a charger falls to its failsafe current by itself."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from volthus_wire.subjects import FAILSAFE_TEST_CANCEL, FAILSAFE_TEST_GET, FAILSAFE_TEST_START
from volthus_wire.v1.setup_pb2 import (
    CancelFailsafeTestRequest,
    FailsafeTestRequest,
    StartFailsafeTestRequest,
)
from web.api.documented import ACCEPTED, OF_A_SITE, REFUSABLE
from web.api.door import ServiceDoor, SkiInPath
from web.messages.setting_up import failsafe_test
from web.models.setting_up import FailsafeTest

router = APIRouter(prefix="/sites/{site}/chargers/{ski}/failsafe-test", tags=["Chargers"])


@router.post("", status_code=HTTPStatus.ACCEPTED, responses=REFUSABLE | ACCEPTED)
async def start_failsafe_test(
    door: ServiceDoor, ski: SkiInPath, request: Request, response: Response
) -> FailsafeTest:
    """Let a charging charger hear nothing until it has fallen to its failsafe current.

    All it can draw is kept free meanwhile; it takes three minutes at most.
    """
    question = StartFailsafeTestRequest(ski=ski)
    answer = await door.change(FAILSAFE_TEST_START, question, about=ski)
    response.headers["Location"] = request.url.path
    return failsafe_test(answer, ski)


@router.get("", responses=OF_A_SITE)
async def get_failsafe_test(door: ServiceDoor, ski: SkiInPath) -> FailsafeTest:
    """Tell how the test stands, or how the last one ended."""
    return failsafe_test(await door.ask(FAILSAFE_TEST_GET, FailsafeTestRequest(ski=ski)), ski)


@router.delete("", responses=REFUSABLE)
async def cancel_failsafe_test(door: ServiceDoor, ski: SkiInPath) -> FailsafeTest:
    """End the test of this charger: it hears us again at once."""
    question = CancelFailsafeTestRequest(ski=ski)
    return failsafe_test(await door.change(FAILSAFE_TEST_CANCEL, question, about=ski), ski)
