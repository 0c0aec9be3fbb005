"""Puts a backup of a site's settings back: looked at as a whole first, then step by step."""

from dataclasses import dataclass

from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import ANY
from volthus_wire.subjects import (
    EEBUS_PICTURE_GET,
    EEBUS_RENAME,
    METER_ADD,
    METER_LIST,
    METER_UPDATE,
    SITE_FILE_APPLY,
    SITE_FILE_GET,
)
from volthus_wire.v1.eebus_pb2 import GetEebusPictureRequest, RenameRequest
from volthus_wire.v1.metering_pb2 import AddMeterRequest, ListMetersRequest, UpdateMeterRequest
from volthus_wire.v1.records_pb2 import ApplySiteFileRequest, GetSiteFileRequest
from web.api.door import Door
from web.backup.comparing import (
    MeterPlan,
    NamePlan,
    kept_meters,
    meter_plans,
    name_plans,
    to_pair,
    with_ids,
)
from web.messages.eebus import picture
from web.messages.meters import meter, to_meter_settings
from web.messages.site_file import site_file_result
from web.models.backup import Backup, KeptDevice, RestoredMeter, RestoredName, RestoreResult
from web.models.eebus import PairedDevice
from web.models.meters import Meter

READS_METER_S = 15.0
ABOUT = "restore"


@dataclass(frozen=True, slots=True)
class _Hindered:
    code: str
    detail: str


async def back_up(door: Door, software: str) -> Backup:
    """Return the settings of a site. Raises what its owners say, and `site-offline`."""
    answer = await door.ask(SITE_FILE_GET, GetSiteFileRequest())
    return Backup(
        site=door.site,
        made=door.parts.clock.now(),
        software=software,
        site_file=answer.yaml,
        meters=kept_meters(await _meters(door)),
        devices=[
            KeptDevice(ski=device.ski, name=device.name, kind=device.role)
            for device in await _paired(door)
        ],
    )


async def restore(door: Door, backup: Backup, *, is_dry_run: bool) -> RestoreResult:
    """Put a backup back, or say what that would change.

    What the energy manager would refuse is known before anything is changed. Meters come first,
    since circuits name them; one that does not answer is told, and the rest goes on. Trust in
    devices is never restored. Raises RefusedError, ProblemError; then nothing was changed.
    """
    plans = meter_plans(backup.meters, await _meters(door))
    paired = await _paired(door)
    names = name_plans(backup.devices, paired)
    ids = {plan.kept.id: plan.here.id for plan in plans if plan.here is not None}
    question = ApplySiteFileRequest(
        yaml=with_ids(backup.site_file, ids), dry_run=True, restore=True
    )
    tried = site_file_result(await door.ask(SITE_FILE_APPLY, question))
    result = RestoreResult(
        changes=tried.changes,
        meters=[_told(plan, None if plan.here is None else plan.here.id) for plan in plans],
        names=[_renamed(plan) for plan in names],
        to_pair=to_pair(backup.devices, paired),
        applied=False,
    )
    return result if is_dry_run else await _apply(door, backup, result, plans, names)


async def _apply(
    door: Door,
    backup: Backup,
    looked: RestoreResult,
    plans: list[MeterPlan],
    names: list[NamePlan],
) -> RestoreResult:
    meters = [await _put_meter(door, plan) for plan in plans]
    ids = {one.id: one.id_now for one in meters if one.id_now is not None}
    question = ApplySiteFileRequest(yaml=with_ids(backup.site_file, ids), restore=True)
    done = site_file_result(await door.change(SITE_FILE_APPLY, question, about=ABOUT))
    return looked.model_copy(
        update={
            "changes": done.changes,
            "meters": meters,
            "names": [await _rename(door, plan) for plan in names],
            "applied": True,
        }
    )


async def _put_meter(door: Door, plan: MeterPlan) -> RestoredMeter:
    here = plan.here
    if plan.step == "keep" and here is not None:
        return _told(plan, here.id)
    phases = await door.parts.owners.site_phases(door.site, door.account)
    try:
        if here is None:
            wanted = to_meter_settings(plan.kept.settings)
            added = await door.change(
                METER_ADD,
                AddMeterRequest(settings=wanted, site_phases=phases),
                about=ABOUT,
                timeout_s=READS_METER_S,
            )
            return _told(plan, added.meter.settings.meter)
        wanted = to_meter_settings(plan.kept.settings, meter_id=here.id, revision=ANY)
        await door.change(
            METER_UPDATE,
            UpdateMeterRequest(settings=wanted, site_phases=phases),
            about=ABOUT,
            timeout_s=READS_METER_S,
        )
        return _told(plan, here.id)
    except RefusedError as no:
        hindered = _Hindered(no.code, no.detail)
        return _told(plan, None if here is None else here.id, hindered)


async def _rename(door: Door, plan: NamePlan) -> RestoredName:
    try:
        question = RenameRequest(ski=plan.ski, name=plan.after or "")
        await door.change(EEBUS_RENAME, question, about=ABOUT)
    except RefusedError as no:
        return _renamed(plan, no.code)
    return _renamed(plan)


def _told(plan: MeterPlan, id_now: str | None, no: _Hindered | None = None) -> RestoredMeter:
    return RestoredMeter(
        id=plan.kept.id,
        name=plan.kept.settings.name,
        step=plan.step,
        id_now=id_now,
        problem=None if no is None else no.code,
        problem_detail=None if no is None else no.detail,
    )


def _renamed(plan: NamePlan, problem: str | None = None) -> RestoredName:
    return RestoredName(ski=plan.ski, before=plan.before, after=plan.after, problem=problem)


async def _meters(door: Door) -> list[Meter]:
    answer = await door.ask(METER_LIST, ListMetersRequest())
    return [meter(one) for one in answer.meters]


async def _paired(door: Door) -> list[PairedDevice]:
    return picture(await door.ask(EEBUS_PICTURE_GET, GetEebusPictureRequest())).paired
