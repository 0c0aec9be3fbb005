"""A changed roof counts at once, not from the next hour on."""

from pathlib import Path

import httpx
from planning_sites import profile

from smart_charging.planning.core.slots import slots_at
from smart_charging.planning.forecasts import Forecasts, place_key
from smart_charging.settings import Settings
from smart_charging.solar.desk import WeatherDesk, WeatherStore
from smart_charging.solar.watching import SunWatch
from volthus_kit.testing import FakeClock


async def test_another_roof_under_the_same_weather_is_another_forecast(tmp_path: Path) -> None:
    clock = FakeClock()
    now_s = clock.now().timestamp()
    slots = slots_at(now_s, now_s + 24 * 3600)
    settings = Settings(nats_url="nats://nowhere", state_dir=tmp_path)
    async with httpx.AsyncClient() as http:
        watch = SunWatch(WeatherDesk(http, WeatherStore(tmp_path), clock), settings)
        forecasts = Forecasts(watch)
        told = profile("house", clock.now(), has_roof=True)

        def sun_kw() -> float:
            place = place_key(told)
            forecasts.keep({"house": place})
            forecasts.prepare([("house", place)], now_s)
            return float(forecasts.outlook("house", slots).kw[0].sum())

        small = sun_kw()
        told.pv_systems[0].peak_w *= 2
        assert small > 0
        assert sun_kw() > 1.9 * small
        del told.pv_systems[:]
        assert sun_kw() == 0
