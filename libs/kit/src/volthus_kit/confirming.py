"""Commands from afar that raise risk wait here until somebody at the site confirms them.

In memory, and few: who asked gets no promise but a refusal that names what waits. A restart
forgets them, and so does time; then it must be asked for anew.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from volthus_kit.bus import FAR, NEAR, Bus
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import Request
from volthus_wire.v1.confirming_pb2 import (
    Confirmation,
    DecideConfirmationRequest,
    ListConfirmationsReply,
    ListConfirmationsRequest,
)
from volthus_wire.v1.rpc_pb2 import Caller, Nothing

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

NEEDED = "confirmation-at-site-needed"
WAITS_FOR = timedelta(days=1)
MOST = 20
MOST_BYTES = 384 * 1024  # of all together: their list is one message, and crosses the leaf link
ROLES = ("service", "operator")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    told: Confirmation
    body: bytes
    ends_s: float  # monotonic
    carry_out: Callable[[Caller], Awaitable[Message]]


class Confirmations:
    """What waits at one owner. name: the token of its requests (cem, eebus, meter)."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}

    def parking(
        self,
        request: Request[Q, R],
        answer: Callable[[Q, Caller], Awaitable[R]],
        *,
        is_trial: Callable[[Q], bool] = lambda _: False,
    ) -> Callable[[Q, Caller], Awaitable[R]]:
        """Return `answer`, but what it refuses for being asked from afar waits for a confirmation.

        The refusal then says under which id, and until when. is_trial: what changes nothing and
        so never waits.
        """

        async def parked(question: Q, caller: Caller) -> R:
            try:
                return await answer(question, caller)
            except RefusedError as no:
                if no.code == NEEDED and not is_trial(question):
                    self._park(request, question, caller, answer, no)
                raise

        return parked

    async def serve(
        self,
        bus: Bus,
        site: str,
        listing: Request[ListConfirmationsRequest, ListConfirmationsReply],
        deciding: Request[DecideConfirmationRequest, Nothing],
    ) -> None:
        """Answer what waits here, and take decisions about it."""
        await bus.serve(listing, self.list, site=site)
        await bus.serve(deciding, self.decide, site=site)

    async def list(self, _: ListConfirmationsRequest, __: Caller) -> ListConfirmationsReply:
        """Return what waits, the oldest first."""
        self._forget()
        return ListConfirmationsReply(confirmations=[w.told for w in self._waiting.values()])

    async def decide(self, asked: DecideConfirmationRequest, caller: Caller) -> Nothing:
        """Carry out what waits, or forget it.

        Raises RefusedError: NEEDED when a confirmation comes from afar itself, `role-not-allowed`,
        `unknown-confirmation`, and whatever the owner says to the command now.
        """
        if caller.role not in ROLES:
            raise RefusedError("role-not-allowed", "Only a service user confirms or declines.")
        if asked.granted and caller.origin == FAR:
            raise RefusedError(NEEDED, "Only somebody at the site itself confirms.")
        self._forget()
        waiting = self._waiting.pop(asked.id, None)
        if waiting is None:
            raise RefusedError(
                "unknown-confirmation", f"Nothing waits here as {asked.id!r}.", id=asked.id
            )
        about = {"id": asked.id, "method": waiting.told.method, "actor": caller.actor}
        if not asked.granted:
            logger.info("declined what was asked from afar", extra=about)
            return Nothing()
        logger.info("confirmed what was asked from afar", extra=about)
        actor = f"{waiting.told.actor}, confirmed by {caller.actor}"
        await waiting.carry_out(Caller(actor=actor, role=caller.role, origin=NEAR))
        return Nothing()

    def _park(
        self,
        request: Request[Q, R],
        question: Q,
        caller: Caller,
        answer: Callable[[Q, Caller], Awaitable[R]],
        no: RefusedError,
    ) -> None:
        self._forget()
        body = question.SerializeToString(deterministic=True)
        method = request.pattern.partition(".rpc.")[2]
        waiting = self._known(method, body, caller.actor)
        if waiting is None:
            now = self._clock.now()
            told = Confirmation(
                id=f"{self._name}-{secrets.token_hex(6)}",
                method=method,
                actor=caller.actor,
                detail=no.detail,
                field=no.field,
                wanted=_shown(question),
                asked_at=to_timestamp(now),
                expires_at=to_timestamp(now + WAITS_FOR),
            )
            if not self._has_room(told):
                return
            ends_s = self._clock.monotonic() + WAITS_FOR.total_seconds()
            waiting = _Waiting(told, body, ends_s, lambda by: answer(question, by))
            self._waiting[told.id] = waiting
            logger.info("waits for confirmation", extra={"id": told.id, "method": method})
        until: datetime = waiting.told.expires_at.ToDatetime()
        no.params |= {"confirmation": waiting.told.id, "until": f"{until.isoformat()}Z"}

    def _has_room(self, told: Confirmation) -> bool:
        size = told.ByteSize() + sum(one.told.ByteSize() for one in self._waiting.values())
        return len(self._waiting) < MOST and size <= MOST_BYTES

    def _known(self, method: str, body: bytes, actor: str) -> _Waiting | None:
        """Return the same wish of the same person, if it waits already."""
        for waiting in self._waiting.values():
            told = waiting.told
            if (told.method, waiting.body, told.actor) == (method, body, actor):
                return waiting
        return None

    def _forget(self) -> None:
        now_s = self._clock.monotonic()
        self._waiting = {id_: w for id_, w in self._waiting.items() if w.ends_s > now_s}


def _shown(question: Message) -> str:
    """Return a question as JSON; zeros and "off" too: just these may be what raises risk."""
    return MessageToJson(
        question,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
        indent=None,
    )
