"""Fifty virtual meters in a process of their own, failing at random. Prints one JSON line for each
line it serves and for each fault that begins or ends, timed on the machine's monotonic clock.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass

from electrical import Phases
from meter_profiles.catalogue import profile, profiles
from virtual_site.core.meter import Counters, Distortion, Meter, count, measure, quantities
from virtual_site.core.meter_fault import MeterFaultKind, parsed
from virtual_site.core.scenario import MeterBehaviour
from virtual_site.meter_line import MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter

GATEWAY_UNITS = 4
FAULTS = ("silence", "busy", "exception:4", "exception:11", "late", "frozen", "drop-out", "garbage")
OF_ONE_UNIT = ("silence", "exception:4", "exception:11", "frozen")
FAULT_S = (9.0, 16.0)
REST_S = (18.0, 40.0)  # long enough to come back and be seen to


@dataclass
class Served:
    number: int
    line: MeterLine
    meter: VirtualMeter
    unit_id: int
    shares_line: bool
    volts: float
    state: Meter


def say(**told: object) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201 - the harness reads it


def planned(count_of_meters: int) -> list[tuple[str, Transport, bool]]:
    """Return (model, transport, shares a gateway) of each meter: every model at least once."""
    models = list(profiles())
    plan = [("cg_em340", Transport.TCP, True)] * GATEWAY_UNITS
    for number in range(count_of_meters - GATEWAY_UNITS):
        model = models[number % len(models)]
        serial = profile(model).serial is not None
        transport = Transport.TCP
        if serial and number % 5 == 1:
            transport = Transport.RTU_OVER_TCP
        elif serial and number % 5 == 3:
            transport = Transport.RTU
        plan.append((model, transport, False))
    return plan


async def begin(count_of_meters: int) -> list[Served]:
    served: list[Served] = []
    gateway = MeterLine(Transport.TCP, "127.0.0.1")
    await gateway.start()
    for number, (model, transport, shares) in enumerate(planned(count_of_meters)):
        line = gateway if shares else MeterLine(transport, "127.0.0.1")
        if not shares:
            await line.start()
        meter, unit_id = VirtualMeter(profile(model)), number + 1 if shares else 1
        line.put(unit_id, meter.answer)
        state = Meter(MeterBehaviour(seed=number), Counters(1e6))
        served.append(Served(number, line, meter, unit_id, shares, 215.0 + number * 0.5, state))
    return served


def show(one: Served, t_s: float) -> None:
    currents = Phases(5.0, 6.0, 7.0)
    one.state = count(measure(one.state, t_s, currents, Distortion()), currents, one.volts, 1.0)
    one.meter.show(quantities(one.state, one.volts))


async def fail_at_random(one: Served, dice: random.Random, until_s: float) -> None:
    """Fail, recover, rest, again; the last fault ends early enough to see the recovery."""
    await asyncio.sleep(dice.uniform(*REST_S))
    while True:
        fault = dice.choice(OF_ONE_UNIT if one.shares_line else FAULTS)
        if fault == "late":
            fault = "late:3" if one.line.transport is not Transport.TCP else "late:1.5"
        if one.line.transport is Transport.RTU and fault == "drop-out":
            fault = "silence"
        length_s = dice.uniform(*FAULT_S)
        if time.monotonic() + length_s + REST_S[0] > until_s:
            return
        found = parsed(fault)
        one.meter.is_frozen = found is not None and found.kind is MeterFaultKind.FROZEN
        await one.line.fail(found, one.unit_id if one.shares_line else None)
        say(fault=fault, meter=one.number, at=time.monotonic())
        await asyncio.sleep(length_s)
        one.meter.is_frozen = False
        await one.line.fail(None, one.unit_id if one.shares_line else None)
        say(fault=None, meter=one.number, at=time.monotonic())
        await asyncio.sleep(dice.uniform(*REST_S))


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--meters", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args()
    served = await begin(asked.meters)
    for one in served:
        show(one, 0.0)
        place = {"host": "127.0.0.1", "port": one.line.port, "device": one.line.device}
        transport, model = one.line.transport.value, one.meter.profile.model
        about = {"transport": transport, "model": model, "unit_id": one.unit_id}
        say(meter=one.number, volts=one.volts, shared=one.shares_line, **place, **about)
    say(ready=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)  # all meters are set up: begin
    until_s = time.monotonic() + asked.seconds
    dice = random.Random(asked.seed)  # noqa: S311 - repeatable on purpose
    async with asyncio.TaskGroup() as tasks:
        for one in served:
            tasks.create_task(fail_at_random(one, random.Random(dice.random()), until_s))  # noqa: S311
        while time.monotonic() < until_s:
            for one in served:
                show(one, time.monotonic())
            await asyncio.sleep(0.9)
    for line in {one.line for one in served}:
        await line.stop()


if __name__ == "__main__":
    asyncio.run(main())
