"""The fast way and the readable way to decode say the same, for any registers of any model."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_profiles.blocks import plan
from meter_profiles.catalogue import profile, profiles
from meter_profiles.compiled import compiled
from meter_profiles.decode import decode
from meter_profiles.encode import encode

WORDS = st.one_of(
    st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0xFFC0, 0x7F80, 0xFFFE, 10]),
    st.integers(0, 0xFFFF),
)


def both(chosen, registers):
    for block in plan(chosen.points_at(), chosen.max_read, chosen.max_gap):
        words = [registers(address) for address in range(block.address, block.end)]
        data = struct.pack(f">{len(words)}H", *words)
        yield compiled(block)(data), decode(block.points, dict(enumerate(words, block.address)))


@given(st.sampled_from(sorted(profiles())), st.lists(WORDS, min_size=16, max_size=64))
@settings(max_examples=400, deadline=None)
def test_any_registers_give_the_same_values(model, words):
    for fast, readable in both(profile(model), lambda address: words[address % len(words)]):
        assert fast == readable
        assert {q: str(v) for q, v in fast.items()} == {q: str(v) for q, v in readable.items()}


@pytest.mark.parametrize("model", sorted(profiles()))
def test_what_a_meter_without_values_says_is_unknown_both_ways(model):
    image = encode(profile(model), {})
    for fast, readable in both(profile(model), lambda address: image.get(address, 0)):
        assert fast == readable
