"""mDNS on loopback: nodes find each other, see changes and farewells, and pair by it."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
from zeroconf import IPVersion, NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from eebus.events import ConnectionState, PeerFound, PeerLost
from eebus.identity import Identity
from eebus.ship.announcement import Announcement
from eebus.transport import discovery as discovery_module
from eebus.transport.dialler import Address
from eebus.transport.discovery import Discovery, announced_addresses, own_addresses

SKI_A, SKI_B = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def _multicast():
    """Skip, loudly, where the machine has no multicast on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            loopback = socket.inet_aton("127.0.0.1")
            group = socket.inet_aton("224.0.0.251") + loopback
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
            probe.sendto(b"\x00" * 12, ("224.0.0.251", 5353))
        except OSError as error:
            pytest.skip(f"NOT TESTED: this machine has no multicast on loopback ({error})")


@pytest.fixture(autouse=True)
def _impatient_mdns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the mDNS library leave less time between its probes and repetitions."""
    for name in ("_CHECK_TIME", "_REGISTER_TIME", "_UNREGISTER_TIME"):
        monkeypatch.setattr(f"zeroconf._core.{name}", 60, raising=False)


class Watcher:
    def __init__(self, ski: str, name: str) -> None:
        self.events: list[object] = []
        self._news = asyncio.Event()
        announcement = Announcement(name, "Demo", name, "ChargingStation", instance=f"{name}-{ski}")
        self.discovery = Discovery(ski, announcement, ("127.0.0.1",), self._tell)

    def _tell(self, event: object) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition, within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(ski: str, name: str, port: int):
    watcher = Watcher(ski, name)
    task = asyncio.create_task(watcher.discovery.run(port))
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_two_see_each_other_but_not_themselves_and_farewells_are_heard():
    async with running(SKI_A, "CEM", 4711) as cem:
        async with running(SKI_B, "EVSE", 4712) as evse:
            await cem.until(lambda: SKI_B in cem.discovery.peers)
            await evse.until(lambda: SKI_A in evse.discovery.peers)
            peer = cem.discovery.peers[SKI_B]
            assert (peer.ship_id, peer.host, peer.port) == ("EVSE", "127.0.0.1", 4712)
            hosts = [each.host for each in cem.discovery.addresses(SKI_B)]
            assert hosts == ["127.0.0.1", f"ship-{SKI_B}.local"]
            assert PeerFound(peer) in cem.events
            assert SKI_A not in cem.discovery.peers
        await cem.until(lambda: PeerLost(SKI_B) in cem.events)
        assert SKI_B not in cem.discovery.peers


async def test_a_changed_announcement_is_told():
    async with running(SKI_A, "CEM", 4711) as cem:
        other = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        txt = {"txtvers": "1", "path": "/ship/", "id": "X", "ski": SKI_B, "register": "false"}

        def service(port: int) -> AsyncServiceInfo:
            return AsyncServiceInfo(
                "_ship._tcp.local.",
                "Changing._ship._tcp.local.",
                port=port,
                properties=txt,
                server="changing.local.",
                parsed_addresses=["127.0.0.1"],
            )

        try:
            await other.async_register_service(service(1000))
            await cem.until(lambda: SKI_B in cem.discovery.peers)
            await other.async_update_service(service(2000))
            await cem.until(lambda: cem.discovery.peers[SKI_B].port == 2000)
            other.zeroconf.registry.async_remove(other.zeroconf.registry.async_get_service_infos())
            await other.async_close()  # a crash: no farewell
            other = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
            await other.async_register_service(service(3000))
            await cem.until(lambda: cem.discovery.peers[SKI_B].port == 3000, within_s=3)
            assert PeerLost(SKI_B) not in cem.events
            assert cem.discovery.addresses(SKI_B)[0] == Address("127.0.0.1", 3000)
        finally:
            await other.async_unregister_all_services()
            await other.async_close()


async def test_two_nodes_pair_by_mdns_alone(start):
    async with (
        start("CEM", mdns=True, identity=Identity.create("CEM")) as cem,
        start("EVSE", mdns=True) as evse,
    ):
        await cem.until(lambda: evse.ski in cem.node.peers)
        cem.node.trust(evse.ski)
        await evse.until_state(cem, ConnectionState.REQUEST_RECEIVED)
        evse.node.trust(cem.ski)
        await cem.until_state(evse, ConnectionState.CONNECTED)
        await evse.until_state(cem, ConnectionState.CONNECTED)


async def test_an_open_window_is_announced(start, monkeypatch):
    monkeypatch.setattr(discovery_module, "FLUSHED_AFTER_S", 0.1)
    async with start("CEM", mdns=True) as cem, start("EVSE", mdns=True) as evse:
        await evse.until(lambda: cem.ski in evse.node.peers)
        assert not evse.node.peers[cem.ski].accepts_pairing
        cem.node.open_pairing(60)
        await evse.until(lambda: evse.node.peers[cem.ski].accepts_pairing)


async def test_a_name_that_is_taken_costs_the_announcement_and_nothing_else(
    start, monkeypatch, caplog
):
    async def taken(*_: object, **__: object) -> None:
        raise NonUniqueNameException

    monkeypatch.setattr(AsyncZeroconf, "async_register_service", taken)
    async with start("CEM", mdns=True) as cem, start("EVSE") as evse:
        evse.node.trust(cem.ski)
        cem.knows(evse)
        await cem.until_state(evse, ConnectionState.CONNECTED)
        assert "mDNS is not available" in caplog.text


async def test_a_look_up_that_comes_when_all_ends_is_not_begun():
    discovery = Watcher(SKI_A, "CEM").discovery
    async with asyncio.TaskGroup() as tasks:
        pass
    discovery._waiting["late"] = None
    discovery._look_up_waiting(None, tasks)
    assert discovery._lookups == {}


@pytest.mark.parametrize(
    ("listen_host", "interfaces", "announced"),
    [
        ("127.0.0.1", ("127.0.0.1",), ("127.0.0.1",)),
        ("127.0.0.1", (), ("127.0.0.1",)),
        ("127.0.0.1", ("192.0.2.7",), ("127.0.0.1",)),
        ("192.0.2.7", (), ("192.0.2.7",)),
        ("", ("192.0.2.7",), ("192.0.2.7",)),
        ("0.0.0.0", ("192.0.2.7",), ("192.0.2.7",)),  # noqa: S104 - it is not bound here
        ("", (), tuple(own_addresses()) or ("127.0.0.1",)),
        ("::", (), tuple(own_addresses()) or ("127.0.0.1",)),
    ],
)
def test_only_addresses_the_server_answers_on_are_announced(listen_host, interfaces, announced):
    assert announced_addresses(listen_host, interfaces) == announced


def test_own_addresses_are_such_as_others_can_reach():
    assert not {"127.0.0.1", "::1"} & set(own_addresses())
