import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_site.core.modbus_frames import Framing, Request, answer, crc, refusal, taken


def test_the_checksum_of_the_serial_line_guide():
    assert crc(bytes.fromhex("0207")) == bytes.fromhex("4112")  # guide V1.02, appendix B


def test_a_read_request_of_the_specification():
    frame = bytes.fromhex("0103006B0003") + crc(bytes.fromhex("0103006B0003"))
    assert taken(Framing.RTU, frame) == (Request(1, 3, 0x6B, 3), b"")
    tcp = bytes.fromhex("000100000006010300" + "6B0003")
    assert taken(Framing.TCP, tcp) == (Request(1, 3, 0x6B, 3, number=1), b"")


def test_an_answer_of_the_specification():
    asked = Request(1, 3, 0x6B, 3, number=1)
    words = [0x022B, 0, 0x64]
    assert answer(Framing.TCP, asked, words).hex() == "000100000009010306022b00000064"
    assert refusal(Framing.TCP, asked, 2).hex() == "000100000003018302"


@pytest.mark.parametrize("framing", Framing)
def test_a_request_may_come_in_pieces(framing):
    whole = (
        struct.pack(">HHHBBHH", 9, 0, 6, 1, 4, 10, 2)
        if framing is Framing.TCP
        else (body := struct.pack(">BBHH", 1, 4, 10, 2)) + crc(body)
    )
    for cut in range(len(whole)):
        request, left = taken(framing, whole[:cut])
        assert request is None
        assert taken(framing, left + whole[cut:])[0] is not None
    first, left = taken(framing, whole + whole)
    assert first is not None
    assert left == whole


@given(st.sampled_from(Framing), st.binary(max_size=600))
def test_no_garbage_is_kept_for_ever_or_breaks_the_meter(framing, garbage):
    heard = garbage
    for _ in range(len(garbage) + 2):
        request, left = taken(framing, heard)
        if request is None:
            assert len(left) <= 260
            return
        assert len(left) < len(heard)
        heard = left
    raise AssertionError("never ends")
