"""SKIs as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.core.ski import SkiError, normalised

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
GROUPS = [SKI[start : start + 4] for start in range(0, 40, 4)]


@given(st.sampled_from([" ", "-", ":", "  ", "\u00a0", "\u2011", "", "."]), st.booleans())
def test_groups_and_case_do_not_matter(between, is_upper):
    typed = between.join(GROUPS)
    assert normalised(typed.upper() if is_upper else typed) == SKI


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_ski_or_an_error(typed):
    try:
        ski = normalised(typed)
    except SkiError:
        return
    assert len(ski) == 40
    assert set(ski) <= set("0123456789abcdef")
    assert normalised(ski) == ski


@pytest.mark.parametrize(("typo", "told"), [(SKI[1:], "has 39"), ("o" + SKI[1:], "'o' at place 1")])
def test_a_typo_is_named(typo, told):
    with pytest.raises(SkiError, match=told):
        normalised(typo)
