"""What was asked from afar waits for somebody at the site."""

import json

import pytest

from volthus_kit.confirming import MOST, MOST_BYTES, NEEDED, Confirmations
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.subjects import ENERGY_MANAGEMENT_PUT, GRID_CONNECTION_PUT
from volthus_wire.v1.confirming_pb2 import DecideConfirmationRequest, ListConfirmationsRequest
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import (
    EnergyManagement,
    EnergyManagementReply,
    GridConnection,
    GridConnectionReply,
    PutEnergyManagementRequest,
    PutGridConnectionRequest,
)

AFAR = Caller(actor="olga", role="operator", origin="cloud")
HERE = Caller(actor="sven", role="service", origin="site")


class Owner:
    """Takes a fuse from the site only; tells who set it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.waiting = Confirmations("cem", self.clock)
        self.put = self.waiting.parking(GRID_CONNECTION_PUT, self._put)
        self.done: list[tuple[float, str]] = []
        self.is_full = False

    async def _put(self, asked: PutGridConnectionRequest, caller: Caller) -> GridConnectionReply:
        if caller.origin == "cloud":
            raise RefusedError(NEEDED, "Higher.", field="/fuse_a")
        if self.is_full:
            raise RefusedError("revision-conflict", "It changed meanwhile.")
        self.done.append((asked.settings.fuse_a.l1, caller.actor))
        return GridConnectionReply()

    async def asked_from_afar(self, fuse_a: float, caller: Caller = AFAR) -> dict[str, str]:
        with pytest.raises(RefusedError) as refused:
            await self.put(fuse(fuse_a), caller)
        assert refused.value.code == NEEDED
        return refused.value.params

    async def decide(self, id_: str, caller: Caller = HERE, *, granted: bool = True) -> str:
        try:
            await self.waiting.decide(DecideConfirmationRequest(id=id_, granted=granted), caller)
        except RefusedError as no:
            return no.code
        return ""

    async def list(self) -> list[str]:
        reply = await self.waiting.list(ListConfirmationsRequest(), AFAR)
        return [told.id for told in reply.confirmations]


def fuse(fuse_a: float) -> PutGridConnectionRequest:
    return PutGridConnectionRequest(settings=GridConnection(fuse_a={"l1": fuse_a}))


@pytest.fixture
def owner() -> Owner:
    return Owner()


async def test_what_was_asked_from_afar_happens_once_somebody_at_the_site_confirms(owner):
    params = await owner.asked_from_afar(63)
    assert params["until"] == "2026-11-23T08:00:00Z"
    (told,) = (await owner.waiting.list(ListConfirmationsRequest(), HERE)).confirmations
    assert (told.id, told.method, told.actor) == (
        params["confirmation"], "cem.grid-connection-put", "olga",
    )  # fmt: skip
    assert '"l1":63' in told.wanted.replace(" ", "").replace("63.0", "63")
    assert owner.done == []
    assert await owner.decide(told.id) == ""
    assert owner.done == [(63.0, "olga, confirmed by sven")]
    assert await owner.decide(told.id) == "unknown-confirmation"


async def test_nobody_afar_confirms_and_no_driver_at_the_site(owner):
    id_ = (await owner.asked_from_afar(63))["confirmation"]
    assert await owner.decide(id_, AFAR) == NEEDED
    driver = Caller(actor="dora", role="standard", origin="site")
    assert await owner.decide(id_, driver) == "role-not-allowed"
    assert await owner.list() == [id_]
    assert owner.done == []


async def test_what_is_declined_is_forgotten_also_from_afar(owner):
    for caller in (HERE, AFAR):
        id_ = (await owner.asked_from_afar(63))["confirmation"]
        assert await owner.decide(id_, caller, granted=False) == ""
    assert await owner.list() == []
    assert owner.done == []


async def test_what_nobody_confirms_is_over_after_a_day(owner):
    id_ = (await owner.asked_from_afar(63))["confirmation"]
    owner.clock.go_on(86_401)
    assert await owner.list() == []
    assert await owner.decide(id_) == "unknown-confirmation"


async def test_the_same_wish_waits_once_and_a_flood_of_wishes_has_an_end(owner):
    first = await owner.asked_from_afar(63)
    assert await owner.asked_from_afar(63) == first
    other = Caller(actor="otto", role="operator", origin="cloud")
    assert await owner.asked_from_afar(63, other) != first
    for fuse_a in range(100, 100 + MOST):
        last = await owner.asked_from_afar(fuse_a)
    assert last == {}
    assert len(await owner.list()) == MOST


async def test_large_wishes_never_make_a_list_that_no_message_can_carry(owner):
    long = Caller(actor="o" * 100_000, role="operator", origin="cloud")
    for fuse_a in range(100, 110):
        await owner.asked_from_afar(fuse_a, long)
    reply = await owner.waiting.list(ListConfirmationsRequest(), HERE)
    assert 1 < len(reply.confirmations) < 10
    assert reply.ByteSize() <= MOST_BYTES + 1024
    assert await owner.asked_from_afar(200) != {}  # a small one still fits


async def test_what_is_zero_or_off_is_shown_to_who_confirms_it(owner):
    await owner.asked_from_afar(0)
    (told,) = (await owner.waiting.list(ListConfirmationsRequest(), HERE)).confirmations
    settings = json.loads(told.wanted)["settings"]
    assert settings["fuse_a"]["l1"] == 0
    assert settings["phases"] == 0
    off = owner.waiting.parking(ENERGY_MANAGEMENT_PUT, _refused)
    with pytest.raises(RefusedError):
        await off(PutEnergyManagementRequest(settings=EnergyManagement()), AFAR)
    told = (await owner.waiting.list(ListConfirmationsRequest(), HERE)).confirmations[1]
    assert '"on": false' in told.wanted


async def _refused(_: PutEnergyManagementRequest, __: Caller) -> EnergyManagementReply:
    raise RefusedError(NEEDED, "Not from afar.")


async def test_the_owner_still_says_no_to_what_does_not_fit_any_more(owner):
    id_ = (await owner.asked_from_afar(63))["confirmation"]
    owner.is_full = True
    assert await owner.decide(id_) == "revision-conflict"
    assert owner.done == []


async def test_a_trial_never_waits(owner):
    trial = owner.waiting.parking(GRID_CONNECTION_PUT, owner._put, is_trial=lambda _: True)
    with pytest.raises(RefusedError) as refused:
        await trial(fuse(63), AFAR)
    assert refused.value.params == {}
    assert await owner.list() == []
