"""QR texts: ours, those of others, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.ship.announcement import Announcement
from eebus.ship.qr import MAX_CHARACTERS, QrCode, parse_qr, qr_text, ski_of

SKI = "23b8" * 10
OURS = Announcement(
    "Demo-EVSE-234567890", "Demo", "EVSE", "ChargingStation", serial="234567890", categories=(3, 7)
)


def test_all_that_a_code_says_is_written_and_read():
    assert qr_text(OURS, SKI) == (
        f"SHIP;SKI:{SKI};ID:Demo-EVSE-234567890;BRAND:Demo;TYPE:ChargingStation;MODEL:EVSE;"
        "SERIAL:234567890;CAT:3,7;ENDSHIP;"
    )
    assert parse_qr(qr_text(OURS, SKI)) == QrCode(
        SKI, "Demo-EVSE-234567890", "Demo", "ChargingStation", "EVSE", "234567890", (3, 7)
    )


def test_what_is_empty_is_left_out_and_a_semicolon_is_no_end():
    text = qr_text(Announcement("i", "a;b", "M", "T"), SKI)
    assert text == f"SHIP;SKI:{SKI};ID:i;BRAND:ab;TYPE:T;MODEL:M;ENDSHIP;"
    assert parse_qr(text) == QrCode(SKI, "i", "ab", "T", "M")


def test_a_code_as_people_paste_it_is_read():
    spread = " ".join([SKI[:20].upper(), SKI[20:].upper()])
    text = f"\n SHIP;SKI:{spread}; BRAND : Demo ;NEW:thing;CAT:3,x,99999;ENDSHIP \n"
    assert parse_qr(text) == QrCode(SKI, brand="Demo", categories=(3,))


def test_texts_that_could_disturb_a_page_are_cleaned_and_cut():
    code = parse_qr(f"SHIP;SKI:{SKI};BRAND:\x1b[31m{'b' * 90};ID:{'i' * 90};ENDSHIP;")
    assert code.brand == "[31m" + "b" * 28
    assert code.ship_id == "i" * 63


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WIFI:S:x;;",
        "SHIP;ID:x;ENDSHIP;",
        f"SHIP;SKI:{SKI};",
        f"SHIP;SKI:{SKI[:-1]};ENDSHIP;",
        f"SHIP;SKI:{SKI};ID:{'x' * MAX_CHARACTERS};ENDSHIP;",
    ],
)
def test_another_code_is_refused(text):
    with pytest.raises(ValueError, match=r"SHIP|SKI"):
        parse_qr(text)


@given(st.text(max_size=200))
def test_any_text_is_a_code_or_a_value_error(text):
    for wrapped in (text, f"SHIP;SKI:{SKI};{text};ENDSHIP;"):
        try:
            assert parse_qr(wrapped).ski
        except ValueError:
            continue


def test_a_user_may_give_a_code_or_a_ski():
    assert ski_of(qr_text(OURS, SKI)) == ski_of(f" {SKI.upper()} ") == SKI
    with pytest.raises(ValueError, match="SKI"):
        ski_of("the blue one")
