"""Messages to our values and back. The only file of the updater that knows subjects."""

import asyncio
import contextlib

from updater.core.job import Phase, Trust
from updater.core.release import Release
from updater.site import Site
from updater.store import Memory
from updater.updating import Asking, Updater
from volthus_kit.bus import FAR, Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import (
    EEBUS_PICTURE_GET,
    RELEASE_APPLY,
    RELEASE_DECLINE,
    RELEASE_ROLL_BACK,
    SITE_STATE_GET,
    UPDATE_STATE,
)
from volthus_wire.v1 import updating_pb2
from volthus_wire.v1.eebus_pb2 import EebusPicture, GetEebusPictureRequest
from volthus_wire.v1.evse_pb2 import CONNECTION_CONNECTED
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import GetSiteStateRequest
from volthus_wire.v1.updating_pb2 import (
    ApplyReleaseRequest,
    DeclineReleaseRequest,
    RollBackRequest,
    UpdateState,
)

TELL_EVERY_S = 10.0
ASK_EVERY_S = 5.0
PHASES = {
    Phase.IDLE: updating_pb2.UPDATE_PHASE_IDLE,
    Phase.PATCHING: updating_pb2.UPDATE_PHASE_PATCHING,
    Phase.SETTLING: updating_pb2.UPDATE_PHASE_SETTLING,
    Phase.INSTALLED: updating_pb2.UPDATE_PHASE_INSTALLED,
    Phase.ROLLING_BACK: updating_pb2.UPDATE_PHASE_ROLLING_BACK,
    Phase.ROLLED_BACK: updating_pb2.UPDATE_PHASE_ROLLED_BACK,
    Phase.FAILED: updating_pb2.UPDATE_PHASE_FAILED,
}


async def watch(bus: Bus, name: str, site: Site) -> None:
    """Ask the CEM and the gateway of the site `name` how they are; runs until cancelled.

    Asked inside the site, and not heard on what they tell the cloud: a hub that fell to a thief
    can speak there too, and would say that an older version runs here than does.
    """
    while True:
        await asyncio.gather(_look_at_cem(bus, name, site), _look_at_gateway(bus, name, site))
        await asyncio.sleep(ASK_EVERY_S)


async def _look_at_cem(bus: Bus, name: str, site: Site) -> None:
    with contextlib.suppress(NotAnsweredError, RefusedError):
        state = await bus.ask(SITE_STATE_GET, GetSiteStateRequest(), site=name)
        site.heard_cem(state.version)


async def _look_at_gateway(bus: Bus, name: str, site: Site) -> None:
    with contextlib.suppress(NotAnsweredError, RefusedError):
        picture = await bus.ask(EEBUS_PICTURE_GET, GetEebusPictureRequest(), site=name)
        site.heard_trust(trust_of(picture))


def trust_of(picture: EebusPicture) -> Trust:
    """Return who the gateway is and whom it trusts."""
    return Trust(
        own=picture.identity.ski,
        paired=frozenset(one.device.ski for one in picture.paired),
        connected=frozenset(
            one.device.ski for one in picture.paired if one.connection == CONNECTION_CONNECTED
        ),
    )


async def serve(bus: Bus, name: str, updater: Updater) -> None:
    """Answer what is asked of the updater."""

    async def apply(wanted: ApplyReleaseRequest, caller: Caller) -> UpdateState:
        release = Release(wanted.version, wanted.image, wanted.since, wanted.one_way)
        is_far = caller.origin == FAR
        asking = Asking(caller.actor, is_far, wanted.rollout, wanted.one_way_confirmed)
        return told(await updater.apply(release, wanted.signature, asking))

    async def decline(wanted: DeclineReleaseRequest, _: Caller) -> UpdateState:
        return told(await updater.decline(wanted.version))

    async def roll_back(_: RollBackRequest, caller: Caller) -> UpdateState:
        return told(await updater.roll_back(caller.actor, is_far=caller.origin == FAR))

    await bus.serve(RELEASE_APPLY, apply, site=name)
    await bus.serve(RELEASE_DECLINE, decline, site=name)
    await bus.serve(RELEASE_ROLL_BACK, roll_back, site=name)


async def tell(bus: Bus, name: str, updater: Updater) -> None:
    """Tell how it stands on each change, and every TELL_EVERY_S; runs until cancelled."""
    while True:
        updater.changed.clear()
        await bus.publish(UPDATE_STATE, told(updater.memory), site=name)
        try:
            # Not wait_for: on Python 3.11 it can swallow a cancellation.
            async with asyncio.timeout(TELL_EVERY_S):
                await updater.changed.wait()
        except TimeoutError:
            continue


def told(memory: Memory) -> UpdateState:
    """Return how an update stands, as others read it."""
    job = memory.job
    state = UpdateState(
        phase=PHASES[job.phase],
        version=job.version,
        reason=job.reason,
        element=job.element,
        declined=memory.declined,
        can_go_back=job.can_go_back,
    )
    if memory.since_s:
        state.since.FromMilliseconds(round(memory.since_s * 1000))
    return state
