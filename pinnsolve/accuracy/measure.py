"""How far a solution is from the exact one, or from a reference that is known to be closer.

Errors are measured on points that no method has seen, a low-discrepancy set inside the domain,
and again on the nodes, where the classical baseline is known too. Of several regions both have the
nodes on their interface, each with the values of its own side. Where point sources are spread no
solution is that of points, which may be infinite: these places are left out.
"""

from dataclasses import replace
from math import nan

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.relative import relative
from pinnsolve.conditions.points import points_of
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.problem.sources import is_far
from pinnsolve.solution.accuracy import Errors, Estimate
from pinnsolve.solution.derived import derived_values
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
    fields: Fields,
    sample: Sample,
    problem: Problem,
    domain: Domain,
    truth: Reference | None,
    shown: tuple[Float[ndarray, "n D"], Float[ndarray, " n"]] | None = None,
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
    shown
        Other points to measure it on, where the fields are, and factors that make sums of squares
        over them integrals.
    """
    if truth is None or truth.fields is None or truth.values is None:
        return None
    if shown is not None:
        return _where_shown(fields, problem, truth, *shown)
    points, exact_nodes = test_points(problem, domain), truth.values
    if problem.sources:
        return _beside_sources(fields, sample, problem, truth, points)
    exact = truth.fields(points)
    there = fields(points)
    names, regions = problem.fields, sample.nodes.regions
    errors = Errors(
        by_field(names, there, exact),
        max_by_field(names, there, exact),
        by_field(names, sample.values, exact_nodes),
        len(points),
        against=truth.described,
        uncertainty=truth.error or 0.0,
    )
    if sample.times is not None:
        at_end = {
            name: float(by_level(sample.values[..., i], exact_nodes[..., i])[-1])
            for i, name in enumerate(names)
        }
        errors = replace(errors, relative_l2_at_end=at_end)
    if problem.derived:
        errors = replace(errors, derived=_of_derived(fields, sample, problem, truth, points))
    if regions is None:
        return errors
    of, of_nodes = regions.locate(points[:, : sample.nodes.dim]), regions.of[sample.nodes.rows]
    by_region = {}
    for r, region in enumerate(regions.names):
        here, rows = of == r, of_nodes == r
        unknown = dict.fromkeys(names, nan)  # in a region so small that no point is in it
        by_region[region] = Errors(
            by_field(names, there[here], exact[here]) if here.any() else unknown,
            max_by_field(names, there[here], exact[here]) if here.any() else unknown,
            by_field(names, sample.values[..., rows, :], exact_nodes[..., rows, :]),
            int(here.sum()),
            against=truth.described,
            uncertainty=truth.error or 0.0,
        )
    return replace(errors, by_region=by_region)


def _beside_sources(
    fields: Fields,
    sample: Sample,
    problem: Problem,
    truth: Reference,
    points: Float[ndarray, "n D"],
) -> Errors:
    """Return the errors where no point source is spread; see `measure`."""
    assert truth.fields is not None
    assert truth.values is not None
    names, points = problem.fields, points[is_far(problem, points)]
    there, exact = fields(points), truth.fields(points)
    far = is_far(problem, points_of(problem, sample.nodes))
    at_end = None
    if sample.times is not None:
        end = far[-1]
        at_end = by_field(names, sample.values[-1][end], truth.values[-1][end])
    return Errors(
        by_field(names, there, exact),
        max_by_field(names, there, exact),
        by_field(names, sample.values[far], truth.values[far]),
        len(points),
        at_end,
        against=truth.described,
        uncertainty=truth.error or 0.0,
    )


def _where_shown(
    fields: Fields,
    problem: Problem,
    truth: Reference,
    points: Float[ndarray, "n D"],
    factors: Float[ndarray, " n"],
) -> Errors:
    """Return the errors at points where the fields are; see `measure`."""
    assert truth.fields is not None
    there, exact = fields(points), truth.fields(points)

    def sizes(some: ndarray) -> dict[str, float]:
        """Return errors by the size of the fields, whose mean over all of space is zero."""
        apart, size = (
            np.linalg.norm(factors[some, None] * values[some], axis=0)
            for values in (there - exact, exact)
        )
        return dict(zip(problem.fields, (apart / size).tolist(), strict=True))

    everywhere = sizes(np.ones(len(points), dtype=bool))
    return Errors(
        everywhere,
        max_by_field(problem.fields, there, exact),
        everywhere,
        len(points),
        sizes(points[:, -1] == points[:, -1].max()),
        against=truth.described,
        uncertainty=truth.error or 0.0,
    )


def _of_derived(
    fields: Fields,
    sample: Sample,
    problem: Problem,
    truth: Reference,
    points: Float[ndarray, "n D"],
) -> Errors:
    """Return the errors of derived quantities; see `measure`."""
    assert truth.fields is not None
    assert truth.values is not None
    names, nodes = tuple(problem.derived), points_of(problem, sample.nodes)
    at_nodes = nodes.reshape(-1, nodes.shape[-1])

    def derived(of: Fields, values: ndarray) -> tuple[ndarray, ndarray]:
        flat = values.reshape(len(at_nodes), -1)
        on_nodes = derived_values(problem, of, at_nodes, flat)
        between = derived_values(problem, of, points, of(points))
        return between, on_nodes.reshape(*values.shape[:-1], -1)

    there, on_nodes = derived(fields, sample.values)
    exact, exact_nodes = derived(truth.fields, truth.values)
    at_end = None
    if sample.times is not None:
        at_end = by_field(names, on_nodes[-1], exact_nodes[-1])
    return Errors(
        by_field(names, there, exact),
        max_by_field(names, there, exact),
        by_field(names, on_nodes, exact_nodes),
        len(points),
        at_end,
    )


def estimated_by_region(
    problem: Problem, sample: Sample, estimate: Estimate | None
) -> Estimate | None:
    """Return an estimate with the errors in each of several regions, where it knows them.

    Parameters
    ----------
    problem, sample
        What was solved, and its values on the nodes.
    estimate
        Its estimated error.
    """
    regions = sample.nodes.regions
    if estimate is None or estimate.total_field is None or regions is None:
        return estimate
    of, u, e = regions.of[sample.nodes.rows], sample.values, estimate.total_field
    found = {
        name: relative(problem, u[..., of == r, :], e[..., of == r, :])
        for r, name in enumerate(regions.names)
    }
    return replace(estimate, by_region=found)


def compared(
    reference: Reference | None, truth: Reference | None, problem: Problem, nodes: Nodes
) -> Reference | None:
    """Return a classical solution with its errors on nodes, where these are not known yet."""
    if reference is None or reference.values is None or reference.relative_l2 is not None:
        return reference
    if truth is None or truth.values is None:
        return reference
    values, exact = reference.values, truth.values
    if problem.sources:
        far = is_far(problem, points_of(problem, nodes))
        values, exact = values[far], exact[far]
    return replace(
        reference,
        relative_l2=by_field(problem.fields, values, exact),
        overall_l2=overall_l2(values, exact),
        max_error=max_by_field(problem.fields, values, exact),
    )
