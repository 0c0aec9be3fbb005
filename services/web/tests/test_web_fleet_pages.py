"""A page of sites as text is what the API says it is, also when its rows were written before."""

from dataclasses import replace

import pytest

from web.core.fleet.finding import Found
from web.core.fleet.rows import Heard, Row, Told, row
from web.fleet import pages
from web.fleet.pages import Pages
from web.messages.fleet_rows import site
from web.models.fleet import Sites


def one(number: int, charging_w: float = 0.0) -> Row:
    told = Told(version="0.5", charging_w=charging_w, chargers=1)
    return row(Heard(f"s{number}", "", f'Straße "{number}"', True, 1.0, 1.8e9, told))


def shown(rows: list[Row], after: str = "") -> Sites:
    return Sites(items=[site(one) for one in rows], next=after or None, total=len(rows))


@pytest.mark.parametrize("after", ["", "WyJpZCJd"])
def test_a_page_reads_as_the_model_of_the_api_writes_it(after):
    rows = [one(1), one(2, 7400.5)]
    text = Pages().page(Found(rows, len(rows), after))
    assert text == shown(rows, after).model_dump_json().encode()


def test_a_site_that_spoke_again_is_written_anew():
    kept, before = Pages(), one(1)
    kept.page(Found([before], 1, ""))
    after = replace(before, name="Green Street")
    assert Sites.model_validate_json(kept.page(Found([after], 1, ""))) == shown([after])


def test_no_more_rows_are_kept_than_may_be(monkeypatch):
    monkeypatch.setattr(pages, "MOST", 3)
    kept, rows = Pages(), [one(number) for number in range(10)]
    for _ in range(2):
        found = Sites.model_validate_json(kept.page(Found(rows, len(rows), "")))
        assert [one.id for one in found.items] == [row.site for row in rows]
