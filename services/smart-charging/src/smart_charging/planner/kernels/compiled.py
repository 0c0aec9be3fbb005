"""`compiled`: numba's njit where numba is there and wanted; else the plain function, slower.

What was compiled is kept beside the sources, or in VOLTHUS_PLANNER_CACHE, under a name made of
all kernels' sources: numba itself does not notice when a kernel that another one calls changes.
Where that folder cannot be written to, as in an image, a copy of it serves the process.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

IS_WANTED = os.environ.get("VOLTHUS_PLANNER", "compiled") != "plain"

IS_COMPILED = IS_WANTED and find_spec("numba") is not None


def _folder() -> Path:
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    folder = Path(os.environ.get("VOLTHUS_PLANNER_CACHE", here / "__pycache__"))
    return folder / f"kernels-{hashlib.sha256(sources).hexdigest()[:16]}"


def _writable() -> Path | None:
    """Return a folder that numba can write to, with what was compiled before; None: there is none.

    numba refuses to read a folder that it could not write to.
    """
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        pass
    try:
        copy = Path(tempfile.mkdtemp(prefix="volthus-kernels-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        if folder.is_dir():
            shutil.copytree(folder, copy, dirs_exist_ok=True)
    except OSError:
        return None
    return copy


IS_KEPT = False

if IS_COMPILED:
    import numba

    if (_cache := _writable()) is not None:
        IS_KEPT = True
        numba.config.CACHE_DIR = str(_cache)  # type: ignore[attr-defined]  # set at run time


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel where possible; its results are those of the plain function."""
    if not IS_COMPILED:
        return function
    kernel: Callable[P, R] = numba.njit(cache=IS_KEPT, nogil=True, error_model="numpy")(function)
    return kernel
