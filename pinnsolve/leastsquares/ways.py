"""Ways to solve a linear least-squares problem, and which one by its size."""

from typing import Literal, TypeAlias

Way: TypeAlias = Literal["auto", "dense", "cg"]
LARGEST_DENSE = 6000  # rows or weights, the fewer, up to which a matrix of them is formed
RANK = 50  # of the first preconditioner
MOST = 0.5  # columns of a preconditioner for each weight: more cost as much as the matrix


def is_dense(rows: int, columns: int, way: Way = "auto") -> bool:
    """Return whether a matrix is formed, and not only products."""
    return way == "dense" or (way == "auto" and min(rows, columns) <= LARGEST_DENSE)
