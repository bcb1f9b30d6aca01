"""Weights of the rows of a residual, which make it dimensionless, and the sizes of the fields.

A condition ``k`` feels a field ``f`` of size ``s_f`` that varies on the scale of the domain by

    a_kf s_f,       a_kf = sum_(terms of f) |c_term| l^(-order),

``l = (half width of the domain) / pi``, ``|c_term|`` the mean size of a coefficient, and asks for
data of root mean square ``b_k``, what it leaves of fields that are zero. So a field is about as
large as the largest data that conditions ask of it,

    s_f = max_k (b_k + sum_(g != f) a_kg s_g) / a_kf,

over the conditions on ``f`` alone, or else on ``f`` and on fields whose sizes are known. The rows
of condition ``k`` carry the factor

    sqrt(w_k / R_k) / sum_f a_kf s_f,

with ``w_k`` the weight in the problem file and ``R_k`` the number of rows. Divided so, each
residual is dimensionless and of the size of the relative error of a field that varies on the scale
of the domain, whatever the units of its coefficients, of its data and of the fields.
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
    problem: Problem,
    conditions: Sequence[Condition],
    nodes: Nodes,
    sizes: Float[ndarray, " c"],
) -> Float[ndarray, " R"]:
    """Return the factor of each row of the residual; see the head of the module.

    Parameters
    ----------
    problem, conditions, nodes
        What is to hold, and where.
    sizes
        Of the fields.
    """
    factors = []
    for condition in conditions:
        size = 0.0
        for values in (np.zeros_like(sizes), sizes):  # where a coefficient has no value at zero
            size = float(_felt(problem, condition, nodes, values)[0] @ sizes)
            if np.isfinite(size) and size > 0:
                break
        factor = sqrt(condition.weight / condition.size)
        factor /= size if np.isfinite(size) and size > 0 else 1.0
        factors.append(np.full(condition.size, factor))
    return np.concatenate(factors)


def field_sizes(
    problem: Problem, conditions: Sequence[Condition], nodes: Nodes
) -> Float[ndarray, " c"]:
    """Return a size of each field, in its unit; one for a field that nothing asks to be other.

    Parameters
    ----------
    problem, conditions, nodes
        What is to hold, and where.
    """
    zero = np.zeros(len(problem.fields))
    found = [_felt(problem, condition, nodes, zero) for condition in conditions]
    A, b = np.array([a for a, _ in found]), np.array([b for _, b in found])
    is_sound = np.isfinite(A).all(axis=1) & np.isfinite(b)
    A, b = A[is_sound], b[is_sound]
    sizes = zero
    while not sizes.all():
        is_open = (A > 0) & (sizes == 0)
        alone = is_open & (is_open.sum(axis=1, keepdims=True) == 1)
        asked = (b + A @ sizes)[:, None] / np.where(alone, A, np.inf)
        new = asked.max(axis=0, initial=0.0)
        if not new.any():
            break
        sizes = sizes + new
    together = (b / A.sum(axis=1).clip(min=np.finfo(float).tiny)).max(initial=0.0)
    return np.where(sizes > 0, sizes, together if 0 < together < np.inf else 1.0)


def _felt(
    problem: Problem, condition: Condition, nodes: Nodes, values: Float[ndarray, " c"]
) -> tuple[Float[ndarray, " c"], float]:
    """Return the effect on a condition of each field of size one, and the data, near values."""
    x = nodes.x[nodes.rows]
    length = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2 / pi
    duration = 1.0 if problem.time is None else (problem.time[1] - problem.time[0]) / 2 / pi
    lengths = [length] * nodes.dim + [duration]
    residual = condition.residual
    shape = residual.ones.shape
    jet = {term: np.full(shape, values[term.field % len(values)]) for term in residual.terms}
    starts = {name: np.full(shape, problem.parameters[name].start) for name in residual.constants}
    with np.errstate(all="ignore"):
        slopes = residual.partials(jet, starts)
        left = condition.summed(residual(jet, starts))
        asked = float(np.sqrt(np.mean(np.square(left))))
    count = len(condition.rows) if condition.is_sum else 1  # rows that make one
    felt = np.zeros(len(values))
    for term in residual.terms:
        felt[term.field % len(values)] += (  # the partner's, on an interface, are as large
            count
            * float(np.mean(np.abs(slopes[term])))
            * duration**-term.time_order
            * sum(
                abs(c) * prod(l**-n for l, n in zip(lengths, alpha, strict=False))
                for alpha, c in term.op.terms
            )
        )
    return felt, asked
