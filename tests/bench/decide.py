"""How long one decision of the CEM takes on one core: `python tests/bench/decide.py [SECONDS]`.

A lively site of 10, 100 and 300 chargers, every second a grid reading and a report of each charger,
as in production; first every car charges as fast as it may, then every one has a goal, a departure
and the last known prices, with no plan in force. Counted is the processor time of `decide` alone,
and beside it that of folding what came in. Prints a table and, as the last line, the same as JSON.
"""

import gc
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from cem.core.decide import decide
from cem.core.driving import ChargingMode, Goal, Mode, SmartSwitches, WallClock
from cem.core.events import (
    Accepted,
    Car,
    ChargerHeard,
    ChargersPaired,
    EnergyManagementSet,
    GoalSet,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    ModeSet,
    PricesHeard,
    Report,
)
from cem.core.folding import apply
from cem.core.plan import Prices
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
from electrical.phases import Phases, on_every_phase
from electrical.rotation import Rotation

AIMS_MS = {10: 1.0, 100: 10.0, 300: 40.0}
SETTLING_S = 30
BEGAN = datetime(2026, 11, 22, 16, 0, tzinfo=ZoneInfo("Europe/Berlin"))
SLOT_S, SLOTS = 900, 140  # the day-ahead market until tomorrow midnight


@dataclass
class Site:
    """Chargers with cars that follow their limit in the next second, and a restless house."""

    count: int
    is_smart: bool = False  # on the last known prices alone
    chance: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - a repeatable world
    drawn_a: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.skis = [f"{number:040x}" for number in range(self.count)]
        self.drawn_a = dict.fromkeys(self.skis, 0.0)
        self.wiring = dict(zip(self.skis, list(Rotation) * self.count, strict=False))
        self.phases = {ski: self.chance.choice((1, 3, 3)) for ski in self.skis}

    def start(self) -> State:
        settings = {
            ski: ChargerSettings(ski, max_a=16.0, wiring=self.wiring[ski]) for ski in self.skis
        }
        state = restored(Remembered(charger_settings=settings, grid_meter="grid"), 0.0)
        fuse_a = on_every_phase(15.0 + 9.0 * self.count)
        for event in (
            GridConnectionSet(GridConnection(fuse_a, 3, 0.5, revision=1)),
            EnergyManagementSet(EnergyManagement(on=True, confirmed_no_other=True)),
            ChargersPaired(tuple(self.skis)),
            GridMeterNamed("grid"),
        ):
            state = apply(state, event, 0.0)
        return self._on_prices(state) if self.is_smart else state

    def _on_prices(self, state: State) -> State:
        """Give every session a goal and a departure, and the site prices to choose by."""
        begin_s = BEGAN.timestamp()
        edges_s = tuple(begin_s + SLOT_S * number for number in range(SLOTS + 1))
        prices = tuple(round(self.chance.uniform(0.05, 0.4), 4) for _ in range(SLOTS))
        state = apply(state, WallClock(0.0, BEGAN), 0.0)
        state = apply(state, PricesHeard(Prices("spot", 1, edges_s, prices)), 0.0)
        mode = ChargingMode(Mode.SMART, SmartSwitches(forecast=True, surplus=True, price=True))
        for ski in self.skis:
            departure = BEGAN + timedelta(hours=self.chance.uniform(8, 30))
            wanted_wh = self.chance.uniform(5_000, 40_000)
            state = apply(state, ModeSet(ski, mode), 0.0)
            state = apply(state, GoalSet(ski, Goal(ski, None, wanted_wh, departure)), 0.0)
        return state

    def second(self, state: State, now: float) -> State:
        """Fold what a site says within one second."""
        if self.is_smart:
            state = apply(state, WallClock(now, BEGAN + timedelta(seconds=now)), now)
        total = [3.0 + self.chance.gauss(0, 0.2) + 6.0 * (int(now) % 40 > 30) for _ in range(3)]
        for number, ski in enumerate(self.skis):
            granted_a = state.chargers[ski].granted_a or 0.0
            self.drawn_a[ski] = max(0.0, granted_a - (3.0 if number % 7 == 0 else 0.2))
            for phase in range(self.phases[ski]):
                total[(phase + number) % 3] += self.drawn_a[ski]
            state = apply(state, ChargerHeard(self.report(ski, granted_a)), now)
        return apply(state, GridRead(GridReading("grid", Phases(*total))), now)

    def report(self, ski: str, granted_a: float) -> Report:
        amps = [self.drawn_a[ski]] * self.phases[ski] + [None] * (3 - self.phases[ski])
        return Report(
            ski,
            car=Car(phases=self.phases[ski], min_a=6.0, max_a=16.0),
            current_a=Phases(*amps),
            measured_age_s=0.3,
            accepted=Accepted(on_every_phase(granted_a).map(float)),
        )


def measured(count: int, seconds: int, *, is_smart: bool = False) -> dict[str, float | str]:
    """Return the figures of a site with so many chargers, in ms."""
    site = Site(count, is_smart)
    state = site.start()
    deciding, folding = [], []
    gc.collect()
    for second in range(1, SETTLING_S + seconds):
        began = time.process_time()
        state = site.second(state, float(second))
        folded = time.process_time()
        state = decide(state, float(second)).state
        decided = time.process_time()
        if second >= SETTLING_S:
            folding.append((folded - began) * 1000)
            deciding.append((decided - folded) * 1000)
    return {
        "chargers": count,
        "mode": "smart, by prices" if is_smart else "fast",
        "decide_median_ms": round(statistics.median(deciding), 2),
        "decide_p99_ms": round(sorted(deciding)[int(len(deciding) * 0.99)], 2),
        "fold_median_ms": round(statistics.median(folding), 2),
        "aim_ms": AIMS_MS[count],
    }


def main() -> None:
    """Measure, and print what was found."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    cases = [(count, is_smart) for is_smart in (False, True) for count in AIMS_MS]
    figures = [measured(count, seconds, is_smart=is_smart) for count, is_smart in cases]
    sys.stdout.write(
        "chargers  mode              decide median / p99 (ms)   fold a second (ms)   aim (ms)\n"
    )
    for row in figures:
        sys.stdout.write(
            f"{row['chargers']:8}  {row['mode']:16}"
            f"  {row['decide_median_ms']:9.2f} / {row['decide_p99_ms']:<9.2f}"
            f"     {row['fold_median_ms']:10.2f}         {row['aim_ms']:10.0f}\n"
        )
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
