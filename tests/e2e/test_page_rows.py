"""What the other page tests leave of parts A and B, by clicking; see docs/rows.md for the whole.

One living site; each test leaves it as it found it. Where something is done once, it is looked at
in two languages.
"""

import json
import os
import re
import signal

import pytest
from browser import in_groups, logged_in, post, visit, words
from living import LivingSite
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

BOTH = ("en", "sv")
NAME = "Garage left"
DECIDED_MS = 30_000.0
GREEN_MS = 30_000.0
PLANNED_MS = 60_000.0


def card(page: Page, name: str = NAME) -> Locator:
    heading = page.get_by_role("heading", name=name, level=3)
    return page.get_by_role("listitem").filter(has=heading)


def pill(page: Page, text: str) -> Locator:
    return page.locator(".opening .pill").filter(has_text=text)


def ask(page: Page, button: str) -> None:
    """Say yes to the question that was asked."""
    page.get_by_role("alertdialog").get_by_role("button", name=button, exact=True).click()


@pytest.mark.parametrize("language", BOTH)
def test_a1_energy_management_is_switched_off_and_on_again_after_a_confirmation(
    browser, site, language
):
    text = words(language)
    with logged_in(browser, site, path="/settings", language=language) as page:
        switch = page.get_by_role("switch", name=text["energy.title"])
        expect(switch).to_be_checked()
        switch.click()
        ask(page, text["energy.switch-off"])
        expect(switch).not_to_be_checked()
        page.get_by_role("link", name=text["nav.overview"]).first.click()
        expect(pill(page, text["energy.is-off"])).to_be_visible()
        expect(card(page)).to_contain_text(text["reason.energy-management-off"][:20])
        page.get_by_role("link", name=text["nav.settings"]).click()
        switch.click()
        question = page.get_by_role("alertdialog")
        yes = question.get_by_role("button", name=text["energy.switch-on"], exact=True)
        expect(yes).to_be_disabled()
        question.get_by_role("checkbox", name=text["energy.confirm"]).check()
        yes.click()
        expect(switch).to_be_checked()


def test_a2_a_driver_sees_no_settings_in_swedish_either(browser, site):
    text = words("sv")
    with logged_in(browser, site, "standard", language="sv") as page:
        main = page.get_by_role("navigation", name=text["nav.main"])
        expect(main.get_by_role("link", name=text["nav.overview"])).to_be_visible()
        for place in ("nav.settings", "nav.pairing"):
            expect(main.get_by_role("link", name=text[place])).to_have_count(0)


@pytest.mark.parametrize("language", BOTH)
def test_a4_a7_without_its_meter_a_site_is_static_and_with_it_dynamic_by_itself(
    browser, site, language
):
    text = words(language)
    meter = json.loads((site.state / "virtual-site" / "ready.json").read_text())["meter"]
    with logged_in(browser, site, path="/settings", language=language) as page:
        region = page.get_by_role("region", name=text["meter.title"])
        region.get_by_role("button", name=text["meter.remove"], exact=True).click()
        ask(page, text["meter.remove"])
        expect(region.get_by_text(text["meter.none"])).to_be_visible()
        page.get_by_role("link", name=text["nav.overview"]).first.click()
        static = pill(page, text["load-management.static"])
        expect(static).to_be_visible(timeout=DECIDED_MS)
        expect(page.get_by_text(text["tile.no-meter"]).first).to_be_visible()
        page.get_by_role("link", name=text["nav.settings"]).click()
        region.get_by_role("button", name=text["meter.add"]).click()
        region.get_by_role("textbox", name=text["meter.host"]).fill(str(meter["host"]))
        region.get_by_role("textbox", name=text["meter.port"]).fill(str(meter["port"]))
        region.get_by_role("button", name=text["find.start"]).click()
        take = text["find.take-name"].split("{name}")[0].strip() or text["find.take"]
        region.get_by_role("button", name=re.compile(re.escape(take))).first.click(timeout=30_000)
        region.get_by_role("button", name=text["save.save"]).click()
        good = region.get_by_text(text["meter.is-good"], exact=True)
        expect(good).to_be_visible(timeout=DECIDED_MS)
        page.get_by_role("link", name=text["nav.overview"]).first.click()
        dynamic = pill(page, text["load-management.dynamic"])
        expect(dynamic).to_be_visible(timeout=DECIDED_MS)


@pytest.mark.parametrize("language", BOTH)
def test_a6_the_meters_phase_rotation_is_chosen_from_all_six(browser, site, language):
    text = words(language)
    with logged_in(browser, site, path="/settings", language=language) as page:
        region = page.get_by_role("region", name=text["meter.title"])
        for rotation in ("STR", "RST"):
            region.get_by_role("button", name=text["meter.change"]).click()
            choice = region.get_by_role("combobox", name=text["meter.rotation"])
            expect(choice.get_by_role("option")).to_have_count(6)
            choice.select_option(rotation)
            region.get_by_role("button", name=text["save.save"]).click()
            facts = region.get_by_role("listitem").first
            expect(facts).to_contain_text(f"· {rotation}", timeout=DECIDED_MS)


def test_a8_the_oven_makes_the_cars_give_way_on_the_picture_of_the_fuse(browser, site):
    post(f"{site.outside}/api/appliances/oven", {"on": True})
    try:
        for language in BOTH:
            text = words(language)
            with logged_in(browser, site, "standard", language=language) as page:
                fuse = page.get_by_role("region", name=re.compile(r"3 × 25\sA"))
                expect(fuse).to_contain_text(text["fuse.house"])
                flow = page.get_by_role("region", name=text["flow.title"])
                expect(flow.get_by_text(text["flow.house"], exact=True)).to_be_visible()
    finally:
        post(f"{site.outside}/api/appliances/oven", {"on": False})


def test_a14_what_a_charger_supports_is_shown_in_swedish_too(browser, site):
    text = words("sv")
    with logged_in(browser, site, path="/pairing", language="sv") as page:
        title = text["diagnosis.title"].format(name="Carport")
        page.get_by_role("button", name=title).click()
        drawer = page.get_by_role("dialog", name=title)
        expect(drawer).to_contain_text(text["diagnosis.used"])
        expect(drawer).to_contain_text(text["diagnosis.use-cases"])


def test_a15_which_standard_charger_and_car_talk_stands_on_the_card(browser, site):
    charger = site.charger(0)
    with visit(browser, f"{charger['url']}/") as its_page:  # the setting lives on the charger
        its_page.get_by_role("button", name="Service").click()
        plc = its_page.get_by_role("switch", name="PLC")
        expect(plc).to_have_attribute("aria-checked", "false")
        plc.click()
        expect(plc).to_have_attribute("aria-checked", "true")
    others = [site.charger(number)["url"] for number in (1, 2)]
    for url in others:  # a car that is paused to make room falls back to IEC 61851
        post(f"{url}/api/unplug")
    try:
        for standard, said, hint in (
            ("iso15118-2ed1", "ISO 15118-2", "car-talk.plc"),
            ("iec61851", "IEC 61851", "car-talk.pwm"),
        ):
            post(f"{charger['url']}/api/plug", {"standard": standard})
            for language in BOTH:
                text = words(language)
                with logged_in(browser, site, "standard", language=language) as page:
                    talks = text["car-talk.by"].format(standard=said)
                    expect(card(page)).to_contain_text(talks, timeout=DECIDED_MS)
                    expect(card(page)).to_contain_text(text[hint])
    finally:
        post(f"{charger['url']}/api/plc", {"on": False})
        for url in (charger["url"], *others):
            post(f"{url}/api/plug")


@pytest.mark.parametrize("language", BOTH)
def test_b2_a_tap_on_solar_lets_a_car_take_only_what_is_left_of_the_sun(browser, site, language):
    text = words(language)
    with logged_in(browser, site, "standard", language=language) as page:
        mode = card(page).get_by_role("button", name=text["mode.solar-only"], exact=True)
        mode.click()
        try:
            expect(mode).to_have_attribute("aria-pressed", "true")
            why = card(page).locator(".why")
            sun = re.compile("solar|sun|surplus|sol|överskott", re.IGNORECASE)
            expect(why).to_contain_text(sun, timeout=DECIDED_MS)
        finally:
            card(page).get_by_role("button", name=text["mode.fast"], exact=True).click()
            fast = card(page).get_by_role("button", name=text["mode.fast"], exact=True)
            expect(fast).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("language", BOTH)
def test_b3_who_changes_the_phases_is_set_after_its_notice(browser, site, language):
    text = words(language)
    with logged_in(browser, site, path="/settings", language=language) as page:
        whole = page.locator("details.whole").filter(has_text=NAME)
        whole.locator("summary").first.click()
        way = whole.get_by_role("combobox", name=text["switching.who"])
        way.select_option("automatic")
        confirmed = whole.get_by_role("checkbox", name=text["switching.confirm"])
        if not confirmed.is_checked():  # whoever read it once has read it
            whole.get_by_role("button", name=text["save.save"]).click()
            expect(whole.get_by_text(text["invalid.confirm"])).to_be_visible()
            confirmed.check()
        for choice in ("automatic", "none"):
            way.select_option(choice)
            whole.get_by_role("button", name=text["save.save"]).click()
            expect(whole.get_by_text(text["save.done"])).to_be_visible()


def test_b1_b4_roof_and_tariff_are_looked_at_in_swedish(browser, site):
    text = words("sv")
    with logged_in(browser, site, path="/settings", language="sv") as page:
        tariff = page.get_by_role("region", name=text["settings.tariff"])
        expect(tariff).to_contain_text(text["freshness.sample"], timeout=PLANNED_MS)
        tariff.get_by_role("button", name=text["save.save"]).click()
        expect(tariff.get_by_text(text["save.done"])).to_be_visible()
        sun = page.get_by_role("region", name=text["settings.sun"])
        expect(sun.get_by_role("group", name="South roof")).to_be_visible()


def test_b7_a_car_is_described_in_swedish(browser, site):
    text = words("sv")
    with logged_in(browser, site, "standard", path="/cars", language="sv") as page:
        page.get_by_role("button", name=text["car.add"]).click()
        page.get_by_label(text["car.name"], exact=True).fill("Grön")
        page.get_by_label(text["car.battery"], exact=True).fill("77")
        page.get_by_role("button", name=text["save.save"]).click()
        car = page.get_by_role("region", name="Grön")
        expect(car).to_contain_text("77,0\u00a0kWh")
        car.get_by_role("button", name=text["car.remove"].format(name="Grön")).click()
        ask(page, text["car.remove-short"])
        expect(car).to_have_count(0)


def test_b9_with_planning_gone_the_plan_of_the_site_is_still_drawn(browser, site: LivingSite):
    pid = site.pid("smart-charging")
    os.kill(pid, signal.SIGSTOP)
    try:
        for language in BOTH:
            text = words(language)
            with logged_in(browser, site, "standard", path="/plan", language=language) as page:
                slider = page.get_by_role("slider", name=text["timeline.slider"])
                expect(slider).to_be_visible(timeout=PLANNED_MS)
                expect(page.get_by_role("main")).to_contain_text(NAME)
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("language", BOTH)
def test_a20_the_proof_of_a_failsafe_is_started_and_ended_or_refused_in_words(
    browser, site, language
):
    """Its whole course, to the fall, is in test_page_a5_set_up: three cars get too little here."""
    text = words(language)
    with logged_in(browser, site, path="/set-up?step=proof", language=language) as page:
        line = page.locator("ul.proofs > li").filter(has=page.locator(".drawn")).first
        expect(line).to_be_visible(timeout=90_000)
        name = line.locator("strong").inner_text()
        line = page.locator("ul.proofs > li").filter(has_text=name)
        line.get_by_role("button", name=text["proof.start-name"].format(name=name)).click()
        end = line.get_by_role("button", name=text["proof.cancel-name"].format(name=name))
        refused = line.get_by_text(text["problem.charges-too-little"])
        refused = refused.or_(line.get_by_text(text["problem.too-little-room"]))
        refused = refused.or_(line.get_by_text(text["problem.car-not-charging"]))
        expect(end.or_(refused).first).to_be_visible()
        if end.is_visible():
            end.click()
            expect(line.get_by_text(text["proof.cancelled"])).to_be_visible()


def test_a11_a12_the_own_charger_unpaired_by_mistake_is_named_and_paired_again(browser, site):
    text = words("sv")
    charger = site.charger(0)
    with logged_in(browser, site, path="/pairing", language="sv") as page:
        found = page.get_by_role("region", name=text["pairing.found"], exact=True)
        paired = page.get_by_role("region", name=text["pairing.paired"], exact=True)
        row = paired.get_by_role("listitem").filter(has_text=in_groups(charger["ski"]))
        expect(row).to_contain_text(text["pairing.own"])
        row.get_by_role("checkbox").check()
        unpair = re.compile(rf"^{text['pairing.unpair'].split(' |')[0]}")
        paired.get_by_role("button", name=unpair).click()
        page.get_by_role("alertdialog").get_by_role("button", name=unpair).click()
        expect(row).to_have_count(0)
        told = page.get_by_role("region", name=text["pairing.own-title"]).inner_text()
        ours = "".join(re.search(r"(?:[0-9a-f]{4} ){9}[0-9a-f]{4}", told)[0].split())
        candidate = found.get_by_role("listitem").filter(has_text=in_groups(charger["ski"]))
        candidate.get_by_role("checkbox").check(timeout=GREEN_MS)
        add = re.compile(rf"^{text['pairing.add'].split(' ')[0]}")
        found.get_by_role("button", name=add).click()
        with visit(browser, f"{charger['url']}/") as its_page:
            its_page.get_by_role("button", name="Connections").click()
            offered = its_page.get_by_role("listitem").filter(has_text=in_groups(ours))
            pair = offered.get_by_role("button", name="Pair", exact=True)
            unpairs = its_page.get_by_role("button", name="Unpair")
            expect(pair.or_(unpairs).first).to_be_visible()
            if pair.is_visible():  # it may still trust us from before
                pair.click()
        connected = row.get_by_text(text["connection.connected"], exact=True)
        expect(connected).to_be_visible(timeout=90_000)  # a charger that was closed waits a while
        rename = text["pairing.rename"].split("{name}")[0].strip()
        row.get_by_role("button", name=re.compile(f"^{re.escape(rename)}")).click()
        name = row.get_by_role("textbox")
        name.fill(NAME)
        name.press("Enter")
        expect(row.get_by_role("heading", name=NAME)).to_be_visible()
