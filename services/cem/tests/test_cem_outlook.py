"""Tariff, place and PV systems, set over a real bus; the token never comes out again."""

import json
from pathlib import Path

from cem_stage import SERVICE, A, cem

from cem.store import Store
from volthus_wire import subjects as on
from volthus_wire.v1 import records_pb2, tariff_pb2

SECRET = "very-secret-key-4711"


def tariff(**more: object) -> tariff_pb2.PutTariffRequest:
    usual = {"source": "energy-charts", "zone": "DE-LU", "currency": "EUR"}
    bought = {"markup_per_kwh": 0.02, "tax_percent": 19.0}
    return tariff_pb2.PutTariffRequest(
        tariff=tariff_pb2.Tariff(**usual | {"bought": bought} | more)
    )


def planning(**more: object) -> tariff_pb2.PutPlanningRequest:
    return tariff_pb2.PutPlanningRequest(settings=tariff_pb2.PlanningSettings(**more))


def roof(**more: object) -> tariff_pb2.PutPvSystemRequest:
    usual = {"name": "South roof", "peak_w": 6000.0, "tilt_deg": 35.0, "azimuth_deg": 180.0}
    return tariff_pb2.PutPvSystemRequest(system=tariff_pb2.PvSystem(**usual | more))


async def test_a_tariff_is_checked_kept_over_a_restart_and_its_token_never_told(
    tmp_path: Path,
) -> None:
    async with cem(tmp_path) as stage:
        first = (await stage.ask(on.TARIFF_GET, tariff_pb2.GetTariffRequest())).tariff
        assert first.revision == 0
        for question, expected in (
            (tariff(currency="euro"), ("currency-unknown", "/currency")),
            (tariff(source=""), ("energy-missing", "/bought/energy")),
            (tariff(source="a b"), ("name-invalid", "/source")),
            (tariff(token="ä"), ("token-invalid", "/token")),
            (tariff(bought={"tax_percent": 101}), ("price-out-of-range", "/bought/tax_percent")),
            (tariff(bought={"markup_per_kwh": float("nan")}),
             ("price-out-of-range", "/bought/markup_per_kwh")),
            (tariff(bought={"billed_minutes": 7}),
             ("billed-minutes-out-of-range", "/bought/billed_minutes")),
            (tariff(bought={"grid_fee": {}}), ("rates-missing", "/bought/grid_fee")),
            (tariff(bought={"grid_fee": {"windows": [{"from_minute": 7}]}}),
             ("minute-out-of-range", "/bought/grid_fee/windows/0/from_minute")),
            (tariff(bought={"grid_fee": {"windows": [{"weekdays": [0]}]}}),
             ("weekdays-out-of-range", "/bought/grid_fee/windows/0/weekdays")),
            (tariff(revision=3), ("revision-conflict", "/revision")),
        ):  # fmt: skip
            assert await stage.refused(on.TARIFF_PUT, question) == expected
        saved = (await stage.ask(on.TARIFF_PUT, tariff(token=SECRET))).tariff
        assert (saved.revision, saved.has_token, saved.token) == (1, True, "")
        kept = tariff(zone="AT", has_token=True, revision=1)
        assert (await stage.ask(on.TARIFF_PUT, kept)).tariff.has_token
    store = Store(tmp_path)
    token = store.token()
    assert token is not None
    assert token.secret == SECRET
    assert SECRET not in repr(token)
    assert all(SECRET not in entry.before + entry.after for entry in store.audit())
    entries = {entry.setting: json.loads(entry.after) for entry in store.audit()}
    assert entries["tariff-token"] == "***"
    assert entries["tariff"]["zone"] == "AT"
    store.close()
    async with cem(tmp_path) as stage:
        after = (await stage.ask(on.TARIFF_GET, tariff_pb2.GetTariffRequest())).tariff
        assert (after.zone, after.has_token, after.token) == ("AT", True, "")
        assert after.bought.markup_per_kwh == 0.02
        gone = (await stage.ask(on.TARIFF_PUT, tariff(revision=2))).tariff
        assert not gone.has_token
    store = Store(tmp_path)
    assert store.token() is None
    store.close()


async def test_a_place_needs_both_degrees_and_its_zone_must_exist(tmp_path: Path) -> None:
    async with cem(tmp_path, time_zone="UTC") as stage:
        for question, expected in (
            (planning(latitude=52.0), ("place-incomplete", "/longitude")),
            (planning(latitude=91.0, longitude=0.0), ("latitude-out-of-range", "/latitude")),
            (planning(time_zone="Mars/Base"), ("time-zone-unknown", "/time_zone")),
            (planning(time_zone="../../etc/passwd"), ("time-zone-unknown", "/time_zone")),
            (planning(objective="fun"), ("objective-unknown", "/objective")),
            (planning(solar_threshold_w=-1.0),
             ("solar-threshold-out-of-range", "/solar_threshold_w")),
        ):  # fmt: skip
            assert await stage.refused(on.PLANNING_PUT, question) == expected
        asked = planning(
            latitude=52.5, longitude=13.4, time_zone="Europe/Berlin", objective="co2",
            solar_threshold_w=300.0, car_before_battery=True,
        )  # fmt: skip
        saved = (await stage.ask(on.PLANNING_PUT, asked)).settings
        assert (saved.revision, saved.objective, saved.solar_threshold_w) == (1, "co2", 300.0)
        read = (await stage.ask(on.PLANNING_GET, tariff_pb2.GetPlanningRequest())).settings
        assert read == saved
    async with cem(tmp_path, time_zone="UTC") as stage:
        again = (await stage.ask(on.PLANNING_GET, tariff_pb2.GetPlanningRequest())).settings
        assert again == saved


async def test_roofs_are_added_changed_and_taken_away(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        added = (await stage.ask(on.PV_SYSTEM_PUT, roof())).system
        assert (added.system, added.revision) == ("south-roof", 1)
        for question, expected in (
            (roof(name=" "), ("name-missing", "/name")),
            (roof(tilt_deg=91.0), ("tilt-out-of-range", "/tilt_deg")),
            (roof(peak_w=float("inf")), ("peak-out-of-range", "/peak_w")),
            (roof(system="attic"), ("unknown-pv-system", "/system")),
            (roof(system="south-roof", revision=9), ("revision-conflict", "/revision")),
        ):
            assert await stage.refused(on.PV_SYSTEM_PUT, question) == expected
        changed = roof(system="south-roof", revision=1, azimuth_deg=90.0, inverter_w=5000.0)
        assert (await stage.ask(on.PV_SYSTEM_PUT, changed)).system.revision == 2
        second = (await stage.ask(on.PV_SYSTEM_PUT, roof())).system
        assert second.system == "south-roof-2"
        gone = tariff_pb2.RemovePvSystemRequest(system="south-roof-2")
        await stage.ask(on.PV_SYSTEM_REMOVE, gone)
        listed = await stage.ask(on.PV_SYSTEM_LIST, tariff_pb2.ListPvSystemsRequest())
        assert [(s.system, s.azimuth_deg, s.inverter_w) for s in listed.systems] == [
            ("south-roof", 90.0, 5000.0)
        ]


FILE = f"""
version: 1
tariff:
  source: energy-charts
  zone: DE-LU
  token: {SECRET}
  currency: EUR
  bought: {{markup_per_kwh: 0.03}}
planning: {{latitude: 52.5, longitude: 13.4, time_zone: Europe/Berlin}}
pv_systems:
  south: {{name: South, peak_w: 6000}}
"""


async def test_the_site_file_manages_them_and_hides_the_token(tmp_path: Path) -> None:
    async with cem(tmp_path) as stage:
        await stage.pair(A)

        async def apply(text: str, **more: object) -> records_pb2.ApplySiteFileReply:
            question = records_pb2.ApplySiteFileRequest(yaml=text, **more)
            return await stage.ask(on.SITE_FILE_APPLY, question, SERVICE)

        dry = await apply(FILE, dry_run=True)
        told = {change.pointer: change.after for change in dry.changes}
        assert told["/tariff/token"] == '"***"'
        assert told["/planning/time_zone"] == '"Europe/Berlin"'
        assert SECRET not in str(dry)
        assert (await apply(FILE)).changes == dry.changes
        assert not (await apply(FILE)).changes
        other = await apply(FILE.replace(SECRET, "another"))
        assert [change.pointer for change in other.changes] == ["/tariff/token"]
        assert (await stage.ask(on.TARIFF_GET, tariff_pb2.GetTariffRequest())).tariff.revision == 2
        read = await stage.ask(on.SITE_FILE_GET, records_pb2.GetSiteFileRequest())
        assert "another" not in read.yaml
        assert not (await apply(read.yaml)).changes
        for request, question, expected in (
            (on.TARIFF_PUT, tariff(zone="AT", has_token=True, bought={"markup_per_kwh": 0.03}),
             ("managed-by-file", "/zone")),
            (on.TARIFF_PUT, tariff(has_token=True, bought={"levies_per_kwh": 1.0}),
             ("managed-by-file", "/bought/markup_per_kwh")),
            (on.PLANNING_PUT, planning(latitude=1.0, longitude=13.4, time_zone="Europe/Berlin"),
             ("managed-by-file", "/latitude")),
            (on.PV_SYSTEM_PUT, roof(), ("managed-by-file", "")),
        ):  # fmt: skip
            code, field = await stage.refused(request, question)
            assert (code, field) == expected or (code == expected[0] and not expected[1])
        wrong = FILE.replace("Europe/Berlin", "Nowhere")
        no = records_pb2.ApplySiteFileRequest(yaml=wrong)
        assert await stage.refused(on.SITE_FILE_APPLY, no) == (
            "time-zone-unknown",
            "/planning/time_zone",
        )
