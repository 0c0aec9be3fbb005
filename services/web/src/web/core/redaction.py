"""Takes secrets out of what is recorded. Pure."""

import json
import re

HIDDEN = "***"
_SECRET = re.compile(r"(token|password|secret|api_?key|private_?key)$", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """Return a JSON text whose members named like secrets are hidden; other text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return json.dumps(_hidden(value), ensure_ascii=False, separators=(",", ":"))


def _hidden(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: HIDDEN if _SECRET.search(name) and isinstance(one, str) and one else _hidden(one)
            for name, one in value.items()
        }
    return [_hidden(one) for one in value] if isinstance(value, list) else value
