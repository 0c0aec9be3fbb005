import pytest

from volthus_wire import subjects
from volthus_wire.subjects import EVSE_STATE, METER_READING, Request, Subject

PAGE = [s for s in vars(subjects).values() if isinstance(s, Subject | Request)]


def test_a_subject_is_filled_and_read_back():
    subject = METER_READING.at(site="green-street-4", meter="m1")
    assert subject == "site.green-street-4.local.meter.m1.reading"
    assert METER_READING.tokens_of(subject) == {"site": "green-street-4", "meter": "m1"}


def test_tokens_left_out_match_anything():
    assert EVSE_STATE.across(site="s") == "site.s.local.evse.*.state"


@pytest.mark.parametrize("token", ["a.b", "*", ">", "", "a b"])
def test_a_name_cannot_change_the_shape_of_a_subject(token):
    with pytest.raises(ValueError, match="cannot stand"):
        METER_READING.at(site=token, meter="m1")


def test_a_foreign_subject_is_refused():
    with pytest.raises(ValueError, match="not of the shape"):
        METER_READING.tokens_of("site.s.local.evse.x.state")


def test_no_two_rows_of_the_page_share_a_subject():
    patterns = [row.pattern for row in PAGE]
    assert len(patterns) == len(set(patterns))


def test_sites_are_spoken_to_only_below_their_own_name():
    for row in PAGE:
        assert row.pattern.startswith(("site.{site}.", "cloud.")), row.pattern
