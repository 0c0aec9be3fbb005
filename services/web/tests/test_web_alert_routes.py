"""Alerts and their rules over HTTP: who sees them, filters, pages, acknowledged by a person."""

import json

import pytest
from sqlmodel import Session

from web.alerts.tables import AlertRow

BASE_S = 1_790_000_000.0


@pytest.fixture
def alerts(door):
    """Six alerts of two sites and of the front door itself."""
    with Session(door.parts.telling._engine) as session:
        for number, (site, rule, state, severity) in enumerate(
            (
                ("demo", "overload", "firing", "alarm"),
                ("demo", "charger-offline", "firing", "warning"),
                ("demo", "meter-lost", "pending", "warning"),
                ("demo", "meter-lost", "resolved", "warning"),
                ("other", "overload", "firing", "alarm"),
                ("", "webhook-disabled", "firing", "warning"),
            )
        ):
            session.add(
                AlertRow(
                    id=f"a{number}", open_key=None if state == "resolved" else f"k{number}",
                    site=site, rule=rule, severity=severity, state=state,
                    params=json.dumps({"name": "Garage"}), started_s=BASE_S + number,
                    fired_s=BASE_S + number, resolved_s=BASE_S + 9 if state == "resolved" else None,
                )
            )  # fmt: skip
        session.commit()


async def ids(client, **query):
    reply = await client.get("/alerts", params=query)
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["items"]]


async def test_everybody_sees_the_alerts_of_their_sites(door, site, alerts, service, standard):
    assert await ids(service) == ["a5", "a4", "a3", "a1", "a0"]
    assert await ids(standard) == ["a4", "a3", "a1", "a0"]
    async with door.logged_in("elsewhere") as elsewhere:
        assert await ids(elsewhere) == ["a4"]
        assert (await elsewhere.get("/alerts/a0")).json()["code"] == "unknown-alert"
        assert (await elsewhere.post("/alerts/a0/acknowledge")).status_code == 404
        counts = (await elsewhere.get("/alerts/summary")).json()
        assert counts == {"firing": 1, "unacknowledged": 1, "alarms": 1}
    one = (await standard.get("/alerts/a1")).json()
    assert (one["site_name"], one["params"]) == ("Green Street 4", {"name": "Garage"})


async def test_filters_and_pages(service, site, alerts):
    assert await ids(service, state="pending") == ["a2"]
    assert await ids(service, state=["pending", "firing"], site="demo") == ["a2", "a1", "a0"]
    assert await ids(service, rule="overload") == ["a4", "a0"]
    assert await ids(service, severity="alarm", site="demo") == ["a0"]
    start, end = "2026-09-21T14:13:21Z", "2026-09-21T14:13:23Z"
    assert await ids(service, **{"from": start, "to": end}) == ["a1"]
    found, cursor = [], ""
    while cursor is not None:
        page = (await service.get("/alerts", params={"limit": 2, "cursor": cursor})).json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert found == ["a5", "a4", "a3", "a1", "a0"]
    assert (await service.get("/alerts", params={"rule": "none"})).status_code == 422


async def test_the_first_who_sees_to_an_alert_is_named(door, service, standard, site, alerts):
    assert (await standard.post("/alerts/a1/acknowledge")).json()["code"] == "role-not-allowed"
    known = (await service.post("/alerts/a1/acknowledge")).json()
    assert known["acknowledged_by"] == "service"
    async with door.logged_in("operator") as operator:
        again = (await operator.post("/alerts/a1/acknowledge")).json()
    assert again == known
    assert await ids(service, acknowledged=True) == ["a1"]
    counts = (await service.get("/alerts/summary", params={"site": "demo"})).json()
    assert counts == {"firing": 2, "unacknowledged": 1, "alarms": 1}


async def test_a_rule_is_changed_by_who_sees_all_sites(door, service, standard, site):
    rules = {one["rule"]: one for one in (await service.get("/alert-rules")).json()["items"]}
    assert (rules["overload"]["threshold"], rules["charger-offline"]["needs_car"]) == (
        "at-least", True,
    )  # fmt: skip
    wanted = {"enabled": False, "severity": "info", "after_s": 60}
    path = "/alert-rules/meter-lost"
    put = await service.put(path, json=wanted, headers={"If-Match": '"0"'})
    assert (put.status_code, put.headers["ETag"]) == (200, '"1"')
    assert {key: put.json()[key] for key in wanted} == wanted
    stale = await service.put(path, json=wanted, headers={"If-Match": '"0"'})
    assert stale.json()["code"] == "revision-conflict"
    assert (await standard.put(path, json=wanted)).json()["code"] == "role-not-allowed"
    async with door.logged_in("elsewhere") as elsewhere:
        assert (await elsewhere.put(path, json=wanted)).json()["code"] == "role-not-allowed"
    for wrong in ({"after_s": -1}, {"severity": "bad"}, {"enabled": 1}, {"more": 1}):
        assert (await service.put(path, json=wanted | wrong)).status_code == 422
