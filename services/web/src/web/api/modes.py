"""Modes and goals of a charger (B3 to B5): what drivers change every day."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from volthus_wire.subjects import CAR_LIST, GOAL_PUT, MODE_PUT
from volthus_wire.v1 import operating_pb2 as wire
from volthus_wire.v1.site_pb2 import ChargerState, SiteState
from web.api.documented import CONDITIONAL, OF_A_SITE
from web.api.door import AnyDoor, Door, SkiInPath
from web.api.revisions import IfMatch, tag
from web.messages.operating import charging_mode, goal, to_goal, to_mode
from web.messages.plain import NotUnderstoodError
from web.models.operating import ChargingMode, Goal, GoalWanted, ModeWanted
from web.problems import ProblemError

router = APIRouter(prefix="/sites/{site}/chargers/{ski}", tags=["Modes and goals"])


@router.get("/mode", responses=OF_A_SITE)
async def get_mode(door: AnyDoor, ski: SkiInPath, response: Response) -> ChargingMode:
    """Tell how a charger charges."""
    state = await door.parts.owners.state_now(door.site, door.account)
    found = _charger(state, ski)
    if found is None:
        raise _unknown(door, ski)
    tag(response, found.mode.revision)
    return charging_mode(found.mode)


@router.put("/mode", responses=CONDITIONAL)
async def put_mode(
    door: AnyDoor, ski: SkiInPath, wanted: ModeWanted, revision: IfMatch, response: Response
) -> ChargingMode:
    """Choose how a charger charges (B3): it counts from the next second on."""
    shown = _charger(door.parts.live.heard(door.site).state or SiteState(), ski)
    smart = shown.mode.smart if shown is not None and shown.mode.HasField("smart") else None
    question = wire.PutModeRequest(ski=ski, mode=to_mode(wanted, revision, smart))
    answer = await door.change(MODE_PUT, question, about=ski)
    tag(response, answer.mode.revision)
    return charging_mode(answer.mode)


@router.get("/goal", responses=OF_A_SITE)
async def get_goal(door: AnyDoor, ski: SkiInPath, response: Response) -> Goal:
    """Tell what a charger's next session is to reach."""
    answer = await door.ask(CAR_LIST, wire.ListCarsRequest())
    for one in answer.goals:
        found = goal(one)
        if one.ski == ski and found is not None:
            tag(response, found.revision)
            return found
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "no-goal",
        f"Charger {ski} has no goal.",
        params={"site": door.site, "ski": ski},
    )


@router.put("/goal", responses=CONDITIONAL)
async def put_goal(
    door: AnyDoor, ski: SkiInPath, wanted: GoalWanted, revision: IfMatch, response: Response
) -> Goal:
    """Set what a session is to reach, and by when (B5)."""
    question = wire.PutGoalRequest(goal=to_goal(wanted, ski, revision))
    answer = await door.change(GOAL_PUT, question, about=ski)
    tag(response, answer.goal.revision)
    found = goal(answer.goal)
    if found is None:
        raise NotUnderstoodError("a goal was put, and none came back")
    return found


@router.delete("/goal", status_code=HTTPStatus.NO_CONTENT, responses=CONDITIONAL)
async def remove_goal(door: AnyDoor, ski: SkiInPath, revision: IfMatch) -> None:
    """Give a goal up; the mode goes on alone."""
    question = wire.PutGoalRequest(goal=wire.Goal(ski=ski, revision=revision))
    await door.change(GOAL_PUT, question, about=ski)


def _charger(state: SiteState, ski: str) -> ChargerState | None:
    return next((one for one in state.chargers if one.ski == ski), None)


def _unknown(door: Door, ski: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-charger",
        f"Site {door.site} has no charger {ski}.",
        params={"site": door.site, "ski": ski},
    )
