"""What the live picture shows besides the fuse: cars, circuits, waits; and what a restart keeps."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cem_stage import SITE, A, B, Stage, bus, cem, running

from cem.service import serve
from cem.store import Kept, Store
from volthus_wire import subjects as on
from volthus_wire.convert import from_timestamp, to_timestamp
from volthus_wire.v1 import evse_pb2, metering_pb2, operating_pb2, operator_pb2, site_pb2

SUB, GRID = metering_pb2.METER_ROLE_SUB, metering_pb2.METER_ROLE_GRID
SOON = datetime.now(UTC) + timedelta(hours=3)


async def report(stage: Stage, ski: str, ev_id: str = "", **more: object) -> None:
    car = {"phases": 3, "min_a": 2.2, "max_a": 16, "takes_limits": True, "plug": 1}
    message = evse_pb2.EvseState(
        ski=ski,
        connection=evse_pb2.CONNECTION_CONNECTED,
        ev_known=True,
        ev=evse_pb2.Ev(**car | {"ev_id": ev_id} | more),
        current_a={"a": 0.0, "b": 0.0, "c": 0.0},
        measured_age_s=0.0,
        limit={"current_a": {"a": 0.0, "b": 0.0, "c": 0.0}},
        reaction_s=1.5,
    )
    await stage.bus.publish(on.EVSE_STATE, message, site=SITE, ski=ski)


async def read(stage: Stage, meter: str, role: int, amperes: float) -> None:
    message = metering_pb2.MeterReading(
        meter=meter,
        role=role,
        quality=metering_pb2.METER_QUALITY_GOOD,
        current_a={"l1": amperes, "l2": amperes, "l3": amperes},
        power_total_w=690 * amperes,
        period_s=1.0,
    )
    await stage.bus.publish(on.METER_READING, message, site=SITE, meter=meter)


async def put_car(stage: Stage, **car: object) -> None:
    question = operating_pb2.PutCarRequest(car=operating_pb2.Car(**car))
    await stage.ask(on.CAR_PUT, question)


async def test_a_car_is_known_by_what_it_calls_itself_else_by_its_usual_place(
    tmp_path: Path,
) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A, B)
        await put_car(stage, name="Van", ev_id="02:00:5e:10:00:07")
        await put_car(stage, name="Usual", charger=B)
        await report(stage, A, ev_id="02:00:5e:10:00:07")
        await report(stage, B)
        shown = await stage.until(lambda state: all(c.car for c in state.chargers))
        assert [c.car for c in shown.chargers] == ["van", "usual"]
        assert shown.chargers[0].car_range.min_a == 2.2
        assert shown.chargers[0].reaction_s == 1.5
        assert list(shown.chargers[0].phases) == ["L1", "L2", "L3"]
        await report(stage, B, ev_id="02:00:5e:10:00:07")  # it stands elsewhere today
        shown = await stage.until(lambda state: state.chargers[1].car == "van")
        question = operating_pb2.PutGoalRequest(
            goal=operating_pb2.Goal(ski=B, soc_percent=80, car="usual")
        )
        await stage.ask(on.GOAL_PUT, question)  # a driver knows better
        assert (await stage.state()).chargers[1].car == "usual"


async def test_a_circuit_shows_what_its_sub_meter_reads(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.put_grid(35)
        await stage.meters(("grid-1", GRID), ("sub-1", SUB))
        await stage.until(lambda state: len(state.meters) == 2)
        fuse = {"l1": 20, "l2": 20, "l3": 20}
        garage = site_pb2.Circuit(circuit="garage", fuse_a=fuse, meter="sub-1")
        await stage.ask(on.CIRCUIT_PUT, site_pb2.PutCircuitRequest(circuit=garage))
        switch = site_pb2.EnergyManagement(on=True, confirmed_no_other=True)
        await stage.ask(
            on.ENERGY_MANAGEMENT_PUT, site_pb2.PutEnergyManagementRequest(settings=switch)
        )
        for step in range(40):
            await read(stage, "grid-1", GRID, 9.0 + step % 5 / 100)
            await read(stage, "sub-1", SUB, 4.0 + step % 5 / 100)
            await report(stage, A)
            shown = await stage.state()
            if shown.circuits[0].headroom_a.l1 and shown.circuits[0].current_a.l1:
                break
            await asyncio.sleep(0.1)
        state = shown.circuits[0]
        assert 4.0 <= state.current_a.l1 <= 4.1
        assert 10 < state.headroom_a.l1 < 16  # 20 A less the margin and what else is drawn


async def test_a_gateways_operator_limit_is_shown_with_what_it_leaves(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.put_grid(35)
        limit = operator_pb2.OperatorLimit(
            kind="lpc", source="eebus", ski="c" * 40, state="limited", limit_w=4200, connected=True
        )
        message = operator_pb2.OperatorLimits(limits=[limit])
        await stage.bus.publish(on.OPERATOR_LIMITS, message, site=SITE)
        shown = await stage.until(lambda state: len(state.operator_limits) == 1)
        assert shown.operator_limits[0].limit_w == 4200
        switch = site_pb2.EnergyManagement(on=True, confirmed_no_other=True)
        await stage.ask(
            on.ENERGY_MANAGEMENT_PUT, site_pb2.PutEnergyManagementRequest(settings=switch)
        )
        shown = await stage.until(lambda state: state.HasField("operator_share_w"))
        assert shown.operator_share_w == 4200


async def test_modes_goals_circuits_and_limits_are_all_there_after_a_restart(
    tmp_path: Path,
) -> None:
    async with bus(tmp_path) as stage:
        async with running(serve(stage.settings)):
            await stage.pair(A)
            await stage.put_grid(35)
            fuse = {"l1": 20, "l2": 20, "l3": 20}
            garage = site_pb2.Circuit(circuit="garage", name="Garage", fuse_a=fuse)
            await stage.ask(on.CIRCUIT_PUT, site_pb2.PutCircuitRequest(circuit=garage))
            mode = operating_pb2.ChargingMode(mode="smart", smart={"surplus": True})
            await stage.ask(on.MODE_PUT, operating_pb2.PutModeRequest(ski=A, mode=mode))
            goal = operating_pb2.Goal(ski=A, soc_percent=80, departure=to_timestamp(SOON))
            await stage.ask(on.GOAL_PUT, operating_pb2.PutGoalRequest(goal=goal))
            limit = operator_pb2.OperatorLimit(
                kind="lpc", source="eebus", ski="c" * 40, state="limited", limit_w=4200
            )
            message = operator_pb2.OperatorLimits(limits=[limit])
            await stage.bus.publish(on.OPERATOR_LIMITS, message, site=SITE)
            before = await stage.until(lambda state: len(state.operator_limits) == 1)
            await asyncio.sleep(1.5)  # what is heard is written within a second
        async with running(serve(stage.settings)):
            after = await stage.state()
    assert after.circuits[0].settings == before.circuits[0].settings
    assert after.chargers[0].mode == before.chargers[0].mode
    assert after.chargers[0].goal == before.chargers[0].goal
    assert from_timestamp(after.chargers[0].goal.departure) == SOON
    assert [(one.state, one.limit_w) for one in after.operator_limits] == [("limited", 4200)]


async def test_a_switch_of_phases_is_remembered_so_that_a_restart_cannot_wear_a_contactor(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    store.load(datetime.now(UTC))
    just_now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
    store.remember(Kept((A,), None, (), ((A, (just_now,)),)))
    store.close()
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await asyncio.sleep(2.5)  # whoever remembers writes only what has changed
    store = Store(tmp_path)
    kept = store.load(datetime.now(UTC))[0].phase_switches
    store.close()
    assert abs(kept[A][0] - just_now) <= timedelta(seconds=1)
