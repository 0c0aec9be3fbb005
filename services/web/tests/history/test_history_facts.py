"""Whatever a site sends, it is a fact that can be kept, or it is set aside with a reason."""

import contextlib

import pytest
from history_facts import EPOCH, NOON, SKI, head, kept, minute, session
from hypothesis import given, settings
from hypothesis import strategies as st

from volthus_kit.streams import Kept
from volthus_wire.v1.records_pb2 import Fact
from web.history.facts import FactError, Key, opened

SUBJECT = "site.demo.up.fact.energy"


@given(st.binary(max_size=400), st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=300)
def test_no_bytes_do_more_than_being_set_aside(body: bytes, key: str, word: str) -> None:
    for subject in (SUBJECT, f"site.{word}.up.fact.energy"):
        with contextlib.suppress(FactError):
            opened(Kept(subject, body, key))


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_fact_with_a_flipped_byte_is_a_fact_or_set_aside(at: int, value: int) -> None:
    body = bytearray(minute(1, NOON, chargers={SKI: (1.0, 0.5)}).body)
    body[at % len(body)] = value
    with contextlib.suppress(FactError):
        assert opened(Kept(SUBJECT, bytes(body), "")).row["site"] == "demo"


def test_one_that_cannot_be_read_is_known_by_its_message_id() -> None:
    for key, found in (
        (f"demo-{EPOCH}-7", Key("demo", EPOCH, 7)),
        (f"demo-{EPOCH}-7-2", Key("demo", EPOCH, 7)),
        (f"other-{EPOCH}-7", None),
        ("demo-x-7", None),
        (f"demo-{EPOCH}-0", None),
        ("", None),
    ):
        with pytest.raises(FactError) as refused:
            opened(Kept(SUBJECT, b"\xff", key))
        assert refused.value.key == found


def test_numbers_that_no_database_holds_are_refused() -> None:
    huge = head(1)
    huge.sequence = 2**62  # a column holds it; sums over what would be missing do not
    huge.energy.CopyFrom(Fact.FromString(minute(1, NOON).body).energy)
    odd = Fact.FromString(minute(1, NOON).body)
    odd.energy.start.FromSeconds(int(NOON.timestamp()) + 1)
    endless = Fact.FromString(session(1, NOON).body)
    endless.session.cost = float("inf")
    for fact in (huge, odd, endless):
        with pytest.raises(FactError):
            opened(kept(fact))
