"""Cars of a site (B6)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import CAR_LIST, CAR_PUT, CAR_REMOVE, CAR_SOC_GET, CAR_SOC_PUT
from volthus_wire.v1.operating_pb2 import ListCarsRequest, PutCarRequest, RemoveCarRequest
from volthus_wire.v1.planning_pb2 import GetCarSocRequest, PutCarSocRequest
from web.accounts import Kind
from web.api.documented import CONDITIONAL, CREATED, OF_A_SITE, REFUSABLE
from web.api.door import AnyDoor, Door, SocDoor
from web.api.revisions import IfMatch, tag
from web.messages.operating import car, to_car
from web.messages.plan import car_soc
from web.models.common import Page
from web.models.operating import Car, CarSocWanted, CarWanted
from web.models.plan import CarSoc
from web.problems import ProblemError

CarId = Annotated[str, Path(description="Id of the car.", max_length=64, examples=["car-1"])]

router = APIRouter(prefix="/sites/{site}/cars", tags=["Cars"])


@router.get("", responses=OF_A_SITE)
async def list_cars(door: AnyDoor) -> Page[Car]:
    """List the cars of the site."""
    return Page(items=await _cars(door))


@router.post("", status_code=HTTPStatus.CREATED, responses=REFUSABLE | CREATED)
async def add_car(door: AnyDoor, wanted: CarWanted, request: Request, response: Response) -> Car:
    """Describe a car, so that goals and plans know it."""
    answer = await door.change(CAR_PUT, PutCarRequest(car=to_car(wanted)), about=wanted.name)
    added = car(answer.car)
    response.headers["Location"] = f"{request.url.path}/{added.id}"
    tag(response, added.revision)
    return added


@router.get("/{car_id}", responses=OF_A_SITE)
async def get_car(door: AnyDoor, car_id: CarId, response: Response) -> Car:
    """Show one car."""
    for one in await _cars(door):
        if one.id == car_id:
            tag(response, one.revision)
            return one
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-car",
        f"Site {door.site} has no car {car_id!r}.",
        params={"site": door.site, "car": car_id},
    )


@router.put("/{car_id}", responses=CONDITIONAL)
async def put_car(
    door: AnyDoor, car_id: CarId, wanted: CarWanted, revision: IfMatch, response: Response
) -> Car:
    """Change what is known of a car."""
    question = PutCarRequest(car=to_car(wanted, car_id, revision))
    answer = await door.change(CAR_PUT, question, about=car_id)
    tag(response, answer.car.revision)
    return car(answer.car)


@router.delete("/{car_id}", status_code=HTTPStatus.NO_CONTENT, responses=CONDITIONAL)
async def remove_car(door: AnyDoor, car_id: CarId, revision: IfMatch) -> None:
    """Forget a car; its past sessions stay."""
    await door.change(CAR_REMOVE, RemoveCarRequest(car=car_id, revision=revision), about=car_id)


@router.get("/{car_id}/soc", responses=OF_A_SITE)
async def get_car_soc(door: AnyDoor, car_id: CarId) -> CarSoc:
    """Tell what a car's battery holds: as it was told last, or estimated since."""
    return car_soc(await door.ask(CAR_SOC_GET, GetCarSocRequest(car=car_id)))


@router.put("/{car_id}/soc", responses=REFUSABLE)
async def put_car_soc(door: SocDoor, car_id: CarId, wanted: CarSocWanted) -> CarSoc:
    """Tell what a car's battery holds (B7): telematics with a token, or the driver."""
    question = PutCarSocRequest(
        car=car_id,
        soc_percent=wanted.soc_percent,
        at=None if wanted.at is None else to_timestamp(wanted.at),
        source=wanted.source or ("user" if door.account.kind is Kind.SESSION else "push"),
    )
    return car_soc(await door.change(CAR_SOC_PUT, question, about=car_id))


async def _cars(door: Door) -> list[Car]:
    answer = await door.ask(CAR_LIST, ListCarsRequest())
    return [car(one) for one in answer.cars]
