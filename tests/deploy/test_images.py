"""The images: what two of them differ in is told, and a site's has no more than a site runs."""

import io
import json
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
FILES = {"bin/cem": (b"#!", 0o755, 1767225600), "etc/shadow": (b"x", 0o640, 1767225600)}


def tar_of(files: dict) -> bytes:
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w") as archive:
        for name, (content, mode, mtime) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), mode, mtime
            archive.addfile(member, io.BytesIO(content))
    return stored.getvalue()


def docker_archive(files: dict, created: str = "2026-01-01T00:00:00Z") -> bytes:
    manifest = [{"Config": "config.json", "Layers": ["layer.tar"]}]
    config = json.dumps({"created": created}).encode()
    inside = {"manifest.json": json.dumps(manifest).encode(), "config.json": config}
    inside["layer.tar"] = tar_of(files)
    return tar_of({name: (content, 0o644, 0) for name, content in inside.items()})


def oci_archive(files: dict) -> bytes:
    manifest = {"config": {"digest": "sha256:c"}, "layers": [{"digest": "sha256:l"}]}
    inside = {
        "index.json": json.dumps({"manifests": [{"digest": "sha256:m"}]}).encode(),
        "blobs/sha256/m": json.dumps(manifest).encode(),
        "blobs/sha256/c": json.dumps({"created": "2026-01-01T00:00:00Z"}).encode(),
        "blobs/sha256/l": tar_of(files),
    }
    return tar_of({name: (content, 0o644, 0) for name, content in inside.items()})


def compared(folder: Path, one: bytes, other: bytes) -> "subprocess.CompletedProcess[str]":
    (folder / "one.tar").write_bytes(one)
    (folder / "other.tar").write_bytes(other)
    command = [sys.executable, ROOT / "scripts/compare_images.py", "one.tar", "other.tar"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_same_image_is_the_same_whoever_wrote_its_archive(tmp_path):
    done = compared(tmp_path, docker_archive(FILES), oci_archive(FILES))
    assert (done.returncode, done.stdout) == (0, "0 differences in 2 entries\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bin/cem": (b"#?", 0o755, 1767225600)}, "layer 0: bin/cem: content "),
        ({"bin/cem": (b"#!", 0o775, 1767225600)}, "layer 0: bin/cem: mode 755 | 775"),
        ({"bin/cem": (b"#!", 0o755, 1767225601)}, "mtime 1767225600 | 1767225601"),
        ({"bin/web": (b"#!", 0o755, 1767225600)}, "layer 0: bin/web: only in the second"),
    ],
)
def test_one_thing_that_differs_is_named(tmp_path, change, told):
    done = compared(tmp_path, docker_archive(FILES), docker_archive(FILES | change))
    assert done.returncode == 1
    assert told in done.stdout
    assert done.stdout.endswith("1 differences in 2 entries\n")


def test_what_an_image_says_of_itself_counts_and_so_does_the_order_of_its_files(tmp_path):
    other = docker_archive(dict(reversed(FILES.items())), "2026-01-02T00:00:00Z")
    told = compared(tmp_path, docker_archive(FILES), other).stdout
    assert "image: created 2026-01-01T00:00:00Z | 2026-01-02T00:00:00Z" in told
    assert "layer 0: the same paths in another order" in told


@pytest.mark.parametrize("content", [b"no archive", tar_of(FILES)])
def test_what_is_no_image_is_refused(tmp_path, content):
    done = compared(tmp_path, docker_archive(FILES), content)
    assert done.returncode == 2
    assert "other.tar" in done.stderr


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "deploy" / name).read_text()
    pinned = re.split(r"(?m)^(?=[a-z0-9])", re.sub(r"(?m)^    #.*\n", "", text))
    return {entry.split(" ")[0]: entry for entry in pinned if "==" in entry}


def test_a_site_runs_the_same_versions_without_what_only_the_planner_needs():
    whole, site = locked("requirements-runtime.lock"), locked("requirements-site.lock")
    assert site.items() <= whole.items()
    gone = {name.partition("==")[0] for name in whole.keys() - site.keys()}
    assert gone == {"llvmlite", "numba", "numpy"}


def test_the_image_of_a_site_has_every_program_of_the_sites_chart():
    site = DOCKERFILE.partition("FROM site-packages AS all-packages")[0]
    for folder in re.findall(r"(?m)^COPY ((?:services|tools)/\S+) \1$", site):
        told = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        assert not {"numba", "numpy"} & {re.split(r"[^\w-]", n)[0] for n in told["dependencies"]}
    for program in ("cem", "meter-reader", "eebus-gateway", "web"):
        assert f"COPY services/{program} services/{program}\n" in site
    for tool in ("enrolment", "updater"):  # volthus-enroll renews a site's claims
        assert f"COPY tools/{tool} tools/{tool}\n" in site
    assert "smart-charging services" not in site


def test_whoever_names_no_target_gets_the_image_with_all_programs():
    assert re.findall(r"(?m)^FROM .* AS (\S+)$", DOCKERFILE)[-1] == "all"
