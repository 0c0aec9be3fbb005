import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_reader.core.frames import (
    Nothing,
    Question,
    Refused,
    crc,
    rtu_answer,
    rtu_frame,
    tcp_answer,
    tcp_frame,
)

ASKED = Question(unit=1, function=3, address=0x6B, registers=3, number=7)
WORDS = bytes.fromhex("022B00000064")


def tcp(number=7, unit=1, function=3, body=b"\x06" + WORDS):
    return struct.pack(">HHHBB", number, 0, len(body) + 2, unit, function) + body


def rtu(unit=1, function=3, body=b"\x06" + WORDS):
    plain = bytes((unit, function)) + body
    return plain + crc(plain)


def test_the_request_of_the_specification():
    assert tcp_frame(ASKED).hex() == "0007000000060103006b0003"
    assert rtu_frame(ASKED).hex() == "0103006b00037417"
    assert crc(bytes.fromhex("0207")).hex() == "4112"  # serial line guide, appendix B


@pytest.mark.parametrize(("found", "frame"), [(tcp_answer, tcp), (rtu_answer, rtu)])
def test_an_answer_may_come_in_pieces_and_with_something_behind_it(found, frame):
    whole = frame()
    for cut in range(1, len(whole)):
        answer, left = found(ASKED, whole[:cut])
        assert answer is Nothing.YET
        assert found(ASKED, left + whole[cut:]) == (WORDS, b"")
    assert found(ASKED, whole + b"more") == (WORDS, b"more")


@pytest.mark.parametrize(("found", "frame"), [(tcp_answer, tcp), (rtu_answer, rtu)])
def test_an_exception_is_an_answer(found, frame):
    assert found(ASKED, frame(function=0x83, body=b"\x0b")) == (Refused(11), b"")


def test_a_late_answer_with_another_number_is_passed_over():
    assert tcp_answer(ASKED, tcp(number=6, body=b"\x02\xff\xff") + tcp()) == (WORDS, b"")
    assert tcp_answer(ASKED, tcp(number=6)) == (Nothing.YET, b"")


@pytest.mark.parametrize(
    "frame",
    [
        tcp(unit=2),
        tcp(function=4),
        tcp(body=b"\x04" + WORDS[:4]),
        b"HTTP/1.0 400 Bad Request\r\n",
        b"\xff" * 20,
    ],
)
def test_what_is_no_answer_to_this_question_is_garbled(frame):
    assert tcp_answer(ASKED, frame)[0] is Nothing.GARBLED


def test_noise_in_front_of_a_serial_answer_is_passed_over():
    assert rtu_answer(ASKED, b"\x00\xff\x01" + rtu()) == (WORDS, b"")
    assert rtu_answer(ASKED, rtu(unit=2) + rtu()) == (WORDS, b"")


def test_a_serial_answer_of_another_length_or_with_a_wrong_checksum_is_no_answer():
    assert rtu_answer(ASKED, rtu(body=b"\x04" + WORDS[:4]))[0] is Nothing.GARBLED
    broken = bytearray(rtu())
    broken[4] ^= 1
    assert rtu_answer(ASKED, bytes(broken))[0] is Nothing.GARBLED


@given(st.sampled_from([tcp_answer, rtu_answer]), st.binary(max_size=600))
def test_no_garbage_passes_for_an_answer_by_luck_or_breaks_the_reader(found, garbage):
    answer, left = found(ASKED, garbage)
    assert len(left) <= len(garbage)
    if isinstance(answer, bytes):
        assert garbage.find(answer) >= 0
        assert len(answer) == 6


@given(
    st.binary(min_size=6, max_size=6),
    st.lists(st.integers(1, 30), max_size=6),
    st.sampled_from(["tcp", "rtu"]),
)
def test_any_registers_arrive_however_they_are_cut(words, cuts, kind):
    found, frame = (tcp_answer, tcp) if kind == "tcp" else (rtu_answer, rtu)
    whole, heard, answer = frame(body=b"\x06" + words), b"", Nothing.YET
    for cut in [*cuts, len(whole)]:
        heard, whole = heard + whole[:cut], whole[cut:]
        answer, heard = found(ASKED, heard)
        if answer is not Nothing.YET:
            break
    assert answer == words
