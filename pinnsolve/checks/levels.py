"""Whether constraints fix the levels that the equations leave open, and each of them once.

A shift of the fields by constants that changes no equation and no condition changes the constraints
by what they hold of the fields undifferentiated. Each constraint must tell some shift from the
others; one that does not is one condition too many, unless an unknown constant is found by it.

Data may contradict one another where a level is open: the flux through the boundary of what the
sources in the domain are, say. The multiplier that takes this up tells by how much.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.checks.enclosed import Contradiction, imbalance
from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import Fault
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import PointCondition, Problem
from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.levels import OPEN, open_levels, values_held

NEGLIGIBLE = 1e-3  # part of the terms that coarse nodes may leave
OUTSIDE = 1e-9  # of the size of the domain: farther out is not on its boundary


def faults(problem: Problem, domain: Domain, conditions: tuple[Condition, ...]) -> list[Fault]:
    """Return a fault for each constraint that has nothing to fix, and of levels left open by them.

    Parameters
    ----------
    problem, domain
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes, and its constraints, the last.
    """
    found = _outside(problem, domain)
    if found or not problem.constraints:
        return found
    shifts = open_levels(conditions, len(problem.fields))
    constrained = conditions[-len(problem.constraints) :]
    told, spare = np.zeros((0, len(shifts))), len(problem.parameters)
    for stated, condition in zip(problem.constraints, constrained, strict=True):
        effect = values_held(condition, len(problem.fields)).sum(axis=0) @ shifts.T
        more = np.concatenate([told, effect[None]])
        if len(shifts) and np.linalg.matrix_rank(more, OPEN) > len(told):
            told = more
        elif spare:
            spare -= 1
        else:
            found.append(_surplus(stated.equation.text, stated.key, stated))
    if len(told) < len(shifts) and not found:
        names = ", ".join(problem.fields)
        message = "the constraints do not fix every level that the equations leave open: "
        message += f"{names} plus some constants solve them too."
        remedy = f'Add [[constraint]] equation = "mean({problem.fields[-1]}) = 0", or the like.'
        found.append(Fault(problem.constraints[-1].key, message, remedy))
    return found


def _outside(problem: Problem, domain: Domain) -> list[Fault]:
    """Return a fault for each condition at a point outside the domain."""
    found = []
    for constraint in problem.constraints:
        if isinstance(constraint, PointCondition):
            away = float(domain.distance(np.array([constraint.at]))[0])
            if away > OUTSIDE * domain.size:
                message = f"the point lies {away:.3g} outside the domain."
                remedy = "Give a point inside, or on the boundary."
                found.append(Fault((*constraint.key[:-1], "at"), message, remedy))
    return found


def _surplus(text: str, key: tuple[str | int, ...], stated: object) -> Fault:
    """Return the fault of a constraint that has nothing to fix."""
    message = f'"{text}" is one condition too many: the equations and the other conditions fix '
    message += "all levels already."
    remedy = "Leave it out, or the condition that fixes the same."
    if isinstance(stated, PointCondition) and len(stated.at) == 1:
        remedy += " For a condition at an end, name the piece: on = …"
    return Fault(key, message, remedy)


def incompatible(
    problem: Problem, domain: Domain, system: Discretisation, direct: NodalFields
) -> list[Contradiction]:
    """Return data that contradict one another where a level is open.

    Parameters
    ----------
    problem, domain
        What is to be solved, and where.
    system
        The discretisation; in time nothing is said.
    direct
        Its direct solution.
    """
    if direct.times is not None or direct.values.shape[-2] != system.n_nodes:
        return []
    equations, U = Equations.of(system), direct.values
    found: list[Contradiction] = []
    x = system.nodes.x[system.nodes.rows]
    half_width = float(np.max(np.ptp(x, axis=0))) / 2
    left, terms = system.residual(U), np.maximum(system.sizes(U), _natural(system, U, half_width))
    expected = (system.nodes.spacing / half_width) ** system.order
    names = [c.name for c in system.conditions for _ in range(c.size)]
    for level in (own for own in equations.levels if len(own.rows)):
        off = float(np.mean(left[level.rows] / level.factors))
        size = float(np.sqrt(np.mean(terms[level.rows] ** 2)))
        if abs(off) > max(expected, NEGLIGIBLE) * size and size:
            of_flow = imbalance(problem, domain, system.nodes.spacing, level.field)
            if of_flow is not None:  # where it balances, the multiplier holds errors of the nodes
                found += of_flow
                continue
            where = ", ".join(dict.fromkeys(names[row] for row in level.rows))
            told = f"the data contradict one another: the condition on {where} cannot hold, and is "
            told += f"off by {off:.3g} all over. Let sources and fluxes balance."
            found.append(Contradiction(told, abs(off) / size))
    return found


def _natural(
    system: Discretisation, U: Float[ndarray, "N c"], half_width: float
) -> Float[ndarray, " R"]:
    """Return the sizes that terms would have if the fields varied on the scale of the domain.

    A flux that is zero all around has no other size, and would be contradicted by rounding.
    """
    ranges, found = np.ptp(U[system.nodes.rows], axis=0), []
    for condition, slopes in zip(system.conditions, system.partials(U), strict=True):
        sizes = np.zeros_like(next(iter(slopes.values())))
        for term, slope in slopes.items():
            natural = ranges[term.field % len(ranges)] / half_width**term.op.order
            sizes = sizes + np.abs(slope) * natural
        found.append(condition.summed(sizes).ravel())
    return np.concatenate(found)
