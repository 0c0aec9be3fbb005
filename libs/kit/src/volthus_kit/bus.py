"""The bus: typed publish, subscribe, ask and serve over NATS. The only place that knows NATS."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import nats
from google.protobuf.message import DecodeError, Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from volthus_kit import traces
from volthus_kit.answer_book import AnswerBook
from volthus_kit.answered import Answered
from volthus_kit.backoff import backoff
from volthus_kit.envelopes import answered, headers_now, opened, short, work_of
from volthus_kit.metrics import BUS_CONNECTED, BUS_DROPPED, BUS_PUBLISHED, BUS_REJECTED
from volthus_kit.parcels import KEY_HEADER, Acknowledgements, Parcel
from volthus_kit.refusal import NotAnsweredError
from volthus_kit.request_ids import working_on
from volthus_wire.subjects import (
    CLOUD_REPLY,
    NEAR_REPLY,
    SITE_INBOX,
    SITE_REPLY,
    TOKEN,
    Request,
    Subject,
)
from volthus_wire.v1.rpc_pb2 import Caller, RpcReply, RpcRequest

M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
Tokens = dict[str, str]

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 2
RECONNECT_WAIT_S = 0.5
PING_INTERVAL_S = 5  # two unanswered pings end a connection that went silent
NEAR, FAR = "site", "cloud"
MOST_ACTOR, MOST_ROLE = 200, 40  # characters: who asks is kept in records, whatever it says
SERVICE = Caller(actor="service", role="service", origin=NEAR)


@dataclass(frozen=True, slots=True)
class _Subscription:
    subject: str
    callback: Callable[[Msg], Awaitable[None]]
    queue: str = ""


class Bus:
    """One connection to NATS that comes back by itself.

    Nothing is ever kept for later: a publish while NATS is away is dropped and counted, a
    request fails at once. Subscriptions may be made before the first connection.
    """

    def __init__(
        self,
        url: str,
        name: str,
        book: AnswerBook | None = None,
        credentials: Path | None = None,
    ) -> None:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} cannot stand in a NATS subject")
        self._url = url
        self._name = name
        self._credentials = None
        if credentials is not None:
            # Its library takes 10 MB, which a site's programs need not carry.
            from volthus_kit.credentials import Credentials  # noqa: PLC0415

            self._credentials = Credentials(credentials)
        self._client = Client()
        self._subscriptions: list[_Subscription] = []
        self._replica = secrets.token_hex(6)
        self._waiting: dict[str, asyncio.Future[Msg]] = {}  # by the subject of the answer
        self._parcels = Acknowledgements()
        self._inboxes: set[str] = set()
        self._opening = asyncio.Lock()
        self._requests = 0
        self._answered = Answered(book)
        self._went = asyncio.Event()
        self._told_error = ""  # of the time the server is away: one line each, not one a try
        self._is_joined = False
        self._is_leaving = False

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        url: str,
        name: str,
        book: AnswerBook | None = None,
        credentials: Path | None = None,
    ) -> AsyncIterator["Bus"]:
        """Yield a bus at once; it keeps trying until the server at `url` is there.

        name: the program's; it stands in the subjects of its answers, and permissions go by it.
        book: where answers to commands with an idempotency key outlive a restart.
        credentials: a file that says who we are, where the server asks.
        """
        bus = cls(url, name, book, credentials)
        joining = asyncio.create_task(bus._join(), name="join bus")
        try:
            yield bus
        finally:
            joining.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await joining
            await bus._leave()

    @property
    def is_connected(self) -> bool:
        """Whether a publish would go out now."""
        return self._is_joined and self._client.is_connected

    async def until_connected(self) -> None:
        """Wait for the first connection with all subscriptions in place."""
        await self._went.wait()

    async def publish(self, subject: Subject[M], message: M, **tokens: str) -> bool:
        """Publish now or never. Returns False (and counts) when the server is away."""
        return await self.publish_bytes(subject, message.SerializeToString(), **tokens)

    async def publish_bytes(self, subject: Subject[M], body: bytes, **tokens: str) -> bool:
        """Publish a message that is encoded already, now or never; see `publish`."""
        kind = subject.pattern
        if not self.is_connected:
            BUS_DROPPED.labels(kind).inc()
            return False
        try:
            await self._client.publish(subject.at(**tokens), body)
        except (NatsError, OSError):
            BUS_DROPPED.labels(kind).inc()
            return False
        BUS_PUBLISHED.labels(kind).inc()
        return True

    async def subscribe(
        self, subject: Subject[M], heard: Callable[[M, Tokens], None], **tokens: str
    ) -> None:
        """Call `heard(message, tokens)` for each message; one that cannot be read is counted."""

        async def callback(msg: Msg) -> None:
            try:
                message = subject.message.FromString(msg.data)
                found = subject.tokens_of(msg.subject)
            except (DecodeError, ValueError):
                BUS_REJECTED.labels(subject.pattern).inc()
                return
            heard(message, found)

        await self._add(_Subscription(subject.across(**tokens), callback))

    async def subscribe_bytes(
        self, subject: Subject[M], heard: Callable[[bytes, Tokens], None], **tokens: str
    ) -> None:
        """Call `heard(body, tokens)` for each message, not decoded: for those who hear thousands.

        A body that cannot be read is told by a DecodeError of `heard`, and counted.
        """

        async def callback(msg: Msg) -> None:
            try:
                heard(msg.data, subject.tokens_of(msg.subject))
            except (DecodeError, ValueError):
                BUS_REJECTED.labels(subject.pattern).inc()

        await self._add(_Subscription(subject.across(**tokens), callback))

    async def serve_many(
        self,
        request: Request[Q, R],
        answer: Callable[[Q, Caller, Tokens], Awaitable[R]],
        *,
        queue: str = "",
        **tokens: str,
    ) -> None:
        """Answer for many sites at a time: `answer` is told the tokens too; see `serve`.

        Only what comes from afar: no site is the own one here.
        """

        async def callback(msg: Msg) -> None:
            found = request.tokens_of(msg.subject)
            await self._reply(
                request, lambda question, caller: answer(question, caller, found), msg
            )

        await self._add(_Subscription(request.across(**tokens), _beside(callback), queue))

    async def serve(
        self,
        request: Request[Q, R],
        answer: Callable[[Q, Caller], Awaitable[R]],
        *,
        queue: str = "",
        **tokens: str,
    ) -> None:
        """Answer a request; a RefusedError raised by `answer` travels back as such.

        A request with an idempotency key that was answered before gets the same answer again.
        Of a request to a site both are heard, that of the cloud and that of the site's own
        programs; `Caller.origin` is by which of them it came, not by what the asking one says.
        queue: name under which several replicas share the work.
        """
        for heard in (request, request.near) if request.is_far else (request,):

            async def callback(msg: Msg, heard: Request[Q, R] = heard) -> None:
                await self._reply(heard, answer, msg)

            await self._add(_Subscription(heard.across(**tokens), _beside(callback), queue))

    async def ask(
        self,
        request: Request[Q, R],
        question: Q,
        *,
        caller: Caller = SERVICE,
        timeout_s: float = 5.0,
        idempotency_key: str = "",
        **tokens: str,
    ) -> R:
        """Ask and wait for the answer; a site's own programs ask so that it stays in the site.

        Raises RefusedError as the owner said it, NotAnsweredError when nobody serves the
        request, the server is away or the deadline passed.
        """
        request = request if caller.origin == FAR else request.near
        subject = request.at(**tokens)
        envelope = RpcRequest(
            # Deterministic: a repetition is known by its bytes.
            body=question.SerializeToString(deterministic=True),
            caller=caller,
            idempotency_key=idempotency_key,
            deadline_ms=int(timeout_s * 1000),
        )
        with traces.asking(f"ask {short(request)}", subject=request.pattern):
            msg = await self._ask(request, subject, envelope, timeout_s, tokens)
            return opened(request, subject, msg)

    async def _ask(
        self,
        request: Request[Q, R],
        subject: str,
        envelope: RpcRequest,
        timeout_s: float,
        tokens: Tokens,
    ) -> Msg:
        """Return the answer as it came. Raises NotAnsweredError."""
        if not self.is_connected:
            raise NotAnsweredError(subject, nobody=True)
        self._requests += 1
        answers = _answers_on(request, tokens)
        reply = self._reply_subject(answers, tokens | {"service": request.service})
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[reply] = future
        try:
            await self._open_replies(answers)
            await self._client.publish(
                subject,
                envelope.SerializeToString(),
                reply=reply,
                headers=headers_now(),
            )
            # Not wait_for: on Python 3.11 it can swallow a cancellation.
            async with asyncio.timeout(timeout_s):
                return await future
        except (TimeoutError, NatsError, OSError) as error:
            nobody = not isinstance(error, TimeoutError)
            raise NotAnsweredError(subject, nobody=nobody) from error
        finally:
            del self._waiting[reply]

    async def open_inboxes(self) -> None:
        """Hear acknowledgements for whichever site; for a program that delivers for many."""
        await self._open_inbox("*")

    async def deliver(
        self, parcels: Sequence[Parcel], *, site: str, domain: str, timeout_s: float = 5.0
    ) -> int:
        """Publish in order, and return how many of the first ones a stream of `domain` has kept.

        An acknowledgement from another JetStream domain (a stream on this side of the leaf link)
        counts for nothing. What is not among the first kept ones must be delivered again: it may
        arrive twice, never out of order but after a gap that was filled.
        """
        if not self.is_connected:
            return 0
        await self._open_inbox(site)
        replies: list[str] = []
        try:
            for parcel in parcels:
                replies.append(await self._send(parcel, site, domain))
            async with asyncio.timeout(timeout_s):
                return await self._parcels.kept(replies)
        except (TimeoutError, NatsError, OSError):
            return self._parcels.kept_so_far(replies)
        finally:
            self._parcels.forget(replies)

    def jetstream(self) -> JetStreamContext:
        """Return the streams of the server we are connected to; only for `streams`."""
        return self._client.jetstream()

    # --- inside ----------------------------------------------------------------------------------

    async def _open_replies(self, pattern: str) -> None:
        """Hear answers of this kind, once: not every program may hear those of sites."""
        anybody = {"site": "*", "service": "*"}
        await self._open(self._reply_subject(pattern, anybody, "*"), self._hear_reply)

    def _reply_subject(self, pattern: str, tokens: Tokens, number: str = "") -> str:
        """Return where the answer to the last request comes, or with "*" all answers to us."""
        who = {"program": self._name, "replica": self._replica}
        return pattern.format(**(tokens | who), id=number or self._requests)

    async def _open_inbox(self, site: str) -> None:
        """Hear acknowledgements on a subject that may cross the leaf link of this site."""
        if SITE_INBOX.format(site="*", replica=self._replica, id="*") in self._inboxes:
            return
        subject = SITE_INBOX.format(site=site, replica=self._replica, id="*")
        await self._open(subject, self._parcels.hear)

    async def _open(self, subject: str, callback: Callable[[Msg], Awaitable[None]]) -> None:
        """Subscribe once; whoever comes meanwhile waits until the subscription is in place."""
        if subject in self._inboxes:
            return
        async with self._opening:
            if subject not in self._inboxes:
                await self._add(_Subscription(subject, callback))
                self._inboxes.add(subject)

    async def _send(self, parcel: Parcel, site: str, domain: str) -> str:
        """Publish a parcel; returns the subject of its answer."""
        self._requests += 1
        reply = SITE_INBOX.format(site=site, replica=self._replica, id=str(self._requests))
        self._parcels.expect(reply, domain)
        headers = {KEY_HEADER: parcel.key}
        try:
            await self._client.publish(parcel.subject, parcel.body, reply=reply, headers=headers)
        except BaseException:
            self._parcels.forget((reply,))
            raise
        return reply

    async def _reply(
        self, request: Request[Q, R], answer: Callable[[Q, Caller], Awaitable[R]], msg: Msg
    ) -> None:
        try:
            envelope = RpcRequest.FromString(msg.data)
            question = request.question.FromString(envelope.body)
        except DecodeError:
            BUS_REJECTED.labels(request.pattern).inc()
            return
        tokens = request.tokens_of(msg.subject)
        if msg.reply and not msg.reply.startswith(_answers_below(request, tokens)):
            # Else who asks from afar has us say something anywhere, inside the site too.
            BUS_REJECTED.labels(request.pattern).inc()
            return
        caller = envelope.caller
        caller.actor, caller.role = caller.actor[:MOST_ACTOR], caller.role[:MOST_ROLE]
        if "site" in tokens:
            caller.origin = FAR if request.is_far else NEAR

        async def work() -> RpcReply:
            return await answered(answer, question, caller, msg.subject)

        with (
            working_on(work_of(msg, tokens.get("site", ""))),
            traces.serving(
                f"answer {short(request)}", msg.headers, subject=request.pattern
            ) as span,
        ):
            reply = await self._reply_with(envelope, work, msg)
            if reply.HasField("refusal"):
                span.fail(reply.refusal.code)

    async def _reply_with(
        self, envelope: RpcRequest, work: Callable[[], Awaitable[RpcReply]], msg: Msg
    ) -> RpcReply:
        caller = envelope.caller
        if envelope.idempotency_key:
            key = (msg.subject, caller.origin, caller.actor, envelope.idempotency_key)
            reply = await self._answered.once(key, envelope.body, work)
        else:
            reply = await work()
        if msg.reply and self._client.is_connected:  # also while we still join: it was done
            with contextlib.suppress(NatsError, OSError):
                await self._client.publish(msg.reply, reply.SerializeToString())
        return reply

    async def _add(self, subscription: _Subscription) -> None:
        self._subscriptions.append(subscription)
        if self._is_joined:
            await self._subscribe(subscription)
            await self._settle()

    async def _subscribe(self, subscription: _Subscription) -> None:
        # In an empty context: what is heard later is no part of the request that subscribed.
        await asyncio.get_running_loop().create_task(
            self._client.subscribe(
                subscription.subject, queue=subscription.queue, cb=subscription.callback
            ),
            name="subscribe",
            context=Context(),
        )

    async def _settle(self) -> None:
        # In nats-py 2.16 one flush is no barrier: its PING may overtake a buffered SUB.
        for _ in range(2):
            flushing = asyncio.create_task(self._client.flush(), name="flush")
            flushing.add_done_callback(_looked_at)
            # In a task of its own: it waits with wait_for, which on Python 3.11 can swallow a
            # cancellation, and a flush that is cancelled breaks the connection at the next PONG.
            await asyncio.wait([flushing])
            with contextlib.suppress(NatsError, OSError):  # away: told elsewhere
                flushing.result()

    async def _hear_reply(self, msg: Msg) -> None:
        # By the whole subject: a site may answer as itself only, never for another that was asked.
        future = self._waiting.get(msg.subject)
        if future is not None and not future.done():
            future.set_result(msg)

    async def _join(self) -> None:
        for wait_s in backoff(first_s=0.1, most_s=2.0):
            try:
                self._client = await nats.connect(
                    self._url,
                    name=self._name,
                    connect_timeout=CONNECT_TIMEOUT_S,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_WAIT_S,
                    ping_interval=PING_INTERVAL_S,
                    max_outstanding_pings=2,
                    allow_reconnect=True,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_lost,
                    reconnected_cb=self._on_back,
                    user_jwt_cb=self._credentials and self._credentials.claims,
                    signature_cb=self._credentials and self._credentials.signed,
                )
            except (NatsError, OSError, TimeoutError, ValueError) as error:
                self._tell_error("bus not reached", error)
                await asyncio.sleep(wait_s)
                continue
            break
        for subscription in self._subscriptions:
            await self._subscribe(subscription)
        self._is_joined = True
        self._told_error = ""
        await self._settle()
        BUS_CONNECTED.set(1)
        logger.info("bus connected", extra={"url": self._url})
        self._went.set()

    async def _leave(self) -> None:
        BUS_CONNECTED.set(0)
        self._is_leaving = True
        if not self._is_joined and not self._client.is_connected:
            return
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            if self._client.is_connected:
                async with asyncio.timeout(2):
                    await self._client.drain()
            else:
                await self._client.close()

    async def _on_error(self, error: Exception) -> None:
        self._tell_error("bus error", error)

    def _tell_error(self, what: str, error: Exception) -> None:
        """Say what is wrong; while the server stays away, the same thing once."""
        text = str(error) or type(error).__name__
        if self.is_connected or text != self._told_error:
            self._told_error = text
            logger.warning(what, extra={"url": self._url, "error": text})

    async def _on_lost(self) -> None:
        BUS_CONNECTED.set(0)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the bus went away"))
        self._parcels.lose()
        if not self._is_leaving:
            logger.warning("bus lost")

    async def _on_back(self) -> None:
        BUS_CONNECTED.set(1)
        self._told_error = ""
        logger.info("bus back")


def _beside(callback: Callable[[Msg], Awaitable[None]]) -> Callable[[Msg], Awaitable[None]]:
    """Return a callback that works in a task: a slow meter test must not hold up a listing."""
    running: set[asyncio.Future[None]] = set()

    async def started(msg: Msg) -> None:
        task = asyncio.ensure_future(callback(msg))
        running.add(task)
        task.add_done_callback(running.discard)

    return started


def _answers_on(request: Request[Q, R], tokens: Tokens) -> str:
    """Return the pattern of the subject of answers: of a near request it stays in the site too."""
    if "site" not in tokens:
        return CLOUD_REPLY
    return SITE_REPLY if request.is_far else NEAR_REPLY


def _answers_below(request: Request[Q, R], tokens: Tokens) -> str:
    """Return how every subject begins that an answer to this request may go to."""
    return _answers_on(request, tokens).partition("{program}")[0].format(**tokens)


def _looked_at(flushing: asyncio.Task[None]) -> None:
    """Take note of how a flush ended, also when nobody waits for it any more."""
    if not flushing.cancelled():
        flushing.exception()
