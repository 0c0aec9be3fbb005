"""Rules and dashboards name only what the programs have, and are what their charts ship."""

import json
import re
import subprocess
import sys
from pathlib import Path

import promql_parser
import pytest
import yaml
from observed import (
    BOARDS,
    BY_SCRAPING,
    OF_EVERY_PROCESS,
    PLACE,
    ROOT,
    RULES,
    Query,
    board_queries,
    grouped_by,
    metrics_of_the_code,
    rule_queries,
    rules,
    selectors,
)
from prometheus import binary

VALUES = {
    "site": "villa", "charger": ".*", "__rate_interval": "1m", "__range": "1h",
    "__range_s": "3600", "__interval": "15s",
}  # fmt: skip
QUERIES = [*board_queries(), *rule_queries()]
KNOWN = metrics_of_the_code() | OF_EVERY_PROCESS
RECORDED = {rule["record"] for _, rule in rules() if "record" in rule}
GUIDE = ROOT / "docs" / "operate" / "observability.md"
PROMTOOL = binary("promtool")
HELMS = [ROOT / ".tools" / "helm3", ROOT / ".tools" / "helm4"]
LAID_ON = "monitoring.coreos.com/v1"

with_promtool = pytest.mark.skipif(
    PROMTOOL is None,
    reason="NO PROMTOOL: rules are NOT tested here; `scripts/fetch-prometheus` brings it",
)
with_helm = pytest.mark.skipif(
    not all(helm.exists() for helm in HELMS),
    reason="NO HELM: charts are NOT checked here; `make helm` fetches helm and checks them",
)


def test_the_code_is_read_rightly():
    assert KNOWN["volthus_overcurrent_seconds_total"] == {"phase", "cause"}
    assert KNOWN["volthus_plan_wait_seconds_bucket"] == {"cause", "le"}
    assert KNOWN["volthus_site_up"] == {"site"}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)
def test_every_query_parses_and_names_only_series_and_labels_that_exist(query: Query):
    expr = query.asked(VALUES)
    assert "$" not in expr
    promql_parser.parse(expr)
    found = selectors(expr)
    assert found, "asks for nothing"
    labels = set(BY_SCRAPING)
    for name, chosen in found:
        assert name in KNOWN or name in RECORDED, name
        own = KNOWN.get(name, set()) | BY_SCRAPING
        assert chosen <= own, name
        labels |= own
    assert grouped_by(expr) <= labels


def test_the_dashboards_are_made_from_the_boards():
    script = ROOT / "scripts" / "build_dashboards.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = {path.stem for path in (PLACE / "dashboards").glob("*.json")}
    assert made == {f"volthus-{path.stem}" for path in BOARDS}
    assert len(made) == 6


@pytest.mark.parametrize(
    "path", sorted((PLACE / "dashboards").glob("*.json")), ids=lambda p: p.stem
)
def test_a_dashboard_is_whole(path: Path):
    board = json.loads(path.read_text())
    uids = {json.loads(p.read_text())["uid"] for p in path.parent.glob("*.json")}
    assert board["uid"] == path.stem
    assert {link["url"].removeprefix("/d/") for link in board["links"]} <= uids
    variables = {variable["name"] for variable in board["templating"]["list"]}
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies on another"
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), panel["title"]
        assert panel["type"] == "state-timeline" or "unit" in str(panel["fieldConfig"])
        for target in panel["targets"]:
            used = set(re.findall(r"\$(\w+)", target["expr"]))
            assert {one for one in used if not one.startswith("__")} <= variables
            assert target["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_says_how_grave_it_is_and_where_it_is_explained():
    headings = re.findall(r"^#+ (\w+)$", GUIDE.read_text(), re.MULTILINE)
    alerts = [rule for _, rule in rules() if "alert" in rule]
    for rule in alerts:
        assert set(rule["labels"]) == {"severity"}
        assert rule["labels"]["severity"] in {"page", "critical", "warning", "info"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        anchor = f"docs/operate/observability.md#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook"] == anchor
    names = [rule["alert"] for rule in alerts]
    assert len(set(names)) == len(names)
    assert sorted(names) == sorted(one for one in headings if one.startswith("Volthus"))


@with_promtool
def test_the_rules_can_be_loaded_and_do_what_their_tests_say():
    tests = sorted((ROOT / "tests" / "deploy" / "rules").glob("*.yaml"))
    assert [path.name for path in tests] == [path.name for path in RULES]
    for command in (["check", "rules", *RULES], ["test", "rules", *tests]):
        done = subprocess.run([PROMTOOL, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@with_helm
@pytest.mark.parametrize("helm", HELMS, ids=["helm3", "helm4"])
@pytest.mark.parametrize(
    ("chart", "files"), [("site", ("site", "door")), ("cloud", ("door", "cloud"))]
)
def test_a_chart_ships_the_files_as_they_are(chart: str, files: tuple[str, ...], helm: Path):
    objects = rendered(helm, chart, "-a", LAID_ON)
    maps = [o for o in objects if o["kind"] == "ConfigMap"]
    shown = {
        name: text
        for found in maps
        if found["metadata"]["labels"].get("grafana_dashboard") == "1"
        for name, text in found["data"].items()
    }
    assert shown == {path.name: path.read_text() for path in (PLACE / "dashboards").glob("*.json")}
    [plain] = [o["data"] for o in maps if o["metadata"]["name"].endswith("-rules")]
    wanted = {f"volthus-{name}.yaml": (PLACE / "rules" / f"{name}.yaml") for name in files}
    assert {n: yaml.safe_load(t) for n, t in plain.items()} == {
        name: yaml.safe_load(path.read_text()) for name, path in wanted.items()
    }
    for rule, path in zip(
        [o for o in objects if o["kind"] == "PrometheusRule"], wanted.values(), strict=True
    ):
        assert rule["spec"] == yaml.safe_load(path.read_text())
        assert rule["metadata"]["labels"]["release"] == "prometheus"


@with_helm
def test_without_the_operator_its_kinds_are_left_out():
    for chart in ("site", "cloud"):
        kinds = {found["kind"] for found in rendered(HELMS[1], chart)}
        assert not kinds & {"PrometheusRule", "PodMonitor"}


@with_helm
def test_every_series_of_a_site_is_scraped_with_its_name():
    [monitor] = [o for o in rendered(HELMS[1], "site", "-a", LAID_ON) if o["kind"] == "PodMonitor"]
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "site", "replacement": "observed"}]
    assert endpoint["honorLabels"] is True
    assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/name"


def rendered(helm: Path, chart: str, *arguments: str) -> list[dict]:
    place = ROOT / "deploy" / "helm" / f"volthus-{chart}"
    done = subprocess.run(
        [helm, "template", "demo", place, "-f", place / "ci" / "observed.yaml", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]
