"""The API as a page to read, drawn from its OpenAPI document. Pure; needs no script."""

from collections import defaultdict
from collections.abc import Mapping
from html import escape
from typing import cast

Json = Mapping[str, object]

_STYLE = """
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin-bottom:1.5rem}
td,th{padding:.35rem .5rem;border-bottom:1px solid #8886;text-align:left;vertical-align:top}
code{font-size:.95em;overflow-wrap:anywhere}
.m{font-weight:600;width:5rem}.r{width:6rem;opacity:.75}
"""


def page(document: Json, address: str) -> str:
    """Return the page; `address` is where the document itself is found."""
    described = cast("Json", document["info"])
    groups = _groups(document)
    title = f"{described['title']} API {described['version']}"
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width,initial-scale=1'>",
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1><p>{escape(str(described.get('description', '')))}</p>",
        f"<p>For generators: <a href='{escape(address)}'>OpenAPI document</a>.</p>",
    ]
    for group, rows in groups.items():
        head = "<tr><th>Method<th>Address<th>What it does<th>Role<th>Scope</tr>"
        parts.append(f"<h2>{escape(group)}</h2><table>{head}{''.join(rows)}</table>")
    return "\n".join(parts)


def _groups(document: Json) -> Mapping[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    paths = cast("Mapping[str, Mapping[str, Json]]", document["paths"])
    for path, operations in paths.items():
        for method, operation in operations.items():
            group = cast("list[str]", operation.get("tags") or ["Other"])[0]
            groups[group].append(_row(method, path, operation))
    return groups


def _row(method: str, path: str, operation: Json) -> str:
    what = operation.get("description") or operation.get("summary") or ""
    role = operation.get("x-required-role") or "anybody"
    scope = operation.get("x-required-scope") or "-"
    return (
        f"<tr><td class=m>{escape(method.upper())}<td><code>{escape(path)}</code>"
        f"<td>{escape(str(what))}<td class=r>{escape(str(role))}"
        f"<td class=r>{escape(str(scope))}</tr>"
    )
