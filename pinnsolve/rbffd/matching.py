"""Which equation determines which unknown.

A boundary node and its ghosts carry ``(rings + 1) c`` unknowns; the differential equations give
``c`` rows there, the boundary conditions the others. Each condition claims one of the fields in
it, preferably the one of which it contains the highest derivative: an assignment problem, in
which a field that the equations differentiate four times may be claimed twice. The values of a
field at the node and its ghosts, numbered outwards, are then determined by the conditions that
have claimed it, those of lower order first, and by its differential equation. Further ghosts of
it are free. A condition that ties nodes to points across determines these nodes themselves.

The value at a free ghost is continued smoothly: it is that of the RBF interpolant of the nearest
nodes where the field is determined,

    u(ghost) - sum_j w_j u(x_j) = 0,

so that in effect the field's derivatives next to the boundary become one-sided. An example is a
transported quantity at the outflow.

In a flow a condition more holds on the boundary, continuity, beside those that determine all
fields at the nodes (`pinnsolve.conditions.incompressible`): together with the equations it
determines the ghosts of velocity and pressure. At corners, where some of them do not hold, these
are continued, and perhaps the pressure, from nodes of the domain alone: ghosts on both sides of a
corner at which the velocity jumps know nothing of each other.

On a line a steady field of order one takes one condition at most; another at the other end is about
the fields that it is tied to, as in ``q = k u_x, q_x = 0`` with ``u`` given at both. Central
differences would let ``u`` alternate from node to node to meet it, and leave ``q`` undetermined.
So all ghosts of such fields are continued smoothly, and the equations hold at all nodes in the
sense of least squares, with a few rows more than there are unknowns. Elliptic systems of first
order (`first_order`), which have fewer conditions than fields, are solved likewise in the plane and
in space: on the boundary rows and unknowns would be as many, but for levels that are left open.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import identity
from pinnsolve.rbffd.blocks import Block
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.first_order import is_elliptic_of_first_order
from pinnsolve.rbffd.stencils import nearest, polynomial_degree
from pinnsolve.rbffd.weights import stencil_weights


@dataclass(frozen=True)
class Matching:
    """How the rows of the conditions and the unknowns belong together.

    Attributes
    ----------
    determined
        For each row of the conditions the unknown that it determines, field * N + node; if the
        problem is not square some are named twice, or not at all.
    free
        For each field the ghosts at which nothing determines its value.
    has_more_rows
        Whether rows are more than unknowns all around, so that levels need no multipliers.
    """

    determined: Int[ndarray, " R"]
    free: tuple[Int[ndarray, " _"], ...]
    has_more_rows: bool = False


def match(discretisation: Discretisation, *, is_steady: bool = True) -> Matching:
    """Match rows and unknowns.

    Parameters
    ----------
    discretisation
        The discrete problem.
    is_steady
        Whether its solution is sought, not the next instant of an evolution.
    """
    nodes, n_fields = discretisation.nodes, discretisation.n_fields
    conditions = discretisation.conditions
    tying = [k for k, c in enumerate(conditions) if c.across is not None]
    on_boundary = [
        k
        for k, c in enumerate(conditions)
        if (c.held >= nodes.n_interior).all() and c.across is None
    ]
    inside = [k for k in range(len(conditions)) if k not in [*on_boundary, *tying]]
    equations = [conditions[k] for k in inside]
    own = _fields_of(conditions, inside, n_fields)
    claimable = [max(1, (_order(equations, field) + 1) // 2) for field in range(n_fields)]

    # of each condition at each node: the field it determines, and at which ghost (0: the node)
    shape = (len(conditions), len(nodes.x))
    fields, ghosts = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
    for k, field in own.items():
        fields[k] = field
    free: list[list[Int[ndarray, " _"]]] = [[np.empty(0, dtype=int)] for _ in range(n_fields)]
    claimed = np.zeros(n_fields, dtype=int)  # over the whole boundary
    boundary = np.arange(len(nodes.x))[nodes.boundary]
    for here, holding in _groups(conditions, [*on_boundary, *inside], boundary):
        held = {k: own[k] for k in holding if k in own}
        closing = [k for k in holding if conditions[k].closes]
        present = [k for k in holding if k not in held and not conditions[k].closes]
        most = [min(n, nodes.rings + (not held)) for n in claimable]
        claims = _assign([conditions[k] for k in present], most)
        for field in claims:
            claimed[field] += len(here) * (field >= 0)
        by_order = sorted(
            zip(present, claims, strict=True),
            key=lambda claim: _order([conditions[claim[0]]], claim[1]),
        )
        claimed_here = [*by_order, *held.items(), *((k, -1) for k in closing)]
        lowest = 1 if held else 0  # where no equation holds, values are continued as well
        found, left = _places(claimed_here, n_fields, nodes.rings, lowest)
        for k, (field, ghost) in found.items():
            fields[k, here], ghosts[k, here] = field, ghost
        for k in closing:
            _exchange(k, held, here, discretisation, fields, ghosts)
        for field, ghost in left:
            free[field].append(here + ghost * nodes.n_boundary)

    of_first_order, has_more_rows = _by_least_squares(discretisation, equations, claimed)
    for field in of_first_order if is_steady else ():
        rings = [boundary + k * nodes.n_boundary for k in range(1, nodes.rings + 1)]
        free[field] = [np.empty(0, dtype=int), *rings]

    for k in tying:
        (term,) = conditions[k].residual.terms
        fields[k] = field = term.field
        free[field] = [np.setdiff1d(ghosts_left, conditions[k].rows) for ghosts_left in free[field]]

    determined = [
        fields[k, c.held] * len(nodes.x) + c.held + ghosts[k, c.held] * nodes.n_boundary
        for k, c in enumerate(conditions)
    ]
    ghosts_free = tuple(np.concatenate(f) for f in free)
    return Matching(np.concatenate(determined), ghosts_free, is_steady and has_more_rows)


def _by_least_squares(
    discretisation: Discretisation, equations: Sequence[Condition], claimed: Int[ndarray, " c"]
) -> tuple[Sequence[int], bool]:
    """Return the fields of which all ghosts are continued, and whether rows are more all around.

    Parameters
    ----------
    discretisation, equations
        The discrete problem, and its differential equations.
    claimed
        How many times conditions claim each field, over the whole boundary.
    """
    count = discretisation.n_fields
    if is_elliptic_of_first_order(discretisation):
        return range(count), True
    first = [field for field in range(count) if _order(equations, field) == 1]
    is_given_twice = discretisation.nodes.dim == 1 and any(claimed[field] > 1 for field in first)
    return first if is_given_twice else (), False


def _fields_of(
    conditions: Sequence[Condition], inside: Sequence[int], n_fields: int
) -> dict[int, int]:
    """Return the field of each differential equation; those of one region follow one another."""
    found = dict[int, int]()
    for first in range(0, len(inside), n_fields):
        some = inside[first : first + n_fields]
        found |= zip(some, _assign([conditions[k] for k in some], [1] * n_fields), strict=True)
    return found


def _places(
    claims: Sequence[tuple[int, int]], n_fields: int, rings: int, lowest: int
) -> tuple[dict[int, tuple[int, int]], list[tuple[int, int]]]:
    """Distribute the values at a boundary node and its ghosts.

    Parameters
    ----------
    claims
        Pairs of a condition and the field it claims, -1 for none; those named first determine
        the field's inner values.
    n_fields, rings
        Number of fields, and of ghosts.
    lowest
        Of the values that may be left, numbered outwards: 1 if at the node all are determined.

    Returns
    -------
    tuple
        For each condition the field it determines, and at which ghost (0: at the node); and the
        fields and ghosts where none does.
    """
    found, taken = {}, [0] * n_fields
    for condition, field in claims:
        if field >= 0:
            found[condition] = field, taken[field]
            taken[field] += 1
    left = [(f, ghost) for f, n in enumerate(taken) for ghost in range(max(lowest, n), rings + 1)]
    others = [condition for condition, field in claims if field < 0]
    found.update(zip(others, left, strict=False))
    return found, left[len(others) :]


def _exchange(
    closing: int,
    held: Mapping[int, int],
    here: Int[ndarray, " n"],
    discretisation: Discretisation,
    fields: Int[ndarray, "k N"],
    ghosts: Int[ndarray, "k N"],
) -> None:
    """Let continuity determine the ghost of the velocity along the normal, where it can.

    The momentum equation to which that belonged determines what continuity had been left with, the
    ghost of the pressure: both pivots are large then.
    """
    terms = discretisation.conditions[closing].residual.terms
    along = {alpha.index(1): term.field for term in terms for alpha, _ in term.op.terms}
    nodes = discretisation.nodes
    normals = np.abs(nodes.normals[here - nodes.n_interior])
    steepest = np.argmax(normals, axis=1)
    for axis, field in along.items():
        rows = here[steepest == axis]
        momentum = next((k for k, own in held.items() if own == field), None)
        if momentum is None or not len(rows) or not ghosts[momentum, rows[0]]:
            continue
        for table in (fields, ghosts):
            table[[closing, momentum], rows[:, None]] = table[[momentum, closing], rows[:, None]]


def _groups(
    conditions: Sequence[Condition], chosen: Sequence[int], boundary: Int[ndarray, " B"]
) -> Iterator[tuple[Int[ndarray, " _"], list[int]]]:
    """Yield the boundary nodes where the same of the chosen conditions hold, and which they are."""
    holds = np.zeros((len(boundary), len(chosen)), dtype=bool)
    for column, k in enumerate(chosen):
        holds[:, column] = np.isin(boundary, conditions[k].held)
    patterns, group = np.unique(holds, axis=0, return_inverse=True)
    for g, pattern in enumerate(patterns):
        present = [k for k, is_there in zip(chosen, pattern, strict=True) if is_there]
        yield boundary[group == g], present


def _assign(conditions: Sequence[Condition], claimable: Sequence[int]) -> list[int]:
    """Return the field that each condition claims; -1 if others have claimed all its fields.

    Parameters
    ----------
    conditions
        What claims.
    claimable
        How many times each field may be claimed.
    """
    from scipy.optimize import linear_sum_assignment  # 0.1 s that `pinnsolve --help` need not pay

    claim = np.zeros((len(conditions), len(claimable)), dtype=int)
    for k, condition in enumerate(conditions):
        for term in condition.residual.terms:  # first match, then by order
            if term.field >= claim.shape[1]:
                continue  # across an interface
            claim[k, term.field] = max(claim[k, term.field], 100 + term.op.order)
    field_of = np.repeat(np.arange(len(claimable)), claimable)
    fields = [-1] * len(conditions)
    for k, column in zip(*linear_sum_assignment(claim[:, field_of], maximize=True), strict=True):
        if claim[k, field_of[column]]:
            fields[k] = int(field_of[column])
    return fields


def _order(conditions: Sequence[Condition], field: int) -> int:
    """Return the order of the highest derivative of a field."""
    terms = (term for condition in conditions for term in condition.residual.terms)
    return max((term.op.order for term in terms if term.field == field), default=0)


def closing_rows(discretisation: Discretisation, matching: Matching) -> list[Block]:
    """Return rows, with right-hand side zero, that determine all ghost values left free.

    Each block holds the rows of one field: their columns, numbered field * N + node and the
    ghost last, and their entries.

    Raises
    ------
    NodesError
        If the nodes are too few, or do not determine the polynomials needed.
    """
    nodes, order = discretisation.nodes, discretisation.order
    if not nodes.has_ghosts:
        return []
    terms = {term for condition in discretisation.conditions for term in condition.residual.terms}
    is_flow = any(condition.closes for condition in discretisation.conditions)
    domain = np.arange(nodes.rows.stop if is_flow else len(nodes.x))
    blocks = []
    for field, ghosts in enumerate(matching.free):
        if not len(ghosts):
            continue
        # as exact as the derivatives that will be taken of the continued values
        highest = max((term.op.order for term in terms if term.field == field), default=1)
        degree = polynomial_degree(order, highest)
        known = np.setdiff1d(domain, ghosts)
        x, there = nodes.x[ghosts], nodes.x[known]
        sight, own = None, None
        if nodes.sight is not None:  # a ghost goes on with what its boundary node sees
            base = nodes.n_interior + (ghosts - nodes.n_interior) % nodes.n_boundary
            sight, own = nodes.sight.of(known), nodes.sight.of(base)
        stencils = nearest(x, there, degree, sight, own)
        index, weights = stencil_weights(x, there, stencils, [identity(nodes.dim)], degree)
        columns = np.concatenate([known[index], ghosts[:, None]], axis=1) + field * len(nodes.x)
        entries = np.concatenate([-weights[0], np.ones((len(ghosts), 1))], axis=1)
        blocks.append((columns, entries))
    return blocks
