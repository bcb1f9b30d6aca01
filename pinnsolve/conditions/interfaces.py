"""A problem of several regions on nodes: in each its own equations, between them interfaces.

On an interface each region has a node and a ghost of its own, for each field four unknowns. Four
rows determine them: the equations on both sides, and two conditions, which are

    u_a = u_b,    sum_ij n_i a_ij d_j u_a = sum_ij n_i b_ij d_j u_b,

if the problem file states no others: fields and fluxes are continuous, with the coefficients of the
second derivatives as they stand in the equations. Where one of the two nodes is on the boundary of
the domain too, and has a condition there, only fields are continuous; if both are, they need not be
told. At corners, where an interface has no normal, the balance over a small disk takes the place of
the flux (`pinnsolve.conditions.junctions`). Source: LeVeque & Li (1994), doi:10.1137/0731054, for
the conditions; measured on our nodes: with ghosts on both sides the order of accuracy is that
without an interface.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.condition import names_of, terms_in_space
from pinnsolve.conditions.fluxes import EXPLICIT, flux, holds_value
from pinnsolve.conditions.junctions import balanced, balances, fluxes_held
from pinnsolve.conditions.placement import Place, Placement, boundary_rows, rows_with_room
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.expression import Symbols, evaluate
from pinnsolve.equations.variables import Derivative, Normal
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import INTERFACE, Junction, Nodes
from pinnsolve.problem import BoundaryCondition, Equation, Problem
from pinnsolve.problem.interfaces import as_exact
from pinnsolve.problem.problem import InterfaceCondition, Region

SECOND = "Write them as equations of order two for more fields, as w = laplace(u)."


def placed_apart(problem: Problem, nodes: Nodes, *, balances_corners: bool) -> Placement:
    """Find the nodes where the equations of a problem of several regions hold.

    Parameters
    ----------
    problem, nodes
        What to solve, and where.
    balances_corners
        Whether fluxes balance at corners of interfaces, or hold along a normal there as well.

    Raises
    ------
    ProblemError
        If a boundary condition holds on no node, or nothing is known of an interface.
    """
    assert nodes.regions is not None
    for region in problem.regions:
        terms = [t for e in region.problem.equations for t in terms_in_space(problem, e)]
        if max(term.op.order for term in terms) > 2:
            message = "equations of order four are not solved in several regions in this version."
            raise problem.source.error(Fault(region.key, message, SECOND))
    of = nodes.regions.of[nodes.rows]
    inner = [region.problem for region in problem.regions]
    conditions, places = list[BoundaryCondition](), list[Place]()
    names = names_of(replace(problem, equations=()))
    is_tied = np.zeros(len(nodes.x), dtype=bool)
    for i in range(len(problem.boundary)):
        for r, own in enumerate(inner):
            condition = own.boundary[i]
            rows = boundary_rows(own, nodes, condition, is_tied)
            rows = rows[of[rows] == r]
            if not len(rows):
                continue
            key = (*condition.key, "condition")
            normals = nodes.normals[rows - nodes.n_interior]
            name = f"{names[i]} ({problem.regions[r].name})"
            conditions.append(condition)
            places.append(Place(name, key, condition.equation, rows, condition.weight, normals))
    corners = balanced(problem, nodes) if balances_corners else ()
    for condition, place in _interfaces(problem, nodes, corners):
        conditions.append(condition)
        places.append(place)
    inside = np.arange(nodes.n_interior)
    if nodes.has_ghosts:
        around = rows_with_room(problem, nodes, places)
        inside = np.concatenate([inside, np.setdiff1d(around, _corner_nodes(nodes))])
    equations, posed = list[Place](), list[Equation]()
    for r, own in enumerate(inner):
        is_each_its_own = len(own.equations) == len(own.settings.pde.equations)
        for j, equation in enumerate(own.equations):
            key = ("pde", "equations", j) if is_each_its_own else ("pde", "equations")
            name = f"pde {j + 1}" if len(problem.fields) > 1 else "pde"
            name = f"{name} ({problem.regions[r].name})"
            equations.append(Place(name, key, equation, inside[of[inside] == r]))
            posed.append(equation)
    flat = replace(problem, equations=tuple(posed), boundary=tuple(conditions))
    return Placement(flat, nodes, (*equations, *places), balances(problem, nodes, corners))


def _interfaces(
    problem: Problem, nodes: Nodes, corners: Sequence[Junction]
) -> Iterator[tuple[BoundaryCondition, Place]]:
    """Yield what holds between regions, and where; fluxes balance at corners."""
    assert nodes.regions is not None
    of, pairs = nodes.regions.of, nodes.regions.pairs
    is_inner = nodes.on_interface[pairs - nodes.n_interior]
    _check_shared(problem, of[pairs])
    seen = np.empty(0, dtype=int)
    for a, b in np.unique(of[pairs], axis=0).tolist():
        first, second = problem.regions[a], problem.regions[b]
        here = (of[pairs[:, 0]] == a) & (of[pairs[:, 1]] == b)
        both = pairs[here & is_inner.all(axis=1)]
        values, fluxes = between(problem, first, second)
        _check_signs(problem, nodes, first, second, both[:, 0])
        label = f"{first.name} | {second.name}"
        has_flux = both[fluxes_held(nodes, corners, both[:, 0], seen)]
        seen = np.concatenate([seen, both[:, 0]])
        for found, held in ((values, both[:, ::-1]), (fluxes, has_flux)):
            is_second = found is values
            for condition in found:
                stated = _as_seen(condition.equation, len(problem.fields), from_second=is_second)
                yield from _place(condition, stated, label, nodes, held[:, 0], held[:, 1])
        for side in (0, 1):  # ends at which the boundary of the domain decides for one of the two
            ends = pairs[here & is_inner[:, side] & ~is_inner[:, 1 - side]]
            for field in range(len(problem.fields)):
                condition = _continuous(first, second, field)
                stated = _as_seen(condition.equation, len(problem.fields), from_second=side == 1)
                rows, partners = ends[:, side], ends[:, 1 - side]
                yield from _place(condition, stated, label, nodes, rows, partners)


def _corner_nodes(nodes: Nodes) -> Int[ndarray, " k"]:
    """Return the nodes at corners of interfaces, where no equation holds."""
    assert nodes.regions is not None
    none = np.empty(0, dtype=int)
    return np.concatenate([none, *(own.nodes for own in nodes.regions.junctions)])


def _check_shared(problem: Problem, touching: Int[ndarray, "P 2"]) -> None:
    """Refuse what is stated between regions that do not touch, where it would hold nowhere."""
    names = [region.name for region in problem.regions]
    shared = {frozenset((names[a], names[b])) for a, b in touching.tolist()}
    faults = []
    for condition in problem.interfaces:
        first, second = condition.between
        if frozenset(condition.between) in shared:
            continue
        beside = [n for n in names if n != first and frozenset((first, n)) in shared]
        message = f'the regions "{first}" and "{second}" have no interface: they do not touch.'
        remedy = f'"{first}" touches {", ".join(beside)}. ' if beside else ""
        remedy += "Name two regions that touch, or remove it."
        faults.append(Fault((*condition.key[:-1], "between"), message, remedy))
    if faults:
        raise problem.source.error(*faults)


def _check_signs(
    problem: Problem, nodes: Nodes, first: Region, second: Region, rows: Int[ndarray, " R"]
) -> None:
    """Refuse equations of opposite signs on both sides, whose fluxes are not one quantity.

    Where a coefficient depends on the fields its sign is not known.
    """
    pairs = {*(frozenset(i.between) for i in problem.interfaces if not holds_value(i.equation))}
    if not len(rows) or frozenset((first.name, second.name)) in pairs:
        return
    x, normals = nodes.x[rows], nodes.normals[rows - nodes.n_interior]
    if problem.time is not None:
        x = np.column_stack([x, np.full(len(x), problem.time[0])])
    symbols = _sides(first, second)
    for field, name in enumerate(problem.fields):
        along = []
        for region in (first, second):
            e = flux(problem, region, field, 0)
            slopes = {
                variables.derivative(field, tuple(int(k == i) for k in range(x.shape[1]))): (
                    variables.Symbol(Normal(i))
                )
                for i in symbols.space
            }
            along.append(calculus.substitute(e, slopes))
        if any(variables.occurring(Derivative, e) for e in along):
            continue
        one, other = evaluate(along, symbols, x, normals)
        if (one * other < 0).any():
            message = f"the second derivatives of {name} have opposite signs in the regions "
            message += f'"{first.name}" and "{second.name}", and so has what is taken for its flux.'
            remedy = f"Multiply one equation by -1; if that is meant: {EXPLICIT}"
            raise problem.source.error(Fault(second.key, message, remedy))


def _place(
    condition: InterfaceCondition,
    stated: Equation,
    label: str,
    nodes: Nodes,
    rows: Int[ndarray, " R"],
    partners: Int[ndarray, " R"],
) -> Iterator[tuple[BoundaryCondition, Place]]:
    """Yield a condition between regions as one of the boundary, where there is any."""
    if len(rows):
        normals = nodes.normals[rows - nodes.n_interior]
        on = BoundaryCondition((INTERFACE,), stated, condition.weight, condition.key, name=label)
        place = Place(label, condition.key, stated, rows, condition.weight, normals)
        yield on, replace(place, partners=partners)


def between(
    problem: Problem, first: Region, second: Region
) -> tuple[list[InterfaceCondition], list[InterfaceCondition]]:
    """Return the conditions between two regions: those for values, and those for fluxes.

    What is stated and holds an undifferentiated field takes the place of the continuity of values,
    as that of a contact resistance; what holds derivatives alone that of fluxes.

    Raises
    ------
    ProblemError
        If the flux is not known, or too many conditions are stated.
    """
    c = len(problem.fields)
    own = [
        _turned(i, first, c)
        for i in problem.interfaces
        if {*i.between} == {first.name, second.name}
    ]
    values = [i for i in own if holds_value(i.equation)]
    fluxes = [i for i in own if not holds_value(i.equation)]
    for found, what in ((values, "fields"), (fluxes, "fluxes")):
        if len(found) not in (0, c):
            message = f"{len(found)} conditions about {what} are stated between "
            message += f'"{first.name}" and "{second.name}", but there '
            message += "is 1 field." if c == 1 else f"are {c} fields."
            remedy = "State as many as there are fields, or none: then they are continuous."
            raise problem.source.error(Fault(found[0].key, message, remedy))
    values = values or [_continuous(first, second, field) for field in range(c)]
    fluxes = fluxes or [_flux(problem, first, second, field) for field in range(c)]
    if problem.fits_exact:
        values, fluxes = (
            [as_exact(own, first, second) for own in found] for found in (values, fluxes)
        )
    return values, fluxes


def _turned(condition: InterfaceCondition, first: Region, c: int) -> InterfaceCondition:
    """Return a condition with the regions in the order of the file; the normal turns as well."""
    if condition.between[0] == first.name:
        return condition
    equation = _as_seen(condition.equation, c, from_second=True)
    return replace(condition, between=condition.between[::-1], equation=equation)


def _as_seen(equation: Equation, c: int, *, from_second: bool) -> Equation:
    """Return an equation with the fields of the side first from which it is seen.

    The normal is the outward one of that side.
    """
    if not from_second:
        return equation
    known: dict[variables.Symbol, Expr] = {}
    for symbol, own in variables.occurring(Derivative, equation.expression).items():
        known[symbol] = variables.derivative((own.field + c) % (2 * c), own.alpha)
    for symbol in variables.occurring(Normal, equation.expression):
        known[symbol] = -symbol
    return replace(equation, expression=calculus.substitute(equation.expression, known))


def _sides(first: Region, second: Region) -> Symbols:
    """Return the names of a condition between two regions."""
    a, b = (region.problem.equations[0].symbols for region in (first, second))
    fields = tuple(f"{name}.{r.name}" for r in (first, second) for name in a.fields)
    data = {
        f"{name}.{r.name}": table
        for r, own in ((first, a), (second, b))
        for name, table in own.data.items()
    }
    return replace(a, fields=fields, data=data, normals=True)


def _continuous(first: Region, second: Region, field: int) -> InterfaceCondition:
    """Return the condition that a field is continuous."""
    symbols = _sides(first, second)
    still = (0,) * len(symbols.coordinates)
    c = len(symbols.fields) // 2
    expression = variables.derivative(field, still) - variables.derivative(field + c, still)
    names = symbols.fields[field], symbols.fields[field + c]
    text = " = ".join(names)
    latex = " = ".join(_typeset(name) for name in names)
    equation = Equation(text, latex, expression, symbols)
    return InterfaceCondition((first.name, second.name), equation, 1.0, second.key)


def _flux(problem: Problem, first: Region, second: Region, field: int) -> InterfaceCondition:
    """Return the condition that the flux of a field is continuous.

    Raises
    ------
    ProblemError
        If an equation is not of second order, or holds second derivatives of other fields, too.
    """
    symbols = _sides(first, second)
    c = len(symbols.fields) // 2
    one, other = flux(problem, first, field, 0), flux(problem, second, field, c)
    names = symbols.fields[field], symbols.fields[field + c]
    text = "flux of " + " = flux of ".join(names)
    latex = " = ".join(rf"q_n({_typeset(name)})" for name in names)
    equation = Equation(text, latex, one - other, symbols)
    return InterfaceCondition((first.name, second.name), equation, 1.0, second.key)


def _typeset(name: str) -> str:
    """Return a side of a field, typeset."""
    field, _, region = name.partition(".")
    return rf"{field}_{{\mathrm{{{region}}}}}"
