"""The evidence log: what is entered when, and that nobody can change it without a trace."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cem.core.operating import LimitState, OperatorLimit
from cem.records.core import sealing
from cem.records.core.evidence import Effect, Entry, Order, restored, watched
from cem.records.core.sealing import FIRST, entry_of, faults, fields_of, sealed

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
BOX = OperatorLimit("lpc", "eebus", "b" * 40, LimitState.UNLIMITED_CONTROLLED, name="Steuerbox")
LIMITED = OperatorLimit("lpc", "eebus", "b" * 40, LimitState.LIMITED, 4200.0, name="Steuerbox")


class Watch:
    """A site whose operator's limits are watched second by second."""

    def __init__(self) -> None:
        self.orders: dict = {}
        self.entries: list[Entry] = []
        self.seconds = 0.0

    def see(
        self,
        limit: OperatorLimit | None,
        charging_w: float,
        seconds: float = 1.0,
        appliances: str = "",
    ) -> "Watch":
        self.seconds += seconds
        drawn_w = {"lpc": charging_w}
        effect = Effect(charging_w + 500, charging_w, drawn_w, {"lpc": None}, appliances)
        self.orders, entries = watched(
            self.orders,
            () if limit is None else (limit,),
            effect,
            self.seconds,
            START + timedelta(seconds=self.seconds),
        )
        self.entries += entries
        return self

    @property
    def events(self) -> list[str]:
        return [entry.event for entry in self.entries]


def with_(limit: OperatorLimit, **changes: object) -> OperatorLimit:
    values = {f: getattr(limit, f) for f in OperatorLimit.__slots__}
    return OperatorLimit(**{**values, **changes})


def test_a_limit_is_started_reached_and_ended_with_its_effect():
    watch = Watch().see(BOX, 11000).see(LIMITED, 11000).see(LIMITED, 8000).see(LIMITED, 4100)
    watch.see(LIMITED, 4000).see(BOX, 4000)
    assert watch.events == ["started", "reached", "ended"]
    assert watch.entries[0].charging_w == 11000
    assert watch.entries[1].reached_s == 2.0
    assert watch.entries[1].grid_import_w == 4600


def test_who_else_is_limited_stands_in_every_entry_and_a_change_is_one():
    pump = "Heat pump (aa) 3360 W"
    watch = Watch().see(BOX, 11000, appliances="")
    watch.see(LIMITED, 4000, appliances=f"{pump} asked")
    watch.see(LIMITED, 4000, appliances=f"{pump} accepted")
    watch.see(LIMITED, 4000, appliances=f"{pump} accepted").see(BOX, 4000)
    assert watch.events == ["started", "reached", "appliance", "ended"]
    named = [entry.appliances.removeprefix(pump).strip() for entry in watch.entries]
    assert named == ["asked", "asked", "accepted", ""]
    orders = restored(watch.entries[:-1], 0.0)
    assert (
        watched(orders, (LIMITED,), Effect(None, None, {}, {}, f"{pump} accepted"), 1.0, START)[1]
        == ()
    )


def test_another_value_begins_the_time_anew():
    watch = Watch().see(LIMITED, 4000).see(with_(LIMITED, limit_w=2000.0), 4000)
    watch.see(with_(LIMITED, limit_w=2000.0), 1900, 3)
    assert watch.events == ["started", "reached", "changed", "reached"]
    assert watch.entries[-1].reached_s == 3.0


def test_power_above_the_limit_after_ten_seconds_is_entered_once():
    watch = Watch().see(LIMITED, 11000)
    for _ in range(30):
        watch.see(LIMITED, 11000)
    assert watch.events == ["started", "exceeded"]
    assert watch.see(LIMITED, 4000).events == ["started", "exceeded", "reached"]
    assert watch.entries[-1].reached_s == 31.0


def test_a_short_rise_after_it_was_reached_is_no_entry_a_long_one_is():
    watch = Watch().see(LIMITED, 4000).see(LIMITED, 9000).see(LIMITED, 9000, 5).see(LIMITED, 4000)
    assert watch.events == ["started", "reached"]
    watch.see(LIMITED, 9000).see(LIMITED, 9000, 11).see(LIMITED, 4000)
    assert watch.events == ["started", "reached", "exceeded", "reached"]


def test_a_silent_box_and_its_failsafe_are_entered():
    silent = with_(LIMITED, is_connected=False)
    failsafe = with_(silent, state=LimitState.FAILSAFE, limit_w=3000.0)
    watch = Watch().see(LIMITED, 1000).see(silent, 1000).see(failsafe, 1000).see(LIMITED, 1000)
    assert watch.events == [
        "started", "reached", "lost", "failsafe", "changed", "reached", "recovered", "changed",
        "reached",
    ]  # fmt: skip


def test_a_limit_whose_source_left_has_ended():
    assert Watch().see(LIMITED, 0).see(None, 0).see(None, 0).events == [
        "started", "reached", "ended",
    ]  # fmt: skip


def test_after_a_restart_a_limit_in_force_is_not_started_again():
    watch = Watch().see(LIMITED, 1000)
    again = Watch()
    again.orders = restored(watch.entries, 0.0)
    assert again.orders == {("lpc", "eebus", "b" * 40): Order(LIMITED)}
    assert again.see(LIMITED, 1000).events == []
    assert again.see(with_(LIMITED, limit_w=1.0), 1000).events == ["changed"]


# --- the chain -----------------------------------------------------------------------------------


def chain(count: int = 5) -> list[dict[str, str]]:
    log, before = [], FIRST
    for number in range(1, count + 1):
        entry = Entry(START, "started", LIMITED, 1.0 * number, None, 0.5)
        fields = fields_of(entry, number)
        made = sealed(fields, before)
        log.append({**fields, "before": before, "hash": made})
        before = made
    return log


def test_a_log_as_it_was_written_is_intact():
    assert faults(chain()) == ()
    assert faults(chain(), chain()[-1]["hash"]) == ()
    assert faults([]) == ()


def test_entries_taken_out_moved_added_or_doubled_are_seen():
    log = chain()
    for changed in (
        log[1:], log[:2] + log[3:], [log[1], log[0], *log[2:]], [*log, log[-1]],
        [*log[:2], {**log[2], "number": "7"}, *log[3:]],
    ):  # fmt: skip
        assert faults(changed)
    assert faults(log[:-1]) == (), "a chain alone cannot know its end"
    assert faults(log[:-1], log[-1]["hash"])


@given(st.data())
def test_any_changed_byte_is_seen(data: st.DataObject):
    log = chain(3)
    lines = [json.dumps(entry) for entry in log]
    number = data.draw(st.integers(0, 2))
    name = data.draw(st.sampled_from(sorted(log[number])))
    value = log[number][name]
    place = data.draw(st.integers(0, len(value) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != value[place]))
    log[number] = {**log[number], name: value[:place] + other + value[place + 1 :]}
    assert [json.dumps(entry) for entry in log] != lines
    assert faults(log)


@given(st.text(), st.text())
def test_no_two_entries_share_a_canonical_form(one: str, two: str):
    first = sealing.canonical({"limit.name": one, "reference": two})
    second = sealing.canonical({"limit.name": f"{one}\nreference={two}"})
    assert not two or first != second


def test_the_canonical_form_is_as_documented():
    entry = Entry(START, "reached", with_(LIMITED, name="a\\b\nc", reference="r"), 10.0, None, 2.5)
    assert sealing.canonical(fields_of(entry, 7)).decode() == (
        "at=2026-11-22T08:00:00.000Z\n"
        "event=reached\n"
        "grid_import_w=10.000\n"
        "limit.connected=true\n"
        "limit.kind=lpc\n"
        "limit.limit_w=4200.000\n"
        "limit.name=a\\\\b\\nc\n"
        f"limit.ski={'b' * 40}\n"
        "limit.source=eebus\n"
        "limit.state=limited\n"
        "number=7\n"
        "reached_s=2.500\n"
        "reference=r\n"
    )


@pytest.mark.parametrize("limit", [BOX, LIMITED, with_(LIMITED, until=START, since=START)])
def test_an_entry_comes_back_from_its_canonical_spelling(limit: OperatorLimit):
    entry = Entry(START, "started", limit, 1.5, None, None, "Heat pump (aa) 3360 W accepted")
    assert entry_of(fields_of(entry, 1)) == entry
