"""Rows A3 and A5 in the browser: grid connection and meter, checked where they are typed."""

import re

import pytest
from browser import logged_in, said, shoot, words
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]


def grid(page: Page) -> Locator:
    return page.get_by_role("region", name=words("en")["grid.title"])


def fuse(page: Page) -> Locator:
    group = page.get_by_role("group", name=words("en")["grid.fuse"])
    return group.get_by_role("textbox", name=words("en")["phases.all"])


def save(page: Page) -> None:
    grid(page).get_by_role("button", name="Save").click()


def meters(page: Page) -> Locator:
    return page.get_by_role("region", name=words("en")["meter.title"])


def change_meter(page: Page) -> Locator:
    """Open the form of the site's meter."""
    meters(page).get_by_role("button", name=words("en")["meter.change"]).click()
    return meters(page).locator("form")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", said("invalid.empty")),
        ("abc", said("invalid.number")),
        ("0", said("invalid.min", min="1")),
        ("99999", said("invalid.max")),
        # The server knows the chargers: 3 x 6 A and a base load do not fit.
        ("15", said("problem.failsafe-sum-too-high", sum_a="18")),
    ],
    ids=["empty", "no-number", "zero", "too-high", "below-failsafe"],
)
def test_a_fuse_that_cannot_be_is_refused_in_words(browser, site, typed, answer):
    with logged_in(browser, site, path="/settings") as page:
        expect(fuse(page)).to_have_value("25")
        fuse(page).fill(typed)
        save(page)
        expect(grid(page)).to_contain_text(answer)
        expect(grid(page)).not_to_contain_text(said("save.done"))
        shoot(page, f"settings-fuse-{typed or 'empty'}-1280-en")
        page.reload()
        expect(fuse(page)).to_have_value("25")


def test_a_fuse_is_saved_with_its_consequence_in_words(browser, site):
    with logged_in(browser, site, path="/settings") as page:
        for typed, limit in (("24,5", "23.9"), ("25", "24.4")):
            expect(fuse(page)).not_to_have_value("")
            fuse(page).fill(typed)
            expect(grid(page)).to_contain_text(said("grid.consequence", limit=f"{limit}\u00a0A"))
            save(page)
            expect(grid(page).get_by_text(said("save.done"))).to_be_visible()
            page.reload()
            expect(fuse(page)).to_have_value(typed.replace(",", "."))


def test_the_connection_test_shows_what_the_meter_reads_now(browser, site):
    with logged_in(browser, site, path="/settings") as page:
        form = change_meter(page)
        form.get_by_role("button", name=words("en")["meter.test"]).click()
        expect(form).to_contain_text(said("meter.answered"))
        for phase in ("L1", "L2", "L3"):
            row = form.get_by_role("row").filter(has=page.get_by_role("rowheader", name=phase))
            expect(row).to_contain_text(re.compile(r"\d+\.\d A\s*2[23]\d\.\d V\s*[−-]?[\d,]+ W"))
        shoot(page, "settings-meter-test-1280-en")


@pytest.mark.parametrize(
    ("field", "typed", "answer"),
    [
        ("meter.host", "", said("invalid.empty")),
        ("meter.host", "http://meter", said("invalid.host-url")),
        ("meter.port", "70000", said("invalid.max")),
        ("meter.port", "1", said("problem.connection-refused")),
        ("meter.unit-id", "77", said("problem.no-answer")),
    ],
    ids=["no-host", "a-url", "no-port", "closed-port", "wrong-unit"],
)
def test_a_meter_that_does_not_answer_says_what_to_check(browser, site, field, typed, answer):
    with logged_in(browser, site, path="/settings") as page:
        form = change_meter(page)
        form.get_by_role("textbox", name=words("en")[field], exact=True).fill(typed)
        form.get_by_role("button", name=words("en")["meter.test"]).click()
        expect(form).to_contain_text(answer, timeout=20_000)
        form.get_by_role("button", name=words("en")["ask.cancel"]).click()
        expect(meters(page).get_by_text(said("meter.is-good", whole=True))).to_be_visible()


@pytest.mark.parametrize("language", ["de", "sv"])
def test_where_a_site_is_is_written_at_its_settings_and_found_by_it(browser, site, language):
    text = words(language)
    typed = {"de": "57,70887", "sv": "57,7"}[language]
    with logged_in(browser, site, path="/settings", language=language) as page:
        card = page.get_by_role("region", name=text["settings.entry"])
        card.get_by_label(text["fleet.address"]).fill("Gröna gatan 4")
        card.get_by_label(text["fleet.latitude"]).fill(typed)
        card.get_by_label(text["fleet.longitude"]).fill("")
        card.get_by_role("button", name=text["save.save"]).click()
        expect(card).to_contain_text(text["invalid.empty"])  # both or neither
        card.get_by_label(text["fleet.longitude"]).fill("11,97")
        card.get_by_role("button", name=text["save.save"]).click()
        expect(card.get_by_text(text["save.done"])).to_be_visible()
        page.reload()
        expect(card.get_by_label(text["fleet.latitude"])).to_have_value(typed)
        found = page.request.get(f"{site.api_url}/sites", params={"search": "gröna"}).json()
        assert [round(one["place"]["longitude"], 2) for one in found["items"]] == [11.97]
