"""Draws the icons of the installed page from our mark: `python scripts/icons.py` (needs Chromium).

The pictures are kept in public/icons; run it again after the mark changed.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).parents[1] / "public" / "icons"
MARK = (
    '<path d="M8 9.5 15.1 23a1 1 0 0 0 1.8 0L24 9.5" fill="none" stroke="{line}" '
    'stroke-width="3.2" stroke-linecap="round"/><circle cx="16" cy="9.6" r="2.4" fill="{dot}"/>'
)
COLOURS = MARK.format(line="#e9f5ef", dot="#f3b63f")
GROUND = '<rect width="32" height="32" rx="{radius}" fill="#0f5c4a"/>'
# A maskable icon keeps its mark within the middle 80 %; a badge is a shape on nothing.
DRAWN = {
    "icon-192": (192, GROUND.format(radius=9) + COLOURS),
    "icon-512": (512, GROUND.format(radius=9) + COLOURS),
    "icon-180": (180, GROUND.format(radius=0) + COLOURS),
    "maskable-512": (
        512,
        GROUND.format(radius=0) + f'<g transform="translate(4 4) scale(.75)">{COLOURS}</g>',
    ),
    "badge-96": (96, MARK.format(line="#fff", dot="#fff")),
}


def main() -> None:
    """Draw them all."""
    ICONS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, (size, drawing) in DRAWN.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{drawing}</svg>'
            style = "<style>*{margin:0}svg{display:block;width:100vw;height:100vh}</style>"
            page.set_content(style + svg)
            page.screenshot(path=ICONS / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
