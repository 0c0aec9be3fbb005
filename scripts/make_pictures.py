"""Takes the pictures of README and docs from a living site, as a person sees it in a browser.

It needs what the browser tests need: `make setup`, and a Chromium on the machine.
"""

import base64
import contextlib
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from browser import ARGS, chromium, in_groups, logged_in, post, words  # noqa: E402 - see above
from living import LivingSite, living_site  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

WEBP_QUALITY = 78
MOST_BYTES = 600_000  # all of them together: they are in the repository
NAME = "Garage left"
EN = words("en")
PLANNED_MS = 300_000.0  # the planner may have to be compiled first
PHONE = (390, 1180)


def main() -> None:
    """Take all pictures into the folder that is named. Exits 1 where there is no browser."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium()
    if path is None:
        sys.exit("make-pictures: no Chromium on PATH; install one, or name it in CHROMIUM")
    with (
        tempfile.TemporaryDirectory() as state,
        living_site(Path(state)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        for name, take in SCENES.items():
            with take(browser, site) as page:
                (folder / f"{name}.webp").write_bytes(_picture(page))
        browser.close()
    total = sum(file.stat().st_size for file in folder.glob("*.webp"))
    sys.stdout.write(f"{len(SCENES)} pictures, {total / 1000:.0f} kB\n")
    if total > MOST_BYTES:
        sys.exit(f"make-pictures: more than {MOST_BYTES / 1000:.0f} kB together")


def _picture(page: Page) -> bytes:
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(600)  # until bars have moved to where they belong
    session = page.context.new_cdp_session(page)
    asked = {"format": "webp", "quality": WEBP_QUALITY}
    return base64.b64decode(session.send("Page.captureScreenshot", asked)["data"])


def _sized(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})


def _planned(page: Page) -> None:
    """Let a car be planned: Smart, and a goal for the morning."""
    heading = page.get_by_role("heading", name=NAME, level=3)
    card = page.get_by_role("listitem").filter(has=heading)
    expect(card).to_contain_text(EN["state.charging"], timeout=90_000)
    card.get_by_role("button", name=EN["mode.smart"], exact=True).click()
    card.get_by_role("button", name=EN["goal.none"]).click()
    presets = page.get_by_role("dialog").get_by_role("group", name=EN["goal.presets"])
    presets.get_by_role("button").nth(1).click()
    line = card.get_by_role("link", name=re.compile(r"^Plan: .*\d\d:\d\d"))
    expect(line).to_be_visible(timeout=PLANNED_MS)
    two = re.compile(EN["headline.charging"].split(" | ")[-1].replace("{n}", "[23]"))
    with contextlib.suppress(AssertionError):  # cars take turns; one is enough for a picture
        expect(page.get_by_role("heading", level=1)).to_contain_text(two, timeout=90_000)


@contextlib.contextmanager
def overview(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show the overview with three cars, one of them planned."""
    with logged_in(browser, site) as page:
        _planned(page)
        _sized(page, 1280, 1240)
        yield page


@contextlib.contextmanager
def phone(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show the same on a driver's phone."""
    with logged_in(browser, site, "standard", width=PHONE[0]) as page:
        _sized(page, *PHONE)
        expect(page.get_by_role("heading", name=NAME, level=3)).to_be_attached()
        yield page


@contextlib.contextmanager
def plan(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show the timeline: price, sun, plan and reality."""
    with logged_in(browser, site, "standard", path="/plan") as page:
        expect(page.get_by_role("slider", name=EN["timeline.slider"])).to_be_visible()
        _sized(page, 1280, 1000)
        yield page


@contextlib.contextmanager
def set_up(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show the guided set-up at its failsafe check."""
    with logged_in(browser, site, path="/set-up?step=failsafe") as page:
        expect(page.get_by_text(EN["failsafe.fits"])).to_be_visible()
        _sized(page, 1280, 720)
        yield page


@contextlib.contextmanager
def kettle(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show the check of the phases with a kettle."""
    with logged_in(browser, site, path="/set-up?step=meter") as page:
        _sized(page, 1280, 1120)
        page.get_by_role("button", name=EN["kettle.start"]).click(timeout=20_000)
        now = EN["kettle.waiting"].replace("{phase}", "L1")
        expect(page.get_by_text(now)).to_be_visible(timeout=20_000)
        post(f"{site.outside}/api/appliances/kettle", {"on": True})
        end = page.get_by_role("button", name=EN["kettle.start"])
        expect(end).to_be_visible(timeout=90_000)
        yield page
        post(f"{site.outside}/api/appliances/kettle", {"on": False})


@contextlib.contextmanager
def pairing(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show a device that was added here and must be confirmed at the charger."""
    with logged_in(browser, site, path="/pairing") as page:
        found = page.get_by_role("region", name=EN["pairing.found"], exact=True)
        ski = in_groups(site.charger(3)["ski"])
        row = found.get_by_role("listitem").filter(has_text=ski)
        row.get_by_role("checkbox").check(timeout=30_000)
        found.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text(EN["pairing.turn-charger"])).to_be_visible(timeout=30_000)
        _sized(page, 1280, 1180)
        yield page


@contextlib.contextmanager
def protocol(browser: Browser, site: LivingSite) -> Iterator[Page]:
    """Show the acceptance protocol, before it is signed."""
    with logged_in(browser, site, path="/acceptance") as page:
        expect(page.get_by_role("article")).to_be_visible()
        _sized(page, 1280, 1300)
        yield page


Scene = Callable[[Browser, LivingSite], contextlib.AbstractContextManager[Page]]
SCENES: dict[str, Scene] = {
    "overview": overview,
    "phone": phone,
    "plan": plan,
    "set-up": set_up,
    "kettle": kettle,
    "protocol": protocol,
    "pairing": pairing,
}

if __name__ == "__main__":
    main()
