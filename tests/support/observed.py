"""What rules and boards ask Prometheus, and what the programs can answer; both from the files."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import promql_parser as promql
import yaml

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "deploy" / "observability"
RULES = sorted((PLACE / "rules").glob("*.yaml"))
BOARDS = sorted((PLACE / "boards").glob("*.yaml"))
CODE = ("services/*/src", "libs/kit/src", "tools/enrolment/src")
KINDS = {"Counter", "Gauge", "Histogram", "Summary", "Info"}
BY_SCRAPING = {"site", "job", "instance"}
OF_EVERY_PROCESS = {  # of the client library and of Prometheus itself
    "up": set(),
    "process_resident_memory_bytes": set(),
    "process_cpu_seconds_total": set(),
}
RECORDED_LATER = {  # figures of what has to happen first
    "site:volthus_session_solar:ratio1d": "no session has ended with energy",
    "site:volthus_reaction_seconds:p95_1h": "no limit was changed",
    "fleet:volthus_plan_wait_seconds:p95_1h": "no plan was made",
}


@dataclass(frozen=True, slots=True)
class Query:
    """One question to Prometheus. may_be_empty: why no answer can be right, "" = it cannot."""

    where: str
    expr: str
    may_be_empty: str = ""

    def asked(self, values: Mapping[str, str]) -> str:
        """Return the expression with values for Grafana's variables."""
        expr = self.expr
        for name in sorted(values, key=len, reverse=True):  # $__range_s before $__range
            expr = expr.replace(f"${name}", values[name])
        return expr


def board_queries() -> Iterator[Query]:
    """Yield what every panel of every board asks."""
    for path in BOARDS:
        for row in yaml.safe_load(path.read_text())["rows"]:
            for panel in row["panels"]:
                for query in panel["queries"]:
                    where = f"{path.stem}: {panel['title']}: {query.get('legend', '')}"
                    yield Query(where, query["expr"], panel.get("may_be_empty", ""))


def rules() -> Iterator[tuple[Path, dict]]:
    """Yield every rule with its file."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path, rule


def rule_queries() -> Iterator[Query]:
    """Yield what every rule asks; of alerts that is empty while all is well."""
    for path, rule in rules():
        name = rule.get("alert") or rule["record"]
        why = "all is well" if "alert" in rule else RECORDED_LATER.get(name, "")
        yield Query(f"{path.stem}: {name}", str(rule["expr"]), why)


def metrics_of_the_code() -> dict[str, set[str]]:
    """Return the labels of every series that the programs can have, by its name."""
    found: dict[str, set[str]] = {}
    for pattern in CODE:
        for folder in ROOT.glob(pattern):
            for path in folder.rglob("*.py"):
                for node in ast.walk(ast.parse(path.read_text())):
                    found |= _series(node)
    return found


def selectors(expr: str) -> list[tuple[str, set[str]]]:
    """Return the series an expression names, each with the labels it chooses by."""
    found: list[tuple[str, set[str]]] = []

    def look(node: promql.Expr) -> bool:
        if isinstance(node, promql.VectorSelector):
            found.append((node.name or "", {m.name for m in node.matchers.matchers}))
        return True

    promql.walk(promql.parse(expr), look)
    return found


def grouped_by(expr: str) -> set[str]:
    """Return the labels an expression sums or joins by."""
    found: set[str] = set()

    def look(node: promql.Expr) -> bool:
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            found.update(node.modifier.labels)
        if isinstance(node, promql.BinaryExpr) and node.modifier and node.modifier.matching:
            found.update(node.modifier.matching.labels)
        return True

    promql.walk(promql.parse(expr), look)
    return found


def _series(node: ast.AST) -> dict[str, set[str]]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
        return {}
    first = node.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return {}
    name, kind = first.value, node.func.id
    if kind == "Series" and name.startswith("volthus_"):
        return {name: {"site"}}
    if kind not in KINDS or not name.startswith("volthus_"):
        return {}
    labels = {
        one.value
        for argument in node.args[2:3]
        if isinstance(argument, ast.List)
        for one in argument.elts
        if isinstance(one, ast.Constant)
    }
    if kind == "Histogram":
        return {
            f"{name}_bucket": labels | {"le"},
            f"{name}_count": labels,
            f"{name}_sum": labels,
        }
    return {f"{name}_info" if kind == "Info" else name: labels}
