"""Row A16 in the browser: four tiles, every EVSE, live without a reload, back after a loss."""

import os
import re
import signal

import pytest
from browser import logged_in, post, said, shoot, words
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

CHARGING_MS = 90_000.0
STEADY_KW = 12.0
STEADY_S = 5
OVEN_TAKES_KW = 0.8  # of what three cars draw: 1.2 kW
BACK_MS = 40_000.0
LOST_MS = 20_000.0
KILOWATTS = re.compile(r"^\d+\.\d+\s?kW$")
TILES = tuple(words("en")[f"tile.{name}"] for name in ("import", "export", "charging"))
CHARGING = words("en")["tile.charging"]


def tile(page: Page, label: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_text(label, exact=True))


def value(page: Page, label: str) -> float:
    return float(re.search(r"(\d+\.\d+)\s*kW", tile(page, label).inner_text())[1])


def card(page: Page, name: str) -> Locator:
    heading = page.get_by_role("heading", name=name, level=3)
    return page.get_by_role("listitem").filter(has=heading)


def connection(page: Page) -> Locator:
    """The badge that says whether what is seen is now."""
    return page.get_by_role("status", name=words("en")["live.label"])


def stay(page: Page) -> None:
    """Mark this document, so that a reload would be seen."""
    page.evaluate("document.body.dataset.stayed = 'yes'")


def has_stayed(page: Page) -> bool:
    return page.evaluate("document.body.dataset.stayed") == "yes"


def wait_for(page: Page, check, seconds: float) -> None:
    """Wait for a fact about the page that no locator can express."""
    for _ in range(int(seconds / 0.25)):
        if check():
            return
        page.wait_for_timeout(250)
    pytest.fail(f"not within {seconds} s: {check}")


def test_the_overview_shows_four_tiles_and_every_charger(browser, site):
    with logged_in(browser, site, "standard") as page:
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            said("headline.charging"), timeout=CHARGING_MS
        )
        for label in TILES:
            expect(tile(page, label).get_by_text(KILOWATTS)).to_be_visible()
        expect(tile(page, words("en")["tile.chargers"])).to_contain_text("3")
        for name in ("Garage left", "Garage right", "Carport"):
            expect(card(page, name)).to_contain_text(re.compile("L1.*L2.*L3", re.S))
        bars = page.get_by_role("img", name=re.compile(r"^L[123]: .* of 25\sA"))
        expect(bars).to_have_count(3)
        shoot(page, "overview-charging-1280-en")


def settled(page: Page, label: str) -> float:
    """Return a figure (kW) that has stood still for a while: the cars are on their way before."""
    before, since = value(page, label), 0
    for _ in range(240):
        page.wait_for_timeout(250)
        now = value(page, label)
        before, since = (before, since + 1) if abs(now - before) < 0.15 else (now, 0)
        if since >= STEADY_S * 4:
            return before
    pytest.fail(f"{label} does not stand still: {before} kW")


def test_the_oven_moves_the_numbers_without_a_reload(browser, site):
    with logged_in(browser, site, "standard") as page:
        # Until all three cars draw what L1 leaves them, 8 A each.
        wait_for(page, lambda: value(page, CHARGING) > STEADY_KW, 90)
        stay(page)
        charging_kw = settled(page, CHARGING)
        oven = f"{site.outside}/api/appliances/oven"
        post(oven, {"on": True})
        try:
            wait_for(page, lambda: value(page, CHARGING) < charging_kw - OVEN_TAKES_KW, 30)
            expect(page.get_by_text(said("reason.fuse")).first).to_be_visible()
            shoot(page, "overview-oven-1280-en")
        finally:
            post(oven, {"on": False})
        assert has_stayed(page)


def test_the_page_recovers_by_itself_when_the_service_dies(browser, site):
    with logged_in(browser, site, "standard") as page:
        status = connection(page)
        expect(status).to_contain_text(said("live.live"))
        stay(page)
        site.kill("web")
        expect(status).not_to_contain_text(said("live.live"))
        expect(status).to_contain_text(said("live.live"), timeout=BACK_MS)
        assert has_stayed(page)
        before = page.get_by_role("main").inner_text()
        wait_for(page, lambda: page.get_by_role("main").inner_text() != before, 15)


def test_what_is_seen_without_a_network_says_how_old_it_is(browser, site):
    with logged_in(browser, site, "standard") as page:
        expect(connection(page)).to_contain_text(said("live.live"))
        stay(page)
        # Streams that are open survive Playwright's set_offline: end this one, allow no other.
        page.route("**/api/v1/**", lambda route: route.abort())
        site.kill("web")
        expect(connection(page)).not_to_contain_text(said("live.live"), timeout=LOST_MS)
        expect(page.get_by_text(said("live.stale-lost"))).to_be_visible(timeout=LOST_MS)
        shoot(page, "overview-lost-1280-en")
        page.unroute("**/api/v1/**")
        expect(connection(page)).to_contain_text(said("live.live"), timeout=BACK_MS)
        expect(page.get_by_text(said("live.stale-lost"))).to_have_count(0)
        assert has_stayed(page)


def test_a_frozen_service_is_shown_as_old_and_not_as_live(browser, site):
    with logged_in(browser, site, "standard") as page:
        status = connection(page)
        expect(status).to_contain_text(said("live.live"))
        pid = site.pid("cem")
        os.kill(pid, signal.SIGSTOP)
        try:
            expect(status).not_to_contain_text(said("live.live"), timeout=20_000)
            expect(page.get_by_text(said("live.stale-silent"))).to_be_visible(timeout=20_000)
            shoot(page, "overview-silent-1280-en")
        finally:
            os.kill(pid, signal.SIGCONT)
        expect(status).to_contain_text(said("live.live"), timeout=BACK_MS)
