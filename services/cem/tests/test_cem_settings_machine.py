"""Any commands in any order, restarts and kills between them: what is in force is stored."""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import Session

from cem.commands import Commands
from cem.commands.desk import Desk
from cem.core.decision import Limit
from cem.core.events import ChargersPaired
from cem.core.state import Remembered, restored
from cem.loop import Controller
from cem.messages.settings import charger_message
from cem.picture.site import Named
from cem.site_file.plain import of_installation
from cem.store import Store
from cem.store.store import _read
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.v1 import operating_pb2, operator_pb2, records_pb2, site_pb2, tariff_pb2
from volthus_wire.v1.rpc_pb2 import Caller

A, B = "a" * 40, "b" * 40
SVEN = Caller(actor="sven", role="service", origin="site")
MEMORY = Path("/dev/shm")  # noqa: S108 - each commit waits for the disk, where it is one
FOLDER = MEMORY if MEMORY.is_dir() else None
skis = st.sampled_from([A, B])
circuits = st.sampled_from(["garage", "row", "shed"])
fuses = st.sampled_from([9.0, 16.0, 20.0, 35.0, 50.0])


class Nowhere:
    """The bus is away: nothing goes out."""

    async def send_limit(
        self, limit: Limit, reason: str, now: float, least_a: float | None = None
    ) -> bool:
        return False

    async def send_state(self, message: site_pb2.SiteState) -> bool:
        return False


def by_phase(amperes: float) -> dict[str, float]:
    return {"l1": amperes, "l2": amperes, "l3": amperes}


class Settings(RuleBasedStateMachine):
    """Commands at a desk; every refusal leaves all as it was."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cem-machine-", dir=FOLDER))
        self.clock = FakeClock(datetime.now(UTC))
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        remembered, _, is_written = self.store.load(self.clock.now())
        assert is_written
        state = restored(remembered, self.clock.monotonic(), self.clock.now())
        named = Named("demo", "Demo", "0")
        self.controller = Controller(state, Nowhere(), self.clock, named)  # type: ignore[arg-type]
        self.controller.happened(ChargersPaired((A, B)))
        self.desk = Desk(self.controller, self.store, self.clock, remote_fuse=False)
        self.commands = Commands.at(self.desk, tuple)
        asyncio.run(self.desk.read_managed())

    def do(self, work) -> None:
        before = self.desk.installation, self.desk.managed
        refused = ""
        try:
            asyncio.run(work)
        except RefusedError as no:
            refused = no.code
        assert refused != "store-failing"
        if refused:
            assert (self.desk.installation, self.desk.managed) == before

    # --- commands --------------------------------------------------------------------------------

    @rule(fuse=fuses, phases=st.sampled_from([1, 3]))
    def set_grid(self, fuse: float, phases: int) -> None:
        wanted = site_pb2.GridConnection(fuse_a=by_phase(fuse), phases=phases)
        question = site_pb2.PutGridConnectionRequest(settings=wanted)
        self.do(self.commands.site.put_grid(question, SVEN))

    @rule(on=st.booleans(), confirmed=st.booleans())
    def switch(self, on: bool, confirmed: bool) -> None:
        wanted = site_pb2.EnergyManagement(on=on, confirmed_no_other=confirmed)
        question = site_pb2.PutEnergyManagementRequest(settings=wanted)
        self.do(self.commands.site.put_energy_management(question, SVEN))

    @rule(id_=circuits, fuse=fuses, parent=st.sampled_from(["", "garage", "row", "attic"]))
    def set_circuit(self, id_: str, fuse: float, parent: str) -> None:
        wanted = site_pb2.Circuit(circuit=id_, fuse_a=by_phase(fuse), parent=parent)
        question = site_pb2.PutCircuitRequest(circuit=wanted)
        self.do(self.commands.circuits.put(question, SVEN))

    @rule(id_=circuits)
    def remove_circuit(self, id_: str) -> None:
        question = site_pb2.RemoveCircuitRequest(circuit=id_)
        self.do(self.commands.circuits.remove(question, SVEN))

    @rule(ski=skis, circuit=st.sampled_from(["", "garage", "row"]), failsafe=st.floats(0, 20))
    def set_charger(self, ski: str, circuit: str, failsafe: float) -> None:
        wanted = charger_message(self.desk.known(ski))
        wanted.circuit, wanted.failsafe_a = circuit, failsafe
        question = site_pb2.PutChargerRequest(settings=wanted)
        self.do(self.commands.chargers.put(question, SVEN))

    @rule(ski=skis, mode=st.sampled_from(["off", "fast", "solar-only", "sport"]))
    def set_mode(self, ski: str, mode: str) -> None:
        question = operating_pb2.PutModeRequest(ski=ski, mode={"mode": mode})
        self.do(self.commands.driving.put_mode(question, SVEN))

    @rule(ski=skis, soc=st.one_of(st.none(), st.floats(1, 120)), car=st.sampled_from(["", "van"]))
    def set_goal(self, ski: str, soc: float | None, car: str) -> None:
        question = operating_pb2.PutGoalRequest(goal={"ski": ski, "soc_percent": soc, "car": car})
        self.do(self.commands.driving.put_goal(question, SVEN))

    @rule(ski=st.sampled_from(["", A]))
    def add_car(self, ski: str) -> None:
        question = operating_pb2.PutCarRequest(car={"name": "Van", "charger": ski})
        self.do(self.commands.driving.put_car(question, SVEN))

    @rule(id_=st.sampled_from(["van", "van-2", "van-3"]))
    def remove_car(self, id_: str) -> None:
        question = operating_pb2.RemoveCarRequest(car=id_)
        self.do(self.commands.driving.remove_car(question, SVEN))

    @rule(watt=st.one_of(st.none(), st.floats(0, 9000)))
    def limit(self, watt: float | None) -> None:
        question = operator_pb2.PutOperatorLimitRequest(limit_w=watt)
        self.do(self.commands.operating.put_limit(question, SVEN))

    @rule(markup=st.floats(-2000, 2000), token=st.sampled_from(["", "key"]), keeps=st.booleans())
    def set_tariff(self, markup: float, token: str, keeps: bool) -> None:
        tariff = tariff_pb2.Tariff(
            source="sample", currency="EUR", token=token, has_token=keeps,
            bought={"markup_per_kwh": markup},
        )  # fmt: skip
        question = tariff_pb2.PutTariffRequest(tariff=tariff)
        self.do(self.commands.outlook.put_tariff(question, SVEN))

    @rule(latitude=st.none() | st.floats(-100, 100), zone=st.sampled_from(["", "UTC", "Moon"]))
    def set_planning(self, latitude: float | None, zone: str) -> None:
        wanted = tariff_pb2.PlanningSettings(latitude=latitude, longitude=1.0, time_zone=zone)
        question = tariff_pb2.PutPlanningRequest(settings=wanted)
        self.do(self.commands.outlook.put_planning(question, SVEN))

    @rule(system=st.sampled_from(["", "roof", "attic"]), tilt=st.floats(0, 120))
    def set_roof(self, system: str, tilt: float) -> None:
        wanted = tariff_pb2.PvSystem(system=system, name="Roof", peak_w=5000, tilt_deg=tilt)
        question = tariff_pb2.PutPvSystemRequest(system=wanted)
        self.do(self.commands.outlook.put_pv_system(question, SVEN))

    @rule(system=st.sampled_from(["roof", "roof-2"]))
    def remove_roof(self, system: str) -> None:
        question = tariff_pb2.RemovePvSystemRequest(system=system)
        self.do(self.commands.outlook.remove_pv_system(question, SVEN))

    @rule(fuse=fuses, circuit=circuits, release=st.booleans())
    def apply_file(self, fuse: float, circuit: str, release: bool) -> None:
        text = f"""
        version: 1
        grid_connection: {{phases: 3, fuse_a: {fuse}}}
        circuits: {{{circuit}: {{fuse_a: 16}}}}
        chargers: {{{A}: {{circuit: {circuit}}}, {B}: {{circuit: main, mode: {{mode: fast}}}}}}
        """
        question = records_pb2.ApplySiteFileRequest(yaml=text, release=release)
        self.do(self.commands.site_file.put(question, SVEN))

    # --- what goes wrong -------------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        before = of_installation(self.desk.installation), self.controller.state.api_limit
        self.store.close()
        self.open()
        assert (of_installation(self.desk.installation), self.controller.state.api_limit) == before

    @rule()
    def be_killed(self) -> None:
        """Go on from the files as they lie there, write-ahead log and all."""
        before = of_installation(self.desk.installation), self.desk.managed
        there = Path(tempfile.mkdtemp(prefix="cem-machine-", dir=FOLDER))
        for file in self.folder.iterdir():
            shutil.copy(file, there / file.name)
        self.store.close()
        shutil.rmtree(self.folder)
        self.folder = there
        self.open()
        assert (of_installation(self.desk.installation), self.desk.managed) == before

    # --- laws ------------------------------------------------------------------------------------

    @invariant()
    def what_is_in_force_is_what_is_stored(self) -> None:
        if not hasattr(self, "store"):
            return
        stored = self.store_again()
        installation = self.desk.installation
        assert stored.circuits == installation.circuits
        assert (stored.grid, stored.operator) == (installation.grid, installation.operator)
        assert stored.energy_management == installation.energy_management
        assert (stored.modes, stored.goals) == (installation.modes, installation.goals)
        assert stored.cars == installation.cars
        assert (stored.tariff, stored.planning) == (installation.tariff, installation.planning)
        assert stored.pv_systems == installation.pv_systems
        assert (self.store.token() is not None) is installation.tariff.has_token
        assert stored.api_limit == self.controller.state.api_limit
        for ski, charger in stored.charger_settings.items():
            assert installation.chargers[ski] == charger

    @invariant()
    def energy_management_off_releases_every_charger(self) -> None:
        if not hasattr(self, "store"):
            return
        self.clock.go_on(2.0)
        asyncio.run(self.controller.turn())
        state, limits = self.controller.state, self.controller.decision.limits
        if not state.energy_management.on:
            assert set(limits) == {A, B}
            assert all(limit.is_release for limit in limits.values())

    def store_again(self) -> Remembered:
        with Session(self.store.engine) as session:
            return _read(session)[0]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


TestSettings = Settings.TestCase
TestSettings.settings = settings(
    max_examples=6,
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),  # explaining traces every line, SQLAlchemy's too
)
