"""A bare site is set up by clicking, from the main fuse to the signed protocol (A1 to A15, A20)."""

import json
import re
from collections.abc import Iterator

import pytest
from browser import in_groups, logged_in, post, shoot, visit, words
from living import LivingSite, living_site
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(420)]

DE = words("de")
GREEN_MS = 30_000.0
PROOF_MS = 90_000.0
CHARGES_MS = 60_000.0


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[LivingSite]:
    """A living site as it is delivered: nothing is set, no charger is confirmed."""
    with living_site(tmp_path_factory.mktemp("bare"), VOLTHUS_BARE="1") as running:
        # What the house takes depends on the hour; room for a proof must not.
        post(f"{running.outside}/api/household", {"l1_w": 400, "l2_w": 400, "l3_w": 400})
        yield running


def opened(page: Page, step: str) -> None:
    """Go to a step of the guided set-up."""
    name = re.compile(re.escape(DE[f"set-up.{step}"]))
    page.get_by_role("navigation", name=DE["set-up.steps"]).get_by_role("button", name=name).click()
    heading = page.get_by_role("heading", level=2, name=name).first
    expect(heading).to_be_focused()


def state_of(page: Page, step: str) -> Locator:
    name = re.compile(re.escape(DE[f"set-up.{step}"]))
    return page.get_by_role("navigation", name=DE["set-up.steps"]).get_by_role("button", name=name)


def set_fuse(page: Page) -> None:
    page.get_by_role("link", name=DE["set-up.begin"]).click(timeout=GREEN_MS)
    each = DE["phases.all"]
    expect(page.get_by_text(DE["grid.never-set"])).to_be_visible()  # or what is typed is replaced
    fuse = page.get_by_role("group", name=DE["grid.fuse"]).get_by_role("textbox", name=each)
    base = page.get_by_role("group", name=DE["grid.base-load"]).get_by_role("textbox", name=each)
    fuse.fill("35")
    base.fill("1,5")
    page.get_by_role("button", name=DE["save.save"]).click()
    expect(state_of(page, "fuse")).to_contain_text(DE["set-up.state-done"])
    picture = page.get_by_role("region", name=re.compile(r"35\sA"))
    expect(picture).to_be_visible()


def set_meter(page: Page, site: LivingSite) -> None:
    meter = json.loads((site.state / "virtual-site" / "ready.json").read_text())["meter"]
    opened(page, "meter")
    without = page.get_by_role("radio", name=re.compile(re.escape(DE["set-up.without-meter"])))
    without.check()
    expect(state_of(page, "meter")).to_contain_text(DE["set-up.state-done"])
    page.get_by_role("radio", name=re.compile(re.escape(DE["set-up.with-meter"]))).check()
    expect(state_of(page, "meter")).to_contain_text(DE["set-up.state-open"])
    page.get_by_role("button", name=DE["meter.add"]).click()
    page.get_by_role("textbox", name=DE["meter.host"]).fill(str(meter["host"]))
    page.get_by_role("textbox", name=DE["meter.port"]).fill(str(meter["port"]))
    page.get_by_role("button", name=DE["find.start"]).click()
    page.get_by_role("button", name=re.compile("übernehmen")).first.click(timeout=30_000)
    page.get_by_role("button", name=DE["meter.test"]).click()
    expect(page.get_by_role("table")).to_contain_text("L3", timeout=20_000)
    page.get_by_role("button", name=DE["save.save"]).click()
    expect(page.get_by_text(DE["meter.is-good"], exact=True)).to_be_visible(timeout=20_000)


def check_with_a_kettle(page: Page, site: LivingSite) -> None:
    fits = re.compile(re.escape(DE["kettle.fits"].split("{by}")[0].replace("{phase}", "L1")))
    told = page.get_by_text(fits).or_(page.get_by_text(DE["kettle.unclear"]))
    now = DE["kettle.waiting"].replace("{phase}", "L1")
    for _ in range(4):  # a car may begin in between: the page says so, and one looks again
        page.get_by_role("button", name=DE["kettle.start"]).click(timeout=20_000)
        expect(page.get_by_text(now)).to_be_visible(timeout=20_000)
        post(f"{site.outside}/api/appliances/kettle", {"on": True})
        expect(told).to_be_visible(timeout=30_000)
        post(f"{site.outside}/api/appliances/kettle", {"on": False})
        if page.get_by_text(fits).is_visible():
            break
    expect(page.get_by_text(fits)).to_be_visible()


def pair_chargers(page: Page, browser, site: LivingSite) -> None:
    """The site's own charger was paired by itself; another is found and added."""
    opened(page, "chargers")
    own, other = site.charger(0), site.charger(1)
    told = page.get_by_role("region", name=DE["pairing.own-title"])
    ours = "".join(re.search(r"(?:[0-9a-f]{4} ){9}[0-9a-f]{4}", told.inner_text())[0].split())
    expect(told.get_by_role("img", name=DE["pairing.qr"])).to_be_visible()
    found = page.get_by_role("region", name=DE["pairing.found"], exact=True)
    paired = page.get_by_role("region", name=DE["pairing.paired"], exact=True)
    row = found.get_by_role("listitem").filter(has_text=in_groups(other["ski"]))
    row.get_by_role("checkbox").check()
    found.get_by_role("button", name=re.compile(DE["pairing.add"].split(" ")[0])).click()
    for charger in (own, other):
        line = paired.get_by_role("listitem").filter(has_text=in_groups(charger["ski"]))
        expect(line.get_by_text(DE["pairing.turn-charger"])).to_be_visible(timeout=GREEN_MS)
        with visit(browser, f"{charger['url']}/") as its_page:
            its_page.get_by_role("button", name="Connections").click()
            offered = its_page.get_by_role("listitem").filter(has_text=in_groups(ours))
            offered.get_by_role("button", name="Pair").click()
            expect(its_page.get_by_role("button", name="Unpair")).to_be_visible()
        connected = DE["connection.connected"]
        expect(line.get_by_text(connected, exact=True)).to_be_visible(timeout=GREEN_MS)


def set_charger(page: Page, number: int) -> None:
    """Say what is wired: 16 A at most, 6 A when everything is silent."""
    whole = page.locator("details.whole").nth(number)
    whole.locator("summary").first.click()
    whole.get_by_role("textbox", name=DE["charger.max"]).fill("16")
    whole.get_by_role("textbox", name=DE["charger.failsafe"]).fill("6")
    whole.get_by_role("button", name=DE["save.save"]).click()
    expect(whole.get_by_text(DE["save.done"])).to_be_visible()


def switch_on(page: Page) -> None:
    opened(page, "failsafe")
    expect(page.get_by_text(DE["failsafe.fits"])).to_be_visible()
    shoot(page, "set-up-failsafe-1280-de")
    opened(page, "on")
    page.get_by_role("switch").click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    yes = dialog.get_by_role("button", name=DE["energy.switch-on"])
    expect(yes).to_be_disabled()
    dialog.get_by_role("checkbox").check()
    yes.click()
    expect(state_of(page, "on")).to_contain_text(DE["set-up.state-done"])


def prove_a_failsafe(page: Page) -> None:
    """A charging car falls to 6 A by itself while its charger hears nothing."""
    opened(page, "proof")
    proofs = page.locator("ul.proofs > li")
    # Its car must have risen clearly above 6 A; cars take turns and rise step by step.
    drawn = page.locator(".drawn").filter(has_text=re.compile(r"^(9|1\d)"))
    expect(drawn.first).to_be_visible(timeout=CHARGES_MS)
    name = proofs.filter(has=drawn).first.locator("strong").inner_text()
    line = proofs.filter(has_text=name)
    line.get_by_role("button", name=DE["proof.start-name"].replace("{name}", name)).click()
    expect(line.get_by_text(DE["proof.making-room"])).to_be_visible()
    proven = re.compile(DE["proof.done"].split("{before}")[0])
    expect(line.get_by_text(proven)).to_be_visible(timeout=PROOF_MS)
    shoot(page, "set-up-proof-1280-de")


def test_a_bare_site_is_set_up_by_clicking_and_its_protocol_signed(browser, site):
    with logged_in(browser, site, language="de") as page:
        set_fuse(page)
        set_meter(page, site)
        check_with_a_kettle(page, site)
        shoot(page, "set-up-meter-1280-de")
        pair_chargers(page, browser, site)
        for number in (0, 1):
            set_charger(page, number)
        page.reload()  # what was saved is there, and it goes on where it ended
        expect(state_of(page, "chargers")).to_contain_text(DE["set-up.state-done"])
        switch_on(page)
        prove_a_failsafe(page)
        opened(page, "protocol")
        page.get_by_role("link", name=DE["set-up.to-protocol"]).click()
        sheet = page.get_by_role("article")
        expect(sheet).to_contain_text(re.compile("nachgewiesen: "))
        expect(sheet).to_contain_text(in_groups(site.charger(1)["ski"]))
        page.get_by_role("button", name=DE["acceptance.sign-now"]).click()
        expect(page.get_by_text(DE["invalid.empty"])).to_be_visible()
        page.get_by_role("textbox", name=DE["acceptance.electrician"]).fill("Eva Berg")
        page.get_by_role("textbox", name=DE["acceptance.remarks"]).fill("Wandler an L2 gedreht.")
        page.get_by_role("button", name=DE["acceptance.sign-now"]).click()
        expect(sheet).to_contain_text("Eva Berg")
        expect(sheet).to_contain_text(re.compile(r"([0-9a-f]{4} ){15}[0-9a-f]{4}"))
        assert page.url.endswith("/acceptance/1")


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_signed_protocol_is_printed_in_the_language_chosen(browser, site, language):
    said = words(language)
    with logged_in(browser, site, path="/acceptance/1", language=language) as page:
        sheet = page.get_by_role("article")
        expect(sheet).to_contain_text("Eva Berg")
        page.emulate_media(media="print")
        expect(page.get_by_role("banner")).to_be_hidden()
        expect(page.get_by_role("button", name=said["acceptance.print"])).to_be_hidden()
        expect(sheet.get_by_text(said["acceptance.signature"], exact=True)).to_be_visible()
        expect(sheet.get_by_role("img", name=said["pairing.qr"])).to_be_visible()
        pages = len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True)))
        assert 1 <= pages <= 3
        shoot(page, f"acceptance-print-{language}")


def test_a_driver_finds_neither_set_up_nor_protocol(browser, site):
    with logged_in(browser, site, "standard", path="/set-up") as page:
        expect(page).to_have_url(f"{site.demo['url']}/")
        page.goto(f"{site.demo['url']}/acceptance")
        expect(page).to_have_url(f"{site.demo['url']}/")
