"""Prints the OpenAPI document without starting anything: `python -m web.openapi`."""

import json
import sys
from pathlib import Path

from web.app import create_app


def text() -> str:
    """Return the document, indented, in a stable order."""
    document = create_app(None, Path("nowhere"), {}).openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the document to standard output."""
    sys.stdout.write(text())


if __name__ == "__main__":
    main()
