"""Fixtures of the gateway's tests; the partners themselves are in gateway_stage.py."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from eebus_gateway.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.testing import NatsServer, nats_server

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package (--import-mode=importlib)
from gateway_stage import SITE, Cem


@pytest.fixture
async def nats() -> AsyncIterator[NatsServer]:
    async with nats_server() as server:
        yield server


@pytest.fixture
async def cem(nats: NatsServer) -> AsyncIterator[Cem]:
    async with Bus.connect(nats.url, "test") as bus:
        cem = Cem(bus)
        await cem.listen()
        yield cem


@pytest.fixture
def settings(nats: NatsServer, tmp_path: Path) -> Settings:
    return Settings(nats_url=nats.url, site=SITE, state_dir=tmp_path)
