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

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.verdict import LIMIT
from pinnsolve.conditions.points import points_of
from pinnsolve.errors import FileError
from pinnsolve.families.family import Functions
from pinnsolve.families.tabulated import Tabulated
from pinnsolve.methods.family_newton import apart, estimates, refined
from pinnsolve.problem import Problem, tabulated
from pinnsolve.problem.families import VaryingInput
from pinnsolve.setup import Setup
from pinnsolve.solution.ensemble import Evaluated
from pinnsolve.solution.points import inside
from pinnsolve.solution.solution import Solution

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

    answer, problem = solution.answer, solution.problem
    assert isinstance(answer, FamilyFields | JointFields)
    assert problem.family is not None
    setup = Setup(problem, nodes=solution.sample.nodes)
    there = points_of(problem, setup.nodes)
    flat = there.reshape(-1, there.shape[-1])
    codes = [own.codes() for own in functions.values()]
    alone = answer.alone
    seen = flat[:: 1 + len(flat) // LOOKED_AT]
    x, heads = flat if x is None else x, alone.heads(codes)
    if refine:
        heads = refined(setup, alone.net, functions, heads)
        errors = estimates(setup, answer, functions, seen, heads).total
    elif answer is not alone:
        errors = estimates(setup, answer, functions, seen).total
    else:
        before = alone.values(heads, seen)
        nearer = alone.values(refined(setup, alone.net, functions, heads, 1), seen)
        branch = apart(problem.fields, before, nearer)
        left = _left_by_features(solution)
        errors = {name: np.hypot(e, left[name]) for name, e in branch.items()}
    values = alone.values(heads, x) if refine else answer.evaluated(codes, x)
    values[:, ~inside(problem, setup.domain, setup.nodes.spacing, x)] = np.nan
    training = [own.training.codes() for own in problem.family.inputs]
    outside, distance = answer.branch.outside(codes), answer.branch.distance(codes)
    most = BEYOND * answer.branch.distance(training).max()
    share = max(SHARE, BEYOND * answer.branch.outside(training).max())
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


def _left_by_features(solution: Solution) -> dict[str, float]:
    """Return the errors estimated in problems held out, by field; NaN where none is known.

    So functions of a run that has no estimate are not called resolved, unless they are refined.
    """
    known = solution.accuracy.estimate
    total = {} if known is None else known.total
    found = {name: total.get(name) for name in solution.problem.fields}
    return {name: np.nan if error is None else error for name, error in found.items()}
