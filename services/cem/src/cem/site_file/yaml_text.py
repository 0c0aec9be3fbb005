"""YAML text to plain values and back, without YAML's surprises.

Words such as `on` and `no` stay words, 07:30 stays text, every key is text, a key that stands
twice and every reference (which could unfold to gigabytes) is refused.
"""

import re
from typing import TypeAlias

import yaml

from cem.site_file.errors import SiteFileError
from cem.site_file.parts import Plain

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
HEADER = "# Volthus site file: docs/operate/site-file.md says what each line means.\n"
Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "false": False, "False": False,
    "null": None, "Null": None, "~": None, "": None,
}  # fmt: skip
INTEGER = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def parse(text: str) -> dict[str, Value]:
    """Return what a site file says. Raises SiteFileError with the place that cannot be read."""
    if len(text.encode()) > MOST_BYTES:
        raise SiteFileError("", f"The file is larger than {MOST_BYTES} bytes.")
    try:
        _look_through(text)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise SiteFileError("", f"The file is no YAML: {told}.") from error
    except RecursionError as error:
        raise SiteFileError("", "The file is nested too deeply.") from error
    value = None if node is None else _value(node, "", 0)
    if not isinstance(value, dict):
        raise SiteFileError("", "The file holds no settings; expected `version: 1` and sections.")
    return value


def write(plain: Plain) -> str:
    """Return settings as the text of a site file."""
    return HEADER + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def _look_through(text: str) -> None:
    """Refuse what would take long or much to build, as soon as it is met."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise SiteFileError("", "The file refers to a part of itself (*name); write it out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise SiteFileError("", "The file is nested too deeply.")


def _value(node: yaml.Node, at: str, depth: int) -> Value:
    if depth > MOST_DEPTH:
        raise SiteFileError(at, "The file is nested too deeply.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, at, depth)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, f"{at}/{n}", depth + 1) for n, each in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - there is no fourth kind
    return _scalar(node)


def _mapping(node: yaml.MappingNode, at: str, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise SiteFileError(at, f"A key in line {line} is no plain word.")
        key = str(key_node.value)
        if key in found:
            raise SiteFileError(f"{at}/{key}", f"{at}/{key} stands twice; again in line {line}.")
        found[key] = _value(value_node, f"{at}/{key}", depth + 1)
    return found


def _scalar(node: yaml.ScalarNode) -> Value:
    text = str(node.value)
    if node.style is not None:  # in quotes
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text) if len(text) <= 18 else text
    return float(text) if NUMBER.fullmatch(text) else text
