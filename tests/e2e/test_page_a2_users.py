"""Row A2 in the browser: a user is made, changes the given password first, and stays a driver."""

import httpx
import pytest
from browser import PHONE, logged_in, shoot, type_log_in, visit, words
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "three green cars"


def make_user(page: Page, name: str) -> str:
    """Make a standard user at the page. Returns the password that is shown once."""
    page.get_by_role("button", name="Add user").click()
    page.get_by_role("textbox", name="User name").fill(name)
    page.get_by_role("button", name="Make user").click()
    given = page.get_by_role("status").filter(has_text=f"{name} is made.")
    password = given.locator("code").inner_text()
    given.get_by_role("button", name="Noted").click()
    expect(page.get_by_text(password)).to_have_count(0)
    return password


def change_password(page: Page, old: str, new: str) -> None:
    page.locator("input[name=old-password]").fill(old)
    page.locator("input[name=new-password]").fill(new)
    page.locator("input[name=again-password]").fill(new)
    page.locator("input[name=again-password]").press("Enter")


def test_a_new_user_changes_the_given_password_and_reaches_no_settings(browser, site):
    url, de = site.demo["url"], words("de")
    with logged_in(browser, site, path="/users") as page:
        password = make_user(page, "bo")
        expect(page.get_by_role("region", name="bo", exact=True)).to_contain_text(
            "Has to change the password"
        )
        shoot(page, "users-1280-en")

        with visit(browser, f"{url}/settings", language="de", width=PHONE) as theirs:
            type_log_in(theirs, "bo", password)
            expect(theirs.get_by_text(de["account.first"])).to_be_visible()
            theirs.goto(f"{url}/history")
            expect(theirs.get_by_text(de["account.first"])).to_be_visible()
            change_password(theirs, password, "kurz")
            expect(theirs.get_by_role("alert")).to_have_text(de["account.rule"])
            shoot(theirs, "account-forced-390-de")
            change_password(theirs, password, PASSWORD)
            expect(theirs.get_by_role("heading", name="Garage left")).to_be_visible()
            for path in ("/settings", "/users", "/audit"):
                theirs.goto(url + path)
                expect(theirs.get_by_role("heading", name="Garage left")).to_be_visible()
            theirs.goto(f"{url}/account")
            expect(theirs.get_by_text(de["account.this"])).to_be_visible()

        login = {"username": "bo", "password": PASSWORD}
        with httpx.Client(base_url=f"{url}/api/v1", timeout=10) as api:
            token = api.post("/auth/token", data=login).json()["access_token"]
            api.headers["Authorization"] = f"Bearer {token}"
            demo = site.demo["site"]
            for path in ("/users", "/audit", f"/sites/{demo}/grid-connection"):
                assert api.get(path).json()["code"] == "role-not-allowed"

        page.goto(f"{url}/audit")
        page.get_by_role("searchbox", name="Who").fill("bo")
        expect(page.get_by_text("Change the own password")).to_be_visible()
        shoot(page, "audit-1280-en")
        page.get_by_role("searchbox", name="Who").fill("service")
        page.get_by_role("button").filter(has_text="Create a user").first.click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_role("row").filter(has_text="username")).to_contain_text("bo")
        expect(drawer).not_to_contain_text(password)
        page.keyboard.press("Escape")

        page.goto(f"{url}/users")
        row = page.get_by_role("region", name="bo", exact=True)
        row.get_by_role("button", name="Delete").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
        expect(row).to_have_count(0)
