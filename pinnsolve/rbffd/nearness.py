"""Which nodes are near to a point: in space by distances in units of the local spacing.

Where nodes are graded the ball of the nearest ones is filled from the fine side. In space that side
is so much fuller that at a finely meshed surface a stencil may consist of the surface, its ghosts
and a single layer of the domain: what changes along the normal is then hardly determined, and the
condition grows by three orders of magnitude. So of a few times as many nodes as are needed those
are taken whose distance is smallest in units of their own spacing ``h_j``,

    |x - x_j| / h_j,

which are about as many layers on each side. On uniform nodes these are the nearest ones. In the
plane and on lines, where the fine side is less full, distances are plain.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.machine import threads

SPACE = 3  # dimension
WIDER = 3  # times as many nodes are looked at
AROUND = 8  # neighbours, whose mean distance from a node is its spacing
AT_ONCE = 4_000_000  # distances held at once


def neighbours(
    x: Float[ndarray, "R d"], nodes: Float[ndarray, "N d"], k: int
) -> tuple[Float[ndarray, "R k"], Int[ndarray, "R k"]]:
    """Return the distances of the ``k`` nodes that are nearest to each point, and which they are.

    Parameters
    ----------
    x
        The points.
    nodes
        Among which neighbours are sought, ``k`` at least.
    k
        Their number; the first is the nearest.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    tree, cores = KDTree(nodes), threads()
    if nodes.shape[1] != SPACE or len(nodes) <= AROUND:
        distance, index = tree.query(x, [*range(1, k + 1)], workers=cores)
        return distance, index
    spacing = tree.query(nodes, AROUND + 1, workers=cores)[0][:, 1:].mean(axis=1)
    looked_at = [*range(1, min(WIDER * k, len(nodes)) + 1)]
    found = []
    for part in np.array_split(x, max(1, len(x) * len(looked_at) // AT_ONCE)):
        distance, index = tree.query(part, looked_at, workers=cores)
        first = np.argsort(distance / spacing[index], axis=1, kind="stable")[:, :k]
        found.append((np.take_along_axis(distance, first, 1), np.take_along_axis(index, first, 1)))
    distances, indices = zip(*found, strict=True)
    return np.concatenate(distances), np.concatenate(indices)
