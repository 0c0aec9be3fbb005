"""Rows A9 to A12 in the browser: pairing by clicking, on our page and on the charger's own."""

import re

import pytest
from browser import in_groups, logged_in, said, shoot, visit, words
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

GREEN_MS = 10_000.0


def found(page: Page) -> Locator:
    return page.get_by_role("region", name=words("en")["pairing.found"], exact=True)


def paired(page: Page) -> Locator:
    return page.get_by_role("region", name=words("en")["pairing.paired"], exact=True)


def line(region: Locator, ski: str) -> Locator:
    return region.get_by_role("listitem").filter(has_text=in_groups(ski))


def colour(row: Locator, word: str) -> str:
    """What a person would call the colour of the dot's word."""
    css = row.get_by_text(word, exact=True).evaluate("word => getComputedStyle(word).color")
    red, green, blue = (int(part) for part in re.findall(r"\d+", css)[:3])
    if green > red:
        return "green"
    return "orange" if green > 1.25 * blue and green > 0.35 * red else "red"


def our_ski(page: Page) -> str:
    text = page.get_by_role("region", name=words("en")["pairing.own-title"]).inner_text()
    return "".join(re.search(r"(?:[0-9a-f]{4} ){9}[0-9a-f]{4}", text)[0].split())


def test_the_found_charger_is_paired_from_both_sides_by_clicking(browser, site):
    charger = site.charger(3)
    with logged_in(browser, site) as page:
        page.get_by_role("link", name="Pairing").click()
        expect(paired(page).get_by_role("heading", level=3)).to_have_count(3)
        row = line(paired(page), charger["ski"])
        candidate = line(found(page), charger["ski"])
        expect(found(page).get_by_role("button", name="Add", exact=True)).to_be_disabled()
        candidate.get_by_role("checkbox").check()
        found(page).get_by_role("button", name="Add", exact=True).click()
        expect(candidate).to_have_count(0)
        expect(row.get_by_text(re.compile("^(Not connected|Connecting)$"))).to_be_visible()
        expect(row.get_by_text(said("pairing.turn-charger"))).to_be_visible(timeout=GREEN_MS)
        word = row.get_by_text(re.compile("^(Not connected|Connecting)$")).inner_text()
        assert colour(row, word) == {"Not connected": "red", "Connecting": "orange"}[word]
        shoot(page, "pairing-waiting-1280-en")
        confirm_at_the_charger(browser, charger, our_ski(page))
        expect(row.get_by_text("Connected", exact=True)).to_be_visible(timeout=GREEN_MS)
        assert colour(row, "Connected") == "green"


def confirm_at_the_charger(browser, charger: dict, ski: str) -> None:
    with visit(browser, f"{charger['url']}/") as page:
        page.get_by_role("button", name="Connections").click()
        offered = page.get_by_role("listitem").filter(has_text=in_groups(ski))
        expect(offered).to_contain_text("asks to be paired")
        offered.get_by_role("button", name="Pair").click()
        expect(page.get_by_role("button", name="Unpair")).to_be_visible()
        shoot(page, "charger-page-1280")


def test_a_paired_device_is_renamed_in_place(browser, site):
    ski = site.charger(3)["ski"]
    with logged_in(browser, site, path="/pairing") as page:
        row = line(paired(page), ski)
        row.get_by_role("button", name=re.compile("^Rename ")).click()
        name = row.get_by_role("textbox", name="Name")
        expect(name).to_be_focused()
        name.fill("Gäst Å")
        name.press("Enter")
        expect(row.get_by_role("heading", name="Gäst Å")).to_be_visible()
        page.reload()
        expect(row.get_by_role("heading", name="Gäst Å")).to_be_visible()
        row.get_by_role("button", name="Rename Gäst Å").click()
        name.fill("never mind")
        name.press("Escape")
        expect(row.get_by_role("heading", name="Gäst Å")).to_be_visible()


def test_a_checked_device_is_unpaired_after_a_question(browser, site):
    charger = site.charger(3)
    with logged_in(browser, site, path="/pairing") as page:
        row = line(paired(page), charger["ski"])
        unpair = paired(page).get_by_role("button", name="Unpair", exact=True)
        expect(unpair).to_be_disabled()
        row.get_by_role("checkbox").check()
        unpair.click()
        question = page.get_by_role("alertdialog")
        expect(question).to_contain_text("Gäst Å")
        question.get_by_role("button", name="Cancel").click()
        expect(row).to_be_visible()
        unpair.click()
        question.get_by_role("button", name="Unpair", exact=True).click()
        expect(row).to_have_count(0)
        ski = our_ski(page)
        with visit(browser, f"{charger['url']}/") as its_page:
            its_page.get_by_role("button", name="Connections").click()
            its_page.get_by_role("button", name="Unpair").click()
            expect(its_page.get_by_text("not paired")).to_be_visible()
            expect(its_page.get_by_text(in_groups(ski)).first).to_be_visible()
        expect(line(found(page), charger["ski"])).to_be_visible(timeout=20_000)


def test_a_ski_typed_wrongly_says_what_is_wrong(browser, site):
    with logged_in(browser, site, path="/pairing") as page:
        found(page).get_by_role("button", name="Enter by hand").click()
        ski = found(page).get_by_role("textbox", name="SKI")
        pair = found(page).get_by_role("button", name="Pair", exact=True)
        for typed, answer in {
            "12ab": said("ski.length", found="4"),
            "z" * 40: said("ski.character", found="z"),
            "0" * 40: said("problem.unknown-ski"),
        }.items():
            ski.fill(typed)
            pair.click()
            expect(found(page)).to_contain_text(answer)
