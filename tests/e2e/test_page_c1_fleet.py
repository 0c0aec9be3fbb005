"""Row C1 in the browser: an operator finds the site that needs somebody among three hundred."""

import re
from collections.abc import Iterator

import pytest
from axe import told, violations
from browser import PHONE, WIDE, shoot, type_log_in, visit, words
from fleet_stage import OPERATOR, PASSWORD, staged
from own_loop import turning
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(180)]

SITES = 300
OVERHANG = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def fleet() -> Iterator[str]:
    """The address of a front door with a fleet."""
    with turning(staged(SITES, "--no-facts", "--state-every", "2")) as stage:
        yield f"http://127.0.0.1:{stage.port}"


def log_in(page: Page) -> None:
    type_log_in(page, OPERATOR, PASSWORD)
    expect(page.locator("input[name=password]")).to_have_count(0)


def found(page: Page, count: int | None = None) -> None:
    """Wait until the list tells how many it found."""
    text = re.compile(rf"^{count} " if count is not None else r"^\d+ ")
    expect(page.get_by_text(re.compile(r"found$")).filter(has_text=text)).to_be_visible()


def test_an_operator_finds_and_opens_the_site_that_needs_somebody(browser, fleet) -> None:
    with visit(browser, fleet, width=WIDE) as page:
        log_in(page)
        # Who looks after many sites begins with all of them.
        expect(page).to_have_url(re.compile(r"/fleet$"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("300 sites")
        found(page, SITES)
        table = page.get_by_role("table", name=words("en")["fleet.list"])
        rows = table.get_by_role("row")
        assert rows.count() < 40  # of three hundred only those in view are drawn
        table.evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(table.locator(f"[aria-rowindex='{SITES + 1}'] .open")).to_be_visible()
        table.evaluate("box => box.scrollTo(0, 0)")

        page.get_by_role("searchbox").fill("Luleå")
        expect(rows.nth(1)).to_contain_text("Luleå")
        page.get_by_label(words("en")["fleet.filter-name"]).fill("North")
        page.get_by_role("button", name=words("en")["fleet.keep-filter"]).click()
        page.get_by_role("searchbox").fill("")
        found(page, SITES)
        page.get_by_role("button", name="North", exact=True).click()
        expect(page.get_by_role("searchbox")).to_have_value("Luleå")
        page.get_by_role("searchbox").fill("")
        found(page, SITES)

        needing = page.get_by_role("button", name=re.compile("^Need somebody"))
        needing.click()
        expect(needing).to_have_attribute("aria-pressed", "true")
        expect(rows.nth(1).locator(".alarm, .warning")).to_be_visible()
        shoot(page, "fleet")
        assert not (wrong := violations(page)), told("fleet", wrong)

        rows.nth(1).get_by_role("button").click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_text(re.compile("Main fuse 3"))).to_be_visible()
        drawer.get_by_label(words("en")["fleet.tags"]).fill("pilot north")
        drawer.get_by_label(words("en")["fleet.latitude"]).fill("57.7")
        drawer.get_by_role("button", name=words("en")["save.save"]).click()
        longitude = drawer.get_by_label(words("en")["fleet.longitude"])
        expect(longitude).to_have_attribute("aria-invalid", "true")  # both or neither
        longitude.fill("11.97")
        drawer.get_by_role("button", name=words("en")["save.save"]).click()
        expect(drawer.get_by_text(words("en")["save.done"], exact=True)).to_be_visible()
        assert not (wrong := violations(page, is_open=True)), told("drawer", wrong)
        shoot(page, "fleet-drawer")
        drawer.get_by_role("button", name=words("en")["fleet.open-site"]).click()
        expect(page).to_have_url(re.compile(r"/$"))
        expect(page.get_by_role("main")).to_contain_text("Charger 1")


def test_the_map_holds_every_site_with_a_place_and_works_by_keys(browser, fleet) -> None:
    with visit(browser, f"{fleet}/fleet", language="de", width=WIDE) as page:
        log_in(page)
        page.get_by_role("button", name=words("de")["fleet.as-map"]).click()
        frame = page.get_by_role("group", name=re.compile(r"^Karte mit"))
        expect(frame.locator("g.point").first).to_be_visible()
        counts = frame.locator("g.point").evaluate_all(
            "points => points.map(p => Number(p.querySelector('text')?.textContent ?? 1))"
        )
        assert sum(counts) > 0.9 * SITES  # each has told where it is
        before = frame.locator("g.point").count()
        frame.focus()
        for _ in range(3):
            frame.press("+")
        expect(frame.locator("g.point")).not_to_have_count(before)
        frame.press("ArrowLeft")
        page.get_by_role("button", name=words("de")["fleet.whole"]).click()
        shoot(page, "fleet-map")
        assert not (wrong := violations(page)), told("map", wrong)
        page.get_by_role("region", name=words("de")["fleet.in-view"]).get_by_role(
            "button"
        ).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()


def test_the_list_fits_a_phone(browser, fleet) -> None:
    with visit(browser, f"{fleet}/fleet", language="sv", width=PHONE) as page:
        log_in(page)
        expect(page.get_by_role("table").get_by_role("row").nth(3)).to_be_visible()
        assert page.evaluate(OVERHANG) <= 0
        shoot(page, "fleet-phone")
        assert not (wrong := violations(page)), told("phone", wrong)
