"""The classical solution on the same nodes: sparse factorisation and Newton's method.

It is a method in its own right for one forward problem, the baseline of every network trained on
the same discretisation (whose error it bounds from below), and an oracle in tests.

Steps are damped by the natural monotonicity test: a step ``s d`` with ``J d = -r(u)`` is taken if
``|J^-1 r(u + s d)| <= (1 - s/2) |d|``, which does not depend on how the equations are scaled.
Source: Deuflhard (2011), Newton Methods for Nonlinear Problems, Springer,
doi:10.1007/978-3-642-23899-4, section 3.3.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation, stack
from pinnsolve.rbffd.factorisation import Factorisation, factorise
from pinnsolve.rbffd.matching import closing_rows, match

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SMALLEST_DAMPING = 2.0**-12


@dataclass(frozen=True)
class DirectSolution:
    """Nodal values that satisfy the discrete problem.

    Attributes
    ----------
    values
        At all nodes, ghosts included.
    converged
        Whether Newton's method reached its tolerance; always true of a linear problem.
    message
        Why it ended.
    iterations
        Newton steps, one for a linear problem.
    residual_norm
        Root mean square of the residuals.
    condition
        Estimated condition number of the last matrix, rows and columns scaled.
    seconds
        Time taken.
    """

    values: Float[ndarray, "N c"]
    converged: bool
    message: str
    iterations: int
    residual_norm: float
    condition: float
    seconds: float


def solve(
    discretisation: Discretisation,
    initial: Float[ndarray, "N c"] | None = None,
    *,
    tolerance: float = 1e-10,
    iterations: int = 50,
    watch: Watch = unwatched,
) -> DirectSolution:
    """Solve the discrete problem for the nodal values.

    Parameters
    ----------
    discretisation
        The discrete problem; with more equations than unknowns it is solved by least squares.
    initial
        Where Newton's method starts; by default zero, or one if the equations are singular or
        not finite at zero.
    tolerance
        Size of the last Newton step relative to the solution.
    iterations
        Most Newton steps to take.
    watch
        Told how far the work has come.

    Raises
    ------
    SingularError
        If the discrete problem has no unique solution.
    NodesError
        If the nodes are too few to continue a field beyond the boundary.
    DivergedError
        If the equations are not finite where Newton's method starts.
    """
    start = perf_counter()
    equations = Equations.of(discretisation)
    shape = (discretisation.n_fields, discretisation.n_nodes)
    u = np.zeros(shape).ravel() if initial is None else initial.T.ravel()
    try:
        newton = _newton(equations, u, tolerance, iterations, watch)
    except (DivergedError, SingularError):
        if initial is not None or discretisation.is_linear:
            raise
        newton = _newton(equations, np.ones(u.shape), tolerance, iterations, watch)
    values = np.ascontiguousarray(newton.u.reshape(shape).T)
    return DirectSolution(
        values=values,
        converged=newton.converged,
        message=newton.message,
        iterations=newton.steps,
        residual_norm=float(np.sqrt(np.mean(discretisation.residual(values) ** 2))),
        condition=newton.condition,
        seconds=perf_counter() - start,
    )


def condition(discretisation: Discretisation, U: Float[ndarray, "N c"] | None = None) -> float:
    """Return the estimated condition number of the discrete operator, rows and columns scaled.

    Parameters
    ----------
    discretisation
        The discrete problem.
    U
        Nodal values at which a nonlinear one is linearised; zero by default.

    Raises
    ------
    SingularError
        If the operator is singular, or so ill conditioned that no digit can be trusted.
    """
    equations = Equations.of(discretisation)
    size = discretisation.n_fields * discretisation.n_nodes
    return factorise(equations.jacobian(np.zeros(size) if U is None else U.T.ravel())).condition


@dataclass(frozen=True)
class Equations:
    """The conditions and the rows that close the ghosts, as functions of one long vector."""

    discretisation: Discretisation
    closing: "csr_array"
    order: Int[ndarray, " K"] | None  # the row that determines each unknown

    @classmethod
    def of(cls, discretisation: Discretisation) -> "Equations":
        """Add the closing rows."""
        n_columns = discretisation.n_fields * discretisation.n_nodes
        matching = match(discretisation)
        closing = closing_rows(discretisation, matching)
        ghosts = [columns[:, -1] for columns, _ in closing]
        determined = np.concatenate([matching.determined, *ghosts])
        is_square = np.array_equal(np.sort(determined), np.arange(n_columns))
        order = np.argsort(determined) if is_square else None
        return cls(discretisation, stack(closing, n_columns), order)

    def residual(self, u: Float[ndarray, " K"]) -> Float[ndarray, " R"]:
        """Return the residuals of the conditions, then those of the closing rows."""
        U = u.reshape(self.discretisation.n_fields, -1).T
        return np.concatenate([self.discretisation.residual(U), self.closing @ u])

    def jacobian(self, u: Float[ndarray, " K"]) -> "csr_array":
        """Return the derivative of the residuals by the unknowns."""
        from scipy.sparse import vstack

        U = u.reshape(self.discretisation.n_fields, -1).T
        return vstack([self.discretisation.jacobian(U), self.closing], format="csr")


@dataclass(frozen=True)
class _Newton:
    """How Newton's method ended."""

    u: Float[ndarray, " K"]
    converged: bool
    message: str
    steps: int
    condition: float


def _newton(
    equations: Equations,
    u: Float[ndarray, " K"],
    tolerance: float,
    iterations: int,
    watch: Watch,
) -> _Newton:
    """Iterate until the step is small, or no damped step makes the next one smaller."""
    norm = np.linalg.norm
    r = equations.residual(u)
    if not np.isfinite(r).all():
        raise DivergedError(
            "the equations are not finite at the values where Newton's method starts. "
            "Rewrite them so that they are finite for fields that are zero, or one."
        )
    damping, condition = 1.0, 0.0
    for steps in range(1, iterations + 1):
        watch(Progress("direct solution", iteration=steps, loss=float(np.mean(r * r))))
        factors = factorise(equations.jacobian(u), equations.order)
        condition = factors.condition
        d = -factors(r)
        if equations.discretisation.is_linear:
            return _Newton(u + d, True, "solved", steps, condition)
        if norm(d) <= tolerance * norm(u + d):
            return _Newton(u + d, True, "converged", steps, condition)
        damping = _damping(equations, factors, u, d, min(1.0, 2 * damping))
        if damping < SMALLEST_DAMPING:
            # near the solution rounding errors, not the equations, spoil the test
            rounding = bool(norm(d) <= np.sqrt(tolerance) * norm(u))
            message = "converged to rounding" if rounding else "no step reduces the residual"
            return _Newton(u, rounding, message, steps, condition)
        u = u + damping * d
        r = equations.residual(u)
        del factors  # before the next ones take as much memory
    return _Newton(u, False, f"no convergence in {iterations} steps", iterations, condition)


def _damping(
    equations: Equations,
    factors: Factorisation,
    u: Float[ndarray, " K"],
    d: Float[ndarray, " K"],
    damping: float,
) -> float:
    """Halve the step until it passes the natural monotonicity test."""
    while damping >= SMALLEST_DAMPING:
        r = equations.residual(u + damping * d)
        if np.isfinite(r).all():
            next_d = np.linalg.norm(factors(r))
            if next_d <= (1 - damping / 2) * np.linalg.norm(d):
                return damping
        damping /= 2
    return damping
