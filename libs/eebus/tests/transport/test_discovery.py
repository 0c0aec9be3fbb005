"""mDNS on loopback: nodes find each other, see changes and farewells, and pair by it."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from eebus.events import ConnectionState, PeerFound, PeerLost
from eebus.identity import Identity
from eebus.ship.announcement import Announcement
from eebus.transport.discovery import Discovery, own_addresses

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


class Watcher:
    def __init__(self, ski: str, name: str) -> None:
        self.events: list[object] = []
        self._news = asyncio.Event()
        announcement = Announcement(name, "Demo", name, "ChargingStation", instance=f"{name}-{ski}")
        self.discovery = Discovery(ski, announcement, ("127.0.0.1",), self._tell)

    def _tell(self, event: object) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition) -> None:
        async with asyncio.timeout(10):
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
            assert cem.discovery.addresses(SKI_B)[0].host == "127.0.0.1"
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


def test_own_addresses_are_such_as_others_can_reach():
    assert not {"127.0.0.1", "::1"} & set(own_addresses())
