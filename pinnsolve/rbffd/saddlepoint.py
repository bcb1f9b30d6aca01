"""The small linear systems behind RBF-FD weights, solved for many stencils at once.

The weights ``w`` of an operator ``D`` at the origin over a stencil ``s`` satisfy

    [ A    P ] [ w      ]   [ D phi(-s) ]
    [ P^T  0 ] [ lambda ] = [ D p(0)    ],     A_ij = |s_i - s_j|^m,

which makes ``sum_j w_j u(s_j) = D u(0)`` exact for polynomials up to the degree.

Fast path. Split the stencil into as many nodes (1) as there are polynomials and the others (2).
With ``B = P_1^-T P_2^T`` all weights that are exact on polynomials are

    w = [ P_1^-T D p ] + Z y,     Z = [ -B ]
        [     0      ]                [  I ],

and ``Z^T A Z y = Z^T (D phi - A w_0)`` leaves one small definite system for ``y``: a third of the
operations. Its errors lie along ``Z``: polynomials stay exact, the rest loses about ``|B|^2``.
Nodes for (1) that crowd towards the rim keep ``B`` small as a rule, as in any interpolation on a
disk; where it is not, the full system is solved instead.

The same matrix has the coefficients of the interpolant of values ``u``,

    [ A    P ] [ c      ]   [ u ]
    [ P^T  0 ] [ lambda ] = [ 0 ],     D u(x) = sum_j c_j D phi(x - s_j) + sum_k lambda_k D p_k(x),

one right-hand side for any number of points and operators.

Source: Fornberg & Flyer (2015), A Primer on Radial Basis Functions, SIAM,
doi:10.1137/1.9781611974041; null-space method: Benzi, Golub & Liesen (2005),
doi:10.1017/S0962492904000212, section 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.diffop import DiffOp
from pinnsolve.rbffd.basis import phs_coefficients, phs_matrix, phs_values
from pinnsolve.rbffd.polynomials import derivative_matrix, monomials

GROWTH_LIMIT = 1e3  # of the norm of B, whose square multiplies rounding errors


def exponent(degree: int) -> int:
    """Return the exponent m of the spline ``r^m`` that goes with polynomials of a degree.

    Splines with ``m <= 2 degree + 1`` have a unique interpolant; the smoother, the smaller the
    error, by up to ten times between 5 and 11. Beyond that rounding errors grow.
    """
    return min(2 * degree + 1, 11)


def splitting_order(n: int, p: int) -> Int[ndarray, " n"]:
    """Return a stencil's nodes, numbered by distance, with the ``p`` of part (1) last.

    Those crowd quadratically towards the rim.

    >>> splitting_order(7, 3)
    array([1, 2, 3, 5, 0, 4, 6])
    """
    part1: list[int] = []
    for k, t in enumerate(np.linspace(0.0, 1.0, p)):
        wanted = round((n - 1) * (1 - t * t))
        part1.append(max(min([wanted, *(taken - 1 for taken in part1)]), p - 1 - k))
    return np.concatenate([np.setdiff1d(np.arange(n), part1), sorted(part1)])


@dataclass(frozen=True)
class SaddlePoint:
    """The systems of unit stencils for given operators.

    Attributes
    ----------
    degree
        Degree of the polynomials on which the weights are exact.
    m
        Exponent of the spline.
    splines
        Coefficients of the operators applied to the spline.
    polynomials
        Takes the monomials to what each operator makes of them.
    growth_limit
        Norm of ``B`` beyond which the full system is solved.
    """

    degree: int
    m: int
    splines: Float[ndarray, "k q t"]
    polynomials: Float[ndarray, "q p p"]
    growth_limit: float = GROWTH_LIMIT

    @classmethod
    def of(cls, ops: Sequence[DiffOp], degree: int) -> "SaddlePoint":
        """Prepare what is the same for all stencils."""
        m = exponent(degree)
        polynomials = np.stack([derivative_matrix(op, degree) for op in ops])
        splines = phs_coefficients(ops, max(op.order for op in ops), m)
        return cls(degree, m, splines, polynomials)

    def solve(
        self, s: Float[ndarray, "B d n"], x: Float[ndarray, "B d g"]
    ) -> tuple[Float[ndarray, "B n gq"], Float[ndarray, " B"]]:
        """Solve the systems of stencils with their nodes in `splitting_order`.

        Parameters
        ----------
        s
            The nodes of each stencil.
        x
            Where in it the derivatives are wanted.

        Returns
        -------
        tuple
            The weights, point by point and for each operator by operator, and by how much they
            miss the derivatives of polynomials, relative to the largest of these: a stencil that
            does not determine the polynomials misses them widely.
        """
        Pt = monomials(s, self.degree)
        a, b = self._right_sides(s, x)
        with np.errstate(all="ignore"):
            A = phs_matrix(s, self.m)
            w, safe = _solve_reduced(A, Pt, a, b, self.growth_limit)
            if not safe.all():
                risky = ~safe
                w[risky] = _solve_full(A[risky], Pt[risky], a[risky], b[risky])
            return w, _miss(Pt, w, b)

    def apply(
        self, s: Float[ndarray, "B d n"], x: Float[ndarray, "B d g"], u: Float[ndarray, "B n c"]
    ) -> tuple[Float[ndarray, "B gq c"], Float[ndarray, " B"]]:
        """Apply the operators to the interpolants of values, whose weights nobody needs.

        Parameters
        ----------
        s, x
            As for `solve`.
        u
            Values at the nodes.

        Returns
        -------
        tuple
            What the operators make of the interpolants at the points, and by how much the weights
            at the centre would miss the derivatives of polynomials, as for `solve`.
        """
        Pt = monomials(s, self.degree)
        a, b = self._right_sides(s, x)
        at_centre = np.tile(self.polynomials[:, :, 0].T, (len(s), 1, 1))
        with np.errstate(all="ignore"):
            A = phs_matrix(s, self.m)
            c, lam, miss, safe = _interpolant(A, Pt, u, at_centre, self.growth_limit)
            applied = a.swapaxes(1, 2) @ c + b.swapaxes(1, 2) @ lam
            if not safe.all():
                risky = ~safe
                w = _solve_full(A[risky], Pt[risky], a[risky], b[risky])
                applied[risky] = w.swapaxes(1, 2) @ u[risky]
                miss[risky] = _miss(Pt[risky], w, b[risky])
        return applied, miss

    def _right_sides(
        self, s: Float[ndarray, "B d n"], x: Float[ndarray, "B d g"]
    ) -> tuple[Float[ndarray, "B n gq"], Float[ndarray, "B p gq"]]:
        """Return the operators applied to the splines and to the monomials, at the points."""
        (count, dim, n), g, q = s.shape, x.shape[2], len(self.polynomials)
        apart = (s[:, None] - x.swapaxes(1, 2)[..., None]).reshape(count * g, dim, n)
        order = len(self.splines) - 1
        a = phs_values(apart, monomials(apart, order), self.splines, self.m)
        at_points = monomials(x.swapaxes(0, 1).reshape(1, dim, -1), self.degree)[0]
        b = (self.polynomials @ at_points).reshape(q, -1, count, g)
        b = b.transpose(2, 1, 3, 0).reshape(count, -1, g * q)
        return a.reshape(count, g * q, n).swapaxes(1, 2), b


def _miss(
    Pt: Float[ndarray, "B p n"], w: Float[ndarray, "B n q"], b: Float[ndarray, "B p q"]
) -> Float[ndarray, " B"]:
    """Return the miss of the derivatives of polynomials by weights, relative to the largest."""
    miss = Pt @ w
    miss -= b
    np.abs(miss, out=miss)
    relative = miss.max(axis=1) / np.abs(b).max(axis=1)
    return np.asarray(relative.max(axis=1))


def _interpolant(
    A: Float[ndarray, "B n n"],
    Pt: Float[ndarray, "B p n"],
    u: Float[ndarray, "B n c"],
    b: Float[ndarray, "B p q"],
    growth_limit: float,
) -> tuple[
    Float[ndarray, "B n c"], Float[ndarray, "B p c"], Float[ndarray, " B"], Bool[ndarray, " B"]
]:
    """Return the coefficients of splines and monomials by the fast path.

    With them by how much weights would miss ``b``, and where all this can be trusted.
    """
    k = Pt.shape[2] - Pt.shape[1]  # nodes of part (2)
    P1t, u1, u2 = Pt[:, :, k:], u[:, k:], u[:, :k]
    try:
        solution = np.linalg.solve(P1t, np.concatenate([Pt[:, :, :k], b], axis=2))
        B, w0 = solution[:, :, :k], solution[:, :, k:]
        Y = A[:, :, k:] @ B
        Y -= A[:, :, :k]  # -A Z
        y = np.linalg.solve(B.swapaxes(1, 2) @ Y[:, k:] - Y[:, :k], u2 - B.swapaxes(1, 2) @ u1)
        lam = np.linalg.solve(P1t.swapaxes(1, 2), u1 + Y[:, k:] @ y)
    except np.linalg.LinAlgError:  # raised for all if one of them is exactly singular
        nothing, missed = np.empty((len(A), Pt.shape[1], u.shape[2])), np.full(len(A), np.nan)
        return np.empty_like(u), nothing, missed, np.zeros(len(A), dtype=bool)
    is_safe = np.einsum("bij,bij->b", B, B) < growth_limit**2
    return np.concatenate([y, -B @ y], axis=1), lam, _miss(P1t, w0, b), is_safe


def _solve_reduced(
    A: Float[ndarray, "B n n"],
    Pt: Float[ndarray, "B p n"],
    a: Float[ndarray, "B n q"],
    b: Float[ndarray, "B p q"],
    growth_limit: float,
) -> tuple[Float[ndarray, "B n q"], Bool[ndarray, " B"]]:
    """Return the weights by the fast path, and where they can be trusted."""
    k = Pt.shape[2] - Pt.shape[1]  # nodes of part (2)
    try:
        solution = np.linalg.solve(Pt[:, :, k:], np.concatenate([Pt[:, :, :k], b], axis=2))
        # products of all columns at once: the library locks at each, and threads would wait
        Y = A[:, :, k:] @ solution
        Y[:, :, :k] -= A[:, :, :k]  # Y = [-A Z, A w_0 - D phi]
        Y[:, :, k:] -= a
        B, w0 = solution[:, :, :k], solution[:, :, k:]
        reduced = B.swapaxes(1, 2) @ Y[:, k:]
        reduced -= Y[:, :k]  # [Z^T A Z, Z^T (D phi - A w_0)]
        y = np.linalg.solve(reduced[:, :, :k], reduced[:, :, k:])
    except np.linalg.LinAlgError:  # raised for all if one of them is exactly singular
        return np.empty_like(a), np.zeros(len(A), dtype=bool)
    w0 -= B @ y
    return np.concatenate([y, w0], axis=1), np.einsum("bij,bij->b", B, B) < growth_limit**2


def _solve_full(
    A: Float[ndarray, "B n n"],
    Pt: Float[ndarray, "B p n"],
    a: Float[ndarray, "B n q"],
    b: Float[ndarray, "B p q"],
) -> Float[ndarray, "B n q"]:
    """Return the weights from the full systems; not a number if one is exactly singular."""
    count, p, n = Pt.shape
    K = np.zeros((count, n + p, n + p))
    K[:, :n, :n], K[:, n:, :n], K[:, :n, n:] = A, Pt, Pt.swapaxes(1, 2)
    try:
        return np.linalg.solve(K, np.concatenate([a, b], axis=1))[:, :n]
    except np.linalg.LinAlgError:
        return np.full_like(a, np.nan)
