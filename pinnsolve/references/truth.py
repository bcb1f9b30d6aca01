"""What a solution is held against, where files and figures show it.

It is what was measured against; of a solution that was read from a file, the exact solution only.
"""

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.references.exact import exact_at, exact_fields
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.solution import Solution


def truth_at_nodes(solution: Solution) -> Float[ndarray, "*K n c"] | None:
    """Return the exact solution, or the reference in its place, on the nodes; None without."""
    truth = solution.accuracy.truth
    if truth is not None and truth.values is not None:
        return truth.values
    return exact_at(solution.problem, solution.sample.nodes)


def true_fields(solution: Solution) -> Fields | None:
    """Return the exact solution, or the reference in its place; None without."""
    truth = solution.accuracy.truth
    if truth is not None and truth.fields is not None:
        return truth.fields
    return exact_fields(solution.problem, solution.sample.nodes.regions)


def word_for_truth(solution: Solution) -> str:
    """Return "exact" for a formula, "reference" for a classical solver's solution or a file's."""
    truth = solution.accuracy.truth
    return "reference" if truth is not None and truth.title else "exact"
