"""Makes Grafana's dashboards from the boards of deploy/observability; `--check` only compares.

A board says what people see: rows of panels with a query, a unit, limits and a sentence. Where
each panel lies, and all that Grafana wants to read besides, is worked out here.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

PLACE = Path(__file__).parents[1] / "deploy" / "observability"
WIDTH = 24  # columns of a dashboard
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
QUERIES_OF = {
    "site": ("Site", 'label_values(volthus_grid_limit_amperes, site)', {}),
    "site_or_all": ("Site", 'label_values(volthus_grid_limit_amperes, site)', {"all": True}),
    "fleet_sites": ("Site", "label_values(volthus_site_up, site)", {"all": True}),
    "charger": (
        "Charger", 'label_values(volthus_charger_connected{site="$site"}, charger)', {"all": True},
    ),
}  # fmt: skip
NAMES = {"site_or_all": "site", "fleet_sites": "site"}
DASHED = {"fill": "dash", "dash": [8, 6]}

Json = dict[str, Any]


def variable(key: str) -> Json:
    """Return a template variable: a list that Grafana asks the metrics for."""
    label, query, options = QUERIES_OF[key]
    found: Json = {
        "name": NAMES.get(key, key), "label": label, "type": "query", "datasource": SOURCE,
        "definition": query, "query": {"query": query, "refId": key}, "refresh": 2, "sort": 1,
        "includeAll": bool(options), "multi": bool(options), "current": {}, "options": [],
    }  # fmt: skip
    if options:
        found |= {"allValue": ".*", "current": {"text": "All", "value": "$__all"}}
    return found


def data_source() -> Json:
    """Return the variable by which one chooses the Prometheus."""
    return {
        "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
        "current": {}, "hide": 0, "refresh": 1, "options": [],
    }  # fmt: skip


def limits(steps: Mapping[str, float | None] | None) -> Json:
    """Return from which value on something has which colour; None = from the lowest on."""
    chosen = steps or {"green": None}
    return {
        "mode": "absolute",
        "steps": [{"color": color, "value": value} for color, value in chosen.items()],
    }


def target(number: int, query: Json, *, is_table: bool) -> Json:
    """Return one query of a panel."""
    found: Json = {
        "refId": chr(ord("A") + number), "datasource": SOURCE, "expr": query["expr"],
        "legendFormat": query.get("legend", "__auto"), "editorMode": "code",
    }  # fmt: skip
    return found | ({"instant": True, "format": "table"} if is_table else {"range": True})


def lines_of(panel: Json) -> list[Json]:
    """Return how the dashed lines of a panel differ: limits beside what is measured."""
    return [
        {
            "matcher": {"id": "byFrameRefID", "options": chr(ord("A") + number)},
            "properties": [
                {"id": "custom.lineStyle", "value": DASHED},
                {"id": "custom.fillOpacity", "value": 0},
                {"id": "custom.stacking", "value": {"mode": "none"}},
            ],
        }
        for number, query in enumerate(panel["queries"])
        if query.get("line")
    ]


def series(panel: Json) -> Json:
    """Return lines, or bars of one interval each."""
    is_bars = panel["kind"] == "bars"
    custom: Json = {
        "drawStyle": "bars" if is_bars else "line",
        "fillOpacity": 70 if is_bars else 12 if panel.get("stack") else 4,
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.get("stack") else "none"},
    }
    if panel.get("thresholds"):
        custom["thresholdsStyle"] = {"mode": "dashed"}
    return {
        "type": "timeseries",
        "fieldConfig": {
            "defaults": defaults(panel) | {"custom": custom},
            "overrides": lines_of(panel),
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }  # fmt: skip


def one_number(panel: Json) -> Json:
    """Return a number, a dial or bars of the newest values."""
    options: Json = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    if panel["kind"] == "stat":
        options |= {"colorMode": "value", "graphMode": "area", "textMode": "auto"}
    if panel["kind"] == "bargauge":
        options |= {"displayMode": "gradient", "orientation": "horizontal", "showUnfilled": True}
    return {
        "type": panel["kind"],
        "fieldConfig": {"defaults": defaults(panel), "overrides": []},
        "options": options,
    }


def states(_: Json) -> Json:
    """Return bands in time, one for each thing that was so."""
    return {
        "type": "state-timeline",
        "fieldConfig": {
            "defaults": {
                "custom": {"fillOpacity": 70, "lineWidth": 0},
                "mappings": [{"type": "value", "options": {"1": {"text": " ", "index": 0}}}],
                "thresholds": limits({"blue": None}),
            },
            "overrides": [],
        },
        "options": {"mergeValues": True, "showValue": "never", "legend": {"showLegend": False}},
    }


def table(panel: Json) -> Json:
    """Return one line a site, joined from all queries; the site's name leads to it."""
    refs = [chr(ord("A") + number) for number in range(len(panel["queries"]))]
    overrides: list[Json] = [
        {
            "matcher": {"id": "byName", "options": column["name"]},
            "properties": [
                {"id": "unit", "value": column["unit"]},
                {"id": "thresholds", "value": limits(column.get("thresholds"))},
                {"id": "custom.cellOptions", "value": {"type": "color-text"}},
            ],
        }
        for column in panel["columns"]
    ]
    to_site = {"title": "See it live", "url": "/d/volthus-site?var-site=${__value.text}"}
    overrides.append(
        {
            "matcher": {"id": "byName", "options": "site"},
            "properties": [{"id": "links", "value": [to_site]}],
        }
    )
    names = {f"Value #{r}": c["name"] for r, c in zip(refs, panel["columns"], strict=True)}
    return {
        "type": "table",
        "fieldConfig": {"defaults": {}, "overrides": overrides},
        "options": {"showHeader": True, "sortBy": [{"displayName": "concerns", "desc": True}]},
        "transformations": [
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names}},
        ],
    }


def defaults(panel: Json) -> Json:
    """Return unit, limits and bounds of a panel's values."""
    found: Json = {"unit": panel["unit"], "thresholds": limits(panel.get("thresholds"))}
    found["color"] = {"mode": "thresholds" if panel["kind"] in NUMBERS else "palette-classic"}
    return found | {
        key: panel[key] for key in ("decimals", "max") if key in panel
    } | ({"min": 0} if panel["kind"] == "gauge" else {})  # fmt: skip


NUMBERS = ("stat", "gauge", "bargauge")
MADE_BY = (
    dict.fromkeys(NUMBERS, one_number)
    | dict.fromkeys(("timeseries", "bars"), series)
    | {"state-timeline": states, "table": table}
)


def panels(board: Json) -> Iterator[Json]:
    """Yield the panels from top to bottom; a row begins a new line."""
    top = number = 0
    for row in board["rows"]:
        number += 1
        place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": row["title"], "gridPos": place, "panels": []}
        left, top, height = 0, top + 1, 0
        for panel in row["panels"]:
            number += 1
            wide, high = (int(part) for part in panel["size"].split("x"))
            if left + wide > WIDTH:
                left, top, height = 0, top + height, 0
            shown = MADE_BY[panel["kind"]](panel)
            yield (
                shown
                | {
                    "id": number,
                    "title": panel["title"],
                    "description": panel["about"],
                    "datasource": SOURCE,
                    "gridPos": {"x": left, "y": top, "w": wide, "h": high},
                    "targets": [
                        target(n, query, is_table=panel["kind"] == "table")
                        for n, query in enumerate(panel["queries"])
                    ],
                }
                | ({"interval": panel["interval"]} if "interval" in panel else {})
            )
            left, height = left + wide, max(height, high)
        top += height


def dashboard(board: Json, titles: Mapping[str, str]) -> Json:
    """Return what Grafana reads. titles: of all boards by uid, for links from one to another."""
    links = [
        {
            "type": "link", "title": titles[uid], "url": f"/d/{uid}", "icon": "dashboard",
            "keepTime": True, "includeVars": True, "targetBlank": False,
        }
        for uid in board["links"]
    ]  # fmt: skip
    return {
        "uid": board["uid"],
        "title": board["title"],
        "description": board["about"],
        "tags": ["volthus"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": board["time"], "to": "now"},
        "refresh": board["refresh"],
        "links": links,
        "annotations": {"list": []},
        "templating": {"list": [data_source(), *(variable(key) for key in board["variables"])]},
        "panels": list(panels(board)),
    }


def boards() -> dict[str, Json]:
    """Return all boards by the name of their file."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted(PLACE.glob("boards/*"))}


def built() -> dict[Path, str]:
    """Return the text of each dashboard by its file."""
    found = boards()
    titles = {board["uid"]: board["title"] for board in found.values()}
    return {
        PLACE / "dashboards" / f"volthus-{name}.json": json.dumps(
            dashboard(board, titles), indent=1, ensure_ascii=False
        )
        + "\n"
        for name, board in found.items()
    }


def main() -> None:
    """Write the dashboards, or say which are not current. Exits 1 then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    is_check = parser.parse_args().check
    for path, text in built().items():
        if not is_check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.name} is not current: run scripts/build_dashboards.py")


if __name__ == "__main__":
    main()
