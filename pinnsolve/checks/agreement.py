"""Whether the values that are given agree where they meet: on edges and corners, and at the start.

Where two values meet that differ the solution jumps, or turns around the corner through all values
between them. It exists, but has no derivatives there: errors do not fall with the order of accuracy
near the place, and next to it are as large as the jump.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.checks.statements import Values, holds, prescribed
from pinnsolve.constraints.transfinite import instants
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import BoundaryCondition, Problem

NEIGHBOURS = 12  # boundary nodes around one, among which another piece is looked for
NEAR = 1.6  # distance in spacings up to which nodes of two pieces are neighbours
BETWEEN = 7  # points of a chord that are looked at
SAGITTA = 0.1  # distance of a chord from the boundary, relative to its length, at most
GAP = 1e-3  # difference of values, relative to the largest, that is no inaccuracy of the file
ROUNDING = 1e-12  # the same, relative to the largest on the boundary: sin(pi) is not quite zero


def doubts(problem: Problem, domain: Domain, nodes: Nodes) -> list[str]:
    """Return a sentence on each two values that meet and differ.

    Parameters
    ----------
    problem, domain, nodes
        What is to be solved, and where.
    """
    given = [
        (condition, *found)
        for condition in problem.boundary
        if (found := prescribed(condition)) is not None
    ]
    return [*_at_start(problem, nodes, given), *_at_corners(problem, domain, nodes, given)]


def _at_start(
    problem: Problem, nodes: Nodes, given: Sequence[tuple[BoundaryCondition, int, Values]]
) -> Iterator[str]:
    """Yield a sentence for each condition that differs from the initial value of its field."""
    if problem.time is None:
        return
    x = nodes.x[nodes.boundary]
    for condition, field, values in given:
        if not problem.initial[field]:
            continue
        here = x[holds(nodes, condition)]
        if not len(here):  # of a region that is elsewhere
            continue
        asked = values(np.column_stack([here, np.full(len(here), problem.time[0])]))
        with np.errstate(all="ignore"):
            initial = problem.initial[field][0](here)
            within = problem.initial[field][0](nodes.x[nodes.rows])
        gap = np.abs(asked - initial)
        worst = int(np.argmax(np.where(np.isfinite(gap), gap, 0.0)))
        if gap[worst] > GAP * _size(asked, within):
            yield (
                f'"{condition.equation.text}" on {", ".join(condition.on)} disagrees with the '
                f"initial value of {problem.fields[field]}: they ask for {asked[worst]:.4g} and "
                f"{initial[worst]:.4g} at {_place(problem, here[worst])} when time begins. The "
                "solution jumps there, and is wrong around it at first. Let one go over into the "
                "other, or leave the first instants out."
            )


def _at_corners(
    problem: Problem,
    domain: Domain,
    nodes: Nodes,
    given: Sequence[tuple[BoundaryCondition, int, Values]],
) -> Iterator[str]:
    """Yield a sentence for each two conditions on a field that differ where their pieces meet."""
    pairs = _meeting(domain, nodes)
    for k, (first, field, one) in enumerate(given):
        for second, other_field, other in given[k + 1 :]:
            if other_field != field or not len(pairs):
                continue
            left, right = holds(nodes, first), holds(nodes, second)
            meets = (left & ~right)[pairs[:, 0]] & (right & ~left)[pairs[:, 1]]
            if not meets.any():
                continue
            here, there = (nodes.x[nodes.boundary][pairs[meets, side]] for side in (0, 1))
            everywhere = instants(problem, nodes.x[nodes.boundary])
            least = ROUNDING * _size(one(everywhere), other(everywhere))
            sentence = _gap(problem, first, second, (one, other), (here, there), least)
            if sentence:
                yield sentence


def _gap(
    problem: Problem,
    first: BoundaryCondition,
    second: BoundaryCondition,
    values: tuple[Values, Values],
    x: tuple[Float[ndarray, "m d"], Float[ndarray, "m d"]],
    least: float,
) -> str:
    """Return a sentence on the largest jump between two values; empty if they go over smoothly.

    Jumps below ``least`` are none.

    Where they agree at the point between two nodes, their difference vanishes there, and is no
    larger at one node than its change to the other.
    """
    here, there = (instants(problem, points) for points in x)
    one, other = values
    asked = one(here), other(here)
    gaps = np.array([asked[0] - asked[1], one(there) - other(there)])
    jump = np.abs(gaps).min(axis=0) - np.abs(gaps[0] - gaps[1])
    jump = np.where(np.isfinite(jump), jump, 0.0)
    worst = int(np.argmax(jump))
    if not jump[worst] > max(GAP * _size(*asked), least):
        return ""
    name = problem.fields[_field(first)]
    return (
        f'"{first.equation.text}" on {", ".join(first.on)} and "{second.equation.text}" on '
        f"{', '.join(second.on)} disagree where they meet: they ask for {asked[0][worst]:.4g} and "
        f"{asked[1][worst]:.4g} near {_place(problem, here[worst])}. There {name} has no "
        "derivatives, and errors fall slowly. Let one go over into the other, or refine there."
    )


def _meeting(domain: Domain, nodes: Nodes) -> Int[ndarray, "m 2"]:
    """Return pairs of boundary nodes of different pieces that are neighbours, in both orders.

    The boundary passes between them: where it does not there is a gap.
    """
    from scipy.spatial import cKDTree  # 0.1 s that `pinnsolve --help` need not pay

    x = nodes.x[nodes.boundary]
    if nodes.dim == 1 or len(x) < 2 or domain.nodes is not None:
        return np.empty((0, 2), dtype=int)
    apart, index = cKDTree(x).query(x, min(NEIGHBOURS, len(x)))
    is_other = nodes.tags[index] != nodes.tags[:, None]
    near = apart < NEAR * apart[:, 1:2]
    found, place = np.nonzero(is_other & near)
    pairs = np.column_stack([found, index[found, place]])
    shares = np.linspace(0.0, 1.0, 2 + BETWEEN)[1:-1, None, None]
    chords = (1 - shares) * x[pairs[:, 0]] + shares * x[pairs[:, 1]]
    off = np.abs(domain.distance(chords.reshape(-1, nodes.dim))).reshape(BETWEEN, -1)
    return pairs[off.max(axis=0, initial=0.0) < SAGITTA * apart[found, place]]


def _field(condition: BoundaryCondition) -> int:
    """Return the field of a condition that gives a value."""
    return condition.equation.terms[0].field


def _size(*values: Float[ndarray, "*_"]) -> float:
    """Return the size of the largest finite value."""
    return max(float(np.max(np.abs(v), initial=0.0, where=np.isfinite(v))) for v in values)


def _place(problem: Problem, x: Float[ndarray, " D"]) -> str:
    """Return a point in words."""
    names = (*problem.coordinates, "t")
    return ", ".join(f"{name} = {value:.4g}" for name, value in zip(names, x, strict=False))
