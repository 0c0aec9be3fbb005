"""Web Push against a push service of our own that opens what it gets, and fails as real ones do."""

import asyncio
import base64
import contextlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from movable_clock import MovableClock
from receivers import answer, hang, receiver
from sqlmodel import Session, select

from web.alerts.tables import AlertRow
from web.alerts.told import AlertTold, Told
from web.calling import Caller, CallRules
from web.core.alerting.machine import Key
from web.core.alerting.news import Kind
from web.core.alerting.rules import Rule, Severity
from web.push import store
from web.push.book import Browser, PushBook
from web.push.sealing import SubscriptionKeysError, check_keys, sealed
from web.push.sender import PushSender
from web.push.tables import PushMessageRow, SubscriptionRow
from web.store import UserRow, open_store

CONTACT = "mailto:ops@example.com"


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


class BrowserKeys:
    """What a browser makes for a subscription."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth_secret = bytes(range(16))
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.p256dh, self.auth = text(point), text(self.auth_secret)

    def opened(self, body: bytes) -> dict:
        return json.loads(http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth_secret, version="aes128gcm"
        ))  # fmt: skip


class Stage:
    def __init__(self, folder, to):
        self.to = to
        self.clock = MovableClock()
        self.engine = open_store(folder)
        self.keys = BrowserKeys()
        self.book = PushBook(self.engine, self.clock)
        caller = Caller(CallRules(private=True), most_s=0.6)
        self.sender = PushSender(self.engine, self.clock, caller, CONTACT, 0.05)
        with Session(self.engine) as session:
            for name, role, sites, tenant in (
                ("anna", "standard", "demo", ""), ("bo", "service", "*", ""),
                ("eve", "service", "*", "else"),
            ):  # fmt: skip
                session.add(UserRow(username=name, password_hash="-", role=role, sites=sites,
                                    tenant=tenant, created_s=0.0))  # fmt: skip
            session.commit()

    async def browser(self, user="anna", path="/p", **change) -> SubscriptionRow:
        wishes = {
            "endpoint": self.to.url(path), "p256dh": self.keys.p256dh, "auth": self.keys.auth,
            "label": "", "language": "sv", "severity": "warning", "rules": "*", "sites": "*",
            "tells_resolved": False, "quiet_from": "", "quiet_to": "", "timezone": "UTC",
            "quiet_for_alarms": False,
        }  # fmt: skip
        return await self.book.put(user, Browser(**(wishes | change)))

    def fire(self, *, site="demo", rule=Rule.OVERLOAD, severity=Severity.ALARM, row="a1",
             kind=Kind.ALERT_FIRED):  # fmt: skip
        now_s = self.clock.now().timestamp()
        alert = AlertTold(row, Key(rule), severity, {"seconds": "12"}, now_s, now_s)
        told = Told(kind, now_s, "", site, "Green Street", {}, alert)
        with Session(self.engine) as session:
            session.merge(AlertRow(id=row, site=site, rule=rule.value, severity=severity.value,
                                   state="firing" if kind is Kind.ALERT_FIRED else "resolved",
                                   started_s=now_s))  # fmt: skip
            session.flush()
            store.teller(lambda user, tenant: user.tenant == tenant)(session, [told])
            session.commit()

    def change(self, row="a1", **columns):
        with Session(self.engine) as session:
            alert = session.get(AlertRow, row)
            for name, value in columns.items():
                setattr(alert, name, value)
            session.commit()

    def waiting(self):
        with Session(self.engine) as session:
            return session.exec(select(PushMessageRow)).all()

    def paths(self):
        return sorted(one.path for one in self.to.received)


@pytest.fixture
async def to():
    async with receiver() as one:
        one.replies["/p"] = [answer(201)]
        yield one


@pytest.fixture
async def stage(tmp_path, to):
    one = Stage(tmp_path, to)
    task = asyncio.create_task(one.sender.work())
    yield one
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    one.engine.dispose()


async def test_an_alert_rings_sealed_for_that_browser_and_signed_by_us(stage, to, until):
    await stage.browser()
    stage.fire()
    await until(lambda: to.received and not stage.waiting())
    [got] = to.received
    told = stage.keys.opened(got.body)
    assert abs(told.pop("at") / 1000 - stage.clock.now().timestamp()) < 20
    assert told == {
        "type": "alert.fired", "language": "sv", "group": "demo|overload", "alert": "a1",
        "rule": "overload", "severity": "alarm", "params": {"seconds": "12"}, "site": "demo",
        "site_name": "Green Street", "open": 1,
    }  # fmt: skip
    assert got.headers["content-encoding"] == "aes128gcm"
    assert (got.headers["urgency"], len(got.headers["topic"])) == ("high", 24)
    assert 80_000 < int(got.headers["ttl"]) <= 86_400
    key = await stage.book.public_key()
    assert claims_of(got.headers["authorization"], key)["aud"] == f"http://127.0.0.1:{to.port}"
    with pytest.raises(http_ece.ECEException):
        BrowserKeys().opened(got.body)


def claims_of(authorization: str, key: str) -> dict:
    """Check the signature as a push service does (RFC 8292), and return what was claimed."""
    assert authorization.startswith("vapid t=")
    token, _, told_key = authorization.removeprefix("vapid t=").partition(", k=")
    assert told_key == key
    head, body, signed = token.split(".")
    signature = raw(signed)
    der = utils.encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key))
    public.verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(raw(body))
    assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    assert claims["sub"] == CONTACT
    assert claims["exp"] - datetime.now(UTC).timestamp() <= 86_400
    return claims


async def test_who_may_not_see_or_does_not_want_is_not_rung(stage, to, until):
    await stage.browser("anna", "/anna")
    await stage.browser("eve", "/other-tenant")
    await stage.browser("bo", "/bo")
    await stage.browser("bo", "/bo-other-rules", rules="meter-lost")
    await stage.browser("bo", "/bo-other-site", sites="other")
    stage.fire()
    stage.fire(site="far", row="a2")
    stage.fire(severity=Severity.INFO, row="a3")
    stage.fire(site="", rule=Rule.WEBHOOK_DISABLED, row="a4")
    await until(lambda: not stage.waiting())
    assert stage.paths() == ["/anna", "/bo", "/bo", "/bo"]


async def test_the_end_of_an_alert_rings_only_for_who_wants_it(stage, to, until):
    await stage.browser("anna", "/not")
    await stage.browser("anna", "/wants", tells_resolved=True)
    stage.fire(kind=Kind.ALERT_RESOLVED)
    await until(lambda: not stage.waiting())
    assert stage.paths() == ["/wants"]
    assert stage.keys.opened(to.received[0].body)["open"] == 0


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(stage, to, until, status):
    to.replies["/p"] = [answer(status)]
    row = await stage.browser()
    stage.fire()
    stage.fire(row="a2")
    await until(lambda: not stage.waiting())
    assert await stage.book.of("anna") == []
    assert row.username == "anna"


@pytest.mark.parametrize("reply", [answer(429, retry_after="120"), answer(503), hang])
async def test_a_push_service_in_trouble_gets_it_again_later(stage, to, until, reply):
    to.replies["/p"] = [reply, answer(201)]
    await stage.browser()
    stage.fire()
    await until(lambda: stage.waiting() and stage.waiting()[0].attempts == 1)
    wait_s = stage.waiting()[0].next_s - stage.clock.now().timestamp()
    assert 3 < wait_s <= 121
    [browser] = await stage.book.of("anna")
    assert browser.failing_since_s is not None
    stage.clock.ahead_s += 130
    await until(lambda: not stage.waiting())
    assert stage.keys.opened(to.received[1].body)["alert"] == "a1"
    [browser] = await stage.book.of("anna")
    assert browser.failing_since_s is None


async def test_what_is_a_day_old_is_not_worth_ringing(stage, to, until):
    to.replies["/p"] = [answer(503)]
    await stage.browser()
    stage.fire()
    while stage.waiting():
        stage.clock.ahead_s += 8 * 3600
        await asyncio.sleep(0.05)
    assert len(to.received) <= 6


@pytest.mark.parametrize("end", [{"state": "resolved"}, {"acknowledged_s": 1.0}])
async def test_quiet_hours_hold_a_warning_and_what_ended_meanwhile_never_rings(
    stage, to, until, end
):
    now = stage.clock.now()
    quiet = {
        "quiet_from": (now - timedelta(hours=1)).strftime("%H:%M"),
        "quiet_to": (now + timedelta(hours=2)).strftime("%H:%M"),
    }
    await stage.browser(**quiet)
    stage.fire(severity=Severity.WARNING, rule=Rule.METER_LOST)
    stage.fire(severity=Severity.WARNING, rule=Rule.PRICES_STALE, row="a2")
    stage.fire(row="a3")
    await until(lambda: len(to.received) == 1)
    assert stage.keys.opened(to.received[0].body)["severity"] == "alarm"
    stage.change(**end)
    stage.clock.ahead_s += 2 * 3600 + 60
    await until(lambda: not stage.waiting())
    assert [stage.keys.opened(one.body)["alert"] for one in to.received] == ["a3", "a2"]


async def test_alarms_wait_too_where_one_wants_to_sleep(stage, until):
    now = stage.clock.now()
    await stage.browser(
        quiet_from=(now - timedelta(hours=1)).strftime("%H:%M"),
        quiet_to=(now + timedelta(hours=1)).strftime("%H:%M"),
        quiet_for_alarms=True,
    )
    stage.fire()
    assert stage.waiting()[0].next_s > now.timestamp() + 3000


async def test_the_key_is_made_once_and_kept(stage, tmp_path):
    first = await stage.book.public_key()
    other = open_store(tmp_path)
    assert await PushBook(other, stage.clock).public_key() == first
    other.dispose()
    assert len(raw(first)) == 65


async def test_a_browser_belongs_to_who_uses_it_now(stage):
    one = await stage.browser("anna")
    await stage.browser("bo")
    assert await stage.book.of("anna") == []
    assert [row.id for row in await stage.book.of("bo")] == [one.id]


async def test_browsers_of_a_user_who_left_are_forgotten(stage, to, until):
    await stage.browser()
    with Session(stage.engine) as session:
        session.delete(session.get(UserRow, "anna"))
        store.forget_leavers(session)
        session.commit()
    assert await stage.book.of("anna") == []


def test_keys_that_are_no_keys_are_refused():
    good = BrowserKeys()
    check_keys(good.p256dh, good.auth)
    bad_point = text(b"\x04" + b"\x01" * 64)
    for p256dh, auth in ((bad_point, good.auth), (good.p256dh, "AAAA"), ("?", good.auth), ("", "")):
        with pytest.raises(SubscriptionKeysError):
            check_keys(p256dh, auth)
    with pytest.raises(ValueError, match="3000"):
        sealed(b"x" * 3001, good.p256dh, good.auth)


# --- over HTTP -----------------------------------------------------------------------------------


async def test_somebodys_own_browsers_over_http(door, standard, service, site):
    keys = BrowserKeys()
    wanted = {
        "endpoint": "https://push.example.com/one",
        "keys": {"p256dh": keys.p256dh, "auth": keys.auth},
        "label": "Phone", "language": "de", "severity": "alarm", "rules": ["overload"],
        "quiet": {"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin"},
    }  # fmt: skip
    public = (await standard.get("/push/key")).json()["public_key"]
    assert len(raw(public)) == 65
    made = await standard.post("/push/subscriptions", json=wanted)
    assert made.status_code == 201, made.text
    again = await standard.post("/push/subscriptions", json=wanted | {"severity": "info"})
    assert (again.json()["id"], again.json()["severity"]) == (made.json()["id"], "info")
    [listed] = (await standard.get("/push/subscriptions")).json()["items"]
    assert listed["quiet"] == wanted["quiet"] | {"alarms_too": False}
    assert (listed["rules"], listed["sites"]) == (["overload"], None)
    path = f"/push/subscriptions/{listed['id']}"
    assert (await service.delete(path)).json()["code"] == "unknown-subscription"
    assert (await service.get("/push/subscriptions")).json()["items"] == []
    assert (await standard.post(f"{path}/test")).status_code == 202
    assert (await standard.delete(path)).status_code == 204
    for change, code, field in (
        ({"endpoint": "http://push.example.com/"}, "url-not-https", "/endpoint"),
        ({"keys": {"p256dh": "a", "auth": "b"}}, "push-keys-invalid", "/keys"),
        ({"sites": ["nowhere"]}, "unknown-site", None),
        ({"quiet": wanted["quiet"] | {"timezone": "Mars"}}, "invalid-request", "/quiet/timezone"),
        ({"quiet": wanted["quiet"] | {"from": "25:00"}}, "invalid-request", "/quiet/from"),
    ):
        reply = (await standard.post("/push/subscriptions", json=wanted | change)).json()
        assert (reply["code"], reply.get("field")) == (code, field)
    with sqlite3.connect(door.folder / "web.sqlite") as database:
        [(private,)] = database.execute("SELECT private_pem FROM push_keys").fetchall()
    database.close()
    assert private.splitlines()[1] not in (await standard.get("/push/key")).text
