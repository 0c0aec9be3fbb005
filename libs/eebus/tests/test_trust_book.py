"""What the command line keeps of whom it trusts."""

import pytest

from eebus.console.trust import TrustBook
from eebus.events import TrustedPeer

SKI = "ab" * 20


def test_trust_is_there_after_a_restart_with_what_was_learned_since(tmp_path):
    book = TrustBook(tmp_path)
    book.add(TrustedPeer(SKI.upper(), host="::1", port=4711))
    book.name(SKI, "Box-1")
    book.add(TrustedPeer(SKI))
    assert TrustBook(tmp_path).peers == (TrustedPeer(SKI, "Box-1", "::1", 4711),)
    book.remove(SKI)
    assert TrustBook(tmp_path).peers == ()


def test_a_stranger_is_not_named(tmp_path):
    book = TrustBook(tmp_path)
    book.name(SKI, "Box-1")
    assert book.peers == ()


@pytest.mark.parametrize("text", ["{", "[{}]", "[1]", '[{"ski":"12"}]', '[{"ski":"x","y":1}]'])
def test_a_damaged_book_is_said_and_not_taken_for_an_empty_one(tmp_path, text):
    (tmp_path / "trusted.json").write_text(text)
    with pytest.raises(ValueError, match="damaged"):
        TrustBook(tmp_path)
