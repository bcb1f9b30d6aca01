"""Which equation determines which unknown.

A boundary node and its ghost carry ``2 c`` unknowns; the differential equations give ``c`` rows
there, the boundary conditions the others. Each condition claims one of the fields in it,
preferably the one of which it contains the highest derivative: an assignment problem. A field
that is claimed has its value at the node from the condition and its value at the ghost from its
differential equation; one that is not has the former from the equation, and the latter is free.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from pinnsolve.conditions import Condition
from pinnsolve.rbffd.discretisation import Discretisation


@dataclass(frozen=True)
class Matching:
    """How the rows of the conditions and the unknowns belong together.

    Attributes
    ----------
    determined
        For each row of the conditions the unknown that it determines, field * N + node; if the
        problem is not square some are named twice, or not at all.
    free
        For each field the boundary nodes where nothing determines the value at the ghost.
    """

    determined: Int[ndarray, " R"]
    free: tuple[Int[ndarray, " _"], ...]


def match(discretisation: Discretisation) -> Matching:
    """Match rows and unknowns."""
    nodes, n_fields = discretisation.nodes, discretisation.n_fields
    conditions = discretisation.conditions
    on_boundary = [k for k, c in enumerate(conditions) if (c.rows >= nodes.n_interior).all()]
    inside = [k for k in range(len(conditions)) if k not in on_boundary]

    boundary = np.arange(len(nodes.x))[nodes.boundary]
    # by each condition at each node: the field it claims, or -1
    claimed = np.full((len(conditions), len(nodes.x)), -1)
    free: list[list[Int[ndarray, " _"]]] = [[np.empty(0, dtype=int)] for _ in range(n_fields)]
    for here, present in _groups(conditions, on_boundary, boundary):
        claims = _assign([conditions[k] for k in present], n_fields)
        claimed[present, here[:, None]] = claims
        left = [field for field in range(n_fields) if field not in claims]
        for field in left[len(left) - max(n_fields - len(present), 0) :]:
            free[field].append(here)

    own = dict(zip(inside, _assign([conditions[k] for k in inside], n_fields), strict=True))
    determined = []
    for k, condition in enumerate(conditions):
        rows = condition.rows
        if k in own:
            fields = np.full(len(rows), own[k])
            at_ghost = (claimed[:, rows] == own[k]).any(axis=0)
        else:
            at_ghost = claimed[k, rows] < 0  # another condition has claimed the field
            fields = np.where(at_ghost, _main_field(condition), claimed[k, rows])
        offset = nodes.n_boundary if nodes.has_ghosts else 0
        determined.append(fields * len(nodes.x) + rows + at_ghost * offset)
    return Matching(np.concatenate(determined), tuple(np.concatenate(f) for f in free))


def _groups(
    conditions: Sequence[Condition], chosen: Sequence[int], boundary: Int[ndarray, " B"]
) -> Iterator[tuple[Int[ndarray, " _"], list[int]]]:
    """Yield the boundary nodes where the same of the chosen conditions hold, and which they are."""
    holds = np.zeros((len(boundary), len(chosen)), dtype=bool)
    for column, k in enumerate(chosen):
        holds[:, column] = np.isin(boundary, conditions[k].rows)
    patterns, group = np.unique(holds, axis=0, return_inverse=True)
    for g, pattern in enumerate(patterns):
        present = [k for k, is_there in zip(chosen, pattern, strict=True) if is_there]
        yield boundary[group == g], present


def _assign(conditions: Sequence[Condition], n_fields: int) -> list[int]:
    """Return the field that each condition claims; -1 if others have claimed all its fields."""
    from scipy.optimize import linear_sum_assignment  # 0.1 s that `pinnsolve --help` need not pay

    claim = np.zeros((len(conditions), n_fields), dtype=int)
    for k, condition in enumerate(conditions):
        for field, op in condition.residual.terms:
            claim[k, field] = max(claim[k, field], 100 + op.order)  # first match, then by order
    fields = [-1] * len(conditions)
    for k, field in zip(*linear_sum_assignment(claim, maximize=True), strict=True):
        if claim[k, field]:
            fields[k] = int(field)
    return fields


def _main_field(condition: Condition) -> int:
    """Return the field of which a condition contains the highest derivative."""
    return max(condition.residual.terms, key=lambda term: term[1].order)[0]
