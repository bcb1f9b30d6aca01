"""Errors of fields whose potentials were solved for (`pinnsolve.solution.inverted`).

An error ``e`` of the potential ``w`` is one of ``U(w) - U(w - e)`` of the field.
"""

from dataclasses import replace

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.relative import relative
from pinnsolve.problem import Problem
from pinnsolve.references.exact import exact_at
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.inverted import Inverted, fields_of
from pinnsolve.solution.norms import by_field, max_by_field, overall_l2
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.solution import Sample


def estimate_of_fields(
    problem: Problem, found: Sample, estimate: Estimate | None
) -> Estimate | None:
    """Return the estimated error of the fields that a problem asks for.

    Parameters
    ----------
    problem
        Asks for them.
    found
        What was solved for, potentials in the place of some.
    estimate
        Its estimated error. Where a witness without a field of errors raised it, those of the
        fields are raised as much.
    """
    if estimate is None or not problem.potentials:
        return estimate
    u, w = fields_of(problem, found.values), found.values

    def of_fields(e: Float[ndarray, "*K n c"] | None) -> Float[ndarray, "*K n c"] | None:
        return None if e is None else u - fields_of(problem, w - e)

    errors = of_fields(estimate.total_field)
    total, known = relative(problem, u, errors), relative(problem, w, estimate.total_field)
    for name, raised in estimate.total.items():
        own, seen = total[name], known[name]
        if own is not None and seen and raised is not None:
            total[name] = own * raised / seen
    optimisation = of_fields(estimate.optimisation_field)
    return replace(
        estimate,
        optimisation=relative(problem, u, optimisation),
        total=total,
        optimisation_field=optimisation,
        total_field=errors,
    )


def reference_of_fields(
    problem: Problem, found: Sample, reference: Reference | None
) -> Reference | None:
    """Return a reference as one of the fields that a problem asks for.

    Parameters
    ----------
    problem
        Asks for them.
    found
        What was solved for, on the same nodes.
    reference
        A solution of it.
    """
    if reference is None or reference.values is None or not problem.potentials:
        return reference
    values, exact = fields_of(problem, reference.values), exact_at(problem, found.nodes)
    return replace(
        reference,
        fields=reference.fields and Inverted(problem, reference.fields),
        values=values,
        relative_l2=None if exact is None else by_field(problem.fields, values, exact),
        overall_l2=None if exact is None else overall_l2(values, exact),
        max_error=None if exact is None else max_by_field(problem.fields, values, exact),
    )
