"""Which facts are in: whatever comes in whatever order, each counts once and none is forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.history.core import ledger
from web.history.core.ledger import Gap, Ledger, Verdict, admit


def after(*sequences: int) -> Ledger:
    known = Ledger()
    for sequence in sequences:
        known, _ = admit(known, sequence)
    return known


def test_facts_in_order_leave_no_gap() -> None:
    assert after(1, 2, 3) == Ledger(3)


def test_a_number_passed_over_is_missing_until_it_comes() -> None:
    assert after(1, 5) == Ledger(5, (Gap(2, 4),))
    assert after(1, 5, 3) == Ledger(5, (Gap(2, 2), Gap(4, 4)))
    assert after(1, 5, 3, 2, 4) == Ledger(5)


def test_the_first_fact_of_an_epoch_has_number_1() -> None:
    assert after(7).missing == 6
    with pytest.raises(ValueError, match="begin with 1"):
        admit(Ledger(), 0)


def test_a_fact_that_is_in_changes_nothing() -> None:
    known = after(1, 2, 5)
    assert admit(known, 2) == (known, Verdict.AGAIN)


@given(st.lists(st.integers(1, 40), max_size=80))
def test_a_ledger_knows_exactly_what_it_was_told(sequences: list[int]) -> None:
    known, seen = Ledger(), set[int]()
    for sequence in sequences:
        known, verdict = admit(known, sequence)
        assert (verdict is Verdict.AGAIN) == (sequence in seen)
        seen.add(sequence)
        missing = {n for gap in known.gaps for n in range(gap.first, gap.last + 1)}
        assert set(range(1, known.highest + 1)) - missing == seen
        assert list(known.gaps) == sorted(known.gaps)


def test_a_ledger_in_pieces_stays_small_and_forgets_none(monkeypatch) -> None:
    monkeypatch.setattr(ledger, "MOST_GAPS", 5)
    known = after(*range(2, 100, 2))
    assert len(known.gaps) == 5
    missing = {n for gap in known.gaps for n in range(gap.first, gap.last + 1)}
    assert set(range(1, 99, 2)) <= missing
