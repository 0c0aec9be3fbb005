"""mDNS: announces this node and watches for others (ship.md 1)."""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import (
    InterfaceChoice,
    IPVersion,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from eebus.events import Peer
from eebus.ship.announcement import RECORD_TTL_S, SERVICE_TYPE, Announcement, from_txt, to_txt
from eebus.transport.dialler import Address
from eebus.transport.entries import MAX_ENTRIES, MAX_HOSTS, Entries, Tell
from eebus.transport.tasks import begin

logger = logging.getLogger(__name__)

MAX_LOOKUPS = 32  # at once; as many entries as we keep may wait for their turn
LOOKUP_WITHIN_MS = 3000
FLUSHED_AFTER_S = 1.2  # what an announcement replaces stays cached for 1 s (RFC 6762, 10.2)
FORGOTTEN_AFTER_S = 12.0  # and for 10 s a return to it is no news to the library
RETRY_S = 30.0
LOOPBACK = "127.0.0.1"
FOUND_WITHIN_S = 10.0  # after this a new look has found all there is
LOOK_AROUND_S = 30.0  # how often we look whether our own addresses are still the same


class Discovery:
    """The nodes to be seen in the network, without ourselves.

    interfaces: IP addresses to speak on, () = all of them. listen_host: where our server is,
    "" = everywhere; we announce no address it does not answer on. tell: gets PeerFound and
    PeerLost. is_wanted: whether a SKI is to be kept even when nonsense has filled the list.
    """

    def __init__(  # noqa: PLR0913 - all of them are needed, and named
        self,
        ski: str,
        announcement: Announcement,
        interfaces: tuple[str, ...],
        tell: Tell,
        *,
        is_wanted: Callable[[str], bool] = lambda _: False,
        listen_host: str = "",
    ) -> None:
        self._ski = ski
        self._announcement = announcement
        self._interfaces = interfaces
        self._listen_host = listen_host
        self._entries = Entries(ski, tell, is_wanted)
        self._lookups: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, None] = {}  # changed, and not looked up since; oldest first
        self._changed: dict[str, float] = {}  # known entries that changed lately, since when
        self._accepts_pairing = False
        self._record_changed = asyncio.Event()

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The nodes visible now, by SKI."""
        return self._entries.peers

    def addresses(self, ski: str) -> tuple[Address, ...]:
        """Return where a SKI announces to be, the newest first."""
        return self._entries.addresses(ski)

    def announce_pairing(self, *, is_open: bool) -> None:
        """Say in our record whether the next device that asks is trusted (`register`)."""
        self._accepts_pairing = is_open
        self._record_changed.set()

    async def run(self, port: int | None) -> None:
        """Announce the port and watch until cancelled; None = watch only, stay unseen.

        Without multicast (no network yet, or none at all) it says so and tries again later;
        peers entered by hand work meanwhile.
        """
        while True:
            try:
                await self._run_once(port)
            except* (OSError, ZeroconfError, ValueError) as group:
                reason = ", ".join(str(each) for each in group.exceptions)
                logger.warning("mDNS is not available", extra={"reason": reason})
                await asyncio.sleep(RETRY_S)

    async def _run_once(self, port: int | None) -> None:
        """Announce and watch for as long as our own addresses stay the same."""
        addresses = announced_addresses(self._listen_host, self._interfaces)
        zeroconf = self._open()
        self._entries.look_anew()
        try:
            async with asyncio.TaskGroup() as tasks:
                browser = self._watch(zeroconf, tasks)
                helping = [tasks.create_task(self._look_again(zeroconf.zeroconf))]
                try:
                    if port is not None:
                        service = self._service(port, addresses)
                        told = await zeroconf.async_register_service(
                            service, allow_name_change=True
                        )
                        renew = partial(self._service, port, addresses, service)
                        keeping = self._keep_current(zeroconf, renew, told)
                        helping.append(tasks.create_task(keeping))
                    await self._wait_for_a_change(addresses)
                finally:
                    for each in helping:
                        each.cancel()
                    await browser.async_cancel()
                    self._waiting.clear()
                    for lookup in self._lookups.values():
                        lookup.cancel()
        finally:
            try:
                await zeroconf.async_unregister_all_services()
            finally:  # a second cancel must not leave its sockets behind
                await zeroconf.async_close()

    async def _keep_current(
        self, zeroconf: AsyncZeroconf, renew: Callable[[], AsyncServiceInfo], told: Awaitable[None]
    ) -> None:
        """Renew our record whenever it has something else to say. told: ends the first telling.

        One telling after the other, and with a pause: repetitions of the old record among the new
        one, or a return to one that is still cached, would leave others with the wrong one.
        """
        while True:
            await told
            await asyncio.sleep(2 * FLUSHED_AFTER_S)
            await self._record_changed.wait()
            self._record_changed.clear()
            told = await zeroconf.async_update_service(renew())

    async def _wait_for_a_change(self, addresses: tuple[str, ...]) -> None:
        """Return when our own addresses are others than these: sockets and records are old."""
        await asyncio.sleep(FOUND_WITHIN_S)
        self._entries.drop_unheard()
        while addresses == announced_addresses(self._listen_host, self._interfaces):  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(LOOK_AROUND_S)
        logger.info("the addresses of this machine changed")

    def _open(self) -> AsyncZeroconf:
        if self._interfaces:
            has_v6 = any(":" in address for address in self._interfaces)
            version = IPVersion.All if has_v6 else IPVersion.V4Only
            return AsyncZeroconf(interfaces=list(self._interfaces), ip_version=version)
        try:
            return AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.All)
        except OSError:  # a machine without IPv6
            return AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.V4Only)

    def _service(
        self, port: int, addresses: tuple[str, ...], known: AsyncServiceInfo | None = None
    ) -> AsyncServiceInfo:
        """Return our record. known: the one it renews; its name may not be the one we wanted."""
        label = f"{self._announcement.instance_label}.{SERVICE_TYPE}"
        return AsyncServiceInfo(
            SERVICE_TYPE,
            label if known is None else known.name,
            port=port,
            properties=to_txt(self._announcement, self._ski, accepts_pairing=self._accepts_pairing),
            server=f"ship-{self._ski}.local.",
            parsed_addresses=list(addresses),
            host_ttl=RECORD_TTL_S,
            other_ttl=RECORD_TTL_S,
        )

    def _watch(self, zeroconf: AsyncZeroconf, tasks: asyncio.TaskGroup) -> AsyncServiceBrowser:
        def on_change(
            zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
        ) -> None:
            del service_type  # there is only ours
            if state_change is ServiceStateChange.Removed:
                self._forget(name)
            elif len(self._waiting) < MAX_ENTRIES:
                self._waiting[name] = None
            self._look_up_waiting(zeroconf, tasks)

        return AsyncServiceBrowser(zeroconf.zeroconf, SERVICE_TYPE, handlers=[on_change])

    def _forget(self, name: str) -> None:
        """Let an entry go; a look-up under way must not bring it back."""
        self._waiting.pop(name, None)
        if running := self._lookups.get(name):
            running.cancel()
        self._entries.remove(name)

    def _look_up_waiting(self, zeroconf: Zeroconf, tasks: asyncio.TaskGroup) -> None:
        """Begin to look up what waits for it, one look-up per name and only so many at once."""
        for name in [each for each in self._waiting if each not in self._lookups]:
            if len(self._lookups) >= MAX_LOOKUPS:
                return
            lookup = begin(tasks, self._look_up(zeroconf, name))
            if lookup is None:
                return  # we stop
            del self._waiting[name]
            self._lookups[name] = lookup
            lookup.add_done_callback(partial(self._looked_up, name, zeroconf, tasks))

    def _looked_up(
        self, name: str, zeroconf: Zeroconf, tasks: asyncio.TaskGroup, _: asyncio.Task[None]
    ) -> None:
        del self._lookups[name]
        self._look_up_waiting(zeroconf, tasks)

    async def _look_again(self, zeroconf: Zeroconf) -> None:
        """Look once more at what changed: what then changed back was told to nobody."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(FORGOTTEN_AFTER_S / 4)
            settled = [n for n, at in self._changed.items() if clock() - at >= FORGOTTEN_AFTER_S]
            for name in settled:
                del self._changed[name]
                if self._entries.has(name):
                    await self._look_once(zeroconf, name)

    async def _look_up(self, zeroconf: Zeroconf, name: str) -> None:
        """Take in an entry; a known one again when what it replaced is flushed from the cache."""
        is_known = self._entries.has(name)
        await self._look_once(zeroconf, name)
        if is_known:
            self._changed[name] = asyncio.get_running_loop().time()
        if is_known and name not in self._waiting:
            await asyncio.sleep(FLUSHED_AFTER_S)
            await self._look_once(zeroconf, name)

    async def _look_once(self, zeroconf: Zeroconf, name: str) -> None:
        try:
            service = AsyncServiceInfo(SERVICE_TYPE, name)
            if await service.async_request(zeroconf, LOOKUP_WITHIN_MS):
                self._take(name, service)
        except Exception as error:
            # Anybody in the network can announce anything: it must not end the discovery.
            logger.info("mDNS entry ignored", extra={"entry": name, "reason": str(error)})

    def _take(self, name: str, service: AsyncServiceInfo) -> None:
        hosts = _hosts(service)
        txt = {key: value or "" for key, value in service.decoded_properties.items()}
        peer = from_txt(txt, hosts[0], service.port or 0) if hosts else None
        if peer is not None:
            self._entries.put(name, peer, hosts)


def announced_addresses(listen_host: str, interfaces: tuple[str, ...]) -> tuple[str, ...]:
    """Return the IP addresses to announce for a server that listens there.

    listen_host: one IP address, or "" (or an address of zeros) for all of them. While the
    machine has no network only its own programs can reach us.
    """
    if listen_host and not ipaddress.ip_address(listen_host).is_unspecified:
        return (listen_host,)
    return interfaces or tuple(own_addresses()) or (LOOPBACK,)


def own_addresses() -> list[str]:
    """Return the IP addresses of this machine another one could reach.

    Link-local ones are of use only to neighbours that know where they came from: the last resort.
    """
    found = [
        ip.ip if isinstance(ip.ip, str) else ip.ip[0]
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]
    others = [text for text in found if not ipaddress.ip_address(text).is_loopback]
    far = [text for text in others if not ipaddress.ip_address(text).is_link_local]
    return far or others


def _hosts(service: AsyncServiceInfo) -> tuple[str, ...]:
    """Return IPv4 addresses, then IPv6, link-local ones after the others, then the host name.

    A link-local address is of use with the interface it was heard on, `fe80::1%2`; without that
    it is left out. The name comes last, unlike in the reference: `.local` often resolves nowhere
    in a container and costs seconds, and the addresses are from the same answer.
    """
    v4 = service.parsed_scoped_addresses(IPVersion.V4Only)
    v6 = service.parsed_scoped_addresses(IPVersion.V6Only)
    far = [each for each in v6 if not ipaddress.ip_address(each).is_link_local]
    near = [each for each in v6 if each not in far and "%" in each]
    name = [service.server.rstrip(".")] if service.server else []
    return tuple([*v4, *far, *near, *name][:MAX_HOSTS])
