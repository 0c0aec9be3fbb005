"""The plan, planned and real on one axis, and what it saved (B8, C9): for everybody."""

from datetime import timedelta
from typing import Literal

from fastapi import APIRouter

from volthus_wire.subjects import PLAN_GET, TIMELINE_GET
from volthus_wire.v1.planning_pb2 import GetPlanRequest, GetSavingsRequest, GetTimelineRequest
from web.api.documented import OF_A_SITE
from web.api.door import AnyDoor
from web.api.records import records_of
from web.api.spans import SpanAsked, too_long
from web.history.records import READS_RECORDS_S
from web.messages.plan import plan_answer, saving, timeline
from web.models.common import Page
from web.models.plan import PlanAnswer, Saving, Timeline

TimelineStep = Literal["five-minutes", "quarter-hour", "hour"]
STEPS_S: dict[TimelineStep, int] = {"five-minutes": 300, "quarter-hour": 900, "hour": 3600}
MOST_SLOTS = 1500

router = APIRouter(prefix="/sites/{site}", tags=["Plans"])


@router.get("/plan", responses=OF_A_SITE)
async def get_plan(door: AnyDoor) -> PlanAnswer:
    """Show the plan the site holds, with its inputs and certificate, and whether it is followed."""
    return plan_answer(await door.ask(PLAN_GET, GetPlanRequest()))


@router.get("/timeline", responses=OF_A_SITE)
async def get_timeline(
    door: AnyDoor, span: SpanAsked, step: TimelineStep = "quarter-hour"
) -> Timeline:
    """Show planned and real power, prices and sun, by default from 12 h ago for 48 h (B8)."""
    if span.start is not None and span.end is not None:
        asked = (span.end - span.start) // timedelta(seconds=STEPS_S[step])
        if asked > MOST_SLOTS:
            raise too_long(asked, MOST_SLOTS)
    question = GetTimelineRequest(to=span.end_stamp, step_s=STEPS_S[step])
    if span.start_stamp is not None:
        getattr(question, "from").CopyFrom(span.start_stamp)
    return timeline(await door.ask(TIMELINE_GET, question, timeout_s=READS_RECORDS_S))


@router.get("/savings", responses=OF_A_SITE)
async def get_savings(door: AnyDoor, span: SpanAsked) -> Page[Saving]:
    """Compare with the same sessions charged at once, month by month; below 0 is told too (C9)."""
    question = GetSavingsRequest(to=span.end_stamp)
    if span.start_stamp is not None:
        getattr(question, "from").CopyFrom(span.start_stamp)
    answer = await records_of(door).savings(question)
    return Page(items=[saving(one) for one in answer.months])
