"""Whatever can stand in the record of changes has words on the page, in every language."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from volthus_wire import subjects

ROOT = Path(__file__).parents[2]
WEB = ROOT / "services" / "web" / "src" / "web"
CEM = ROOT / "services" / "cem" / "src" / "cem"
WORDS = ROOT / "services" / "web" / "frontend" / "src" / "i18n"
LANGUAGES = ("en", "de", "sv")
RECORDING = {"recorded", "attempt", "begin"}  # see `web.audit` and `web.api.acting`


def _trees(folder: Path) -> Iterator[ast.AST]:
    for path in sorted(folder.rglob("*.py")):
        yield ast.parse(path.read_text())


def _calls(folder: Path) -> Iterator[ast.Call]:
    for tree in _trees(folder):
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _texts(*nodes: ast.AST) -> Iterator[str]:
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def _of_the_door() -> set[str]:
    """Return what the front door records of itself: `users.create`."""
    found: set[str] = set()
    for call in _calls(WEB):
        if _called(call) in RECORDING:
            found.update(text for text in _texts(*call.args) if text.count(".") == 1)
    for tree in _trees(WEB):  # an action chosen a line before it is recorded
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "action":
                found.update(_texts(*_choices(node.value)))
    return found


def _choices(value: ast.expr) -> tuple[ast.AST, ...]:
    return (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)


def _of_owners() -> set[str]:
    """Return what is asked of an owner and recorded: `cem.mode-put`."""
    asked: set[str] = set()
    for tree in _trees(WEB):
        changing = {
            name.id
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and _called(call) == "change" and call.args
            for name in ast.walk(call.args[0])
            if isinstance(name, ast.Name)
        }
        asked |= _standing_for(changing, tree)
    requests = {name: getattr(subjects, name, None) for name in asked}
    return {
        one.pattern.partition(".rpc.")[2]
        for one in requests.values()
        if isinstance(one, subjects.Request) and one.pattern.startswith("site.")
    }


def _standing_for(names: set[str], tree: ast.AST) -> set[str]:
    """Return these names and those they get their values from: one of a table of requests."""
    found: set[str] = set()
    while found != names:
        found = names
        names = found | {
            name.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in found
            for name in ast.walk(node.value)
            if isinstance(name, ast.Name)
        }
    return names


def _of_sites() -> set[str]:
    """Return what a CEM records, without whom it concerns: `mode` of `mode/{ski}`."""
    found: set[str] = set()
    for call in _calls(CEM):
        if _called(call) in {"Change", "_changed"} and call.args:
            found.update(_first_text(call.args[0]))
        for keyword in call.keywords:
            if keyword.arg == "setting":
                found.update(_first_text(keyword.value))
    return {name.partition("/")[0] for name in found}


def _first_text(node: ast.expr) -> list[str]:
    return [text for text in list(_texts(node))[:1] if not text.startswith("/")]


def _words(language: str, group: str) -> set[str]:
    catalogue: dict[str, dict[str, str]] = json.loads((WORDS / f"{language}.json").read_text())
    return {name for name, text in catalogue[group].items() if text}


def test_no_action_in_the_record_of_changes_is_without_words() -> None:
    door, owners = _of_the_door(), _of_owners()
    assert {"users.create", "auth.session", "site.describe"} <= door
    assert {"cem.mode-put", "eebus.pair", "meter.decide"} <= owners
    wanted = {action.replace(".", "-") for action in door | owners}
    for language in LANGUAGES:
        assert _words(language, "audit-action") >= wanted, language


def test_no_setting_in_the_record_of_a_site_is_without_words() -> None:
    wanted = _of_sites()
    assert {"grid-connection", "mode", "fact", "car-soc", "circuit", "failsafe-test"} <= wanted
    for language in LANGUAGES:
        assert _words(language, "audit-setting") == wanted, language
