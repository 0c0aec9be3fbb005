"""What the CEM's user set is offered to control boxes, and what cannot be is no harm."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gateway_stage import ended, until

from eebus_gateway import nameplate, offering
from eebus_gateway.hub import Hub
from eebus_gateway.keeper import Keeper
from eebus_gateway.offering import Offering
from eebus_gateway.operator_side import offered
from eebus_gateway.settings import Settings
from eebus_gateway.store import OFFERED, Store
from volthus_kit.clock import SystemClock
from volthus_wire.v1.operator_pb2 import OperatorSettings

FINE = OperatorSettings(contract_w=17000.0, failsafe_w=6000.0, failsafe_s=10800.0, revision=4)
TOO_SHORT = OperatorSettings(contract_w=17000.0, failsafe_w=6000.0, failsafe_s=60.0, revision=3)
UNSET = OperatorSettings(revision=5)


class Site:
    """A hub that offers itself to control boxes, and the settings its CEM answers with."""

    def __init__(self, store: Store, folder: Path) -> None:
        settings = Settings(nats_url="nats://127.0.0.1:1", site="test", state_dir=folder)
        self.store, self.keeper, self.asked = store, Keeper(store), 0
        plate = nameplate.read(settings, store)
        system = offered(store.fact, 11000.0, power_limits=True, guards=False)
        self.hub = Hub(plate, {}, self.keeper, SystemClock(), system)
        self.settings = FINE
        self.offering = Offering(self.hub, self.keeper, self._ask, store.fact(OFFERED))

    @property
    def failsafe(self) -> str:
        return self.hub.operator.failsafe_facts()["failsafe_lpc"]

    async def _ask(self) -> OperatorSettings:
        self.asked += 1
        return self.settings


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(offering, "EVERY_S", 0.01)
    with closing(Store.open(tmp_path)) as store:
        yield Site(store, tmp_path)


async def test_failsafe_values_that_cannot_be_offered_are_told_once_and_skipped(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.settings = TOO_SHORT
    tasks = [asyncio.create_task(each.run()) for each in (site.offering, site.keeper)]
    await until(lambda: site.asked >= 3, "three rounds")
    assert site.failsafe == "4200.0 7200.0"
    assert caplog.text.count("failsafe values not offered") == 1
    site.settings = FINE
    await until(lambda: site.store.fact(OFFERED) == "4", "the next revision")
    assert site.failsafe == "6000.0 10800.0"
    for task in tasks:
        await ended(task)


async def test_a_revision_that_was_not_offered_is_not_kept_as_offered(site: Site) -> None:
    site.settings = TOO_SHORT
    task = asyncio.create_task(site.offering.run())
    await until(lambda: site.asked >= 2, "two rounds")
    await ended(task)
    assert site.keeper.has_saved_all
    assert site.store.fact(OFFERED) is None


async def test_what_the_user_did_not_set_is_offered_as_the_standard_has_it(site: Site) -> None:
    task = asyncio.create_task(site.offering.run())
    await until(lambda: site.failsafe == "6000.0 10800.0", "what was set")
    site.settings = UNSET
    await until(lambda: site.failsafe == "4200.0 7200.0", "what was not")
    await ended(task)
