"""All questions of one source for one zone -> one series."""

import asyncio
from datetime import datetime

import httpx

from smart_charging.prices.core.series import Series, clipped, overlaid
from smart_charging.prices.sources import Feed
from smart_charging.provider.core.errors import AnswerError, NotPublishedError, UnreachableError
from smart_charging.provider.fetching import WHOLE_S, Question, answered


async def gathered(
    http: httpx.AsyncClient,
    feed: Feed,
    span: tuple[datetime, datetime],
    *,
    within_s: float = WHOLE_S,
) -> Series:
    """Ask a feed's source and return what it has of the time.

    A day that is not there yet, or does not come through after another did, is simply missing.
    Raises NotPublishedError when nothing is there yet, any other SourceError when it cannot be had,
    and AnswerError when the answer is about another time.
    """
    series: Series | None = None
    problem: NotPublishedError | UnreachableError | None = None
    for question in feed.source.questions(feed.access, feed.zone, *span):
        try:
            part = await _read(http, feed, question, within_s)
        except (NotPublishedError, UnreachableError) as error:
            problem = problem or error
            continue
        series = part if series is None else overlaid(series, part)
    if series is None:
        raise problem or NotPublishedError(f"{feed.source.name} was asked nothing")
    if not clipped(series, *span).intervals:
        raise AnswerError(
            f"{feed.source.name} answered about {series.start:%Y-%m-%d} to {series.end:%Y-%m-%d},"
            f" asked was {span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}"
        )
    return series


async def _read(http: httpx.AsyncClient, feed: Feed, question: Question, within_s: float) -> Series:
    body = await answered(http, question, within_s=within_s)
    return await asyncio.to_thread(
        feed.source.read, body, feed.zone
    )  # a large answer stops nobody else
