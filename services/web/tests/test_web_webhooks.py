"""Webhooks with real receivers: signed, at least once, and nobody hurts anybody else."""

import asyncio
import contextlib
import json
import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from movable_clock import MovableClock
from receivers import Receiver, answer, flood, hang, receiver, trickle
from sqlmodel import Session, select

from web.alerts.told import AlertTold, Told
from web.calling import Caller, CallError, CallRules
from web.core.alerting.machine import Key
from web.core.alerting.news import Kind
from web.core.alerting.rules import Rule, Severity
from web.store import UserRow, open_store
from web.webhooks import store
from web.webhooks.book import HookWanted, WebhookBook
from web.webhooks.sender import Sender
from web.webhooks.tables import DeliveryRow, WebhookRow

ROOT = Path(__file__).parents[3]
PRIVATE = CallRules(private=True)
ALL = tuple(kind.value for kind in Kind)


class Stage:
    def __init__(self, folder, to: Receiver, rules: CallRules):
        self.to = to
        self.clock = MovableClock()
        self.engine = open_store(folder)
        self.book = WebhookBook(self.engine, self.clock)
        self.sender = Sender(self.engine, self.clock, Caller(rules, most_s=0.6), 0.05)

    async def hook(self, path="/", *, tenant="", events=ALL, sites=None, url=None) -> WebhookRow:
        wanted = HookWanted(url or self.to.url(path), "A hook", tuple(events), sites, enabled=True)
        name = f"service{tenant}"
        with Session(self.engine) as session:
            session.merge(
                UserRow(
                    username=name, password_hash="-", role="service", created_s=0.0, tenant=tenant
                )
            )
            session.commit()
        return await self.book.add(tenant, name, wanted)

    def owner(self, name="service", **change):
        """Change whoever answers for webhooks."""
        with Session(self.engine) as session:
            row = session.get(UserRow, name)
            for field, value in change.items():
                setattr(row, field, value)
            session.add(row)
            session.commit()

    def tell(self, *, site="demo", tenant="", kind=Kind.ALERT_FIRED):
        alert = AlertTold(
            "a1", Key(Rule.OVERLOAD), Severity.ALARM, {"seconds": "12"}, 1.7e9, 1.7e9 + 10
        )
        told = Told(kind, self.clock.now().timestamp(), tenant, site, "Green Street", {},
                    alert if kind is Kind.ALERT_FIRED else None)  # fmt: skip
        with Session(self.engine) as session:
            store.enqueue(session, [told])
            session.commit()

    def later(self, seconds: float) -> None:
        """Let so many seconds pass on the wall, so that what waits is due."""
        self.clock.ahead_s += seconds

    def deliveries(self) -> list[DeliveryRow]:
        with Session(self.engine) as session:
            return list(session.exec(select(DeliveryRow).order_by(DeliveryRow.created_s)))

    def of(self, hook: WebhookRow) -> WebhookRow:
        with Session(self.engine) as session:
            return session.get(WebhookRow, hook.id)


@pytest.fixture
async def to():
    async with receiver() as one:
        yield one


@pytest.fixture
def rules():
    return PRIVATE


@pytest.fixture
async def stage(tmp_path, to, rules):
    one = Stage(tmp_path, to, rules)
    task = asyncio.create_task(one.sender.work())
    yield one
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    one.engine.dispose()


def documented_check():
    """The example of the documentation, as a reader would paste it."""
    page = (ROOT / "docs/operate/webhooks.md").read_text()
    example = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    place: dict[str, object] = {}
    exec(example, place)  # noqa: S102 - our own documentation
    return place["is_genuine"]


async def test_an_event_is_delivered_signed_as_the_documentation_says(stage, to, until):
    hook = await stage.hook()
    stage.tell()
    await until(lambda: [one.state for one in stage.deliveries()] == ["delivered"])
    [got] = to.received
    assert documented_check()(hook.secret, got.headers, got.body)
    assert not documented_check()(hook.secret, got.headers, got.body + b" ")
    assert not documented_check()(store.new_secret(), got.headers, got.body)
    late = int(got.headers["webhook-timestamp"]) + 301
    assert not documented_check()(hook.secret, got.headers, got.body, now=late)
    told = json.loads(got.body)
    assert told["type"] == "alert.fired"
    assert told["data"] == {
        "site": "demo", "site_name": "Green Street", "alert": "a1", "rule": "overload",
        "element": None, "severity": "alarm", "params": {"seconds": "12"},
        "started_at": "2023-11-14T22:13:20.000Z", "fired_at": "2023-11-14T22:13:30.000Z",
    }  # fmt: skip
    [row] = stage.deliveries()
    assert (row.id, row.status, row.attempts) == (got.headers["webhook-id"], 204, 1)
    assert row.duration_ms > 0


async def test_for_a_day_after_a_new_secret_both_sign(stage, to, until):
    hook = await stage.hook()
    turned = await stage.book.turn_secret(hook.id)
    stage.tell()
    await until(lambda: len(to.received) == 1)
    check, first = documented_check(), to.received[0]
    assert check(hook.secret, first.headers, first.body)
    assert check(turned.secret, first.headers, first.body)
    stage.later(86_401)
    stage.tell()
    await until(lambda: len(to.received) == 2)
    second = to.received[1]
    now = int(second.headers["webhook-timestamp"])
    assert check(turned.secret, second.headers, second.body, now=now)
    assert not check(hook.secret, second.headers, second.body, now=now)


async def test_only_who_wants_an_event_is_told(stage, to, until):
    await stage.hook("/all")
    await stage.hook("/sessions", events=["session.started"])
    await stage.hook("/other-site", sites=frozenset({"other"}))
    await stage.hook("/other-tenant", tenant="else")
    stage.tell()
    stage.tell(kind=Kind.SESSION_STARTED)
    await until(lambda: {one.state for one in stage.deliveries()} == {"delivered"})
    assert sorted(one.path for one in to.received) == ["/all", "/all", "/sessions"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [(answer(500), "status-500"), (hang, "timeout"), (trickle, "timeout"),
     (b"what?\r\n\r\n", "protocol"), (b"", "protocol"),
     (answer(302, location="http://127.0.0.1:1/"), "status-302")],
)  # fmt: skip
async def test_what_is_not_taken_is_sent_again_with_the_same_id(stage, to, until, reply, error):
    to.replies["/"] = [reply, answer(200)]
    await stage.hook()
    stage.tell()
    await until(lambda: stage.deliveries()[0].attempts == 1)
    [row] = stage.deliveries()
    assert (row.state, row.error) == ("waiting", error)
    assert 3 < row.next_s - stage.clock.now().timestamp() < 7
    stage.later(10)
    await until(lambda: stage.deliveries()[0].state == "delivered")
    first, second = to.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_a_huge_answer_is_not_read_to_its_end(stage, to, until):
    to.replies["/"] = [flood]
    await stage.hook()
    stage.tell()
    await until(lambda: stage.deliveries()[0].state == "delivered")
    await until(lambda: to.open_now == 0)


async def test_retry_after_is_kept(stage, to, until):
    to.replies["/"] = [answer(429, retry_after="600")]
    await stage.hook()
    stage.tell()
    await until(lambda: stage.deliveries()[0].attempts == 1)
    assert stage.deliveries()[0].next_s - stage.clock.now().timestamp() > 590


async def test_nobody_there_is_tried_for_three_days_and_then_switched_off(stage, until):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        hook = await stage.hook(url=closed)
        stage.tell()
        await until(lambda: stage.deliveries()[0].attempts == 1)
        assert stage.deliveries()[0].error == "unreachable"
        since_s = stage.of(hook).failing_since_s
        assert since_s is not None
        attempts = 1
        while stage.of(hook).enabled:
            stage.later(7.5 * 3600)
            await until(lambda seen=attempts: stage.deliveries()[0].attempts > seen)
            attempts = stage.deliveries()[0].attempts
    assert stage.clock.now().timestamp() - since_s >= 3 * 86_400
    assert stage.of(hook).disabled_reason == "gave-up"
    assert stage.deliveries()[0].state == "failed"
    with Session(stage.engine) as session:
        [(key, condition)] = store.given_up(session)[""].items()
    assert (key, condition.params["reason"]) == (Key(Rule.WEBHOOK_DISABLED, hook.id), "gave-up")
    stage.tell()
    assert len(stage.deliveries()) == 1


@pytest.mark.parametrize(
    "change",
    [{"is_disabled": True}, {"role": "standard"}, {"sites": "other"}, {"tenant": "elsewhere"}],
    ids=str,
)
async def test_a_webhook_tells_no_more_than_its_owner_may_know_today(stage, to, change):
    hook = await stage.hook()
    stage.owner(**change)
    stage.tell()
    assert stage.deliveries() == []
    stage.owner(role="service", sites="demo", is_disabled=False, tenant="")
    stage.tell()
    assert [one.webhook for one in stage.deliveries()] == [hook.id]


@pytest.mark.parametrize(
    "change",
    [{"is_disabled": True}, {"role": "standard"}, {"sites": "other"}, {"tenant": "elsewhere"}],
    ids=str,
)
async def test_what_waits_for_somebody_who_left_or_may_less_ends_untold(stage, to, until, change):
    hook = await stage.hook()
    stage.later(60)
    stage.tell()  # due in a minute
    stage.later(-60)
    stage.owner(**change)
    stage.later(60)
    await until(lambda: [one.state for one in stage.deliveries()] == ["failed"])
    assert [one.error for one in stage.deliveries()] == ["not-allowed"]
    assert to.received == []
    assert stage.of(hook).failing_since_s is None, "the receiver did nothing wrong"


async def test_a_test_reaches_a_webhook_of_somebody_who_sees_some_sites(stage, to, until):
    hook = await stage.hook(sites=frozenset({"demo"}))
    stage.owner(sites="demo")
    await stage.book.test(hook)
    await until(lambda: [one.state for one in stage.deliveries()] == ["delivered"])


async def test_whoever_saves_a_webhook_answers_for_it_from_then_on(stage, to):
    hook = await stage.hook()
    stage.owner(is_disabled=True)
    await stage.hook(tenant="x")  # makes a second user
    stage.owner("servicex", tenant="")
    wanted = HookWanted(hook.url, "", ("alert.fired",), None, enabled=True)
    saved = await stage.book.put(hook.id, wanted, hook.revision, "servicex")
    assert saved.username == "servicex"
    stage.tell()
    assert [one.webhook for one in stage.deliveries()] == [hook.id]


async def test_gone_is_gone_at_once(stage, to, until):
    to.replies["/"] = [answer(410)]
    hook = await stage.hook()
    stage.tell()
    await until(lambda: not stage.of(hook).enabled)
    assert stage.of(hook).disabled_reason == "gone"
    wanted = HookWanted(hook.url, "", ("alert.fired",), None, enabled=True)
    again = await stage.book.put(hook.id, wanted, hook.revision, "service")
    assert (again.enabled, again.disabled_reason) == (True, "")


async def test_slow_receivers_hold_up_nobody_else(stage, to, until):
    to.replies |= {f"/slow-{number}": [hang] for number in range(12)}
    for number in range(12):
        await stage.hook(f"/slow-{number}", tenant="slow")
    await stage.hook("/quick", tenant="quick")
    stage.tell(tenant="slow")
    stage.tell(tenant="slow")
    await until(lambda: to.open_now == 4)
    began = asyncio.get_running_loop().time()
    stage.tell(tenant="quick")
    await until(lambda: len(to.at("/quick")) == 1)
    assert asyncio.get_running_loop().time() - began < 3
    await until(lambda: len({one.path for one in to.received}) == 13)
    assert to.most_open <= 5


async def test_what_was_under_way_at_a_crash_is_sent_by_the_next(tmp_path, to, until):
    to.replies["/"] = [hang, answer(200)]
    stage = Stage(tmp_path, to, PRIVATE)
    await stage.hook()
    stage.tell()
    first = asyncio.create_task(stage.sender.work())
    await until(lambda: to.open_now == 1)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    assert [row.state for row in stage.deliveries()] == ["waiting"]
    second = asyncio.create_task(Sender(stage.engine, stage.clock, Caller(PRIVATE)).work())
    await until(lambda: [row.state for row in stage.deliveries()] == ["delivered"])
    second.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await second
    assert len({one.headers["webhook-id"] for one in to.received}) == 1
    stage.engine.dispose()


@pytest.mark.parametrize("rules", [CallRules()])
async def test_ones_own_network_is_not_called(stage, to, until, rules):
    await stage.hook(url=f"https://localhost:{to.port}/")
    await stage.hook(url=to.url())
    stage.tell()
    await until(lambda: {row.error for row in stage.deliveries()} == {"refused-address"})
    assert to.received == []
    assert rules.private is False


async def test_a_certificate_that_nobody_vouches_for_is_no_partner(tmp_path):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(self_signed(tmp_path))
    async with receiver(tls) as to:
        with pytest.raises(CallError, match="unreachable"):
            await Caller(PRIVATE).post(f"https://127.0.0.1:{to.port}/", {}, b"{}")
        assert to.received == []


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    ).sign(key, hashes.SHA256())
    path = folder / "both.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(pem))
    return path


async def test_a_full_queue_is_told_and_not_kept(stage, monkeypatch, to, until):
    monkeypatch.setattr(store, "MOST_WAITING", 2)
    to.replies["/"] = [hang]
    await stage.hook()
    for _ in range(3):
        stage.tell()
    await until(lambda: len(to.received) >= 1)
    assert sorted(row.error for row in stage.deliveries() if row.state == "failed") == [
        "queue-full"
    ]


# --- over HTTP -----------------------------------------------------------------------------------

WANTED = {"url": "https://example.com/hook", "events": ["alert.fired"], "description": "On-call"}


async def made(client: httpx.AsyncClient, **change) -> dict:
    reply = await client.post("/webhooks", json=WANTED | change)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def test_a_webhook_is_made_changed_listed_and_forgotten(door, service, site):
    hook = await made(service)
    assert hook["secret"].startswith("whsec_")
    listed = await service.get("/webhooks")
    assert hook["secret"] not in listed.text
    [shown] = listed.json()["items"]
    assert shown == {key: value for key, value in hook.items() if key != "secret"}
    path = f"/webhooks/{hook['id']}"
    put = await service.put(path, json=WANTED | {"enabled": False}, headers={"If-Match": '"1"'})
    assert (put.status_code, put.json()["enabled"], put.headers["ETag"]) == (200, False, '"2"')
    stale = await service.put(path, json=WANTED, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "revision-conflict")
    turned = (await service.post(f"{path}/secret")).json()
    assert turned["secret"] != hook["secret"]
    assert turned["old_secret_until"] is not None
    assert (await service.delete(path)).status_code == 204
    assert (await service.get(path)).json()["code"] == "unknown-webhook"


async def test_a_test_and_a_resend_are_listed(door, service, site):
    hook = await made(service)
    path = f"/webhooks/{hook['id']}"
    queued = await service.post(f"{path}/test")
    assert queued.status_code == 202
    [delivery] = (await service.get(f"{path}/deliveries")).json()["items"]
    assert (delivery["id"], delivery["event"]) == (queued.json()["id"], "webhook.test")
    assert delivery["state"] == "waiting"
    again = await service.post(f"{path}/deliveries/{delivery['id']}/resend")
    assert again.status_code == 202
    none = await service.post(f"{path}/deliveries/msg_00/resend")
    assert none.json()["code"] == "unknown-delivery"


IMPOSSIBLE = (
    ({"url": "http://example.com/"}, "url-not-https", "/url"),
    ({"url": "https://a:b@example.com/"}, "url-invalid", "/url"),
    ({"events": []}, "invalid-request", "/events"),
    ({"events": ["webhook.test"]}, "invalid-request", "/events/0"),
    ({"events": ["nothing"]}, "invalid-request", "/events/0"),
    ({"sites": ["not-there"]}, "unknown-site", None),
    ({"secret": "mine"}, "invalid-request", "/secret"),
)


async def test_what_a_webhook_cannot_be_is_said(service, site):
    for change, code, field in IMPOSSIBLE:
        reply = await service.post("/webhooks", json=WANTED | change)
        assert (reply.json()["code"], reply.json().get("field")) == (code, field)


async def test_webhooks_are_the_service_users_and_only_those_of_their_sites(door, service, site):
    hook = await made(service)
    async with door.logged_in("standard") as standard:
        assert (await standard.get("/webhooks")).json()["code"] == "role-not-allowed"
        assert (await standard.post("/webhooks", json=WANTED)).status_code == 403
    async with door.logged_in("elsewhere") as elsewhere:
        assert (await elsewhere.get("/webhooks")).json()["items"] == []
        path = f"/webhooks/{hook['id']}"
        tried = (("GET", path), ("DELETE", path), ("POST", f"{path}/test"),
                 ("POST", f"{path}/secret"), ("GET", f"{path}/deliveries"))  # fmt: skip
        for method, address in tried:
            assert (await elsewhere.request(method, address)).json()["code"] == "unknown-webhook"
        theirs = await made(elsewhere)
        assert theirs["sites"] == ["other"]
    assert len((await service.get("/webhooks")).json()["items"]) == 2


async def test_no_more_webhooks_than_are_kept(door, service, site, monkeypatch):
    monkeypatch.setattr(store, "MOST_A_TENANT", 1)
    await made(service)
    reply = await service.post("/webhooks", json=WANTED)
    assert (reply.status_code, reply.json()["code"]) == (409, "too-many-webhooks")
