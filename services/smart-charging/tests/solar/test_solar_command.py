"""`smart-charging forecast`, as people and scripts use it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from smart_charging.solar import cli
from volthus_kit.ports import free_port

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


class Answering(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    body = b""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Answering.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_source_is_asked_once_for_roofs_of_one_direction(
    server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    told = {f"{begin + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}": 500 for n in range(20)}
    Answering.body = json.dumps({"result": {"watt_hours_period": told}}).encode()
    monkeypatch.setenv("VOLTHUS_WEATHER_FORECAST_SOLAR_URL", server)
    arguments = [*HERE, *ROOF, "--roof", "5,31,179", "--source", "forecast-solar", "--json"]
    assert cli.main(arguments) == 0
    shown = json.loads(capsys.readouterr().out)
    assert len(Answering.asked) == 1
    assert shown["sun_w"][1] == pytest.approx(0.5 * 14_800)
    assert shown["basis"][1] == "weather"


def test_a_web_page_in_place_of_weather_is_named(
    server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Answering.body = b"<!DOCTYPE html><html>hotel wifi</html>"
    monkeypatch.setenv("VOLTHUS_WEATHER_OPEN_METEO_URL", server)
    assert cli.main([*HERE, *ROOF, "--source", "open-meteo"]) == 1
    assert "web page" in capsys.readouterr().err


def test_a_dark_house_in_polar_night_is_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--latitude", "-90", "--longitude", "0", "--roof", "0,0,0", "--load", "0"]
    assert cli.main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert max(told["sun_w"]) == max(told["load_w"]) == 0
