"""Weights of the rows of a residual, which make it dimensionless.

The rows of condition ``k`` carry the factor

    sqrt(w_k / R_k) / sum_terms |c_term| l^(-order),      l = (half width of the domain) / pi,

with ``w_k`` the weight in the problem file, ``R_k`` the number of rows and ``|c_term|`` the mean
size of a term's coefficient. Divided so, each residual is dimensionless and of the size of the
error of a field that varies on the scale of the domain, whatever the units of its coefficients.
"""

from collections.abc import Sequence
from math import pi, prod, sqrt

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem


def row_weights(
    problem: Problem, conditions: Sequence[Condition], nodes: Nodes
) -> Float[ndarray, " R"]:
    """Return the factor of each row of the residual; see the head of the module."""
    x = nodes.x[nodes.rows]
    length = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2 / pi
    duration = 1.0 if problem.time is None else (problem.time[1] - problem.time[0]) / 2 / pi
    lengths = [length] * nodes.dim + [duration]
    starts = [parameter.start for parameter in problem.parameters.values()]
    factors = []
    for condition in conditions:
        residual, n = condition.residual, condition.size
        size = 0.0
        for value in (0.0, 1.0):  # where a nonlinear coefficient has no value at zero, at one
            constant = np.full(residual.ones.shape, value)
            jet = {
                (i, op): constant if i >= 0 else np.full_like(constant, starts[-1 - i])
                for i, op in residual.terms
            }
            slopes = residual.partials(jet)
            size = sum(
                float(np.mean(np.abs(slope)))
                * duration ** -(field // len(problem.fields))  # the field's order in time
                * sum(
                    abs(c) * prod(l**-n for l, n in zip(lengths, alpha, strict=False))
                    for alpha, c in op.terms
                )
                for (field, op), slope in slopes.items()
                if field >= 0
            )
            if np.isfinite(size) and size > 0:
                break
        factor = sqrt(condition.weight / n) / (size if np.isfinite(size) and size > 0 else 1.0)
        factors.append(np.full(n, factor))
    return np.concatenate(factors)
