"""An honest charger keeps its measurements and its limits while others do their worst beside it."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from eebus.cem import Cem
from eebus.charger import Charger, EvProfile
from eebus.events import ConnectionState, Event, Measured
from eebus.identity import Identity
from eebus.transport.node import Announcement, Link, Network, ShipNode

SECONDS = 3.0
EVERY_S = 0.1  # ten times as often as a charger measures
MOST_WRITE_S = 0.5  # on a busy machine; alone it takes some milliseconds
MOST_KEPT_BYTES = 24 * 2**20


class Honest:
    """A CEM with one charger, and what the CEM heard from it."""

    def __init__(self) -> None:
        self.measured: list[float] = []
        self.cem = Cem(
            Identity.create("CEM"),
            Announcement("CEM", "Test", "CEM", "EnergyManagementSystem"),
            Network(mdns=False),
            trusted=(),
            on_event=self._hear,
        )
        self.charger = Charger(
            Identity.create("Honest"),
            Announcement("Honest", "Test", "Box", "ChargingStation"),
            Network(mdns=False),
            trusted=(),
            on_event=lambda _: None,
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, Measured) and event.ski == self.charger.ski:
            self.measured.append(event.current_a[0] or 0.0)

    async def lives(self) -> tuple[list[float], int]:
        """Measure and limit; return how long each write took (s), and how many values came."""
        took_s: list[float] = []
        rounds = round(SECONDS / EVERY_S)
        self.measured.clear()
        for number in range(rounds):
            current_a = 8.0 + number / 100
            self.charger.measure((current_a,) * 3, (1840.0,) * 3, float(number), None)
            began = time.monotonic()
            result = await self.cem.write_limit(self.charger.ski, (10.0 + number % 2,) * 3)
            took_s.append(time.monotonic() - began)
            assert result.ok, result
            await asyncio.sleep(EVERY_S)
        assert self.measured[-1] == pytest.approx(8.0 + (rounds - 1) / 100)
        return took_s, len(set(self.measured))


@asynccontextmanager
async def _running(run: Callable[[], object], started: Callable[[], object]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run())
        await started()
        yield
        task.cancel()


@asynccontextmanager
async def _hostile(honest: Honest) -> AsyncIterator[Link]:
    """A peer whose pairing the user has confirmed, and who then speaks what it wants."""
    links: list[Link] = []
    node = ShipNode(
        Identity.create("Hostile"),
        Announcement("Hostile", "Test", "Bad", "ChargingStation"),
        Network(mdns=False),
        trusted=(),
        on_event=lambda _: None,
        on_open=links.append,
        on_data=lambda *_: None,
        on_close=lambda _: None,
    )
    async with _running(node.run, node.started):
        node.trust(honest.cem.ski)
        honest.cem.trust(node.ski, host="127.0.0.1", port=node.port)
        async with asyncio.timeout(10):
            while not links:
                await asyncio.sleep(0.01)
        yield links[0]


def _deep() -> str:
    return '{"datagram":' + "[" * 50_000 + "]" * 50_000 + "}"


def _giant() -> str:
    return '{"datagram":["' + "x" * 900_000 + '"]}'


def _wide() -> str:
    piece = '{"loadControlLimitData":[' + ",".join(['{"limitId":1}'] * 2000) + "]}"
    return '{"datagram":[{"header":[]},{"payload":[{"cmd":[[PIECE]]}]}]}'.replace("PIECE", piece)


def _notify(counter: int) -> str:
    """Return a notify that nobody asked for, of an address nobody knows."""
    return (
        '{"datagram":[{"header":[{"specificationVersion":"1.3.0"},'
        '{"addressSource":[{"device":"d"},{"entity":[1,N]},{"feature":1}]},'
        '{"addressDestination":[{"entity":[1]},{"feature":1}]},{"msgCounter":N},'
        '{"cmdClassifier":"notify"}]},{"payload":[{"cmd":[[{"measurementListData":'
        '[{"measurementData":[[{"measurementId":N},{"value":[{"number":1}]}]]}]}]]}]}]}'
    ).replace("N", str(counter))


async def _speak(link: Link, payload: Callable[[int], str], pause_s: float) -> None:
    counter = 0
    while True:
        counter += 1
        link.send(payload(counter))
        await asyncio.sleep(pause_s)


@pytest.mark.parametrize(
    ("payload", "pause_s"),
    [
        pytest.param(lambda _: _giant(), 0.02, id="giant"),
        pytest.param(lambda _: _deep(), 0.02, id="deep"),
        pytest.param(lambda _: _wide(), 0.02, id="wide"),
        pytest.param(_notify, 0.0, id="endless"),
    ],
)
async def test_a_confirmed_peer_that_talks_nonsense_costs_the_honest_one_nothing(payload, pause_s):
    honest = Honest()
    async with (
        _running(honest.cem.run, honest.cem.started),
        _running(honest.charger.run, honest.charger.started),
    ):
        honest.charger.trust(honest.cem.ski)
        honest.charger.plug(EvProfile())
        honest.cem.trust(honest.charger.ski, host="127.0.0.1", port=honest.charger.port)
        async with asyncio.timeout(10):
            while (ev := honest.cem.ev(honest.charger.ski)) is None or not ev.operating_state:
                await asyncio.sleep(0.01)
        async with _hostile(honest) as link:
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            speaking = asyncio.create_task(_speak(link, payload, pause_s))
            took_s, measurements = await honest.lives()
            speaking.cancel()
            kept = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
    assert max(took_s) < MOST_WRITE_S, f"writes took up to {max(took_s):.3f} s"
    assert measurements >= round(SECONDS / EVERY_S) - 1
    assert kept < MOST_KEPT_BYTES, f"{kept / 2**20:.1f} MB are kept"
    assert honest.cem.connection(honest.charger.ski).state is not ConnectionState.ERROR
