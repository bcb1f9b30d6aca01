"""Sums over a basis: ``f(x) = sum_i c_i φ_i(x)``, the basis a formula of coordinates and indices.

A network is given the coefficients themselves; those of functions of someone else are found from
their values at the sensors, by least squares.
"""

from dataclasses import dataclass
from itertools import product
from math import inf

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import calculus
from pinnsolve.equations.expression import Function, evaluate
from pinnsolve.equations.symbols import Symbols


@dataclass(frozen=True)
class Coefficients:
    """Sums over a basis.

    Attributes
    ----------
    basis
        A function of the coordinates, then of the indices.
    indices
        Values of the indices, a row for each function of the basis.
    distribution
        ``normal``, of variance one, or ``uniform`` between -1 and 1.
    sensors
        Where functions of someone else are read.
    """

    basis: Function
    indices: Float[ndarray, "k i"]
    distribution: str
    sensors: Float[ndarray, "s d"]
    smoothness: float = inf

    def draw(self, count: int, generator: np.random.Generator) -> Float[ndarray, "M k"]:
        """Return the coefficients of some members."""
        shape = (count, len(self.indices))
        if self.distribution == "uniform":
            return generator.uniform(-1.0, 1.0, shape)
        return generator.standard_normal(shape)

    def values(
        self, coefficients: Float[ndarray, "M k"], x: Float[ndarray, "n d"], alpha: MultiIndex = ()
    ) -> Float[ndarray, "M n"]:
        """Return a derivative of members at points; by default their values."""
        return coefficients @ by_index(self.basis, self.indices, x, alpha)

    def codes(self, coefficients: Float[ndarray, "M k"]) -> Float[ndarray, "M k"]:
        """Return the coefficients."""
        return coefficients

    def codes_of(self, readings: Float[ndarray, "M s"]) -> Float[ndarray, "M k"]:
        """Return the coefficients with which the basis is nearest to functions at the sensors."""
        basis = by_index(self.basis, self.indices, self.sensors)
        return np.linalg.lstsq(basis.T, readings.T, rcond=None)[0].T


def all_of(ranges: dict[str, tuple[int, int]]) -> Float[ndarray, "k i"]:
    """Return all combinations of indices within their ranges, the last index the fastest.

    >>> all_of({"r": (1, 2), "s": (3, 4)}).tolist()
    [[1.0, 3.0], [1.0, 4.0], [2.0, 3.0], [2.0, 4.0]]
    """
    axes = [range(first, last + 1) for first, last in ranges.values()]
    return np.array(list(product(*axes)), dtype=float)


def by_index(
    formula: Function,
    indices: Float[ndarray, "k i"],
    x: Float[ndarray, "n d"],
    alpha: MultiIndex = (),
) -> Float[ndarray, "k n"]:
    """Return a derivative of a formula of coordinates and indices, a row for each of these."""
    symbols = formula.symbols
    whole = (*alpha, *[0] * (len(symbols.coordinates) - len(alpha)))
    e = calculus.derivative(formula.expression, whole, symbols.coordinates)
    there = np.hstack([np.tile(x, (len(indices), 1)), np.repeat(indices, len(x), axis=0)])
    (values,) = evaluate([e], symbols, there)
    return values.reshape(len(indices), len(x))


def with_indices(symbols: Symbols, names: tuple[str, ...]) -> Symbols:
    """Return the names of formulas of coordinates and indices."""
    return Symbols((*symbols.coordinates, *names), constants=symbols.constants)
