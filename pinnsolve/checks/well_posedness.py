"""Whether a problem is well posed, as far as counting tells.

An equation whose highest derivative across the boundary is of order ``m`` can satisfy
``ceil(m / 2)`` conditions there and needs ``floor(m / 2)``: one for Laplace's equation, two for
the plate equation, none or one for transport, whose outflow is free. Only derivatives across the
boundary count, so the heat equation, with time as a coordinate, needs nothing at the last instant.

On a line the ends need not share the conditions evenly: an initial value problem has all of them
at one end. Where the domain is periodic it has no boundary, and nothing else can hold.

An equation without derivatives holds on the boundary too. Where it binds fields that others
differentiate there is a condition less to be given, and none can say the same, or another thing.

Counting cannot prove a problem well posed. What it lets through and is none shows in the condition
of the discrete operator (`preflight.check`).
"""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.conditions.condition import Condition, terms_in_space
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import INTERFACE, Nodes
from pinnsolve.problem import BoundaryCondition, Problem, Residual
from pinnsolve.problem.abilities import ABILITIES

ACROSS = 1e-9  # size of a unit normal's product with an operator that counts as none
PARALLEL = 1e-12  # 1 - cos² of the angle between coefficients that count as proportional
EQUAL = 1e-9  # relative difference of values that count as equal


def faults(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    posed: Problem | None = None,
) -> list[Fault]:
    """Return the faults that keep the boundary conditions from determining the solution.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes.
    posed
        The problem as it is posed on the nodes, if it is another.
    """
    contradictions = _contradictions(posed or problem, nodes, conditions)
    if problem.data:  # in whose place conditions may be left out
        blamed = {fault.key[:2] for fault in contradictions}
        return [*contradictions, *(f for f in _surplus(problem, nodes) if f.key[:2] not in blamed)]
    if _is_initial_value_problem(problem, nodes):
        return [*contradictions, *_undetermined(problem)]
    missing = [] if is_allowed(problem) else _missing(problem, nodes)
    blamed = {fault.key[:2] for fault in contradictions}
    surplus = [fault for fault in _surplus(problem, nodes) if fault.key[:2] not in blamed]
    # the condition that is missing may be the one about a field that no condition is about
    undetermined = [
        fault for fault in _undetermined(problem) if not (missing and fault.key[0] == "unknowns")
    ]
    return [*missing, *surplus, *contradictions, *undetermined]


def is_allowed(problem: Problem) -> bool:
    """Return whether conditions may be missing: where no direct solution needs as many as rows."""
    needs = ABILITIES[problem.settings.solver.method].needs
    is_direct = "operators" in needs or problem.reference is not None
    return "underdetermined" in problem.settings.solver.allow and not is_direct


def allowed(problem: Problem, nodes: Nodes) -> list[str]:
    """Return a sentence for the conditions that are missing, and may be."""
    if not is_allowed(problem):
        return []
    return [
        f"the solution is not determined: {fault.message} There are many, the one that is found "
        "depends on the features, and the distance from another says nothing."
        for fault in _missing(problem, nodes)
    ]


def silent(problem: Problem, nodes: Nodes) -> list[str]:
    """Return the pieces without a condition; where `faults` lets that pass, they are outflow."""
    return [piece for piece in _occupied(nodes) if not _holding(problem, piece)]


def _missing(problem: Problem, nodes: Nodes) -> list[Fault]:
    """Return a fault for pieces with fewer conditions than the equations need."""
    found: dict[tuple[int, int], list[str]] = {}
    for piece in _occupied(nodes):
        if _is_periodic(problem, piece):
            continue
        needed, _ = _room(problem, nodes, piece)
        count = len(_holding(problem, piece))
        if count < needed:
            found.setdefault((count, needed), []).append(piece)
    result = []
    for (count, needed), pieces in found.items():
        here = _holding(problem, pieces[0]) or problem.boundary
        message = f"{_conditions(count)} on {', '.join(pieces)}, but the equations need {needed}"
        message += " there." if len(pieces) == 1 else " on each."
        more = needed - count
        tables = "a [[boundary]] table" if more == 1 else f"{more} [[boundary]] tables"
        remedy = f"Add {tables} with on = {_quoted(pieces)}."
        for u in _of_order_four(problem, nodes):
            remedy += f" For the order four in {u} two conditions are needed, such as "
            remedy += f"{u} = 0 and dn({u}) = 0, or {u} = 0 and laplace({u}) = 0."
        key = (*here[-1].key, "on") if here else ("pde", "equations")
        result.append(Fault(key, message, remedy))
    return result


def _surplus(problem: Problem, nodes: Nodes) -> list[Fault]:
    """Return a fault for pieces with more conditions than the equations can satisfy."""
    found: dict[tuple[int, tuple[BoundaryCondition, ...]], list[str]] = {}
    for piece in _occupied(nodes):
        here = _holding(problem, piece)
        if _is_periodic(problem, piece):
            continue
        _, most = _room(problem, nodes, piece)
        if len(here) > most:
            found.setdefault((most, here), []).append(piece)
    return [
        *_beside_periodic(problem),
        *(_too_many(most, here, pieces) for (most, here), pieces in found.items()),
    ]


def _too_many(most: int, here: Sequence[BoundaryCondition], pieces: Sequence[str]) -> Fault:
    """Return the fault of pieces with more conditions than the equations can satisfy."""
    return Fault(
        (*here[-1].key, "on"),
        f"{_conditions(len(here))} on {', '.join(pieces)}, but the equations can satisfy {most}.",
        f"Leave {_number(len(here) - most)} out, or name the pieces on which each holds.",
    )


def _beside_periodic(problem: Problem) -> list[Fault]:
    """Return a fault for each condition on pieces where the domain goes on."""
    joined = dict.fromkeys(side for c in problem.boundary if c.is_periodic for side in c.on)
    found = []
    for condition in problem.boundary:
        pieces = [side for side in joined if {"all", side} & set(condition.on)]
        if pieces and not condition.is_periodic:
            verb = "is" if len(pieces) == 1 else "are"
            message = f"{', '.join(pieces)} {verb} periodic: no boundary, on which a condition "
            message += "could hold, is left there."
            remedy = "Name the other pieces only, or leave periodic out."
            found.append(Fault((*condition.key, "on"), message, remedy))
    return found


def _contradictions(problem: Problem, nodes: Nodes, conditions: Sequence[Condition]) -> list[Fault]:
    """Return a fault for each two conditions that say the same twice, or one thing and another."""
    # of a problem in time at its first level
    first, stop = len(problem.equations), len(problem.equations) + len(problem.boundary)
    now = [c if c.levels is None else c.at(0) for c in conditions[first:stop]]
    held = zip(problem.boundary, now, strict=True)
    bound = [(stated, condition) for stated, condition in held if not stated.is_periodic]
    pairs = [*combinations(bound, 2), *product(_algebraic(problem, conditions), bound)]
    found = (_contradiction(problem, nodes, *pair) for pair in pairs if not _are_apart(*pair))
    return [fault for fault in found if fault is not None]


def _are_apart(
    first: tuple[BoundaryCondition, Condition], second: tuple[BoundaryCondition, Condition]
) -> bool:
    """Tell whether conditions belong to two interfaces, which share a point and no fields.

    Where three regions meet a row of the one looks like one of the other, but for the region in
    which its partners lie.
    """
    names = [stated.name for stated, _ in (first, second) if stated.on == (INTERFACE,)]
    return len(names) == 2 and names[0] != names[1]


def _algebraic(
    problem: Problem, conditions: Sequence[Condition]
) -> list[tuple[BoundaryCondition, Condition]]:
    """Return the equations without derivatives, which hold on the boundary as conditions do."""
    return [
        (
            BoundaryCondition(("all",), equation, 1.0, ("pde", "equations")),
            condition if condition.levels is None else condition.at(0),
        )
        for equation, condition in zip(problem.equations, conditions, strict=False)
        if equation.is_algebraic
    ]


def _contradiction(
    problem: Problem,
    nodes: Nodes,
    first: tuple[BoundaryCondition, Condition],
    second: tuple[BoundaryCondition, Condition],
) -> Fault | None:
    """Return the faults of two linear conditions at the nodes where both hold."""
    residuals = [condition.residual for _, condition in (first, second)]
    rows, *places = np.intersect1d(first[1].rows, second[1].rows, return_indices=True)
    if not (len(rows) and all(residual.is_linear for residual in residuals)):
        return None
    terms = list(dict.fromkeys(term for residual in residuals for term in residual.arguments))
    affine = (_affine(*pair, terms) for pair in zip(residuals, places, strict=True))
    asked, is_same = _asked(*affine)
    gap = np.abs(asked[0] - asked[1])
    worst = int(np.argmax(gap))
    pieces = [nodes.pieces[tag] for tag in nodes.tags[rows - nodes.n_interior]]
    key, text = (*second[0].key, "condition"), first[0].equation.text
    if gap[worst] > EQUAL * np.abs(asked).max():
        x = zip(problem.coordinates, nodes.x[rows[worst]], strict=True)
        return Fault(
            key,
            f'it disagrees with "{text}" on {pieces[worst]}: they ask for {asked[1, worst]:.4g} '
            f"and {asked[0, worst]:.4g} at {', '.join(f'{name} = {v:.4g}' for name, v in x)}.",
            "Keep one of the two there, or name the pieces on which each holds.",
        )
    if is_same.all():
        where = ", ".join(dict.fromkeys(pieces))
        return Fault(key, f'it repeats "{text}" on {where}.', "Leave it out there.")
    return None


def _affine(
    residual: Residual, chosen: Int[ndarray, " n"], terms: Sequence[Term | str]
) -> tuple[Float[ndarray, "t n"], Float[ndarray, " n"]]:
    """Return a linear residual at some of its points: the coefficients of terms, and the rest."""
    there = residual.with_data(lambda data: data[chosen])
    none = np.zeros(len(chosen))
    zero = dict.fromkeys(there.terms, none), dict.fromkeys(there.constants, none)
    slopes = there.partials(*zero)
    return np.array([slopes.get(term, none) for term in terms]), there(*zero)


def _asked(
    first: tuple[Float[ndarray, "t n"], Float[ndarray, " n"]],
    second: tuple[Float[ndarray, "t n"], Float[ndarray, " n"]],
) -> tuple[Float[ndarray, "2 n"], Bool[ndarray, " n"]]:
    """Return the values that two conditions ask of the same operator, and where it is the same.

    They are those of the term with the largest coefficient: of ``2*u = 1`` the value 1/2. Where
    the operators differ, they are zero.
    """
    (a, a0), (b, b0) = first, second
    aa, bb, ab = np.sum(a * a, axis=0), np.sum(b * b, axis=0), np.sum(a * b, axis=0)
    is_same = (aa * bb - ab**2 <= PARALLEL * aa * bb) & (aa * bb > 0)
    lead = np.argmax(np.abs(a), axis=0)[None]
    factors = np.take_along_axis(a, lead, axis=0)[0], np.take_along_axis(b, lead, axis=0)[0]
    asked = -np.array([a0, b0]) / np.where(is_same, factors, np.inf)
    return asked + 0.0, is_same  # not -0


def _undetermined(problem: Problem) -> list[Fault]:
    """Return a fault for each field to which any constant may be added."""
    conditions = [condition for condition in problem.boundary if not condition.is_periodic]
    statements = [*problem.equations, *(condition.equation for condition in conditions)]
    valued = {
        term.field
        for statement in statements
        for term in statement.terms
        if any(sum(alpha) == 0 for alpha, _ in term.op.terms)
    }
    valued |= {field for field, values in enumerate(problem.initial) if values}
    valued |= {term.field for c in problem.constraints for term in c.equation.terms}
    result = []
    for i, name in enumerate(problem.fields):
        if i in valued:
            continue
        about = [c for c in conditions if any(term.field == i for term in c.equation.terms)]
        message = f"the level of {name} is not determined: every equation and condition holds for "
        message += f"{name} plus any constant"
        is_periodic = any(condition.is_periodic for condition in problem.boundary)
        alone = ", periodic sides included." if is_periodic else ", and no condition is about it."
        message += ", as in a pure Neumann problem." if about else alone
        remedy = f'Add [[constraint]] equation = "mean({name}) = 0", or a condition at a point.'
        key = (*about[0].key, "condition") if about else ("unknowns", "fields", i)
        result.append(Fault(key, message, remedy))
    return result


def _room(problem: Problem, nodes: Nodes, piece: str) -> tuple[int, int]:
    """Return the numbers of conditions that the equations need on a piece and can satisfy there."""
    orders = _orders(problem, nodes.normals[nodes.tags == nodes.pieces.index(piece)])
    by_equation, by_field = orders.max(axis=1), orders.max(axis=0)
    # a field that an equation merely defines by derivatives of others needs no condition of its own
    needed = min(np.sum(by_equation // 2), np.sum(by_field // 2)) - len(_bound(problem, by_field))
    most = max(len(problem.fields), np.sum((by_equation + 1) // 2))
    return max(0, int(needed)), int(most)


def _bound(problem: Problem, by_field: Int[ndarray, " c"]) -> list[int]:
    """Return the equations without derivatives that bind fields which others differentiate."""
    return [
        k
        for k, equation in enumerate(problem.equations)
        if equation.is_algebraic and all(by_field[term.field] > 0 for term in equation.terms)
    ]


def _of_order_four(problem: Problem, nodes: Nodes) -> list[str]:
    """Return the fields of which the equations have fourth derivatives across the boundary."""
    highest = _orders(problem, nodes.normals).max(axis=0)
    return [name for name, order in zip(problem.fields, highest, strict=True) if order == 4]


def _is_initial_value_problem(problem: Problem, nodes: Nodes) -> bool:
    """Return whether one end of an interval has all the conditions that both could have."""
    if nodes.dim > 1 or len(nodes.normals) != 2:
        return False
    count = [len(_holding(problem, piece)) for piece in _occupied(nodes)]
    return sorted(count) == [0, _orders(problem, nodes.normals).max(axis=1).sum()]


def _orders(problem: Problem, normals: Float[ndarray, "B d"]) -> Int[ndarray, "e c"]:
    """Return the order of each equation in each field across the boundary."""
    orders = np.zeros((len(problem.equations), len(problem.fields)), dtype=int)
    for k, equation in enumerate(problem.equations):
        for term in terms_in_space(problem, equation):
            order = _order_across(term.op, normals)
            orders[k, term.field] = max(orders[k, term.field], order)
    return orders


def _order_across(op: DiffOp, normals: Float[ndarray, "B d"]) -> int:
    """Return the highest order of derivative that an operator takes along any of the normals."""
    symbol: dict[int, Float[ndarray, " B"]] = {}
    for alpha, c in op.terms:
        part = c * np.prod(normals ** np.array(alpha), axis=1)
        symbol[sum(alpha)] = symbol.get(sum(alpha), 0.0) + part
    scale = ACROSS * max(abs(c) for _, c in op.terms)
    return max((m for m, value in symbol.items() if np.abs(value).max() > scale), default=0)


def _occupied(nodes: Nodes) -> list[str]:
    """Return the pieces of the domain's boundary that have nodes."""
    return [nodes.pieces[k] for k in np.unique(nodes.tags) if nodes.pieces[k] != INTERFACE]


def _holding(problem: Problem, piece: str) -> tuple[BoundaryCondition, ...]:
    """Return the conditions that hold on a piece."""
    return tuple(c for c in problem.boundary if {"all", piece} & set(c.on))


def _is_periodic(problem: Problem, piece: str) -> bool:
    """Return whether the domain goes on beyond a piece."""
    return any(condition.is_periodic for condition in _holding(problem, piece))


def _conditions(count: int) -> str:
    return f"{count or 'no'} condition{'s hold' if count > 1 else ' holds'}"


def _number(count: int) -> str:
    return "one" if count == 1 else f"{count} of them"


def _quoted(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"
