"""Functions known by their values on a grid, which splines join.

Along each coordinate the spline is of degree five, or less if there are fewer points; it is
differentiated exactly. Source: de Boor (2001), A Practical Guide to Splines, Springer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.diffop import MultiIndex

DEGREE = 5


@dataclass(frozen=True)
class Tabulated:
    """Functions on a grid.

    Attributes
    ----------
    axes
        The coordinates of the grid's lines along each axis, ascending.
    table
        Values of the functions at the grid's points, the last coordinate the fastest.
    sensors
        Where a network is given the values.
    """

    axes: tuple[Float[ndarray, " _"], ...]
    table: Float[ndarray, "M k"]
    sensors: Float[ndarray, "s d"]

    @property
    def smoothness(self) -> float:
        """Highest order of a derivative that splines of this degree have, one that is bounded."""
        return min(min(DEGREE, len(axis) - 1) for axis in self.axes) if self.axes else inf

    def __len__(self) -> int:
        """Return their number."""
        return len(self.table)

    def values(self, x: Float[ndarray, "n d"], alpha: MultiIndex = ()) -> Float[ndarray, "M n"]:
        """Return a derivative of each function at points; by default their values."""
        alpha = alpha or (0,) * len(self.axes)
        if not self.axes:
            return (0.0 if any(alpha) else 1.0) * np.repeat(self.table, len(x), axis=1)
        return self._spline(x, nu=alpha).T

    def codes(self) -> Float[ndarray, "M s"]:
        """Return the values of each function at the sensors."""
        return self.values(self.sensors)

    def codes_of(self, readings: Float[ndarray, "M s"]) -> Float[ndarray, "M s"]:
        """Return the values at the sensors, of any functions."""
        return readings

    def chosen(self, which: Sequence[int] | Int[ndarray, " m"]) -> "Tabulated":
        """Return some of the functions."""
        return replace(self, table=self.table[np.asarray(which, dtype=int)])

    @cached_property
    def _spline(self) -> Any:
        from scipy.interpolate import NdBSpline, make_interp_spline

        values = self.table.T.reshape(*map(len, self.axes), -1)
        knots, degrees = [], []
        for i, axis in enumerate(self.axes):
            degree = min(DEGREE, len(axis) - 1)
            # of even degree splines have knots between the points, where they are badly placed
            degree -= degree > 1 and degree % 2 == 0
            spline = make_interp_spline(axis, np.moveaxis(values, i, 0), k=degree)
            values = np.moveaxis(spline.c, 0, i)
            knots.append(spline.t)
            degrees.append(degree)
        return NdBSpline(tuple(knots), values, tuple(degrees))
