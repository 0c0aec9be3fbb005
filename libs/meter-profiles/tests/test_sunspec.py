import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_profiles.catalogue import profile
from meter_profiles.encode import encode
from meter_profiles.sunspec import MARK, Found, Missing, Need, chain, walk

METER = (201, 202, 203, 204)


def device(*blocks, at=40000):
    registers = dict(enumerate(MARK, start=at))
    address = at + 2
    for model, length in [*blocks, (0xFFFF, 0)]:
        registers.update(enumerate([model, length, *[0] * length], start=address))
        address += length + 2
    return registers


def walked(registers, models=METER, ordinal=1):
    known, refused = {}, set()
    for _ in range(100):
        step = walk(models, known, refused, ordinal)
        if not isinstance(step, Need):
            return step
        words = {
            a: registers[a]
            for a in range(step.address, step.address + step.count)
            if a in registers
        }
        if len(words) < step.count:
            refused.add(step.address)
        known |= words
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize(("common", "start"), [(65, 40069), (66, 40070)])
def test_the_common_block_may_be_65_or_66_long(common, start):
    assert walked(device((1, common), (203, 105))) == Found(start, 203, 105)


def test_the_meter_behind_an_inverter_stands_after_a_second_common_block():
    chained = device((1, 65), (103, 50), (1, 65), (203, 105), (1, 65), (204, 105))
    assert walked(chained) == Found(40188, 203, 105)
    assert walked(chained, ordinal=2) == Found(40188 + 107 + 67, 204, 105)


@pytest.mark.parametrize("place", [50000, 0])
def test_the_mark_may_stand_elsewhere(place):
    assert walked(device((1, 66), (203, 105), at=place)) == Found(place + 70, 203, 105)


def test_what_is_missing_is_told_apart():
    assert walked({}) is Missing.NO_MARK
    assert walked(dict.fromkeys(range(65536), 0)) is Missing.NO_MARK
    assert walked(device((1, 66), (103, 50))) is Missing.NO_METER
    assert walked({40000: MARK[0], 40001: MARK[1], 40002: 1, 40003: 66}) is Missing.BROKEN_CHAIN


@given(st.dictionaries(st.integers(40002, 41000), st.integers(0, 65535)))
def test_no_garbage_makes_the_walk_endless(garbage):
    zeros = dict.fromkeys(range(39990, 50000), 0)
    walked(zeros | garbage | dict(enumerate(MARK, start=40000)))


@pytest.mark.parametrize(
    ("model", "start"),
    [
        ("fronius_smart_meter", 40069),
        ("solaredge_meter", 40188),
        ("kostal_ksem_sunspec", 40070),
        ("sunspec_21x", 40070),
    ],
)
def test_a_virtual_meter_shows_the_chain_its_model_has(model, start):
    layout = profile(model).sunspec
    found = walked(encode(profile(model), {}), layout.models)
    assert isinstance(found, Found)
    assert (found.start, layout.usual_start) == (start, start)
    assert found.model in layout.models


def test_a_meter_with_fixed_addresses_has_no_chain():
    assert chain(profile("cg_em540")) == {}
