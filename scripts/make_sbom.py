"""Writes the bill of materials of an image as CycloneDX 1.6 JSON: `scripts/make-sbom` calls it.

What is installed counts: Python packages and Debian packages are read from the image's own files.
The lock adds the hashes, the page's lock what is bundled into the page. Same image, same bytes.
"""

import argparse
import base64
import json
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "deploy/requirements-runtime.lock"
PAGE_LOCK = ROOT / "services/web/frontend/package-lock.json"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # of every file in the image, so of its description too
NAMESPACE = uuid.UUID("5f3c1d1e-7c0e-5a57-9d0b-6a1f6b0f7a11")
ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha1": "SHA-1"}
_LOCKED = re.compile(r"(?m)^([a-z0-9][a-z0-9._-]*)==(\S+)((?:.*\\\n.*)*)")
_HASH = re.compile(r"--hash=(sha\d+):([0-9a-f]+)")
_INSTALLED = "Status: install ok installed"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in the image. purl: its package URL; hashes: (algorithm, hex)."""

    name: str
    version: str
    purl: str
    licence: str = ""
    hashes: tuple[tuple[str, str], ...] = ()


def python_parts(image: Path, lock: str) -> Iterator[Part]:
    """Yield Python and what is installed for it. image: its root, unpacked or mounted."""
    made = image / "opt/volthus/pyvenv.cfg"
    if found := re.search(r"(?m)^version = (\S+)", made.read_text() if made.exists() else ""):
        yield Part("python", found[1], f"pkg:generic/python@{found[1]}", "PSF-2.0")
    locked = {(m[1], m[2]): tuple(_HASH.findall(m[3])) for m in _LOCKED.finditer(lock)}
    for path in sorted(image.glob("opt/volthus/lib/python3*/site-packages/*.dist-info/METADATA")):
        told = HeaderParser().parsestr(path.read_text(encoding="utf-8"))
        name = re.sub(r"[-_.]+", "-", str(told["Name"])).lower()
        version = str(told["Version"])
        licence = str(told["License-Expression"] or "")
        hashes = locked.get((name, version), ())
        yield Part(name, version, f"pkg:pypi/{name}@{quote(version)}", licence, hashes)


def debian_parts(image: Path) -> Iterator[Part]:
    """Yield the packages that dpkg says are installed; none where the base is no Debian."""
    status = image / "var/lib/dpkg/status"
    text = status.read_text(encoding="utf-8") if status.exists() else ""
    for entry in text.split("\n\n"):
        if _INSTALLED not in entry:
            continue
        told = HeaderParser().parsestr(entry)
        name, version, kind = (str(told[key]) for key in ("Package", "Version", "Architecture"))
        purl = f"pkg:deb/debian/{name}@{quote(version, safe='')}?arch={kind}"
        yield Part(name, version, purl)


def page_parts(lock: str) -> Iterator[Part]:
    """Yield what may be bundled into the page: its lock without what only builds it."""
    for place, told in json.loads(lock)["packages"].items():
        if not place or told.get("dev") or told.get("optional") or told.get("link"):
            continue
        name = place.rpartition("node_modules/")[2]
        kind, _, value = told.get("integrity", "").partition("-")
        hashes = ((kind, base64.b64decode(value).hex()),) if value else ()
        purl = f"pkg:npm/{quote(name)}@{quote(told['version'])}"
        yield Part(name, told["version"], purl, str(told.get("license", "")), hashes)


def bill(name: str, version: str, parts: list[Part]) -> str:
    """Return the document: sorted, and with a serial number made of what it says."""
    unique = sorted({part.purl: part for part in parts}.values(), key=lambda part: part.purl)
    components = [_component(part) for part in unique]
    serial = uuid.uuid5(NAMESPACE, json.dumps([name, version, components], sort_keys=True))
    whole = {"type": "container", "bom-ref": f"{name}@{version}", "name": name, "version": version}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"timestamp": EPOCH.isoformat(), "component": whole},
        "components": components,
        "dependencies": [{"ref": whole["bom-ref"], "dependsOn": [part.purl for part in unique]}],
    }
    return json.dumps(document, indent=1) + "\n"


def _component(part: Part) -> dict[str, object]:
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    }
    if part.hashes:
        component["hashes"] = [{"alg": ALGORITHMS[a], "content": h} for a, h in part.hashes]
    if part.licence:
        component["licenses"] = [{"expression": part.licence}]
    return component


def main() -> int:
    """Write the bill; returns 1 for an image in which nothing of ours is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, help="root of the image, unpacked or mounted")
    parser.add_argument("--name", default="volthus")
    parser.add_argument("--version", required=True)
    asked = parser.parse_args()
    python = list(python_parts(asked.image, LOCK.read_text()))
    if not any(part.name == "volthus-kit" for part in python):
        sys.stderr.write(f"make-sbom: {asked.image} is no image of Volthus\n")
        return 1
    parts = [*python, *debian_parts(asked.image), *page_parts(PAGE_LOCK.read_text())]
    sys.stdout.write(bill(asked.name, asked.version, parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
