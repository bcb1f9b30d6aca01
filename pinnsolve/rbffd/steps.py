"""Variables for steps in time: the fields themselves, where their potentials are solved for.

With Kirchhoff's potential ``w = K(u)`` (`pinnsolve.equations.kirchhoff`) an equation in time holds
``u_t = w_t / k(u)``, which jumps with ``k`` at a front: along a step in ``w`` it has no solution
where the front passes a node. So steps are taken in ``u``,

    w = K(u),      w_t = k(u) u_t,      u_t = w_t / k(u),

in which equations are continuous, and Newton's method semismooth: Qi & Sun (1993),
doi:10.1007/BF01581275.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations import functions, variables
from pinnsolve.equations.kirchhoff import VALUE, Conductivity
from pinnsolve.equations.program import program
from pinnsolve.equations.variables import Derivative
from pinnsolve.errors import DivergedError
from pinnsolve.problem import Problem

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

Values = Float[ndarray, "*n"]


@dataclass(frozen=True)
class Change:
    """A field as a function of another, and that of it.

    Attributes
    ----------
    potential, slope, bend
        What is solved for as a function of the field, and its first and second derivative.
    field
        The inverse of the first.
    """

    potential: Callable[[Values], Values]
    slope: Callable[[Values], Values]
    bend: Callable[[Values], Values]
    field: Callable[[Values], Values]

    @classmethod
    def of(cls, k: Conductivity) -> "Change":
        """Return the change from potentials to fields."""
        made = (k.potential(VALUE), k.formula, k.formula.diff(VALUE), k.formula_of(VALUE))
        compiled = [program([e], [VALUE]) for e in made]

        def value(i: int) -> Callable[[Values], Values]:
            return lambda x: np.array(np.broadcast_to(compiled[i](x)[0], x.shape), dtype=float)

        return cls(*map(value, range(4)))


def changes(problem: Problem) -> dict[int, Change]:
    """Return the changes of variables of a problem that is solved for potentials, by field.

    Parameters
    ----------
    problem
        What is solved, in time.
    """
    found = dict[int, Change]()
    for equation in problem.equations:
        for call in equation.expression.atoms(functions.Composite):
            own = variables.occurring(Derivative, call.args[0])
            if len(own) == 1 and call.args[0].is_Symbol:
                (meaning,) = own.values()
                found[meaning.field] = Change.of(call.conductivity)
    return found


def seen(
    raw: Float[ndarray, "s a N"], n_fields: int, changed: Mapping[int, Change]
) -> Float[ndarray, "s a N"]:
    """Return the fields at stages and their slopes as the equations know them.

    Parameters
    ----------
    raw
        Fields, then their derivatives in time, at each stage.
    n_fields, changed
        Number of fields, and which are changed.
    """
    if not changed:
        return raw
    found = raw.copy()
    for field, change in changed.items():
        found[:, field] = change.potential(raw[:, field])
        found[:, field + n_fields] = change.slope(raw[:, field]) * raw[:, field + n_fields]
    return found


def by_variable(
    J: "csr_array",
    closing: "csr_array",
    fields: Float[ndarray, "a N"],
    orders: Sequence[int],
    changed: Mapping[int, Change],
) -> "list[list[csc_array]]":
    """Return the derivatives of all rows by each variable, then by its derivatives in time.

    Parameters
    ----------
    J
        Those by the fields as the equations know them.
    closing
        Rows that close ghosts, of values alone.
    fields
        The variables, then their derivatives in time.
    orders
        In time, of each of them.
    changed
        Which are changed.

    Raises
    ------
    DivergedError
        If they are not finite.
    """
    from scipy.sparse import csc_array, diags_array, vstack

    if not np.isfinite(J.data).all():
        raise DivergedError("The fields or their derivatives are no longer finite there.")
    c, N, found = len(orders), fields.shape[1], []
    columns, ghosts = J.tocsc(), closing.tocsc()
    for field, m in enumerate(orders):
        here = ghosts[:, field * N : (field + 1) * N]
        parts = []
        for a in range(m + 1):
            slot = field + a * c
            own = columns[:, slot * N : (slot + 1) * N]
            parts.append(csc_array(vstack([own, csc_array(here.shape) if a else here])))
        if field in changed:
            u, rate = fields[field], fields[field + c]
            slope = diags_array(changed[field].slope(u))
            bend = diags_array(changed[field].bend(u) * rate)
            parts = [parts[0] @ slope + parts[1] @ bend, parts[1] @ slope]
        found.append(parts)
    return found
