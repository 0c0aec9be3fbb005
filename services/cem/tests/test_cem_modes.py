"""Solar only, phase switching and the operator limit, played through the port by the second."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from cem.port.player import Player

VOLTS = 230.0


def init(count: int, *, can_switch: bool = False) -> dict[str, object]:
    return {
        "type": "init",
        "format": "cem-port/1",
        "site": {"voltage_v": VOLTS, "root": {"id": "house", "fuse_a": [35, 35, 35]}},
        "evses": [
            {
                "id": f"cp{number}", "node": "house", "wiring": [1, 2, 3], "min_a": 6,
                "max_a": 16, "step_a": 0.1, "failsafe_a": 6, "phase_switch": can_switch,
            }
            for number in range(count)
        ],
        "meter": {"period_s": 1},
        "link": {"cmd_latency_s": 0, "meas_latency_s": 0, "failsafe_after_s": 120},
    }  # fmt: skip


@dataclass
class House:
    """Cars that follow at once, beside a net load of the house on each phase."""

    modes: tuple[str, ...]
    net_a: Callable[[int], float]
    lpc_w: Callable[[int], float | None] = lambda _: None
    can_switch: bool = False
    drawn_a: list[float] = field(default_factory=list)
    phases: list[int] = field(default_factory=list)
    switches: int = 0
    history: list[list[float]] = field(default_factory=list)
    powers_w: list[float] = field(default_factory=list)

    def play(self, until_s: int) -> "House":
        player = Player()
        player.answer(init(len(self.modes), can_switch=self.can_switch))
        self.drawn_a = [0.0 for _ in self.modes]
        self.phases = [3 for _ in self.modes]
        for t in range(until_s):
            self.second(player, t)
        return self

    def second(self, player: Player, t: int) -> None:
        pairs = list(zip(self.drawn_a, self.phases, strict=True))
        meter = [
            self.net_a(t) + 0.01 * (t % 7) + sum(a for a, n in pairs if phase < n)
            for phase in range(3)
        ]
        evses = [
            {
                "id": f"cp{number}", "plugged": True, "session": 1, "nph": n, "ev_nph": n,
                "i": [a if phase < n else 0.0 for phase in range(3)], "done": False,
                "mode": mode, "prio": 2, "weight": 1.0, "online": True, "ev_max": 16,
            }
            for number, (mode, (a, n)) in enumerate(zip(self.modes, pairs, strict=True))
        ]  # fmt: skip
        message = {"type": "tick", "t": t, "meter": {"t": t, "i": meter}, "evses": evses}
        limits = player.answer(message | {"lpc_w": self.lpc_w(t)})["limits"]
        assert isinstance(limits, dict)
        for number in range(len(self.modes)):
            answer = limits[f"cp{number}"]
            is_other = answer["phases"] != self.phases[number]
            self.switches += is_other
            self.phases[number] = answer["phases"]
            self.drawn_a[number] = answer["limit_a"] if answer["limit_a"] >= 6 else 0.0
        self.history.append(list(self.drawn_a))
        pairs = list(zip(self.drawn_a, self.phases, strict=True))
        self.powers_w.append(sum(a * n * VOLTS for a, n in pairs))


def sun(watt: float) -> Callable[[int], float]:
    return lambda _: -watt / 3 / VOLTS


def test_solar_only_waits_for_the_sun_and_follows_it() -> None:
    house = House(("surplus",), sun(6000)).play(120)
    assert max(house.powers_w[:30]) == 0
    assert house.powers_w[-1] == pytest.approx(6000, rel=0.1)
    assert house.powers_w[-1] <= 6000
    assert max(House(("surplus",), sun(0)).play(60).powers_w) == 0


def test_a_cloud_costs_the_minimum_for_four_minutes_and_then_stops() -> None:
    house = House(("surplus",), lambda t: sun(6000)(t) if t < 120 else 1.0).play(420)
    assert house.powers_w[340] == pytest.approx(3 * 6 * VOLTS)
    assert house.powers_w[400] == 0


def test_one_phase_bridges_what_is_too_little_for_three() -> None:
    house = House(("surplus",), sun(2500), can_switch=True).play(200)
    assert house.phases == [1]
    assert house.powers_w[-1] == pytest.approx(2400, abs=250)
    assert house.switches == 1


def test_the_pause_to_change_phases_is_no_longer_than_its_contactor_needs() -> None:
    def darker(t: int) -> float:
        return sun(6000 if t < 200 else 2500)(t)

    house = House(("surplus",), darker, can_switch=True).play(600)
    assert house.phases == [1]
    first = next(t for t, power_w in enumerate(house.powers_w) if power_w)
    pause = [t for t, power_w in enumerate(house.powers_w) if not power_w and t > first]
    assert 15 <= len(pause) <= 22  # to let go, 5 s open, 10 s more; not the minute of other pauses


def test_phases_are_switched_seldom_under_restless_clouds() -> None:
    def clouds(t: int) -> float:
        return sun(6000 if (t // 200) % 2 else 2000)(t)

    house = House(("surplus",), clouds, can_switch=True).play(1800)
    assert house.switches <= 6


def test_fast_comes_first_and_the_sun_feeds_what_is_left() -> None:
    house = House(("fast", "surplus"), sun(3000)).play(200)
    assert house.history[-1][0] == pytest.approx(16.0)
    assert house.history[-1][1] == 0


def test_the_operators_limit_holds_at_once_and_pauses_who_does_not_fit() -> None:
    house = House(("fast", "fast"), lambda _: 2.0, lambda t: 4200 if t >= 100 else None).play(160)
    assert house.powers_w[99] == pytest.approx(2 * 16 * 3 * VOLTS)
    assert max(house.powers_w[100:]) <= 4200
    assert house.powers_w[-1] >= 3 * 6 * VOLTS


def test_a_limit_of_nothing_pauses_all() -> None:
    house = House(("fast",), lambda _: 2.0, lambda t: 0.0 if t >= 60 else None).play(90)
    assert max(house.powers_w[60:]) == 0
