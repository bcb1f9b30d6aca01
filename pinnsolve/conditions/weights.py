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

Features that grow vary on the scale of the nodes, so that ``l`` is `LENGTH` spacings for them, if
that is less. Where all data oscillate (`pinnsolve.conditions.oscillation`) the fields do, too, with
known wave numbers: ``l`` is one over that along each axis, however far apart these are. Where nodes
are closer in some places than in others fields vary on as much shorter scales there: the factor of
a row is that with ``l`` times the local spacing, relative to the widest. With ``l`` the same
everywhere rows of equations beside a small hole are as large as its radius to the power ``-order``,
and the others do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem

LENGTH = 4.0  # in spacings: what varies on shorter ones is not resolved


def row_weights(
    problem: Problem,
    conditions: Sequence[Condition],
    nodes: Nodes,
    sizes: Float[ndarray, " c"],
    spacing: Float[ndarray, " N"] | None = None,
    ease: Float[ndarray, " N"] | None = None,
    numbers: Float[ndarray, " D"] | None = None,
    *,
    is_fine: bool = False,
) -> Float[ndarray, " R"]:
    """Return the factor of each row of the residual; see the head of the module.

    Parameters
    ----------
    problem, conditions, nodes
        What is to hold, and where.
    sizes
        Of the fields.
    spacing
        Of the nodes near each point where a condition may hold, relative to any; the same
        everywhere by default.
    ease
        A factor of what holds at each point; one by default.
    numbers
        Wave numbers along the axes of what is sought, if they are known from the data.
    is_fine
        Whether what is sought may vary from node to node.
    """
    scales = _Scales.of(problem, nodes)
    if numbers is not None:
        scales = scales.within([1 / max(k, np.finfo(float).tiny) for k in numbers[: nodes.dim]])
    elif is_fine:
        scales = scales.within([LENGTH * nodes.spacing] * nodes.dim)
    factors = []
    for condition in conditions:
        local = np.ones(condition.rows_at_instant)
        if spacing is not None and not condition.is_sum:
            local = spacing[condition.rows] / spacing.max()
        size = np.zeros_like(local)
        for values in (np.zeros_like(sizes), sizes):  # where a coefficient has no value at zero
            size = _felt(problem, condition, scales, values, local)[0] @ sizes
            if np.isfinite(size).all() and (size > 0).all():
                break
        factor = np.sqrt(condition.weight / condition.size)
        factor = factor / np.where(np.isfinite(size) & (size > 0), size, 1.0)
        if ease is not None and not condition.is_sum:
            factor = factor * ease[condition.rows]
        factors.append(np.repeat(factor, condition.size // condition.rows_at_instant))
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
    zero, scales = np.zeros(len(problem.fields)), _Scales.of(problem, nodes)
    found = [_felt(problem, condition, scales, zero, np.ones(1)) for condition in conditions]
    A, b = np.array([a[0] for a, _ in found]), np.array([b for _, b in found])
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
    with np.errstate(over="ignore"):  # of equations that hardly feel any field
        together = (b / A.sum(axis=1).clip(min=np.finfo(float).tiny)).max(initial=0.0)
    return np.where(sizes > 0, sizes, together if 0 < together < np.inf else 1.0)


@dataclass(frozen=True)
class _Scales:
    """Lengths on which fields vary along the axes of a domain, and the duration."""

    lengths: tuple[float, ...]
    duration: float

    @classmethod
    def of(cls, problem: Problem, nodes: Nodes) -> "_Scales":
        """Return those of a problem."""
        x = nodes.x[nodes.rows]
        length = float(np.max(x.max(axis=0) - x.min(axis=0))) / 2 / pi
        duration = 1.0 if problem.time is None else (problem.time[1] - problem.time[0]) / 2 / pi
        return cls((length,) * nodes.dim, duration)

    def within(self, lengths: Sequence[float]) -> "_Scales":
        """Return them where fields vary on some lengths along the axes, if these are shorter."""
        own = tuple(map(min, self.lengths, lengths))
        return replace(self, lengths=own)

    def of_term(self, term: Term, local: Float[ndarray, " r"]) -> Float[ndarray, " r"]:
        """Return the size of a term of a field of size one that varies on a share of the length."""
        lengths = [own * local for own in self.lengths] + [self.duration * np.ones_like(local)]
        felt = np.zeros_like(local)
        for alpha, c in term.op.terms:
            felt += abs(c) * np.prod([l**-n for l, n in zip(lengths, alpha, strict=False)], axis=0)
        return self.duration**-term.time_order * felt


def _felt(
    problem: Problem,
    condition: Condition,
    scales: _Scales,
    values: Float[ndarray, " c"],
    local: Float[ndarray, " r"],
) -> tuple[Float[ndarray, "r c"], float]:
    """Return the effect on rows of each field of size one, and the data, near values."""
    residual = condition.residual
    shape = residual.ones.shape
    jet = {term: np.full(shape, values[term.field % len(values)]) for term in residual.terms}
    starts = {name: np.full(shape, problem.parameters[name].start) for name in residual.constants}
    with np.errstate(all="ignore"):
        slopes = residual.partials(jet, starts)
        left = condition.summed(residual(jet, starts))
        asked = float(np.sqrt(np.mean(np.square(left))))
    count = len(condition.rows) if condition.is_sum else 1  # rows that make one
    felt = np.zeros((len(local), len(values)))
    for term in residual.terms:
        # the partner's, on an interface, are as large
        size = count * float(np.mean(np.abs(slopes[term])))
        felt[:, term.field % len(values)] += size * scales.of_term(term, local)
    return felt, asked
