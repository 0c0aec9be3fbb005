"""The planner's inner loops: plain functions over arrays, compiled where numba is there."""
