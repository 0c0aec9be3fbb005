"""A site that never stops talking is heard within its share; the others as ever."""

from volthus_kit.testing import FakeClock
from web.talk import AT_ONCE, MOST_PER_S, Talk


def test_a_site_that_never_stops_is_heard_within_its_share_and_named_once_an_hour(caplog):
    clock = FakeClock()
    talk = Talk(clock)
    heard = 0
    for _ in range(60 * 100):  # a minute at a hundred messages a second
        heard += talk.admits("loud")
        clock.go_on(0.01)
    assert AT_ONCE + 59 * MOST_PER_S <= heard <= AT_ONCE + 61 * MOST_PER_S
    assert [record.message for record in caplog.records] == ["site talks too much"]
    clock.go_on(3600)
    for _ in range(AT_ONCE + 1):
        talk.admits("loud")
    assert len(caplog.records) == 2


def test_the_others_are_heard_while_one_never_stops(caplog):
    clock = FakeClock()
    talk = Talk(clock)
    for second in range(120):
        for _ in range(100):
            talk.admits("loud")
        # Watched, with the gateway's picture; and what comes at once after a lost link.
        quick = 20 if second == 60 else 2
        assert all(talk.admits("watched") for _ in range(quick))
        clock.go_on(1)
    assert {record.site for record in caplog.records} == {"loud"}
