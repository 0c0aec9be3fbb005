"""Speaks cem-port/1 as an oracle: `python tests/bench/control/oracle.py SCENARIO.json`.

The production code on the port with one difference: it is told what the house takes now, and will
take within the time a car needs to follow. Margins, ramps, dead band, rests and turns are the
same, so what it gains over us is all that a better estimate could gain.
"""

import json
import sys
from pathlib import Path

from uncontrolled import PHASES, Json, Trace

from cem.core import caps, rooms
from cem.core.estimator import Loads
from cem.core.parameters import Parameters
from cem.core.state import Estimate
from cem.port.player import Player
from electrical.phases import PhaseCurrents, Phases

AHEAD_S = 5  # command, car and ramp: by then a limit of now is followed
HOLD_S = 20  # who is admitted is not to be sent away by the next turn of a hob


class Oracle:
    """Knows the house of one scenario, at every second."""

    def __init__(self, scenario: Json) -> None:
        self._trace, self._last_s = Trace(scenario), scenario["duration_s"] - 1
        self.now_s = 0

    def loads(self, estimates: tuple[Estimate, ...], p: Parameters) -> Loads:
        """Return what the house truly takes, in place of `cem.core.estimator.loads`."""
        del estimates, p
        coming_a = self._most_a(self.now_s)
        return Loads(self._most_a(self.now_s - HOLD_S), coming_a, coming_a)

    def _most_a(self, from_s: int) -> PhaseCurrents:
        seconds = range(max(0, from_s), min(self._last_s, self.now_s + AHEAD_S) + 1)
        return Phases(*(max(self._trace.net_a(t)[p] for t in seconds) for p in PHASES))


def main() -> None:
    """Answer line by line until the input ends."""
    oracle = Oracle(json.loads(Path(sys.argv[1]).read_text()))
    rooms.loads = caps.loads = oracle.loads
    player = Player()
    for line in sys.stdin:
        message = json.loads(line)
        oracle.now_s = int(message.get("t", 0))
        sys.stdout.write(json.dumps(player.answer(message)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
