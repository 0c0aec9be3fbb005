"""The wheel: what is in it, and that it works with its own dependencies and nothing else."""

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PACKAGE = Path(__file__).parents[1]


def _run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    for needed in ("pip", "hatchling"):
        try:
            distribution(needed)
        except PackageNotFoundError:
            pytest.skip(f"THE WHEEL IS NOT PROVEN HERE: {needed} is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    _run(*pip, "--quiet", "--wheel-dir", folder, PACKAGE)
    (made,) = folder.glob("eebus-*-py3-none-any.whl")
    return made


def _needs(name: str, seen: set[str]) -> Iterator[str]:
    """Yield a distribution and all it needs on this machine."""
    if name in seen:
        return
    seen.add(name)
    yield name
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from _needs(requirement.name.lower(), seen)


@pytest.fixture(scope="module")
def home(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel, and its dependencies linked from the one that runs us."""
    home = tmp_path_factory.mktemp("home")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    _run(*pip, "--no-deps", "--no-index", wheel)
    (site,) = (home / "lib").glob("python*/site-packages")
    for name in list(_needs("eebus", set()))[1:]:
        files = distribution(name).files or []
        for top in {each.parts[0] for each in files if each.parts[0] not in {"..", "__pycache__"}}:
            source = Path(str(distribution(name).locate_file(top)))
            if not (site / top).exists():
                (site / top).symlink_to(source)
    return home


def test_the_wheel_says_what_it_is_and_holds_nothing_but_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        told = message_from_bytes(archive.read(metadata))
        (entries,) = (name for name in names if name.endswith("/entry_points.txt"))
        assert b"eebus = eebus.cli:main" in archive.read(entries)
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"eebus"}
    assert "eebus/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in told.get_all("Classifier", [])
    assert told["Description-Content-Type"] == "text/markdown"
    assert "# eebus" in str(told.get_payload())


def test_the_installed_command_helps_and_says_its_version(home):
    said = _run(home / "bin" / "eebus", "--help")
    assert "controlbox" in said
    assert _run(home / "bin" / "eebus", "--version").startswith("eebus 0.")


def test_every_module_is_there_and_needs_nothing_that_is_not_declared(home):
    code = (
        "import importlib, pkgutil, eebus\n"
        "names = [m.name for m in pkgutil.walk_packages(eebus.__path__, 'eebus.')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(eebus.__file__, len(names))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [home / "bin" / "python", "-I", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    where, count = done.stdout.split()
    assert Path(where).is_relative_to(home)
    assert int(count) > 80


def test_the_source_archive_makes_the_same_wheel(wheel, tmp_path):
    _build("sdist", PACKAGE, tmp_path)
    (archive,) = tmp_path.glob("eebus-*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(tmp_path, filter="data")
    (unpacked,) = (each for each in tmp_path.iterdir() if each.is_dir())
    assert not (unpacked / "tests").exists()
    _build("wheel", unpacked, tmp_path)
    (again,) = tmp_path.glob("eebus-*.whl")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def _build(kind: str, where: Path, into: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_readme_s_example_runs_with_the_wheel_alone(home, tmp_path):
    found = re.search(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    assert found
    (tmp_path / "example.py").write_text(found[1])
    said = _run(home / "bin" / "python", "-I", tmp_path / "example.py")
    assert "a car that takes 6.0 to 16.0 A" in said
    assert "the charger holds (10.0, 10.0, 10.0)" in said
    assert said.splitlines()[-1] == "accepted"


def test_the_readme_links_to_nothing_that_only_the_repository_has():
    assert not re.findall(r"\]\((?!https?://|#)", (PACKAGE / "README.md").read_text())
