"""What raises risk from afar: seen, confirmed at the site, declined from anywhere."""

import asyncio

import pytest

from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.confirming import NEEDED, Confirmations
from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.v1 import eebus_pb2
from volthus_wire.v1.rpc_pb2 import Caller

AFAR = Caller(actor="olga", role="operator", origin="cloud")
SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
AT = "/sites/demo/confirmations"


@pytest.fixture
async def gateway(nats, site):
    """A gateway that pairs nothing from afar; yields what it paired, and a cloud's bus."""
    paired: list[str] = []

    async def pair(asked: eebus_pb2.PairRequest, caller: Caller) -> eebus_pb2.PairedReply:
        if caller.origin == "cloud":
            raise RefusedError(NEEDED, "Trust it at the site.", field="/ski")
        paired.append(f"{asked.ski} by {caller.actor}")
        return eebus_pb2.PairedReply()

    waiting = Confirmations("eebus", SystemClock())
    async with Bus.connect(nats.url, "gateway") as own, Bus.connect(nats.url, "cloud") as cloud:
        await asyncio.gather(own.until_connected(), cloud.until_connected())
        await waiting.serve(own, "demo", subjects.EEBUS_WAITING, subjects.EEBUS_DECIDE)
        park = waiting.parking(subjects.EEBUS_PAIR, pair)

        async def ask_from_afar() -> None:
            with pytest.raises(RefusedError):
                await park(eebus_pb2.PairRequest(ski=SKI, name="Left"), AFAR)

        yield paired, ask_from_afar


async def test_a_service_user_at_the_site_sees_and_confirms_what_was_asked_from_afar(
    gateway, service
):
    paired, ask_from_afar = gateway
    await ask_from_afar()
    told = (await service.get(AT)).json()
    assert told["can_confirm"] is True
    (one,) = told["items"]
    assert (one["method"], one["asked_by"], one["pointer"]) == ("eebus.pair", "olga", "/ski")
    assert {"pointer": "/ski", "value": SKI} in one["wanted"]
    assert (await service.post(f"{AT}/{one['id']}/confirm")).status_code == 204
    assert paired == [f"{SKI} by olga, confirmed by service"]
    assert (await service.get(AT)).json()["items"] == []
    again = await service.post(f"{AT}/{one['id']}/confirm")
    assert (again.status_code, again.json()["code"]) == (404, "unknown-confirmation")


async def test_what_is_declined_is_gone_and_a_driver_sees_none_of_it(gateway, service, standard):
    paired, ask_from_afar = gateway
    await ask_from_afar()
    assert (await standard.get(AT)).status_code == 403
    (one,) = (await service.get(AT)).json()["items"]
    assert (await standard.post(f"{AT}/{one['id']}/confirm")).status_code == 403
    assert (await service.delete(f"{AT}/{one['id']}")).status_code == 204
    assert (await service.get(AT)).json()["items"] == []
    assert paired == []


async def test_a_front_door_in_the_cloud_confirms_nothing(gateway, service, door, monkeypatch):
    paired, ask_from_afar = gateway
    await ask_from_afar()
    monkeypatch.setattr(door.parts.owners, "_origin", "cloud")
    told = (await service.get(AT)).json()
    assert told["can_confirm"] is False
    answer = await service.post(f"{AT}/{told['items'][0]['id']}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, NEEDED)
    assert paired == []


async def test_without_any_owner_it_is_said_and_no_empty_list_shown(service, site):
    answer = await service.get(AT)
    assert (answer.status_code, answer.json()["code"]) == (503, "service-silent")
