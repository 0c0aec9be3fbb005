"""What the history wants is an alert of the front door itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from history_facts import NOON, audit
from sqlalchemy import Engine
from sqlmodel import Session

from volthus_kit.testing import FakeClock
from volthus_wire.v1.records_pb2 import ResendFactsReply
from web.core.alerting.machine import Key
from web.core.alerting.rules import Rule
from web.history import gaps
from web.history.core.energy import Since
from web.history.writing import write
from web.store import SiteRow, open_store
from web.telling import Telling, TellingSettings


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_store(tmp_path)
    yield made
    made.dispose()


def told(engine: Engine, clock: FakeClock) -> dict[str, set[Key]]:
    telling = Telling(engine, clock, TellingSettings())
    with Session(engine) as session:
        return {tenant: set(found) for tenant, found in telling._own(session).items()}


def test_facts_that_are_missing_are_told_to_the_tenant_of_their_site(engine: Engine) -> None:
    clock = FakeClock(NOON)
    with Session(engine) as session:
        session.add(SiteRow(site="demo", name="Demo", last_seen_s=0.0, tenant="north"))
        session.commit()
    write(engine, [audit(1), audit(9), audit(1, site="new"), audit(3, site="new")], 0, Since(0, 0))
    waits = Rule.RECORDS_UNDELIVERED
    assert told(engine, clock) == {"north": {Key(waits, "demo")}, "": {Key(waits, "new")}}
    for missing in gaps.due(engine, clock.now()):
        gaps.asked(engine, [missing], clock.now())
        gaps.settle(engine, missing, ResendFactsReply())
    lost = Rule.RECORDS_LOST
    assert told(engine, clock) == {"north": {Key(lost, "demo")}, "": {Key(lost, "new")}}
    clock.go_on(2 * 86_400)
    assert told(engine, clock) == {}


def test_a_site_keeps_the_middle_of_what_is_missing(engine: Engine) -> None:
    clock = FakeClock(NOON)
    write(engine, [audit(1), audit(10)], 0, Since(0, 0))
    (missing,) = gaps.due(engine, clock.now())
    assert gaps.settle(engine, missing, ResendFactsReply(first_kept=4, last_kept=7)) == 4
    assert gaps.tally(engine) == gaps.Tally(4, 1, 4, 0)
    assert [(one.gap.first, one.gap.last) for one in gaps.due(engine, clock.now())] == [(4, 7)]
    write(engine, [audit(number) for number in (4, 5, 6, 7)], 0, Since(0, 0))
    assert gaps.tally(engine) == gaps.Tally(0, 0, 4, 0)
    assert gaps.settle(engine, missing, ResendFactsReply()) == 0, "what came meanwhile is not lost"
