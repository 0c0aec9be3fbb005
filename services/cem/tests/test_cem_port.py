"""`cem port`: the production decisions on standard input and output, one line for each line."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cem.port.player import Player
from cem.port.stdio import converse

INIT = {
    "type": "init",
    "format": "cem-port/1",
    "site": {"voltage_v": 230, "root": {"id": "house", "fuse_a": [25, 25, 25]}, "unknown": 1},
    "evses": [
        {
            "id": name, "node": "house", "wiring": wiring, "min_a": 6, "max_a": 16, "step_a": 0.1,
            "failsafe_a": 6, "phase_switch": False,
        }
        for name, wiring in (("cp1", [1, 2, 3]), ("cp2", [2, 3, 1]))
    ],
    "meter": {"period_s": 1},
    "link": {"cmd_latency_s": 1, "meas_latency_s": 1, "failsafe_after_s": 120},
}  # fmt: skip


def evse(name: str, drawn_a: float = 0.0, phases: int = 3, **more: object) -> dict[str, object]:
    amps = [drawn_a if index < phases else 0.0 for index in range(3)]
    told = {
        "id": name, "plugged": True, "session": 0, "i": amps, "nph": 3, "ev_nph": phases,
        "done": False, "mode": "fast", "prio": 2, "weight": 1.0, "need_wh": 9000.0,
        "depart_s": 5400, "online": True, "switching": False, "ev_max": 16,
    }  # fmt: skip
    return told | more


def empty(name: str) -> dict[str, object]:
    return evse(name, plugged=False, session=None, nph=0, ev_nph=0, mode=None, ev_max=0)


def tick(t: int, house_a: float | None, *evses: dict[str, object]) -> dict[str, object]:
    noise_a = 0.01 * (t % 7)
    meter = None if house_a is None else {"t": t, "i": [house_a + noise_a] * 3}
    return {"type": "tick", "t": t, "meter": meter, "lpc_w": None, "evses": list(evses)}


def limit_a(answer: dict[str, object], name: str) -> float:
    limits = answer["limits"]
    assert isinstance(limits, dict)
    return float(limits[name]["limit_a"])


def charged(player: Player, until_s: int, from_s: int = 0) -> dict[str, float]:
    """One car at cp1 that follows its limit; returns the last limits."""
    limits = {"cp1": 0.0}
    for t in range(from_s, until_s):
        drawn_a = min(16.0, limits["cp1"])
        answer = player.answer(tick(t, 3.0 + drawn_a, evse("cp1", drawn_a), empty("cp2")))
        limits = {"cp1": limit_a(answer, "cp1")}
    return limits


def test_a_car_gets_all_it_can_take_step_by_step() -> None:
    player = Player()
    assert player.answer(INIT) == {"ok": True}
    assert charged(player, 60) == {"cp1": 16.0}


def test_a_controller_started_anew_goes_on_where_the_car_is() -> None:
    player = Player()
    player.answer(INIT)
    for t in range(500, 530):
        answer = player.answer(tick(t, 13.0, evse("cp1", 10.0), empty("cp2")))
        assert limit_a(answer, "cp1") >= 9.9


def test_phases_are_never_switched_unasked() -> None:
    player = Player()
    player.answer(INIT)
    answer = player.answer(tick(0, 3.0, evse("cp1", nph=1, ev_nph=1), empty("cp2")))
    assert answer["limits"] == {
        "cp1": {"limit_a": limit_a(answer, "cp1"), "phases": 1},
        "cp2": {"limit_a": limit_a(answer, "cp2"), "phases": 3},
    }


def test_a_row_of_chargers_has_a_fuse_of_its_own() -> None:
    row = {"id": "row", "fuse_a": [16, 16, 16]}
    site = {"voltage_v": 230, "root": {"id": "house", "fuse_a": [63] * 3, "children": [row]}}
    evses = [{**charger, "node": "row"} for charger in INIT["evses"]]  # type: ignore[attr-defined]
    player = Player()
    player.answer(INIT | {"site": site, "evses": evses})
    drawn = {"cp1": 0.0, "cp2": 0.0}
    for t in range(60):
        told = [evse(name, amps) for name, amps in drawn.items()]
        answer = player.answer(tick(t, 3.0 + sum(drawn.values()), *told))
        drawn = {name: limit_a(answer, name) for name in drawn}
    assert 14 <= sum(drawn.values()) <= 16


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"type":"tick","t":0}', '{"type":"init"}'])
def test_a_line_that_is_no_message_is_refused_and_the_next_one_read(line: str) -> None:
    answers, log = io.StringIO(), io.StringIO()
    converse(io.StringIO(f"{line}\n{json.dumps(INIT)}\n"), answers, log)
    first, second = (json.loads(answer) for answer in answers.getvalue().splitlines())
    assert first["ok"] is False
    assert second == {"ok": True}
    assert log.getvalue().startswith("cem port: ")


def test_the_program_answers_and_ends_with_its_input() -> None:
    lines = "\n".join(json.dumps(m) for m in (INIT, tick(0, 3.0, evse("cp1"), empty("cp2"))))
    program = Path(sys.executable).parent / "cem"
    done = subprocess.run(
        [program, "port"], input=lines, capture_output=True, text=True, timeout=30, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[0] == {"ok": True}
    assert set(answers[1]["limits"]) == {"cp1", "cp2"}
