"""Whether conditions stand where the equations can take them: at the inflow, and not too many.

A hyperbolic system ``C u_t + sum_j A_j u_{x_j} = ...`` carries values into the domain at the speeds
that are negative eigenvalues of ``C^-1 sum_j A_j n_j``, with ``n`` the normal outwards: as many
conditions are needed there, and no others can hold (Kreiss, 1970, doi:10.1002/cpa.3160230304). A
steady equation ``a.grad(u) = f`` may be read along its lines in one direction or the other.

On a line a steady problem is an ordinary differential equation, of as high an order as the
determinant of its symbol has in ``xi``, and has as many conditions, wherever they are.

Where an exact solution is given it may satisfy conditions too many, and then they do no harm.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.checks.frozen import MOMENTS, Frozen, frozen
from pinnsolve.checks.statements import holds
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import BoundaryCondition, Problem

TANGENT = 0.05  # speed through the boundary, relative to that along it, that counts as none
STILL = 1e-9  # speed, relative to the largest anywhere, that counts as none
REAL = 1e-6  # imaginary part of speeds, relative to the largest, that is rounding
REGULAR = 1e-10  # smallest singular value of a matrix, relative, that has an inverse
LARGE = (1e4, 1e6)  # wave numbers at which the order of a determinant shows
WHOLE = 0.02  # distance of an order from a whole number that is rounding
STEADY = 1e-6  # smallest value of a leading coefficient, relative to the largest


@dataclass(frozen=True)
class Carried:
    """What the equations carry through the boundary.

    Attributes
    ----------
    faults
        Of pieces where no node has as many conditions as it can.
    doubts
        Sentences on pieces where some have not.
    outflow
        Pieces without a condition that need none.
    """

    faults: list[Fault] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    outflow: list[str] = field(default_factory=list)


def carried(problem: Problem, nodes: Nodes) -> Carried:
    """Return the values that the equations carry through the boundary, as far as they are known.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    """
    if problem.parameters:
        return Carried()
    if problem.time is None and nodes.dim == 1:
        return _counted(problem, nodes)
    if max(term.op.order for equation in problem.equations for term in equation.terms) > 1:
        return Carried()
    held = frozen(problem, nodes.x[nodes.boundary])
    bounds = None if held is None else _incoming(problem, nodes, held)
    return Carried() if bounds is None else _compared(problem, nodes, *bounds)


def _counted(problem: Problem, nodes: Nodes) -> Carried:
    """Hold the number of conditions of an ordinary differential equation against its order."""
    ends = np.arange(len(nodes.normals))
    is_periodic = any(condition.is_periodic for condition in problem.boundary)
    held = None if is_periodic or len(ends) != 2 else frozen(problem, nodes.x[nodes.rows])
    if held is None or not (held.is_whole or held.n_fields == 1):
        return Carried()
    order = _order(held)
    count = sum(int(holds(nodes, condition).sum()) for condition in problem.boundary)
    if order is None or (count > order and problem.exact is not None):
        return Carried()
    if count == order:  # at whichever end
        return Carried(outflow=list(nodes.pieces))
    message = f"{_conditions(count)} on both ends together, but the equations, which are of order "
    message += f"{order} in all, need {order}" + (" and can satisfy no more." if order else ".")
    remedy = "Leave out what is not known of the solution." if count > order else "Add one."
    key = (*problem.boundary[-1].key, "on") if problem.boundary else ("pde", "equations")
    return Carried([Fault(key, message, remedy)])


def _order(held: Frozen) -> int | None:
    """Return the order of an ordinary differential equation; None where it is singular."""
    few, many = (np.linalg.det(held.symbol(np.full((len(held.x), 1), xi))) for xi in LARGE)
    if not (np.abs(few) > 0).all() or not np.isfinite(many).all():
        return None
    orders = np.log(np.abs(many / few)) / np.log(LARGE[1] / LARGE[0])
    order = round(float(orders.mean()))
    leading = (many / (1j * LARGE[1]) ** order).real
    is_one = np.abs(orders - order).max() < WHOLE
    is_regular = np.abs(leading).min() > STEADY * np.abs(leading).max()
    is_regular &= (leading > 0).all() or (leading < 0).all()
    return order if is_one and is_regular else None


def _incoming(
    problem: Problem, nodes: Nodes, held: Frozen
) -> tuple[Int[ndarray, " B"], Int[ndarray, " B"]] | None:
    """Return the numbers of conditions that boundary nodes need, and can take; None if unknown."""
    moments = 1 if problem.time is None else len(MOMENTS)
    normals = np.tile(nodes.normals, (moments, 1))
    still = np.zeros_like(normals)
    if problem.time is None:
        if held.n_fields > 1:
            return None
        C = np.ones((len(normals), 1, 1))
    else:
        C = held.symbol(still, 1).real
        values = np.linalg.svd(C, compute_uv=False)
        if values.min() < REGULAR * values.max():
            return None
    axes = [held.symbol(still + axis, 0, 1).imag for axis in np.eye(nodes.dim)]
    along = np.linalg.solve(C, np.stack(axes)).transpose(1, 0, 2, 3)  # point, axis, field, field
    speeds = np.linalg.eigvals(np.einsum("pd,pdij->pij", normals, along))
    sizes = np.linalg.norm(along, ord=2, axis=(2, 3)).max(axis=1, initial=0.0)
    if (np.abs(speeds.imag) > REAL * sizes[:, None] + STILL).any():
        return None
    least = (TANGENT * sizes + STILL * sizes.max())[:, None]
    real = speeds.real
    if problem.time is None and _mismatches(problem, nodes, -real, least) < _mismatches(
        problem, nodes, real, least
    ):
        real = -real
    needed = (real < -least).sum(axis=1).reshape(moments, -1).min(axis=0)
    most = (real <= least).sum(axis=1).reshape(moments, -1).max(axis=0)
    return needed, most


def _mismatches(
    problem: Problem, nodes: Nodes, speeds: Float[ndarray, "B 1"], least: Float[ndarray, "B 1"]
) -> int:
    """Return at how many nodes a condition is missing, or one too many, for a direction of flow."""
    count = _count(problem, nodes)
    needed, most = (speeds < -least).sum(axis=1), (speeds <= least).sum(axis=1)
    return int(np.sum((count < needed) | (count > most)))


def _compared(
    problem: Problem, nodes: Nodes, needed: Int[ndarray, " B"], most: Int[ndarray, " B"]
) -> Carried:
    """Hold the conditions of each piece against what its nodes need and can take."""
    result, count = Carried(), _count(problem, nodes)
    for k, piece in enumerate(nodes.pieces):
        here = nodes.tags == k
        held = _holding(problem, piece)
        if not here.any() or any(condition.is_periodic for condition in held):
            continue
        few, many = here & (count < needed), here & (count > most)
        if problem.exact is not None:
            many[:] = False
        if not held and not few.any():
            result.outflow.append(piece)
        for wrong, bound, is_many in ((few, needed, False), (many, most, True)):
            if not wrong.any():
                continue
            if wrong.sum() + (most > needed)[here].sum() >= here.sum():
                n = int(np.bincount(bound[wrong]).argmax())
                result.faults.append(_fault(problem, piece, held, n, is_many))
            else:
                at = int(np.argmax(wrong))
                result.doubts.append(_doubt(problem, nodes, piece, at, wrong, is_many))
    return result


def _fault(
    problem: Problem, piece: str, held: list[BoundaryCondition], n: int, is_many: bool
) -> Fault:
    """Return the fault of a piece with too many conditions, or too few."""
    near = held or problem.boundary
    key = (*near[-1].key, "on") if near else ("pde", "equations")
    message = f"{_conditions(len(held))} on {piece}, but the equations carry "
    if is_many:
        message += f"{_values(n)} into the domain there: what leaves it cannot be prescribed."
        return Fault(key, message, "Leave the condition out there, or change the sign of the flow.")
    message += f"{_values(n)} into the domain there, and nothing says which."
    return Fault(key, message, f'Add a [[boundary]] table with on = ["{piece}"].')


def _doubt(
    problem: Problem,
    nodes: Nodes,
    piece: str,
    at: int,
    wrong: Bool[ndarray, " B"],
    is_many: bool,
) -> str:
    """Return a sentence on a piece of which a part has too many conditions, or too few."""
    pairs = zip(problem.coordinates, nodes.x[nodes.boundary][at], strict=True)
    where = ", ".join(f"{name} = {value:.4g}" for name, value in pairs)
    part = f"a part of {piece} ({wrong.sum()} nodes, one at {where})"
    if is_many:
        text = f"on {part} the solution leaves the domain, so that what a condition says there can"
        return f"{text} contradict it. Name the rest of it in [[domain.pieces]] for the condition."
    text = f"on {part} the solution enters the domain, but no condition says what it is there"
    return f"{text}. Name that part in [[domain.pieces]], and give it a condition."


def _count(problem: Problem, nodes: Nodes) -> Int[ndarray, " B"]:
    """Return the number of conditions at each boundary node."""
    none = np.zeros(nodes.n_boundary, dtype=int)
    return sum((holds(nodes, c) for c in problem.boundary if not c.is_periodic), start=none)


def _holding(problem: Problem, piece: str) -> list[BoundaryCondition]:
    """Return the conditions on a piece."""
    return [condition for condition in problem.boundary if {"all", piece} & set(condition.on)]


def _conditions(count: int) -> str:
    return f"{count or 'no'} condition{'s hold' if count > 1 else ' holds'}"


def _values(count: int) -> str:
    return f"{count or 'no'} value{'s' if count > 1 else ''}"
