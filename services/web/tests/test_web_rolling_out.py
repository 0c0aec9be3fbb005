"""Roll-outs over the API, with the engine, a real bus and updaters that answer as real ones do."""

import json
from dataclasses import dataclass, field, replace

import pytest
from sqlmodel import Session

from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire import subjects
from volthus_wire.revisions import ANY
from volthus_wire.v1 import site_pb2, updating_pb2
from volthus_wire.v1.updating_pb2 import UpdateState
from web.alerts.tables import AlertRow
from web.core.rollouts.machine import Stage, State
from web.core.rollouts.rings import Ring
from web.rollouts import kept
from web.rollouts.book import RolloutBook
from web.rollouts.engine import RolloutEngine
from web.rollouts.figures import comparison
from web.rollouts.tables import RolloutRow, RolloutSiteRow
from web.rollouts.troubles import troubles
from web.software.tables import ReleaseRow
from web.store import open_store

IMAGE = "volthus@sha256:" + "1" * 64
RELEASE = {
    "version": "9.9.0",
    "published": "2026-11-20T08:00:00Z",
    "notes": {"en": "New."},
    "if_declined": {"en": "Overloads last longer."},
    "image": IMAGE,
    "signature": "AAAA",
}
RINGS = {
    "rings": [
        {"name": "first", "sites": ["demo"], "soak_s": 3600},
        {"name": "all", "soak_s": 0},
    ]
}
DECISION = "/sites/demo/software/decision"


@dataclass
class StandInUpdater:
    """An updater that does at once what it is asked, unless `refuse` or `reason` says otherwise."""

    bus: object
    site: str
    version: str = "0.1.0"
    state: UpdateState = field(
        default_factory=lambda: UpdateState(phase=updating_pb2.UPDATE_PHASE_IDLE)
    )
    refuse: RefusedError | None = None
    reason: str = ""
    asked: list = field(default_factory=list)

    async def open(self):
        await self.bus.serve(subjects.RELEASE_APPLY, self._apply, site=self.site)
        await self.bus.serve(subjects.RELEASE_DECLINE, self._decline, site=self.site)
        await self.bus.serve(subjects.RELEASE_ROLL_BACK, self._back, site=self.site)
        return self

    async def _apply(self, wanted, caller):
        self.asked.append((wanted, caller))
        if self.refuse is not None:
            raise self.refuse
        good = not self.reason
        phase = "INSTALLED" if good else "ROLLED_BACK"
        self.state = UpdateState(
            phase=getattr(updating_pb2, f"UPDATE_PHASE_{phase}"), version=wanted.version,
            reason=self.reason, element="" if good else "cem", can_go_back=good,
        )  # fmt: skip
        self.version = wanted.version if good else self.version
        return self.state

    async def _decline(self, wanted, caller):
        self.state.declined = wanted.version
        return self.state

    async def _back(self, _, caller):
        self.state = UpdateState(
            phase=updating_pb2.UPDATE_PHASE_ROLLED_BACK, version=self.state.version, reason="asked"
        )
        self.version = "0.1.0"
        return self.state

    def told(self, parts):
        """Have the front door hear the site and its updater, without waiting for the bus."""
        picture = site_pb2.SiteState(site=self.site, name=self.site, version=self.version)
        parts.live.heard_state(self.site, picture.SerializeToString())
        parts.software.updaters.heard(self.site, self.state)


@dataclass
class Fleet:
    door: object
    engine: RolloutEngine
    clock: FakeClock
    sites: dict

    async def look(self, times=1):
        for _ in range(times):
            for one in self.sites.values():
                one.told(self.door.parts)
            await self.engine.look()

    def add_alerts(self, site, count, rule="charger-offline"):
        at_s = self.clock.now().timestamp()
        with Session(self.door.parts.software._engine) as session:
            for n in range(count):
                session.add(
                    AlertRow(id=f"{site}{n}", tenant="", site=site, rule=rule, severity="warning",
                             state="resolved", started_s=at_s, fired_s=at_s, resolved_s=at_s + 1)
                )  # fmt: skip
            session.commit()


@pytest.fixture
async def fleet(door):
    (door.folder / "releases.json").write_text(
        json.dumps({"format": "volthus-releases/1", "releases": [RELEASE]})
    )
    await door.parts.software.refresh()
    sites = {name: await StandInUpdater(door.bus, name).open() for name in ("demo", "b", "c")}
    clock = FakeClock(door.parts.clock.now())
    for one in sites.values():
        one.told(door.parts)
    door.parts.software.rollouts._clock = clock
    engine = RolloutEngine(
        door.parts.software._engine, clock, door.bus, door.parts.live, door.parts.software, "cloud"
    )
    return Fleet(door, engine, clock, sites)


@pytest.fixture
async def operator(door):
    async with door.logged_in("operator") as client:
        yield client


@pytest.fixture
async def rolling(fleet, operator):
    answer = await operator.put("/rollout-rings", json=RINGS, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    begun = await operator.post("/rollouts", json={"version": "9.9.0"})
    assert begun.status_code == 201, begun.text
    assert [ring["stages"] for ring in begun.json()["rings"]] == [{"waiting": 1}, {"waiting": 2}]
    return f"/rollouts/{begun.json()['id']}"


async def told(operator, path):
    return (await operator.get(path)).json()


async def test_a_release_goes_from_ring_to_ring(fleet, operator, rolling):
    await fleet.look(3)
    first = await told(operator, rolling)
    assert [ring["stages"] for ring in first["rings"]] == [{"installed": 1}, {"waiting": 2}]
    assert (first["ring"], first["next_ring_at"] is not None) == (0, True)
    fleet.clock.go_on(3601)
    await fleet.look(4)
    last = await told(operator, rolling)
    assert last["state"] == "done"
    assert [ring["stages"] for ring in last["rings"]] == [{"installed": 1}, {"installed": 2}]
    question, caller = fleet.sites["b"].asked[0]
    assert (question.image, question.rollout, caller.actor) == (
        IMAGE, rolling.rpartition("/")[2], "operator (roll-out)",
    )  # fmt: skip
    assert all(len(one.asked) == 1 for one in fleet.sites.values())


async def test_a_site_that_rolls_back_by_itself_stops_it_before_the_others(
    fleet, operator, rolling
):
    fleet.sites["demo"].reason = "cem-silent"
    await fleet.look(3)
    now = await told(operator, rolling)
    assert (now["state"], now["reason"]) == ("stopped", "update-failed")
    assert now["params"] == {"count": "1", "site": "demo", "why": "cem-silent"}
    fleet.clock.go_on(1e6)
    await fleet.look(2)
    assert not fleet.sites["b"].asked
    listed = (await operator.get(f"{rolling}/sites", params={"stage": "failed"})).json()["items"]
    assert [(one["site"], one["reason"]) for one in listed] == [("demo", "cem-silent")]
    assert (await operator.post(f"{rolling}/resume")).json()["state"] == "running"


async def test_figures_that_get_worse_stop_it_and_it_is_rolled_back(fleet, operator, rolling):
    await fleet.look(2)
    fleet.clock.go_on(120)
    fleet.add_alerts("demo", 5)
    await fleet.look()
    fleet.clock.go_on(120)
    await fleet.look()
    now = await told(operator, rolling)
    assert (now["state"], now["reason"]) == ("stopped", "charger-offline")
    back = await operator.post(f"{rolling}/roll-back")
    assert back.json()["state"] == "rolling-back"
    await fleet.look(2)
    assert (await told(operator, rolling))["state"] == "rolled-back"
    assert fleet.sites["demo"].version == "0.1.0"


async def test_an_alert_tells_of_one_that_stopped_by_itself_and_of_one_that_waits(
    fleet, operator, rolling
):
    def found():
        with Session(fleet.door.parts.software._engine) as session:
            return {
                (str(key.rule), one.params.get("reason"))
                for of_tenant in troubles(session).values()
                for key, one in of_tenant.items()
            }

    assert found() == {("rollout-waiting", None)}, "nobody in its ring has it yet"
    fleet.sites["demo"].reason = "cem-silent"
    await fleet.look(3)
    assert found() == {("rollout-stopped", "update-failed")}
    await operator.post(f"{rolling}/resume")
    fleet.sites["demo"].reason = ""
    await operator.post(f"{rolling}/stop")
    assert found() == set(), "who stopped it knows"
    await operator.post(f"{rolling}/end")
    assert found() == set()


async def test_what_a_newer_program_wrote_stays_as_it_is_and_ends_nothing(
    fleet, operator, rolling, caplog
):
    engine = fleet.door.parts.software._engine
    with Session(engine) as session:
        session.add(ReleaseRow(version="99.0", document='{"version": 99}'))
        site = session.get(RolloutSiteRow, (int(rolling.rpartition("/")[2]), "demo"))
        site.stage = "tasted"
        session.add(site)
        session.commit()
    await fleet.look(2)
    assert [one.version for one in await fleet.door.parts.software.releases()] == ["9.9.0"]
    with Session(engine) as session:
        site = session.get(RolloutSiteRow, (int(rolling.rpartition("/")[2]), "demo"))
        assert site.stage == "tasted"
    told_of = [record.message for record in caplog.records]
    assert told_of.count("roll-out not understood") == 1
    assert "release not understood" in told_of


async def test_who_resumes_it_knows_of_the_figures_of_before(fleet, operator, rolling):
    await fleet.look(2)
    fleet.clock.go_on(120)
    fleet.add_alerts("demo", 5)
    await fleet.look()
    fleet.clock.go_on(120)
    await fleet.look()
    await operator.post(f"{rolling}/resume")
    fleet.clock.go_on(120)
    await fleet.look(2)
    assert (await told(operator, rolling))["state"] == "running"


async def test_what_gets_worse_everywhere_stops_nothing(fleet, operator, rolling):
    await fleet.look(2)
    fleet.clock.go_on(120)
    for site in fleet.sites:
        fleet.add_alerts(site, 5)
    fleet.clock.go_on(120)
    await fleet.look(2)
    assert (await told(operator, rolling))["state"] == "running"


async def test_a_site_that_declined_is_left_alone(fleet, operator, service, rolling):
    answer = await service.put(DECISION, json={"version": "9.9.0", "choice": "decline"})
    assert answer.json()["update"]["declined"] == "9.9.0"
    await fleet.look(3)
    assert (await told(operator, rolling))["rings"][0]["stages"] == {"declined": 1}
    assert not fleet.sites["demo"].asked


async def test_a_site_that_cannot_is_done_by_hand_and_says_why(fleet, operator, rolling):
    fleet.sites["demo"].refuse = RefusedError("updates-from-afar-off", "Not from there.")
    await fleet.look(3)
    (one,) = (await operator.get(f"{rolling}/sites", params={"stage": "by-hand"})).json()["items"]
    assert (one["site"], one["reason"]) == ("demo", "updates-from-afar-off")
    assert len(fleet.sites["demo"].asked) == 1


async def test_a_stop_by_somebody_comes_before_what_was_about_to_be_asked(fleet, operator, rolling):
    found = fleet.engine._read()
    assert (await operator.post(f"{rolling}/stop")).json()["reason"] == "asked"
    fleet.engine._read = lambda: found
    await fleet.look()
    assert not fleet.sites["demo"].asked


async def test_one_roll_out_at_a_time_and_what_cannot_be_is_refused(fleet, operator, rolling):
    again = await operator.post("/rollouts", json={"version": "9.9.0"})
    assert (again.status_code, again.json()["code"]) == (409, "rollout-open")
    unknown = await operator.post("/rollouts", json={"version": "1.2.3"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-release")
    odd = await operator.post(f"{rolling}/resume")
    assert (odd.status_code, odd.json()["code"]) == (409, "rollout-not-so")
    assert (await operator.post(f"{rolling}/end")).json()["state"] == "ended"
    assert (await operator.get("/rollouts/999")).json()["code"] == "unknown-rollout"
    assert (await operator.post("/rollouts", json={"version": "9.9.0"})).status_code == 201


async def test_what_is_done_does_not_go_back_beside_another_that_is_open(tmp_path):
    engine = open_store(tmp_path)
    book = RolloutBook(engine, FakeClock())
    first = await book.start("t", "1.0", "olga", {"a": 0}, one_way=False)
    with Session(engine) as session:
        row = session.get(RolloutRow, first.row.id)
        kept.put(row, replace(kept.rollout_of(row), state=State.DONE), 5.0)
        session.add(row)
        session.commit()
    second = await book.start("t", "2.0", "olga", {"a": 0}, one_way=False)
    with pytest.raises(RefusedError, match="rollout-open"):
        await book.change(first.row.id, State.ROLLING_BACK)
    await book.change(second.row.id, State.ENDED)
    await book.change(first.row.id, State.ROLLING_BACK)
    engine.dispose()


async def test_rings_that_leave_somebody_out_are_refused(fleet, operator):
    wanted = {"rings": RINGS["rings"][:1]}
    answer = await operator.put("/rollout-rings", json=wanted, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (422, "rings-invalid")
    stale = await operator.put("/rollout-rings", json=RINGS, headers={"If-Match": '"7"'})
    assert stale.status_code == 412


async def test_another_tenant_sees_none_of_it(fleet, rolling, door):
    async with door.logged_in("foreigner") as foreigner:
        assert (await foreigner.get("/rollouts")).json()["items"] == []
        assert (await foreigner.get(rolling)).status_code == 404
        assert (await foreigner.post(f"{rolling}/stop")).status_code == 404


async def test_what_was_done_stands_in_the_audit(fleet, operator, rolling):
    await operator.post(f"{rolling}/stop")
    listed = (await operator.get("/audit", params={"action": "rollouts."})).json()["items"]
    assert {one["action"] for one in listed} == {"rollouts.start", "rollouts.change"}


# --- one site ------------------------------------------------------------------------------------


async def test_a_person_installs_by_the_sites_updater_and_goes_back(fleet, service):
    answer = await service.put(DECISION, json={"version": "9.9.0", "choice": "install"})
    assert answer.status_code == 200, answer.text
    update = answer.json()["update"]
    assert (update["phase"], update["version"], update["can_go_back"]) == (
        "installed", "9.9.0", True,
    )  # fmt: skip
    assert answer.json()["command"] is None
    back = await service.post("/sites/demo/software/roll-back")
    assert (back.json()["update"]["phase"], back.json()["update"]["reason"]) == (
        "rolled-back", "asked",
    )  # fmt: skip


async def test_a_no_of_the_updater_is_told_and_nothing_is_decided(fleet, service):
    fleet.sites["demo"].refuse = RefusedError("release-not-signed", "Not by its makers.")
    answer = await service.put(DECISION, json={"version": "9.9.0", "choice": "install"})
    assert (answer.status_code, answer.json()["code"]) == (409, "release-not-signed")
    assert (await service.get("/sites/demo/software")).json()["decision"] is None


async def test_a_release_without_a_way_back_must_be_confirmed(fleet, service, operator, door):
    release = RELEASE | {"one_way": True}
    (door.folder / "releases.json").write_text(
        json.dumps({"format": "volthus-releases/1", "releases": [release]})
    )
    await door.parts.software.refresh()
    wanted = {"version": "9.9.0", "choice": "install"}
    answer = await service.put(DECISION, json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "release-one-way")
    assert not fleet.sites["demo"].asked
    answer = await service.put(DECISION, json=wanted | {"confirm_one_way": True})
    assert answer.status_code == 200
    assert fleet.sites["demo"].asked[0][0].one_way_confirmed
    begun = await operator.post("/rollouts", json={"version": "9.9.0"})
    assert (begun.status_code, begun.json()["code"]) == (409, "release-one-way")


async def test_roll_outs_and_their_figures_are_kept_in_postgresql_too(postgres_url, tmp_path):
    engine, clock = open_store(tmp_path, postgres_url), FakeClock()
    book = RolloutBook(engine, clock)
    rings = (Ring("one", sites=("a",)), Ring("all"))
    assert await book.put_rings("", rings, ANY) == 1
    begun = await book.start("", "9.9.0", "olga", {"a": 0, "b": 1}, one_way=False)
    with pytest.raises(RefusedError, match="rollout-open"):
        await book.start("", "9.9.1", "olga", {}, one_way=False)
    number = begun.row.id
    with Session(engine) as session:
        rows = await book.sites(number, None, "", 10)
        seen = comparison(session, begun.row, rows, clock.now().timestamp() + 60)
    assert seen.others_after.site_days > 0
    await book.change(number, State.STOPPED)
    found = await book.find("", number)
    assert (found.row.state, dict(found.counts)) == (
        "stopped", {(0, Stage.WAITING): 1, (1, Stage.WAITING): 1},
    )  # fmt: skip
    await book.change(number, State.ENDED)
    assert (await book.find("", number)).row.open_key is None
    engine.dispose()
