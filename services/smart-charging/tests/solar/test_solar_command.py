"""`smart-charging forecast`, as people and scripts use it."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smart_charging.solar import cli
from volthus_kit.testing import free_port

PROGRAM = str(Path(sys.executable).parent / "smart-charging")
HERE = ["--latitude", "48.1", "--longitude", "11.6"]
ROOF = ["--roof", "9.8,30,180"]


def test_the_program_shows_72_hours_and_says_that_it_is_climatology() -> None:
    done = subprocess.run(
        [PROGRAM, "forecast", *HERE, *ROOF],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "CLIMATOLOGY" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line[:3] in {"Mon", "Tue", "Wed", "Thu",
            "Fri", "Sat", "Sun"}]  # fmt: skip
    assert len(rows) in (72, 73), "a running hour at either end"


def test_json_has_the_same_and_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*HERE, *ROOF, "--roof", "5,10,90,3", "--slots", "15", "--json"]
    assert cli.main([*arguments, "--threshold", "300"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "solar-forecast/1"
    assert len(told["starts"]) == len(told["sun_w"]) == len(told["basis"]) == 288
    assert set(told["basis"]) == {"climatology"}
    for sun, low, left in zip(told["sun_w"], told["sun_low_w"], told["surplus_w"], strict=True):
        assert 0 <= low <= sun
        assert left == pytest.approx(max(0, sun - 300), abs=0.2)


def test_weather_of_a_file_is_used_and_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = int(datetime.now(UTC).timestamp()) // 3600 * 3600
    document = {
        "format": "weather-series/1",
        "starts_s": [begin + 3600 * n for n in range(24)],
        "ends_s": [begin + 3600 * n + 3600 for n in range(24)],
        "values": {"ghi_w_m2": [0.0] * 24},
    }
    file = tmp_path / "weather.json"
    file.write_text(json.dumps(document))
    assert cli.main([*HERE, *ROOF, "--source", "file", "--file", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["basis"][0] == "weather"
    assert told["basis"][-1] == "climatology"
    assert max(told["sun_w"][:20]) == 0
    assert cli.main([*HERE, *ROOF, "--source", "file", "--file", str(file)]) == 0
    assert "usual weather" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["--latitude", "95", "--longitude", "0", *ROOF],
        [*HERE, "--roof", "nine,30,180"],
        [*HERE, "--roof", "9,30"],
        [*HERE, "--roof", "nan,30,180"],
        [*HERE, *ROOF, "--hours", "0"],
        [*HERE, *ROOF, "--time-zone", "Mars/Olympus"],
        [*HERE, *ROOF, "--source", "weather-frog"],
        [*HERE, *ROOF, "--source", "file"],
        [*HERE, *ROOF, "--source", "file", "--file", "/does/not/exist"],
        [*HERE, *ROOF, "--load", "-5"],
        [*HERE, *ROOF, "--source", "solcast"],
    ],
)
def test_a_wrong_question_is_named_in_one_line(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(wrong) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("smart-charging forecast: ")
    assert told.err.count("\n") == 1


def test_a_source_that_does_not_answer_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOLTHUS_WEATHER_BRIGHT_SKY_URL", f"http://127.0.0.1:{free_port()}")
    assert cli.main([*HERE, *ROOF, "--source", "bright-sky"]) == 1
    assert "127.0.0.1" in capsys.readouterr().err


def test_a_dark_house_in_polar_night_is_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--latitude", "-90", "--longitude", "0", "--roof", "0,0,0", "--load", "0"]
    assert cli.main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert max(told["sun_w"]) == max(told["load_w"]) == 0
