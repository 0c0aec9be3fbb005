"""The whole site at one instant and how it goes on: house, sun, chargers, meter, faults. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from electrical import UNKNOWN, PhaseCurrents, PhaseReadings, Phases
from electrical.phases import combine
from virtual_site.core import charger as chargers
from virtual_site.core import meter as meters
from virtual_site.core.charger import Charger
from virtual_site.core.house import household_w, sun_share, sun_w
from virtual_site.core.meter import Counters, Distortion, Meter
from virtual_site.core.scenario import Fault, FaultKind, Scenario

LONGEST_STEP_S = 1.0
APPLIANCES: dict[str, PhaseCurrents] = {
    "oven": Phases(0.0, 2300.0, 0.0),
    "hob": Phases(0.0, 1800.0, 1800.0),
    "kettle": Phases(2000.0, 0.0, 0.0),
    "heat_pump": Phases(1300.0, 1300.0, 1300.0),
    "sauna": Phases(3000.0, 3000.0, 3000.0),
}


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that holds until `until_s`. charger: its index, None for the meter."""

    kind: FaultKind
    until_s: float
    charger: int | None = None
    factor: float = 1.0
    add_a: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything there is outside of the product, at `t_s` seconds of the scenario."""

    scenario: Scenario
    chargers: tuple[Charger, ...]
    meter: Meter
    t_s: float = 0.0
    household_set_w: PhaseReadings = UNKNOWN  # set by hand; None: as the scenario says
    sun_set_w: float | None = None
    heat_pump_w: float = 0.0  # of the one on EEBUS, on all three phases alike
    appliances: frozenset[str] = field(default_factory=frozenset)  # switched on by hand
    faults: tuple[ActiveFault, ...] = ()

    @property
    def household_w(self) -> PhaseCurrents:
        """Return what the house takes now, W per phase, the cars apart."""
        planned = household_w(self.scenario.household, int(self.t_s))
        total = combine(
            self.household_set_w, planned, lambda by_hand, w: w if by_hand is None else by_hand
        )
        for name in sorted(self.appliances):
            total = total + APPLIANCES[name]
        return total + Phases(1.0, 1.0, 1.0) * (self.heat_pump_w / 3)

    @property
    def sun_w(self) -> float:
        """Return what the roof delivers now, W."""
        if self.sun_set_w is not None:
            return self.sun_set_w
        return sun_w(self.scenario.sun, int(self.t_s))

    @property
    def net_a(self) -> PhaseCurrents:
        """Return the current of everything but the cars, A per phase; minus = feed-in."""
        power_w = self.household_w - sun_share(self.scenario) * self.sun_w
        return power_w * (1 / self.scenario.voltage_v)

    @property
    def root_a(self) -> PhaseCurrents:
        """Return the true current at the main fuse, A per phase."""
        return sum((charger.house_current_a for charger in self.chargers), self.net_a)

    @property
    def has_ended(self) -> bool:
        """Return whether the scenario is over; the world idles on."""
        return self.t_s >= self.scenario.duration_s

    def fault(self, kind: FaultKind, charger: int | None = None) -> ActiveFault | None:
        """Return the active fault of a kind, of the meter or of one charger."""
        return next((f for f in self.faults if f.kind is kind and f.charger == charger), None)


def begin(scenario: Scenario, counters: Counters | None = None) -> World:
    """Return the world at second 0, with the cars that are there from the start."""
    meter = Meter(scenario.meter, counters or Counters())
    boxes = tuple(Charger(model) for model in scenario.chargers)
    world = _happened(World(scenario, boxes, meter), -1.0)
    return replace(world, meter=_measured(world))


def advance(world: World, dt_s: float, now_s: float) -> World:
    """Let `dt_s` seconds of the scenario pass. now_s: real time, for what peers are told."""
    while dt_s > 0:
        part_s = min(dt_s, LONGEST_STEP_S)
        world = _step(world, part_s, now_s)
        dt_s -= part_s
    return world


def refresh(world: World) -> World:
    """Let the meter see at once what was changed by hand."""
    return replace(world, meter=_measured(world))


def with_charger(world: World, index: int, change: Callable[[Charger], Charger]) -> World:
    """Return the world with one charger changed."""
    boxes = list(world.chargers)
    boxes[index] = change(boxes[index])
    return replace(world, chargers=tuple(boxes))


def with_fault(world: World, fault: ActiveFault) -> World:
    """Begin a fault; one of the same kind and place is replaced."""
    others = (f for f in world.faults if (f.kind, f.charger) != (fault.kind, fault.charger))
    return replace(world, faults=(*others, fault))


def _step(world: World, dt_s: float, now_s: float) -> World:
    before_s = world.t_s
    t_s = before_s + dt_s
    faults = tuple(fault for fault in world.faults if fault.until_s > t_s)
    world = _happened(replace(world, t_s=t_s, faults=faults), before_s)
    boxes = tuple(_charged(world, index, dt_s, now_s) for index in range(len(world.chargers)))
    world = replace(world, chargers=boxes)
    counted = meters.count(world.meter, world.root_a, world.scenario.voltage_v, dt_s)
    return replace(world, meter=_measured(replace(world, meter=counted)))


def _happened(world: World, after_s: float) -> World:
    """Apply what the scenario says for the time after `after_s` up to now."""
    for number, session in enumerate(world.scenario.sessions):
        index = _index(world, session.charger)
        if after_s < session.depart_s <= world.t_s and world.chargers[index].session == number:
            world = with_charger(world, index, chargers.unplug)
        if after_s < session.arrive_s <= world.t_s < session.depart_s:
            world = with_charger(world, index, _plugging(number, world.scenario))
    for fault in world.scenario.faults:
        if after_s < fault.start_s <= world.t_s:
            world = with_fault(world, _begun(world, fault))
    return world


def _plugging(number: int, scenario: Scenario) -> Callable[[Charger], Charger]:
    return lambda box: chargers.plug(box, scenario.sessions[number].car, number)


def _begun(world: World, fault: Fault) -> ActiveFault:
    index = None if fault.charger is None else _index(world, fault.charger)
    return ActiveFault(fault.kind, fault.start_s + fault.length_s, index, fault.factor, fault.add_a)


def _index(world: World, charger: str) -> int:
    return next(i for i, box in enumerate(world.chargers) if box.model.id == charger)


def _charged(world: World, index: int, dt_s: float, now_s: float) -> Charger:
    is_dead = any(
        world.fault(kind, index) for kind in (FaultKind.CHARGER_REBOOT, FaultKind.CHARGER_FAILURE)
    )
    return chargers.advance(
        world.chargers[index],
        dt_s,
        world.t_s,
        now_s,
        world.scenario.voltage_v,
        deaf=world.fault(FaultKind.EV_IGNORES_LIMIT, index) is not None,
        dead=is_dead,
    )


def _measured(world: World) -> Meter:
    spike = world.fault(FaultKind.METER_SPIKE)
    distortion = Distortion(
        is_frozen=world.fault(FaultKind.METER_FREEZE) is not None,
        factor=1.0 if spike is None else spike.factor,
        add_a=0.0 if spike is None else spike.add_a,
    )
    return meters.measure(world.meter, world.t_s, world.root_a, distortion)
