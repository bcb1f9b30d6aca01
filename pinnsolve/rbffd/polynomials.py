"""Monomials in several variables: the polynomials that RBF-FD weights reproduce.

The space of degree ``l`` in ``d`` variables has ``C(l+d, d)`` monomials ``x^power``, listed by
rising degree and within one degree by falling powers of the first coordinate, then the second.
So those of degree ``k`` are the first coordinate times all of degree ``k-1``, then the second
times those without the first, and so on: slices, no table. In stencils shifted to their centre the
derivatives of the monomials at the centre are zero but for ``d^alpha x^alpha = alpha!``.
"""

from functools import cache
from itertools import product
from math import comb, perm, prod

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import DiffOp, MultiIndex


@cache
def multi_indices(dim: int, degree: int) -> tuple[MultiIndex, ...]:
    """Return all ``alpha`` with ``|alpha| <= degree``; there are C(degree+dim, dim).

    >>> multi_indices(2, 2)
    ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
    """
    powers = [alpha for alpha in product(range(degree + 1), repeat=dim) if sum(alpha) <= degree]
    return tuple(sorted(powers, key=lambda alpha: (sum(alpha), [-n for n in alpha])))


def monomials(x: Float[ndarray, "B d n"], degree: int) -> Float[ndarray, "B p n"]:
    """Evaluate all monomials up to a degree.

    Parameters
    ----------
    x
        Points, ``n`` for each of ``B`` stencils, coordinate by coordinate.
    degree
        Highest total degree.

    Returns
    -------
    ndarray
        The transposed Vandermonde matrix of each stencil, in the order of `multi_indices`.
    """
    dim = x.shape[1]
    values = np.empty((len(x), comb(degree + dim, dim), x.shape[2]))
    values[:, 0] = 1.0
    below = 1  # where the monomials of the degree below end
    for k in range(1, degree + 1):
        end = below
        for axis in range(dim):
            count = comb(k - 1 + dim - axis - 1, k - 1)  # of those without the axes before
            lower = values[:, below - count : below]
            np.multiply(lower, x[:, axis, None], out=values[:, end : end + count])
            end += count
        below = end
    return values


def derivative_matrix(op: DiffOp, degree: int) -> Float[ndarray, "p p"]:
    """Return ``T`` such that an operator takes the monomials ``p(x)`` to ``T p(x)``.

    >>> derivative_matrix(partial((1,)), 2)
    array([[0., 0., 0.],
           [1., 0., 0.],
           [0., 2., 0.]])
    """
    powers = multi_indices(op.dim, degree)
    position = {power: k for k, power in enumerate(powers)}
    matrix = np.zeros((len(powers), len(powers)))
    for k, power in enumerate(powers):
        for alpha, c in op.terms:
            lower = tuple(n - j for n, j in zip(power, alpha, strict=True))
            if min(lower) >= 0:
                matrix[k, position[lower]] += c * prod(map(perm, power, alpha))
    return matrix
