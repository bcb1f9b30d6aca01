"""Values of derived quantities, from those of the fields."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations.equation import Equation
from pinnsolve.problem import Problem
from pinnsolve.solution.fields import Fields


def derived_values(
    problem: Problem, fields: Fields, x: Float[ndarray, "n D"], values: Float[ndarray, "n c"]
) -> Float[ndarray, "n k"]:
    """Return the derived quantities of a problem at points; see `formula_values`."""
    return formula_values([*problem.derived.values()], fields, x, values)


def formula_values(
    formulas: Sequence[Equation],
    fields: Fields,
    x: Float[ndarray, "n D"],
    values: Float[ndarray, "n c"],
) -> Float[ndarray, "n k"]:
    """Return formulas of fields at points.

    Parameters
    ----------
    formulas
        As what an equation leaves.
    fields
        What to derive them from.
    x, values
        The points, and the fields there.
    """
    found = np.empty((len(x), len(formulas)))
    for i, equation in enumerate(formulas):
        residual = equation.bind(x)
        steep = {term for term in residual.terms if term.op.order > 0}
        jet = dict(fields.jet(x, steep)) if steep else {}
        for term in residual.terms:
            if term not in steep:
                jet[term] = sum(c for _, c in term.op.terms) * values[:, term.field]
        found[:, i] = residual(jet)
    return found
