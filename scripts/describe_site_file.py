"""Puts the shape of a site file into the site chart's schema; `--check` only compares.

So helm refuses a misspelt setting before anything is sent. The shape is the CEM's own.
"""

import json
import sys
from pathlib import Path
from typing import Any

from cem.site_file.shape import SiteFile

SCHEMA = Path(__file__).parents[1] / "deploy/helm/volthus-site/values.schema.json"
REF = "#/definitions/"


def definitions() -> dict[str, Any]:
    """Return what a site file may say, by part, as a JSON schema of draft 7 knows it."""
    whole = SiteFile.model_json_schema(ref_template=REF + "{model}")
    parts = whole.pop("$defs")
    # A number stands for the same on each phase (BeforeValidator); the chart writes the version.
    parts["ByPhase"] = {"anyOf": [{"type": "number"}, parts["ByPhase"]]}
    for keyed in (one for one in whole["properties"].values() if "patternProperties" in one):
        keyed["additionalProperties"] = False  # else a key of another pattern would go unchecked
    del whole["required"]
    return {"SiteFile": whole, **dict(sorted(parts.items()))}


def described(schema: dict[str, Any]) -> str:
    """Return the text of a chart's schema with the shape of the site file in it."""
    # As text the file is put in as it is, and checked by the CEM only.
    either = {"anyOf": [{"type": "string"}, {"maxProperties": 0}, {"$ref": f"{REF}SiteFile"}]}
    properties = {**schema["properties"], "siteFile": either}
    whole = {**schema, "properties": properties, "definitions": definitions()}
    return json.dumps(whole, indent=1) + "\n"


def main() -> int:
    """Write, or with --check compare; returns 1 where the schema is not current."""
    before = SCHEMA.read_text()
    after = described(json.loads(before))
    if sys.argv[1:] == ["--check"]:
        return 0 if before == after else 1
    SCHEMA.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
