"""When to write which limit."""

from eebus.events import PerPhase
from eebus_gateway.core.lease import Wanted
from eebus_gateway.core.writing import Writer


def same(a: float | None) -> PerPhase:
    return a, a, a


def wish(a: float) -> Wanted:
    return Wanted(same(a), 1, 1)


def sent(writer: Writer, a: float, now: float = 0.0) -> Writer:
    return writer.sent(same(a), wish(a), now)


def accepted(a: float, now: float = 0.0) -> Writer:
    writer = sent(Writer(), a, now)
    return writer.answered(writer.last_number, None, now)


def refused(writer: Writer, a: float, now: float) -> Writer:
    writer = sent(writer, a, now)
    return writer.answered(writer.last_number, "error 1", now)


def is_now(at: float | None, now: float) -> bool:
    return at is not None and at <= now


def test_the_first_limit_is_written_at_once() -> None:
    assert is_now(Writer().next_at(same(10)), 0.0)


def test_only_changes_are_written() -> None:
    writer = accepted(10)
    assert writer.next_at(same(10)) is None
    assert is_now(writer.next_at(same(9)), 0.0)
    assert is_now(writer.next_at(same(11)), 0.0)


def test_an_increase_waits_for_the_charger_s_answer() -> None:
    writer = sent(accepted(10), 8)
    assert writer.next_at(same(12)) is None


def test_a_decrease_waits_at_most_a_second_for_the_answer_before_it() -> None:
    writer = sent(accepted(10), 8, now=50.0)
    assert writer.next_at(same(6)) == 51.0


def test_the_answer_to_a_write_that_was_overtaken_says_nothing() -> None:
    writer = sent(sent(accepted(10), 8, 50.0), 6, 51.0)
    late = writer.answered(writer.last_number - 1, None, 51.5)
    assert late == writer
    done = writer.answered(writer.last_number, None, 52.0)
    assert done.accepted is not None
    assert done.accepted.values == same(6)


def test_a_refused_write_is_tried_again_after_1_2_5_10_and_10_seconds() -> None:
    writer, now, waits = accepted(16), 0.0, []
    for _ in range(5):
        writer = refused(writer, 10, now)
        at = writer.next_at(same(10))
        assert at is not None
        waits.append(at - now)
        now = at
    assert waits == [1.0, 2.0, 5.0, 10.0, 10.0]
    assert writer.problem == "error 1"
    writer = sent(writer, 10, now)
    assert writer.answered(writer.last_number, None, now).problem == ""


def test_a_decrease_does_not_wait_out_the_whole_back_off() -> None:
    writer = accepted(16)
    for _ in range(4):
        writer = refused(writer, 10, 0.0)
    assert writer.next_at(same(10)) == 10.0
    assert writer.next_at(same(6)) == 1.0


def test_a_new_occasion_writes_the_same_values_again_at_once() -> None:
    assert is_now(accepted(10).again().next_at(same(10)), 0.0)
    assert is_now(refused(accepted(10), 8, 5.0).again().next_at(same(8)), 5.0)


def test_an_occasion_during_a_write_makes_a_second_one_after_the_answer() -> None:
    writer = sent(accepted(10), 8).again()
    assert writer.next_at(same(8)) is None
    writer = writer.answered(writer.last_number, None, 1.0)
    assert is_now(writer.next_at(same(8)), 1.0)


def test_a_new_car_has_accepted_nothing() -> None:
    writer = sent(accepted(10), 8).forgotten()
    assert writer.accepted is None
    assert is_now(writer.next_at(same(8)), 0.0)
    assert writer.answered(writer.last_number, None, 1.0) == writer


def test_a_renewed_lease_stands_for_what_was_accepted() -> None:
    later = Wanted(same(10), 1, 55)
    writer = accepted(10).confirmed(same(10), later)
    assert writer.accepted is not None
    assert (writer.accepted.wanted, writer.accepted.at) == (later, 0.0)
    assert writer.confirmed(same(9), wish(9)) == writer


def test_a_charger_that_forgets_its_limit_is_told_again_but_not_every_second() -> None:
    writer, now, waits = accepted(10), 0.0, []
    for _ in range(5):
        writer = writer.contradicted(same(16), 0.1, now)
        assert writer.accepted is None
        assert "16/16/16" in writer.problem
        at = writer.next_at(same(10))
        assert at is not None
        waits.append(at - now)
        now = at
        writer = sent(writer, 10, now)
        writer = writer.answered(writer.last_number, None, now)
    assert waits == [1.0, 2.0, 5.0, 10.0, 10.0]


def test_a_charger_that_holds_less_or_the_pause_value_holds_our_limit() -> None:
    assert accepted(10).contradicted(same(6), 0.1, 0.0) == accepted(10)
    assert accepted(0).contradicted(same(0.1), 0.1, 0.0) == accepted(0)
    assert accepted(10).contradicted((10.0, None, None), 0.1, 0.0) == accepted(10)


def test_limits_that_are_all_gone_are_no_longer_ours() -> None:
    assert accepted(10).contradicted(same(None), 0.1, 0.0).accepted is None
