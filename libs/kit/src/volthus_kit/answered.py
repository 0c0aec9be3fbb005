"""Remembers the answers to commands that carry an idempotency key: a repetition does nothing."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from volthus_wire.v1.rpc_pb2 import Refusal, RpcReply

MOST = 1000  # the newest ones; a key is meant for a retry within minutes

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    digest: bytes
    reply: asyncio.Future[RpcReply]


class Answered:
    """Answers a command once for each key. A refusal is not kept: nothing was done."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()

    async def once(
        self, key: Key, body: bytes, work: Callable[[], Awaitable[RpcReply]]
    ) -> RpcReply:
        """Return the answer of the first time, also while that is still being worked on.

        key: who asks what, and the caller's key. The same key with another body is refused with
        `idempotency-key-reused`.
        """
        digest = hashlib.sha256(body).digest()
        known = self._answers.get(key)
        if known is not None:
            return await asyncio.shield(known.reply) if known.digest == digest else _reused()
        answer = _Answer(digest, asyncio.get_running_loop().create_future())
        self._answers[key] = answer
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        try:
            reply = await work()
        except BaseException:
            self._forget(key, answer)
            answer.reply.cancel()
            raise
        answer.reply.set_result(reply)
        if reply.WhichOneof("outcome") != "body":
            self._forget(key, answer)
        return reply

    def _forget(self, key: Key, answer: _Answer) -> None:
        if self._answers.get(key) is answer:
            del self._answers[key]


def _reused() -> RpcReply:
    detail = "This idempotency key was used for another request."
    return RpcReply(refusal=Refusal(code="idempotency-key-reused", detail=detail))
