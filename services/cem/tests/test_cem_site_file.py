"""The site file over the bus and from disk: whole or not at all, and read-only elsewhere."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cem_stage import FAR, SERVICE, A, B, bus, cem, running
from prometheus_client import REGISTRY

from cem.commands.desk import Desk
from cem.commands.site_file import SiteFileCommands
from cem.core.state import State
from cem.service import serve
from cem.site_file import cli as site_file_cli
from cem.store import Store
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire import subjects as on
from volthus_wire.v1 import operating_pb2, records_pb2, site_pb2

FILE = f"""
version: 1
grid_connection: {{phases: 3, fuse_a: 35}}
circuits:
  garage: {{name: Garage, fuse_a: 20}}
chargers:
  {A}: {{circuit: garage, max_a: 16, mode: {{mode: min-solar}}}}
cars:
  van: {{name: Van, charger: {A}}}
operator: {{contract_w: 20000}}
energy_management: {{enabled: true, confirmed_no_other: true}}
"""


def apply(text: str, **more: object) -> records_pb2.ApplySiteFileRequest:
    return records_pb2.ApplySiteFileRequest(yaml=text, **more)


async def test_a_file_is_compared_applied_as_a_whole_and_read_back(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        dry = await stage.ask(on.SITE_FILE_APPLY, apply(FILE, dry_run=True))
        assert not dry.applied
        told = {change.pointer: (change.before, change.after) for change in dry.changes}
        assert told["/operator/contract_w"] == ("null", "20000.0")
        assert told[f"/chargers/{A}/mode/mode"] == ('"fast"', '"min-solar"')
        assert (await stage.state()).grid_connection.revision == 0
        done = await stage.ask(on.SITE_FILE_APPLY, apply(FILE))
        assert done.applied
        assert done.changes == dry.changes
        shown = await stage.state()
        assert shown.energy_management.on
        assert shown.chargers[0].mode.mode == "min-solar"
        assert [c.settings.circuit for c in shown.circuits] == ["garage"]
        again = await stage.ask(on.SITE_FILE_APPLY, apply(FILE))
        assert (again.applied, len(again.changes)) == (True, 0)
        read = await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())
        assert "/operator/contract_w" in read.managed
        whole = await stage.ask(on.SITE_FILE_APPLY, apply(read.yaml, dry_run=True))
        assert not whole.changes


async def test_one_wrong_line_changes_nothing_and_is_named(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A, B)
        for line, expected in (
            ("colour: red", ("unknown-setting", "/colour")),
            ("grid_connection: {fuse_a: 0}", ("fuse-out-of-range", "/grid_connection/fuse_a/l1")),
            (
                "circuits: {garage: {fuse_a: 16}, row: {fuse_a: 20, parent: garage}}",
                ("fuse-above-parent", "/circuits/row/fuse_a/l1"),
            ),
            (
                "circuits: {a: {fuse_a: 16, parent: b}, b: {fuse_a: 16, parent: a}}",
                ("circuit-loop", "/circuits/a/parent"),
            ),
            (
                f"circuits: {{a: {{fuse_a: 9}}}}\nchargers: {{{A}: {{circuit: a}}, "
                f"{B}: {{circuit: a}}}}",
                ("failsafe-sum-too-high", "/circuits"),
            ),
            (f"chargers: {{{A}: {{circuit: b}}}}", ("unknown-circuit", f"/chargers/{A}/circuit")),
            (
                f"chargers: {{{A}: {{goal: {{energy_wh: 900, car: x}}}}}}",
                ("unknown-car", f"/chargers/{A}/goal/car"),
            ),
            ("cars: {van: {}}", ("name-missing", "/cars/van/name")),
            ("operator: {failsafe_s: 5}", ("failsafe-s-out-of-range", "/operator/failsafe_s")),
            (
                "energy_management: {enabled: true}",
                ("confirmation-needed", "/energy_management/confirmed_no_other"),
            ),
        ):
            text = f"version: 1\n{line}\n"
            if "operator" not in line:
                text += "operator: {contract_w: 9000}\n"
            assert await stage.refused(on.SITE_FILE_APPLY, apply(text)) == expected
        told = await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())
        assert "contract_w: null" in told.yaml
        assert not told.managed


async def test_what_a_file_manages_is_read_only_until_it_is_released(tmp_path: Path) -> None:
    async with bus(tmp_path) as stage:
        async with running(serve(stage.settings)):
            await stage.pair(A)
            await stage.ask(on.SITE_FILE_APPLY, apply(FILE))
        async with running(serve(stage.settings)):  # it is known again after a restart
            await stage.pair(A)
            settings = (await stage.state()).chargers[0].settings
            settings.priority = 5  # the file does not speak of it
            kept = await stage.ask(on.CHARGER_PUT, site_pb2.PutChargerRequest(settings=settings))
            settings.CopyFrom(kept.settings)
            settings.max_a = 20
            question = site_pb2.PutChargerRequest(settings=settings)
            assert await stage.refused(on.CHARGER_PUT, question) == ("managed-by-file", "/max_a")
            mode = operating_pb2.PutModeRequest(ski=A, mode={"mode": "fast"})
            assert await stage.refused(on.MODE_PUT, mode) == ("managed-by-file", "/mode")
            shed = site_pb2.PutCircuitRequest(
                circuit=site_pb2.Circuit(circuit="shed", fuse_a={"l1": 16, "l2": 16, "l3": 16})
            )
            assert (await stage.refused(on.CIRCUIT_PUT, shed))[0] == "managed-by-file"
            van = operating_pb2.RemoveCarRequest(car="van")
            assert (await stage.refused(on.CAR_REMOVE, van))[0] == "managed-by-file"
            off = site_pb2.PutEnergyManagementRequest(settings=site_pb2.EnergyManagement())
            assert (await stage.refused(on.ENERGY_MANAGEMENT_PUT, off))[0] == "managed-by-file"
            aim = "{energy_wh: 900, departure: '2030-01-01T07:00:00Z'}"
            goal = f"{{version: 1, chargers: {{{A}: {{goal: {aim}}}}}}}"
            told = await stage.ask(on.SITE_FILE_APPLY, apply(goal, dry_run=True))
            pointers = [change.pointer for change in told.changes]
            assert f"/chargers/{A}/goal/energy_wh" in pointers
            assert f"/chargers/{A}/goal" not in pointers, "null and null are no change"
            tried = await stage.ask(on.SITE_FILE_APPLY, apply("", release=True, dry_run=True))
            assert not tried.applied
            assert (await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())).managed
            released = await stage.ask(on.SITE_FILE_APPLY, apply("", release=True))
            assert released.applied
            await stage.ask(on.CHARGER_PUT, question)
            await stage.ask(on.MODE_PUT, mode)
            await stage.ask(on.CIRCUIT_PUT, shed)


async def test_a_file_from_afar_raises_no_fuse(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.ask(on.SITE_FILE_APPLY, apply(FILE))
        for text, field in (
            (FILE.replace("fuse_a: 35", "fuse_a: 40"), "/grid_connection/fuse_a"),
            (FILE.replace("fuse_a: 20", "fuse_a: 25"), "/circuits/garage"),
            (FILE.replace("circuit: garage, ", "circuit: main, "), f"/chargers/{A}/circuit"),
            ("{version: 1, circuits: {}, chargers: {" + A + ": {circuit: main}}}",
             "/circuits/garage"),
        ):  # fmt: skip
            refused = await stage.refused(on.SITE_FILE_APPLY, apply(text), FAR)
            assert refused == ("confirmation-at-site-needed", field)
        await stage.ask(on.SITE_FILE_APPLY, apply(FILE.replace("fuse_a: 20", "fuse_a: 16")), FAR)


async def test_a_file_on_disk_is_applied_before_the_first_limit_and_on_every_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cem.site_file.following.LOOK_EVERY_S", 0.1)
    path = tmp_path / "site.yaml"
    path.write_text(FILE)
    async with cem(tmp_path / "state", site_file=path) as stage:
        assert (await stage.state()).grid_connection.fuse_a.l1 == 35
        path.write_text(FILE.replace("fuse_a: 35", "fuse_a: 0"))

        def is_told(state: site_pb2.SiteState) -> bool:
            return "site-file-refused" in [notice.code for notice in state.notices]

        shown = await stage.until(is_told)
        notice = next(n for n in shown.notices if n.code == "site-file-refused")
        assert notice.params["reason"] == "fuse-out-of-range"
        assert notice.params["pointer"] == "/grid_connection/fuse_a/l1"
        assert shown.grid_connection.fuse_a.l1 == 35
        path.write_text(FILE.replace("fuse_a: 35", "fuse_a: 32"))
        shown = await stage.until(lambda state: not is_told(state))
        assert shown.grid_connection.fuse_a.l1 == 32
        path.unlink()
        assert (await stage.until(is_told)).grid_connection.fuse_a.l1 == 32


async def test_what_is_set_otherwise_than_the_file_says_is_shown_until_the_file_is_followed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cem.site_file.following.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("cem.site_file.following.COMPARE_EVERY_LOOKS", 2)
    path = tmp_path / "site.yaml"
    path.write_text(FILE)

    def is_told(state: site_pb2.SiteState) -> bool:
        return "site-file-drift" in [notice.code for notice in state.notices]

    async with cem(tmp_path / "state", site_file=path) as stage:
        assert not is_told(await stage.state())
        await stage.ask(on.SITE_FILE_APPLY, apply("", release=True))
        by_hand = "version: 1\ngrid_connection: {fuse_a: 32}\n"
        await stage.ask(on.SITE_FILE_APPLY, apply(by_hand))
        shown = await stage.until(is_told)
        notice = next(n for n in shown.notices if n.code == "site-file-drift")
        assert notice.params["count"] == "3"
        assert notice.params["pointer"].startswith("/grid_connection/fuse_a/l1")
        assert REGISTRY.get_sample_value("volthus_site_file_drift_settings") == 3
        assert shown.grid_connection.fuse_a.l1 == 32  # shown, not set back
        path.write_text(FILE + "# once more\n")
        shown = await stage.until(lambda state: not is_told(state))
        assert shown.grid_connection.fuse_a.l1 == 35


async def test_the_command_line_tells_what_a_file_would_change_and_ends_as_diff_does(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(FILE)
    async with cem(tmp_path / "state", site_file=path) as stage:
        await stage.state()  # it answers by now
        monkeypatch.setenv("VOLTHUS_NATS_URL", stage.settings.nats_url)
        monkeypatch.setenv("VOLTHUS_SITE", stage.settings.site)
        monkeypatch.setenv("VOLTHUS_SITE_FILE", str(path))

        async def run(*arguments: str) -> tuple[int, str]:
            code = await asyncio.to_thread(site_file_cli.main, arguments)
            told = capsys.readouterr()
            return code, told.out + told.err

        assert await run("drift") == (0, "")
        other = tmp_path / "other.yaml"
        other.write_text(FILE.replace("contract_w: 20000", "contract_w: 10000"))
        assert await run("diff", str(other)) == (
            1,
            "/operator/contract_w\n- 20000.0\n+ 10000.0\n",
        )
        other.write_text(FILE.replace("fuse_a: 35", "fuse_a: 0"))
        code, told = await run("diff", str(other))
        assert (code, "fuse-out-of-range" in told) == (2, True)
        code, shown = await run("show")
        other.write_text(shown)
        assert (code, await run("diff", str(other))) == (0, (0, ""))
    assert site_file_cli.main(["check", str(path)]) == 0
    path.write_text("version: 1\nfuze: 3\n")
    assert site_file_cli.main(["check", str(path)]) == 2
    assert "unknown-setting" in capsys.readouterr().err


async def test_a_database_that_takes_nothing_leaves_the_whole_file_undone(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        other = sqlite3.connect(tmp_path / "cem.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RefusedError, match="store-failing"):
            await stage.ask(on.SITE_FILE_APPLY, apply(FILE))
        other.execute("ROLLBACK")
        other.close()
        read = await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())
        assert not read.managed
        assert (await stage.ask(on.SITE_FILE_APPLY, apply(FILE))).applied


WRITER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from cem.core.circuits import CircuitSettings
from cem.core.operating import OperatorSettings
from cem.store import Change, Store
from electrical.phases import on_every_phase
from volthus_wire.v1.rpc_pb2 import Caller

store = Store(Path(sys.argv[1]))
store.load(datetime.now(UTC))
for number in itertools.count(1):
    circuit = CircuitSettings("garage", on_every_phase(16.0), str(number), revision=number)
    operator = OperatorSettings(contract_w=1000.0 + number, revision=number)
    store.save(
        [Change("circuit/garage", None, circuit), Change("operator", None, operator)],
        Caller(actor=str(number)),
        managed=[f"/{number}"],
    )
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_the_old_settings_or_the_new_never_a_mixture(
    tmp_path: Path,
) -> None:
    for writes in (1, 7, 20):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            acknowledged = 0
            for _ in range(writes):
                acknowledged = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            rest = [int(line) for line in writer.stdout.read().split("\n") if line]
            acknowledged = max([acknowledged, *rest])
        store = Store(tmp_path)
        remembered = store.load(datetime.now(UTC))[0]
        number = remembered.operator.revision
        assert number in (acknowledged, acknowledged + 1)
        assert remembered.circuits[0].revision == number
        assert remembered.operator.contract_w == 1000.0 + number
        assert store.managed() == {f"/{number}"}
        last = store.audit()[-2:]
        assert [row.actor for row in last] == [str(number)] * 2
        assert json.loads(last[1].after)["revision"] == number
        store.close()


async def test_a_backup_put_back_manages_nothing_and_leaves_alone_what_a_file_manages(
    tmp_path: Path,
) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)
        await stage.ask(on.SITE_FILE_APPLY, apply(FILE, restore=True))
        read = await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())
        assert not read.managed
        changed = FILE.replace("contract_w: 20000", "contract_w: 15000")
        await stage.ask(on.SITE_FILE_APPLY, apply(changed))
        for text in (FILE, FILE.replace("  van: {name: Van", "  bus: {name: Bus")):
            for dry_run in (True, False):
                with pytest.raises(RefusedError, match="managed-by-file"):
                    await stage.ask(on.SITE_FILE_APPLY, apply(text, restore=True, dry_run=dry_run))
        same = await stage.ask(on.SITE_FILE_APPLY, apply(changed, restore=True))
        assert (same.applied, len(same.changes)) == (True, 0)
        assert (await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())).managed


async def test_control_goes_on_while_a_large_file_is_read(tmp_path: Path) -> None:
    clock, turns = FakeClock(), 0
    controller = SimpleNamespace(state=State())
    commands = SiteFileCommands(Desk(controller, Store(tmp_path), clock, remote_fuse=False))

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with running(others()):
        with pytest.raises(RefusedError, match="version"):
            await commands.apply("a: [" + "1," * 20_000 + "]", SERVICE)
    assert turns > 0
