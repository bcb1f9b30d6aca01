"""Solutions of a family for functions that someone brings, and how far to trust each.

What the branch leaves of the error is measured by a step of Newton's method on each function
(`family_newton`); what the features leave is taken to be what it was on the functions held out, or
told by other features where solutions are refined.
A function is unlike the family if it lies further from its middle, or has a larger share outside of
its principal space, than any function that was trained with, by the factor `BEYOND`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.verdict import LIMIT
from pinnsolve.conditions.points import points_of
from pinnsolve.errors import Fault, FileError
from pinnsolve.families.family import Functions
from pinnsolve.families.tabulated import Tabulated
from pinnsolve.methods.family_newton import apart, estimates, refined
from pinnsolve.problem import Problem, tabulated
from pinnsolve.problem.families import VaryingInput
from pinnsolve.setup import Setup
from pinnsolve.solution.ensemble import Evaluated
from pinnsolve.solution.points import inside
from pinnsolve.solution.solution import Solution

if TYPE_CHECKING:
    from pinnsolve.objectives.family_fields import FamilyFields
    from pinnsolve.objectives.joint_fields import JointFields

BEYOND = 1.2  # times the largest distance, or share, of a function to train with
SHARE = 1e-4  # outside of the principal space that is rounding
LOOKED_AT = 1000  # points at which errors are estimated


@dataclass(frozen=True)
class Brought(Tabulated):
    """Functions of someone else, which have codes in a family."""

    of: VaryingInput | None = None

    def codes(self) -> Float[ndarray, "M q"]:
        """Return the numbers that a network is given of each."""
        assert self.of is not None
        return self.of.family.codes_of(self.values(self.sensors))


def read_functions(
    problem: Problem, files: Mapping[str, Path]
) -> tuple[dict[str, Functions], tuple[str, ...]]:
    """Return functions from files, and their names.

    Parameters
    ----------
    problem
        Of the family.
    files
        By name of the input.

    Raises
    ------
    FileError
        If a file cannot be read, or does not hold such functions.
    """
    family = problem.family
    assert family is not None
    places = problem.equations[0].symbols.coordinates
    found, names = dict[str, Functions](), tuple[str, ...]()
    for own in family.inputs:
        path = files[own.name]
        at = [places[i] for i in own.axes]
        axes, table, columns = tabulated.read_functions(path, at, own.box)
        if names and len(columns) != len(names):
            message = f"has {len(columns)} functions, but the other input {len(names)}."
            raise FileError(f"{path}: {message}")
        if own.is_exponent:
            if table.min() <= 0:
                raise FileError(f"{path}: {own.name} must be positive, as in all of its family.")
            table = np.log(table)
        names = names or columns
        found[own.name] = Brought(axes, table, own.family.sensors, own)
    return found, names


def evaluate(
    solution: Solution,
    functions: Mapping[str, Functions],
    names: tuple[str, ...],
    x: Float[ndarray, "n D"] | None = None,
    *,
    refine: bool = False,
) -> Evaluated:
    """Return the solutions for functions.

    Parameters
    ----------
    solution
        Of the family.
    functions, names
        By name of the input, and what they are called.
    x
        Points; by default the nodes.
    refine
        Whether to improve each by Newton's method.
    """
    from pinnsolve.objectives.family_fields import FamilyFields
    from pinnsolve.objectives.joint_fields import JointFields
    from pinnsolve.objectives.reduced_fields import ReducedFields

    answer, problem = solution.answer, solution.problem
    assert isinstance(answer, FamilyFields | JointFields | ReducedFields)
    assert problem.family is not None
    setup = Setup(problem, nodes=solution.sample.nodes)
    there = points_of(problem, setup.nodes)
    flat = there.reshape(-1, there.shape[-1])
    codes = [own.codes() for own in functions.values()]
    seen, x = flat[:: 1 + len(flat) // LOOKED_AT], flat if x is None else x
    if not isinstance(answer, ReducedFields):
        values, errors = _by_newton(solution, setup, answer, functions, x, seen, refine=refine)
    elif refine:
        message = "solutions that are sums of classical ones are not refined by Newton's method."
        fault = Fault(("network", "features"), message, "Leave out --refine.")
        raise problem.source.error(fault)
    else:
        values = answer.evaluated(codes, x)
        errors = dict.fromkeys(problem.fields, answer.estimated(codes))
    values[:, ~inside(problem, setup.domain, setup.nodes.spacing, x)] = np.nan
    training = [own.training.codes() for own in problem.family.inputs]
    outside, distance = answer.outside(codes), answer.distance(codes)
    most = BEYOND * answer.distance(training).max()
    share = max(SHARE, BEYOND * answer.outside(training).max())
    return Evaluated(
        names,
        x,
        values,
        errors,
        outside,
        distance,
        (distance > most) | (outside > share),
        problem.settings.solver.accuracy or LIMIT,
    )


def _by_newton(
    solution: Solution,
    setup: Setup,
    answer: "FamilyFields | JointFields",
    functions: Mapping[str, Functions],
    x: Float[ndarray, "n D"],
    seen: Float[ndarray, "m D"],
    *,
    refine: bool,
) -> tuple[Float[ndarray, "M n c"], Mapping[str, Float[ndarray, " M"]]]:
    """Return the solutions at points, and their errors as estimated at those that are seen."""
    alone, names = answer.alone, solution.problem.fields
    codes = [own.codes() for own in functions.values()]
    heads = alone.heads(codes)
    if refine:
        heads = refined(setup, alone.net, functions, heads)
        errors = estimates(setup, answer, functions, seen, heads).total
        return alone.values(heads, x), errors
    if answer is not alone:
        return answer.evaluated(codes, x), estimates(setup, answer, functions, seen).total
    before = alone.values(heads, seen)
    nearer = alone.values(refined(setup, alone.net, functions, heads, 1), seen)
    left = _left_by_features(solution)
    errors = {n: np.hypot(e, left[n]) for n, e in apart(names, before, nearer).items()}
    return answer.evaluated(codes, x), errors


def _left_by_features(solution: Solution) -> dict[str, float]:
    """Return the errors estimated in problems held out, by field; NaN where none is known.

    So functions of a run that has no estimate are not called resolved, unless they are refined.
    """
    known = solution.accuracy.estimate
    total = {} if known is None else known.total
    found = {name: total.get(name) for name in solution.problem.fields}
    return {name: np.nan if error is None else error for name, error in found.items()}
