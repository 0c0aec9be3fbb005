"""Row A2 in the browser: who sees what; the page hides it, the API refuses it."""

import pytest
from browser import logged_in, shoot, type_log_in, visit
from playwright.sync_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]


def test_nobody_sees_anything_before_the_log_in(browser, site):
    with visit(browser, f"{site.demo['url']}/settings") as page:
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        type_log_in(page, "service", "wrong")
        expect(page.get_by_text("User name or password is wrong.")).to_be_visible()
        expect(page.get_by_role("textbox", name="Password")).to_have_value("")
        user = site.demo["users"]["service"]
        type_log_in(page, user["username"], user["password"])
        # Where one wanted to go is where one arrives.
        expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


def test_a_standard_user_sees_the_overview_and_no_settings(browser, site):
    with logged_in(browser, site, "standard") as page:
        expect(page.get_by_role("heading", name="Garage left")).to_be_visible()
        for name in ("Pairing", "Settings"):
            expect(page.get_by_role("link", name=name)).to_have_count(0)
        for path in ("/settings", "/pairing"):
            page.goto(site.demo["url"] + path)
            expect(page.get_by_role("heading", name="Garage left")).to_be_visible()
            assert page.url.rstrip("/") == site.demo["url"]
        shoot(page, "overview-standard-1280-en")


def test_a_standard_user_who_asks_the_api_is_refused(browser, site):
    with logged_in(browser, site, "standard") as page:
        refused = page.evaluate(
            """async site => {
                const me = await (await fetch('/api/v1/auth/me')).json();
                const answer = await fetch(`/api/v1/sites/${site}/energy-management`, {
                    method: 'PUT',
                    headers: {'content-type': 'application/json', 'x-csrf-token': me.csrf_token},
                    body: JSON.stringify({on: false}),
                });
                return [answer.status, (await answer.json()).code];
            }""",
            site.demo["site"],
        )
        assert refused == [403, "role-not-allowed"]


def test_a_service_user_finds_settings_and_pairing_and_logs_out(browser, site):
    with logged_in(browser, site) as page:
        page.get_by_role("link", name="Settings").click()
        expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
        page.get_by_role("link", name="Pairing").click()
        expect(page.get_by_role("heading", name="Pairing", level=1)).to_be_visible()
        page.get_by_role("button", name="Language, appearance and log-out").click()
        page.get_by_role("menuitem", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.goto(f"{site.demo['url']}/settings")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
