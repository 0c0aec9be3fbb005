"""Row C12 in the browser: a backup is downloaded, looked at and put back, in two languages."""

import json
from pathlib import Path

import pytest
from browser import logged_in, words
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]


def download(page: Page, language: str, to: Path) -> dict:
    with page.expect_download() as given:
        page.get_by_role("button", name=words(language)["backup.save"]).click()
    given.value.save_as(to)
    assert given.value.suggested_filename.endswith(".volthus-backup.json")
    return json.loads(to.read_text())


def choose(page: Page, file: Path) -> None:
    page.locator("#backup input[type=file]").set_input_files(file)


def test_a_backup_is_kept_looked_at_and_put_back(browser, site, tmp_path):
    here, other = tmp_path / "here.json", tmp_path / "other.json"
    with logged_in(browser, site, path="/settings") as page:
        text = words("en")
        kept = download(page, "en", here)
        assert kept["format"] == "volthus-backup"
        changed = kept | {
            "site_file": kept["site_file"].replace("credits_sun: false", "credits_sun: true"),
            "devices": [
                *kept["devices"],
                {"ski": "f" * 40, "name": "Elsewhere", "kind": "charger"},
            ],
        }
        assert changed["site_file"] != kept["site_file"]
        other.write_text(json.dumps(changed))
        choose(page, other)
        card = page.locator("#backup")
        expect(card).to_contain_text("/operator/credits_sun")
        expect(card).to_contain_text("Elsewhere")
        card.get_by_role("button", name=text["backup.apply"], exact=True).click()
        expect(card).to_contain_text(text["backup.applied"])
        (tmp_path / "wrong.json").write_text("{]")
        choose(page, tmp_path / "wrong.json")
        expect(card).to_contain_text(text["backup.unreadable"])
    with logged_in(browser, site, path="/settings", language="de") as page:
        text, card = words("de"), page.locator("#backup")
        choose(page, here)
        expect(card).to_contain_text("/operator/credits_sun")
        card.get_by_role("button", name=text["backup.apply"], exact=True).click()
        expect(card).to_contain_text(text["backup.applied"])
        choose(page, here)
        expect(card).to_contain_text(text["backup.no-change"])
        assert download(page, "de", other)["site_file"] == kept["site_file"]
