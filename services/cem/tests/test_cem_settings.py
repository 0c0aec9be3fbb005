"""Circuits, chargers, modes, cars, goals and operator limits, set over a real bus."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cem_stage import FAR, SERVICE, A, B, bus, cem, running

from cem.core import installation
from cem.service import serve
from cem.store import Store
from volthus_wire import subjects as on
from volthus_wire.convert import to_timestamp
from volthus_wire.revisions import NEVER_SET
from volthus_wire.v1 import metering_pb2, operating_pb2, operator_pb2, site_pb2

SUB, GRID = metering_pb2.METER_ROLE_SUB, metering_pb2.METER_ROLE_GRID
SOON = datetime.now(UTC) + timedelta(hours=3)


def circuit(id_: str, fuse_a: float = 20.0, **more: object) -> site_pb2.PutCircuitRequest:
    fuse = {"l1": fuse_a, "l2": fuse_a, "l3": fuse_a}
    return site_pb2.PutCircuitRequest(
        circuit=site_pb2.Circuit(**{"circuit": id_, "name": id_.title(), "fuse_a": fuse} | more)
    )


def charger(ski: str, **more: object) -> site_pb2.PutChargerRequest:
    usual = {"ski": ski, "min_a": 6, "max_a": 16, "phases": 3, "failsafe_a": 6}
    return site_pb2.PutChargerRequest(settings=site_pb2.ChargerSettings(**usual | more))


def mode(ski: str, word: str, **more: object) -> operating_pb2.PutModeRequest:
    return operating_pb2.PutModeRequest(
        ski=ski, mode=operating_pb2.ChargingMode(**{"mode": word} | more)
    )


def goal(ski: str, **more: object) -> operating_pb2.PutGoalRequest:
    return operating_pb2.PutGoalRequest(goal=operating_pb2.Goal(**{"ski": ski} | more))


def car(**more: object) -> operating_pb2.PutCarRequest:
    return operating_pb2.PutCarRequest(car=operating_pb2.Car(**more))


async def test_circuits_nest_are_checked_with_the_whole_and_removed_when_unused(
    tmp_path: Path,
) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A, B)
        await stage.put_grid(35)
        garage = (await stage.ask(on.CIRCUIT_PUT, circuit("garage"))).circuit
        assert (garage.revision, garage.parent) == (1, "main")
        await stage.ask(on.CIRCUIT_PUT, circuit("row", 16, parent="garage"))
        for question, expected in (
            (circuit("Garage"), ("circuit-id-invalid", "/circuit")),
            (circuit("main"), ("circuit-id-invalid", "/circuit")),
            (circuit("shed", 40), ("fuse-above-parent", "/fuse_a/l1")),
            (circuit("shed", parent="attic"), ("unknown-circuit", "/parent")),
            (circuit("garage", 12), ("fuse-above-parent", "/fuse_a")),
            (circuit("garage", 20, parent="row"), ("circuit-loop", "/parent")),
            (circuit("garage", 20, parent="garage"), ("circuit-loop", "/parent")),
            (circuit("garage", 0.5), ("fuse-out-of-range", "/fuse_a/l1")),
            (circuit("garage", margin_a=11), ("margin-out-of-range", "/margin_a")),
            (circuit("garage", meter="nowhere"), ("unknown-meter", "/meter")),
            (circuit("garage", revision=7), ("revision-conflict", "/revision")),
        ):
            assert await stage.refused(on.CIRCUIT_PUT, question) == expected
        lower = site_pb2.PutGridConnectionRequest(
            settings=site_pb2.GridConnection(fuse_a={"l1": 16, "l2": 35, "l3": 35}, phases=3)
        )
        assert await stage.refused(on.GRID_CONNECTION_PUT, lower) == (
            "fuse-above-parent",
            "/fuse_a",
        )
        await stage.ask(on.CHARGER_PUT, charger(A, circuit="row"))
        gone = site_pb2.RemoveCircuitRequest(circuit="row")
        assert await stage.refused(on.CIRCUIT_REMOVE, gone) == ("circuit-in-use", "/circuit")
        garage_gone = site_pb2.RemoveCircuitRequest(circuit="garage")
        assert await stage.refused(on.CIRCUIT_REMOVE, garage_gone) == ("circuit-in-use", "/circuit")
        await stage.ask(on.CHARGER_PUT, charger(A))
        await stage.ask(on.CIRCUIT_REMOVE, gone)
        assert await stage.refused(on.CIRCUIT_REMOVE, gone) == ("unknown-circuit", "/circuit")
        left = await stage.ask(on.CIRCUIT_LIST, site_pb2.ListCircuitsRequest())
        assert [c.circuit for c in left.circuits] == ["garage"]
        assert [c.settings.circuit for c in (await stage.state()).circuits] == ["garage"]


async def test_failsafe_currents_must_fit_under_every_fuse(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A, B)
        await stage.put_grid(35)
        await stage.ask(on.CIRCUIT_PUT, circuit("garage", 10))
        await stage.ask(on.CHARGER_PUT, charger(A, circuit="garage"))
        second = charger(B, circuit="garage")
        refused = await stage.refused(on.CHARGER_PUT, second)
        assert refused == ("failsafe-sum-too-high", "/failsafe_a")
        await stage.ask(on.CHARGER_PUT, charger(B, circuit="garage", failsafe_a=4))
        tighter = circuit("garage", 9)
        assert await stage.refused(on.CIRCUIT_PUT, tighter) == ("failsafe-sum-too-high", "/fuse_a")


async def test_protection_of_a_circuit_is_taken_away_at_the_site_only(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.put_grid(35)
        await stage.ask(on.CIRCUIT_PUT, circuit("garage"), FAR)  # an added fuse only restricts
        await stage.ask(on.CIRCUIT_PUT, circuit("garage", 18), FAR)
        await stage.ask(on.CHARGER_PUT, charger(A, circuit="garage"), FAR)
        code = "confirmation-at-site-needed"
        for request, question in (
            (on.CIRCUIT_PUT, circuit("garage", 20)),
            (on.CIRCUIT_PUT, circuit("garage", 18, margin_a=0.1)),
            (on.CHARGER_PUT, charger(A)),
        ):
            assert (await stage.refused(request, question, FAR))[0] == code
        await stage.ask(on.CHARGER_PUT, charger(A))
        gone = site_pb2.RemoveCircuitRequest(circuit="garage")
        assert (await stage.refused(on.CIRCUIT_REMOVE, gone, FAR))[0] == code
        await stage.ask(on.CIRCUIT_REMOVE, gone)


async def test_a_chargers_new_settings_are_kept_and_checked(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.put_grid(35, unbalance_a=20.0)
        api = {"phase_switching": "local-api", "phase_switching_url": "http://127.0.0.1:9/p"}
        consent = {"phase_switching_confirmed": True}
        for more, expected in (
            ({"circuit": "attic"}, ("unknown-circuit", "/circuit")),
            ({"start_a": 17.0}, ("start-out-of-range", "/start_a")),
            ({"weight": 0.0}, ("weight-out-of-range", "/weight")),
            ({"guaranteed_a": 5.0}, ("guaranteed-out-of-range", "/guaranteed_a")),
            ({"phase_switching": "sometimes"}, ("phase-switching-unknown", "/phase_switching")),
            (api, ("phase-switching-not-confirmed", "/phase_switching_confirmed")),
            (
                api | consent | {"phase_switching_url": "http://example.com/p"},
                ("phase-switching-url-invalid", "/phase_switching_url"),
            ),
            (
                {"phase_switching_url": "http://example.com/p"},
                ("phase-switching-url-invalid", "/phase_switching_url"),
            ),
            (
                {"phase_switching": "local-api"} | consent,
                ("phase-switching-url-invalid", "/phase_switching_url"),
            ),
            (
                api | consent | {"phases": 1},
                ("phase-switching-needs-three-phases", "/phase_switching"),
            ),
        ):
            assert await stage.refused(on.CHARGER_PUT, charger(A, **more)) == expected
        wanted = charger(A, start_a=10.0, weight=2.0, guaranteed_a=8.0, **api, **consent)
        saved = (await stage.ask(on.CHARGER_PUT, wanted)).settings
        assert (saved.start_a, saved.weight, saved.guaranteed_a) == (10, 2, 8)
        assert saved.phase_switching_confirmed
        shown = await stage.state()
        assert shown.chargers[0].settings == saved
        assert shown.grid_connection.unbalance_a == 20


async def test_modes_cars_and_goals_are_set_by_drivers_and_shown(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        switches = {"forecast": True, "surplus": True}
        chosen = (await stage.ask(on.MODE_PUT, mode(A, "smart", smart=switches))).mode
        assert (chosen.mode, chosen.smart.surplus, chosen.revision) == ("smart", True, 1)
        assert await stage.refused(on.MODE_PUT, mode(A, "sport")) == ("mode-unknown", "/mode")
        assert await stage.refused(on.MODE_PUT, mode(B, "fast")) == ("unknown-charger", "/ski")
        van = (await stage.ask(on.CAR_PUT, car(name="Blue Van", charger=A))).car
        other = (await stage.ask(on.CAR_PUT, car(name="Blüe-van", ev_id="02:00"))).car
        assert (van.car, other.car) == ("blue-van", "blue-van-2")
        for question, expected in (
            (car(name=" "), ("name-missing", "/name")),
            (car(name="Bl\x00e"), ("invalid-name", "/name")),
            (car(name="Third", ev_id="02:00"), ("ev-id-in-use", "/ev_id")),
            (car(name="Third", charger=B), ("unknown-charger", "/charger")),
            (car(name="Third", phases=4), ("phases-out-of-range", "/phases")),
            (car(car="third", name="Third"), ("unknown-car", "/car")),
        ):
            assert await stage.refused(on.CAR_PUT, question) == expected
        for more, expected in (
            ({"soc_percent": 80, "energy_wh": 900}, ("goal-ambiguous", "/energy_wh")),
            (
                {"soc_percent": 80, "departure": to_timestamp(datetime(2020, 1, 1, tzinfo=UTC))},
                ("goal-in-the-past", "/departure"),
            ),
            ({"soc_percent": 80, "car": "red"}, ("unknown-car", "/car")),
            (
                {"soc_percent": 80, "weekly": [{"weekday": 8, "minute": 0}]},
                ("weekday-out-of-range", "/weekly/0/weekday"),
            ),
        ):
            assert await stage.refused(on.GOAL_PUT, goal(A, **more)) == expected
        by_then = {"soc_percent": 80, "departure": to_timestamp(SOON), "car": "blue-van"}
        await stage.ask(on.GOAL_PUT, goal(A, **by_then))
        shown = (await stage.state()).chargers[0]
        assert (shown.mode.mode, shown.goal.soc_percent) == ("smart", 80)
        await stage.ask(on.CAR_REMOVE, operating_pb2.RemoveCarRequest(car="blue-van"))
        told = await stage.ask(on.CAR_LIST, operating_pb2.ListCarsRequest())
        assert [c.car for c in told.cars] == ["blue-van-2"]
        assert [(g.car, g.soc_percent) for g in told.goals] == [("", 80)]
        await stage.ask(on.GOAL_PUT, goal(A))
        assert not (await stage.state()).chargers[0].HasField("goal")


async def test_the_operators_limit_by_api_is_in_force_at_once_and_outlives_a_restart(
    tmp_path: Path,
) -> None:
    async with bus(tmp_path) as stage:
        async with running(serve(stage.settings)):
            wanted = operator_pb2.OperatorSettings(
                credits_sun=True, other_devices_w=[4200, 6000], contract_w=30000
            )
            question = operator_pb2.PutOperatorSettingsRequest(settings=wanted)
            saved = (await stage.ask(on.OPERATOR_PUT, question)).settings
            assert (saved.failsafe_w, saved.failsafe_s, saved.revision) == (4200, 7200, 1)
            question.settings.contract_w = 10
            refused = await stage.refused(on.OPERATOR_PUT, question)
            assert refused == ("contract-w-out-of-range", "/contract_w")
            limit = operator_pb2.PutOperatorLimitRequest(limit_w=4200, reference="order 7")
            limits = (await stage.ask(on.OPERATOR_LIMIT_PUT, limit)).limits
            assert [(one.source, one.limit_w) for one in limits] == [("api", 4200)]
            late = operator_pb2.PutOperatorLimitRequest(limit_w=1, until=to_timestamp(
                datetime(2020, 1, 1, tzinfo=UTC)))  # fmt: skip
            assert (await stage.refused(on.OPERATOR_LIMIT_PUT, late)) == (
                "until-in-the-past",
                "/until",
            )
        async with running(serve(stage.settings)):
            shown = await stage.state()
            assert [(one.source, one.limit_w) for one in shown.operator_limits] == [("api", 4200)]
            lifted = operator_pb2.PutOperatorLimitRequest()
            assert not (await stage.ask(on.OPERATOR_LIMIT_PUT, lifted)).limits
            told = await stage.ask(on.OPERATOR_GET, operator_pb2.GetOperatorRequest())
            assert told.settings.credits_sun


async def test_a_limit_by_api_ends_at_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cem.commands.operating.LOOK_EVERY_S", 0.1)
    async with cem(tmp_path) as stage:
        until = to_timestamp(datetime.now(UTC) + timedelta(seconds=1))
        limit = operator_pb2.PutOperatorLimitRequest(limit_w=4200, until=until)
        assert (await stage.ask(on.OPERATOR_LIMIT_PUT, limit)).limits
        await stage.until(lambda state: not state.operator_limits)


async def test_every_setting_is_audited_with_who_did_it(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.put_grid(35)
        await stage.ask(on.CIRCUIT_PUT, circuit("garage"))
        await stage.ask(on.MODE_PUT, mode(A, "off"))
        await stage.ask(on.CAR_PUT, car(name="Van"))
        await stage.ask(on.GOAL_PUT, goal(A, energy_wh=9000))
        await stage.ask(on.OPERATOR_LIMIT_PUT, operator_pb2.PutOperatorLimitRequest(limit_w=1))
        store = Store(tmp_path)
        rows = store.audit()
        store.close()
    assert [row.setting for row in rows] == [
        "grid-connection",
        "circuit/garage",
        f"mode/{A}",
        "car/van",
        f"goal/{A}",
        "operator-limit",
    ]
    assert {(row.actor, row.origin) for row in rows} == {(SERVICE.actor, "site")}


async def test_a_modbus_grid_meter_wins_and_unknown_is_not_none(tmp_path: Path) -> None:
    async with bus(tmp_path) as stage, running(serve(stage.settings)):
        await stage.put_grid(35)
        await stage.meters(("hems-12345678", GRID), by_eebus=True)
        await stage.meters()
        await stage.until(lambda state: state.ladder == "hold")
        await stage.meters(("grid-1", GRID), ("sub-1", SUB))
        shown = await stage.until(lambda state: len(state.meters) == 3)
        names = {health.settings.meter for health in shown.meters}
        assert names == {"hems-12345678", "grid-1", "sub-1"}
        assert (await stage.ask(on.CIRCUIT_PUT, circuit("garage", meter="sub-1"))).circuit.meter
        wrong = circuit("shed", meter="grid-1")
        assert await stage.refused(on.CIRCUIT_PUT, wrong) == ("unknown-meter", "/meter")
        await stage.meters()  # the Modbus meters are removed
        await stage.until(lambda state: len(state.meters) == 1 and state.ladder == "hold")
        await stage.meters(by_eebus=True)
        await stage.until(lambda state: state.ladder == "no-meter")


async def test_a_revision_holds_also_for_the_first_setting_and_for_a_removal(
    tmp_path: Path,
) -> None:
    async with cem(tmp_path) as stage:
        grid = site_pb2.GridConnection(
            fuse_a={"l1": 25, "l2": 25, "l3": 25}, phases=3, revision=NEVER_SET
        )
        first = site_pb2.PutGridConnectionRequest(settings=grid)
        assert (await stage.ask(on.GRID_CONNECTION_PUT, first)).settings.revision == 1
        assert await stage.refused(on.GRID_CONNECTION_PUT, first) == (
            "revision-conflict", "/revision",
        )  # fmt: skip
        await stage.ask(on.CIRCUIT_PUT, circuit("garage"))
        await stage.ask(on.CIRCUIT_PUT, circuit("garage"))
        for revision in (1, 3, NEVER_SET):
            gone = site_pb2.RemoveCircuitRequest(circuit="garage", revision=revision)
            assert (await stage.refused(on.CIRCUIT_REMOVE, gone))[0] == "revision-conflict"
        await stage.ask(
            on.CIRCUIT_REMOVE, site_pb2.RemoveCircuitRequest(circuit="garage", revision=2)
        )
        van = operating_pb2.PutCarRequest(car=operating_pb2.Car(name="Van"))
        id_ = (await stage.ask(on.CAR_PUT, van)).car.car
        gone_car = operating_pb2.RemoveCarRequest(car=id_, revision=7)
        assert (await stage.refused(on.CAR_REMOVE, gone_car))[0] == "revision-conflict"


async def test_more_circuits_and_cars_than_a_site_file_takes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "MOST_CIRCUITS", 2)
    monkeypatch.setattr(installation, "MOST_CARS", 2)
    async with cem(tmp_path) as stage:
        await stage.put_grid()
        for number in range(2):
            await stage.ask(on.CIRCUIT_PUT, circuit(f"c{number}"))
            await stage.ask(on.CAR_PUT, car(name="Van"))
        assert await stage.refused(on.CIRCUIT_PUT, circuit("c2")) == ("too-many", "/circuit")
        assert await stage.refused(on.CAR_PUT, car(name="Van")) == ("too-many", "/car")
        await stage.ask(on.CIRCUIT_PUT, circuit("c1", name="Garage"))
