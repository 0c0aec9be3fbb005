"""Where the records of a site are asked for: at a site of its CEM, in the cloud of the history."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import (
    ENERGY_GET,
    EVIDENCE_LIST,
    SAVINGS_GET,
    SESSION_LIST,
    SESSION_SUMMARY,
    Request,
)
from volthus_wire.v1.operator_pb2 import ListEvidenceReply, ListEvidenceRequest
from volthus_wire.v1.planning_pb2 import GetSavingsRequest, SavingsReply
from volthus_wire.v1.records_pb2 import (
    GetEnergyReply,
    GetEnergyRequest,
    ListSessionsReply,
    ListSessionsRequest,
    SummarizeSessionsReply,
    SummarizeSessionsRequest,
)
from web.history.energy import energy
from web.history.evidence import evidence
from web.history.sessions import savings, sessions, summary

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

READS_RECORDS_S = 10.0


class Records(Protocol):
    """The records of one site. Raises RefusedError, and ProblemError where somebody is silent."""

    async def sessions(self, question: ListSessionsRequest) -> ListSessionsReply:
        """Return sessions, newest first."""
        ...

    async def summary(self, question: SummarizeSessionsRequest) -> SummarizeSessionsReply:
        """Return sessions added up."""
        ...

    async def energy(self, question: GetEnergyRequest) -> GetEnergyReply:
        """Return energy by span."""
        ...

    async def evidence(self, question: ListEvidenceRequest) -> ListEvidenceReply:
        """Return the evidence log, oldest first."""
        ...

    async def savings(self, question: GetSavingsRequest) -> SavingsReply:
        """Return by month what was saved."""
        ...


class Asks(Protocol):
    """Who asks the owners of a site; see `web.api.door.Door`."""

    async def ask(self, request: Request[Q, R], question: Q, *, timeout_s: float) -> R:
        """Ask an owner."""
        ...


class AskedRecords:
    """The records that the CEM of a site keeps itself."""

    def __init__(self, door: Asks) -> None:
        self._door = door

    async def sessions(self, question: ListSessionsRequest) -> ListSessionsReply:
        """Return sessions, newest first."""
        return await self._door.ask(SESSION_LIST, question, timeout_s=READS_RECORDS_S)

    async def summary(self, question: SummarizeSessionsRequest) -> SummarizeSessionsReply:
        """Return sessions added up."""
        return await self._door.ask(SESSION_SUMMARY, question, timeout_s=READS_RECORDS_S)

    async def energy(self, question: GetEnergyRequest) -> GetEnergyReply:
        """Return energy by span."""
        return await self._door.ask(ENERGY_GET, question, timeout_s=READS_RECORDS_S)

    async def evidence(self, question: ListEvidenceRequest) -> ListEvidenceReply:
        """Return the evidence log, oldest first."""
        return await self._door.ask(EVIDENCE_LIST, question, timeout_s=READS_RECORDS_S)

    async def savings(self, question: GetSavingsRequest) -> SavingsReply:
        """Return by month what was saved."""
        return await self._door.ask(SAVINGS_GET, question, timeout_s=READS_RECORDS_S)


class KeptRecords:
    """The records of a site as the history keeps them; the site may be offline."""

    def __init__(self, engine: Engine, site: str) -> None:
        self._engine = engine
        self._site = site

    async def sessions(self, question: ListSessionsRequest) -> ListSessionsReply:
        """Return sessions, newest first."""
        return await self._read(sessions, question)

    async def summary(self, question: SummarizeSessionsRequest) -> SummarizeSessionsReply:
        """Return sessions added up."""
        return await self._read(summary, question)

    async def energy(self, question: GetEnergyRequest) -> GetEnergyReply:
        """Return energy by span."""
        return await self._read(energy, question)

    async def evidence(self, question: ListEvidenceRequest) -> ListEvidenceReply:
        """Return the evidence log, oldest first."""
        return await self._read(evidence, question)

    async def savings(self, question: GetSavingsRequest) -> SavingsReply:
        """Return by month what was saved."""
        return await self._read(savings, question)

    async def _read(self, read: Callable[[Connection, str, Q], R], question: Q) -> R:
        def look() -> R:
            with self._engine.connect() as connection:
                return read(connection, self._site, question)

        try:
            return await asyncio.to_thread(look)
        except SQLAlchemyError as error:
            detail = "The history cannot be read from the database."
            raise RefusedError("store-failing", detail, reason=str(error)[:200]) from error
