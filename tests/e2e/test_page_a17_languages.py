"""Row A17 in the browser: every page in three languages, on a screen and on a phone."""

import re

import pytest
from browser import PHONE, SMALL_PHONE, WIDE, logged_in, shoot, visit, words
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

LANGUAGES = ("en", "de", "sv")
PAGES = {
    "overview": "/",
    "plan": "/plan",
    "history": "/history",
    "cars": "/cars",
    "pairing": "/pairing",
    "settings": "/settings",
    "set-up": "/set-up",
    "acceptance": "/acceptance",
}
CHARGING_MS = 90_000.0
DECIMAL = {"en": re.compile(r"^\d+\.\d+$"), "de": re.compile(r"^\d+,\d+$")}
DECIMAL["sv"] = DECIMAL["de"]
TEXTS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode.textContent.trim());
    for (const part of document.querySelectorAll('[aria-label], [placeholder], [title]'))
        for (const name of ['aria-label', 'placeholder', 'title'])
            if (part.hasAttribute(name)) texts.push(part.getAttribute(name).trim());
    return texts.filter(Boolean);
}"""
OVERHANG = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
KILOWATTS = """() => [...document.querySelectorAll('main li')]
    .flatMap(li => [...li.innerText.matchAll(/([\\d.,]+)\\s*kW/g)].map(found => found[1]))"""


def foreign(language: str) -> set[str]:
    """Texts that only the English page may show."""
    names = {words("en")["pairing.name-example"]}  # what people call their chargers
    ours = set(words(language).values()) | names
    return {text for text in words("en").values() if len(text) > 3} - ours


def settled(page: Page, name: str) -> None:
    """Wait until a page shows what it is for."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if name != "cars":
        expect(page.get_by_role("main")).to_contain_text("Garage left")
    expect(page.locator("main .skeleton")).to_have_count(0)
    if name == "overview":
        numbers = re.compile(r"\d[.,]\d")
        expect(page.get_by_role("listitem").first).to_contain_text(numbers, timeout=CHARGING_MS)


def check_words(page: Page, language: str) -> None:
    texts = page.evaluate(TEXTS)
    assert page.locator("html").get_attribute("lang") == language
    raw = {text for text in texts for word in text.split() if word.strip("()") in words("en")}
    assert not raw, f"raw keys: {raw}"
    placeholders = {text for text in texts if re.search(r"\{\w+\}", text)}
    assert not placeholders, f"values not filled in: {placeholders}"
    if language != "en":
        english = set(texts) & foreign(language)
        assert not english, f"English on the {language} page: {english}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_the_language_and_fits_every_screen(browser, site, language):
    with logged_in(browser, site, language=language) as page:
        for name, path in PAGES.items():
            page.goto(site.demo["url"] + path)
            settled(page, name)
            check_words(page, language)
            if name == "overview":
                numbers = page.evaluate(KILOWATTS)
                assert numbers
                assert all(DECIMAL[language].match(number) for number in numbers), numbers
            for width in (WIDE, PHONE, SMALL_PHONE):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(OVERHANG) <= 0, f"{name} scrolls sideways at {width} px"
                if width != SMALL_PHONE:
                    shoot(page, f"{name}-{width}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_log_in_speaks_the_browsers_language(browser, site, language):
    with visit(browser, site.demo["url"], language=language, width=SMALL_PHONE) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(words(language)["log-in.title"])
        check_words(page, language)
        assert page.evaluate(OVERHANG) <= 0
        shoot(page, f"log-in-{SMALL_PHONE}-{language}")


def test_another_language_is_chosen_and_kept(browser, site):
    with logged_in(browser, site, "standard") as page:
        page.get_by_role("button", name=words("en")["menu.open"]).click()
        page.get_by_role("menuitemradio", name="Svenska").click()
        expect(page.locator("html")).to_have_attribute("lang", "sv")
        page.reload()
        settled(page, "overview")
        check_words(page, "sv")


def test_the_dark_appearance_is_chosen_and_kept(browser, site):
    with logged_in(browser, site, "standard", width=PHONE) as page:
        page.get_by_role("button", name=words("en")["menu.open"]).click()
        page.get_by_role("menuitemradio", name="Dark").click()
        page.keyboard.press("Escape")
        page.reload()
        settled(page, "overview")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        red, green, blue = (float(part) for part in re.findall(r"[\d.]+", ground)[:3])
        assert max(red, green, blue) < 80, ground
        shoot(page, f"overview-dark-{PHONE}-en")
