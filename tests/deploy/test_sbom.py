"""The bill of materials: what an image holds, with hashes, the same each time, as CycloneDX is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DPKG = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1:2.0~rc1
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    packages = tmp_path / "opt/volthus/lib/python3.11/site-packages"
    lock = (ROOT / "deploy/requirements-runtime.lock").read_text()
    numpy = next(line for line in lock.splitlines() if line.startswith("numpy=="))
    version = numpy.split()[0].partition("==")[2]
    for name, told in (("volthus_kit", "0.1.0"), ("NumPy", version), ("stranger", "1.0+local")):
        folder = packages / f"{name}-{told}.dist-info"
        folder.mkdir(parents=True)
        text = f"Name: {name}\nVersion: {told}\nLicense-Expression: MIT\n\nText\n"
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\n{text}")
    (tmp_path / "opt/volthus/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(DPKG)
    return tmp_path


def bill_of(image: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, ROOT / "scripts/make_sbom.py", image, "--version", "1.2.3"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def by_purl(text: str) -> dict:
    return {one["purl"]: one for one in json.loads(text)["components"]}


def test_the_bill_names_what_is_installed_from_all_three_sources(image):
    found = by_purl(bill_of(image).stdout)
    assert "pkg:pypi/volthus-kit@0.1.0" in found
    assert "pkg:generic/python@3.11.2" in found
    assert "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64" in found
    assert not any("gone" in purl for purl in found)
    [vue] = [one for purl, one in found.items() if purl.startswith("pkg:npm/vue@")]
    assert vue["hashes"][0]["alg"] == "SHA-512"
    assert not any("/vitest@" in purl for purl in found)  # builds the page, is not in it


def test_what_the_lock_knows_has_its_hashes_and_a_stranger_has_none(image):
    found = by_purl(bill_of(image).stdout)
    [numpy] = [one for purl, one in found.items() if purl.startswith("pkg:pypi/numpy@")]
    assert {one["alg"] for one in numpy["hashes"]} == {"SHA-256"}
    assert all(len(one["content"]) == 64 for one in numpy["hashes"])
    assert "hashes" not in found["pkg:pypi/stranger@1.0%2Blocal"]


def test_the_same_image_gives_the_same_bytes(image):
    assert bill_of(image).stdout == bill_of(image).stdout


def test_something_else_than_our_image_is_refused(tmp_path):
    done = bill_of(tmp_path)
    assert done.returncode == 1
    assert "no image of Volthus" in done.stderr


def test_the_bill_is_what_the_schema_of_cyclonedx_asks_for(image):
    validation = pytest.importorskip(
        "cyclonedx.validation.json", reason="NO CYCLONEDX: the bill is not held to its schema here"
    )
    schema = pytest.importorskip("cyclonedx.schema")
    validator = validation.JsonStrictValidator(schema.SchemaVersion.V1_6)
    assert validator.validate_str(bill_of(image).stdout) is None


def test_the_build_tools_of_the_image_are_those_of_the_lock():
    command = [sys.executable, ROOT / "scripts/lock_part.py", ROOT / "requirements.lock"]
    done = subprocess.run([*command, "hatchling"], capture_output=True, text=True, check=True)
    assert done.stdout == (ROOT / "deploy/requirements-build.lock").read_text()
    assert "trove-classifiers==" in done.stdout
