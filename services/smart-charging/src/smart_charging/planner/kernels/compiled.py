"""`compiled`: numba's njit where numba is there and wanted; else the plain function, slower.

What was compiled is kept beside the sources, or in VOLTHUS_PLANNER_CACHE, under a name made of
all kernels' sources: numba itself does not notice when a kernel that another one calls changes.
"""

import hashlib
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

IS_WANTED = os.environ.get("VOLTHUS_PLANNER", "compiled") != "plain"

IS_COMPILED = IS_WANTED and find_spec("numba") is not None


def _cache() -> str:
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    folder = Path(os.environ.get("VOLTHUS_PLANNER_CACHE", here / "__pycache__"))
    return str(folder / f"kernels-{hashlib.sha256(sources).hexdigest()[:16]}")


if IS_COMPILED:
    import numba

    numba.config.CACHE_DIR = _cache()  # type: ignore[attr-defined]  # a setting, made at run time


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel where possible; its results are those of the plain function."""
    if not IS_COMPILED:
        return function
    kernel: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return kernel
