"""Which nodes the mDNS entries stand for, and where they are."""

from dataclasses import replace

import pytest

from eebus.events import Peer, PeerFound, PeerLost
from eebus.transport.dialler import Address
from eebus.transport.entries import MAX_ENTRIES, MAX_HOSTS, Entries

OURS, BOX, OTHER = "0" * 40, "a" * 40, "b" * 40
HOSTS = ("192.0.2.1", "box.local")


def peer(ski: str = BOX, port: int = 4711) -> Peer:
    return Peer(ski, "Box", "Demo", "Box", "ChargingStation", HOSTS[0], port)


@pytest.fixture
def told() -> list[object]:
    return []


@pytest.fixture
def entries(told) -> Entries:
    return Entries(OURS, told.append, lambda ski: ski == BOX)


def test_an_entry_is_told_once_and_its_farewell_too(entries, told):
    for _ in range(2):
        entries.put("one", peer(), HOSTS)
    entries.remove("one")
    entries.remove("one")
    assert told == [PeerFound(peer()), PeerLost(BOX)]
    assert (dict(entries.peers), entries.addresses(BOX)) == ({}, ())


def test_we_are_no_peer(entries, told):
    entries.put("me", peer(OURS), HOSTS)
    assert told == []


def test_the_newest_of_two_entries_is_tried_first_and_the_old_one_still_counts(entries, told):
    entries.put("one", peer(port=1), HOSTS[:1])
    entries.put("one (2)", peer(port=2), HOSTS[:1])
    assert entries.addresses(BOX) == (Address(HOSTS[0], 2), Address(HOSTS[0], 1))
    assert entries.peers[BOX].port == 2
    entries.remove("one (2)")
    assert entries.addresses(BOX) == (Address(HOSTS[0], 1),)
    assert told[-1] == PeerFound(peer(port=1))
    entries.remove("one")
    assert told[-1] == PeerLost(BOX)


def test_an_entry_that_changes_its_ski_is_another_device(entries, told):
    entries.put("one", peer(), HOSTS)
    entries.put("one", peer(OTHER), HOSTS)
    assert told == [PeerFound(peer()), PeerLost(BOX), PeerFound(peer(OTHER))]


def test_an_entry_with_new_addresses_only_is_dialled_there(entries, told):
    entries.put("one", peer(), HOSTS)
    entries.put("one", peer(), ("192.0.2.9",))
    assert entries.addresses(BOX) == (Address("192.0.2.9", 4711),)
    assert told == [PeerFound(peer())]


def test_nonsense_fills_the_list_but_a_wanted_device_gets_in(entries):
    for number in range(MAX_ENTRIES + 50):
        entries.put(f"n{number}", replace(peer(), ski=f"{number:040x}"[::-1]), HOSTS)
    assert len(entries.peers) == MAX_ENTRIES
    entries.put("other", peer(OTHER), HOSTS)
    entries.put("box", peer(), HOSTS)
    assert OTHER not in entries.peers
    assert BOX in entries.peers


def test_a_device_with_countless_addresses_costs_a_few_dials(entries):
    for number in range(20):
        entries.put(f"n{number}", peer(port=number + 1), HOSTS)
    assert len(entries.addresses(BOX)) == MAX_HOSTS


def test_what_a_new_look_does_not_find_again_is_gone(entries, told):
    entries.put("one", peer(), HOSTS)
    entries.put("two", peer(OTHER), HOSTS)
    entries.look_anew()
    entries.put("two", peer(OTHER), HOSTS)
    entries.drop_unheard()
    assert told[-1] == PeerLost(BOX)
    assert set(entries.peers) == {OTHER}
