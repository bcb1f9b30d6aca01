"""Linear Fokker-Planck equations, recognised by their coefficients.

d_t u = sum_ij a_ij d_i d_j u - div((b + A x) u) + k u,        a, b, A, k constant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.rates import rates_at
from pinnsolve.conditions.selfadjoint import coefficients
from pinnsolve.diffop import Term
from pinnsolve.equations.equation import prescribed_value
from pinnsolve.problem import Problem
from pinnsolve.references.affine_flow import Flow

SAME = 1e-9  # relative difference of coefficients that are one


@dataclass(frozen=True, eq=False)
class Drift:
    """What a linear Fokker-Planck equation says.

    Attributes
    ----------
    flow
        Drift and diffusion.
    growth
        ``k``.
    """

    flow: Flow
    growth: float


@dataclass(frozen=True, eq=False)
class _Coefficients:
    """Those of an equation ``u_t = a:D^2 u - h.grad u + c u`` at points and instants."""

    a: Float[ndarray, "*n d d"]
    h: Float[ndarray, "*n d"]
    c: Float[ndarray, "*n"]


def affine_drift(problem: Problem) -> Drift | str:
    """Return the statement of an equation, or the reason in words why it is none of these."""
    if reason := _otherwise(problem):
        return reason
    assert problem.time is not None
    equation = problem.equations[0]
    lower, upper = map(np.array, problem.settings.domain.box)
    dim, random = len(lower), np.random.default_rng(0)
    x = lower + (upper - lower) * random.random((4 * dim + 20, dim))
    seen = []
    for t in np.linspace(*problem.time, 3):
        one = coefficients(rates_at(problem, x, float(t))[0])
        if one is None:
            return f'"{equation.text}" holds a source'
        seen.append(_sorted(one, dim))
    if None in seen:
        return f'"{equation.text}" holds derivatives of higher order'
    parts = zip(*((own.a, own.h, own.c) for own in seen if own is not None), strict=True)
    return _constant(_Coefficients(*map(np.array, parts)), x, equation.text)


def _otherwise(problem: Problem) -> str:
    """Return the reason why a problem is none of these, before its coefficients are known."""
    if problem.time is None:
        return "it is steady"
    if len(problem.fields) > 1:
        return "there are several fields"
    equation = problem.equations[0]
    if len(problem.initial[0]) != 1:
        return f'"{equation.text}" is not of first order in time'
    if not equation.is_linear:
        return f'"{equation.text}" is not linear'
    if any(condition.is_periodic for condition in problem.boundary):
        return "its sides are joined"
    for condition in problem.boundary:
        if prescribed_value(condition.equation)[1] != 0:
            return f'"{condition.equation.text}" does not give zero values on the walls'
    return ""


def _sorted(values: Mapping[Term, ndarray], dim: int) -> _Coefficients | None:
    """Return coefficients by the order of their derivatives; None if one is above two."""
    (top,) = (own for term, own in values.items() if term.time_order)
    n = len(top)
    a, h, c = np.zeros((n, dim, dim)), np.zeros((n, dim)), np.zeros(n)
    parts = [
        ([i for i, m in enumerate(alpha) for _ in range(m)], -share * own / top)
        for term, own in values.items()
        if not term.time_order
        for alpha, share in term.op.terms
    ]
    for axes, own in parts:
        if len(axes) > 2:
            return None
        if len(axes) == 2:
            a[:, axes[0], axes[1]] += own / 2
            a[:, axes[1], axes[0]] += own / 2
        elif axes:
            h[:, axes[0]] -= own
        else:
            c += own
    return _Coefficients(a, h, c)


def _constant(found: _Coefficients, x: Float[ndarray, "n d"], text: str) -> Drift | str:
    """Return the statement of coefficients at points and instants."""
    a, h, c = found.a, found.h, found.c
    if np.ptp(a, axis=(0, 1)).max() > SAME * np.abs(a).max():
        return f'the diffusion in "{text}" is not constant'
    columns = np.column_stack([np.ones(len(x)), x])
    fit, *_ = np.linalg.lstsq(columns, h[0], rcond=None)
    size = np.abs(h).max()
    if np.abs(h - columns @ fit).max() > SAME * size:
        return f'the drift in "{text}" is not linear in position, or changes in time'
    if np.ptp(c) > SAME * np.abs(c).max():
        return f'the factor of the field in "{text}" is not constant'
    if np.linalg.eigvalsh(a[0, 0])[0] < -SAME * np.abs(a).max():
        return f'the diffusion in "{text}" is negative'
    b, A = (np.where(np.abs(own) > SAME * size, own, 0.0) for own in (fit[0], fit[1:].T))
    return Drift(Flow(A, b, a[0, 0]), float(c[0, 0] + np.trace(A)))
