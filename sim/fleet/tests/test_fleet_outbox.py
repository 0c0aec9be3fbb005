from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.core.houses import house
from fleet_sim.core.stays import DAY_S, stays_between
from fleet_sim.outbox import MOST_AT_ONCE, Outbox
from volthus_wire.v1.records_pb2 import Fact

START_S = 20_000 * DAY_S


@given(st.lists(st.tuples(st.integers(0, 3600), st.integers(0, MOST_AT_ONCE)), max_size=12))
def test_facts_are_numbered_without_gaps_however_few_of_them_the_cloud_takes(steps) -> None:
    outbox = Outbox(house(1, 4), 7, START_S)
    now_s, taken = START_S, []
    for passed_s, most in steps:
        now_s += passed_s
        due = outbox.due(now_s)
        assert outbox.due(now_s) == due  # the same again until it is taken
        kept = min(most, len(due))
        outbox.taken(kept)
        taken += [Fact.FromString(parcel.body) for parcel in due[:kept]]
    assert [fact.sequence for fact in taken] == list(range(1, len(taken) + 1))
    assert outbox.acknowledged == len(taken)
    minutes = [fact.energy.start.seconds for fact in taken if fact.HasField("energy")]
    assert minutes == list(range(START_S, START_S + 60 * len(minutes), 60))


def test_after_a_day_cut_off_every_minute_and_every_session_is_told() -> None:
    made = house(1, 4)
    outbox, now_s = Outbox(made, 7, START_S), START_S + 2 * DAY_S
    told: dict[str, Fact] = {}
    minutes = 0
    while due := outbox.due(now_s):
        for parcel in due:
            assert parcel.subject.startswith(f"site.{made.site}.up.fact.")
            fact = Fact.FromString(parcel.body)
            minutes += fact.HasField("energy")
            if fact.HasField("session"):
                told[fact.session.session] = fact
        outbox.taken(len(due))
    assert minutes == 2 * 24 * 60 == outbox.minutes
    expected = {stay.session for stay in stays_between(made, START_S, now_s)}
    assert expected <= set(told)
    ended = [fact.session for fact in told.values() if fact.session.state == "ended"]
    assert ended
    assert all(not session.HasField("cost") for session in ended)


def test_at_the_end_of_a_month_sessions_are_told_once_more_with_their_cost() -> None:
    outbox, now_s = Outbox(house(1, 4), 7, START_S), START_S + 20 * DAY_S
    outbox.next_minute_s = int(now_s)
    count = outbox.month_end(now_s, days=10)
    facts = []
    while due := outbox.due(now_s):
        facts += [Fact.FromString(parcel.body).session for parcel in due]
        outbox.taken(len(due))
    assert count == len(facts) > 0
    assert all(fact.HasField("cost") and fact.revision == 3 for fact in facts)
