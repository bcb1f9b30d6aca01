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
    factors = []
    for condition in conditions:
        residual, n = condition.residual, condition.size
        size = 0.0
        for value in (0.0, 1.0):  # where a nonlinear coefficient has no value at zero, at one
            jet = dict.fromkeys(residual.terms, np.full(residual.ones.shape, value))
            starts = {
                name: np.full(residual.ones.shape, problem.parameters[name].start)
                for name in residual.constants
            }
            slopes = residual.partials(jet, starts)
            size = sum(
                float(np.mean(np.abs(slopes[term])))
                * duration**-term.time_order
                * sum(
                    abs(c) * prod(l**-n for l, n in zip(lengths, alpha, strict=False))
                    for alpha, c in term.op.terms
                )
                for term in residual.terms
            )
            if np.isfinite(size) and size > 0:
                break
        factor = sqrt(condition.weight / n) / (size if np.isfinite(size) and size > 0 else 1.0)
        factors.append(np.full(n, factor))
    return np.concatenate(factors)
