"""`smart-charging prices`, as people and scripts use it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from smart_charging.prices import cli
from smart_charging.prices.core import sample
from smart_charging.prices.readers import own
from smart_charging.provider.core.days import day

PROGRAM = str(Path(sys.executable).parent / "smart-charging")
DAY = ["--from", "2026-10-25", "--to", "2026-10-25"]  # 25 hours


class Answering(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_the_program_shows_the_sample_and_says_that_it_is_one() -> None:
    done = subprocess.run(
        [PROGRAM, "prices", "--source", "sample", *DAY],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "SAMPLE" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith("Sun ")]
    assert len(rows) == 25
    assert sum("02:00" in row for row in rows) == 2, "the hour that comes twice, by its offset"


def test_json_has_the_series_and_its_slots(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--source", "sample-co2", "--slots", "15", "--json", *DAY]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["slots"]) == 101
    assert len(answer["series"][0]["means"]) == 100
    assert own.read(json.dumps(answer["series"][0]).encode()).unit == "g/kWh"


def test_a_file_with_a_hole_shows_it_as_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series = sample.prices(*day(date(2026, 10, 25), sample.ZONE))
    holed = type(series)("file", "DE-LU", series.unit, series.intervals[:9] + series.intervals[12:])
    (tmp_path / "prices.json").write_bytes(own.written(holed))
    assert cli.main(["--source", "file", "--file", str(tmp_path / "prices.json"), *DAY]) == 0
    assert capsys.readouterr().out.count("unknown") == 1


def test_a_tariff_shows_what_is_paid_and_earned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tariff = tmp_path / "tariff.json"
    tariff.write_text(
        '{"format": "price-tariff/1", "currency": "EUR", "time_zone": "Europe/Berlin",'
        ' "import": {"levies_per_kwh": 0.1, "tax": 0.19}, "feed_in": {"fixed_per_kwh": 0.08}}'
    )
    assert cli.main(["--source", "sample", "--json", *DAY]) == 0
    market = json.loads(capsys.readouterr().out)["series"][0]
    assert cli.main(["--source", "sample", "--tariff", str(tariff), "--json", *DAY]) == 0
    bought, fed_in = json.loads(capsys.readouterr().out)["series"]
    assert (bought["scope"], fed_in["scope"]) == ("all-in", "feed-in")
    hours = zip(market["means"], bought["means"], strict=True)
    assert all(paid == pytest.approx((price + 0.1) * 1.19) for price, paid in hours)
    assert set(fed_in["means"]) == {0.08}


def test_time_of_use_and_fixed_need_no_market(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tariff = tmp_path / "tariff.json"
    tariff.write_text(
        '{"format": "price-tariff/1", "currency": "EUR", "time_zone": "Europe/Berlin", "import":'
        ' {"energy": {"windows": [{"per_kwh": 0.2, "from": "22:00", "to": "06:00"}],'
        ' "otherwise": 0.3}}}'
    )
    assert cli.main(["--source", "time-of-use", "--tariff", str(tariff), "--json", *DAY]) == 0
    means = json.loads(capsys.readouterr().out)["series"][0]["means"]
    assert (means.count(0.2), means.count(0.3)) == (9, 16)
    assert cli.main(["--source", "fixed", "--price", "0.31", "--json", *DAY]) == 0
    assert set(json.loads(capsys.readouterr().out)["series"][0]["means"]) == {0.31}


def test_a_provider_is_asked_where_the_settings_say(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VOLTHUS_PRICES_ENERGY_CHARTS_URL", server)
    start = day(datetime.now(UTC).astimezone(sample.ZONE).date(), sample.ZONE)[0]
    times = [int((start + n * timedelta(minutes=15)).timestamp()) for n in range(80)]
    Answering.body = json.dumps(
        {"unix_seconds": times, "price": [-500.0] * 80, "unit": "EUR / MWh"}
    ).encode()
    assert cli.main(["--source", "energy-charts"]) == 0
    assert capsys.readouterr().out.count("-0.5000") == 20
    Answering.body = b"<html>maintenance</html>"
    assert cli.main(["--source", "energy-charts"]) == 1
    assert "web page" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--source", "fixed"],
        ["--source", "fixed", "--price", "NaN"],
        ["--source", "fixed", "--price", "1", "--currency", "XXX"],
        ["--source", "file"],
        ["--source", "file", "--file", "/nowhere"],
        ["--source", "time-of-use"],
        ["--source", "entsoe", "--zone", "DE-LU"],
        ["--source", "sample", "--from", "yesterday"],
        ["--source", "sample", "--from", "2026-01-02", "--to", "2026-01-01"],
        ["--source", "sample", "--from", "2026-01-02", "--to", "2036-01-01"],
        ["--source", "sample", "--from", "0001-01-01", "--to", "0001-01-02"],
        ["--source", "sample", "--time-zone", "Moon/Sea"],
    ],
)
def test_what_cannot_be_is_one_line_and_a_code(
    wrong: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VOLTHUS_PRICES_ENTSOE_TOKEN", raising=False)
    assert cli.main(wrong) in {1, 2}
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
