"""An appliance's side of EEBUS over the network: it can be limited (LPC, LPP) and measures itself.

For simulators, tests and makers of heat pumps, batteries and the like.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final, Unpack

from eebus.events import MeterValues, PowerControlChanged
from eebus.identity import Identity
from eebus.participant import Options, Participant
from eebus.spine.tree import READ
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.device import client, entity_of, grow, server
from eebus.usecases.limitation.system import ControllableSystem, SystemProfile, system_features
from eebus.usecases.monitoring.meter import Meter, meter_features
from eebus.usecases.monitoring.quantities import MPC
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side

DEVICE_TYPE: Final = "HeatGenerationSystem"
ENTITY: Final = names.MAIN_ENTITY


class ApplianceSide(Side):
    """A device with one appliance that an energy guard may limit. Sans I/O."""

    def __init__(
        self,
        address: str,
        said: Item,
        owner: Owner,
        profile: SystemProfile,
        entity_type: str = names.HEAT_PUMP,
    ) -> None:
        """Build our device. address: its SPINE address. said: what it says of itself."""
        super().__init__(address, DEVICE_TYPE, said, owner)
        diagnosis = server(ENTITY, 1, names.DIAGNOSIS, {names.STATE: READ, names.HEARTBEAT: READ})
        diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
        classification = server(ENTITY, 3, names.CLASSIFICATION, {names.MANUFACTURER: READ})
        classification.contents[names.MANUFACTURER] = said
        listening = client(ENTITY, 2, names.DIAGNOSIS)
        entity = entity_of(ENTITY, entity_type, diagnosis, listening, classification)
        grow(entity, meter_features(ENTITY, 4, MPC))
        grow(entity, system_features(ENTITY, 6))
        self.local.add_entity(entity)
        self.meter = Meter(self.local, entity, MPC)
        self.system = ControllableSystem(self.local, entity, profile, owner)
        self.add(self.meter)
        self.add(self.system)
        self.announce()


class Appliance(Participant[ApplianceSide]):
    """Obeys the limits of an energy guard, with all states of LPC and LPP.

    on_event is told PowerControlChanged, and FailsafeChanged when the guard writes failsafe
    values. Drawing no more than `limit_w` is the owner's. entity_type: HeatPumpAppliance,
    Compressor, ElectricalImmersionHeater, Inverter, SmartEnergyAppliance, ...
    """

    def __init__(
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        *,
        profile: SystemProfile,
        entity_type: str = names.HEAT_PUMP,
        **options: Unpack[Options],
    ) -> None:
        def build(address: str, said: Item, owner: Owner) -> ApplianceSide:
            return ApplianceSide(address, said, owner, profile, entity_type)

        super().__init__(identity, announcement, network, build, options)

    def power_control(self, kind: str = "lpc") -> PowerControlChanged:
        """Return what holds now. Raises KeyError for a kind that is not offered."""
        return self._core.system.control(kind, asyncio.get_running_loop().time())

    def measure(self, values: MeterValues) -> None:
        """Tell what the appliance draws (MPC)."""
        self._core.meter.tell(values, datetime.now(UTC))
