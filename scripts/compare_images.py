"""Says in what two images differ: `scripts/compare_images.py ONE OTHER`, two archives.

Nothing is left out: of each layer every path with its kind, mode, owner, time, link, attributes
and the hash of its content, and of each image what it says of itself. Unpacks nothing.
"""

import argparse
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

_INDEX = "index.json"
_MANIFEST = "manifest.json"
T = TypeVar("T")


class ImageError(ValueError):
    """The file is no archive of an image, or of more than one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a layer says about one path. mtime: s since 1970; content: SHA-256 of a file."""

    kind: str
    mode: str
    owner: str
    mtime: float
    link: str
    attributes: str
    content: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image as its archive holds it: what it says of itself, and its layers, lowest first."""

    config: dict[str, object]
    layers: tuple[dict[str, Entry], ...]


def read(path: Path) -> Image:
    """Return the image of an archive. Raises ImageError, OSError."""
    try:
        with tarfile.open(path) as archive:
            names = set(archive.getnames())
            if _MANIFEST in names:
                config, layers = _of_docker(archive)
            elif _INDEX in names:
                config, layers = _of_oci(archive)
            else:
                raise ImageError(f"{path} has neither {_MANIFEST} nor {_INDEX}")
            told = json.loads(_content(archive, config))
            return Image(told, tuple(_entries(_content(archive, layer)) for layer in layers))
    except (tarfile.TarError, KeyError, json.JSONDecodeError) as error:
        raise ImageError(f"{path} is no archive of an image: {error}") from error


def differences(one: Image, other: Image) -> Iterator[str]:
    """Yield a line for each thing that is not the same."""
    yield from (f"image: {told}" for told in _unlike(one.config, other.config))
    if len(one.layers) != len(other.layers):
        yield f"image: {len(one.layers)} layers | {len(other.layers)}"
    for number, (left, right) in enumerate(zip(one.layers, other.layers, strict=False)):
        if left == right and list(left) != list(right):
            yield f"layer {number}: the same paths in another order"
        for path in sorted({*left, *right}):
            if path not in left or path not in right:
                yield f"layer {number}: {path}: only in the {'first' if path in left else 'second'}"
                continue
            for told in _unlike(asdict(left[path]), asdict(right[path])):
                yield f"layer {number}: {path}: {told}"


def _unlike(one: dict[str, object], other: dict[str, object]) -> Iterator[str]:
    for key in sorted({*one, *other}):
        if one.get(key) != other.get(key):
            yield f"{key} {_short(one.get(key))} | {_short(other.get(key))}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else text[:200] + "..."


def _of_docker(archive: tarfile.TarFile) -> tuple[str, list[str]]:
    """Return the names of the config and of the layers in what `docker save` writes."""
    [image] = _only_one(json.loads(_content(archive, _MANIFEST)))
    return image["Config"], image["Layers"]


def _of_oci(archive: tarfile.TarFile) -> tuple[str, list[str]]:
    """Return the same of the layout of the Open Container Initiative."""
    [told] = _only_one(json.loads(_content(archive, _INDEX))["manifests"])
    manifest = json.loads(_content(archive, _blob(told["digest"])))
    layers = [_blob(layer["digest"]) for layer in manifest["layers"]]
    return _blob(manifest["config"]["digest"]), layers


def _only_one(images: list[T]) -> list[T]:
    if len(images) != 1:
        raise ImageError(f"{len(images)} images in one archive, not one")
    return images


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    """Return a member's bytes, of what it links to where it is a link. Raises KeyError."""
    found = archive.extractfile(name)
    return found.read() if found else b""


def _entries(layer: bytes) -> dict[str, Entry]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as files:
        return {member.name: _entry(files, member) for member in files}


def _entry(files: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    found = files.extractfile(member) if member.isreg() else None
    return Entry(
        kind=member.type.decode(),
        mode=f"{member.mode:o}",
        owner=f"{member.uid}:{member.gid}:{member.devmajor}:{member.devminor}",
        mtime=member.mtime,
        link=member.linkname,
        attributes=json.dumps(member.pax_headers, sort_keys=True),
        content=hashlib.sha256(found.read()).hexdigest() if found else "",
    )


def main() -> int:
    """Print the differences; returns 0 for the same image, 1 for another, 2 for none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path, help="archive, such as `docker save` writes")
    parser.add_argument("other", type=Path)
    asked = parser.parse_args()
    try:
        one, other = read(asked.one), read(asked.other)
    except (ImageError, OSError) as error:
        sys.stderr.write(f"compare-images: {error}\n")
        return 2
    told = list(differences(one, other))
    sys.stdout.writelines(f"{line}\n" for line in told)
    sys.stdout.write(f"{len(told)} differences in {sum(map(len, one.layers))} entries\n")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
