"""The record of changes, as the API tells it."""

import json
from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from web.core.redaction import without_secrets
from web.history.tables import SiteAuditRow
from web.store import AuditRow, SiteRow, open_store

FUSE = {"fuse_a": {"l1": 25, "l2": 25, "l3": 25}, "phases": 3}
NOW_S = datetime(2026, 11, 22, tzinfo=UTC).timestamp()


@pytest.fixture
async def operator(door):
    async with door.logged_in("operator") as client:
        yield client


def add(door, *rows) -> None:
    engine = open_store(door.folder)
    with Session(engine) as session:
        for row in rows:
            session.merge(row)
        session.commit()
    engine.dispose()


async def listed(client, **params) -> list[dict]:
    answer = await client.get("/audit", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_setting_tells_who_what_before_and_after(service, site):
    for phases in (3, 1):
        put = await service.put("/sites/demo/grid-connection", json=FUSE | {"phases": phases})
        assert put.status_code == 200
    newest, first, *_ = await listed(service, site="demo", action="cem.grid")
    assert (newest["actor"], newest["role"], newest["site"]) == ("service", "service", "demo")
    assert newest["outcome"] == "done"
    assert newest["source"] == "front-door"
    assert newest["details"]["settings"]["phases"] == 1
    assert newest["after"]["settings"]["phases"] == 1
    assert newest["before"] == first["after"]
    assert first["before"] is None


async def test_log_ins_are_in_it_with_their_address(operator, anybody):
    form = {"username": "standard", "password": "wrong"}
    await anybody.post("/auth/token", data=form)
    (entry, *_) = await listed(operator, action="auth.", actor="stand")
    assert (entry["outcome"], entry["address"]) == ("wrong-credentials", "127.0.0.1")


async def test_no_secret_is_in_it(service, operator, site):
    tariff = {"currency": "EUR", "source": "tibber", "token": "my-secret-word", "zone": "x"}
    await service.put("/sites/demo/tariff", json=tariff)
    made = (await service.post("/tokens", json={"name": "T", "scopes": ["read"]})).json()
    told = json.dumps(await listed(operator))
    assert "my-secret-word" not in told
    assert made["token"] not in told


async def test_pages_follow_and_filters_hold(door, operator):
    add(
        door,
        *(
            AuditRow(at_s=NOW_S + n // 3, actor=f"a{n % 2}", role="service", site="", action="x.y",
                     about=str(n), outcome="done")
            for n in range(25)
        ),
    )  # fmt: skip
    seen, cursor = [], ""
    while True:
        params = {"limit": 4, "cursor": cursor, "action": "x."}
        page = (await operator.get("/audit", params=params)).json()
        seen += [int(one["about"]) for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == list(reversed(range(25)))
    assert len(await listed(operator, actor="a1", action="x.")) == 12
    span = {"from": "2026-11-22T00:00:02Z", "to": "2026-11-22T00:00:04Z", "action": "x."}
    assert [int(one["about"]) for one in await listed(operator, **span)] == [11, 10, 9, 8, 7, 6]
    bad = await operator.get("/audit", params={"cursor": "x"})
    assert bad.status_code == 422


async def test_pages_go_on_through_any_number_of_changes_of_one_instant(door, operator):
    """A site file of hundreds of settings is one instant; more sites and we ourselves, the same."""
    at_ms = round(NOW_S * 1000)
    told = {"actor": "bo", "role": "service", "origin": "site", "before": "{}", "after": "{}"}
    sites = ("a", "a-b", "B", "zoë")
    add(
        door,
        *(SiteRow(site=site, name=site, last_seen_s=1) for site in sites),
        *(
            SiteAuditRow(site=site, epoch=epoch, sequence=n, at_ms=at_ms, setting="x.s", **told)
            for site in sites
            for epoch in (9, 10)
            for n in range(1, 61)
        ),
        *(
            AuditRow(at_s=NOW_S, actor="x", role="service", site="a", action="x.d", about="")
            for _ in range(250)
        ),
        AuditRow(at_s=NOW_S + 0.0005, actor="x", role="service", site="a", action="x.d", about=""),
        SiteAuditRow(site="a", epoch=1, sequence=1, at_ms=at_ms - 1, setting="x.s", **told),
    )
    seen, cursor = [], ""
    while cursor is not None:
        params = {"limit": 97, "cursor": cursor, "action": "x."}
        page = (await operator.get("/audit", params=params)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 4 * 2 * 60 + 250 + 2


@pytest.mark.parametrize("cursor", ["1|x", "1|d", "1|sx/1", "nan|d1", "1e99|d1", "inf|d1", "|d1"])
async def test_a_cursor_that_was_not_given_out_is_refused(operator, cursor):
    bad = await operator.get("/audit", params={"cursor": cursor})
    assert (bad.status_code, bad.json()["field"]) == (422, "cursor")


async def test_what_sites_told_stands_in_the_same_list(door, operator):
    at_ms = round(NOW_S * 1000)
    told = {"actor": "bo", "role": "service", "origin": "site", "before": "{}", "after": '{"a":1}'}
    add(
        door,
        SiteRow(site="demo", name="Demo", last_seen_s=1),
        SiteRow(site="far", name="Far", last_seen_s=1, tenant="north"),
        AuditRow(at_s=NOW_S + 1, actor="x", role="service", site="demo", action="a", about=""),
        SiteAuditRow(site="demo", epoch=1, sequence=1, at_ms=at_ms, setting="mode", **told),
        SiteAuditRow(site="demo", epoch=1, sequence=2, at_ms=at_ms + 2000, setting="fuse", **told),
        SiteAuditRow(site="far", epoch=1, sequence=1, at_ms=at_ms, setting="mode", **told),
    )
    span = {"from": "2026-11-22T00:00:00Z", "to": "2026-11-22T00:01:00Z"}
    entries = await listed(operator, **span)
    assert [(one["source"], one["action"]) for one in entries] == [
        ("site", "fuse"), ("front-door", "a"), ("site", "mode"),
    ]  # fmt: skip
    assert entries[0]["after"] == {"a": 1}
    async with door.logged_in("foreigner") as north:
        assert [one["site"] for one in await listed(north, **span)] == ["far"]


async def test_who_sees_some_sites_sees_of_the_record_only_those(door, service, site):
    await service.put("/sites/demo/grid-connection", json=FUSE)
    async with door.logged_in("elsewhere") as client:
        assert {one["actor"] for one in await listed(client)} == {"elsewhere"}
        answer = await client.get("/audit", params={"site": "demo"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-site")


def test_secrets_are_hidden_wherever_they_stand_and_nothing_else_is():
    text = '{"a":{"token":"x","accessToken":"y","tokens":3},"b":[{"password":""},{"key":"k"}]}'
    assert json.loads(without_secrets(text)) == {
        "a": {"token": "***", "accessToken": "***", "tokens": 3},
        "b": [{"password": ""}, {"key": "k"}],
    }
    assert without_secrets("read soc:write") == "read soc:write"
