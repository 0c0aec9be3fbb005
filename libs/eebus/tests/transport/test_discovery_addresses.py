"""Which addresses of an mDNS entry are dialled, and in which order."""

from types import SimpleNamespace

import pytest
from zeroconf.asyncio import AsyncServiceInfo

from eebus.ship.announcement import SERVICE_TYPE, Announcement
from eebus.transport import discovery as discovery_module
from eebus.transport.discovery import Discovery, own_addresses

OURS, BOX = "a" * 40, "b" * 40
NAME = f"Box.{SERVICE_TYPE}"
TXT = {"txtvers": "1", "path": "/ship/", "id": "Box", "ski": BOX, "register": "false"}


def _dialled(*addresses: str, interface: int | None = 3, server: str = "box.local.") -> list[str]:
    nobody = Announcement("us", "", "", "")
    discovery = Discovery(OURS, nobody, (), lambda _: None)
    service = AsyncServiceInfo(
        SERVICE_TYPE,
        NAME,
        port=4712,
        properties=TXT,
        server=server,
        parsed_addresses=list(addresses),
        interface_index=interface,
    )
    discovery._take(NAME, service)
    return [each.host for each in discovery.addresses(BOX)]


def test_the_name_comes_last_and_link_local_addresses_carry_their_interface():
    found = _dialled("fe80::7", "2001:db8::7", "192.0.2.7")
    assert found == ["192.0.2.7", "2001:db8::7", "fe80::7%3", "box.local"]


def test_a_device_with_nothing_but_a_link_local_address_is_dialled_there():
    assert _dialled("fe80::7") == ["fe80::7%3", "box.local"]


def test_a_link_local_address_of_an_unknown_interface_is_of_no_use():
    assert _dialled("fe80::7", interface=None) == ["box.local"]


def test_a_device_without_any_address_is_tried_by_name():
    assert _dialled() == ["box.local"]


@pytest.mark.parametrize(
    ("found", "announced"),
    [
        (["127.0.0.1", "192.0.2.7", "fe80::1"], ["192.0.2.7"]),
        (["127.0.0.1", "::1", "fe80::1"], ["fe80::1"]),  # a network of neighbours only
        (["127.0.0.1"], []),
    ],
)
def test_we_announce_link_local_addresses_when_we_have_no_other(monkeypatch, found, announced):
    adapter = SimpleNamespace(ips=[SimpleNamespace(ip=each) for each in found])
    monkeypatch.setattr(discovery_module.ifaddr, "get_adapters", lambda: [adapter])
    assert own_addresses() == announced
