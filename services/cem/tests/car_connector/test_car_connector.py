"""The optional bridge from carmakers' services: what it reads, and what it tells over real HTTP."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from cem.car_connector.cli import Teller, main
from cem.car_connector.words import Word, words

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VIN = "WVWZZZ00000000001"


def drive(kind: str, level: float | None) -> SimpleNamespace:
    told = SimpleNamespace(value=level, last_updated=NOON)
    return SimpleNamespace(type=SimpleNamespace(value=kind), level=told)


def garage(vin: str | None, *drives: SimpleNamespace) -> SimpleNamespace:
    named = SimpleNamespace(drives={str(number): one for number, one in enumerate(drives)})
    vehicle = SimpleNamespace(vin=SimpleNamespace(value=vin), drives=named)
    return SimpleNamespace(list_vehicles=lambda: [vehicle])


def test_the_electric_drive_of_our_cars_counts_and_nothing_else() -> None:
    cars = {VIN: "van"}
    both = garage(VIN.lower(), drive("gasoline", 80.0), drive("electric", 43.0))
    assert words(both, cars) == [Word("van", 43.0, NOON)]
    for other in (
        garage("ELSE", drive("electric", 43.0)),
        garage(None, drive("electric", 43.0)),
        garage(VIN, drive("gasoline", 43.0)),
        garage(VIN, drive("electric", None)),
        garage(VIN, drive("electric", float("nan"))),
        garage(VIN, drive("electric", 130.0)),
    ):
        assert words(other, cars) == []


def test_the_librarys_own_classes_are_read() -> None:
    reason = "carconnectivity is not installed: pip install 'volthus-cem[car-connector]'"
    library = pytest.importorskip("carconnectivity.garage", reason=reason)
    drives = pytest.importorskip("carconnectivity.drive", reason=reason)
    vehicles = pytest.importorskip("carconnectivity.vehicle", reason=reason)
    real = library.Garage(None)
    car = vehicles.ElectricVehicle(vin=VIN, garage=real, managing_connector=None)
    real.add_vehicle(VIN, car)
    electric = drives.ElectricDrive("primary", drives=car.drives)
    electric.type._set_value(drives.GenericDrive.Type.ELECTRIC)
    electric.level._set_value(43.0, measured=NOON)
    car.drives.add_drive(electric)
    assert words(real, {VIN: "van"}) == [Word("van", 43.0, NOON)]


@pytest.fixture
def front_door() -> Iterator[tuple[str, list[tuple[str, str, dict[str, object]]]]]:
    heard: list[tuple[str, str, dict[str, object]]] = []

    class Door(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.append((self.path, self.headers["authorization"], body))
            self.send_response(404 if "nobody" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_word_is_told_once_with_the_token_and_again_where_it_was_not_taken(
    front_door: tuple[str, list[tuple[str, str, dict[str, object]]]],
) -> None:
    url, heard = front_door
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer key"}) as client:
        teller = Teller(client, "demo")
        found = [Word("van", 43.0, NOON), Word("nobody", 10.0, None)]
        assert teller.tell(found) == 1
        assert teller.tell(found) == 0
        assert teller.tell([Word("van", 44.0, NOON)]) == 1
    path, token, body = heard[0]
    assert (path, token) == ("/api/v1/sites/demo/cars/van/soc", "Bearer key")
    told = {"soc_percent": 43.0, "at": "2026-11-22T12:00:00+00:00", "source": "connector"}
    assert body == told
    assert [path.split("/")[-2] for path, _, _ in heard] == ["van", "nobody", "nobody", "van"]


def test_what_cannot_run_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
    assert main([str(tmp_path / "none.json")]) == 2
    file = tmp_path / "cars.json"
    file.write_text('{"url": "http://127.0.0.1:1"}')
    assert main([str(file)]) == 2
    assert "token_file" in capsys.readouterr().err


def test_a_wrong_file_is_named_place_by_place_and_its_password_never(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cars.json"
    login = {"connectors": [{"config": {"password": "hush-hush"}}]}
    file.write_text(json.dumps({"url": "http://127.0.0.1", "carConnectivity": login, "every_s": 1}))
    assert main([str(file)]) == 2
    told = capsys.readouterr().err
    assert "carconnectivity: Field required" in told
    assert "every_s: Input should be greater than or equal to 60" in told
    assert told.count("\n") == 1
    assert "hush" not in told
    assert "pydantic" not in told
