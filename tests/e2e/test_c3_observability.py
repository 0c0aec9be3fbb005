"""C3: a real Prometheus scrapes a living site and a small cloud; every panel has an answer."""

import contextlib
import json

import pytest
from fleet_stage import staged
from living import until
from observed import RULES, Query, board_queries, rule_queries
from prometheus import Prometheus, Target, scraping, with_prometheus

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SEEN_S = 40  # the time that is looked at; rates need a few scrapes in it
PATIENCE_S = 60
OF_MANY = {"fleet", "plans"}


def values_for(query: Query, site: str) -> dict[str, str]:
    board = query.where.partition(":")[0]
    return {
        "site": ".*" if board in OF_MANY else site,
        "charger": ".*",
        "__rate_interval": f"{SEEN_S}s",
        "__range": f"{SEEN_S}s",
        "__range_s": str(SEEN_S),
        "__interval": "5s",
    }


def empty(prometheus: Prometheus, site: str) -> list[str]:
    """Return the panels and figures that find nothing and may not."""
    return [
        query.where
        for query in [*board_queries(), *rule_queries()]
        if not prometheus.values(query.asked(values_for(query, site))) and not query.may_be_empty
    ]


@with_prometheus
async def test_every_panel_of_every_dashboard_has_an_answer(site, tmp_path):
    name = site.demo["site"]
    programs = {
        job: program["health"]
        for job, program in site.demo["programs"].items()
        if program.get("health")
    }
    targets = [Target(job, url, {"site": name}) for job, url in programs.items()]
    async with staged(12, "--backlog-minutes", "3") as cloud:
        operator = await cloud.operator()
        targets.append(Target("cloud-web", f"http://127.0.0.1:{cloud.port}", {}))
        with scraping(tmp_path, targets, RULES) as prometheus:

            def all_scraped() -> bool:
                return prometheus.values("up") == [1.0] * len(targets)

            await until("every program is scraped", all_scraped, PATIENCE_S, 0.5)
            # A session ends: energy, then its cost; the others get its room, a new plan comes.
            await site.page_post(1, "unplug")
            left: list[str] = []

            async def nothing_empty() -> bool:
                assert (await operator.ask("GET", "/api/v1/sites")).status == 200
                left[:] = empty(prometheus, name)
                return not left

            with contextlib.suppress(pytest.fail.Exception):
                await until("every panel has an answer", nothing_empty, SEEN_S, 3)
            assert left == []
            states = prometheus.get("rules")["groups"]
            told = prometheus.get("alerts")["alerts"]
    rules = [rule for group in states for rule in group["rules"]]
    assert {rule["lastError"] for rule in rules if rule["health"] == "err"} == set()
    pages = [one for one in told if one["labels"]["severity"] == "page"]
    assert [one for one in pages if one["state"] == "firing"] == []


async def test_one_id_finds_a_change_in_the_logs_of_the_front_door_and_of_its_owner(site):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    async with site.log_in() as client:
        [charger, *_] = (await client.get("/eebus/paired")).json()["items"]
        path, body = f"/eebus/paired/{charger['ski']}", {"name": "By the gate"}
        answer = await client.patch(path, json=body, headers=headers)
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (200, trace)

    def told(program: str) -> set[tuple[str, str]]:
        lines = (site.state / "logs" / f"{program}.log").read_text().splitlines()
        found = [json.loads(line) for line in lines if trace in line]
        return {(line["event"], line["site"]) for line in found if line["request"] == trace}

    name = site.demo["site"]
    await until("the front door tells", lambda: ("request answered", name) in told("web"), 10)
    await until("the gateway tells", lambda: ("renamed", name) in told("eebus-gateway"), 10)
