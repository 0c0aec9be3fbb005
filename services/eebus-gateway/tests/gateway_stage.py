"""Real partners on loopback: a NATS server, a gateway, chargers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Unpack

import pytest

from eebus.appliance import Appliance
from eebus.charger import Charger, EvProfile
from eebus.controlbox import ControlBox
from eebus.events import ConnectionState, Event, HeartbeatChanged, LimitsChanged, PerPhase
from eebus.guarding import Guarding
from eebus.identity import Identity
from eebus.meter import GridMeter, MeterValues
from eebus.participant import Options, Participant
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases import names
from eebus.usecases.limitation.guard import EnergyGuard, guard_entity
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.owner import Owner
from eebus.usecases.side import Side
from eebus_gateway.main import serve
from eebus_gateway.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError
from volthus_wire.subjects import (
    APPLIANCE_LIMIT,
    APPLIANCES,
    EEBUS_ACCEPT_WINDOW,
    EEBUS_DIAGNOSTICS,
    EEBUS_METERS,
    EEBUS_PAIR,
    EEBUS_PICTURE,
    EEBUS_PICTURE_GET,
    EEBUS_RENAME,
    EEBUS_UNPAIR,
    EVSE_LIMIT,
    EVSE_ROSTER,
    EVSE_STATE,
    METER_READING,
    OPERATOR_LIMITS,
)
from volthus_wire.v1 import operator_pb2
from volthus_wire.v1.eebus_pb2 import (
    AcceptWindow,
    DeviceDiagnostics,
    EebusPicture,
    GetDiagnosticsRequest,
    GetEebusPictureRequest,
    OpenAcceptWindowRequest,
    PairedDevice,
    PairRequest,
    RenameRequest,
    UnpairRequest,
)
from volthus_wire.v1.electrical_pb2 import Conductors
from volthus_wire.v1.evse_pb2 import EvseLimit, EvseRoster, EvseState
from volthus_wire.v1.metering_pb2 import MeterHealth, MeterReading, MeterRoster
from volthus_wire.v1.operator_pb2 import OperatorLimit, OperatorLimits
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "test"
PATIENCE_S = 25.0
CAR = EvProfile()


async def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for a condition that real partners bring about."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"did not happen in time: {what}")


@dataclass
class Wallbox:
    """A real EEBUS charger on a free port, and what it was told."""

    charger: Charger
    limits: list[PerPhase] = field(default_factory=list)
    hearts: list[bool] = field(default_factory=list)  # the gateway's: beats (again), is overdue

    @property
    def ski(self) -> str:
        return self.charger.ski

    @property
    def last(self) -> PerPhase | None:
        return self.limits[-1] if self.limits else None

    def is_connected_to(self, ski: str) -> bool:
        return self.charger.connection(ski).state is ConnectionState.CONNECTED

    async def told(self, a: float | None) -> None:
        """Wait until the last limit is `a` on all conductors."""
        await until(lambda: self.last == (a, a, a), f"limit {a}, told {self.limits}")


@asynccontextmanager
async def wallbox(
    name: str, *, mdns: bool = False, identity: Identity | None = None
) -> AsyncIterator[Wallbox]:
    """Yield a running charger; identity: of one that was there before."""
    identity = identity or await asyncio.to_thread(Identity.create, name)
    boxes: list[Wallbox] = []

    def on_event(event: Event) -> None:
        if isinstance(event, LimitsChanged) and event.kind == "opev":
            boxes[0].limits.append(event.values)
        if isinstance(event, HeartbeatChanged):
            boxes[0].hearts.append(event.ok)

    said = Announcement(f"Demo-EVSE-{name}", "Demo", "EVSE", "ChargingStation", serial=name)
    network = Network(mdns=mdns)
    charger = Charger(identity, said, network, trusted=[], on_event=on_event)
    boxes.append(Wallbox(charger))
    task = asyncio.create_task(charger.run())
    try:
        await charger.started()
        yield boxes[0]
    finally:
        await ended(task)


@asynccontextmanager
async def running(device: Participant[Any]) -> AsyncIterator[None]:
    """Let an EEBUS device run, and end."""
    task = asyncio.create_task(device.run())
    try:
        await device.started()
        yield
    finally:
        await ended(task)


def nobody_listens(event: Event) -> None:
    """Take an event of a device whose owner looks at it instead."""


@asynccontextmanager
async def hems(name: str = "hems") -> AsyncIterator[GridMeter]:
    """Yield a running energy manager that serves the grid connection point (MGCP)."""
    identity = await asyncio.to_thread(Identity.create, name)
    said = Announcement(f"Demo-HEMS-{name}", "Demo", "HEMS", "EnergyManagementSystem", serial=name)
    network = Network(mdns=False)
    device = GridMeter(identity, said, network, trusted=[], on_event=nobody_listens)
    async with running(device):
        yield device


@asynccontextmanager
async def control_box(
    name: str = "box", identity: Identity | None = None
) -> AsyncIterator[ControlBox]:
    """Yield a running control box of a grid operator (LPC, LPP)."""
    identity = identity or await asyncio.to_thread(Identity.create, name)
    said = Announcement(f"Grid-Box-{name}", "Grid", "Box", "ElectricitySupplySystem", serial=name)
    network = Network(mdns=False)
    device = ControlBox(identity, said, network, trusted=[], on_event=nobody_listens)
    async with running(device):
        yield device


class LeadingSide(Side):
    """An energy manager that limits us: the same use cases as a control box, another device."""

    def __init__(self, address: str, said: Item, owner: Owner) -> None:
        super().__init__(address, "EnergyManagementSystem", said, owner)
        entity = guard_entity(names.MAIN_ENTITY)
        self.local.add_entity(entity)
        self.guard = EnergyGuard(entity)
        self.add(self.guard)
        self.announce()


class LeadingHems(Guarding[LeadingSide]):
    """A HEMS that leads the site (B2)."""

    def __init__(
        self, identity: Identity, said: Announcement, network: Network, **options: Unpack[Options]
    ) -> None:
        super().__init__(identity, said, network, LeadingSide, options)

    @property
    def _energy_guard(self) -> EnergyGuard:
        return self._core.guard


@asynccontextmanager
async def leading_hems(name: str = "leader") -> AsyncIterator[LeadingHems]:
    """Yield a running energy manager that limits the site (LPC, LPP)."""
    identity = await asyncio.to_thread(Identity.create, name)
    said = Announcement(f"Demo-HEMS-{name}", "Demo", "HEMS", "EnergyManagementSystem", serial=name)
    network = Network(mdns=False)
    device = LeadingHems(identity, said, network, trusted=[], on_event=nobody_listens)
    async with running(device):
        yield device


@asynccontextmanager
async def heat_pump(
    name: str = "pump", identity: Identity | None = None, refused_below_w: float = 0.0
) -> AsyncIterator[Appliance]:
    """Yield a running heat pump that can be limited and measures itself (LPC, MPC)."""
    identity = identity or await asyncio.to_thread(Identity.create, name)
    said = Announcement(f"Demo-Pump-{name}", "Demo", "Pump", "HeatGenerationSystem", serial=name)
    network = Network(mdns=False)
    profile = SystemProfile({"lpc": 9000.0}, refused_below_w=refused_below_w)
    device = Appliance(
        identity, said, network, profile=profile, trusted=[], on_event=nobody_listens
    )
    async with running(device):
        yield device


def metered(*current_a: float, power_w: float = 1000.0) -> MeterValues:
    """Return plausible values of a grid meter with these currents."""
    a, b, c = current_a
    return MeterValues(
        power_w=power_w,
        current_a=(a, b, c),
        voltage_v=(230.0, 231.0, 229.0),
        energy_consumed_wh=5_000_000.0,
        energy_produced_wh=1_000.0,
        frequency_hz=50.0,
    )


async def ended(task: "asyncio.Task[None]") -> None:
    """Stop a task; what it failed with is the test's failure."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Cem:
    """What the site's other programs do: lease limits, ask, listen."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.states: dict[str, EvseState] = {}
        self.rosters: list[list[str]] = []
        self.pictures: list[EebusPicture] = []
        self.dots: list[str] = []
        self.readings: list[MeterReading] = []
        self.meters: list[list[MeterHealth]] = []
        self.limits: list[list[OperatorLimit]] = []
        self.appliances: list[list[operator_pb2.Appliance]] = []
        self._sequence = 0
        self._leases: dict[str, asyncio.Task[None]] = {}

    async def listen(self) -> None:
        await self.bus.subscribe(EVSE_STATE, self._on_state, site=SITE)
        await self.bus.subscribe(EVSE_ROSTER, self._on_roster, site=SITE)
        await self.bus.subscribe(EEBUS_PICTURE, self._on_picture, site=SITE)
        await self.bus.subscribe(METER_READING, self._on_reading, site=SITE)
        await self.bus.subscribe(EEBUS_METERS, self._on_meters, site=SITE)
        await self.bus.subscribe(OPERATOR_LIMITS, self._on_limits, site=SITE)
        await self.bus.subscribe(APPLIANCES, self._on_appliances, site=SITE)
        await self.bus.until_connected()

    def _on_reading(self, message: MeterReading, _: dict[str, str]) -> None:
        self.readings.append(message)

    def _on_meters(self, message: MeterRoster, _: dict[str, str]) -> None:
        self.meters.append(list(message.meters))

    def _on_limits(self, message: OperatorLimits, _: dict[str, str]) -> None:
        self.limits.append(list(message.limits))

    def _on_appliances(self, message: operator_pb2.Appliances, _: dict[str, str]) -> None:
        self.appliances.append(list(message.appliances))

    def appliance(self, ski: str) -> operator_pb2.Appliance:
        """Return an appliance as heard last; an empty one when it is not listed."""
        heard = self.appliances[-1] if self.appliances else []
        return next((each for each in heard if each.ski == ski), operator_pb2.Appliance())

    async def lease_power(
        self,
        ski: str,
        limit_w: float | None,
        *,
        fallback_w: float = 3360.0,
        ttl_ms: int = 60_000,
        release: bool = False,
    ) -> None:
        self._sequence += 1
        message = operator_pb2.ApplianceLimit(
            ski=ski,
            limit_w=limit_w,
            ttl_ms=ttl_ms,
            controller_epoch=1,
            sequence=self._sequence,
            sent_s=time.monotonic(),
            fallback_w=fallback_w,
            release=release,
        )
        await self.bus.publish(APPLIANCE_LIMIT, message, site=SITE, ski=ski)

    def _on_state(self, message: EvseState, _: dict[str, str]) -> None:
        self.states[message.ski] = message

    def _on_roster(self, message: EvseRoster, _: dict[str, str]) -> None:
        self.rosters.append(list(message.skis))

    def _on_picture(self, message: EebusPicture, _: dict[str, str]) -> None:
        self.pictures.append(message)
        self.dots += [paired.state for paired in message.paired]

    async def picture(self) -> EebusPicture:
        return await self.patiently(
            lambda: self.bus.ask(EEBUS_PICTURE_GET, GetEebusPictureRequest(), site=SITE)
        )

    async def patiently(self, ask: Callable[[], Awaitable[EebusPicture]]) -> EebusPicture:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await ask()
                except NotAnsweredError:
                    await asyncio.sleep(0.05)

    async def pair(
        self, ski: str, port: int = 0, name: str = "", origin: str = "site"
    ) -> PairedDevice:
        host = "127.0.0.1" if port else ""
        question = PairRequest(ski=ski, name=name, host=host, port=port)
        caller = Caller(actor="test", role="service", origin=origin)
        return (await self.bus.ask(EEBUS_PAIR, question, caller=caller, site=SITE)).paired

    async def rename(self, ski: str, name: str) -> PairedDevice:
        question = RenameRequest(ski=ski, name=name)
        return (await self.bus.ask(EEBUS_RENAME, question, site=SITE)).paired

    async def unpair(self, ski: str) -> None:
        await self.bus.ask(EEBUS_UNPAIR, UnpairRequest(ski=ski), site=SITE)

    async def examine(self, ski: str) -> DeviceDiagnostics:
        return await self.bus.ask(EEBUS_DIAGNOSTICS, GetDiagnosticsRequest(ski=ski), site=SITE)

    async def open_window(self, seconds: int, origin: str = "site") -> AcceptWindow:
        question = OpenAcceptWindowRequest(seconds=seconds)
        caller = Caller(actor="test", role="service", origin=origin)
        return await self.bus.ask(EEBUS_ACCEPT_WINDOW, question, caller=caller, site=SITE)

    def limit(self, kind: str = "lpc") -> OperatorLimit:
        """Return the operator's limit of one kind heard last; an empty one without any."""
        heard = self.limits[-1] if self.limits else []
        return next((each for each in heard if each.kind == kind), OperatorLimit())

    async def in_state(self, state: str, kind: str = "lpc") -> OperatorLimit:
        await until(lambda: self.limit(kind).state == state, f"{kind} {state}, {self.limits[-1:]}")
        return self.limit(kind)

    def role(self, ski: str) -> str:
        """Return what a paired device is, by the last picture heard."""
        paired = self.pictures[-1].paired if self.pictures else []
        return next((each.role for each in paired if each.device.ski == ski), "")

    async def offer(
        self,
        ski: str,
        a: float,
        *,
        epoch: int = 1,
        ttl_ms: int = 5000,
        fallback_a: float = 6.0,
        release: bool = False,
        silent: bool = False,
    ) -> None:
        self._sequence += 1
        message = EvseLimit(
            ski=ski,
            current_a=Conductors() if release else Conductors(a=a, b=a, c=a),
            ttl_ms=ttl_ms,
            controller_epoch=epoch,
            sequence=self._sequence,
            sent_s=time.monotonic(),
            fallback_a=fallback_a,
            release=release,
            silent=silent,
        )
        await self.bus.publish(EVSE_LIMIT, message, site=SITE, ski=ski)

    async def connected(self, ski: str) -> None:
        await until(lambda: self.dot(ski) == "connected", f"{ski[:6]} connected, {self.dots}")

    async def plugged(self, ski: str) -> None:
        await until(lambda: self.states[ski].ev.takes_limits, "a car that takes limits")

    def dot(self, ski: str) -> str:
        """Return the state of a paired device in the last picture heard; empty: not paired."""
        paired = self.pictures[-1].paired if self.pictures else []
        return next((each.state for each in paired if each.device.ski == ski), "")


@asynccontextmanager
async def gateway(settings: Settings, cem: Cem) -> AsyncIterator[str]:
    """Yield the SKI of a running gateway."""
    task = asyncio.create_task(serve(settings))
    try:
        yield (await cem.picture()).identity.ski
    finally:
        await ended(task)


async def pair_device(cem: Cem, device: Participant[Any], us: str) -> None:
    """Pair a device from both sides and wait until it is connected."""
    device.trust(us)
    await cem.pair(device.ski, device.port)
    await cem.connected(device.ski)


@asynccontextmanager
async def paired(settings: Settings, cem: Cem, box: Wallbox) -> AsyncIterator[str]:
    """Yield the SKI of a gateway that is connected with one charger."""
    async with gateway(settings, cem) as us:
        box.charger.trust(us)
        await cem.pair(box.ski, box.charger.port)
        await cem.connected(box.ski)
        yield us
