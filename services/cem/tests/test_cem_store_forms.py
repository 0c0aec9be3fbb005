"""Every form of the settings in the database: what is kept, and files of older releases."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cem.core.circuits import CircuitSettings
from cem.core.conduct import KeptSoc
from cem.core.driving import Car, ChargingMode, Goal, Mode, SmartSwitches, WeeklyDeparture
from cem.core.operating import LimitState, OperatorLimit, OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from cem.core.state import kept_socs, restored
from cem.core.tariff import (
    Bought,
    FedIn,
    Objective,
    PlanningSettings,
    PvSystem,
    Rate,
    Rates,
    Tariff,
)
from cem.store import Change, Kept, Store
from cem.store.changes import Setting
from electrical.phases import Phases, on_every_phase
from electrical.rotation import Rotation
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SVEN = Caller(actor="sven", role="service", origin="site")
A, B = "a" * 40, "b" * 40
GARAGE = CircuitSettings("garage", on_every_phase(20.0), "Garage", "main", 1.0, "sub-1", 3)
CAR = Car("blue-van", "Blue van", 58_000.0, 16.0, 3, 20.0, "02:00:5e:10:00:07", A, 2)
WEEK = (WeeklyDeparture(1, 450), WeeklyDeparture(5, 360))
ORDER = OperatorLimit(
    "lpc", "eebus", "c" * 40, LimitState.LIMITED, 4200.0, NOW + timedelta(hours=1), 4200.0,
    7200.0, True, NOW, NOW, "Control box",
)  # fmt: skip
BY_API = OperatorLimit(
    source="api",
    state=LimitState.LIMITED,
    limit_w=3000.0,
    since=NOW,
    heard=NOW,
    reference="order 7",
)


RATES = Rates((Rate(0.04, 0, 360, (1, 12), (6, 7)), Rate(0.2, 360, 1320)), 0.1)
TARIFF = Tariff(
    "energy-charts", "DE-LU", True, "EUR", Bought(RATES, 0.02, Rates((), 0.09), 0.05, 19.0, 60),
    FedIn(0.08, 90.0, 0.01, True), "co2", "DE", 4,
)  # fmt: skip


def opened(folder: Path) -> Store:
    store = Store(folder)
    store.load(NOW)
    return store


def after_restart(store: Store, folder: Path):
    store.close()
    again = Store(folder)
    try:
        return again.load(NOW)[0]
    finally:
        again.close()


def test_a_file_of_the_first_release_is_taken_over_with_all_its_data(tmp_path: Path) -> None:
    form = Path(__file__).with_name("forms") / "release-0.1.0.sql"
    with sqlite3.connect(tmp_path / "cem.sqlite") as old:
        old.executescript(form.read_text())
    old.close()
    for _ in range(2):  # the second start finds today's form
        store = Store(tmp_path)
        remembered, epoch, is_written = store.load(NOW)
        assert is_written
        assert epoch > 1795340000000
        assert remembered.grid == GridConnection(
            Phases(35.0, 35.0, 32.0), 3, None, Phases(5.0, 4.0, 3.0), Phases(12.0, None, 12.0), 7
        )
        assert remembered.energy_management == EnergyManagement(True, True, 3)
        assert remembered.charger_settings == {
            A: ChargerSettings(A, 6.0, 16.0, 3, Rotation.STR, 6.0, 1, revision=2),
            B: ChargerSettings(B, 6.0, 32.0, 1, Rotation.RST, 0.0, 2, revision=1),
        }
        assert (remembered.paired, remembered.grid_meter) == ((A,), "grid-1")
        assert store.audit()[0].actor == "sven"
        changed = ChargerSettings(A, weight=2.0, circuit="garage", revision=3)
        store.save([Change(f"charger/{A}", None, changed)], SVEN)
        store.save([Change(f"charger/{A}", None, remembered.charger_settings[A])], SVEN)
        store.close()


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("circuit/garage", GARAGE),
        (f"mode/{A}", ChargingMode(Mode.SMART, SmartSwitches(True, False, True), 4)),
        ("car/blue-van", CAR),
        (f"goal/{A}", Goal(A, soc_percent=80.0, departure=NOW, car="blue-van", revision=2)),
        (f"goal/{B}", Goal(B, energy_wh=9000.0, weekly=WEEK, revision=1)),
        ("operator", OperatorSettings(True, (4200.0, 6000.0), 30_000.0, 4300.0, 3600.0, 5)),
        ("operator-limit", BY_API),
        ("tariff", TARIFF),
        (
            "planning",
            PlanningSettings(52.5, 13.4, "Europe/Berlin", 300.0, Objective.CO2, "w", 3, True),
        ),
        ("pv-system/south", PvSystem("south", "South", 6000.0, 35.0, 170.0, 5000.0, 12.0, 2)),
        (
            f"charger/{A}",
            ChargerSettings(
                A,
                6.0,
                16.0,
                3,
                Rotation.STR,
                6.0,
                1,
                2.5,
                "garage",
                10.0,
                4,
                PhaseSwitching.LOCAL_API,
                "http://10.0.0.7/phases",
                True,
                8.0,
            ),
        ),
    ],
)
def test_each_setting_comes_back_as_it_was_and_can_be_taken_away(
    name: str, setting: Setting, tmp_path: Path
) -> None:
    store = opened(tmp_path)
    nothing = after_restart(store, tmp_path)
    store = opened(tmp_path)
    store.save([Change(name, None, setting)], SVEN)
    found = after_restart(store, tmp_path)
    kind, _, ski = name.partition("/")
    where = {
        "circuit": found.circuits,
        "car": found.cars,
        "mode": (found.modes.get(ski),),
        "goal": (found.goals.get(ski),),
        "charger": (found.charger_settings.get(ski),),
        "operator": (found.operator,),
        "operator-limit": (found.api_limit,),
        "tariff": (found.tariff,),
        "planning": (found.planning,),
        "pv-system": found.pv_systems,
    }[kind]
    assert where == (setting,)
    store = opened(tmp_path)
    store.save([Change(name, setting, None)], SVEN)
    assert (store.audit()[-1].setting, store.audit()[-1].after) == (name, "null")
    assert after_restart(store, tmp_path) == nothing


def test_many_settings_are_saved_together_or_not_at_all(tmp_path: Path) -> None:
    store = opened(tmp_path)
    changes = [Change("circuit/garage", None, GARAGE), Change("car/blue-van", None, CAR)]
    with store.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TRIGGER no BEFORE INSERT ON cem_car BEGIN "
                                   "SELECT RAISE(ABORT, 'no room'); END")  # fmt: skip
        connection.commit()
    with pytest.raises(RefusedError, match="store-failing"):
        store.save(changes, SVEN, managed=["/circuits/garage"])
    assert store.managed() == frozenset()
    assert store.audit() == []
    assert after_restart(store, tmp_path).circuits == ()


def test_what_a_site_file_manages_is_kept(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.save([], SVEN, managed=["/operator", "/cars/blue-van"])
    store.save([Change("car/blue-van", None, CAR)], SVEN)
    assert store.managed() == {"/operator", "/cars/blue-van"}
    store.save([], SVEN, managed=[])
    assert store.managed() == frozenset()


def test_limits_phase_switches_and_batteries_outlive_a_restart(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.save([Change("operator-limit", None, BY_API)], SVEN)
    switches = ((A, (NOW, NOW - timedelta(minutes=9))), (B, (NOW,)))
    word = KeptSoc(40.0, NOW, "push", 2.5, 700.0, NOW - timedelta(minutes=3))
    store.remember(Kept((A,), "grid-1", (ORDER,), switches, (("blue-van", word),)))
    found = after_restart(store, tmp_path)
    assert found.operator_limits[0].limit_w == 4200
    assert found.operator_limits[0].state is LimitState.LIMITED
    assert not found.operator_limits[0].is_connected  # until it is heard again
    assert found.api_limit == BY_API
    assert found.phase_switches == {A: (NOW - timedelta(minutes=9), NOW), B: (NOW,)}
    assert found.socs == {"blue-van": word}
    state = restored(found, 1000.0, NOW)
    assert state.socs["blue-van"].told_s == 1000.0
    assert state.socs["blue-van"].left_s == 820.0
    assert kept_socs(state) == {"blue-van": word}
    store = opened(tmp_path)
    store.remember(Kept())
    found = after_restart(store, tmp_path)
    assert (found.operator_limits, found.phase_switches) == ((), {})
    assert found.api_limit == BY_API


def test_the_audit_tells_times_and_words_readably(tmp_path: Path) -> None:
    store = opened(tmp_path)
    goal = Goal(A, soc_percent=80.0, departure=NOW, weekly=WEEK)
    store.save([Change(f"goal/{A}", None, goal)], SVEN)
    told = json.loads(store.audit()[0].after)
    assert told["departure"] == "2026-11-22T08:00:00+00:00"
    assert told["weekly"][0] == {"weekday": 1, "minute": 450}
    store.close()
