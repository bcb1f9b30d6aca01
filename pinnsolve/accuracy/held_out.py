"""How far the solutions of a family are from the true ones, for functions that were held out.

Each is measured relative to its own size, at points that were not trained on; what the report says
of all of them is the distribution of these errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pinnsolve.accuracy.measure import test_points
from pinnsolve.conditions.points import points_of
from pinnsolve.families.family import Functions, number_of
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch
from pinnsolve.references.families import OfSome, truths
from pinnsolve.solution.accuracy import Errors, Estimate
from pinnsolve.solution.held_out import HeldOut
from pinnsolve.solution.norms import max_error, relative_l2, relative_l2_of_each
from pinnsolve.solution.reference import Reference

VALUES = 2**26  # of all fields of all functions at once: with more of these, points are fewer


@dataclass(frozen=True)
class Measured:
    """What is known of the errors of a family.

    Attributes
    ----------
    held_out
        The error of each function that was held out.
    errors
        Their means, and the largest at any point.
    truth
        The true solution of the function that is shown, at the nodes.
    estimate
        The errors as estimated from the equations alone, in the mean over the functions.

    What no true solutions are known for has an estimate alone.
    """

    held_out: HeldOut | None
    errors: Errors | None
    truth: Reference | None
    estimate: Estimate | None = None


def measured(
    problem: Problem,
    domain: Domain,
    nodes: Nodes,
    functions: Mapping[str, Functions],
    solved: OfSome,
    watch: Watch,
) -> Measured | None:
    """Return the errors on functions; None if no true solutions are known.

    Parameters
    ----------
    problem, domain, nodes
        Of the family.
    functions
        By name of the input.
    solved
        The solutions that were found, of some functions at points.
    watch
        Told of the progress of a classical solver.
    """
    count = number_of(functions)
    true = truths(problem, domain, functions, watch)
    if true is None:
        return None
    x = test_points(problem, domain)
    x = x[: max(1000, VALUES // (count * len(problem.fields)))]
    found, exact = solved(range(count), x), true.at(range(count), x)
    by_function = {
        name: relative_l2_of_each(found[..., i], exact[..., i])
        for i, name in enumerate(problem.fields)
    }
    held_out = HeldOut(by_function, seconds=true.seconds / count)
    order = held_out.order
    some = list(dict.fromkeys([order[0], held_out.median, order[-1]]))
    there = points_of(problem, nodes)
    flat = there.reshape(-1, there.shape[-1])
    shape = (len(some), *there.shape[:-1], len(problem.fields))
    on_nodes = dict(zip(some, true.at(some, flat).reshape(shape), strict=True))
    ours = dict(zip(some, solved(some, flat).reshape(shape), strict=True))
    held_out = replace(held_out, found=ours, truths=on_nodes)
    u, v = ours[held_out.median], on_nodes[held_out.median]
    errors = Errors(
        {name: float(np.mean(e)) for name, e in by_function.items()},
        {name: max_error(found[..., i], exact[..., i]) for i, name in enumerate(problem.fields)},
        {
            name: relative_l2(u[..., i].ravel(), v[..., i].ravel())
            for i, name in enumerate(problem.fields)
        },
        len(x),
        against=true.described,
        uncertainty=true.error,
    )
    truth = Reference("exact", None, v, error=true.error, seconds=true.seconds, title=true.title)
    return Measured(held_out, errors, truth)
