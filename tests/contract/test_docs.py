"""The documentation says what the code says: no dead link, nothing that a person meets left out.

Read from the source, not from lists kept beside it: who adds a setting, a code, a metric or a
reason without a word about it meets a failing test.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from cem.core.decision import Cause, LoadManagement
from cem.core.ladder import Stage
from cem.core.reasons import Kind
from cem.core.showing import Doing
from cem.settings import Settings as CemSettings
from eebus_gateway.settings import Settings as GatewaySettings
from enrolment.settings import Settings as EnrolmentSettings
from living_site.fleet import EPILOG as FLEET_EPILOG
from living_site.main import EPILOG
from meter_reader.settings import Settings as MeterReaderSettings
from smart_charging.settings import Settings as SmartChargingSettings
from updater.settings import Settings as UpdaterSettings
from web.app import create_app
from web.refusals import REFUSALS
from web.settings import Settings as WebSettings

ROOT = Path(__file__).parents[2]
OPERATE = ROOT / "docs" / "operate"
SERVICES = {
    "meter-reader": MeterReaderSettings,
    "eebus-gateway": GatewaySettings,
    "cem": CemSettings,
    "web": WebSettings,
    "smart-charging": SmartChargingSettings,
    "enrolment": EnrolmentSettings,
    "updater": UpdaterSettings,
}
PRODUCT = ("services/*/src", "tools/updater/src", "libs/kit/src", "libs/eebus/src/eebus/transport")
SKIPPED = {".venv", "node_modules", ".state", ".tools", ".git"}
# Read by scripts and tests, not by a program with settings.
BY_SCRIPTS = {
    "VOLTHUS_API",
    "VOLTHUS_INTEROP",
    "VOLTHUS_ODD_REQUESTS",
    "VOLTHUS_INTEROP_GROUND",
    "VOLTHUS_INTEROP_RECORD",
    "VOLTHUS_PLANNER",
    "VOLTHUS_PLANNER_CACHE",
    "VOLTHUS_SHARED",
    "VOLTHUS_TEST_WORKERS",
}

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"VOLTHUS_[A-Z][A-Z_]*[A-Z]")


def pages() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*.md") if not SKIPPED & set(p.relative_to(ROOT).parts))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def modules() -> Iterator[ast.Module]:
    for pattern in PRODUCT:
        for root in ROOT.glob(pattern):
            for path in root.rglob("*.py"):
                yield ast.parse(path.read_text())


def first_words(call_names: set[str], place: int = 0) -> set[str]:
    """Return the literal texts given as argument `place` to calls of these names."""
    found = set()
    for module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and _called(node) in call_names:
                found |= _texts(node.args[place : place + 1])
    return found


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _texts(arguments: list[ast.expr]) -> set[str]:
    """Return the literals an argument may be, both branches of a choice included."""
    texts = set()
    for argument in arguments:
        is_choice = isinstance(argument, ast.IfExp)
        for node in (argument.body, argument.orelse) if is_choice else (argument,):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    return texts


def codes(found: set[str]) -> set[str]:
    return {text for text in found if re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}


def missing(wanted: set[str], page: Path) -> set[str]:
    """Return which of these words do not stand in backticks on a page, outside of examples."""
    told = set(re.findall(r"`([^`\n]+)`", FENCE.sub("", page.read_text())))
    return wanted - told


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, up to the next one of any depth."""
    _, _, rest = page.read_text().partition(f"\n### {heading}\n")
    assert rest, f"{named(page)} has no section {heading!r}"
    return re.split(r"^#{1,4} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the common renderers make them."""
    headings = re.findall(r"^#{1,6} (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        for heading in headings
    }


# --- links and files -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "routes").glob("*.md")), ids=named)
def test_every_file_name_on_a_route_is_a_link(page: Path) -> None:
    """A name that is no link is not checked, and would outlive its file."""
    text = LINK.sub("", FENCE.sub("", page.read_text()))
    assert re.findall(r"`[\w/.-]+\.(?:py|proto|toml|vue)`", text) == []


def test_every_package_introduces_itself() -> None:
    packages = {p.parent for place in ("libs", "services", "sim", "tools")
                for p in ROOT.glob(f"{place}/*/pyproject.toml")}  # fmt: skip
    assert packages
    assert [named(p) for p in packages if not (p / "README.md").exists()] == []


def test_every_decision_is_listed_once_and_numbered_without_gaps() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = LINK.findall((ROOT / "docs" / "decisions" / "README.md").read_text())
    assert listed == [record.name for record in records]
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
        assert headings == [
            "Context", "Decision", "What it costs", "What would make us change it",
        ], record.name  # fmt: skip


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    unknown = {
        (named(page), target)
        for page in pages()
        for target in re.findall(r"`make ([a-z-]+)", page.read_text())
        if target not in targets
    }
    assert unknown == set()


# --- settings ------------------------------------------------------------------------------------


def variables(settings: type[BaseSettings]) -> set[str]:
    prefix = settings.model_config.get("env_prefix") or ""
    return {f"{prefix}{name}".upper() for name in settings.model_fields}


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_of_a_service_is_explained(service: str) -> None:
    assert missing(variables(SERVICES[service]), OPERATE / "running.md") == set()


@pytest.mark.parametrize("service", ["meter-reader", "eebus-gateway", "cem", "web"])
def test_a_services_own_settings_stand_in_its_own_section(service: str) -> None:
    shared = set.intersection(*(variables(settings) for settings in SERVICES.values()))
    site = variables(CemSettings) & variables(GatewaySettings) & variables(MeterReaderSettings)
    own = variables(SERVICES[service]) - shared - (site if service != "web" else set())
    told = VARIABLE.findall(section(OPERATE / "running.md", f"`{service}`"))
    assert own == set(told)


def test_every_setting_of_make_run_is_explained() -> None:
    told = set(VARIABLE.findall(section(OPERATE / "running.md", "`make run`")))
    assert set(VARIABLE.findall(EPILOG + FLEET_EPILOG)) <= told


def test_no_page_names_a_setting_that_nobody_reads() -> None:
    known = set(VARIABLE.findall(EPILOG + FLEET_EPILOG)) | BY_SCRIPTS
    for settings in SERVICES.values():
        known |= variables(settings)
    told = {(named(p), name) for p in pages() for name in VARIABLE.findall(p.read_text())}
    assert {(page, name) for page, name in told if name not in known} == set()


# --- words, codes, metrics, paths ----------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [Kind, Stage, LoadManagement, Doing], ids=lambda words: str(words.__name__)
)
def test_every_word_of_the_live_picture_is_defined(words: type[Kind]) -> None:
    assert missing({word.value for word in words}, ROOT / "docs" / "words.md") == set()


def test_every_notice_is_defined() -> None:
    found = first_words({"Notice"})
    assert {"meter-silent", "store-failing"} <= found, "the search itself must find something"
    assert missing(found, ROOT / "docs" / "words.md") == set()


def test_every_refusal_is_explained() -> None:
    refusing = {"RefusedError", "CommandRefusedError", "Objection", "LineError", "Problem"}
    found = set(REFUSALS) | codes(first_words(refusing))
    found |= codes(first_words({"ProblemError"}, place=1))
    assert {"site-full", "no-answer", "too-many-attempts", "one-phase-meter"} <= found
    assert missing(found, OPERATE / "troubleshooting.md") == set()


def test_every_warning_in_a_log_is_explained() -> None:
    found = first_words({"warning", "error", "exception"})
    assert {"limit refused", "bus lost"} <= found
    assert missing(found, OPERATE / "troubleshooting.md") == set()


def test_every_metric_is_explained_and_none_is_invented() -> None:
    counted = first_words({"Counter", "Gauge", "Histogram", "Series"}) | {"volthus_build_info"}
    counted = {name for name in counted if name.startswith("volthus_")}
    assert "volthus_overcurrent_seconds_total" in counted
    told = set(re.findall(r"`(volthus_[a-z0-9_]+)", (OPERATE / "running.md").read_text()))
    assert told == counted


def test_every_cause_of_an_overload_is_named() -> None:
    assert missing({cause.value for cause in Cause}, OPERATE / "running.md") == set()


def test_the_list_of_the_api_is_complete_and_true() -> None:
    document = create_app(None, Path("nowhere"), {}).openapi()
    offered = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    text = (OPERATE / "api.md").read_text()
    told = re.findall(r"^\| (GET|POST|PUT|PATCH|DELETE) \| `([^`]+)` \|", text, re.MULTILINE)
    assert set(told) == offered
