"""Constant-coefficient linear differential operators, the currency of the package.

An equation asks for ``laplace(u)``; a derivative backend supplies it. Neither knows the
other: what passes between them is a `DiffOp`,

    D = sum_k c_k d^alpha_k,

with multi-indices ``alpha`` over the coordinate axes, and a `Term`: a field and the operator
applied to it.

Where instants are kept apart, a derivative in time stands beside the fields as a field of its own:
``d_t^a D u_f`` is ``Term(f, D, a)``, with ``D`` in space alone.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MultiIndex: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class DiffOp:
    """A linear differential operator, hashable so that it can name a sparse matrix.

    Attributes
    ----------
    terms
        Pairs ``(alpha, c)``, sorted; ``(((0, 2), 1.0), ((2, 0), 1.0))`` is the 2-D Laplacian.
    """

    terms: tuple[tuple[MultiIndex, float], ...]

    def __post_init__(self) -> None:
        """Sort the terms, so that equal operators compare equal."""
        object.__setattr__(self, "terms", tuple(sorted(self.terms)))

    @property
    def order(self) -> int:
        """Highest total order ``|alpha|``; zero for the identity."""
        return max(sum(alpha) for alpha, _ in self.terms)

    @property
    def dim(self) -> int:
        """Number of coordinate axes."""
        return len(self.terms[0][0])


@dataclass(frozen=True)
class Term:
    """A field and what is applied to it.

    Attributes
    ----------
    field
        Which of the ``c`` fields, ``0 … c - 1``.
    op
        The operator: in space where instants are kept apart, else in all coordinates.
    time_order
        Of the derivative in time that stands as a field of its own.
    """

    field: int
    op: DiffOp
    # left out of the hash: sets of terms are summed over, in the order of fields and operators
    time_order: int = dataclasses.field(default=0, hash=False)


def partial(alpha: Iterable[int]) -> DiffOp:
    """Return the single partial derivative ``d^alpha``."""
    return DiffOp(((tuple(alpha), 1.0),))


def identity(dim: int) -> DiffOp:
    """Return the operator that leaves a field as it is."""
    return partial([0] * dim)


def laplacian(dim: int) -> DiffOp:
    """Return the sum of the pure second derivatives.

    >>> laplacian(2).terms
    (((0, 2), 1.0), ((2, 0), 1.0))
    """
    return DiffOp(tuple((tuple(2 * (i == j) for i in range(dim)), 1.0) for j in range(dim)))


def in_space(op: DiffOp) -> tuple[int, DiffOp]:
    """Split an operator in space and time into its order in time and its part in space.

    Parameters
    ----------
    op
        Time is its last axis; all its terms have the same order there.

    >>> in_space(DiffOp((((2, 0, 1), 1.0), ((0, 2, 1), 1.0)))) == (1, laplacian(2))
    True
    """
    (order,) = {alpha[-1] for alpha, _ in op.terms}
    return order, DiffOp(tuple((alpha[:-1], c) for alpha, c in op.terms))


def split_in_time(op: DiffOp) -> list[tuple[DiffOp, int, float]]:
    """Return the parts of an operator whose last axis is time: in space, order in time, factor.

    >>> split_in_time(DiffOp((((2, 0, 1), 3.0),))) == [(partial((2, 0)), 1, 3.0)]
    True
    """
    return [(partial(alpha[:-1]), alpha[-1], c) for alpha, c in op.terms]
