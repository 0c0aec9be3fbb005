"""One HTTP question and its bounded answer. Knows no provider."""

import asyncio
import logging
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import unquote_plus

import httpx

from smart_charging.provider.core.errors import (
    AnswerError,
    NotPublishedError,
    RefusedByProviderError,
    UnreachableError,
)

MOST_BYTES = 4_000_000  # a year of ENTSO-E quarter-hours is 3 MB, an ordinary answer 20 kB
CONNECT_S, WHOLE_S = 10.0, 30.0
GZIP = 16 + zlib.MAX_WBITS
LEAST_SECRET = 8  # shorter words of a question are no tokens, and tell what was wrong
AGENT = f"Volthus/{version('volthus-smart-charging')}"


@dataclass(frozen=True, slots=True)
class Question:
    """One HTTP request. json: body of a POST; None = GET.

    statuses: whose body a reader understands. is_absence_not_found: 404 = not published yet.
    """

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    statuses: frozenset[int] = frozenset({HTTPStatus.OK})
    is_absence_not_found: bool = False


def client() -> httpx.AsyncClient:
    """Return a client for `answered`: no redirects, so that a token stays with its host."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses, tokens and all
    headers = {"User-Agent": AGENT, "Accept-Encoding": "gzip, identity"}
    timeout = httpx.Timeout(CONNECT_S)
    return httpx.AsyncClient(timeout=timeout, headers=headers, verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reading them takes 0.1 s


async def answered(
    http: httpx.AsyncClient, question: Question, *, within_s: float = WHOLE_S
) -> bytes:
    """Ask, and return the body of at most MOST_BYTES, unpacked.

    within_s: for the whole answer, so that one that trickles ends too. Raises UnreachableError,
    RefusedByProviderError, NotPublishedError (204, or 404 where that means so) and AnswerError.
    """
    host = httpx.URL(question.url).host
    method = "GET" if question.json is None else "POST"
    try:
        async with (
            asyncio.timeout(within_s),
            http.stream(
                method,
                question.url,
                params=question.parameters or None,
                headers=dict(question.headers),
                json=question.json,
            ) as response,
        ):
            body = b"".join([part async for part in _unpacked(response)])
            _check(response, body, question)
            return body
    except TimeoutError as error:
        raise UnreachableError(f"{host} did not answer within {within_s:g} s") from error
    except httpx.HTTPError as error:
        raise UnreachableError(f"{host}: {str(error) or type(error).__name__}") from error
    except httpx.InvalidURL as error:
        raise UnreachableError(f"{question.url[:60]!r} is no address: {error}") from error


async def _unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body, gzip undone with a bound: a small answer may unpack to gigabytes."""
    coding = response.headers.get("content-encoding", "identity").lower()
    if coding not in {"identity", "gzip"}:
        raise AnswerError(f"{response.url.host} answered in {coding[:20]!r}, asked was gzip")
    gunzip = zlib.decompressobj(GZIP) if coding == "gzip" else None
    total = 0
    async for raw in response.aiter_raw():
        try:
            part = gunzip.decompress(raw, MOST_BYTES - total + 1) if gunzip else raw
        except zlib.error as error:
            raise AnswerError(f"{response.url.host} answered broken gzip") from error
        total += len(part)
        if total > MOST_BYTES:
            raise AnswerError(f"{response.url.host} answered more than {MOST_BYTES} bytes")
        yield part
    if gunzip is not None and total and not gunzip.eof:
        raise AnswerError(f"{response.url.host} answered gzip that is cut off")


def _check(response: httpx.Response, body: bytes, question: Question) -> None:
    status, host = response.status_code, response.url.host
    if status in question.statuses:
        return
    if status == HTTPStatus.NO_CONTENT or (
        status == HTTPStatus.NOT_FOUND and question.is_absence_not_found
    ):
        raise NotPublishedError(f"{host} has nothing for this time yet")
    words = " ".join(_without_secrets(body[:300], question).split())[:120]
    text = f"{host} answered {status}" + (f": {words}" if words else "")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RefusedByProviderError(text, _wait(response), is_busy=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _wait(response) or timedelta(minutes=10)
        raise RefusedByProviderError(text, wait, is_busy=True)
    raise RefusedByProviderError(text, _wait(response) or timedelta(hours=1))


def _without_secrets(body: bytes, question: Question) -> str:
    """Return a body as text, without what was asked with: pages of errors repeat addresses."""
    told = (*question.parameters.values(), *question.headers.values())
    words = [word for value in told for word in value.split() if len(word) >= LEAST_SECRET]
    text = unquote_plus(body.decode("utf-8", "replace"))
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(unquote_plus(word), "***")
    return text


def _wait(response: httpx.Response) -> timedelta | None:
    """Return Retry-After in seconds; a date there is left to our own back-off."""
    raw = response.headers.get("retry-after", "")
    return timedelta(seconds=int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 7 else None
