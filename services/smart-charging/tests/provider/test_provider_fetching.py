"""The bounds of a fetch, against a server that misbehaves."""

import gzip
import time
from datetime import timedelta

import httpx
import pytest
from price_provider import Provider

from smart_charging.provider.core.errors import (
    AnswerError,
    NotPublishedError,
    RefusedByProviderError,
    UnreachableError,
)
from smart_charging.provider.fetching import MOST_BYTES, Question, answered
from volthus_kit.ports import free_port


async def ask(http: httpx.AsyncClient, provider: Provider, within_s: float = 5) -> bytes:
    return await answered(http, Question(provider.url + "/prices"), within_s=within_s)


async def test_an_answer_that_never_ends_is_given_up(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", then_waits=True)
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=r"within 0\.3 s"):
        await ask(http, provider, within_s=0.3)
    assert time.monotonic() - began < 5


async def test_a_server_that_says_nothing_is_given_up(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.sends(b"", then_waits=True)
    with pytest.raises(UnreachableError):
        await ask(http, provider, within_s=0.2)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"not HTTP at all\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_a_broken_connection_is_named(
    http: httpx.AsyncClient, provider: Provider, raw: bytes
) -> None:
    provider.sends(raw)
    with pytest.raises(UnreachableError):
        await ask(http, provider)


async def test_nobody_there_is_named(http: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError):
        await answered(http, Question(f"http://127.0.0.1:{free_port()}/x"))
    with pytest.raises(UnreachableError):
        await answered(http, Question("not an address"))


async def test_more_than_the_bound_is_refused(http: httpx.AsyncClient, provider: Provider) -> None:
    provider.says(b" " * (MOST_BYTES + 1))
    with pytest.raises(AnswerError, match="more than"):
        await ask(http, provider)
    provider.says(b" " * MOST_BYTES)
    assert len(await ask(http, provider)) == MOST_BYTES


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says(gzip.compress(b" " * 50_000_000), content_encoding="gzip")
    with pytest.raises(AnswerError, match="more than"):
        await ask(http, provider)


@pytest.mark.parametrize(
    ("body", "coding"),
    [(b"no gzip", "gzip"), (gzip.compress(b"x" * 99, mtime=0)[:-9], "gzip"), (b"", "br")],
)
async def test_wrong_packing_is_refused(
    http: httpx.AsyncClient, provider: Provider, body: bytes, coding: str
) -> None:
    provider.says(body, content_encoding=coding)
    with pytest.raises(AnswerError):
        await ask(http, provider)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (401, {}, timedelta(hours=1)),
        (429, {}, timedelta(minutes=10)),
        (429, {"retry_after": "120"}, timedelta(minutes=2)),
        (429, {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, timedelta(minutes=10)),
        (503, {"retry_after": "30"}, timedelta(seconds=30)),
        (500, {}, None),
        (302, {"location": "http://127.0.0.1:9/elsewhere"}, timedelta(hours=1)),
    ],
)
async def test_a_refusal_tells_how_long_to_stay_away(
    http: httpx.AsyncClient,
    provider: Provider,
    status: int,
    headers: dict[str, str],
    wait: timedelta | None,
) -> None:
    provider.says(b"<html>sorry\n\n</html>", status, **headers)
    with pytest.raises(RefusedByProviderError, match=str(status)) as refused:
        await ask(http, provider)
    assert refused.value.wait == wait
    assert len(provider.asked) == 1, "a redirect would carry the token elsewhere"


async def test_nothing_yet_is_no_refusal(http: httpx.AsyncClient, provider: Provider) -> None:
    provider.says(b"", 204)
    with pytest.raises(NotPublishedError):
        await ask(http, provider)
    provider.says(b"", 404)
    with pytest.raises(NotPublishedError):
        await answered(http, Question(provider.url, is_absence_not_found=True))
    with pytest.raises(RefusedByProviderError):
        await ask(http, provider)


async def test_the_token_stands_in_no_log_and_no_error(
    http: httpx.AsyncClient, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.says(b"", 401)
    with caplog.at_level("INFO"), pytest.raises(RefusedByProviderError) as refused:
        await answered(http, Question(provider.url, {"securityToken": "very-secret"}))
    assert "very-secret" not in caplog.text + str(refused.value)


async def test_an_error_page_that_repeats_the_question_tells_no_token(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    page = b"Unauthorized: /api?securityToken=very%2Dsecret and Bearer other-secret; zone DE"
    provider.says(page, 401)
    question = Question(
        provider.url,
        {"securityToken": "very-secret", "zone": "DE"},
        {"Authorization": "Bearer other-secret"},
    )
    with pytest.raises(RefusedByProviderError) as refused:
        await answered(http, question)
    assert "secret and" not in (told := str(refused.value))
    assert told.endswith("Unauthorized: /api?securityToken=*** and Bearer ***; zone DE")
