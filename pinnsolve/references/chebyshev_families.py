"""Many problems of a family at once by Chebyshev polynomials, as `chebyshev` solves one.

The rows of all problems differ in the inputs alone. Of an equation that is affine in the fields,
with the same slopes for all, one factorisation serves all functions as columns; else steps of
Newton's method are taken with the slopes of their mean, for all functions together, and what does
not converge so is solved function by function. In time the same is done slab by slab.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from time import perf_counter

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term, partial
from pinnsolve.equations.residual import Residual, prescribed
from pinnsolve.families.family import Functions, number_of
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.progress import Progress, Watch
from pinnsolve.references.chebyshev import (
    FIRST,
    IN_TIME,
    MOST,
    MOST_UNKNOWNS,
    Posed,
    equations_at,
    matrix,
    plan,
    sides_at,
    zeros,
)
from pinnsolve.references.evolution import refused
from pinnsolve.references.newton import RANK, System, newton
from pinnsolve.references.of_functions import of_functions
from pinnsolve.references.polynomials import Polynomials, basis
from pinnsolve.references.refinement import SAMPLES
from pinnsolve.references.together import Together, mean_distance

STEPS = 60  # with the slopes of the mean
CONVERGED = 1e-11  # of the coefficients, the last of these steps
TARGET = 5e-6  # relative error to which all are solved
SECONDS = 30.0  # after which nothing finer is begun
FIRST_SLABS = 4
SOLVER = ("reference", "solver")


def solved_together(
    problem: Problem, domain: Domain, functions: Mapping[str, Functions], watch: Watch
) -> Together:
    """Return the solutions for some functions, finer until two agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes, or no solution is found.
    """
    posed, began = plan(problem), perf_counter()
    in_time = posed.time is not None
    points = (problem.family and problem.family.stated and problem.family.stated.resolution) or 0
    points, slabs = points or 2 * FIRST, FIRST_SLABS if in_time else 1
    where = sample(domain, SAMPLES)
    if posed.time is not None:
        where = sample_in_time(domain, posed.time, SAMPLES)
    count, c = number_of(functions), len(problem.fields)
    best, values, error = None, None, inf
    while error > TARGET and _affordable(points, len(posed.lower), c, in_time=in_time):
        if best is not None and perf_counter() - began > SECONDS:
            break
        found = _solved(posed, functions, points, slabs, watch)
        if found is None:
            break
        finer = found(where).reshape(-1, count, c)
        if values is not None:
            error = mean_distance(values, finer)
        best, values, used = found, finer, (points, slabs)
        points, slabs = points + points // 2, 2 * slabs if in_time else 1
    if best is None:
        message = "chebyshev finds no solution: Newton's method does not converge."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    title = f"Chebyshev, {used[0]} polynomials" + (f", {used[1]} slabs of time" if in_time else "")
    return Together(best, error, title)


def _affordable(points: int, dims: int, fields: int, *, in_time: bool) -> bool:
    """Return whether so many polynomials along each axis are few enough."""
    unknowns = fields * points**dims * (IN_TIME if in_time else 1)
    return points <= MOST[dims] and unknowns <= MOST_UNKNOWNS


@dataclass(frozen=True)
class _Columns:
    """The rows of all problems.

    Attributes
    ----------
    rows
        What holds, with the inputs of all problems, and at which points.
    matrices
        Of each, by term: the derivative of every polynomial at the points.
    """

    rows: Sequence[tuple[Residual, ndarray]]
    matrices: Sequence[Mapping[Term, ndarray]]

    def residual(self, a: Float[ndarray, "M c N"]) -> Float[ndarray, "M m"]:
        """Return the residuals of all rows, of all problems."""
        return np.concatenate(
            [
                np.broadcast_to(r(self._jet(own, a)), (len(a), len(x)))
                for (r, x), own in zip(self.rows, self.matrices, strict=True)
            ],
            axis=1,
        )

    def mean_jacobian(self, a: Float[ndarray, "M c N"]) -> Float[ndarray, "m n"]:
        """Return the slopes of the rows by the coefficients, in the mean over the problems."""
        blocks = []
        for (residual, x), own in zip(self.rows, self.matrices, strict=True):
            block = np.zeros((len(x), *a.shape[1:]))
            slopes = residual.partials(self._jet(own, a))
            for term, A in own.items():
                slope = np.broadcast_to(slopes[term], (len(a), len(x))).mean(axis=0)
                block[:, term.field] += slope[:, None] * A
            blocks.append(block.reshape(len(x), -1))
        return np.concatenate(blocks)

    def alone(self, i: int) -> System:
        """Return the rows of one problem."""
        rows = [
            (r.given([v[i] for v in r.data[len(r.data) - len(r.inputs) :]]), x)
            for r, x in self.rows
        ]
        return System(rows, self.matrices, {})

    @staticmethod
    def _jet(own: Mapping[Term, ndarray], a: Float[ndarray, "M c N"]) -> dict[Term, ndarray]:
        return {term: a[:, term.field] @ A.T for term, A in own.items()}


def _solved(
    posed: Posed, functions: Mapping[str, Functions], points: int, slabs: int, watch: Watch
) -> Polynomials | None:
    """Return the solutions with some polynomials along each axis; None if there is none."""
    counts, c = [points] * len(posed.lower), len(posed.problem.fields)
    M = number_of(functions)
    lower, upper = list(posed.lower), list(posed.upper)
    edges = np.zeros(2)
    if posed.time is not None:
        counts, edges = [*counts, IN_TIME], np.linspace(*posed.time, slabs + 1)
        lower, upper = [*lower, 0.0], [*upper, 0.0]
    found = np.empty((slabs, M * c, *counts))
    before: Polynomials | None = None
    for slab in range(slabs):
        if posed.time is not None:
            lower[-1], upper[-1] = edges[slab], edges[slab + 1]
        stated = [
            *equations_at(posed, counts, lower, upper),
            *sides_at(posed, counts, lower, upper),
        ]
        rows = [(_with(residual, functions, x), x) for residual, x in stated]
        start = np.zeros((M, c, *counts))
        if posed.time is not None:
            begin = _begin(posed, functions, counts, lower, upper, before)
            rows += [(prescribed(term, value), x) for term, value, x in begin]
            for term, value, x in begin:
                if not term.op.order:
                    A = basis(counts[:1], lower[:1], upper[:1], x[:, :1], (0,))
                    start[:, term.field, :, 0] = np.linalg.solve(A, value.T).T
        matrices = [
            {term: matrix(term, counts, lower, upper, x) for term in residual.terms}
            for residual, x in rows
        ]
        own = _newton(_Columns(rows, matrices), start.reshape(M, c, -1))
        if own is None:
            return None
        found[slab] = own.reshape(M * c, *counts)
        before = Polynomials(tuple(lower), tuple(upper), found[slab][None], posed.time is not None)
        watch(Progress("reference", (slab + 1) / slabs, note=f"{points} polynomials"))
    ends = (posed.lower, posed.upper)
    if posed.time is not None:
        ends = ((*posed.lower, posed.time[0]), (*posed.upper, posed.time[1]))
    return Polynomials(*ends, found, posed.time is not None)


def _with(
    residual: Residual, functions: Mapping[str, Functions], x: Float[ndarray, "m D"]
) -> Residual:
    """Return a residual with the inputs of all problems in it."""
    return residual.given(
        [functions[i.name].values(x[:, i.axes], i.alpha) for i in residual.inputs]
    )


def _begin(
    posed: Posed,
    functions: Mapping[str, Functions],
    counts: Sequence[int],
    lower: Sequence[float],
    upper: Sequence[float],
    before: Polynomials | None,
) -> list[tuple[Term, Float[ndarray, "M m"], ndarray]]:
    """Return derivatives in time, their values where a slab begins, and at which points."""
    x = zeros(counts[0], lower[0], upper[0])
    points = np.column_stack([x, np.full(len(x), lower[-1])])
    M, c = number_of(functions), len(posed.problem.fields)
    found = []
    for field, formulas in enumerate(posed.initial):
        for order, formula in enumerate(formulas):
            op = partial((0, order))
            if before is None:
                value = of_functions(formula, functions, x[:, None])
            else:
                terms = [Term(i * c + field, op) for i in range(M)]
                jet = before.jet(points, set(terms))
                value = np.array([jet[term] for term in terms])
            found.append((Term(field, op), value, points))
    return found


def _newton(columns: _Columns, start: Float[ndarray, "M c N"]) -> Float[ndarray, "M c N"] | None:
    """Return the coefficients of all problems; None if those of one are not found."""
    a = start.copy()
    solve = _factor(columns.mean_jacobian(a))
    relative = np.full(len(a), inf)
    for step in range(STEPS):
        change = solve(columns.residual(a)).reshape(a.shape)
        if not np.isfinite(change).all():
            break
        a = a - change
        size = np.abs(a).max(axis=(1, 2))
        last, relative = relative, np.abs(change).max(axis=(1, 2)) / np.where(size > 0, size, 1.0)
        if np.all((relative <= CONVERGED) | ((relative <= 1e-8) & (relative > last / 2))):
            return a
        if step == 2 and np.median(relative) > 1e-3:  # these are other equations than their mean
            break
    for i in range(len(a)):
        own = newton(columns.alone(i), start[i])
        if own is None:
            return None
        a[i] = own
    return a


def _factor(J: Float[ndarray, "m n"]) -> Callable[[Float[ndarray, "M m"]], Float[ndarray, "M n"]]:
    """Return a function that gives least-squares solutions, rows and columns scaled."""
    from scipy.linalg import qr, solve_triangular  # slow to import

    rows = np.maximum(np.abs(J).max(axis=1), np.finfo(float).tiny)
    scaled = J / rows[:, None]
    columns = np.linalg.norm(scaled, axis=0)
    columns[columns == 0] = 1.0
    Q, R, order = qr(scaled / columns, mode="economic", pivoting=True, check_finite=False)
    rank = int(np.sum(np.abs(np.diag(R)) > RANK * abs(R[0, 0])))

    def solve(r: Float[ndarray, "M m"]) -> Float[ndarray, "M n"]:
        found = np.zeros((len(r), J.shape[1]))
        part = solve_triangular(R[:rank, :rank], Q[:, :rank].T @ (r / rows).T, check_finite=False)
        found[:, order[:rank]] = part.T
        return found / columns

    return solve
