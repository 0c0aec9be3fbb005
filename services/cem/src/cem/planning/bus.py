"""Planning on the bus: the profile out, plans and prices in, questions answered."""

from cem.planning import metrics
from cem.planning.answers import PlanningAnswers
from cem.planning.keeper import Keeper
from volthus_kit.bus import Bus
from volthus_wire import subjects
from volthus_wire.v1 import planning_pb2


async def hear(bus: Bus, site: str, keeper: Keeper) -> None:
    """Let the keeper hear plans and prices for this site."""

    def on_plan(message: planning_pb2.Plan, _: dict[str, str]) -> None:
        if message.site in ("", site):
            keeper.heard_plan(message)

    def on_prices(message: planning_pb2.PriceSeries, _: dict[str, str]) -> None:
        keeper.heard_prices(message)

    await bus.subscribe(subjects.PLAN, on_plan, site=site)
    await bus.subscribe(subjects.PRICES, on_prices, site=site)


async def answer(bus: Bus, site: str, answers: PlanningAnswers) -> None:
    """Let `answers` answer the questions about plans."""
    await bus.serve(subjects.PLAN_GET, answers.get_plan, site=site)
    await bus.serve(subjects.TIMELINE_GET, answers.get_timeline, site=site)
    await bus.serve(subjects.SAVINGS_GET, answers.get_savings, site=site)
    await bus.serve(subjects.CAR_SOC_PUT, answers.put_car_soc, site=site)
    await bus.serve(subjects.CAR_SOC_GET, answers.get_car_soc, site=site)


async def publish(bus: Bus, site: str, profile: planning_pb2.SiteProfile) -> bool:
    """Publish the profile; False when the bus is away."""
    is_out = await bus.publish(subjects.SITE_PROFILE, profile, site=site)
    if is_out:
        metrics.published()
    return is_out
