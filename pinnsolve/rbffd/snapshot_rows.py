"""Snapshots as rows of a least-squares problem: what a beginning, and a solution, make of them.

A beginning is a smoothing spline of which the smoothest functions ``phi_k`` may change, with
coefficients ``a_k`` that were fitted as ``d_k e_k/(e_k + lambda)``. So of what is seen first

    phi(x_i) . a - d_i        and        (lambda / e_k)^(1/2) a_k

are rows, of what is seen later its distance from the solution at the same instant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.conditions.condition import Condition, bound
from pinnsolve.conditions.data import Observed
from pinnsolve.conditions.splines import Spline
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.rbffd.discretisation import Discretisation, discretise

LEAST = 1e-3  # share of a function's coefficient that smoothing leaves, to be worth a change
MOST = 40  # functions of one beginning that may change
FINER = 2  # orders by which interpolation is better than derivatives


@dataclass(frozen=True, eq=False)
class Beginning:
    """An initial value that was observed, as far as it may change.

    Attributes
    ----------
    field, order
        Of which field, and of which derivative in time.
    spline
        As fitted.
    rows
        Of each set of data the place of its points among those of the spline, by the set's number.
    """

    field: int
    order: int
    spline: Spline
    rows: dict[int, slice]

    @property
    def count(self) -> int:
        """Number of functions that may change, the smoothest ones."""
        return int(min(MOST, len(self.spline.kept), (self.spline.kept > LEAST).sum()))

    @property
    def fitted(self) -> Float[ndarray, " k"]:
        """Their coefficients by the first snapshot alone."""
        return self.spline.coefficients[: self.count]

    @property
    def penalties(self) -> Float[ndarray, " k"]:
        """Factors of the coefficients in the rows that ask for smoothness."""
        t, spline = len(self.spline.polynomials), self.spline
        rough = np.sqrt(spline.smoothing / spline.strengths[: self.count - t])
        return np.concatenate([np.zeros(t), rough])

    def seen(self, number: int) -> tuple[Float[ndarray, "n k"], Float[ndarray, " n"]]:
        """Return the functions at the points of a set, and what the others add there."""
        basis = self.spline.basis[self.rows[number]]
        rest = basis[:, self.count :] @ self.spline.coefficients[self.count :]
        return basis[:, : self.count], rest


@dataclass(frozen=True, eq=False)
class Later:
    """What was seen of a solution at an instant.

    Attributes
    ----------
    level
        Which of the levels that is.
    system
        Its distance from values at the nodes.
    """

    level: int
    system: Discretisation

    def residual(self, U: Float[ndarray, "N c"]) -> Float[ndarray, " n"]:
        """Return the distance of the solution from the values."""
        return self.system.residual(U)

    def derivative(
        self, U: Float[ndarray, "N c"], change: Float[ndarray, "c N p"]
    ) -> Float[ndarray, "n p"]:
        """Return the derivative of the distance along changes of the solution."""
        columns = change.reshape(-1, change.shape[-1])
        return np.asarray(self.system.jacobian(U)[:, : len(columns)] @ columns)


def later(problem: Problem, nodes: Nodes, own: Observed, times: Float[ndarray, " K"]) -> Later:
    """Return a set of data that was seen at one of the levels.

    Parameters
    ----------
    problem, nodes
        What is solved, and where.
    own
        The data.
    times
        The levels.

    Raises
    ------
    ProblemError
        If it is a derivative in time.
    """
    x, t = own.x[:, : nodes.dim], own.x[:1, -1]
    level = int(np.argmin(np.abs(times - t)))
    equation = own.stated.equation(own.values)
    residual = bound(problem, (*own.stated.key, "fields"), equation, x, t)
    if any(term.time_order for term in residual.terms):
        message = "derivatives in time are not compared with data in this version."
        raise problem.source.error(Fault((*own.stated.key, "fields"), message, "Leave them out."))
    rows: Int[ndarray, " n"] = KDTree(nodes.x[nodes.rows]).query(x)[1]
    condition = Condition(own.name, residual, rows, 1.0, np.zeros(1, dtype=int), points=x).at(0)
    order = problem.settings.solver.order + FINER
    return Later(level, discretise([condition], nodes, len(problem.fields), order))


def levels(
    times: Float[ndarray, " K"], observed: Sequence[Observed]
) -> tuple[Float[ndarray, " L"], Int[ndarray, " K"]]:
    """Return the instants of a solution and of all data, and which are those of the solution."""
    every = np.concatenate([times, *(own.x[:1, -1] for own in observed)])
    found = np.unique(every)
    keep = np.concatenate([[True], np.diff(found) > 1e-9 * (times[-1] - times[0])])
    found = found[keep]
    return found, np.array([int(np.argmin(np.abs(found - t))) for t in times])
