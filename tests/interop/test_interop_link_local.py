"""Peers with nothing but IPv6 link-local addresses (`fe80::1%eth0`), over a real link."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from interop import Ground, Program, meeting, start_program, tells

from eebus.identity import load_or_create

CAR = {"standard": "iec61851", "phases": 3, "min_a": 6, "max_a": 16}
EEBUS = str(Path(sys.executable).parent / "eebus")


@asynccontextmanager
async def ours(enter: tuple[str, ...], role: str, state: Path, *options: str):
    """Run our command in a namespace."""
    command = (*enter, EEBUS, "--lan", role, "--state", str(state), *options)
    program = await start_program(f"our {role}", state.with_suffix(".err"), *command)
    try:
        yield program
    finally:
        await program.stop()


@asynccontextmanager
async def pair_of_ours(
    ground: Ground, folder: Path, *, mdns: bool
) -> AsyncIterator[tuple[Program, Program, str]]:
    """Yield our energy manager, our charger and the charger's SKI, trusting each other."""
    cem_ski = load_or_create(folder / "cem", "cem").ski
    box_ski = load_or_create(folder / "box", "box").ski
    told = () if mdns else ("--no-mdns",)
    trusting = ("--trust", cem_ski, *told)
    async with ours(ground.theirs, "charger", folder / "box", *trusting) as box:
        port = (await box.until(tells("listening")))["port"]
        dial = () if mdns else ("--dial", f"[{ground.their_ip}]:{port}")
        found = ("--trust", box_ski, *told, *dial)
        async with ours(ground.ours, "cem", folder / "cem", *found) as cem:
            yield cem, box, box_ski


async def limits_a_car(cem: Program, box: Program, ski: str, *, within_s: float) -> None:
    await cem.until(tells("connection", state="connected"), within_s)
    await box.do("plug", **CAR)
    await cem.until(tells("ev", plugged=True, max_a=16.0))
    await cem.do("limit", ski=ski, a=[10, 10, 10])
    await box.until(tells("limits", kind="opev", values=[10.0, 10.0, 10.0]))


async def test_found_by_mdns_and_dialled_with_the_interface_it_was_heard_on(
    neighbourhood, tmp_path
):
    async with pair_of_ours(neighbourhood, tmp_path, mdns=True) as (cem, box, ski):
        peer = await cem.until(tells("peer", ski=ski), 30)
        host, _, scope = str(peer["host"]).partition("%")
        assert host == neighbourhood.their_ip.partition("%")[0]
        assert scope
        await limits_a_car(cem, box, ski, within_s=45)


async def test_an_address_entered_by_hand_with_its_interface_is_dialled(neighbourhood, tmp_path):
    async with pair_of_ours(neighbourhood, tmp_path, mdns=False) as (cem, box, ski):
        await limits_a_car(cem, box, ski, within_s=20)


async def test_a_charger_of_the_reference_is_dialled_there_too(built, neighbourhood, tmp_path):
    async with meeting(neighbourhood, built.program, tmp_path, "cem", "charger") as met:
        cem, charger = await met.both("ours")
        await charger.do("plug", **CAR)
        await cem.until(tells("ev", plugged=True))
