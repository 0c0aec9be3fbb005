"""A backup of a site's settings, and putting it back on a living site (C12)."""

import copy

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def backup_of(client) -> dict:
    answer = await client.get("/backup")
    assert answer.status_code == 200, answer.text
    assert "volthus-backup.json" in answer.headers["content-disposition"]
    return answer.json()


async def test_settings_come_back_as_they_were_and_a_look_changes_nothing(site):
    async with site.log_in() as client:
        kept = await backup_of(client)
        assert kept["meters"]
        assert len(kept["devices"]) >= 2
        ski = kept["devices"][0]["ski"]
        put = {"battery_wh": 50_000.0, "name": "Borrowed"}
        car = (await client.post("/cars", json=put)).json()["id"]
        await client.patch(f"/eebus/paired/{ski}", json={"name": "Somebody else"})
        extra = copy.deepcopy(kept["meters"][0]) | {"id": "sub-00000000"}
        extra["settings"] |= {"role": "sub", "name": "Not there"}
        extra["settings"]["transport"] |= {"port": 9}
        stranger = {"ski": "f" * 40, "name": "Elsewhere", "kind": "charger"}
        wanted = kept | {
            "meters": [*kept["meters"], extra],
            "devices": [*kept["devices"], stranger],
        }

        answer = await client.post("/restore?dry_run=true", json=wanted)
        assert answer.is_success, answer.text
        looked = answer.json()
        assert not looked["applied"]
        assert any(one["pointer"].startswith(f"/cars/{car}") for one in looked["changes"])
        assert [one["ski"] for one in looked["names"]] == [ski]
        assert [one["ski"] for one in looked["to_pair"]] == ["f" * 40]
        assert [one["step"] for one in looked["meters"]][-1] == "add"
        assert (await client.get(f"/cars/{car}")).is_success

        answer = await client.post("/restore", json=wanted)
        assert answer.is_success, answer.text
        done = answer.json()
        assert done["applied"]
        assert done["meters"][-1]["problem"] is not None, "nobody answers there"
        assert (await client.get(f"/cars/{car}")).status_code == 404
        again = await backup_of(client)
        for name in ("site_file", "meters", "devices"):
            assert again[name] == kept[name]
        assert (await client.get("/site-file/managed")).json()["pointers"] == []


async def test_a_backup_that_cannot_be_applied_changes_nothing(site):
    async with site.log_in() as client:
        kept = await backup_of(client)
        broken = kept | {"site_file": kept["site_file"].replace("fuse_a:", "fuses:")}
        answer = await client.post("/restore", json=broken)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-setting")
        answer = await client.post("/restore", json=kept | {"version": 2})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
        assert (await backup_of(client))["site_file"] == kept["site_file"]
    async with site.log_in("standard") as client:
        assert (await client.get("/backup")).status_code == 403
        assert (await client.post("/restore", json=kept)).status_code == 403
