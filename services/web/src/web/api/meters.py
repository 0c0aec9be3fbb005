"""Energy meters of a site: set up, test, change, remove (A5 to A7)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from volthus_wire.revisions import ANY
from volthus_wire.subjects import (
    METER_ADD,
    METER_IDENTIFY,
    METER_LIST,
    METER_REMOVE,
    METER_TEST,
    METER_UPDATE,
)
from volthus_wire.v1.metering_pb2 import (
    AddMeterRequest,
    ListMetersRequest,
    RemoveMeterRequest,
    TestMeterRequest,
    UpdateMeterRequest,
)
from web.api.documented import CONDITIONAL, OF_A_SITE, REFUSABLE
from web.api.door import ServiceDoor
from web.api.revisions import IfMatch, tag
from web.messages.meters import meter, meter_identity, meter_test, to_meter_settings, to_place
from web.models.common import Page
from web.models.meters import Meter, MeterIdentity, MeterPlace, MeterSettings, MeterTest
from web.problems import ProblemError

MeterId = Annotated[str, Path(description="Id of the meter.", examples=["grid-1"])]
# A meter that is not there costs the reader its connect and read timeouts before it can say so.
READS_METER_S = 15.0

router = APIRouter(prefix="/sites/{site}/meters", tags=["Meters"])


@router.get("", responses=OF_A_SITE)
async def list_meters(door: ServiceDoor) -> Page[Meter]:
    """List the site's meters and how they are doing."""
    answer = await door.ask(METER_LIST, ListMetersRequest())
    return Page(items=[meter(one) for one in answer.meters])


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE
    | {
        201: {
            "description": "Saved; dynamic load management starts by itself (A7).",
            "headers": {"Location": {"description": "The meter.", "schema": {"type": "string"}}},
        }
    },
)
async def add_meter(
    door: ServiceDoor, wanted: MeterSettings, request: Request, response: Response
) -> Meter:
    """Set up a meter; saving it activates dynamic load management by itself (A7)."""
    phases = await door.parts.owners.site_phases(door.site, door.account)
    question = AddMeterRequest(settings=to_meter_settings(wanted), site_phases=phases)
    answer = await door.change(METER_ADD, question, about=wanted.model, timeout_s=READS_METER_S)
    added = meter(answer.meter)
    response.headers["Location"] = f"{request.url.path}/{added.id}"
    tag(response, added.revision)
    return added


@router.post("/test", responses=REFUSABLE)
async def test_meter(door: ServiceDoor, wanted: MeterSettings) -> MeterTest:
    """Read a meter once and show its values; nothing is saved (A5)."""
    phases = await door.parts.owners.site_phases(door.site, door.account)
    question = TestMeterRequest(settings=to_meter_settings(wanted), site_phases=phases)
    return meter_test(await door.ask(METER_TEST, question, timeout_s=READS_METER_S))


@router.post("/identify", responses=REFUSABLE)
async def identify_meter(door: ServiceDoor, wanted: MeterPlace) -> MeterIdentity:
    """Try the catalogue at an address and say which models fit; nothing is saved.

    What answers but fits no model is an answer with no candidates. Over a serial line it may take
    longer than the answer may wait: then `complete` is false.
    """
    answer = await door.ask(METER_IDENTIFY, to_place(wanted), timeout_s=READS_METER_S)
    return meter_identity(answer)


@router.get("/{meter_id}", responses=OF_A_SITE)
async def get_meter(door: ServiceDoor, meter_id: MeterId, response: Response) -> Meter:
    """Show one meter, its settings and its last reading."""
    answer = await door.ask(METER_LIST, ListMetersRequest())
    for one in answer.meters:
        if one.settings.meter == meter_id:
            tag(response, one.settings.revision)
            return meter(one)
    raise ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-meter",
        f"Site {door.site} has no meter {meter_id!r}.",
        params={"site": door.site, "meter": meter_id},
    )


@router.put("/{meter_id}", responses=CONDITIONAL)
async def put_meter(
    door: ServiceDoor,
    meter_id: MeterId,
    wanted: MeterSettings,
    revision: IfMatch,
    response: Response,
) -> Meter:
    """Change a meter's settings; it is read anew at once."""
    phases = await door.parts.owners.site_phases(door.site, door.account)
    settings = to_meter_settings(wanted, meter_id=meter_id, revision=revision or ANY)
    question = UpdateMeterRequest(settings=settings, site_phases=phases)
    answer = await door.change(METER_UPDATE, question, about=meter_id, timeout_s=READS_METER_S)
    tag(response, answer.meter.settings.revision)
    return meter(answer.meter)


@router.delete("/{meter_id}", status_code=HTTPStatus.NO_CONTENT, responses=CONDITIONAL)
async def remove_meter(door: ServiceDoor, meter_id: MeterId, revision: IfMatch) -> None:
    """Remove a meter; without a grid meter load management is static (A4)."""
    question = RemoveMeterRequest(meter=meter_id, revision=revision)
    await door.change(METER_REMOVE, question, about=meter_id)
