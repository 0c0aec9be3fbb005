"""What is in and around a request and its answer on the bus; knows no connection."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from volthus_kit import traces
from volthus_kit.metrics import BUS_REJECTED
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.request_ids import HEADER, Work, brought_along, current
from volthus_wire.subjects import Request
from volthus_wire.v1.rpc_pb2 import Caller, Refusal, RpcReply

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

logger = logging.getLogger(__name__)


def short(request: Request[Q, R]) -> str:
    """Return whose request it is and which, `eebus.pair`: what a trace calls it."""
    return request.pattern.partition(".rpc.")[2]


def headers_now() -> dict[str, str] | None:
    """Return what a request brings along: its id and its trace; None where it has neither."""
    work = current()
    headers = {HEADER: work.request} if work else {}
    return {**headers, **traces.carried()} or None


def work_of(msg: Msg, site: str) -> Work | None:
    """Return what a request on the bus is part of; None when nobody gave it an id."""
    request = brought_along(msg.headers)
    return Work(request, site) if request else None


async def answered(
    answer: Callable[[Q, Caller], Awaitable[R]], question: Q, caller: Caller, subject: str
) -> RpcReply:
    """Return what `answer` makes of a question; a refusal and a failure are answers, too."""
    logger.debug("request came", extra={"subject": subject, "actor": caller.actor})
    try:
        return RpcReply(body=(await answer(question, caller)).SerializeToString())
    except RefusedError as no:
        logger.debug("request refused", extra={"subject": subject, "code": no.code})
        return RpcReply(
            refusal=Refusal(code=no.code, detail=no.detail, params=no.params, field=no.field)
        )
    except Exception:
        # One bad request must not end the service; the caller gets an honest answer.
        logger.exception("request failed", extra={"subject": subject})
        return RpcReply(
            refusal=Refusal(code="internal-error", detail="The service failed; see its log.")
        )


def opened(request: Request[Q, R], subject: str, msg: Msg) -> R:
    """Return the answer in a message. Raises RefusedError, NotAnsweredError."""
    if not msg.data and (msg.headers or {}).get("Status") == "503":
        raise NotAnsweredError(subject, nobody=True) from NoRespondersError()
    try:
        reply = RpcReply.FromString(msg.data)
        if reply.WhichOneof("outcome") == "body":
            return request.answer.FromString(reply.body)
    except DecodeError as error:
        BUS_REJECTED.labels(request.pattern).inc()
        raise NotAnsweredError(subject, nobody=False) from error
    no = reply.refusal
    code = no.code or "unknown-outcome"  # an answer that says nothing is no success
    raise _refused(code, no)


def _refused(code: str, no: Refusal) -> RefusedError:
    refused = RefusedError(code, no.detail, field=no.field)
    refused.params = dict(no.params)
    return refused
