"""Expressions in the fields of a solution at points of the boundary, or of interfaces.

The derivatives are those of the solution: of a network exact, of values at nodes by RBF-FD at the
points themselves, at all time levels by the same weights.
"""

from collections.abc import Mapping, Sequence, Set

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.points import in_time
from pinnsolve.diffop import Term, in_space
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.symbols import Symbols
from pinnsolve.geometry.quadrature import Quadrature
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.solution.fields import Fields


def values_on(
    piece: Quadrature,
    expressions: Sequence[Expr],
    symbols: Symbols,
    fields: Fields,
    times: Float[ndarray, " K"] | None,
    constants: Mapping[str, float] | None = None,
) -> list[Float[ndarray, "K Q"]]:
    """Return expressions at the points of a piece, at each time level; of a steady problem at one.

    Parameters
    ----------
    piece
        The points, and the normals there.
    expressions, symbols
        In fields, their derivatives in space and normals; and what else may stand in them.
    fields, times
        The solution, and its time levels; None if it is steady.
    constants
        Values of the unknown constants, by name.
    """
    x, normals = piece.x, piece.normals
    levels = 1 if times is None else len(times)
    if times is not None:
        x = in_time(x, times).reshape(len(x) * levels, -1)
        normals = np.tile(normals, (levels, 1))
    bound = [Equation("", "", e, symbols).bind(x, normals) for e in expressions]
    terms = {term for residual in bound for term in residual.terms}
    if isinstance(fields, NodalFields) and fields.times is not None:
        jet = _at_levels(fields, piece.x, terms)
    else:
        jet = fields.jet(x, terms)
    known = {name: np.full(len(x), value) for name, value in (constants or {}).items()}
    return [np.broadcast_to(residual(jet, known), len(x)).reshape(levels, -1) for residual in bound]


def _at_levels(
    fields: NodalFields, x: Float[ndarray, "Q d"], terms: Set[Term]
) -> Mapping[Term, ndarray]:
    """Return derivatives of nodal fields at all time levels, by the same weights."""
    K, N, c = fields.values.shape
    by_node = fields.values.swapaxes(0, 1).reshape(N, K * c)
    still = {term: in_space(term.op)[1] for term in terms}
    jet = NodalFields(fields.nodes, by_node, fields.order, sight=fields.sight).jet(
        x, {Term(k * c + term.field, op) for k in range(K) for term, op in still.items()}
    )
    return {
        term: np.concatenate([jet[Term(k * c + term.field, op)] for k in range(K)])
        for term, op in still.items()
    }
