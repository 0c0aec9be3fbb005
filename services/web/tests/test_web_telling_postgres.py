"""Alerts, webhooks and push on PostgreSQL, where several front doors share them."""

from datetime import UTC, datetime

import pytest
from postgres import postgres, postgres_url  # noqa: F401 - fixtures
from sqlmodel import Session

from volthus_kit.clock import SystemClock
from volthus_kit.testing import FakeClock
from volthus_wire.v1 import site_pb2
from web.alerts.book import AlertBook, AlertQuery
from web.alerts.engine import AlertEngine, Surroundings
from web.core.alerting.machine import State
from web.core.alerting.rules import Rule, RuleSettings, Severity
from web.core.roles import Sight
from web.live import Live
from web.push import store as push_store
from web.push.book import Browser, PushBook
from web.store import UserRow, open_store
from web.webhooks import store as webhook_store
from web.webhooks.book import HookWanted, WebhookBook


@pytest.fixture
def engine(postgres_url, tmp_path):  # noqa: F811
    one = open_store(tmp_path, postgres_url)
    yield one
    one.dispose()


async def test_an_alert_goes_from_a_site_to_a_webhook_and_a_phone(engine):
    clock = FakeClock(datetime(2026, 11, 22, tzinfo=UTC))
    hooks, phones = WebhookBook(engine, clock), PushBook(engine, clock)
    wanted = HookWanted("https://example.com/", "", ("alert.fired",), None, enabled=True)
    hook = await hooks.add("", "bo", wanted)
    with Session(engine) as session:
        session.add(UserRow(username="bo", password_hash="-", role="service", created_s=0.0))
        session.commit()
    await phones.put("bo", Browser("https://push.example.com/1", "p", "a", "", "en", "info", "*",
                                   "*", False, "", "", "UTC", False))  # fmt: skip
    book = AlertBook(engine, clock)
    await book.put_rule("", Rule.CHARGER_FAULT, RuleSettings(True, Severity.ALARM, 5.0), 0)
    live = Live(clock)
    tellers = [
        webhook_store.enqueue,
        push_store.teller(lambda user, tenant: user.tenant == tenant),
    ]
    around = Surroundings(lambda: True, webhook_store.given_up)
    first, second = (AlertEngine(engine, clock, live, around, tellers) for _ in range(2))
    touched = {"demo"}
    for _ in range(3):
        state = site_pb2.SiteState(site="demo", name="Demo")
        state.chargers.add(ski="a", state="fault", error_code="E7")
        live.heard_state("demo", state.SerializeToString())
        await first.round({*touched})
        clock.go_on(5)
    await second.round({*touched})
    query = AlertQuery(Sight(), states=tuple(State))
    [row] = await book.page(query, None, 10)
    assert (row.state, row.severity) == ("firing", "alarm")
    assert await book.page(query, (row.started_s, row.id), 10) == []
    assert await book.count(query) == {(Severity.ALARM, False): 1}
    assert (await book.acknowledge(row.id, "bo")).acknowledged_by == "bo"
    assert await book.count(query) == {(Severity.ALARM, True): 1}
    assert await book.page(AlertQuery(Sight(), acknowledged=False), None, 10) == []
    now_s = clock.now().timestamp()
    with Session(engine) as session:
        [due] = webhook_store.due(session, now_s, (), 16)
        assert (due.webhook, webhook_store.due(session, now_s, (hook.id,), 16)) == (hook.id, [])
        failed = webhook_store.Outcome(False, now_s, 5.0, 500, "status-500", now_s + 5)
        webhook_store.finish(session, due, failed)
        assert webhook_store.due(session, now_s + 4, (), 16) == []
        [again] = webhook_store.due(session, now_s + 5, (), 16)
        assert (again.attempts, again.failing_since_s) == (1, now_s)
        gone = webhook_store.Outcome(False, now_s, 5.0, 410, "status-410", None, "gone")
        webhook_store.finish(session, again, gone)
        assert list(webhook_store.given_up(session)) == [""]
        webhook_store.forget_old(session, now_s + 31 * 86_400)
        # Acknowledged meanwhile: it does not ring.
        assert push_store.due(session, now_s, (), 8) == []
        push_store.forget_leavers(session)
        session.commit()
    assert await hooks.deliveries(hook.id, None, 10) == []
    assert len(await phones.of("bo")) == 1


async def test_of_two_front_doors_that_make_the_key_both_tell_the_same(engine, postgres_url,  # noqa: F811
                                                                       tmp_path):  # fmt: skip
    other = open_store(tmp_path, postgres_url)
    keys = {await PushBook(one, SystemClock()).public_key() for one in (engine, other)}
    other.dispose()
    assert len(keys) == 1
