"""Appliances over a real bus: told by the gateway, leased their share, spared by choice."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from cem_stage import Stage, bus, running

from cem.service import serve
from volthus_wire import subjects as on
from volthus_wire.v1 import operator_pb2, site_pb2

PUMP = "d" * 40


class Gateway:
    """Tells the CEM of one heat pump, and hears what it is leased."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.leases: list[operator_pb2.ApplianceLimit] = []

    async def listen(self) -> None:
        def heard(message: operator_pb2.ApplianceLimit, tokens: dict[str, str]) -> None:
            assert tokens["ski"] == PUMP
            self.leases.append(message)

        await self._stage.bus.subscribe(on.APPLIANCE_LIMIT, heard, site="demo")

    async def tell(self, **more: object) -> None:
        known = {"ski": PUMP, "name": "Heat pump", "only_this": True, "connected": True}
        pump = operator_pb2.Appliance(**known | {"heard": True, "nominal_w": 9000} | more)
        message = operator_pb2.Appliances(appliances=[pump])
        await self._stage.bus.publish(on.APPLIANCES, message, site="demo")

    async def leased(self, is_so: Callable[[operator_pb2.ApplianceLimit], bool]) -> None:
        async with asyncio.timeout(10):
            while not (self.leases and is_so(self.leases[-1])):
                await asyncio.sleep(0.02)

    async def shown(self, state: str) -> operator_pb2.ApplianceShare:
        async with asyncio.timeout(10):
            while True:
                told = await self._stage.ask(on.OPERATOR_GET, operator_pb2.GetOperatorRequest())
                if [each.state for each in told.appliances] == [state]:
                    return told.appliances[0]
                await asyncio.sleep(0.05)


async def managed(stage: Stage) -> None:
    """Set the fuse, switch energy management on, pair no charger."""
    await stage.put_grid(35)
    wanted = site_pb2.EnergyManagement(on=True, confirmed_no_other=True)
    question = site_pb2.PutEnergyManagementRequest(settings=wanted)
    await stage.ask(on.ENERGY_MANAGEMENT_PUT, question)
    await stage.pair()


async def limit(stage: Stage, limit_w: float | None) -> None:
    await stage.ask(on.OPERATOR_LIMIT_PUT, operator_pb2.PutOperatorLimitRequest(limit_w=limit_w))


async def test_a_heat_pump_is_leased_its_share_and_shown_with_its_answer(tmp_path: Path) -> None:
    async with bus(tmp_path) as stage:
        gateway = Gateway(stage)
        await gateway.listen()
        async with running(serve(stage.settings)):
            await managed(stage)
            await gateway.tell()
            await gateway.leased(lambda lease: not lease.HasField("limit_w") and not lease.release)
            assert (gateway.leases[-1].fallback_w, gateway.leases[-1].ttl_ms) == (4200, 60_000)
            await limit(stage, 3000)
            await gateway.leased(lambda lease: lease.limit_w == 3000)
            await gateway.tell(asked_w=3000, answer="refused", problem="error 7", answer_age_s=0)
            refused = await gateway.shown("refused")
            assert (refused.problem, refused.reserved_w, refused.limit_w) == ("error 7", 9000, 3000)
            await gateway.tell(asked_w=3000, held_w=3000, answer="accepted", answer_age_s=0)
            accepted = await gateway.shown("accepted")
            assert (accepted.name, accepted.limited, accepted.reserved_w) == (
                "Heat pump",
                True,
                3000,
            )
            await limit(stage, None)
            await gateway.leased(lambda lease: not lease.HasField("limit_w"))


async def test_one_that_people_spared_is_let_go_also_after_a_restart(tmp_path: Path) -> None:
    async with bus(tmp_path) as stage:
        gateway = Gateway(stage)
        await gateway.listen()
        async with running(serve(stage.settings)):
            await managed(stage)
            await gateway.tell()
            await limit(stage, 3000)
            await gateway.leased(lambda lease: lease.limit_w == 3000)
            choice = operator_pb2.ApplianceChoice(ski=PUMP, limited=False)
            wanted = operator_pb2.OperatorSettings(appliances=[choice])
            question = operator_pb2.PutOperatorSettingsRequest(settings=wanted)
            saved = await stage.ask(on.OPERATOR_PUT, question)
            assert list(saved.settings.appliances) == [choice]
            await gateway.leased(lambda lease: lease.release)
            assert not (await gateway.shown("not-ours")).limited
        gateway.leases.clear()
        async with running(serve(stage.settings)):
            await stage.pair()
            await gateway.tell()
            await gateway.leased(lambda lease: lease.release)
