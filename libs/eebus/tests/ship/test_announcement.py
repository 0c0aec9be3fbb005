"""TXT records, ours and those of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.ship.announcement import Announcement, from_txt, to_txt
from eebus.ship.certificate import normalise_ski

SKI = "23b8" * 10
OURS = Announcement(
    "Demo-EVSE-234567890", "Demo", "EVSE", "ChargingStation", serial="234567890", categories=(3,)
)


def test_our_record_has_the_order_of_the_reference():
    text = " ".join(f"{key}={value}" for key, value in to_txt(OURS, SKI).items())
    assert text == (
        f"txtvers=1 path=/ship/ id=Demo-EVSE-234567890 ski={SKI} brand=Demo model=EVSE "
        "type=ChargingStation register=false serial=234567890 cat=3"
    )


def test_our_record_reads_back_as_a_peer():
    peer = from_txt(to_txt(OURS, SKI), "192.0.2.7", 4712)
    assert peer is not None
    assert (peer.ski, peer.ship_id, peer.host, peer.port) == (
        SKI,
        "Demo-EVSE-234567890",
        "192.0.2.7",
        4712,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"txtvers": "2"},
        {"path": ""},
        {"id": ""},
        {"ski": "xyz"},
        {"ski": ""},
        {"register": "yes"},
    ],
)
def test_a_record_that_lacks_what_is_mandatory_is_dropped(change):
    assert from_txt({**to_txt(OURS, SKI), **change}, "h", 1) is None
    assert from_txt(to_txt(OURS, SKI), "h", 0) is None


def test_an_upper_case_ski_and_strange_texts_are_cleaned():
    txt = {**to_txt(OURS, SKI.upper()), "brand": "De\x1b[31mmo\n" + "x" * 99, "path": "/a b"}
    peer = from_txt(txt, "h", 1)
    assert peer is not None
    assert peer.ski == SKI
    assert peer.brand is not None
    assert peer.brand.startswith("De[31mmo")
    assert len(peer.brand) == 32
    assert peer.path == "/ship/"


@given(st.dictionaries(st.text(), st.text()), st.integers())
def test_any_record_is_read_or_dropped(txt, port):
    from_txt({**to_txt(OURS, SKI), **txt}, "h", port)


def test_the_instance_is_one_dns_label():
    long = Announcement("i", "B.v.", "M" * 70, "T")
    assert len(long.instance_label.encode()) <= 63
    assert "." not in long.instance_label


@pytest.mark.parametrize("ship_id", ["", "x" * 64])
def test_a_ship_id_of_a_wrong_size_is_refused(ship_id):
    with pytest.raises(ValueError, match="1 to 63"):
        Announcement(ship_id, "B", "M", "T")


def test_only_an_open_pairing_window_is_registered():
    assert to_txt(OURS, SKI)["register"] == "false"
    assert to_txt(OURS, SKI, accepts_pairing=True)["register"] == "true"


def test_a_typed_ski_may_have_blanks_and_dashes():
    assert normalise_ski("23B8-23b8 " * 5) == SKI
    with pytest.raises(ValueError, match="39 characters"):
        normalise_ski(SKI[:-1])
