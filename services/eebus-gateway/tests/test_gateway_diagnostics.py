"""What a service user sees of one device when something is wrong."""

import asyncio

import pytest
from gateway_stage import (
    CAR,
    Cem,
    control_box,
    gateway,
    pair_device,
    paired,
    running,
    until,
    wallbox,
)

from eebus.events import Event, PowerControlChanged
from eebus.identity import Identity
from eebus.participant import Options, Participant
from eebus.spine.tree import READ
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.device import client, entity_of, server
from eebus.usecases.limitation.system import ControllableSystem, SystemProfile, system_features
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side
from eebus_gateway.settings import Settings
from volthus_kit.refusal import RefusedError


async def test_a_charger_shows_its_tree_its_limits_and_how_fast_it_follows(
    settings: Settings, cem: Cem
) -> None:
    async with wallbox("one") as box, paired(settings, cem, box):
        box.charger.plug(CAR)
        await cem.plugged(box.ski)
        box.charger.measure((16, 16, 16), (3680, 3680, 3680), 0.0)
        await until(lambda: cem.states[box.ski].current_a.a == 16, "draws")
        await cem.offer(box.ski, 10)
        await until(lambda: cem.states[box.ski].HasField("limit"), "accepted")
        box.charger.measure((10, 10, 10), (2300, 2300, 2300), 1.0)
        await until(lambda: cem.states[box.ski].HasField("reaction_s"), "followed")
        told = await cem.examine(box.ski)
        assert told.handshake == "SME_STATE_COMPLETE"
        assert told.connections == 1
        assert told.HasField("connected_since")
        assert "1 EVSE" in told.entities
        assert "1.1 EV" in told.entities
        used = {(each.name, each.used) for each in told.use_cases}
        assert ("overloadProtectionByEvChargingCurrentCurtailment", True) in used
        write = told.writes[0]
        assert (write.kind, write.ok, write.error_number) == ("opev", True, 0)
        assert write.current_a.a == 10
        assert 0 < write.answer_ms < 5000
        assert write.reaction_s == pytest.approx(told.reaction_s)
        assert told.paired.role == "charger"
        assert told.last_error == ""


async def test_a_cut_connection_is_its_last_error(settings: Settings, cem: Cem) -> None:
    async with wallbox("one") as box, paired(settings, cem, box) as us:
        box.charger.disconnect(us)
        await until(lambda: cem.dot(box.ski) != "connected", "cut")
        await cem.connected(box.ski)
        told = await cem.examine(box.ski)
        assert told.connections == 2
        assert "closed the connection" in told.last_error
        assert told.HasField("last_error_at")


async def test_a_control_box_shows_what_it_ordered_and_that_its_heart_beats(
    settings: Settings, cem: Cem
) -> None:
    async with control_box() as box, gateway(settings, cem) as us:
        await pair_device(cem, box, us)
        await cem.in_state("unlimited_controlled")
        await box.write_power_limit(us, 4200.0)
        await cem.in_state("limited")
        told = await cem.examine(box.ski)
        assert 0 <= told.heartbeat_age_s < 4
        assert (told.writes[0].kind, told.writes[0].power_w) == ("lpc", 4200.0)
        assert {each.name for each in told.use_cases if each.used} == {
            "limitationOfPowerConsumption",
            "limitationOfPowerProduction",
        }


async def test_a_device_that_is_not_paired_has_none(settings: Settings, cem: Cem) -> None:
    async with gateway(settings, cem):
        with pytest.raises(RefusedError) as refused:
            await cem.examine("1" * 40)
        assert refused.value.code == "not-paired"


class HeatPump(Side):
    """A heat pump that can be limited (LPC) and does nothing else."""

    def __init__(self, address: str, said: Item, owner: Owner) -> None:
        super().__init__(address, "HeatGenerationSystem", said, owner)
        diagnosis = server((1,), 1, names.DIAGNOSIS, {names.STATE: READ, names.HEARTBEAT: READ})
        listener = client((1,), 2, names.DIAGNOSIS)
        features = system_features((1,), 3)
        entity = entity_of((1,), "HeatPumpAppliance", diagnosis, listener, *features)
        self.local.add_entity(entity)
        self.system = ControllableSystem(self.local, entity, SystemProfile({"lpc": 5000.0}), owner)
        self.add(self.system)
        self.announce()


async def test_an_appliance_that_can_be_limited_is_told_that_it_has_no_limit(
    settings: Settings, cem: Cem
) -> None:
    identity = await asyncio.to_thread(Identity.create, "pump")
    said = Announcement("Demo-Pump", "Demo", "Pump", "HeatGenerationSystem", serial="1")
    states: list[str] = []

    def on_event(event: Event) -> None:
        if isinstance(event, PowerControlChanged):
            states.append(event.state)

    options: Options = {"trusted": [], "on_event": on_event}
    pump = Participant(identity, said, Network(mdns=False), HeatPump, options)
    async with running(pump), gateway(settings, cem) as us:
        await pair_device(cem, pump, us)
        await until(lambda: cem.role(pump.ski) == "appliance", "its role")
        await until(lambda: states[-1:] == ["unlimited_controlled"], f"controlled: {states}")
        assert [each.name for each in (await cem.examine(pump.ski)).use_cases if each.used] == [
            "limitationOfPowerConsumption"
        ]
        held = (await cem.examine(pump.ski)).power_limits[0]
        assert (held.kind, held.active, held.failsafe_w) == ("lpc", False, 4200.0)
        await until(lambda: cem.rosters[-1] == [], "no charger")
        assert cem.limits[-1] == []
