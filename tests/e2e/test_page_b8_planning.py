"""Rows B1, B4, B5, B7 and B8 in the browser: tariff, roof, goal, timeline, a program's token."""

import re
from datetime import datetime, timedelta

import httpx
import pytest
from browser import logged_in, shoot, words
from living import LivingSite
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(240)]

NAME = "Garage left"
PLANNED_MS = 60_000.0


def card(page: Page) -> Locator:
    heading = page.get_by_role("heading", name=NAME, level=3)
    return page.get_by_role("listitem").filter(has=heading)


def test_a_tariff_and_a_roof_are_set_and_looked_at_before_they_are_saved(browser, site):
    text = words("de")
    with logged_in(browser, site, path="/settings", language="de") as page:
        tariff = page.get_by_role("region", name=text["settings.tariff"])
        # What is there is drawn at once, and a sample is called one.
        expect(tariff).to_contain_text(text["freshness.sample"], timeout=PLANNED_MS)
        markup = tariff.get_by_label(text["tariff.markup"])
        markup.fill("12,5x")
        tariff.get_by_role("button", name=text["save.save"]).click()
        expect(tariff).to_contain_text(text["invalid.number"])
        markup.fill("2,5")
        tariff.get_by_role("button", name=text["save.save"]).click()
        expect(tariff.get_by_text(text["save.done"])).to_be_visible()
        shoot(page, "tariff-1280-de")
        sun = page.get_by_role("region", name=text["settings.sun"])
        sun.get_by_role("button", name=text["roof.add"]).click()
        sun.get_by_label(text["roof.name"], exact=True).fill("Carport")
        sun.get_by_label(text["roof.peak"]).fill("3,2")
        sun.get_by_role("radio", name=text["direction.w"], exact=True).click()
        expect(sun.get_by_label(text["roof.azimuth"], exact=True)).to_have_value("270")
        expect(sun).to_contain_text(text["preview.sun"].split(":")[0], timeout=PLANNED_MS)
        shoot(page, "roof-1280-de")
        sun.locator("form").last.get_by_role("button", name=text["save.save"]).click()
        roof = sun.get_by_role("group", name="Carport")
        expect(roof).to_contain_text(text["direction.w"])
        roof.get_by_role("button", name=text["car.remove"].format(name="Carport")).click()
        expect(roof).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_goal_becomes_a_plan_that_the_timeline_draws_and_tells(browser, site, language):
    text = words(language)
    with logged_in(browser, site, "standard", language=language) as page:
        card(page).get_by_role("button", name=text["mode.smart"], exact=True).click()
        card(page).get_by_role("button", name=text["goal.none"]).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("kWh")
        # Hours away, whenever the test runs: a goal that has to hurry is charged for at once.
        departure = (datetime.now().astimezone() + timedelta(hours=10)).strftime("%H:%M")
        dialog.get_by_label(text["goal.time"], exact=True).fill(departure)
        dialog.get_by_role("group", name=text["goal.presets"]).get_by_role("button").first.click()
        try:
            line = card(page).get_by_role("link", name=re.compile(r"^Plan: .*\d\d:\d\d"))
            expect(line).to_be_visible(timeout=PLANNED_MS)
            line.click()
            expect(page.get_by_text(re.compile(rf"^{NAME} .*\d\d:\d\d"))).to_be_visible()
            slider = page.get_by_role("slider", name=text["timeline.slider"])
            slider.focus()
            for _ in range(3):
                slider.press("ArrowRight")
            told = re.compile(rf"{text['timeline.price']} \d+[.,]\d\s\w+/kWh; .*{NAME}: ")
            expect(slider).to_have_attribute("aria-valuetext", told)
            page.get_by_role("button", name=text["timeline.table"]).click()
            expect(page.get_by_role("row").nth(5)).to_contain_text("ct")
            shoot(page, f"plan-1280-{language}")
        finally:
            page.get_by_role("link", name=text["nav.overview"]).first.click()
            card(page).get_by_role("button", name=re.compile("10.0")).click()
            dialog.get_by_role("button", name=text["goal.give-up"]).click()
            card(page).get_by_role("button", name=text["mode.fast"], exact=True).click()
        expect(card(page).get_by_role("button", name=text["goal.none"])).to_be_visible()


def test_telematics_push_what_a_battery_holds_with_a_token_made_by_clicking(browser, site):
    text = words("en")
    with logged_in(browser, site, path="/settings") as page:
        programs = page.get_by_role("region", name=text["settings.tokens"])
        programs.get_by_label(text["token.name"], exact=True).fill("Telematics")
        programs.get_by_role("checkbox", name=text["scope.read"]).uncheck()
        programs.get_by_role("checkbox", name=text["scope.soc-write"]).check()
        programs.get_by_role("button", name=text["token.make"]).click()
        secret = programs.locator("code").inner_text()
        car = new_car(site)
        pushed = push(site, secret, car)
        assert pushed.status_code == 200, pushed.text
        page.get_by_role("link", name=text["nav.cars"]).click()
        region = page.get_by_role("region", name="Red one")
        expect(region).to_contain_text(re.compile(r"43\s?%"))
        expect(region).to_contain_text(text["soc.from-push"].partition(" {")[0])
        page.get_by_role("link", name=text["nav.settings"]).click()
        revoke = text["token.revoke"].format(name="Telematics")
        programs.get_by_role("button", name=revoke).click()
        page.get_by_role("alertdialog").get_by_role(
            "button", name=text["token.revoke-short"]
        ).click()
        expect(programs.get_by_role("button", name=revoke)).to_have_count(0)
        assert push(site, secret, car).status_code == 401


def new_car(site: LivingSite) -> str:
    """Describe a car in the name of the driver; returns its id."""
    user = site.demo["users"]["standard"]
    form = {"username": user["username"], "password": user["password"]}
    with httpx.Client(base_url=site.api_url, timeout=10) as client:
        token = client.post("/auth/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        body = {"name": "Red one", "battery_wh": 58_000}
        return client.post(f"/sites/{site.demo['site']}/cars", json=body, headers=headers).json()[
            "id"
        ]


def push(site: LivingSite, secret: str, car: str) -> httpx.Response:
    return httpx.put(
        f"{site.site_url}/cars/{car}/soc",
        json={"soc_percent": 43},
        headers={"Authorization": f"Bearer {secret}"},
        timeout=10,
    )
