"""What the tests of prices share."""

from collections.abc import AsyncIterator

import httpx
import pytest
from price_provider import Provider, running_provider

from smart_charging.provider.fetching import client


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as running:
        yield running
