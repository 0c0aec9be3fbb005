"""Pairing over the bus with real chargers (A9 to A12)."""

from collections.abc import Awaitable
from datetime import datetime

import pytest
from gateway_stage import Cem, gateway, paired, until, wallbox

from eebus_gateway.errors import IdentityLostError
from eebus_gateway.main import serve
from eebus_gateway.settings import Settings
from volthus_kit.refusal import RefusedError


async def test_it_is_red_then_orange_then_green_when_both_sides_trust(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, gateway(settings, cem) as us:
        answer = await cem.pair(box.ski.upper(), box.charger.port)
        assert (answer.device.ski, answer.name, answer.own) == (box.ski, "", False)
        await until(lambda: cem.dot(box.ski) == "waiting_for_peer", "orange")
        box.charger.trust(us)
        await cem.connected(box.ski)
        await until(lambda: box.ski in cem.states, "a state")
        await until(lambda: cem.states[box.ski].ev_known, "known that there is no car")
        assert not cem.states[box.ski].HasField("ev")
        await until(lambda: bool(cem.rosters) and cem.rosters[-1] == [box.ski], "the roster")
        device = (await cem.picture()).paired[0].device
        assert (device.brand, device.model) == ("Demo", "EVSE")
        assert device.ship_id == "Demo-EVSE-one"


async def test_a_charger_that_asks_first_is_found_and_needs_one_word(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, gateway(settings, cem) as us:
        identity = (await cem.picture()).identity
        port = identity.port
        assert identity.certificate_ends.ToDatetime() > datetime(2030, 1, 1)  # noqa: DTZ001 - of protobuf
        box.charger.trust(us, host="127.0.0.1", port=port)
        await until(lambda: box.ski in asking(cem), "a request")
        await cem.pair(box.ski)
        await cem.connected(box.ski)
        assert box.ski not in asking(cem)


async def test_found_by_mdns_paired_by_ski_alone_and_found_again_when_unpaired(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("mdns", mdns=True) as box, gateway(settings, cem) as us:
        await until(lambda: box.ski in found(cem), "found")
        box.charger.trust(us)
        await cem.pair(box.ski)
        await cem.connected(box.ski)
        assert box.ski not in found(cem)
        await cem.unpair(box.ski)
        await until(lambda: box.ski in found(cem), "found again")
        await until(lambda: not box.is_connected_to(us), "connection closed")
        await until(lambda: cem.rosters[-1] == [], "the roster without it")


async def test_a_device_is_renamed_and_keeps_its_name(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        assert (await cem.rename(box.ski, " Garage ")).name == "Garage"
        await until(lambda: cem.states[box.ski].name == "Garage", "the name in its state")
        again = await cem.pair(box.ski, box.charger.port)
        assert again.name == "Garage"


async def test_trust_port_and_name_survive_a_restart(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box:
        async with paired(settings, cem, box) as us:
            await cem.rename(box.ski, "Garage")
            before = (await cem.picture()).identity
        await until(lambda: not box.is_connected_to(us), "closed cleanly")
        cem.pictures.clear()
        async with gateway(settings, cem):
            await cem.connected(box.ski)
            after = await cem.picture()
            assert after.identity == before
            assert after.paired[0].name == "Garage"


async def test_what_cannot_be_is_refused_by_its_code(settings: Settings, cem: Cem) -> None:
    async with gateway(settings, cem) as us:
        assert await refusal(cem.pair("12 34")) == "invalid-ski"
        assert await refusal(cem.pair("1" * 40)) == "unknown-ski"
        assert await refusal(cem.pair(us)) == "own-ski"
        assert await refusal(cem.rename("1" * 40, "x")) == "not-paired"
        assert await refusal(cem.unpair("1" * 40)) == "not-paired"
        assert not (await cem.picture()).paired


async def test_the_own_charger_is_paired_by_itself_but_only_once(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("own", mdns=True) as box:
        own = settings.model_copy(update={"own_charger_ski": box.ski})
        async with gateway(own, cem) as us:
            box.charger.trust(us)
            await cem.connected(box.ski)
            assert (await cem.picture()).paired[0].own
            await cem.unpair(box.ski)
        cem.pictures.clear()
        async with gateway(own, cem):
            assert not (await cem.picture()).paired
            await until(lambda: box.ski in found(cem), "found like any other")
            assert (await cem.pair(box.ski)).own
            await cem.connected(box.ski)  # it still trusts us: one confirmation is enough


async def test_from_afar_a_new_trust_needs_somebody_at_the_site(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("far") as box:
        port = box.charger.port
        async with gateway(settings, cem):
            refused = await refusal(cem.pair(box.ski, port, origin="cloud"))
            assert refused == "confirmation-at-site-needed"
            assert not (await cem.picture()).paired
            await cem.pair(box.ski, port)
            await cem.pair(box.ski, port, name="From afar", origin="cloud")  # trusted already
        allowing = settings.model_copy(update={"remote_pairing": True})
        async with gateway(allowing, cem):
            await cem.unpair(box.ski)
            assert (await cem.pair(box.ski, port, origin="cloud")).device.ski == box.ski


async def test_the_roster_forgets_an_unpaired_charger_at_once(settings: Settings, cem: Cem) -> None:
    async with wallbox("listed") as box, gateway(settings, cem):
        await cem.pair(box.ski, box.charger.port)
        await until(lambda: cem.rosters[-1:] == [[box.ski]], "listed")
        heard = len(cem.rosters)
        await cem.unpair(box.ski)
        await until(lambda: cem.rosters[-1:] == [[]], "forgotten")
        assert len(cem.rosters) <= heard + 2


async def test_a_lost_key_is_never_remade_by_itself(settings: Settings, cem: Cem) -> None:
    async with gateway(settings, cem):
        pass
    for file in (settings.state_dir / "identity").iterdir():
        file.unlink()
    with pytest.raises(IdentityLostError, match="restore the folder from a backup"):
        await serve(settings)


def found(cem: Cem) -> list[str]:
    return [device.ski for device in cem.pictures[-1].discovered] if cem.pictures else []


def asking(cem: Cem) -> list[str]:
    devices = cem.pictures[-1].discovered if cem.pictures else []
    return [device.ski for device in devices if device.requests_pairing]


async def refusal(asked: Awaitable[object]) -> str:
    with pytest.raises(RefusedError) as refused:
        await asked
    return refused.value.code
