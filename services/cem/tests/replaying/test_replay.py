"""Recordings: exact, bounded, played again to the same decisions; and what other settings do."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from cem.core.decide import decide
from cem.core.driving import ChargingMode, Mode, WallClock
from cem.core.events import (
    Accepted,
    Car,
    ChargerHeard,
    ChargersPaired,
    EnergyManagementSet,
    Event,
    GridConnectionSet,
    GridMeterNamed,
    GridRead,
    GridReading,
    ModeSet,
    Report,
)
from cem.core.folding import apply
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
from cem.replaying import cli
from cem.replaying.codec import UnreadableError, decoded, encoded
from cem.replaying.reading import read
from cem.replaying.recording import Recording
from cem.replaying.replay import replay
from cem.replaying.what_if import Changes, played
from electrical.phases import Phases, on_every_phase
from volthus_kit.testing import FakeClock

ONE, TWO = "1" * 40, "2" * 40


def events(second: int, limits: dict[str, float]) -> Iterator[Event]:
    """What a site with two cars (the second comes later) hears in a second."""
    if second == 0:
        yield GridConnectionSet(GridConnection(on_every_phase(25.0), revision=1))
        yield EnergyManagementSet(EnergyManagement(True, True, 1))
        yield GridMeterNamed("grid-1")
        yield ChargersPaired((ONE, TWO))
    house_a = 4.0 + 5.0 * (second % 120 > 60) + 0.01 * (second % 7)
    sum_a = 0.0
    for ski, comes in ((ONE, 5), (TWO, 90)):
        limit_a = limits.get(ski)
        has_car = second >= comes
        drawn_a = min(16.0, limit_a) if has_car and limit_a is not None else 0.0
        sum_a += drawn_a
        yield ChargerHeard(
            Report(
                ski,
                f"box {ski[0]}",
                car=Car(phases=3, min_a=6.0, max_a=16.0, plug=1) if has_car else None,
                current_a=on_every_phase(drawn_a),
                power_w=on_every_phase(230 * drawn_a),
                measured_age_s=0.1,
                accepted=None if limit_a is None else Accepted(on_every_phase(limit_a)),
            )
        )
    total_a = house_a + sum_a
    yield GridRead(
        GridReading("grid-1", on_every_phase(total_a), power_total_w=690 * total_a)
    )  # fmt: skip


def recorded(path: Path, seconds: int = 240, most_bytes: int = 100_000_000) -> None:
    """Record a site in a loop with its limits."""
    clock = FakeClock()
    recording = Recording(path, most_bytes, "1", clock)
    state = restored(Remembered(), clock.monotonic())
    limits: dict[str, float] = {}
    for second in range(seconds):
        for event in events(second, dict(limits)):
            state = apply(state, event, clock.monotonic())
            recording.happened(event, state, clock.monotonic())
        clock.go_on(0.1)
        decision = decide(state, clock.monotonic())
        state = decision.state
        recording.decided(decision, clock.monotonic())
        for ski, limit in decision.limits.items():
            limits[ski] = limit.current_a.l1 or 0.0
        clock.go_on(0.9)
        recording.write()
    recording.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of four minutes."""
    path = tmp_path_factory.mktemp("recorded") / "site.jsonl"
    recorded(path)
    return path


def test_a_recording_is_played_again_to_the_same_decisions(site: Path) -> None:
    path = site
    outcome = replay(read(path))
    assert outcome.difference is None
    assert outcome.decisions == 240
    assert outcome.events == 723
    assert cli.main(["replay", str(path)]) == 0


def test_a_decision_that_was_changed_by_a_hair_is_found(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.jsonl"
    lines = site.read_text().splitlines()
    number = next(
        n for n, line in enumerate(lines) if '"decision"' in line and '"l1":' in line and n > 600
    )
    line = json.loads(lines[number])
    (_, limit), *_ = line["decision"]["limits"]["%"]
    limit["current_a"]["l1"] += 1e-12 * 8
    lines[number] = json.dumps(line)
    path.write_text("\n".join(lines) + "\n")
    outcome = replay(read(path))
    assert outcome.difference is not None
    assert outcome.difference.line == number + 1
    assert outcome.difference.place.endswith("current_a/l1")
    assert cli.main(["replay", str(path)]) == 1
    assert f"line {number + 1}" in capsys.readouterr().out


def test_files_are_bounded_and_each_can_be_played_alone(tmp_path: Path) -> None:
    path = tmp_path / "site.jsonl"
    recorded(path, 220, most_bytes=400_000)  # some way into the second file
    older = path.with_name("site.jsonl.1")
    sizes = [file.stat().st_size for file in (path, older)]
    assert max(sizes) < 210_000
    for file in (path, older):
        outcome = replay(read(file))
        assert outcome.difference is None
        assert outcome.decisions > 5


def test_a_line_the_writer_could_not_finish_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "site.jsonl"
    recorded(path, 30)
    path.write_bytes(path.read_bytes()[:-20])
    assert replay(read(path)).difference is None


def test_what_is_no_recording_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("", "{}\n", "no\n", '{"format": "cem-record/1", "now": 1, "state": {"_": "x"}}\n'):
        path = tmp_path / "no.jsonl"
        path.write_text(text)
        assert cli.main(["replay", str(path)]) == 2
    assert cli.main(["replay", str(tmp_path / "missing")]) == 2
    assert capsys.readouterr().err.count("cem: ") == 5


def lost() -> float:
    kind = {"kind": "recording"}
    return REGISTRY.get_sample_value("volthus_records_lost_total", kind) or 0.0


def test_a_disk_that_is_full_costs_the_recording_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = lost()
    (tmp_path / "folder").write_text("a file where a folder should be")
    recording = Recording(tmp_path / "folder" / "site.jsonl", 1000, "1", FakeClock())
    state = restored(Remembered(), 0.0)
    recording.happened(GridMeterNamed("grid-1"), state, 0.0)
    recording.write()
    assert lost() == before + 1
    recording.happened(GridMeterNamed("grid-2"), state, 0.0)  # tried again after a minute only
    recording.close()
    assert lost() == before + 1
    assert caplog.messages == ["recording not written"]


async def test_the_writer_ends_with_everything_written(tmp_path: Path) -> None:
    clock = FakeClock()
    recording = Recording(tmp_path / "site.jsonl", 10_000_000, "1", clock)
    task = asyncio.create_task(recording.run())
    await asyncio.sleep(0)
    state = restored(Remembered(), clock.monotonic())
    for meter in ("a", "b"):
        event = GridMeterNamed(meter)
        state = apply(state, event, clock.monotonic())
        recording.happened(event, state, clock.monotonic())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len((tmp_path / "site.jsonl").read_text().splitlines()) == 2


# --- the form ------------------------------------------------------------------------------------

ZONED = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
VALUES = [
    None, True, 3, 1.5, float("inf"), "text", Mode.SMART, (1, (2.0, "x")), {"a": (1,), "b": ()},
    datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=1.25), frozenset({"b", "a"}),
    Phases(1.0, None, 3.0), ChargerSettings(ONE), WallClock(3.0, ZONED), State(),
    ModeSet(ONE, ChargingMode(Mode.SOLAR_ONLY)), Report(ONE, car=Car(phases=1)),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_every_value_comes_back_as_it_was(value: object) -> None:
    text = json.dumps(encoded(value), allow_nan=False)
    assert decoded(json.loads(text)) == value


def test_a_zone_comes_back_with_its_clock_changes() -> None:
    clock = decoded(json.loads(json.dumps(encoded(WallClock(3.0, ZONED)))))
    assert isinstance(clock, WallClock)
    assert clock.wall.replace(month=12).utcoffset() == timedelta(hours=1)


@given(st.floats(allow_nan=False))
def test_every_number_comes_back_exactly(value: float) -> None:
    assert decoded(json.loads(json.dumps(encoded(value)))) == value


@pytest.mark.parametrize("found", [{}, {"_": "events.Nothing"}, {"!": "driving.Mode", "v": "x"}])
def test_what_this_version_does_not_know_is_refused(found: dict) -> None:
    with pytest.raises(UnreadableError):
        decoded(found)


# --- what if -------------------------------------------------------------------------------------


def test_unchanged_settings_give_about_what_was(site: Path) -> None:
    tally = played(read(site), Changes())
    assert tally.overload_s <= 10, "only while the house rose and the cars had not yet heard"
    assert tally.peak_a.l1 <= 30.0
    assert set(tally.kwh) == {ONE, TWO}
    assert 0.2 < sum(tally.kwh.values()) < 1.0


def test_a_smaller_fuse_gives_less_and_a_larger_one_more(site: Path) -> None:
    plays = {a: played(read(site), Changes(fuse_a=a)) for a in (16.0, 25.0, 63.0)}
    kwh = [sum(tally.kwh.values()) for tally in plays.values()]
    assert kwh == sorted(set(kwh))
    assert sum(plays[16.0].paused_min.values()) > sum(plays[63.0].paused_min.values())
    assert plays[63.0].overload_s == 0


def test_another_mode_is_tried_on_one_charger_only(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = played(read(site), Changes(modes={ONE[:6]: Mode.OFF}))
    assert tally.kwh[ONE] < 0.1
    assert tally.kwh[TWO] > 0.2
    assert cli.main(["what-if", str(site), "--fuse", "35", "--mode", "111111=off"]) == 0
    table = capsys.readouterr().out
    assert "box 2 (22222222) kWh" in table
    assert "above the fuse, s" in table


@pytest.mark.parametrize("wrong", [["--mode", "quick"], ["--fuse", "-1"], ["--fuse", "nan"]])
def test_settings_that_cannot_be_are_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["what-if", str(tmp_path / "x"), *wrong])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (["--mode", "777=off"], "no charger of this recording begins with '777'"),
        (["--fuse", "0"], "/fuse_a/l1"),
        (["--margin", "30"], "/margin_a"),
    ],
)
def test_what_no_site_could_be_is_not_tried(
    site: Path, wanted: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["what-if", str(site), *wanted]) == 2
    assert said in capsys.readouterr().err


def test_a_line_that_cannot_be_played_is_named(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = site.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if b"GridRead" in line)
    path = tmp_path / "odd.jsonl"
    for odd in (
        b'{"now": 1.0, "event": 7}\n',
        b'{"now": 1.0, "event": {"_": "site.GridConnection", "fuse_a": 25}}\n',
        b'{"now": 1.0, "event": {"_": "events.GridRead", "reading": "none"}}\n',
        b'{"now": NaN, "event": {"_": "events.PulseEnded", "ski": ""}}\n',
        b'{"now": true, "decision": {}}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ):
        path.write_bytes(b"".join((*lines[:at], odd, *lines[at:])))
        for command in ("replay", "what-if"):
            assert cli.main([command, str(path)]) == 2, odd[:80]
            assert f"line {at + 1} " in capsys.readouterr().err
