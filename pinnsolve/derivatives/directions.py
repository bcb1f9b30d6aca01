"""Directions along which derivatives give a partial derivative: forms as sums of powers.

A form ``p(xi) = sum c_a xi^a`` of order ``k`` is a sum ``sum_j w_j (v_j . xi)^k`` over suitable
directions. Tried are the coordinate axes, principal axes of a quadratic form, regular polygons
(``D^4`` along three directions at 60 degrees sums up to ``9/8`` of the biharmonic), the diagonals
of an icosahedron, and those of Kan's formula for monomials, which always suffice.

Sources: Kan (2008), From moments of sum to moments of product, doi:10.1016/j.jmva.2007.01.013;
Reznick (1992), Sums of even powers of real linear forms, Memoirs of the AMS 463.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import factorial, pi, prod, sqrt
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import DiffOp, MultiIndex

Form: TypeAlias = dict[MultiIndex, float]
Directions: TypeAlias = Float[ndarray, "_ d"]

ROUNDING = 1e-11  # of weights relative to the largest, below which they count as zero
GOLDEN = (1 + sqrt(5)) / 2
ICOSAHEDRON = [
    *((0, 1, s * GOLDEN) for s in (1, -1)),
    *((1, s * GOLDEN, 0) for s in (1, -1)),
    *((s * GOLDEN, 0, 1) for s in (1, -1)),
]


def candidates(k: int, forms: Sequence[Form], dim: int) -> Iterator[Directions]:
    """Yield sets of directions that may span forms of order ``k``; the last one does."""
    support = [i for i in range(dim) if any(alpha[i] for form in forms for alpha in form)]
    axes = np.eye(dim)[support]
    yield axes
    if k == 1:
        yield np.array([gradient(form) for form in forms])
    if k == 2:
        for form in forms:
            yield _principal_axes(form)
    if len(support) == 2:
        for n in range(2, k + 2):
            for offset in (0.0, 0.5):
                angle = pi * (np.arange(n) + offset) / n
                yield np.stack([np.cos(angle), np.sin(angle)], 1) @ axes
    if len(support) == 3:
        yield np.array(ICOSAHEDRON) @ axes / sqrt(1 + GOLDEN**2)
    yield np.array([v for form in forms for alpha in form for v in _kan(alpha)])


def _kan(alpha: MultiIndex) -> Iterator[Float[ndarray, " d"]]:
    """Yield the directions of Kan's formula for a monomial."""
    for beta in product(*(range(n + 1) for n in alpha)):
        v = np.array([n - 2 * m for n, m in zip(alpha, beta, strict=True)], dtype=float)
        if np.any(v):
            yield v / np.max(np.abs(v))


def _principal_axes(form: Form) -> Directions:
    """Return the eigenvectors of a quadratic form that take part in it."""
    dim = len(next(iter(form)))
    Q = np.zeros((dim, dim))
    for alpha, c in form.items():
        i, j = [axis for axis, n in enumerate(alpha) for _ in range(n)]
        Q[i, j] += c / 2
        Q[j, i] += c / 2
    values, vectors = np.linalg.eigh(Q)
    return vectors.T[np.abs(values) > ROUNDING * np.abs(values).max()]


def irreducible(pool: Directions, k: int, forms: Sequence[Form]) -> Directions:
    """Drop directions, the last ones first, as long as the rest spans the forms."""
    kept = list(range(len(pool)))
    for j in reversed(range(len(pool))):
        rest = [i for i in kept if i != j]
        if spans(pool[rest], k, forms):
            kept = rest
    return pool[kept]


def spans(V: Directions, k: int, forms: Sequence[Form]) -> bool:
    """Return whether forms are sums of powers of some directions."""
    return weights_of(V, k, forms) is not None


def weights_of(V: Directions, k: int, forms: Sequence[Form]) -> Float[ndarray, "F J"] | None:
    """Return ``w`` with ``sum_j w_j (v_j . xi)^k`` equal to each form; None if there is none."""
    if not len(V):
        return None
    A, B = powers_of(V, k), np.stack([vector(form, k) for form in forms], 1)
    w, *_ = np.linalg.lstsq(A, B, rcond=ROUNDING)
    if np.abs(A @ w - B).max() > ROUNDING * np.abs(B).max():
        return None
    return np.where(np.abs(w) < ROUNDING * np.abs(w).max(), 0.0, w).T


def powers_of(V: Directions, k: int) -> Float[ndarray, "M J"]:
    """Return the coefficients of ``(v . xi)^k`` on all monomials of order ``k``."""
    alphas = _monomials(V.shape[1], k)
    counts = [factorial(k) / prod(factorial(n) for n in alpha) for alpha in alphas]
    return np.array(counts)[:, None] * np.array([np.prod(V**alpha, axis=1) for alpha in alphas])


def vector(form: Form, k: int) -> Float[ndarray, " M"]:
    """Return the coefficients of a form on all monomials of order ``k``."""
    return np.array([form.get(alpha, 0.0) for alpha in _monomials(len(next(iter(form))), k)])


@lru_cache(maxsize=64)
def _monomials(dim: int, k: int) -> tuple[MultiIndex, ...]:
    """Return all multi-indices of order ``k``."""
    if dim == 1:
        return ((k,),)
    return tuple((n, *rest) for n in range(k + 1) for rest in _monomials(dim - 1, k - n))


def union(U: Directions, V: Directions) -> Directions:
    """Return the directions of both, each once; opposite ones are the same."""
    together = list(U)
    for v in V:
        if index(np.array(together).reshape(-1, len(v)), v) == len(together):
            together.append(v)
    return np.array(together).reshape(-1, U.shape[1])


def index(V: Directions, v: Float[ndarray, " d"]) -> int:
    """Return the index of a direction, up to its length; the number of directions if it is new."""
    size = np.linalg.norm(V, axis=1) * np.linalg.norm(v)
    parallel = np.abs(V @ v) > (1 - ROUNDING) * size
    return int(np.argmax(parallel)) if parallel.any() else len(V)


def gradient(form: Form) -> Float[ndarray, " d"]:
    """Return the direction of a form of order one."""
    return np.sum([c * np.array(alpha, dtype=float) for alpha, c in form.items()], axis=0)


def forms_of(op: DiffOp) -> dict[int, Form]:
    """Return the parts of an operator by their order."""
    parts: dict[int, Form] = {}
    for alpha, c in op.terms:
        form = parts.setdefault(sum(alpha), {})
        form[alpha] = form.get(alpha, 0.0) + c
    return parts
