"""What the guides call by the page's own words (*Settings, Energy meters*) stands there so."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs" / "operate").glob("*.md"))]
WORDS = ROOT / "services/web/frontend/src/i18n/en.json"
# Words of a charger's own page, of Kubernetes, Grafana and Modbus.
OF_OTHERS = {
    "EEBUS-HEMS", "Connections", "EEBUS", "HEMS", "Recreate", "Prometheus", "RTU over TCP",
}  # fmt: skip


def texts(words: object) -> Iterator[str]:
    """Yield every text of the page, each of the forms that a number chooses for itself."""
    if isinstance(words, dict):
        for word in words.values():
            yield from texts(word)
    else:
        yield from (form.strip() for form in str(words).split("|"))


ON_THE_PAGE = set(texts(json.loads(WORDS.read_text()))) | OF_OTHERS


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_a_guide_calls_by_the_words_of_the_page_is_there(guide):
    prose = re.sub(r"```.*?```", "", guide.read_text(), flags=re.DOTALL)
    named = re.findall(r"(?<![*\w])\*([A-Z][^*|]+?)\*(?!\*)", prose)
    parts = {" ".join(part.split()) for one in named for part in re.split(r",\s|>", one)}
    assert {part.rstrip(".") for part in parts} - ON_THE_PAGE == set()
