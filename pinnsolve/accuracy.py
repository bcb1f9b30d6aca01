"""How far a solution is from the exact one, where that is known.

Errors are measured on points that no method has seen, a low-discrepancy set inside the domain,
and again on the nodes, where the classical baseline is known too.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.exactness import exact_values
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample
from pinnsolve.solution import Errors, Solution


def relative_l2(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return ``|u - exact| / |exact|``; where that is zero the root mean square of ``u``."""
    size = np.linalg.norm(exact)
    return float(np.linalg.norm(u - exact) / (size if size > 0 else np.sqrt(exact.size)))


def max_error(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return the largest distance."""
    return float(np.max(np.abs(u - exact)))


def measure(solution: Solution, domain: Domain) -> Errors | None:
    """Return the errors of every field; None if no exact solution is known.

    Parameters
    ----------
    solution
        What to measure.
    domain
        Where to measure it, on as many points as the problem file asks for.
    """
    problem, nodes = solution.problem, solution.nodes
    settings = problem.settings
    points = sample(domain, settings.output.test_points, settings.nodes.seed)
    exact, exact_nodes = exact_values(problem, points), exact_values(problem, nodes.x[nodes.rows])
    if exact is None or exact_nodes is None:
        return None
    there = solution(points)

    def by_field(
        size: Callable[[ndarray, ndarray], float], u: ndarray, truth: ndarray
    ) -> dict[str, float]:
        return {name: size(u[:, i], truth[:, i]) for i, name in enumerate(problem.fields)}

    return Errors(
        relative_l2=by_field(relative_l2, there, exact),
        max_error=by_field(max_error, there, exact),
        relative_l2_nodes=by_field(relative_l2, solution.values, exact_nodes),
        test_points=len(points),
    )
