"""Manufactured functions: data derived so that a known solution solves the problem.

A function given as ``"manufactured"`` stands in one equation, or in conditions on the boundary,
each of which then has its own; it is found by putting the exact solution into the equation.
"""

from collections.abc import Mapping, Sequence

from pinnsolve.equations.equation import Equation, manufactured
from pinnsolve.equations.expression import ExpressionError, Function
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.formula_faults import fault_of

Statements = dict[KeyPath, Equation]


def manufacture(
    names: Sequence[str],
    equations: Mapping[KeyPath, Equation],
    conditions: Mapping[KeyPath, Equation],
    exact: Sequence[Function] | None,
) -> tuple[Statements, Statements, list[Fault]]:
    """Put formulas in place of the manufactured functions.

    Parameters
    ----------
    names
        The functions to derive.
    equations, conditions
        Where they may stand, by key path.
    exact
        The exact solution, one function per field.

    Returns
    -------
    tuple
        Equations and conditions with known data, and what is wrong.
    """
    inside, around = dict(equations), dict(conditions)
    faults = []
    if names and exact is None:
        message = f'"{names[0]}" is manufactured from the exact solution, but there is none.'
        remedy = "Add [exact], or give the function as a formula."
        return inside, around, [Fault(("functions", names[0]), message, remedy)]
    solution = [e.expression for e in exact or ()]
    for name in names:
        users = [key for key, e in equations.items() if name in e.manufactured]
        edges = [key for key, e in conditions.items() if name in e.manufactured]
        complaint = _misplaced(name, len(users), len(edges))
        if complaint:
            faults.append(Fault(("functions", name), *complaint))
            continue
        for key in (*users, *edges):
            place = inside if key in equations else around
            try:
                value = manufactured(name, place[key], solution)
            except ExpressionError as error:
                where = key[:3] if key in equations else (*key, "condition")
                faults.append(fault_of(where, error))
            else:
                place[key] = place[key].with_sources({name: value})
    return inside, around, faults


def _misplaced(name: str, equations: int, conditions: int) -> tuple[str, str] | None:
    """Return message and remedy if a function stands in too few or too many places."""
    if equations + conditions == 0:
        return f'"{name}" is manufactured, but no equation uses it.', "Use it, or remove it."
    if equations > 1:
        return (
            f'"{name}" is manufactured, but {equations} equations use it.',
            "Give each equation a function of its own.",
        )
    if equations and conditions:
        return (
            f'"{name}" is manufactured, but is used inside and on the boundary.',
            "Use one function inside and another on the boundary.",
        )
    return None
