"""How far a solution is from the truth, where nobody knows the truth.

The error ``e = u - u*`` of a solution ``u`` satisfies the equations linearised there,

    J(u) e = r(u),

up to terms of size ``e^2``. ``J`` is the discrete operator of order p on the nodes; what ``e``
means depends on the residual that is put in. With the one that the method made small it is the
*optimisation error*, the distance from the solution of the equations as the method had them.
With one that knows the discretisation error it is the *total error*:

``rbf-fd``, ``dt-pinn``
    The residual of the nodal values by derivatives of order p + 2.
``pinn``
    The exact residual of the network between the nodes, averaged around each: at the nodes
    themselves, where it was trained on, it is up to fifty times too small. Averages, because
    what oscillates between neighbours hardly contributes to the error.

Errors are those that residuals mean to the operator ``J'`` of order p + 2. It is rarely
factorised: ``e`` is the sum of the steps

    J(u) s = r - J'(u) e,    e <- e + s,

iterated deferred correction (Pereyra, 1968, doi:10.1007/BF02165307; Stetter, 1978,
doi:10.1007/BF01432879). Where the second step is larger than the first, as in flows, whose
operator of order p answers to what oscillates as if it were smooth, ``J'`` is factorised.

Higher orders are blind where the solution varies too fast for any stencil, as around a small
hole. For ``dt-pinn`` there is a second witness, the exact residual of the network at the nodes. It
exaggerates, for the network is rougher between the nodes than its values are, so that it counts
only where both disagree by far more than what the first one says, and not in flows.

In time the total error is the distance from the classical solution by derivatives of order p + 2
and steps of an order as high, the optimisation error that from the one of order p: in linear
problems the error equation, stepped through time, is the difference of these. What the steps of
the finer one leave, which it knows itself, is added to the total.

``benchmarks/estimate.py`` compares estimates with true errors. They are never bounds. Operators of
order four amplify what oscillates along the boundary, so that below about 1e-10, where that is
rounding, the estimate for ``pinn`` is too large.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.residuals import residuals
from pinnsolve.conditions.nodal import Placement, nodal_conditions
from pinnsolve.errors import NodesError, PinnsolveError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import Discretisation, discretise
from pinnsolve.rbffd.factorisation import factorise
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.norms import by_field

ErrorOf: TypeAlias = Callable[[Float[ndarray, " R"]], Float[ndarray, "N c"]]
RAISE = 2  # of the order of accuracy, for the residual of nodal values
STEPS = 6  # of deferred correction, at most
SHRINK = 0.7  # of the size of a step: what the next may have and still count
DISAGREEMENT = 2.5  # of two estimates, relative to the first, from which on the second one counts
SAMPLES = {1: 16}  # points between the nodes for each node, by dimension
FEW_SAMPLES = 4  # in all others


def estimate(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    U: Float[ndarray, "N c"],
    fields: Fields | None = None,
    *,
    trained_exactly: bool = False,
) -> Estimate:
    """Estimate the error of a solution; what cannot be estimated is None, with the reason.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    system
        Its discretisation.
    U
        The solution at all nodes, ghosts included.
    fields
        The fields of a network, whose derivatives are exact; None for a direct solution.
    trained_exactly
        Whether it was trained on exact residuals at the nodes, where they are small.
    """
    rows, found, message = system.nodes.rows, list[Float[ndarray, "n c"]](), ""
    try:
        if not np.isfinite(U).all():
            raise NodesError("the solution is not finite.")
        with np.errstate(all="ignore"):
            for e in _errors(problem, domain, system, U, fields, trained_exactly):
                found.append(e[rows])
    except (PinnsolveError, MemoryError) as fault:
        message = str(fault) or "there is too little memory."
    optimisation, total, *_ = (*found, None, None)
    return Estimate(
        _relative(problem, U[rows], optimisation),
        _relative(problem, U[rows], total),
        optimisation,
        total,
        message,
    )


def estimate_in_time(
    problem: Problem,
    placement: Placement,
    values: Float[ndarray, "K n c"],
    same_order: Float[ndarray, "K n c"] | None,
    watch: Watch = unwatched,
) -> Estimate:
    """Estimate the error of a solution in time; what cannot be estimated is None.

    Parameters
    ----------
    problem, placement
        What was solved, and where its conditions hold.
    values
        The solution at the interior and boundary nodes.
    same_order
        The classical solution of the order that was used; None if it is not known.
    watch
        Told of the progress.
    """
    nodes = placement.nodes
    optimisation = None if same_order is None else values - same_order
    total, left, message = None, 0.0, ""
    order = problem.settings.solver.order + RAISE
    try:
        system = discretise(
            placement.at(),
            nodes,
            len(problem.fields),
            order,
            watch,
            time_order=problem.time_order,
        )
        finer = solve_directly(problem, system, placement, watch)
        if finer.converged:
            total = values - finer.fields.values[:, nodes.rows]
            left = finer.error_in_time
        else:
            message = finer.message
    except (PinnsolveError, MemoryError) as fault:
        message = str(fault) or "there is too little memory."
    return Estimate(
        _relative(problem, values, optimisation),
        {
            name: None if error is None else error + left
            for name, error in _relative(problem, values, total).items()
        },
        optimisation,
        total,
        message,
    )


def error_equation(system: Discretisation, U: Float[ndarray, "N c"]) -> ErrorOf:
    """Return the solution operator of the equations linearised at nodal values.

    It takes the residuals of all conditions, one after the other, to the error that they mean;
    the residuals of the rows that close free ghosts may follow, and are zero otherwise.

    Raises
    ------
    SingularError
        If the linearised equations have no unique solution.
    """
    equations = Equations.of(system)
    factors = factorise(equations.jacobian(U.T.ravel()), equations.order)

    def error(residual: Float[ndarray, " R"]) -> Float[ndarray, "N c"]:
        full = np.zeros(factors.matrix.shape[0])
        full[: len(residual)] = residual
        return factors(full).reshape(system.n_fields, -1).T

    return error


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
        self.is_factorised = not sizes[1] < sizes[0]  # on the ghosts it may be
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


def _errors(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    U: Float[ndarray, "N c"],
    fields: Fields | None,
    trained_exactly: bool,
) -> Iterator[Float[ndarray, "N c"]]:
    """Yield the optimisation error, then the total error."""
    error = error_equation(system, U)
    at_nodes = [] if fields is None else residuals(fields, system.conditions, system.nodes.x)
    if not trained_exactly:
        yield error(Equations.of(system).residual(U.T.ravel()))
    higher = HigherOrder(system, U, error, system.order + RAISE)
    if fields is not None and trained_exactly:
        yield higher.error(np.concatenate(at_nodes))
        yield higher.error(_between_nodes(problem, domain, system, fields, at_nodes))
        return
    e = higher.error(higher.residual)
    if at_nodes and not higher.is_factorised:
        second = higher.error(np.concatenate(at_nodes))
        apart, size = (np.linalg.norm(z[system.nodes.rows], axis=0) for z in (second - e, e))
        e = np.where(apart > DISAGREEMENT * size, second, e)
    yield e


def _relative(
    problem: Problem, u: Float[ndarray, "*K n c"], e: Float[ndarray, "*K n c"] | None
) -> dict[str, float | None]:
    """Return the size of each field's error relative to the field without it."""
    return dict.fromkeys(problem.fields) if e is None else {**by_field(problem.fields, u, u - e)}


def _between_nodes(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    fields: Fields,
    at_nodes: Sequence[Float[ndarray, " _"]],
) -> Float[ndarray, " R"]:
    """Return the mean of an exact residual over the points around each node.

    A node that has no point for its own keeps its residual.

    Raises
    ------
    NodesError
        If the domain is known by its nodes only.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    nodes = system.nodes
    if domain.nodes is not None:
        raise NodesError("the domain is known by its nodes only, on which the network was trained.")
    samples = SAMPLES.get(nodes.dim, FEW_SAMPLES)
    fine = node_set(problem, domain, count=samples * nodes.rows.stop)
    conditions = nodal_conditions(problem, fine, pde_rows="interior")
    means = []
    here = residuals(fields, conditions, fine.x)
    values = zip(system.conditions, conditions, here, at_nodes, strict=True)
    for condition, around, between, at in values:
        if condition.across is not None:  # ghosts, on which no network was trained
            means.append(at)
            continue
        _, owner = KDTree(nodes.x[condition.rows]).query(fine.x[around.rows])
        count = np.bincount(owner, minlength=len(at))
        total = np.bincount(owner, between, minlength=len(at))
        means.append(np.where(count > 0, total / np.maximum(count, 1), at))
    return np.concatenate(means)
