"""The driver of phase switching against the virtual charger's own interface, over real HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, StreamingResponse

from cem.core.charger import Charger
from cem.core.events import Event, PhasesSwitched
from cem.core.site import ChargerSettings, PhaseSwitching
from cem.noticeboard import Noticeboard
from cem.phase_switching.client import Client
from cem.phase_switching.contract import ContractError
from cem.phase_switching.driver import Driver, Wishes
from eebus.transport.node import Network
from meter_profiles.catalogue import profile
from virtual_site.api.app import build
from virtual_site.core import world as worlds
from virtual_site.core.car import CarModel, Standard
from virtual_site.core.relay import PhaseSwitching as Ability
from virtual_site.modbus_meter import ModbusMeter
from virtual_site.scenario_file import load
from virtual_site.serving import serve
from virtual_site.site import VirtualSite
from virtual_site.store import ChargerStore, MeterStore
from virtual_site.wallbox import Wallbox
from volthus_kit.ports import free_port
from volthus_kit.testing import FakeClock

SKI = "a" * 40


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(serve(app, listener))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class Bench:
    """The virtual world beside the driver; time passes in both when told."""

    def __init__(self, folder: Path, client: Client) -> None:
        store = MeterStore(folder)
        meter = ModbusMeter(profile("cg_em24_e1"), "127.0.0.1", 0)
        self.world = VirtualSite(worlds.begin(load("still"), store.load()), meter, store)
        self.world.connect(
            [
                Wallbox(ChargerStore(folder / f"{n}"), Network(), self.world.changer(n))
                for n in range(len(self.world.world.chargers))
            ]
        )
        self.world.set_phase_switching(0, Ability.LOCAL_API)
        self.clock = FakeClock()
        self.board = Noticeboard(self.clock.monotonic)
        self.told: list[int | None] = []
        self.wanted: int | None = None
        self.url = ""
        self.driver = Driver(
            Wishes(lambda: {SKI: self.charger}, lambda _: self.wanted, self.heard),
            client,
            self.clock,
            self.board,
        )

    @property
    def charger(self) -> Charger:
        ability = PhaseSwitching.LOCAL_API if self.url else PhaseSwitching.NONE
        return Charger(
            SKI,
            ChargerSettings(
                SKI,
                phase_switching=ability,
                phase_switching_url=self.url,
                is_phase_switching_confirmed=True,
            ),
        )

    def heard(self, event: Event) -> None:
        assert isinstance(event, PhasesSwitched)
        if self.told[-1:] != [event.phases]:
            self.told.append(event.phases)

    async def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.go_on(1.0)
            self.world.play(1.0, self.clock.monotonic())
            await asyncio.gather(*self.driver.visits())

    def notices(self) -> list[tuple[str, str]]:
        return [(n.code, dict(n.params).get("reason", "")) for n in self.board.notices]


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    async with Client.open() as client:
        made = Bench(folder, client)
        async with served(build(made.world, "")) as url:
            made.url = f"{url}/charger/1/phase-switching"
            yield made


async def test_one_phase_is_asked_for_and_reported_once_it_is_there(tmp_path: Path) -> None:
    async with bench(tmp_path) as site:
        await site.go_on(2)
        assert site.told == [3]
        site.wanted = 1
        await site.go_on(5)
        assert site.world.world.chargers[0].relay.target == 1
        assert site.told == [3]  # the relay is on its way
        await site.go_on(15)
        assert site.told == [3, 1]
        assert site.world.world.chargers[0].conductors == 1
        assert site.notices() == []


async def test_a_charger_that_goes_back_by_itself_is_not_fought_over(tmp_path: Path) -> None:
    async with bench(tmp_path) as site:
        site.wanted = 1
        await site.go_on(20)
        site.world.switch_phases(0, 3)
        await site.go_on(60)
        assert site.told == [3, 1, 3]
        await site.go_on(120)
        assert site.told == [3, 1, 3, 1]


async def test_a_digital_car_refuses_and_people_hear_why(tmp_path: Path) -> None:
    async with bench(tmp_path) as site:
        car = CarModel(phases=3, max_a=16, energy_wh=50_000, standard=Standard.ISO15118_ED1)
        site.world.set_plc(0, on=True)
        site.world.plug(0, car)
        await site.go_on(10)
        site.wanted = 1
        await site.go_on(12)
        assert site.notices() == [("phase-switching-refused", "iso15118-session")]
        assert site.told == [3]
        site.world.unplug(0)
        await site.go_on(60)
        assert site.told == [3, 1]
        assert site.notices() == []


async def test_who_does_not_answer_is_told_and_tried_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as site:
        there, site.url = site.url, f"http://127.0.0.1:{free_port()}/phases"
        site.wanted = 1
        await site.go_on(2)
        assert site.told == [None]
        assert [code for code, _ in site.notices()] == ["phase-switching-unreachable"]
        site.url = there
        await site.go_on(40)
        assert site.told == [None, 3, 1]
        assert site.notices() == []
        site.url = ""  # the electrician takes the ability away
        await site.go_on(2)
        assert site.told == [None, 3, 1, None]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"version": 2, "phases": 1, "target": 1, "state": "ready"}),
        (200, {"version": 1, "phases": 2, "target": 1, "state": "ready"}),
        (200, {"version": 1, "phases": 1, "target": 1, "state": "dreaming"}),
        (200, ["no"]),
        (200, {"version": 1, "pad": "x" * 5000}),
        (302, {}),
        (404, {}),
        (500, {}),
    ],
)
async def test_an_answer_that_is_not_by_the_contract_is_none(status: int, body: object) -> None:
    app = FastAPI()

    @app.get("/phases")
    async def phases() -> Response:
        return JSONResponse(body, status_code=status, headers={"location": "http://127.0.0.1:1/"})

    async with served(app) as url, Client.open() as client:
        with pytest.raises(ContractError):
            await client.look(f"{url}/phases")


async def test_a_charger_that_thinks_too_long_is_given_up() -> None:
    app = FastAPI()

    @app.put("/phases")
    async def phases() -> Response:
        await asyncio.sleep(30)
        return Response()

    async with served(app) as url, Client.open() as client:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ContractError):
            await client.switch(f"{url}/phases", 1)
        assert asyncio.get_running_loop().time() - began < 4


async def test_a_charger_that_answers_byte_by_byte_is_given_up() -> None:
    app = FastAPI()

    async def dribble() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.2)

    @app.get("/phases")
    async def phases() -> Response:
        return StreamingResponse(dribble())

    async with served(app) as url, Client.open() as client:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ContractError):
            await client.look(f"{url}/phases")
        assert asyncio.get_running_loop().time() - began < 4
