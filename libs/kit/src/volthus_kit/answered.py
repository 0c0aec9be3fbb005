"""Remembers the answers to commands that carry an idempotency key: a repetition does nothing."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from volthus_kit.answer_book import AnswerBook, Key
from volthus_wire.v1.rpc_pb2 import Refusal, RpcReply

MOST = 1000  # the newest ones

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    digest: str
    reply: asyncio.Future[RpcReply]


class Answered:
    """Answers a command once for each key. A refusal is not kept: nothing was done."""

    def __init__(self, book: AnswerBook | None = None, most: int = MOST) -> None:
        """Remember the newest ones, and with a book also those of the last 24 h on disk."""
        self._book = book
        self._most = most
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()

    async def once(
        self, key: Key, body: bytes, work: Callable[[], Awaitable[RpcReply]]
    ) -> RpcReply:
        """Return the answer of the first time, also while that is still being worked on.

        key: who asks what, and the caller's key. The same key with another body is refused with
        `idempotency-key-reused`; one whose command was at work when the program was killed, with
        `idempotency-answer-lost`; while the database cannot be asked, with `store-failing`.
        """
        digest = hashlib.sha256(body).hexdigest()
        known = self._answers.get(key)
        if known is not None:
            return await asyncio.shield(known.reply) if known.digest == digest else _reused()
        answer = _Answer(digest, asyncio.get_running_loop().create_future())
        self._answers[key] = answer
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        try:
            reply, is_kept = await self._first(key, digest, work)
        except BaseException:
            self._forget(key, answer)
            answer.reply.cancel()
            raise
        answer.reply.set_result(reply)
        if is_kept or not _is_done(reply):
            self._forget(key, answer)
        return reply

    async def _first(
        self, key: Key, digest: str, work: Callable[[], Awaitable[RpcReply]]
    ) -> tuple[RpcReply, bool]:
        """Return what the book says, else do the work; and whether the book has the answer."""
        book = self._book
        if book is None:
            return await work(), False
        try:
            earlier = await asyncio.to_thread(book.find, key)
            doing = book.working_on(key, digest)
        except (SQLAlchemyError, OSError) as error:
            return _not_looked_up(error), False
        if earlier is not None:
            if earlier.digest != digest:
                return _reused(), True
            return (_lost() if earlier.reply is None else earlier.reply), True
        with doing:
            reply = await work()
        return reply, await self._keep(book, key, digest, reply)

    async def _keep(self, book: AnswerBook, key: Key, digest: str, reply: RpcReply) -> bool:
        try:
            if _is_done(reply):
                await asyncio.to_thread(book.keep, key, digest, reply)
            else:
                await asyncio.to_thread(book.drop, key)
        except (SQLAlchemyError, OSError) as error:
            # It was done; until a restart the memory still knows it.
            logger.warning("answer not kept", extra={"error": str(error)})
            return False
        return True

    def _forget(self, key: Key, answer: _Answer) -> None:
        if self._answers.get(key) is answer:
            del self._answers[key]


def _is_done(reply: RpcReply) -> bool:
    return bool(reply.WhichOneof("outcome") == "body")


def _refusal(code: str, detail: str, **params: str) -> RpcReply:
    return RpcReply(refusal=Refusal(code=code, detail=detail, params=params))


def _reused() -> RpcReply:
    detail = "This idempotency key was used for another request."
    return _refusal("idempotency-key-reused", detail)


def _lost() -> RpcReply:
    detail = (
        "This command was at work when the service was stopped, and its answer is lost; "
        "look at what it was to change, and use a new key to try again."
    )
    return _refusal("idempotency-answer-lost", detail)


def _not_looked_up(error: Exception) -> RpcReply:
    detail = "The database does not say whether this was done before; nothing was changed."
    return _refusal("store-failing", detail, reason=str(error))
