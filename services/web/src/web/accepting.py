"""Puts the values of an acceptance protocol together, from what the owners of a site say."""

import asyncio
import hashlib
import json
from collections.abc import Iterable

from electrical.phases import Phase
from volthus_kit.metrics import version_of
from volthus_wire import subjects
from volthus_wire.convert import from_timestamp
from volthus_wire.v1 import eebus_pb2, metering_pb2, setup_pb2, site_pb2
from web.api.door import Door
from web.core import failsafe
from web.messages.chargers import charger
from web.messages.circuits import circuit
from web.messages.eebus import picture
from web.messages.grid import energy_management, grid_connection
from web.messages.meters import meter
from web.messages.rotation import rotation_test
from web.messages.setting_up import failsafe_test
from web.models.chargers import Charger
from web.models.circuits import Circuit
from web.models.common import ByPhase
from web.models.eebus import PairedDevice
from web.models.grid import GridConnection
from web.models.meters import Meter
from web.models.rotation import RotationTest
from web.models.setting_up import (
    AcceptanceValues,
    AcceptedCharger,
    AcceptedMeter,
    FailsafePart,
    FailsafeSum,
    FailsafeTest,
    OpenPoint,
    SoftwareInUse,
)

PACKAGE = "volthus-web"
AT_ONCE = 8  # rotation tests asked for at the same time
MOVING = ("at", "reading", "quality", "connection", "problem")  # of itself, without any setting


async def values_of(door: Door) -> AcceptanceValues:
    """Return everything a protocol says of the site now. Raises ProblemError."""
    state, circuits, meters, models, devices, proofs = await asyncio.gather(
        door.parts.owners.state_now(door.site, door.account),
        door.ask(subjects.CIRCUIT_LIST, site_pb2.ListCircuitsRequest()),
        door.ask(subjects.METER_LIST, metering_pb2.ListMetersRequest()),
        door.ask(subjects.METER_MODELS, metering_pb2.ListMeterModelsRequest()),
        door.ask(subjects.EEBUS_PICTURE_GET, eebus_pb2.GetEebusPictureRequest()),
        door.ask(subjects.FAILSAFE_TEST_LIST, setup_pb2.ListFailsafeTestsRequest()),
    )
    chargers = [charger(one, state) for one in state.chargers]
    grid = grid_connection(state.grid_connection)
    below = [circuit(one) for one in circuits.circuits]
    eebus = picture(devices)
    proven = {test.ski: failsafe_test(test, test.ski) for test in proofs.tests}
    tests = await _rotation_tests(door, [one.ski for one in chargers])
    values = AcceptanceValues(
        site=door.site,
        name=state.name,
        at=from_timestamp(state.at),
        grid_connection=grid,
        energy_management=energy_management(state.energy_management),
        load_management=state.load_management,
        circuits=below,
        meters=_meters([meter(one) for one in meters.meters], models.models),
        chargers=_chargers(chargers, eebus.paired, tests, proven),
        failsafe_sums=_sums(grid, below, chargers),
        eebus=eebus.identity,
        software=SoftwareInUse(site=state.version, front_door=version_of(PACKAGE)),
        open_points=[],
    )
    return values.model_copy(update={"open_points": list(_open_points(values))})


def name_of(values: AcceptanceValues) -> str:
    """Return 64 hex digits that change with every setting and proof, not with what moves."""
    still = _without_moving(values.model_dump(mode="json"))
    text = json.dumps(still, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_moving(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_moving(v) for k, v in value.items() if k not in MOVING}
    if isinstance(value, list):
        points = [one for one in value if not _is_moving_point(one)]
        return [_without_moving(one) for one in points]
    return value


def _is_moving_point(value: object) -> bool:
    moving = ("charger-not-connected", "meter-failing")
    return isinstance(value, dict) and value.get("code") in moving


async def _rotation_tests(door: Door, skis: list[str]) -> dict[str, RotationTest]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def asked(ski: str) -> RotationTest:
        async with gate:
            question = site_pb2.RotationTestRequest(ski=ski)
            return rotation_test(await door.ask(subjects.ROTATION_TEST_GET, question), ski)

    found = await asyncio.gather(*(asked(ski) for ski in skis))
    return {test.ski: test for test in found if test.state != "none"}


def _meters(
    meters: Iterable[Meter], models: Iterable[metering_pb2.MeterModel]
) -> list[AcceptedMeter]:
    names = {one.model: f"{one.manufacturer} {one.name}" for one in models}
    return [
        AcceptedMeter(
            id=one.id,
            name=one.name,
            model=one.model,
            model_name=names.get(one.model, one.model),
            role=one.role,
            transport=one.transport,
            rotation=one.rotation,
            invert=one.invert,
            phase=one.phase,
            quality=one.last.quality if one.last else "unknown",
            problem=one.problem,
            reading=one.last,
        )
        for one in meters
    ]


def _chargers(
    chargers: Iterable[Charger],
    paired: Iterable[PairedDevice],
    tests: dict[str, RotationTest],
    proven: dict[str, FailsafeTest],
) -> list[AcceptedCharger]:
    serials = {device.ski: device.serial for device in paired}
    return [
        AcceptedCharger(
            ski=one.ski,
            name=one.name,
            brand=one.brand,
            model=one.model,
            serial=serials.get(one.ski),
            own=one.own,
            connection=one.connection,
            settings=one.settings,
            rotation_test=tests.get(one.ski),
            failsafe_test=proven.get(one.ski),
        )
        for one in chargers
    ]


def _by_phase(value: float | ByPhase | None, phases: int) -> dict[Phase, float]:
    each = value if isinstance(value, ByPhase) else ByPhase(l1=value, l2=value, l3=value)
    known = {Phase.L1: each.l1, Phase.L2: each.l2, Phase.L3: each.l3}
    return {phase: known[phase] or 0.0 for phase in tuple(known)[:phases]}


def _sums(
    grid: GridConnection, circuits: Iterable[Circuit], chargers: Iterable[Charger]
) -> list[FailsafeSum]:
    if grid.fuse_a is None:
        return []
    main = failsafe.Fuse(
        None, None, _by_phase(grid.fuse_a, grid.phases), _by_phase(grid.base_load_a, grid.phases)
    )
    below = (
        failsafe.Fuse(one.id, one.parent, _by_phase(one.fuse_a, grid.phases), {})
        for one in circuits
    )
    falling = (
        failsafe.Falling(one.ski, s.failsafe_a, s.phases, s.wiring, s.circuit)
        for one in chargers
        if (s := one.settings) is not None
    )
    return [
        FailsafeSum(
            circuit=one.circuit,
            phase=one.phase.value,
            base_load_a=one.base_load_a,
            chargers=[FailsafePart(ski=ski, current_a=a) for ski, a in one.parts],
            sum_a=one.sum_a,
            fuse_a=one.fuse_a,
            fits=one.fits,
        )
        for one in failsafe.sums((main, *below), falling)
    ]


def _open_points(values: AcceptanceValues) -> Iterable[OpenPoint]:
    """Yield what is missing or was not proven, in the order in which a site is set up."""
    if values.grid_connection.fuse_a is None:
        yield OpenPoint(code="no-fuse", about=None)
    if values.load_management == "static":
        yield OpenPoint(code="no-meter", about=None)
    for one in values.meters:
        if one.problem is not None:
            yield OpenPoint(code="meter-failing", about=one.id)
    if not values.chargers:
        yield OpenPoint(code="no-charger", about=None)
    for each in values.chargers:
        yield from (OpenPoint(code=code, about=each.ski) for code in _missing(each, values))
    for high in sorted({one.circuit or "" for one in values.failsafe_sums if not one.fits}):
        yield OpenPoint(code="failsafe-sum-too-high", about=high or None)
    if not values.energy_management.on:
        yield OpenPoint(code="energy-management-off", about=None)


def _missing(one: AcceptedCharger, values: AcceptanceValues) -> Iterable[str]:
    if one.connection != "connected":
        yield "charger-not-connected"
    if one.settings is None or one.settings.revision == 0:
        yield "charger-not-set"
    is_three_phase = values.grid_connection.phases == 3
    if is_three_phase and (one.rotation_test is None or one.rotation_test.state != "done"):
        yield "phases-not-tested"
    if one.failsafe_test is None or one.failsafe_test.state != "done":
        yield "failsafe-not-proven"
