"""Elliptic systems of first order, as the Cauchy-Riemann equations, and how they are told.

A system of ``c`` equations of order one for ``c`` fields is elliptic where no direction ``xi`` is
one in which it does not differentiate: the determinant of

    A(xi)_ij = sum_k a_ijk xi_k

vanishes for none. It takes ``c/2`` conditions on the boundary, and not one for each field: there
the others have nothing but the equations. Systems that name a gradient, as ``v = -grad(p)``, have
equations without derivatives of some fields, and a determinant that vanishes. Source: Agmon,
Douglis & Nirenberg (1964), doi:10.1002/cpa.3160170104.
"""

from math import pi

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.rbffd.discretisation import Discretisation

PLACES = 50  # at which coefficients are looked at
DIRECTIONS = 64
APART = 1e-3  # of its largest value: the least that the determinant keeps


def is_elliptic_of_first_order(discretisation: Discretisation) -> bool:
    """Tell whether the equations of a discrete problem are such a system.

    Parameters
    ----------
    discretisation
        The discrete problem, of one region.
    """
    nodes, count = discretisation.nodes, discretisation.n_fields
    inside = [c for c in discretisation.conditions[:count] if not c.is_constraint]
    if nodes.dim < 2 or count < 2 or len(inside) < count or nodes.regions is not None:
        return False
    terms = {term for condition in inside for term in condition.residual.terms}
    if any(term.time_order or term.op.order > 1 for term in terms):
        return False
    coefficients = np.stack([_slopes(own, count, nodes.dim) for own in inside], axis=1)
    coefficients = coefficients[np.isfinite(coefficients).all(axis=(1, 2, 3))]
    if not len(coefficients):
        return False
    found = np.linalg.det(np.einsum("rifk,dk->rdif", coefficients, _directions(nodes.dim)))
    largest = np.abs(found).max()
    return bool(largest > 0 and (np.sign(found[0, 0]) * found > APART * largest).all())


def _slopes(condition: Condition, count: int, dim: int) -> Float[ndarray, "r c d"]:
    """Return the factors of first derivatives in an equation at some of its nodes.

    Where it is not linear, they are those at some values.
    """
    residual, random = condition.residual, np.random.default_rng(0)
    jet = {term: random.uniform(0.5, 1.5, residual.ones.shape) for term in residual.terms}
    with np.errstate(all="ignore"):
        slopes = residual.partials(jet, dict.fromkeys(residual.constants, residual.ones))
    found = np.zeros((len(residual.ones), count, dim))
    for term in residual.terms:
        for alpha, factor in term.op.terms:
            if sum(alpha) == 1:
                found[:, term.field, alpha.index(1)] += factor * slopes[term]
    return found[:: max(1, len(found) // PLACES)]


def _directions(dim: int) -> Float[ndarray, "m d"]:
    """Return unit vectors, of each two that point to opposite sides one."""
    if dim == 2:
        angle = pi * np.arange(DIRECTIONS) / DIRECTIONS
        return np.column_stack([np.cos(angle), np.sin(angle)])
    drawn = np.random.default_rng(0).normal(size=(DIRECTIONS, dim))
    drawn = np.concatenate([np.eye(dim), drawn])
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
