"""What electricians signed: kept for good, and nobody can change it unseen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cem.acceptance.book import AcceptanceBook
from cem.acceptance.bus import Acceptances, answer
from cem.acceptance.core import MOST_DOCUMENT, Protocol, intact, problem_with
from cem.store import Store
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock, nats_server
from volthus_wire import subjects
from volthus_wire.v1 import setup_pb2
from volthus_wire.v1.rpc_pb2 import Caller

EVA = Caller(actor="eva", role="service", origin="site")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = Protocol(1, NOON, "Eva Berg", "", "eva", '{"fuse_a": 25}')


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"signed": NOON + timedelta(seconds=1)},
        {"electrician": "Eva Bergh"},
        {"remarks": "Clamp on L2 turned."},
        {"actor": "operator"},
        {"document": '{"fuse_a": 35}'},
        {"previous": "0" * 64},
    ],
)
def test_a_change_of_anything_changes_the_digest(change: dict[str, object]) -> None:
    assert replace(FIRST, **change).digest != FIRST.digest  # type: ignore[arg-type]  # test shorthand
    assert len(FIRST.digest) == 64


@pytest.mark.parametrize(
    ("electrician", "remarks", "document", "code"),
    [
        (" ", "", "{}", "name-missing"),
        ("e" * 200, "", "{}", "text-too-long"),
        ("Eva", "r" * 5000, "{}", "text-too-long"),
        ("Eva", "", "", "document-invalid"),
        ("Eva", "", "[1]", "document-invalid"),
        ("Eva", "", "{", "document-invalid"),
        ("Eva", "", '{"a": "' + "x" * MOST_DOCUMENT + '"}', "document-invalid"),
    ],
)
def test_what_cannot_be_signed_says_why(
    electrician: str, remarks: str, document: str, code: str
) -> None:
    problem = problem_with(electrician, remarks, document)
    assert problem is not None
    assert problem[0] == code
    assert problem_with("Eva", "", "{}") is None


def test_each_protocol_holds_the_digest_of_the_one_before_and_stands_in_the_audit(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    store.load(NOON)
    book = AcceptanceBook(store)
    one, digest = book.add("Eva Berg", "", '{"a": 1}', EVA, NOON)
    two, _ = book.add(" Eva Berg ", "Again.", '{"a": 2}', EVA, NOON + timedelta(days=1))
    assert (one.number, two.number, two.previous, two.electrician) == (1, 2, digest, "Eva Berg")
    store.close()
    store = Store(tmp_path)
    store.load(NOON)
    kept = AcceptanceBook(store).all()
    assert [protocol for protocol, _ in kept] == [two, one]
    assert all(protocol.digest == digest for protocol, digest in kept)
    assert intact(AcceptanceBook(store).all()) == [True, True]
    changed = replace(one, document='{"a": 9}')
    assert intact([(two, two.digest), (changed, digest)]) == [True, False]
    assert intact([(two, two.digest), (changed, changed.digest)]) == [False, True]
    entry = store.audit()[-1]
    assert (entry.actor, entry.setting) == ("eva", "acceptance/2")
    assert json.loads(entry.after) == {"electrician": "Eva Berg", "digest": two.digest}
    store.close()


async def test_the_bus_carries_signing_and_reading(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.load(NOON)
    acceptances = Acceptances(AcceptanceBook(store), FakeClock())
    async with nats_server() as nats, Bus.connect(nats.url, "test") as bus:
        await bus.until_connected()
        await answer(bus, "demo", acceptances)
        sign = setup_pb2.SignAcceptanceRequest(electrician="Eva", document='{"a": 1}')
        signed = await bus.ask(subjects.ACCEPTANCE_SIGN, sign, caller=EVA, site="demo")
        assert (signed.protocol.id, signed.protocol.actor) == ("1", "eva")
        whole = setup_pb2.ListAcceptancesRequest(id="1")
        told = await bus.ask(subjects.ACCEPTANCE_LIST, whole, caller=EVA, site="demo")
        assert list(told.protocols) == [signed.protocol]
        everything = setup_pb2.ListAcceptancesRequest()
        told = await bus.ask(subjects.ACCEPTANCE_LIST, everything, caller=EVA, site="demo")
        assert [protocol.document for protocol in told.protocols] == [""]
        sign = setup_pb2.SignAcceptanceRequest(document="{}")
        with pytest.raises(RefusedError, match="name-missing"):
            await bus.ask(subjects.ACCEPTANCE_SIGN, sign, caller=EVA, site="demo")
    store.close()
