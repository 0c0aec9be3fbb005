"""Plans and prices are inputs: a recording with them is played again to the same decisions."""

from pathlib import Path

import pytest
from smart_house import EVENING, A, SmartHouse, smart

from cem.core.driving import ChargingMode, Mode
from cem.core.events import CarSocTold, Event, ModeSet, PricesHeard
from cem.core.plan import Prices
from cem.replaying.reading import read
from cem.replaying.recording import Recording
from cem.replaying.replay import replay
from cem.replaying.what_if import Changes, played
from volthus_kit.testing import FakeClock


class RecordedHouse(SmartHouse):
    """A house whose loop is recorded."""

    def __init__(self, path: Path) -> None:
        self.recording: Recording | None = None
        super().__init__()
        self.recording = Recording(path, 10**9, "1", FakeClock())
        self.recording.begin(self.state, self.t)

    def tell(self, *events: Event) -> "RecordedHouse":  # type: ignore[override]
        for event in events:
            super().tell(event)
            if self.recording is not None:
                self.recording.happened(event, self.state, self.t)
        return self

    def step(self) -> None:
        super().step()
        assert self.recording is not None
        self.recording.decided(self.decision, self.t)
        self.recording.write()


def prices() -> Prices:
    edges_s = tuple(EVENING.timestamp() + 3600 * number for number in range(4))
    return Prices("tariff", 1, edges_s, (0.4, None, 0.1))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.jsonl"
    house = RecordedHouse(path)
    house.tell(smart(price=True, surplus=True)).wants(9_000, 13)
    house.tell(PricesHeard(prices()), CarSocTold("nobody", 50.0))
    house.play(2).plan([0.0, 6_900.0, 6_900.0, 0.0]).play(35)
    assert house.recording is not None
    house.recording.close()
    return path


def test_a_recording_with_a_plan_is_played_again_to_the_same_decisions(site: Path) -> None:
    outcome = replay(read(site))
    assert outcome.difference is None
    assert outcome.decisions == 444


def test_what_if_tries_the_plan_in_mode_smart_and_the_car_without_it(
    tmp_path: Path, site: Path
) -> None:
    as_was = played(read(site), Changes())
    at_once = played(read(site), Changes(modes={"": Mode.FAST}))
    assert at_once.kwh[A] > as_was.kwh[A] + 1
    path = tmp_path / "fast.jsonl"
    house = RecordedHouse(path)
    house.tell(ModeSet(A, ChargingMode(Mode.FAST))).wants(9_000, 13)
    house.play(2).plan([0.0, 6_900.0, 6_900.0, 0.0]).play(35)
    assert house.recording is not None
    house.recording.close()
    fast = played(read(path), Changes())
    by_plan = played(read(path), Changes(modes={"": Mode.SMART}))
    assert 1.5 < by_plan.kwh[A] < 4.0 < fast.kwh[A]
    assert by_plan.paused_min[A] > 10
