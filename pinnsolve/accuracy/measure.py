"""How far a solution is from the exact one, or from a reference that is known to be closer.

Errors are measured on points that no method has seen, a low-discrepancy set inside the domain,
and again on the nodes, where the classical baseline is known too.
"""

from dataclasses import replace

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.solution.accuracy import Errors
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.norms import by_field, by_level, max_by_field, overall_l2
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.solution import Sample


def test_points(problem: Problem, domain: Domain) -> Float[ndarray, "n d"]:
    """Return points that no method has seen: of space, or of space and time."""
    settings = problem.settings
    count, seed = settings.output.test_points, settings.nodes.seed
    if problem.time is None:
        return sample(domain, count, seed)
    return sample_in_time(domain, problem.time, count, seed)


def measure(
    fields: Fields, sample: Sample, problem: Problem, domain: Domain, truth: Reference | None
) -> Errors | None:
    """Return the errors of every field; None if nothing is known to measure them against.

    Parameters
    ----------
    fields, sample
        What to measure, and its values on the nodes.
    problem
        What it is to solve.
    domain
        Where to measure it, on as many points as the problem file asks for.
    truth
        What to measure it against.
    """
    if truth is None or truth.fields is None or truth.values is None:
        return None
    points, exact_nodes = test_points(problem, domain), truth.values
    exact = truth.fields(points)
    there = fields(points)
    at_end = None
    if sample.times is not None:
        at_end = {
            name: float(by_level(sample.values[..., i], exact_nodes[..., i])[-1])
            for i, name in enumerate(problem.fields)
        }
    return Errors(
        relative_l2=by_field(problem.fields, there, exact),
        max_error=max_by_field(problem.fields, there, exact),
        relative_l2_nodes=by_field(problem.fields, sample.values, exact_nodes),
        test_points=len(points),
        relative_l2_at_end=at_end,
        against=truth.described,
        uncertainty=truth.error or 0.0,
    )


def compared(
    reference: Reference | None, truth: Reference | None, problem: Problem
) -> Reference | None:
    """Return a classical solution with its errors, where these are not known yet."""
    if reference is None or reference.values is None or reference.relative_l2 is not None:
        return reference
    if truth is None or truth.values is None:
        return reference
    return replace(
        reference,
        relative_l2=by_field(problem.fields, reference.values, truth.values),
        overall_l2=overall_l2(reference.values, truth.values),
        max_error=max_by_field(problem.fields, reference.values, truth.values),
    )
