"""The equations linearised at nodal values, solved for the error that a residual means.

The error ``e = u - u*`` of a solution ``u`` satisfies, up to terms of size ``e^2``,

    J(u) e = r(u).

Errors are those that residuals mean to the operator ``J'`` of a higher order (`raised`). It is
rarely factorised: ``e`` is the sum of the steps

    J(u) s = r - J'(u) e,    e <- e + s,

iterated deferred correction (Pereyra, 1968, doi:10.1007/BF02165307; Stetter, 1978,
doi:10.1007/BF01432879). Where the second step is larger than the first, as in flows, whose
operator of order p answers to what oscillates as if it were smooth, ``J'`` is factorised.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import Discretisation, discretise
from pinnsolve.rbffd.levels import LevelledFactors

ErrorOf: TypeAlias = Callable[[Float[ndarray, " R"]], Float[ndarray, "N c"]]
STEPS = 6  # of deferred correction, at most
ROUNDING = 1e-10  # of the nodal values: a step that tells nothing of the operator
SHRINK = 0.7  # of the size of a step: what the next may have and still count


def error_equation(
    system: Discretisation, U: Float[ndarray, "N c"], factors: LevelledFactors | None = None
) -> ErrorOf:
    """Return the solution operator of the equations linearised at nodal values.

    It takes the residuals of all conditions, one after the other, to the error that they mean;
    the residuals of the rows that close free ghosts may follow, and are zero otherwise.

    Parameters
    ----------
    system, U
        The equations, and the nodal values.
    factors
        Those of the matrix, if they are known.

    Raises
    ------
    SingularError
        If the linearised equations have no unique solution.
    """
    equations = Equations.of(system)
    solve = factors or equations.factorised(U.T.ravel())

    def error(residual: Float[ndarray, " R"]) -> Float[ndarray, "N c"]:
        full = np.zeros(len(equations.is_constraint))
        full[: len(residual)] = residual
        return solve(full).reshape(system.n_fields, -1).T

    return error


def raised(order: int, dim: int) -> int:
    """Return the order of the derivatives that see the error of those of an order.

    It is p + 2. In space, where stencils are large, the next odd order is enough: on nearly
    symmetric ones what polynomials of the next degree would add nearly cancels.

    >>> raised(4, 2), raised(4, 3), raised(3, 3)
    (6, 5, 5)
    """
    return order + 2 if dim < 3 or order % 2 else order + 1


class HigherOrder:
    """The equations by derivatives of a higher order, linearised at nodal values.

    Parameters
    ----------
    system
        The discretisation.
    U
        The nodal values.
    lower
        Its `error_equation` there.
    order
        The higher order.

    Attributes
    ----------
    residual
        Of the nodal values.
    is_factorised
        Whether the operator is factorised, as corrections by the lower order do not converge.

    Raises
    ------
    NodesError
        If the nodes are too few for it, or do not determine the polynomials needed.
    """

    def __init__(
        self, system: Discretisation, U: Float[ndarray, "N c"], lower: ErrorOf, order: int
    ) -> None:
        finer = discretise(system.conditions, system.nodes, system.n_fields, order)
        equations, u = Equations.of(finer), U.T.ravel()
        self.residual = equations.residual(u)
        self._jacobian = equations.jacobian(u)
        first = lower(self.residual)
        second = lower(self.residual - self._jacobian @ first.T.ravel())
        sizes = [np.linalg.norm(step[system.nodes.rows]) for step in (first, second)]
        noise = ROUNDING * np.linalg.norm(U[system.nodes.rows])
        self.is_factorised = not sizes[1] < max(sizes[0], noise)  # on the ghosts it may be
        self._solve = error_equation(finer, U) if self.is_factorised else lower

    def error(self, residual: Float[ndarray, " R"]) -> Float[ndarray, "N c"]:
        """Return the error that a residual means."""
        if self.is_factorised:
            return self._solve(residual)
        full = np.zeros(self._jacobian.shape[0])
        full[: len(residual)] = residual
        e = step = self._solve(full)
        for _ in range(STEPS - 1):
            size = np.linalg.norm(step)
            step = self._solve(full - self._jacobian @ e.T.ravel())
            if not np.linalg.norm(step) < SHRINK * size:
                break
            e = e + step
        return e
