"""Rows B3, B5, C5, C6, C7 and C12 in the browser: modes, goals, reasons, sessions, limits."""

import re

import httpx
import pytest
from browser import logged_in, said, shoot, words
from living import LivingSite
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

NAME = "Garage left"
CHARGING_MS = 90_000.0
DECIDED_MS = 20_000.0
CAR = re.compile(r"\d+[.,]\d\s?kWh")


def card(page: Page, name: str = NAME) -> Locator:
    heading = page.get_by_role("heading", name=name, level=3)
    return page.get_by_role("listitem").filter(has=heading)


def mode(page: Page, key: str, language: str = "en") -> Locator:
    """The button of a mode on the first charger's card."""
    return card(page).get_by_role("button", name=words(language)[key], exact=True)


def kept(site: LivingSite, path: str) -> dict:
    """What the API says, asked in the name of the page's driver."""
    user = site.demo["users"]["standard"]
    form = {"username": user["username"], "password": user["password"]}
    with httpx.Client(base_url=site.api_url, timeout=10) as client:
        token = client.post("/auth/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(f"/sites/{site.demo['site']}{path}", headers=headers).json()


def test_a_tap_on_off_pauses_a_car_and_a_tap_on_fast_lets_it_charge(browser, site):
    charging, paused = words("en")["state.charging"], words("en")["state.paused"]
    with logged_in(browser, site, "standard") as page:
        expect(card(page)).to_contain_text(charging, timeout=CHARGING_MS)
        mode(page, "mode.off").click()
        expect(mode(page, "mode.off")).to_have_attribute("aria-pressed", "true")
        try:
            expect(card(page)).to_contain_text(paused, timeout=DECIDED_MS)
            expect(card(page)).to_contain_text(said("reason.mode-off"))
            shoot(page, "mode-off-1280-en")
        finally:
            mode(page, "mode.fast").click()
        expect(card(page)).to_contain_text(charging, timeout=CHARGING_MS)


def test_smart_opens_its_three_switches_and_keeps_what_is_chosen(browser, site):
    with logged_in(browser, site, "standard", language="de") as page:
        mode(page, "mode.smart", "de").click()
        try:
            switches = card(page).get_by_role("group", name=words("de")["mode.switches"])
            expect(switches.get_by_role("button")).to_have_count(3)
            price = switches.get_by_role("button", name=words("de")["switch.price"])
            expect(price).to_have_attribute("aria-pressed", "true")
            price.click()
            expect(price).to_have_attribute("aria-pressed", "false")
            page.reload()
            expect(price).to_have_attribute("aria-pressed", "false")
            shoot(page, "mode-smart-1280-de")
        finally:
            mode(page, "mode.fast", "de").click()
        expect(mode(page, "mode.fast", "de")).to_have_attribute("aria-pressed", "true")
        expect(switches).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_goal_takes_two_taps_and_one_more_gives_it_up(browser, site, language):
    text = words(language)
    with logged_in(browser, site, "standard", language=language) as page:
        card(page).get_by_role("button", name=text["goal.none"]).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("group", name=text["goal.presets"]).get_by_role("button").nth(1).click()
        expect(dialog).to_have_count(0)
        line = card(page).get_by_role("button", name=re.compile(r"(20.0\s?kWh|80\s?%).*07:00"))
        expect(line).to_be_visible()
        line.click()
        shoot(page, f"goal-1280-{language}")
        dialog.get_by_role("button", name=text["goal.give-up"]).click()
        expect(card(page).get_by_role("button", name=text["goal.none"])).to_be_visible()


def test_why_tells_what_limited_the_charger_when(browser, site):
    with logged_in(browser, site, "standard") as page:
        # The button stands where a reason stands: beside a car that is plugged.
        card(page).get_by_role("button", name=said("why.title", name=NAME)).click()
        drawer = page.get_by_role("dialog", name=said("why.title", name=NAME))
        change = drawer.get_by_role("listitem").first
        expect(change).to_contain_text(re.compile(r"\d\d:\d\d:\d\d.*\S+\."))
        expect(change).to_contain_text(said("why.limit"))
        shoot(page, "why-1280-en")
        page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)


def test_a_circuit_is_added_drawn_and_removed(browser, site):
    text = words("de")
    with logged_in(browser, site, path="/settings", language="de") as page:
        tree = page.get_by_role("region", name=text["circuit.title"])
        tree.get_by_role("button", name=text["circuit.add"]).click()
        tree.get_by_label(text["circuit.name"], exact=True).fill("Hof")
        fuse = tree.get_by_role("group", name=text["circuit.fuse"])
        save = tree.get_by_role("button", name=text["save.save"])
        fuse.get_by_role("textbox").fill("63")
        save.click()
        expect(tree).to_contain_text(text["problem.fuse-above-parent"])
        fuse.get_by_role("textbox").fill("20")
        save.click()
        expect(tree.get_by_role("heading", name="Hof")).to_be_visible()
        page.get_by_role("link", name=text["nav.overview"]).first.click()
        expect(page.get_by_role("heading", name=re.compile(r"Hof 3 × 20\sA"))).to_be_visible()
        shoot(page, "circuits-1280-de")
        page.get_by_role("link", name=text["nav.settings"]).click()
        tree.get_by_role("button", name=text["circuit.remove"].format(name="Hof")).click()
        page.get_by_role("alertdialog").get_by_role("button", name=text["car.remove-short"]).click()
        expect(tree.get_by_role("heading", name="Hof")).to_have_count(0)


def test_sessions_are_listed_and_handed_out_as_a_table(browser, site):
    text = words("sv")
    with logged_in(browser, site, "standard", path="/history", language="sv") as page:
        sessions = page.get_by_role("region", name=text["session.title"])
        row = sessions.get_by_role("row").filter(has_text=NAME).first
        expect(row).to_contain_text(CAR)
        expect(row).to_contain_text(text["session.no-cost"])
        with page.expect_download() as download:
            sessions.get_by_role("link", name="CSV").click()
        lines = download.value.path().read_text().splitlines()
        assert lines[0].startswith("id,ski,charger_name")
        assert len(lines) > 1
        shoot(page, "history-1280-sv")


def test_the_operators_limit_stands_on_the_overview_until_it_is_lifted(browser, site):
    text = words("en")
    with logged_in(browser, site, path="/settings") as page:
        operator = page.get_by_role("region", name=text["operator.title"])
        operator.get_by_text(text["operator.by-hand"], exact=True).click()
        operator.get_by_label(text["operator.power"]).fill("5")
        operator.get_by_role("button", name=text["operator.set"]).click()
        lift = operator.get_by_role("button", name=text["operator.lift"])
        try:
            expect(lift).to_be_visible()
            page.get_by_role("link", name=text["nav.overview"]).first.click()
            told = said("operator-now.open", power="5.0\u00a0kW")
            expect(page.get_by_text(told)).to_be_visible(timeout=DECIDED_MS)
            shoot(page, "operator-limit-1280-en")
            page.get_by_role("link", name=text["nav.settings"]).click()
        finally:
            lift.click()
        expect(lift).to_have_count(0)
        operator.get_by_role("button", name=text["operator.evidence"]).click()
        expect(operator).to_contain_text(text["evidence.started"])
        expect(operator).to_contain_text(text["evidence.intact"])


def test_diagnostics_tell_use_cases_and_the_last_limits(browser, site):
    with logged_in(browser, site, path="/pairing", language="de") as page:
        text = words("de")
        title = text["diagnosis.title"].format(name=NAME)
        page.get_by_role("button", name=title).click()
        drawer = page.get_by_role("dialog", name=title)
        expect(drawer).to_contain_text("overloadProtectionByEvChargingCurrentCurtailment")
        expect(drawer).to_contain_text(text["diagnosis.used"])
        expect(drawer).to_contain_text(re.compile(rf"OPEV .*A\s*{text['diagnosis.accepted']}"))
        shoot(page, "diagnostics-1280-de")


def test_a_car_is_described_by_its_driver(browser, site):
    text = words("en")
    with logged_in(browser, site, "standard", path="/cars") as page:
        page.get_by_role("button", name=text["car.add"]).click()
        page.get_by_role("button", name=text["save.save"]).click()
        expect(page.get_by_text(text["invalid.empty"])).to_be_visible()
        page.get_by_label(text["car.name"], exact=True).fill("Blue one")
        page.get_by_label(text["car.battery"], exact=True).fill("58,5")
        page.get_by_role("button", name=text["save.save"]).click()
        car = page.get_by_role("region", name="Blue one")
        expect(car).to_contain_text("58.5\u00a0kWh")
        [known] = kept(site, "/cars")["items"]
        assert known["battery_wh"] == 58_500
        car.get_by_role("button", name=text["car.remove"].format(name="Blue one")).click()
        page.get_by_role("alertdialog").get_by_role("button", name=text["car.remove-short"]).click()
        expect(car).to_have_count(0)


def test_what_the_site_file_sets_is_read_only_until_it_is_released(browser, site):
    text = words("en")
    with logged_in(browser, site, path="/settings") as page:
        file = page.get_by_role("region", name=text["file.title"])
        yaml = file.get_by_role("textbox", name=text["file.text"])
        expect(yaml).to_have_value(re.compile("grid_connection:"))
        yaml.fill("version: 1\noperator: {credits_sun: true}\n")
        file.get_by_role("button", name=text["file.look"]).click()
        expect(file).to_contain_text("/operator/credits_sun")
        file.get_by_role("button", name=text["file.apply"]).click()
        operator = page.get_by_role("region", name=text["operator.title"])
        sun = operator.get_by_role("checkbox", name=text["operator.credits-sun"])
        expect(operator).to_contain_text(text["managed.note"])
        expect(sun).to_be_checked()
        expect(sun).to_be_disabled()
        shoot(page, "site-file-1280-en")
        file.get_by_role("button", name=text["file.release"]).click()
        expect(sun).to_be_enabled()
        sun.uncheck()
        operator.get_by_role("button", name=text["save.save"]).click()
        expect(operator.get_by_text(text["save.done"])).to_be_visible()
