"""A real browser for the tests of the page: headless Chromium, as a person would use it.

Without one on the machine (CHROMIUM, or on PATH) the tests are skipped, and say so loudly.
"""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from living import ROOT, LivingSite
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGS = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)
LOCALES = {"en": "en-GB", "de": "de-DE", "sv": "sv-SE"}
CATALOGUES = ROOT / "services" / "web" / "frontend" / "src" / "i18n"
WIDE = 1280
PHONE = 390
SMALL_PHONE = 360
ANSWER_MS = 10_000.0  # the machine may be busy with other tests
# A browser reports every refused or lost request here; those are the tests' own doing.
REQUEST_FAILED = re.compile(r"Failed to load resource|net::ERR_")

expect.set_options(timeout=ANSWER_MS)


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, None where there is none."""
    wanted = os.environ.get("CHROMIUM")
    return wanted or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip(
            f"NO BROWSER, PAGE NOT TESTED: none of {', '.join(NAMES)} is on PATH; install Debian's "
            "package chromium, or name one in CHROMIUM"
        )
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield running
        running.close()


@contextlib.contextmanager
def visit(
    browser: Browser,
    address: str,
    *,
    language: str = "en",
    width: int = WIDE,
    height: int = 900,
    as_app: bool = False,
) -> Iterator[Page]:
    """Open an address in a browser of its own; an error in the page's code fails the test.

    as_app: with its service worker; else requests can be caught by a test.
    """
    context = browser.new_context(
        locale=LOCALES[language],
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        service_workers="allow" if as_app else "block",
    )
    page = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not REQUEST_FAILED.search(message.text):
            errors.append(message.text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", note)
    page.set_default_timeout(ANSWER_MS)
    try:
        page.goto(address)
        yield page
        assert errors == [], errors
    finally:
        context.close()


@contextlib.contextmanager
def logged_in(
    browser: Browser,
    site: LivingSite,
    role: str = "service",
    *,
    path: str = "/",
    language: str = "en",
    width: int = WIDE,
) -> Iterator[Page]:
    """A page somebody has just logged in to, at `path`."""
    user = site.demo["users"][role]
    with visit(browser, site.demo["url"] + path, language=language, width=width) as page:
        type_log_in(page, user["username"], user["password"])
        expect(page.locator("input[name=password]")).to_have_count(0)
        yield page


def type_log_in(page: Page, username: str, password: str) -> None:
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")


@cache
def words(language: str) -> dict[str, str]:
    """The page's catalogue in a language: dotted key -> text."""

    def flat(tree: dict, before: str = "") -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in tree.items():
            name = f"{before}{key}"
            found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
        return found

    return flat(json.loads((CATALOGUES / f"{language}.json").read_text()))


def said(key: str, *, whole: bool = False, **values: str) -> re.Pattern[str]:
    """What the English page says under this key; a value that is not given may be anything."""
    choices = []
    for choice in words("en")[key].split(" | "):
        parts = re.split(r"\{(\w+)\}", choice)
        texts = [re.escape(part) for part in parts[::2]]
        between = [re.escape(values[name]) if name in values else ".*" for name in parts[1::2]]
        choices.append(texts[0] + "".join(b + t for b, t in zip(between, texts[1:], strict=True)))
    text = "|".join(choices).replace("\\ ", r"\s+")
    return re.compile(f"^(?:{text})$" if whole else text)


def in_groups(ski: str) -> str:
    """A SKI as both pages show it."""
    return " ".join(re.findall(".{4}", ski))


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page, where VOLTHUS_SHOTS names a folder."""
    folder = os.environ.get("VOLTHUS_SHOTS")
    if folder:
        page.evaluate("scrollTo(0, 0)")  # or a bar that sticks stands in the middle of it
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def post(address: str, body: object = None) -> None:
    """Change something outside: the simulator, or a charger's page."""
    answer = httpx.post(address, json=body if body is not None else {}, timeout=10)
    assert answer.is_success, answer.text
