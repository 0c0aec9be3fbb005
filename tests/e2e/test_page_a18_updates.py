"""Row A18 in the browser: a newer release is read, declined with what that means, installed."""

import json

import pytest
from browser import PHONE, logged_in, shoot, words
from living import living_site
from playwright.sync_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(200)]

NEWER = "9.9.0"
TEXTS = {
    "notes": {"en": "Cars find their phase faster.", "sv": "Bilar hittar sin fas snabbare."},
    "if_declined": {
        "en": "Overloads are seen later.",
        "sv": "Överbelastningar upptäcks senare.",
    },
}


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """A site that hears of a newer release; nothing else is set up there."""
    folder = tmp_path_factory.mktemp("updates")
    release = {"version": NEWER, "published": "2026-11-20T08:00:00Z", "urgency": "safety"} | TEXTS
    feed = folder / "releases.json"
    feed.write_text(json.dumps({"format": "volthus-releases/1", "releases": [release]}))
    env = {"VOLTHUS_RELEASES": str(feed), "VOLTHUS_UPDATE_COMMAND": "make update TO={version}"}
    with living_site(folder, VOLTHUS_BARE="1", **env) as running:
        yield running


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("sv", PHONE)])
def test_a_release_is_declined_with_its_consequences_and_installed(
    browser, offered, language, width
):
    say = words(language)
    with logged_in(
        browser, offered, path="/settings#software", language=language, width=width
    ) as page:
        card = page.locator("#software")
        expect(card.get_by_text(say["software.newer"].format(version=NEWER))).to_be_visible()
        expect(card.get_by_text(TEXTS["notes"][language])).to_be_visible()
        expect(card.get_by_text(say["software.safety"])).to_be_visible()
        card.get_by_role("button", name=say["software.decline"]).click()
        asked = page.get_by_role("alertdialog")
        expect(asked).to_contain_text(TEXTS["if_declined"][language])
        asked.get_by_role("button", name=say["software.decline"]).click()
        expect(card.get_by_role("status")).to_contain_text(TEXTS["if_declined"][language])
        shoot(page, f"updates-declined-{width}-{language}")
        card.get_by_role("button", name=say["software.take-back"]).click()
        card.get_by_role("button", name=say["software.install"].format(version=NEWER)).click()
        expect(card.get_by_text(f"make update TO={NEWER}")).to_be_visible()
        shoot(page, f"updates-chosen-{width}-{language}")
        card.get_by_role("button", name=say["software.take-back"]).click()
        expect(card.get_by_role("button", name=say["software.decline"])).to_be_visible()
