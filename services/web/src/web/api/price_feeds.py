"""Where prices can come from, and feeds of one's own (B4)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import CATALOGUE_GET, PRICES_PUSH
from volthus_wire.v1.planning_pb2 import GetCatalogueRequest
from web.accounts import Account
from web.api.documented import OF_A_SITE, REFUSABLE
from web.api.door import Gate, PartsDep, ServiceUser, admit
from web.audit import DONE
from web.core.roles import Role
from web.core.scopes import Scope
from web.messages.plain import instant_in
from web.messages.tariff import in_order, price_sources, to_feed
from web.models.tariff import FeedTaken, FeedWanted, PriceSources
from web.problems import ProblemError

Zone = Annotated[
    str,
    Path(
        description="Name of the feed, as tariffs with the source `push` name it.",
        pattern=r"^[\w-]{1,64}$",
        examples=["my-prices"],
    ),
]
Feeder = Annotated[Account, Depends(Gate(Role.SERVICE, Scope.PRICES_WRITE))]

MOST_DAYS = 400

router = APIRouter(tags=["Tariff"])


@router.get("/price-sources", responses=OF_A_SITE)
async def list_price_sources(account: ServiceUser, parts: PartsDep) -> PriceSources:
    """List where prices, CO2 and weather can come from in this installation."""
    answer = await parts.owners.ask_cloud(CATALOGUE_GET, GetCatalogueRequest(), account)
    return price_sources(answer)


@router.put("/price-feeds/{zone}", responses=REFUSABLE)
async def push_prices(
    zone: Zone, wanted: FeedWanted, account: Feeder, parts: PartsDep
) -> FeedTaken:
    """Push prices of one's own: an operator's business, or a token's with `prices:write`.

    What was pushed before stays where the new prices say nothing.
    """
    if account.scopes is None:
        admit(account, Role.OPERATOR)
    _check(wanted)
    row = await parts.audit.begin(account.who, "smart-charging.prices-push", about=zone)
    outcome = "interrupted"
    try:
        answer = await parts.owners.ask_cloud(PRICES_PUSH, to_feed(wanted, zone), account)
        outcome = DONE
    except RefusedError as no:
        outcome = no.code
        raise
    finally:
        await parts.audit.end(row, outcome)
    return FeedTaken(taken=answer.taken, known_until=instant_in(answer, "known_until"))


def _check(wanted: FeedWanted) -> None:
    """Refuse prices that cannot be. Raises ProblemError `prices-overlap`, `span-too-long`."""
    try:
        ordered = in_order(wanted.prices)
    except ValueError as wrong:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "prices-overlap", f"{wrong}.", field="/prices"
        ) from wrong
    days = (ordered[-1].end - ordered[0].start).days
    if days > MOST_DAYS:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "span-too-long",
            f"The prices reach over {days} days; {MOST_DAYS} fit.",
            params={"asked": str(days), "most": str(MOST_DAYS)},
            field="/prices",
        )
