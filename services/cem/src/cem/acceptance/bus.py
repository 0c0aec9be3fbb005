"""Acceptance protocols on the bus."""

import asyncio

from cem.acceptance.book import AcceptanceBook
from cem.acceptance.core import Protocol, intact, problem_with
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import setup_pb2
from volthus_wire.v1.rpc_pb2 import Caller

FIELDS = {"name-missing": "/electrician", "text-too-long": "/remarks"}


class Acceptances:
    """Takes and tells what was signed."""

    def __init__(self, book: AcceptanceBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    async def sign(
        self, question: setup_pb2.SignAcceptanceRequest, caller: Caller
    ) -> setup_pb2.AcceptanceReply:
        """Keep a protocol for good. Raises RefusedError with the reason why not."""
        electrician, remarks, document = question.electrician, question.remarks, question.document
        problem = problem_with(electrician, remarks, document)
        if problem is not None:
            code, detail = problem
            raise RefusedError(code, detail, field=FIELDS.get(code, ""))
        now = self._clock.now()
        add = (electrician, remarks, document, caller, now)
        protocol, digest = await asyncio.to_thread(self._book.add, *add)
        message = _message(protocol, digest, is_whole=True)
        message.intact = True
        return setup_pb2.AcceptanceReply(protocol=message)

    async def list(
        self, question: setup_pb2.ListAcceptancesRequest, _caller: Caller
    ) -> setup_pb2.ListAcceptancesReply:
        """Return one protocol with its document, or all without; none for an unknown id."""
        kept = await asyncio.to_thread(self._book.all)
        wanted = []
        for (protocol, digest), is_intact in zip(kept, intact(kept), strict=True):
            if question.id in ("", str(protocol.number)):
                message = _message(protocol, digest, is_whole=bool(question.id))
                message.intact = is_intact
                wanted.append(message)
        return setup_pb2.ListAcceptancesReply(protocols=wanted)


async def answer(bus: Bus, site: str, acceptances: Acceptances) -> None:
    """Let `acceptances` answer the site's requests from now on."""
    await bus.serve(subjects.ACCEPTANCE_SIGN, acceptances.sign, site=site)
    await bus.serve(subjects.ACCEPTANCE_LIST, acceptances.list, site=site)


def _message(protocol: Protocol, digest: str, *, is_whole: bool) -> setup_pb2.AcceptanceProtocol:
    return setup_pb2.AcceptanceProtocol(
        id=str(protocol.number),
        signed=to_timestamp(protocol.signed),
        electrician=protocol.electrician,
        remarks=protocol.remarks,
        actor=protocol.actor,
        document=protocol.document if is_whole else "",
        digest=digest,
        previous=protocol.previous,
    )
