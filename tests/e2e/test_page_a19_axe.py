"""Row A19: every page is clean for axe, in light and dark, on a desk and on a phone."""

import re

import pytest
from axe import told, violations
from browser import PHONE, WIDE, logged_in, visit, words
from living import ROOT
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

ROUTER = ROOT / "services" / "web" / "frontend" / "src" / "router.ts"
# Every page there is, whoever adds one; who may not see it is sent away.
PAGES = tuple(
    path.split("/:")[0] or "/"
    for path in re.findall(r'path: "(/[^"]*)"', ROUTER.read_text())
    if path != "/log-in" and not path.startswith("/:rest")
)
STEPS = ("fuse", "meter", "chargers", "failsafe", "on", "proof", "protocol")
COMBINATIONS = [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)]


def look_over(
    page: Page, where: str, combinations: list[tuple[str, int]] = COMBINATIONS
) -> list[str]:
    """Wait until the page stands, then say what axe finds, in light and dark, wide and narrow."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main .skeleton")).to_have_count(0)
    found = []
    for scheme, width in combinations:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        wrong = violations(page)
        if wrong:
            found.append(told(f"{where} ({scheme}, {width} px)", wrong))
    return found


@pytest.mark.parametrize("role", ["service", "standard"])
def test_every_page_is_clean_for_axe(browser, site, role):
    assert len(PAGES) > 6
    found = []
    with logged_in(browser, site, role) as page:
        for path in PAGES:
            page.goto(site.demo["url"] + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if page.url == site.demo["url"] + path:
                found += look_over(page, f"{role} {path}")
    assert not found, "\n".join(found)


def test_every_step_of_the_set_up_is_clean_for_axe(browser, site):
    found = []
    with logged_in(browser, site, path="/set-up") as page:
        for step in STEPS:
            page.goto(f"{site.demo['url']}/set-up?step={step}")
            expect(page.locator("nav [aria-current=step]")).to_be_visible()
            found += look_over(page, step, COMBINATIONS[::3])
    assert not found, "\n".join(found)


def test_the_log_in_and_open_dialogs_are_clean_for_axe(browser, site):
    with visit(browser, site.demo["url"]) as page:
        found = look_over(page, "log-in")
    with logged_in(browser, site) as page:
        page.get_by_role("button", name="Why?").or_(page.locator("button.ask")).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += look_over_open(page, "why")
        page.keyboard.press("Escape")
        page.get_by_role("button", name=words("en")["menu.open"]).click()
        expect(page.get_by_role("menu")).to_be_visible()
        found += look_over_open(page, "menu")
    assert not found, "\n".join(found)


def look_over_open(page: Page, where: str) -> list[str]:
    """Say what axe finds while something stands over the page."""
    wrong = violations(page, is_open=True)
    return [told(where, wrong)] if wrong else []


def test_everything_can_be_done_without_a_mouse(browser, site):
    user = site.demo["users"]["service"]
    with visit(browser, site.demo["url"]) as page:
        expect(page.locator("input[name=username]")).to_be_focused()
        for text in (user["username"], user["password"]):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.locator("input[name=password]").press("Enter")
        expect(page.get_by_role("heading", name="Garage left", level=3)).to_be_visible()
        page.reload()  # from the top of the document
        expect(page.get_by_role("heading", name="Garage left", level=3)).to_be_visible()
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name=words("en")["nav.skip"])
        expect(skip).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        ask = page.locator("button.ask").first
        ask.focus()
        page.keyboard.press("Enter")
        drawer = page.get_by_role("dialog")
        expect(drawer).to_be_visible()
        inside = "dialog => dialog.contains(document.activeElement)"
        for _ in range(4):  # what is open keeps the focus
            page.keyboard.press("Tab")
            assert drawer.evaluate(inside)
        page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)
        expect(ask).to_be_focused()
        modes = page.get_by_role("group", name=re.compile("Mode of Garage left"))
        modes.get_by_role("button", name=words("en")["mode.fast"], exact=True).focus()
        page.keyboard.press("Space")
        fast = modes.get_by_role("button", name=words("en")["mode.fast"], exact=True)
        expect(fast).to_have_attribute("aria-pressed", "true")


def test_the_first_view_stands_within_a_second_of_the_first_byte(browser, site):
    """The best of five: the machine may be busy with other things."""
    painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9"
    began = "performance.getEntriesByType('navigation')[0].responseStart"
    times = []
    with logged_in(browser, site, "standard") as page:
        expect(page.get_by_role("heading", name="Garage left", level=3)).to_be_visible()
        for _ in range(5):
            page.reload()
            page.locator("main h1").wait_for()
            now = page.evaluate("performance.now()")
            assert page.evaluate(painted) <= now
            times.append(now - page.evaluate(began))
    assert min(times) < 1000, times
