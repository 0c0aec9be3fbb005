"""Sites join the fleet through the front door: operators make codes and lock devices out."""

import base64
from datetime import timedelta

import pytest
from sqlmodel import Session

from bus_trust import HubKeys, KeyPair, Kind
from enrolment import bus as enrolment_bus
from enrolment import proofs
from enrolment.desk import Desk, Signing
from enrolment.tables import make_tables
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_sqlite
from volthus_wire.v1.site_pb2 import SiteState
from web.store import SiteRow

PATH = "/enrolments"
KEYS = HubKeys.made()


@pytest.fixture
async def desk(door):
    """Serve the real enrolment on the front door's bus, without a hub."""
    engine = open_sqlite(door.folder / "enrolment.sqlite")
    make_tables(engine)
    signing = Signing(KEYS.fleet.public, KEYS.scoped["site"], timedelta(days=30))
    desk = Desk(engine, SystemClock(), signing)
    await enrolment_bus.serve(door.bus, desk, join_url="https://join.example.com")
    yield desk
    engine.dispose()


@pytest.fixture
async def operator(door):
    async with door.logged_in("operator") as client:
        yield client


def join(desk, code):
    key = KeyPair.made(Kind.USER)
    proof = base64.b64encode(key.sign(proofs.joining(code, key.public))).decode()
    return key.public, desk.join(code, key.public, proof)


async def test_an_operator_makes_a_code_and_sees_the_site_join(desk, operator, door):
    answer = await operator.post(PATH, json={"site": "green-street-4", "name": "Green Street 4"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["command"] == (
        f"volthus-enroll join --cloud https://join.example.com --code {made['code']}"
    )
    assert answer.headers["Location"] == "/api/v1/enrolments/green-street-4"
    waiting = (await operator.get(f"{PATH}/green-street-4")).json()
    assert (waiting["state"], waiting["public_key"]) == ("waiting", None)
    public, claims = join(desk, made["code"])
    assert claims.name == "Green Street 4"
    linked = (await operator.get(f"{PATH}/green-street-4")).json()
    assert (linked["state"], linked["public_key"]) == ("linked", public)
    listed = (await operator.get(PATH)).json()["items"]
    assert {"green-street-4"} <= {one["site"] for one in listed}
    # It was never heard yet, so it is no site that somebody can open.
    assert (await operator.get("/sites/green-street-4")).status_code == 404


async def test_a_device_is_locked_out_and_another_one_may_join(desk, operator):
    code = (await operator.post(PATH, json={"site": "s1"})).json()["code"]
    join(desk, code)
    answer = await operator.delete(f"{PATH}/s1")
    assert (answer.status_code, answer.json()["state"]) == (200, "locked-out")
    code = (await operator.post(PATH, json={"site": "s1"})).json()["code"]
    join(desk, code)
    assert (await operator.get(f"{PATH}/s1")).json()["state"] == "linked"


async def test_a_key_makes_one_code_of_two_requests(desk, operator):
    headers = {"Idempotency-Key": "join-s1"}
    first = await operator.post(PATH, json={"site": "s1"}, headers=headers)
    again = await operator.post(PATH, json={"site": "s1"}, headers=headers)
    assert first.json() == again.json()


@pytest.mark.parametrize("site", ["", "Green", "a.b", "a*", "-a", "a" * 64, "å"])
async def test_an_id_that_cannot_be_part_of_a_subject_is_refused(desk, operator, site):
    answer = await operator.post(PATH, json={"site": site})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_site_of_another_tenant_is_neither_taken_nor_seen(desk, operator, door):
    with Session(door.parts.fleet.claims._engine) as session:
        session.add(SiteRow(site="theirs", name="x", last_seen_s=0.0, tenant="other"))
        session.commit()
    answer = await operator.post(PATH, json={"site": "theirs"})
    assert (answer.status_code, answer.json()["code"]) == (409, "site-taken")
    for method in ("GET", "DELETE"):
        answer = await operator.request(method, f"{PATH}/theirs")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-site")
    listed = (await operator.get(PATH)).json()["items"]
    assert "theirs" not in {one["site"] for one in listed}


async def test_a_site_that_just_spoke_up_is_there_before_it_is_stored(desk, operator, door):
    spoken = SiteState(name="Just now").SerializeToString()
    door.parts.live.heard_state("just-now", spoken)
    answer = await operator.get(f"{PATH}/just-now")
    assert (answer.status_code, answer.json()["site"]) == (200, "just-now")


async def test_nobody_but_operators_makes_codes(desk, service, standard):
    for client in (service, standard):
        answer = await client.post(PATH, json={"site": "s1"})
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


async def test_without_an_enrolment_it_says_so(operator):
    answer = await operator.post(PATH, json={"site": "s1"})
    assert (answer.status_code, answer.json()["code"]) == (503, "service-silent")
    assert answer.json()["params"] == {"service": "enrolment"}
