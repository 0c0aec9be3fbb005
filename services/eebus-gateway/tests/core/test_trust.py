"""Whom the site trusts (A9 to A13)."""

import pytest

from eebus.events import DeviceDescribed, Peer
from eebus_gateway.core.trust import (
    MOST_CHARGERS,
    Paired,
    Wish,
    admit,
    announced,
    described,
    found,
    parse_name,
)
from eebus_gateway.errors import CommandRefusedError

ME = "f" * 40
ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40


def peer(ski: str) -> Peer:
    return Peer(ski, f"id-{ski[:2]}", "Demo", "EVSE", "ChargingStation", "127.0.0.1", 4711)


def admitted(wish: Wish, book: dict[str, Paired] | None = None, own: str | None = None) -> Paired:
    return admit(wish, book=book or {}, reachable={ONE: peer(ONE)}, me=ME, own_ski=own)


def refusal(wish: Wish, book: dict[str, Paired] | None = None) -> str:
    with pytest.raises(CommandRefusedError) as refused:
        admitted(wish, book)
    return refused.value.code


def test_found_are_the_visible_ones_that_are_not_paired_and_not_ourselves() -> None:
    visible = [peer(ME), peer(TWO), peer(ONE)]
    assert [p.ski for p in found(visible, [], {ONE: Paired(ONE)}, ME)] == [TWO]


def test_one_that_asks_for_pairing_is_found_though_it_does_not_announce_itself() -> None:
    assert [p.ski for p in found([peer(ONE)], [THREE], {}, ME)] == [ONE, THREE]


def test_a_visible_device_is_paired_with_what_it_announces() -> None:
    paired = admitted(Wish(ONE.upper(), name="  Garage   left "))
    assert paired == Paired(ONE, "Garage left", brand="Demo", model="EVSE", type="ChargingStation")


def test_a_device_is_unnamed_until_it_is_named() -> None:
    assert admitted(Wish(ONE)).name == ""


def test_a_device_nobody_sees_needs_its_address() -> None:
    assert refusal(Wish(TWO)) == "unknown-ski"
    paired = admitted(Wish(TWO, host="wallbox.local", port=4711))
    assert (paired.host, paired.port) == ("wallbox.local", 4711)


def test_our_own_ski_cannot_be_paired() -> None:
    assert refusal(Wish(ME, host="127.0.0.1", port=1)) == "own-ski"


@pytest.mark.parametrize(
    ("host", "port"), [("a b", 1), ("x", 0), ("x", 65536), ("", 4711), ("http://x", 80)]
)
def test_an_address_that_cannot_be_is_refused(host: str, port: int) -> None:
    assert refusal(Wish(TWO, host=host, port=port)) == "invalid-host"


def test_pairing_again_changes_nothing_but_what_is_given() -> None:
    known = Paired(ONE, name="Garage", ship_id="x", own=True, fallback_a=6.0)
    assert admitted(Wish(ONE), {ONE: known}) == known
    assert admitted(Wish(ONE, name="Yard"), {ONE: known}).name == "Yard"
    assert admitted(Wish(ONE, host="h", port=2), {ONE: known}).host == "h"


def test_a_full_site_takes_no_further_charger_but_knows_those_it_has() -> None:
    full = {f"{n:040x}": Paired(f"{n:040x}") for n in range(MOST_CHARGERS)}
    assert refusal(Wish(ONE), full) == "site-full"
    assert admitted(Wish(f"{5:040x}"), full).ski == f"{5:040x}"


def test_a_hems_takes_no_charger_s_place() -> None:
    nearly = {f"{n:040x}": Paired(f"{n:040x}") for n in range(MOST_CHARGERS - 1)}
    hems = Paired(TWO, type="EnergyManagementSystem")
    assert admitted(Wish(ONE), {**nearly, TWO: hems}).ski == ONE


def test_the_own_charger_unpaired_by_mistake_is_own_again_when_paired() -> None:
    assert admitted(Wish(ONE), own=ONE).own
    assert not admitted(Wish(ONE), own=TWO).own


@pytest.mark.parametrize("name", ["x" * 65, "bell\a", "\u202egnp"])
def test_a_name_nobody_can_read_is_refused(name: str) -> None:
    with pytest.raises(CommandRefusedError) as refused:
        parse_name(name)
    assert refused.value.code == "invalid-name"


def test_what_a_device_says_itself_goes_before_what_it_announces() -> None:
    paired = described(announced(Paired(ONE), peer(ONE)), DeviceDescribed(ONE, brand="ACME"))
    assert (paired.brand, paired.model) == ("ACME", "EVSE")
    assert announced(paired, peer(ONE)) == paired
