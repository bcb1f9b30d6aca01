"""Polyharmonic splines ``phi(x) = |x|^m``, ``m`` odd, and all their partial derivatives.

With ``phi_k = (1/r d/dr)^k r^m = m (m-2) ... (m-2k+2) r^(m-2k)`` the chain rule through ``r^2``
gives, for every multi-index,

    d^alpha phi = sum_j prod_i [ alpha_i! / (j_i! (alpha_i - 2 j_i)! 2^j_i) ]
                        * x^(alpha - 2j) * phi_(|alpha| - |j|),      0 <= 2 j_i <= alpha_i,

a sum of monomials times powers of ``r``. It is homogeneous of degree ``m - |alpha|``, hence
continuous with value zero at the origin as long as ``|alpha| < m``.
Source: Fornberg & Flyer (2015), A Primer on Radial Basis Functions, SIAM,
doi:10.1137/1.9781611974041.
"""

from collections.abc import Sequence
from itertools import product
from math import factorial, prod

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import DiffOp
from pinnsolve.rbffd.polynomials import multi_indices


def phs_matrix(x: Float[ndarray, "B d n"], m: int) -> Float[ndarray, "B n n"]:
    """Return ``|x_i - x_j|^m`` for all pairs of points of each stencil.

    Parameters
    ----------
    x
        Points of unit stencils.
    m
        Exponent, odd.
    """
    square = np.zeros((len(x), x.shape[2], x.shape[2]))
    for axis in x.swapaxes(0, 1):
        apart = axis[:, :, None] - axis[:, None]
        apart *= apart
        square += apart
    power = np.sqrt(square)
    for bit in range((m // 2).bit_length()):  # r^m = r * (r^2)^(m // 2)
        if bit:
            square *= square
        if m // 2 >> bit & 1:
            power *= square
    return power


def phs_coefficients(ops: Sequence[DiffOp], degree: int, m: int) -> Float[ndarray, "k q p"]:
    """Return ``c`` with ``(op_q phi)(-s) = sum_k r^(m-2k) sum_p c[k, q, p] s^power_p``.

    Parameters
    ----------
    ops
        The operators, of orders below ``m``.
    degree
        Degree of the monomials listed, no less than the orders of the operators.
    m
        Exponent of the spline, odd.
    """
    powers = multi_indices(ops[0].dim, degree)
    highest = max(op.order for op in ops)
    coefficients = np.zeros((highest + 1, len(ops), len(powers)))
    for q, op in enumerate(ops):
        for alpha, c in op.terms:
            for halves in product(*(range(n // 2 + 1) for n in alpha)):
                k = sum(alpha) - sum(halves)
                power = tuple(n - 2 * j for n, j in zip(alpha, halves, strict=True))
                factor = (-1) ** sum(alpha) * c * prod(range(m, m - 2 * k, -2))
                for n, j in zip(alpha, halves, strict=True):
                    factor *= factorial(n) / (factorial(j) * factorial(n - 2 * j) * 2**j)
                coefficients[k, q, powers.index(power)] += factor
    return coefficients


def phs_values(
    x: Float[ndarray, "B d n"],
    monomials: Float[ndarray, "B p n"],
    coefficients: Float[ndarray, "k q p"],
    m: int,
) -> Float[ndarray, "B q n"]:
    """Return ``sum_k r^(m-2k) sum_p c[k, :, p] x^power_p``, zero at the origin."""
    square = np.einsum("bdn,bdn->bn", x, x)
    power = np.sqrt(square) * square ** (m // 2)
    square[square == 0] = 1.0  # there the power is zero already, and stays so
    total = np.zeros((len(x), coefficients.shape[1], x.shape[2]))
    for k, c in enumerate(coefficients):
        if k:
            power /= square
        for q, p in np.argwhere(c):  # few
            total[:, q] += c[q, p] * power * monomials[:, p]
    return total
