"""Speaks cem-port/1 without some terms of A3: `python tests/bench/control/ablated.py TERM...`.

The production code on the port with numbers of the control law that cost energy taken away, to see
what each of them costs. Only a question asked of the bench: without them cars overload the fuse,
contactors wear out and cars fall asleep.
"""

import json
import sys

from cem.core.parameters import DEFAULTS
from cem.port.player import Player

TERMS: dict[str, dict[str, float]] = {
    "margin": {"margin_fixed_a": 0.0, "margin_of_fuse": 0.0},
    "one-percent": {"margin_of_fuse": 0.0},  # 0.5 A alone, as the reference had it
    "peak-hold": {"peak_hold_s": 0.0, "let_go_s": 0.0, "recurrence_s": 3.0},
    "pace": {"raise_step_a": 32.0, "raise_every_s": 1.0},
    "dead-band": {"dead_band_a": 0.1, "dead_band_sun_a": 0.1},
    "rest": {"min_off_s": 0.0, "start_hysteresis_a": 0.0},
    "turns": {"rotation_s": 0.0},
    "sun-timers": {"surplus_start_s": 5.0, "surplus_start_w": 0.0, "surplus_mean_s": 3.0},
    "phase-timers": {"phases_up_s": 30.0, "phases_down_s": 60.0},
}


def without(terms: list[str]) -> None:
    """Take terms out of the numbers that every decision uses."""
    for term in terms:
        for name, value in TERMS[term].items():
            object.__setattr__(DEFAULTS, name, value)  # frozen for all but this question


def main() -> None:
    """Answer line by line until the input ends."""
    without(sys.argv[1:])
    player = Player()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(player.answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
