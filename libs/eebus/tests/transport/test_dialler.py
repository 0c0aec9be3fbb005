"""The dialler: every address, the right reason, and when it is woken."""

import asyncio
import socket

import pytest

from eebus.identity import Identity
from eebus.ship.steps import End
from eebus.transport.dialler import Address, Dialled, Dialler
from eebus.transport.tls import TlsFactory

US = Identity.create("us")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Dial:
    """One dialler with the addresses of a test, and what came of it."""

    def __init__(self, ski: str, *addresses: Address) -> None:
        self.addresses = addresses
        self.outcomes: list[object] = []
        self.started = 0
        self._news = asyncio.Event()
        self.dialler = Dialler(
            ski, TlsFactory(US), lambda: self.addresses, self._on_start, self._on_done
        )

    async def outcome(self, number: int = 1) -> object:
        task = asyncio.create_task(self.dialler.run())
        try:
            async with asyncio.timeout(10):
                while len(self.outcomes) < number:
                    self._news.clear()
                    await self._news.wait()
        finally:
            task.cancel()
            await asyncio.wait([task])
        return self.outcomes[-1]

    def _on_start(self) -> None:
        self.started += 1

    def _on_done(self, outcome: object) -> None:
        self.outcomes.append(outcome)
        if isinstance(outcome, Dialled):
            self.addresses = ()
        self._news.set()


async def test_the_next_address_is_tried_when_one_is_dead(start):
    async with start("EVSE") as evse:
        alive = Address("127.0.0.1", evse.node.port)
        dial = Dial(evse.ski, Address("127.0.0.1", free_port()), alive)
        dialled = await dial.outcome()
        assert isinstance(dialled, Dialled)
        assert dialled.address == alive
        dialled.socket.abort()
        await dialled.socket.close()


async def test_a_wrong_device_tells_more_than_a_dead_address(start):
    async with start("OTHER") as other:
        dead = Address("127.0.0.1", free_port())
        dial = Dial("ab" * 20, dead, Address("127.0.0.1", other.node.port), dead)
        ending = await dial.outcome()
        assert ending.end is End.FAILED
        assert other.ski in ending.detail


async def test_of_dead_addresses_the_first_is_named():
    first, second = free_port(), free_port()
    dial = Dial("ab" * 20, Address("127.0.0.1", first), Address("127.0.0.1", second))
    ending = await dial.outcome()
    assert ending.end is End.LOST
    assert f"127.0.0.1:{first}" in ending.detail


async def test_a_server_without_websocket_is_asked_once_more_without_path(tmp_path):
    requests = []

    async def refuse(reader, writer):
        stream = await TlsFactory(US).accept(reader, writer)
        requests.append((await stream.read()).split(b"\r\n")[0])
        stream.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await stream.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        dial = Dial(US.ski, Address("127.0.0.1", server.sockets[0].getsockname()[1]))
        ending = await dial.outcome()
    assert requests == [b"GET /ship/ HTTP/1.1", b"GET / HTTP/1.1"]
    assert "404" in ending.detail


async def test_a_waiting_dial_goes_at_once_when_the_user_says_so(monkeypatch):
    monkeypatch.setattr("eebus.transport.dialler.delay_s", lambda attempt, chance: 3600)
    dial = Dial("ab" * 20, Address("127.0.0.1", free_port()))
    asyncio.get_running_loop().call_later(0.05, dial.dialler.hurry)
    assert (await dial.outcome()).end is End.LOST


async def test_a_peer_announced_anew_all_the_time_is_dialled_all_the_same(monkeypatch):
    monkeypatch.setattr("eebus.transport.dialler.delay_s", lambda attempt, chance: 0.3)
    dial = Dial("ab" * 20, Address("127.0.0.1", free_port()))

    async def announce() -> None:
        while True:
            await asyncio.sleep(0.02)
            dial.dialler.calm()

    announcing = asyncio.create_task(announce())
    async with asyncio.timeout(2):
        assert (await dial.outcome()).end is End.LOST
    announcing.cancel()


async def test_nothing_is_dialled_while_there_is_nowhere_to_dial():
    dial = Dial("ab" * 20)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await dial.outcome()
    assert dial.started == 0


async def test_a_defect_of_ours_ends_one_dial_only(monkeypatch, caplog):
    async def broken(*_: object) -> None:
        raise AssertionError("ours")

    monkeypatch.setattr(asyncio, "open_connection", broken)
    monkeypatch.setattr("eebus.transport.dialler.delay_s", lambda attempt, chance: 0)
    dial = Dial("ab" * 20, Address("127.0.0.1", 4711))
    ending = await dial.outcome(2)
    assert ending.end is End.FAILED
    assert "a dial failed" in caplog.text
