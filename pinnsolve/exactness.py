"""Whether the exact solution that a problem file gives satisfies the problem.

Its derivatives are taken in symbols, so that what is left of an equation is rounding error, or a
mistake in the file. Rounding is measured against the largest term of the equation, which the
derivative matrices give well enough.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.problem import Problem
from pinnsolve.problem.expression import ExpressionError
from pinnsolve.rbffd.discretisation import Discretisation

INEXACT = 1e-8  # of the largest term, left over: more than rounding


def exact_values(problem: Problem, x: Float[ndarray, "N d"]) -> Float[ndarray, "N c"] | None:
    """Return the exact solution at points, infinite where it is; None if none is given."""
    if problem.exact is None:
        return None
    with np.errstate(all="ignore"):
        return np.column_stack([exact(x) for exact in problem.exact])


def doubts(problem: Problem, system: Discretisation) -> list[str]:
    """Return a sentence for each equation and condition that the exact solution does not satisfy.

    Parameters
    ----------
    problem
        Whose ``[exact]`` is examined.
    system
        The problem on nodes: there its residual is taken.
    """
    nodes = system.nodes
    exact = exact_values(problem, nodes.x)
    if problem.exact is None or exact is None:
        return []
    bad = ~np.isfinite(exact[nodes.rows]).all(axis=1)
    if bad.any():
        x = zip(problem.coordinates, nodes.x[np.argmax(bad)], strict=True)
        place = ", ".join(f"{name} = {value:.4g}" for name, value in x)
        return [f"[exact] is not finite at {place}, so no error can be measured there."]
    expressions = [function.expression for function in problem.exact]
    equations = [*problem.equations, *(condition.equation for condition in problem.boundary)]
    found = []
    for k, equation in enumerate(equations):
        rows = system.conditions[k].rows
        normals = nodes.normals[rows - nodes.n_interior] if k >= len(problem.equations) else None
        try:
            with np.errstate(all="ignore"):
                left = equation.defect(expressions, nodes.x[rows], normals)
        except ExpressionError:  # known by its values only, or too long to be differentiated
            return []
        most = _largest(left)
        share = most / (_largest_term(system, k, exact) or 1.0)
        if share > INEXACT:
            found.append(
                f'[exact] does not satisfy "{equation.text}": it leaves {most:.2g}, '
                f"{share:.1g} of the largest term. Errors will not fall much below that."
            )
    return found


def _largest_term(system: Discretisation, k: int, U: Float[ndarray, "N c"]) -> float:
    """Return the size of a condition's largest term for nodal values, its source included."""
    residual = system.conditions[k].residual
    jet = {(field, op): D @ U[:, field] for (field, op), D in system.matrices[k].items()}
    with np.errstate(all="ignore"):
        slopes = residual.partials(jet)
        source = residual({term: np.zeros_like(values) for term, values in jet.items()})
        return _largest(np.array([source, *(slopes[term] * jet[term] for term in jet)]))


def _largest(values: Float[ndarray, "*_"]) -> float:
    """Return the size of the largest finite value."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
