"""mDNS: announces this node and watches for others (ship.md 1)."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import (
    InterfaceChoice,
    IPVersion,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from eebus.events import Event, Peer, PeerFound, PeerLost
from eebus.ship.announcement import RECORD_TTL_S, SERVICE_TYPE, Announcement, from_txt, to_txt
from eebus.transport.dialler import Address

logger = logging.getLogger(__name__)

MAX_ENTRIES = 256  # a network full of nonsense costs no more memory than this
MAX_LOOKUPS = 32
MAX_HOSTS = 8  # addresses of one entry
LOOKUP_WITHIN_MS = 3000
RETRY_S = 30.0

Tell = Callable[[Event], None]


class Discovery:
    """The nodes to be seen in the network, without ourselves.

    interfaces: IP addresses to speak on, () = all of them. tell: gets PeerFound and PeerLost.
    is_wanted: whether a SKI is to be kept even when nonsense has filled the list.
    """

    def __init__(
        self,
        ski: str,
        announcement: Announcement,
        interfaces: tuple[str, ...],
        tell: Tell,
        is_wanted: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.peers: dict[str, Peer] = {}
        self._ski = ski
        self._announcement = announcement
        self._interfaces = interfaces
        self._tell = tell
        self._is_wanted = is_wanted
        self._entries: dict[str, tuple[Peer, tuple[str, ...]]] = {}  # by instance name
        self._lookups: dict[str, asyncio.Task[None]] = {}

    def addresses(self, ski: str) -> tuple[Address, ...]:
        """Return where a SKI announces to be; several entries may claim it, TLS tells who is."""
        found = [
            Address(host, peer.port, peer.path)
            for peer, hosts in self._entries.values()
            if peer.ski == ski
            for host in hosts
        ]
        return tuple(dict.fromkeys(found))[:MAX_HOSTS]

    async def run(self, port: int | None) -> None:
        """Announce the port and watch until cancelled; None = watch only, stay unseen.

        Without multicast (no network yet, or none at all) it says so and tries again later;
        peers entered by hand work meanwhile.
        """
        while True:
            try:
                await self._run_once(port)
            except (OSError, ZeroconfError) as error:
                logger.warning("mDNS is not available", extra={"reason": str(error)})
            await asyncio.sleep(RETRY_S)

    async def _run_once(self, port: int | None) -> None:
        zeroconf = self._open()
        browser: AsyncServiceBrowser | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                browser = self._watch(zeroconf, tasks)
                if port is not None:
                    service = self._service(port)
                    await zeroconf.async_register_service(service, allow_name_change=True)
                await asyncio.Event().wait()
        finally:
            if browser is not None:
                await browser.async_cancel()
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    def _open(self) -> AsyncZeroconf:
        if self._interfaces:
            has_v6 = any(":" in address for address in self._interfaces)
            version = IPVersion.All if has_v6 else IPVersion.V4Only
            return AsyncZeroconf(interfaces=list(self._interfaces), ip_version=version)
        try:
            return AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.All)
        except OSError:  # a machine without IPv6
            return AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.V4Only)

    def _service(self, port: int) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            SERVICE_TYPE,
            f"{self._announcement.instance_label}.{SERVICE_TYPE}",
            port=port,
            properties=to_txt(self._announcement, self._ski),
            server=f"ship-{self._ski}.local.",
            parsed_addresses=list(self._interfaces or own_addresses()),
            host_ttl=RECORD_TTL_S,
            other_ttl=RECORD_TTL_S,
        )

    def _watch(self, zeroconf: AsyncZeroconf, tasks: asyncio.TaskGroup) -> AsyncServiceBrowser:
        def on_change(
            zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
        ) -> None:
            if state_change is ServiceStateChange.Removed:
                self._remove(name)
            elif name not in self._lookups and len(self._lookups) < MAX_LOOKUPS:
                lookup = tasks.create_task(self._look_up(zeroconf, service_type, name))
                self._lookups[name] = lookup
                lookup.add_done_callback(lambda _: self._lookups.pop(name, None))

        return AsyncServiceBrowser(zeroconf.zeroconf, SERVICE_TYPE, handlers=[on_change])

    async def _look_up(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        service = AsyncServiceInfo(service_type, name)
        try:
            if await service.async_request(zeroconf, LOOKUP_WITHIN_MS):
                self._take(name, service)
        except Exception as error:
            # Anybody in the network can announce anything: it must not end the discovery.
            logger.info("mDNS entry ignored", extra={"entry": name, "reason": str(error)})

    def _take(self, name: str, service: AsyncServiceInfo) -> None:
        hosts = _hosts(service)
        txt = {key: value or "" for key, value in service.decoded_properties.items()}
        peer = from_txt(txt, hosts[0], service.port or 0) if hosts else None
        if peer is None or peer.ski == self._ski:
            return
        before = self._entries.get(name)
        limit = 2 * MAX_ENTRIES if self._is_wanted(peer.ski) else MAX_ENTRIES
        if before is None and len(self._entries) >= limit:
            return
        if before is not None and before[0].ski != peer.ski:
            self._remove(name)
        self._entries[name] = (peer, hosts)
        if self.peers.get(peer.ski) != peer:
            self.peers[peer.ski] = peer
            self._tell(PeerFound(peer))

    def _remove(self, name: str) -> None:
        gone = self._entries.pop(name, None)
        if gone is None:
            return
        ski = gone[0].ski
        left = [peer for peer, _ in self._entries.values() if peer.ski == ski]
        if left:
            self.peers[ski] = left[-1]
        else:
            del self.peers[ski]
            self._tell(PeerLost(ski))


def own_addresses() -> list[str]:
    """Return the IP addresses of this machine another one could reach."""
    found = (
        ip.ip if isinstance(ip.ip, str) else ip.ip[0]
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    )
    return [text for text in found if _is_reachable(text)]


def _is_reachable(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return not (address.is_loopback or address.is_link_local)


def _hosts(service: AsyncServiceInfo) -> tuple[str, ...]:
    """Return IPv4 addresses, then IPv6 without link-local ones, then the host name.

    The name comes last, unlike in the reference: `.local` often resolves nowhere in a container
    and costs seconds, and the addresses are from the same answer.
    """
    v4 = service.parsed_addresses(IPVersion.V4Only)
    v6 = [a for a in service.parsed_addresses(IPVersion.V6Only) if not a.lower().startswith("fe80")]
    name = [service.server.rstrip(".")] if service.server else []
    return tuple([*v4, *v6, *name][:MAX_HOSTS])
