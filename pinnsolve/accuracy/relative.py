"""Sizes of estimated errors relative to the fields.

An error is relative to its own field, but for a velocity: of a component that hardly moves, as that
across a channel, what was found is error itself, and a hundred percent of it would tell nothing.
It is relative to the speed.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations.incompressible import incompressible
from pinnsolve.equations.pressure import is_derived
from pinnsolve.problem import Problem
from pinnsolve.solution.norms import by_field

STILL = 1e-3  # of the speed: a component of the velocity that does not move


def relative(
    problem: Problem, u: Float[ndarray, "*K n c"], e: Float[ndarray, "*K n c"] | None
) -> dict[str, float | None]:
    """Return the size of each field's error relative to the field, with or without the error.

    Parameters
    ----------
    problem
        Names the fields; as stated, or as posed on nodes.
    u
        The fields, errors included.
    e
        Their errors; None if they are not known.
    """
    if e is None:
        return dict.fromkeys(problem.fields)
    # an error much larger than the solution is as large as what was found
    to_truth, to_found = by_field(problem.fields, u, u - e), by_field(problem.fields, u - e, u)
    sizes: dict[str, float | None] = {
        name: min(to_truth[name], to_found[name]) for name in problem.fields
    }
    for i, speed in still(problem, u).items():
        sizes[problem.fields[i]] = float(np.linalg.norm(e[..., i])) / speed
    return sizes


def still(problem: Problem, u: Float[ndarray, "*K n c"]) -> dict[int, float]:
    """Return the components of the velocity that do not move, each with the size of the speed.

    Parameters
    ----------
    problem, u
        As of `relative`.
    """
    velocity = _velocity(problem)
    speed = float(np.linalg.norm(u[..., velocity]))
    return {i: speed for i in velocity if speed and np.linalg.norm(u[..., i]) <= STILL * speed}


def _velocity(problem: Problem) -> list[int]:
    """Return the fields that are components of the velocity; none of a problem that is no flow."""
    equations = [  # posed on nodes, continuity is the last condition on the boundary
        problem.boundary[-1].equation if is_derived(equation) else equation
        for equation in problem.equations
    ]
    flow = incompressible(tuple(equations))
    return [] if flow is None else [*flow.velocity]
