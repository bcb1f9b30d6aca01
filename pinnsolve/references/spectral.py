"""Linear evolutions in a box with zero walls by sines, exact in time.

Of ``d_t^m u = sum_i a_i d_i^2 u + b u`` each product of sines evolves by itself,

    u = sum_k g_k(t) prod_i sin(k_i pi (x_i - l_i)/L_i),    g'' = -w g  or  g' = -w g,
    w_k = sum_i a_i (k_i pi/L_i)^2 - b,

from the sine transform of the initial values, whose points are doubled until two solutions agree.
Source: Canuto, Hussaini, Quarteroni & Zang (2006), Spectral Methods, doi:10.1007/978-3-540-30726-6.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.selfadjoint import SelfAdjoint, self_adjoint
from pinnsolve.diffop import Term
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.process import State
from pinnsolve.references.evolution import must_be_whole, refused
from pinnsolve.references.refinement import SAMPLES, TARGET, distance
from pinnsolve.solution.reference import Reference
from pinnsolve.timestepping.modes import amplitudes_at

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "spectral"
SOLVER = ("reference", "solver")
FIRST = 32  # points along each axis
MOST = 2**21  # points in all
NOTHING = 1e-14  # of the largest amplitude, below which a sine is left out
ENTRIES = 2**22  # of an array of sines at points


@dataclass(frozen=True, eq=False)
class Sines:
    """A field that is a sum of products of sines.

    Attributes
    ----------
    lower, extent
        Of the box.
    numbers
        Half waves of each product along each axis.
    rates
        ``w``.
    amplitudes
        When time begins, and of second order in time their rates.
    begin
        When that is.
    """

    lower: Float[ndarray, " d"]
    extent: Float[ndarray, " d"]
    numbers: Int[ndarray, "r d"]
    rates: Float[ndarray, " r"]
    amplitudes: Float[ndarray, "m r"]
    begin: float

    @property
    def size(self) -> int:
        """How many numbers determine it."""
        return self.amplitudes.size

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n 1"]:
        """Return the values at points of space and time."""
        return self._values(x, (0,) * x.shape[1])[:, None]

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives at points."""
        found = {term: np.zeros(len(x)) for term in terms}
        for term in terms:
            for alpha, c in term.op.terms:
                found[term] += c * self._values(x, alpha)
        return found

    def state(self) -> State:
        """Return the products and their amplitudes."""
        return {
            "numbers": self.numbers,
            "rates": self.rates,
            "amplitudes": self.amplitudes,
            "begin": self.begin,
        }

    def _values(self, x: Float[ndarray, "n D"], alpha: tuple[int, ...]) -> Float[ndarray, " n"]:
        """Return a derivative at points, a few at a time."""
        size = max(1, ENTRIES // max(1, len(self.rates)))
        parts = [x[start : start + size] for start in range(0, len(x), size)]
        return np.concatenate([self._some(part, alpha) for part in parts] or [np.zeros(0)])

    def _some(self, x: Float[ndarray, "n D"], alpha: tuple[int, ...]) -> Float[ndarray, " n"]:
        shapes = amplitudes_at(self.rates, self.amplitudes, x[:, -1] - self.begin, alpha[-1])
        for axis, order in enumerate(alpha[:-1]):
            k = pi / self.extent[axis] * np.arange(self.numbers[:, axis].max(initial=0) + 1)
            phases = (x[:, axis, None] - self.lower[axis]) * k + order * pi / 2
            shapes *= (k**order * np.sin(phases))[:, self.numbers[:, axis]]
        return shapes.sum(axis=1)


def plan(problem: Problem) -> SelfAdjoint:
    """Return the operator of a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is not posed in a box with zero values on all sides, or its coefficients vary.
    """
    must_be_whole(problem, NAME)
    found = self_adjoint(problem) if problem.time is not None else "it is steady"
    shape = problem.settings.domain
    if not shape.is_box or len(problem.coordinates) > 3:
        found = "it is not posed in a box of up to three dimensions"
    elif any(condition.is_periodic for condition in problem.boundary):
        found = "its sides are joined"
    elif isinstance(found, SelfAdjoint) and np.any(found.a - np.diag(np.diag(found.a))):
        found = "it holds mixed derivatives"
    if isinstance(found, str):
        message = f"{NAME} does not take the problem: {found}."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    return found


def reference(setup: "Setup") -> Reference:
    """Return the solution by sines, refined until two resolutions agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes.
    """
    problem = setup.problem
    operator, stated = plan(problem), problem.stated
    assert problem.time is not None
    count = (stated.resolution if stated else None) or FIRST
    some = sample_in_time(setup.domain, problem.time, SAMPLES, 5)
    found, error = solved(problem, operator, count), float("inf")
    while error > TARGET and (2 * count) ** len(problem.coordinates) <= MOST:
        count *= 2
        finer = solved(problem, operator, count)
        error, found = distance(problem.fields, finer(some), found(some)), finer
    return Reference("", found, error=error, title=f"sines, {count} points an axis")


def solved(problem: Problem, operator: SelfAdjoint, count: int) -> Sines:
    """Return the solution from initial values at a number of points along each axis."""
    from scipy.fft import dstn

    lower, upper = map(np.array, problem.settings.domain.box)
    assert problem.time is not None
    dim, extent = len(lower), upper - lower
    inner = np.arange(1, count) / count
    grid = np.stack(np.meshgrid(*[inner] * dim, indexing="ij"), -1).reshape(-1, dim)
    amplitudes = []
    for function in problem.initial[0]:
        values = np.broadcast_to(function(lower + extent * grid), len(grid))
        table = values.reshape((count - 1,) * dim)
        amplitudes.append(dstn(table, type=1).ravel() / count**dim)
    k = np.rint(grid * count).astype(int)
    a = np.diag(operator.a)
    rates = ((k * pi / extent) ** 2 * a).sum(axis=1) - operator.b
    table = np.array(amplitudes)
    size = np.abs(table).sum(axis=0)
    seen = size > NOTHING * size.max(initial=0.0)
    return Sines(lower, extent, k[seen], rates[seen], table[:, seen], problem.time[0])
