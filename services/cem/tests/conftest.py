"""Fixtures of the CEM's tests; the partners themselves are in cem_stage.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package (--import-mode=importlib)
