"""Modes of periodic fields, and the rates of change of equations on them.

What is not linear with constant coefficients in an equation is evaluated at the points of a grid
with half as many points again as there are modes, so that products of two fields are not aliased.
Source: Orszag (1971), J. Atmos. Sci. 28, 1074,
doi:10.1175/1520-0469(1971)028<1074:OTEOAI>2.0.CO;2.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray
from scipy.fft import irfftn, next_fast_len, rfftn
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import variables
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.form import hoist
from pinnsolve.equations.program import Program, program
from pinnsolve.equations.variables import Derivative, Symbol
from pinnsolve.families.family import Functions
from pinnsolve.references.evolution import Evolution
from pinnsolve.references.of_functions import of_each
from pinnsolve.references.waves import wave_numbers


class Spectrum:
    """Modes along each axis, and the grid on which products are taken.

    Parameters
    ----------
    lower, period
        A corner, and the periods from there.
    modes
        Along the longest axis; along the others as many as are as short.
    """

    def __init__(self, lower: Sequence[float], period: Sequence[float], modes: int) -> None:
        self.dim = len(period)
        counts = [max(2, round(modes * P / max(period) / 2)) for P in period]  # highest, plus one
        highest = [count - 1 for count in counts]
        self.shape = [next_fast_len(3 * K + 1, real=True) for K in highest]
        self.kept = (*(2 * K + 1 for K in highest[:-1]), highest[-1] + 1)
        self.waves = wave_numbers(self.kept, period)
        rows = [
            np.round(k * P / (2 * np.pi)).astype(int)
            for k, P in zip(self.waves, period, strict=True)
        ]
        self.where: tuple[Any, ...] = (..., *np.ix_(*rows))
        self._axes = tuple(range(-self.dim, 0))
        axes = [a + P * np.arange(n) / n for a, P, n in zip(lower, period, self.shape, strict=True)]
        self.points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, self.dim)

    def modes(self, values: Float[ndarray, "*c N"]) -> Complex[ndarray, "..."]:
        """Return the modes of values on the grid."""
        values = values.reshape(*values.shape[:-1], *self.shape)
        return rfftn(values, axes=self._axes, norm="forward")[self.where]

    def values(self, v: Complex[ndarray, "..."]) -> Float[ndarray, "*c N"]:
        """Return the values on the grid."""
        lead = v.shape[: -self.dim]
        whole = np.zeros((*lead, *self.shape[:-1], self.shape[-1] // 2 + 1), dtype=complex)
        whole[self.where] = v
        found = irfftn(whole, self.shape, axes=self._axes, norm="forward")
        return found.reshape(*lead, -1)

    def symbol(self, alpha: MultiIndex) -> Complex[ndarray, "*K"]:
        """Return the factor of a derivative for each wave."""
        factor = np.ones(self.kept, dtype=complex)
        for axis, (k, order) in enumerate(zip(self.waves, alpha, strict=True)):
            factor *= ((1j * k) ** order).reshape([-1 if i == axis else 1 for i in range(self.dim)])
        return factor

    def linear(self, evolution: Evolution) -> Complex[ndarray, "c c *K"]:
        """Return the linear part, a matrix for each wave number."""
        c = len(evolution.states)
        L = np.zeros((c, c, *self.kept), dtype=complex)
        for at, parts in evolution.linear.items():
            for alpha, factor in parts:
                L[at] += factor * self.symbol(alpha)
        return L

    def rest(
        self, evolution: Evolution, begin: float, functions: Mapping[str, Functions] | None = None
    ) -> Callable[[Complex[ndarray, "..."], float], Complex[ndarray, "..."]]:
        """Return the rates that the linear part leaves, as a function of modes and time.

        Parameters
        ----------
        evolution
            The equations.
        begin
            When time begins.
        functions
            What varies, by name, of as many problems as modes are given of, along an axis after
            that of the components; None of a single problem.
        """
        if evolution.is_linear:
            return lambda v, _: np.zeros_like(v)
        rates = self.rates(evolution, begin, functions)
        return lambda v, t: self.modes(rates(v, t))

    def rates(
        self, evolution: Evolution, begin: float, functions: Mapping[str, Functions] | None = None
    ) -> Callable[[Complex[ndarray, "..."], float], Float[ndarray, "*r N"]]:
        """Return the same at the points of the grid."""
        steps, known, needed = _compiled(evolution)
        points = np.column_stack([self.points, np.full(len(self.points), begin)])
        data = (
            evaluate(known, evolution.symbols, points)
            if functions is None
            else of_each(known, evolution.symbols, functions, points)
        )
        index = {state: i for i, state in enumerate(evolution.states)}
        rows = [index[own.field, own.alpha[-1]] for own in needed]
        factors = [self.symbol(own.alpha[:-1]) for own in needed]

        def values(v: Complex[ndarray, "..."], t: float) -> Float[ndarray, "*r N"]:
            jet = [self.values(own * v[i]) for own, i in zip(factors, rows, strict=True)]
            rates = steps(t, *data, *jet)
            shape = (*v.shape[1 : -self.dim], len(self.points))
            return np.array([np.broadcast_to(rate, shape) for rate in rates])

        return values


def _compiled(evolution: Evolution) -> tuple[Program, list[Expr], list[Derivative]]:
    """Return the rest as steps in time, in what is known of space, and in derivatives."""
    time = variables.coordinate(evolution.symbols.coordinates[-1])
    jet: dict[Symbol, Derivative] = {}
    for e in evolution.rest:
        jet |= variables.occurring(Derivative, e)
    jet = dict(sorted(jet.items(), key=lambda item: item[1]))
    known: dict[Expr, Symbol] = {}
    free = frozenset([time, *jet])
    rest = [hoist(e, free, known) for e in evolution.rest]
    return program(rest, [time, *known.values(), *jet]), list(known), list(jet.values())
