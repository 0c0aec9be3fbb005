"""A linear program that grows row by row, with the cone of Jain's index cut in where it binds."""

from collections.abc import Mapping, Sequence
from math import sqrt

import highspy
import numpy as np

CUTS = 40
CLOSE = 1e-4  # of Jain's index: what is cut away no more


class Program:
    """The most of a sum of unknowns under upper limits on other sums; all unknowns are >= 0."""

    def __init__(self) -> None:
        self._worth: list[float] = []
        self._most: list[float] = []
        self._starts: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []
        self._limits: list[float] = []
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)

    def unknown(self, worth: float, most: float = highspy.kHighsInf) -> int:
        """Add an unknown, and return its number."""
        self._worth.append(worth)
        self._most.append(most)
        return len(self._worth) - 1

    def limit(self, row: Mapping[int, float], at_most: float) -> None:
        """Add an upper limit on a sum of factor x unknown."""
        self._starts.append(len(self._columns))
        self._columns.extend(row.keys())
        self._values.extend(row.values())
        self._limits.append(at_most)

    def most(self, classes: Sequence[Sequence[Mapping[int, float]]], jain: float | None) -> float:
        """Return the highest worth. Raises RuntimeError where there is none.

        classes: in each, the sum that makes up each member's part; Jain's index of every class is
        at least `jain`. That is a cone, |parts| <= sum of parts / sqrt(n x jain): each plane that
        touches it and cuts off what was found is added until nothing is cut off any more. Stopping
        early leaves the bound too high, never too low.
        """
        for _ in range(CUTS):
            self._solver.passModel(self._model())
            self._solver.run()
            if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise RuntimeError(f"the bound has no solution: {self._solver.getModelStatus()}")
            if jain is None or not sum([self._cut(members, jain) for members in classes]):
                break
        return float(self._solver.getObjectiveValue())

    def _cut(self, members: Sequence[Mapping[int, float]], jain: float) -> bool:
        found = self._solver.getSolution().col_value
        parts = [sum(f * found[k] for k, f in member.items()) for member in members]
        length = sqrt(sum(part**2 for part in parts))
        if length == 0 or sum(parts) ** 2 / (len(parts) * length**2) >= jain - CLOSE:
            return False
        level = 1 / sqrt(len(parts) * jain)
        row = {
            k: factor * (part / length - level)
            for member, part in zip(members, parts, strict=True)
            for k, factor in member.items()
        }
        self.limit(row, 0.0)
        return True

    def _model(self) -> highspy.HighsLp:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._worth), len(self._limits)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = np.array(self._worth)
        lp.col_lower_ = np.zeros(len(self._worth))
        lp.col_upper_ = np.array(self._most)
        lp.row_lower_ = np.full(len(self._limits), -highspy.kHighsInf)
        lp.row_upper_ = np.array(self._limits)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array([*self._starts, len(self._columns)])
        lp.a_matrix_.index_ = np.array(self._columns)
        lp.a_matrix_.value_ = np.array(self._values)
        return lp
