"""The head solve: the last layer's weights by linear least squares.

With the features ``Phi`` fixed, a linear PDE's residual is affine in the head's weights ``c``,
``r = M c - t``, and their best values are one QR factorisation away. Networks with random
features and such a head are known as extreme learning machines (Huang et al., 2006,
doi:10.1016/j.neucom.2005.12.126; for PDEs Dwivedi & Srinivasan, 2020,
doi:10.1016/j.neucom.2019.12.099). Normal equations would lose half the digits.

Features are nearly dependent by nature. Rows ``RIDGE * |M_j|`` below the columns ``M_j`` keep the
factor regular, on every device; what they add to the residual is far below what the dependent
directions could take from it. A triangular factor of Householder's does not depend on the scale of
the columns, so they are left as they are.

The factor is built up from blocks of rows, each placed below the triangle of those before it, so
that nothing as large as ``M`` is needed beside it; with the right-hand side as a last column the
orthogonal factor is not needed either. Source: Demmel, Grigori, Hoemmen & Langou (2012),
Communication-optimal parallel and sequential QR and LU factorizations, doi:10.1137/080731992.

Where many problems are only to be compared, `first_look` adds rows up, each with a random sign
and in a random place, until there are a few for each column. Its solution leaves a residual that
is larger by a small factor. Source: Clarkson & Woodruff (2017), Low-rank approximation and
regression in input sparsity time, doi:10.1145/3019134. Rows may come a strip
at a time, for these sums are all that is kept of them.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.machine import FEWEST_ROWS, ROWS_PER_COLUMN

RIDGE = 1e-13  # in double precision; some hundred times the rounding error
NOTHING = 1e-15  # of the longest column: what is shorter has been left by rounding
LOOK = 4  # rows for each column in a first look


def least_squares(
    M: Float[Tensor, "R P"],
    t: Float[Tensor, " R"],
    precision: torch.dtype = torch.float64,
    block: int | None = None,
) -> Float[Tensor, " P"]:
    """Return ``c`` that minimises ``|M c - t|``.

    Parameters
    ----------
    M, t
        The rows and what they shall be equal to.
    precision
        To which the features are known and ``c`` will be kept.
    block
        Rows taken at a time; by default so many that the triangle above them counts for little.
    """
    width = M.shape[1]
    ridge = RIDGE * torch.finfo(precision).eps / torch.finfo(torch.float64).eps
    triangle = torch.cat([torch.diag(ridge_of(M, ridge)), M.new_zeros(width, 1)], 1)
    length = block or max(ROWS_PER_COLUMN * width, FEWEST_ROWS)
    for rows, right in zip(M.split(length), t.split(length), strict=True):
        below = torch.cat([triangle, torch.cat([rows, right[:, None]], 1)])
        triangle = torch.linalg.qr(below, mode="r").R
    R, z = triangle[:width, :width], triangle[:width, width:]
    return torch.linalg.solve_triangular(R, z, upper=True)[:, 0]


def ridge_of(M: Float[Tensor, "R P"], share: float = RIDGE) -> Float[Tensor, " P"]:
    """Return the ridge below each column, a share of its length.

    What would be zero without rounding has one that keeps its weight from being anything else.
    """
    lengths = torch.linalg.vector_norm(M, dim=0)
    return torch.where(lengths > NOTHING * lengths.max(), share * lengths, 1.0)


def first_look(
    M: Float[Tensor, "R P"], t: Float[Tensor, " R"], precision: torch.dtype = torch.float64
) -> Float[Tensor, " P"]:
    """Return ``c`` that nearly minimises ``|M c - t|``, from fewer rows if there are many.

    Parameters
    ----------
    M, t, precision
        As of `least_squares`; the rows of ``M`` lose their signs.
    """
    if not is_long(*M.shape):
        return least_squares(M, t, precision)
    return first_look_in_strips([(M, t)], len(M), precision)


def first_look_in_strips(
    strips: Iterable[tuple[Float[Tensor, "r P"], Float[Tensor, " r"]]],
    count: int,
    precision: torch.dtype = torch.float64,
) -> Float[Tensor, " P"]:
    """Return the same where rows come some at a time, of which no more need be there at once.

    Parameters
    ----------
    strips
        Rows and what they shall be equal to, at least one strip; the rows lose their signs.
    count
        Of all rows.
    precision
        As of `least_squares`.
    """
    draw, start = torch.Generator().manual_seed(0), 0
    few = right = place = sign = torch.empty(0)
    for M, t in strips:
        if start == 0:
            rows = LOOK * M.shape[1]
            place = torch.randint(rows, (count,), generator=draw).to(M.device)
            sign = (2.0 * torch.randint(2, (count,), generator=draw) - 1).to(M)
            few, right = M.new_zeros(rows, M.shape[1]), t.new_zeros(rows)
        at, signs = (own[start : start + len(M)] for own in (place, sign))
        few.index_add_(0, at, M.mul_(signs[:, None]))
        right.index_add_(0, at, signs * t)
        start += len(M)
    return least_squares(few, right, precision)


def is_long(rows: int, columns: int) -> bool:
    """Return whether there are so many rows that `first_look` takes fewer."""
    return rows > 2 * LOOK * columns
