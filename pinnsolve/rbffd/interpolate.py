"""Values anywhere in the domain from values at the nodes, by local RBF interpolation."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import identity
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.weights import operator_matrices


def interpolate(
    x: Float[ndarray, "R d"],
    nodes: Float[ndarray, "N d"],
    values: Float[ndarray, "N c"],
    order: int,
    watch: Watch = unwatched,
) -> Float[ndarray, "R c"]:
    """Return the values of every field at points; the error is O(h^(order+1)).

    Parameters
    ----------
    x
        Where the values are wanted.
    nodes
        Where they are known; ghosts may be among them.
    values
        What they are there.
    order
        Order of accuracy of the derivatives that gave them.
    watch
        Told how far the work has come.

    Raises
    ------
    NodesError
        If the nodes are too few, coincide, or do not determine polynomials of the degree needed.
    """
    op = identity(nodes.shape[1])
    return np.asarray(operator_matrices(x, nodes, [op], order, watch)[op] @ values)
