"""Backup and restore of a site's settings: a file to keep, a look before it is put back."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from volthus_kit.metrics import version_of
from web.api.documented import OF_A_SITE, REFUSABLE
from web.api.door import ServiceDoor
from web.api.service import PACKAGE
from web.backup import restoring
from web.models.backup import Backup, RestoreResult

router = APIRouter(prefix="/sites/{site}", tags=["Backup"])


@router.get("/backup", responses=OF_A_SITE)
async def get_backup(door: ServiceDoor, response: Response) -> Backup:
    """Read all settings of a site as one document: to keep, and to put back. It holds no secret.

    Pairings are named in it and never restored: trust is a person's word about a device.
    """
    backup = await restoring.back_up(door, version_of(PACKAGE))
    name = f"{door.site}-{backup.made:%Y-%m-%d}.volthus-backup.json"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return backup


@router.post("/restore", responses=REFUSABLE)
async def restore_backup(
    door: ServiceDoor,
    backup: Backup,
    *,
    dry_run: Annotated[bool, Query(description="Only say what it would change.")] = False,
) -> RestoreResult:
    """Put a backup back. What the energy manager would refuse changes nothing at all.

    From afar it raises no fuse and lowers no margin, as a site file.
    """
    return await restoring.restore(door, backup, is_dry_run=dry_run)
