"""Fixtures of the tests of planning; the partners are in planning_world.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package (--import-mode=importlib)
