"""Tables as text."""

import csv
import io
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from web.core.table import cell, csv_text


def test_unknown_is_empty_and_instants_are_utc():
    at = datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))
    assert csv_text(["a", "b"], [{"a": None, "b": at}]) == "a,b\r\n,2026-11-22T12:00:00Z\r\n"


def test_numbers_have_a_point_and_no_tail_of_zeros():
    assert [cell(5.0), cell(0.1234), cell(-2.5), cell(3), cell(True)] == [
        "5", "0.123", "-2.5", "3", "true"
    ]  # fmt: skip


@given(st.text())
def test_every_text_comes_back_and_none_starts_a_formula(text):
    lines = list(csv.reader(io.StringIO(csv_text(["a", "b"], [{"a": text, "b": 1}]), newline="")))
    found = lines[1][0]
    assert found in {text, f"'{text}"}
    assert not found.startswith(("=", "+", "-", "@"))
