"""Sizes of estimated errors relative to the fields."""

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.problem import Problem
from pinnsolve.solution.norms import by_field


def relative(
    problem: Problem, u: Float[ndarray, "*K n c"], e: Float[ndarray, "*K n c"] | None
) -> dict[str, float | None]:
    """Return the size of each field's error relative to the field, with or without the error.

    Parameters
    ----------
    problem
        Names the fields.
    u
        The fields, errors included.
    e
        Their errors; None if they are not known.
    """
    if e is None:
        return dict.fromkeys(problem.fields)
    # an error much larger than the solution is as large as what was found
    to_truth, to_found = by_field(problem.fields, u, u - e), by_field(problem.fields, u - e, u)
    return {name: min(to_truth[name], to_found[name]) for name in problem.fields}
