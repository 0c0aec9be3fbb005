"""Looks a page over with axe-core, as a screen reader's friend would (WCAG 2.2 A and AA).

axe-core comes with the page's development packages (`make setup`).
"""

from functools import cache
from typing import Any

import pytest
from living import ROOT
from playwright.sync_api import Page

AXE = ROOT / "services" / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async ([tags, rules]) => {
    const told = await axe.run(document, { runOnly: { type: 'tag', values: tags }, rules });
    return told.violations.map(({ id, help, nodes }) => ({
        id, help, where: nodes.slice(0, 4).map(each => `${each.target.join(' ')}: ${each.html}`),
    }));
}"""


@cache
def _script() -> str:
    if not AXE.exists():
        pytest.skip(f"NO AXE, PAGE NOT LOOKED OVER: {AXE} is missing; run `make setup`")
    return AXE.read_text()


# A menu hangs at the end of the document, outside of every landmark, while it is open.
NOT_WHILE_OPEN = {"region": {"enabled": False}}


def violations(page: Page, *, is_open: bool = False) -> list[dict[str, Any]]:
    """Return what axe finds wrong with the page as it stands now; empty: nothing.

    is_open: something stands over the page, a dialog or a menu.
    """
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_script())  # the content security policy keeps other scripts out
    return page.evaluate(LOOK, [TAGS, NOT_WHILE_OPEN if is_open else {}])


def told(where: str, found: list[dict[str, Any]]) -> str:
    """Return what was found, for a failing test."""
    lines = [
        f"{where}: {each['id']}: {each['help']}\n    " + "\n    ".join(each["where"])
        for each in found
    ]
    return "\n".join(lines)
