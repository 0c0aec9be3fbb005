"""The fleet through the API: lists, what is written of sites, sums, events, metrics."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlmodel import Session

from volthus_kit.bus import Bus
from volthus_wire import subjects
from volthus_wire.v1 import evse_pb2, planning_pb2, site_pb2
from volthus_wire.v1.electrical_pb2 import Phases
from web.fleet.overload import DAY_S, LEASE, Overload
from web.history.tables import ChargingSessionRow, EnergyDayRow


def picture(site: str, **more: object) -> site_pb2.SiteState:
    state = site_pb2.SiteState(
        site=site,
        name=f"House {site}",
        version="0.1.0",
        energy_management=site_pb2.EnergyManagement(on=True),
        grid_connection=site_pb2.GridConnection(fuse_a=Phases(l1=20, l2=20, l3=20), revision=1),
        grid_current_a=Phases(l1=10, l2=15, l3=-4),
        grid_import_w=4000.0,
        grid_export_w=0.0,
        charging_power_w=0.0,
        overload_s=0.0,
    )
    for name, value in more.items():
        setattr(state, name, value)
    state.chargers.add(ski="1" * 40, state="no_car", connection=evse_pb2.CONNECTION_CONNECTED)
    return state


@pytest.fixture
async def fleet(nats, door, until):
    """Five sites; the third charges, the fourth has an alarm."""
    async with Bus.connect(nats.url, "fleet") as bus:
        await bus.until_connected()

        async def speak(**more: object) -> None:
            for number in range(1, 6):
                state = picture(f"s{number}", **more)
                if number == 3:
                    state.charging_power_w = 7360.0
                    state.chargers[0].state, state.chargers[0].session = "charging", "x"
                if number == 4:
                    state.notices.add(code="meter-silent", severity="alarm")
                await bus.publish(subjects.SITE_STATE, state, site=f"s{number}")

        await speak()
        await until(lambda: door.parts.live.count() == 5)
        bus.speak = speak
        yield bus


@pytest.fixture
async def operator(door):
    async with door.logged_in("operator") as client:
        yield client


async def listed(client: httpx.AsyncClient, **query: object) -> list[str]:
    answer = await client.get("/sites", params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_a_list_is_filtered_sorted_and_turned_page_by_page(fleet, operator):
    everything = (await operator.get("/sites")).json()
    assert everything["total"] == 5
    assert everything["next"] is None
    assert everything["items"][2]["state"] == "charging"
    assert everything["items"][2]["load_percent"] == 75.0
    assert await listed(operator, sort="-power", limit=2) == ["s3", "s5"]
    assert await listed(operator, state="charging") == ["s3"]
    assert await listed(operator, attention=True) == ["s4"]
    assert await listed(operator, sort="-attention", limit=1) == ["s4"]
    assert await listed(operator, search="HOUSE s2") == ["s2"]
    assert await listed(operator, search="nothing") == []
    first = (await operator.get("/sites", params={"limit": 3, "sort": "name"})).json()
    params = {"limit": 3, "sort": "name", "cursor": first["next"]}
    rest = (await operator.get("/sites", params=params)).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ["s1", "s2", "s3", "s4", "s5"]
    assert rest["next"] is None


async def test_what_makes_no_sense_in_a_list_is_refused_by_name(fleet, operator):
    for query in ({"sort": "color"}, {"state": "happy"}, {"limit": 0}, {"limit": 1001}):
        assert (await operator.get("/sites", params=query)).status_code == 422, query
    answer = await operator.get("/sites", params={"cursor": "s3"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-cursor")


async def test_who_may_see_one_site_finds_no_other(fleet, door):
    async with door.logged_in("elsewhere") as client:
        assert (await client.get("/sites")).json() == {"items": [], "next": None, "total": 0}
        assert (await client.get("/sites", params={"search": "s1"})).json()["total"] == 0
        assert (await client.patch("/sites/s1", json={"name": "x"})).status_code in (403, 404)
        assert (await client.get("/fleet/summary")).status_code == 403


async def test_an_operator_writes_of_a_site_with_a_revision_and_an_audit_line(fleet, operator):
    wanted = {"name": "Nordhaus", "tags": ["north", "pilot", "north"], "address": "Weg 1"}
    answer = await operator.patch("/sites/s2", json=wanted, headers={"If-Match": '"0"'})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"1"'
    assert answer.json()["tags"] == ["north", "pilot"]
    assert await listed(operator, search="nordhaus") == ["s2"]
    assert await listed(operator, tag="pilot") == ["s2"]
    stale = await operator.patch("/sites/s2", json={"notes": "x"}, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "revision-conflict")
    place = {"latitude": 52.5, "longitude": 13.4}
    answer = await operator.patch("/sites/s2", json=place, headers={"If-Match": '"1"'})
    assert answer.json()["place"] == place
    assert answer.json()["place_written"] is True
    assert answer.json()["name"] == "Nordhaus"  # what is left out stays
    half = await operator.patch("/sites/s2", json={"latitude": 1.0})
    assert half.status_code == 422
    answer = await operator.patch("/sites/s2", json={"latitude": None, "longitude": None})
    assert answer.json()["place"] is None


async def test_service_users_write_of_their_sites_and_drivers_of_none(fleet, service, standard):
    """Who installs a site knows best where it is; what they write stands on the operator's map."""
    wanted = {"address": "Weg 1", "tags": ["north"], "latitude": 52.5, "longitude": 13.4}
    written = (await service.patch("/sites/s1", json=wanted)).json()
    assert (written["address"], written["place"]["latitude"]) == ("Weg 1", 52.5)
    answer = await standard.patch("/sites/s1", json={"name": "Mine"})
    assert answer.json()["code"] == "role-not-allowed"


async def test_a_site_is_where_it_says_until_somebody_writes_another_place(
    fleet, door, operator, until
):
    profile = planning_pb2.SiteProfile(site="s1")
    profile.planning.latitude, profile.planning.longitude = 48.1, 11.5
    await fleet.publish(subjects.SITE_PROFILE, profile, site="s1")
    await until(lambda: door.parts.fleet.row("s1").place)
    told = (await operator.get("/sites/s1")).json()
    assert told["place"] == {"latitude": 48.1, "longitude": 11.5}
    assert told["place_written"] is False


async def test_the_summary_counts_adds_and_names_who_needs_somebody(fleet, operator):
    sums = (await operator.get("/fleet/summary")).json()
    assert sums["sites"] == 5
    assert {"state": "charging", "sites": 1} in sums["states"]
    assert sums["charging_power_w"] == 7360
    assert sums["grid_import_w"] == 20_000
    assert sums["versions"] == [{"name": "0.1.0", "sites": 5}]
    assert [one["id"] for one in sums["attention"]] == ["s4"]
    assert sums["concerns"] == [{"name": "meter-silent", "sites": 1}]


async def test_overload_is_counted_once_whoever_restarts(door, nats):
    engine, clock = door.parts.fleet.rollups._engine, door.parts.clock
    for counters, expected in (
        ({"a": 100.0}, 0.0),  # first heard: when it grew is not known
        ({"a": 103.0}, 3.0),
        ({"a": 103.0}, 3.0),
        ({"a": 2.0}, 5.0),  # its CEM began anew
    ):
        book = Overload(engine, clock)  # as after a restart of ours
        await book.count(counters)
        await book.refresh()
        assert book.week_s("a") == expected
    assert LEASE
    assert DAY_S == 86_400


async def test_energy_and_sessions_of_all_sites_add_up_by_day_and_month(
    fleet, door, operator, until
):
    await until(lambda: _is_stored(door))
    first = datetime(2026, 10, 30, tzinfo=UTC)
    with Session(door.parts.fleet.rollups._engine) as session:
        for site in ("s1", "s2", "hidden"):
            for day in range(4):
                start_s = int((first + timedelta(days=day)).timestamp())
                session.add(
                    EnergyDayRow(site=site, start_s=start_s, import_wh=10.0, charging_wh=4.0)
                )
            session.add(
                ChargingSessionRow(
                    site=site, id="x", epoch=1, revision=1, ski="1" * 40, state="ended",
                    started_ms=int(first.timestamp() * 1000), energy_wh=4000.0, sun_wh=1000.0,
                    cost=1.5 if site == "s1" else None, currency="EUR",
                )
            )  # fmt: skip
        session.commit()
    span = {"from": "2026-10-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    days = (await operator.get("/fleet/energy", params=span)).json()["energy"]
    assert [one["import_wh"] for one in days] == [20.0] * 4
    assert days[0]["sites"] == 2
    months = await operator.get("/fleet/energy", params=span | {"step": "month", "by": "site"})
    told = [(o["site"], o["name"], o["import_wh"]) for o in months.json()["energy"]]
    assert told == [("s1", "House s1", 20.0), ("s2", "House s2", 20.0)] * 2
    sums = (await operator.get("/fleet/sessions", params=span)).json()["sessions"]
    (only,) = sums
    assert (only["sessions"], only["cost"], only["unpriced"], only["currency"]) == (
        2,
        1.5,
        1,
        "EUR",
    )
    table = await operator.get("/fleet/sessions.csv", params=span)
    assert table.headers["content-type"].startswith("text/csv")
    assert len(table.text.strip().splitlines()) == 3
    far = await operator.get("/fleet/energy", params={"from": "2001-01-01T00:00:00Z"})
    assert far.json()["code"] == "span-too-long"


def _is_stored(door) -> bool:
    from web.store import SiteRow  # noqa: PLC0415

    with Session(door.parts.fleet.rollups._engine) as session:
        return session.get(SiteRow, "s2") is not None


async def test_the_stream_tells_sums_and_then_what_changed_of_the_rows_in_view(fleet, door):
    from web.fleet.events import Viewer, stream  # noqa: PLC0415

    parts = door.parts
    sight = (await _account(door)).sight
    viewer = Viewer(parts.fleet, sight, ("s1", "s3", "nowhere"))

    async def valid() -> bool:
        return True

    events: list[tuple[str, list]] = []

    async def listen() -> None:
        async for text in stream(viewer, valid):
            for line in text.splitlines():
                if line.startswith("data: "):
                    kind = text.split("event: ")[1].split("\n")[0]
                    events.append((kind, json.loads(line[6:])))

    parts.fleet.find  # noqa: B018
    listening = asyncio.create_task(listen())
    async with asyncio.timeout(10):
        while not {"rows", "summary"} <= {kind for kind, _ in events}:
            await asyncio.sleep(0.05)
        before = len(events)
        await fleet.speak(overload_s=0.0, sun_w=1234.0)
        while not any(kind == "rows" for kind, _ in events[before:]):
            await asyncio.sleep(0.05)
    rows = next(data for kind, data in events if kind == "rows")
    assert {one["id"] for one in rows} <= {"s1", "s3"}
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert not parts.fleet.changed


async def _account(door):
    async with door.logged_in("operator") as client:
        secret = client.headers["Authorization"].removeprefix("Bearer ")
        from web.accounts import Kind  # noqa: PLC0415

        return await door.parts.accounts.by_token(secret, Kind.BEARER)


async def test_metrics_tell_six_series_of_each_site_at_most(fleet, door, until):
    await until(lambda: len(door.parts.fleet.index) == 5)
    async with door.client() as client:
        text = (await client.get("http://door/metrics")).text
    for site in ("s1", "s5"):
        series = [line for line in text.splitlines() if f'site="{site}"' in line]
        assert 1 <= len(series) <= 6
    assert 'volthus_site_charging_watts{site="s3"} 7360' in text
    assert 'volthus_site_fuse_load_ratio{site="s1"} 0.75' in text
    names = [line.split("{")[0] for line in text.splitlines() if 'site="s1"' in line]
    assert len(names) == len(set(names))
