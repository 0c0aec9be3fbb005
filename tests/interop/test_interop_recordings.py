"""Makes the recordings in libs/eebus/tests/transcripts anew, with the reference as the peer.

Only where VOLTHUS_INTEROP_RECORD names the folder to write them to. Replayed by the tests of
libs/eebus in every run, also where no Go is.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from interop import Program, tells

FOLDER = os.environ.get("VOLTHUS_INTEROP_RECORD", "")
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not FOLDER, reason="recordings are made only on request"),
]


def limits(kind, *values):
    return tells("limits", kind=kind, active=True, values=list(values))


def thin(file: Path) -> None:
    """Leave out `decoded`, which repeats `raw` for people: recordings we keep are small."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        line.pop("decoded", None)
    written = (json.dumps(line, separators=(",", ":"), ensure_ascii=False) for line in lines)
    file.write_text("".join(f"{line}\n" for line in written))


@asynccontextmanager
async def recorded(met, name: str, dials: str = "ours") -> AsyncIterator[tuple[Program, Program]]:
    """Let both meet, with a recording of ours, and part in peace."""
    file = Path(FOLDER) / f"{name}.jsonl"
    met.our_options = (*met.our_options, "--record", str(file))
    ours, theirs = await met.both(dials)
    yield ours, theirs
    await ours.stop()
    thin(file)


async def test_a_car_by_pwm(meet):
    async with meet("cem", "charger") as met, recorded(met, "go-charger-iec61851") as (us, them):
        ski = met.their_ski
        await them.do("plug", phases=3)
        await us.until(tells("ev", plugged=True, communication="iec61851", max_a=16.0))
        await us.do("limit", ski=ski, a=10)
        await them.do("draw", a=9.5)
        await us.until(tells("measurement", current_a=[9.5, 9.5, 9.5]))
        await us.do("pause", ski=ski)
        await them.do("state", value="standby")
        await us.until(tells("ev", state="standby"))
        await us.do("limit", ski=ski, a="off")
        since = us.now
        await them.do("unplug")
        await us.until(tells("ev", plugged=False), since=since)


async def test_a_car_by_iso_15118_and_unpairing(meet):
    async with meet("cem", "charger") as met, recorded(met, "go-charger-iso15118") as (us, them):
        ski = met.their_ski
        await them.do("plug", phases=3)
        await us.until(tells("ev", plugged=True, communication="iec61851"))
        await them.do(
            "update", standard="iso15118-2ed1", min_a=2.2, soc_percent=40, ev_id="001122334455"
        )
        await us.until(tells("ev", communication="iso15118-2ed1", min_a=2.2))
        await us.until(tells("measurement", soc_percent=40.0))
        await us.do("limit", ski=ski, a=3)
        await us.do("limit", ski=ski, a=3, kind="oscev")
        await us.do("pause", ski=ski)
        await them.do("draw", a=0.1, soc_percent=41)
        await us.until(tells("measurement", soc_percent=41.0))
        since = us.now
        await them.do("unplug")
        await us.until(tells("ev", plugged=False), since=since)
        since = us.now
        await them.do("plug", phases=1, standard="iso15118-2ed1", min_a=2.2)
        await us.until(tells("ev", plugged=True, phases=1, min_a=2.2), since=since)
        await us.do("limit", ski=ski, a=7)
        since = them.now
        await us.do("untrust", ski=ski)
        await them.until(tells("ship_disconnected"), since=since)


async def test_a_charger_that_refuses_at_first(meet):
    async with meet("cem", "charger") as met, recorded(met, "go-charger-refuses") as (us, them):
        await them.do("plug", phases=1)
        await us.until(tells("ev", plugged=True, communication="iec61851", max_a=16.0))
        await them.do("refuse", count=2)
        for _ in range(2):
            assert not (await us.ask("limit", ski=met.their_ski, a=10))["ok"]
        await us.do("limit", ski=met.their_ski, a=10)
        assert not (await us.ask("limit", ski=met.their_ski, a=10, kind="oscev"))["ok"]


async def test_a_reconnect_with_a_car(meet):
    async with meet("cem", "charger") as met, recorded(met, "go-charger-reconnect") as (us, them):
        await them.do("plug", phases=3)
        await us.until(tells("ev", plugged=True, max_a=16.0))
        await us.do("limit", ski=met.their_ski, a=9)
        since = us.now, them.now
        await us.do("disconnect", ski=met.their_ski)
        await met.connected(us, them, within_s=40, since=since)
        await us.until(tells("ev", plugged=True, max_a=16.0), since=since[0])
        await us.do("limit", ski=met.their_ski, a=8)


async def test_an_energy_manager_of_theirs(meet):
    async with meet("charger", "cem") as met, recorded(met, "go-cem", "theirs") as (us, them):
        ski = met.our_ski
        await us.do("plug", phases=3)
        await them.until(tells("limits", kind="opev"))
        await them.until(tells("ev", plugged=True, max_a=16))
        await them.do("limit", ski=ski, a=[10, 10, 10])
        await us.do("draw", a=9.5)
        await them.until(tells("measurement", current_a=[9.5, 9.5, 9.5]))
        await them.do("pause", ski=ski)
        await them.do("limit", ski=ski, a="off")
        await us.do(
            "update", standard="iso15118-2ed1", min_a=2.2, soc_percent=40, ev_id="001122334455"
        )
        await them.until(tells("limits", kind="oscev"))
        await them.until(tells("measurement", soc_percent=40))
        await them.do("limit", ski=ski, a=4, kind="oscev")
        since = them.now
        await us.do("unplug")
        await them.until(tells("ev", plugged=False), since=since)


async def test_a_control_box_of_theirs(meet):
    offer = ("--lpc", "32000", "--lpp", "10000")
    async with (
        meet("cem", "controlbox", *offer) as met,
        recorded(met, "go-controlbox", "theirs") as (us, them),
    ):
        ski = met.our_ski
        await them.until(tells("failsafe", nominal_w=32000))
        await them.do("lpc", ski=ski, w=4200, duration_s=3)
        await us.until(limits("lpc", 4200.0))
        since = us.now
        await us.until(tells("limits", kind="lpc", active=False), since=since)
        await them.do("lpp", ski=ski, w=-3000)
        await them.do("lpc", ski=ski, w=7000)
        assert not (await them.ask("lpc", ski=ski, w=-1))["ok"]
        await them.do("failsafe", ski=ski, w=5000)
        await them.do("failsafe", ski=ski, duration_s=10800)
        await us.until(tells("failsafe", w=5000.0, duration_s=10800.0))
        await them.do("lpc", ski=ski, w=None)


async def test_a_controllable_system_of_theirs(meet):
    async with meet("controlbox", "system") as met, recorded(met, "go-system") as (us, them):
        ski = met.their_ski
        await us.until(tells("failsafe", w=4200.0))
        await them.until(tells("limits", kind="lpp"))  # the greeting
        await us.do("lpc", ski=ski, w=4200, duration_s=3600)
        await us.do("lpc", ski=ski, w=5000)
        await us.do("lpp", ski=ski, w=3000)
        await them.do("refuse", count=1)
        assert not (await us.ask("lpc", ski=ski, w=6000))["ok"]
        await us.do("failsafe", ski=ski, w=6000, duration_s=10800)
        await us.do("lpc", ski=ski, w=None)


async def test_a_meter_of_theirs(meet):
    async with meet("cem", "meter") as met, recorded(met, "go-meter") as (us, them):
        await them.do("measure", values=[-575, 1000, 2000, 1.5, 2, -6, 230, 231, 229.5])
        await us.until(tells("meter", use_case="mgcp", power_w=-575.0))
        await them.do("measure", values=[3450, None, None, 5, 5, 5, None, None, None])
        await us.until(tells("meter", use_case="mgcp", power_w=3450.0))
        await them.do("sub", values=[77])
        await us.until(tells("meter", use_case="mpc", power_w=77.0))


async def test_a_request_that_is_refused(meet):
    async with meet("cem", "charger") as met:
        file = Path(FOLDER) / "go-charger-denies.jsonl"
        met.our_options = ("--record", str(file))
        them, us = await met.theirs(), await met.ours()
        await them.until(tells("listening"))
        place = {"host": met.ground.their_ip, "port": met.their_port}
        await us.do("trust", ski=met.their_ski, **place)
        await them.until(tells("connection", state="request_received"))
        await them.do("deny", ski=met.our_ski)
        await us.until(tells("connection", state="denied"))
        await us.stop()
        thin(file)


async def test_a_request_that_is_confirmed(meet):
    async with meet("charger", "cem") as met:
        file = Path(FOLDER) / "go-cem-pairs.jsonl"
        met.our_options = ("--record", str(file))
        us = await met.ours()
        await us.until(tells("listening"))
        them = await met.theirs("-trust", met.our_ski, "-reach", met.our_place)
        await us.until(tells("connection", state="request_received"))
        await us.do("trust", ski=met.their_ski)
        await met.connected(us, them)
        await us.stop()
        thin(file)
