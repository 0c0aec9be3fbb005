"""SKIs as people type them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus_gateway.core.ski import parse_ski
from eebus_gateway.errors import CommandRefusedError

SKI = "23b8aa0f11d2c3e4f5061728394a5b6c7d8e9f01"


@pytest.mark.parametrize(
    "typed",
    [
        SKI,
        SKI.upper(),
        " ".join(SKI[i : i + 4] for i in range(0, 40, 4)),
        "-".join(SKI[i : i + 8] for i in range(0, 40, 8)),
        ":".join(SKI[i : i + 2] for i in range(0, 40, 2)),
        f"  {SKI}\n",
        f"SHIP;SKI:{SKI.upper()};ID:Demo-1;ENDSHIP;",
    ],
)
def test_a_ski_is_read_however_it_is_typed(typed: str) -> None:
    assert parse_ski(typed) == SKI


@pytest.mark.parametrize("typed", ["", "nonsense", SKI[:-1], SKI + "0", SKI[:-1] + "g", "SHIP;"])
def test_a_typo_is_refused_by_name(typed: str) -> None:
    with pytest.raises(CommandRefusedError) as refused:
        parse_ski(typed)
    assert refused.value.code == "invalid-ski"
    assert refused.value.field == "/ski"


@given(st.text(max_size=200))
def test_any_text_is_a_ski_or_refused(typed: str) -> None:
    with contextlib.suppress(CommandRefusedError):
        assert len(parse_ski(typed)) == 40
