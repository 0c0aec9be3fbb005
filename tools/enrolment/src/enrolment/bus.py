"""What the front door asks over the bus: make codes, list links, lock a site's device out."""

import asyncio
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from enrolment.desk import Desk, Linked
from enrolment.lockouts import Lockouts
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import LINK_CODE, LINK_LIST, LINK_REVOKE
from volthus_wire.v1.enrolment_pb2 import (
    CodeReply,
    CreateCodeRequest,
    Link,
    ListLinksReply,
    ListLinksRequest,
    RevokeLinkRequest,
)
from volthus_wire.v1.rpc_pb2 import Caller

OPERATOR = "operator"


async def serve(bus: Bus, desk: Desk, lockouts: Lockouts | None = None, join_url: str = "") -> None:
    """Answer the front door; every replica may. join_url: where devices ask."""

    async def code(asked: CreateCodeRequest, caller: Caller) -> CodeReply:
        _check(caller)
        made, expires_at = await asyncio.to_thread(
            desk.make_code,
            asked.site,
            asked.name,
            asked.tenant,
            caller.actor,
            timedelta(seconds=asked.valid_s),
        )
        return CodeReply(code=made, expires_at=_stamp(expires_at.timestamp()), join_url=join_url)

    async def links(asked: ListLinksRequest, caller: Caller) -> ListLinksReply:
        _check(caller)
        found = await asyncio.to_thread(
            desk.links, tuple(asked.sites), asked.after, int(asked.limit)
        )
        return ListLinksReply(links=[_link(one) for one in found])

    async def revoke(asked: RevokeLinkRequest, caller: Caller) -> Link:
        _check(caller)
        linked = await asyncio.to_thread(desk.revoke, asked.site, caller.actor)
        if lockouts is not None:
            lockouts.hurry()
        return _link(linked)

    await bus.serve(LINK_CODE, code, queue="enrolment")
    await bus.serve(LINK_LIST, links, queue="enrolment")
    await bus.serve(LINK_REVOKE, revoke, queue="enrolment")


def _check(caller: Caller) -> None:
    """Let operators only pass. Raises RefusedError `role-not-allowed`."""
    if caller.role != OPERATOR:
        raise RefusedError("role-not-allowed", "This needs the role operator.")


def _link(linked: Linked) -> Link:
    link = Link(site=linked.site)
    if (device := linked.device) is not None:
        link.public_key = device.public
        link.enrolled_at.CopyFrom(_stamp(device.enrolled_s))
        link.renewed_at.CopyFrom(_stamp(device.renewed_s))
        link.expires_at.CopyFrom(_stamp(device.expires_s))
        if device.revoked_s is not None:
            link.revoked_at.CopyFrom(_stamp(device.revoked_s))
    if linked.code is not None:
        link.code_expires_at.CopyFrom(_stamp(linked.code.expires_s))
    return link


def _stamp(unix_s: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.fromtimestamp(unix_s, UTC))
    return stamp
