"""Nodes above three dimensions: scattered evenly by low-discrepancy sequences, not spaced.

Quasi-uniform nodes would be of no use there: at any number of nodes that fits in memory almost
all of them would lie on the boundary. So at most half of them do.
"""

import numpy as np

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import SMOOTH, Boundary, join
from pinnsolve.geometry.sampling import sample

MOST_ON_BOUNDARY = 0.5


def scattered(domain: Domain, count: int, h: float, seed: int) -> tuple[np.ndarray, Boundary]:
    """Return interior points and boundary nodes, ``count`` together up to the rounding of faces.

    Parameters
    ----------
    domain
        Where, with faces.
    count
        Number of nodes.
    h
        Spacing that nodes of this number would have; decides how many lie on the boundary.
    seed
        Of all chance.
    """
    rng = np.random.default_rng(seed)
    area = sum(face.area for face in domain.faces)
    power = domain.dim - 1
    wanted = min(area / h**power, MOST_ON_BOUNDARY * count)
    h = (area / max(wanted, len(domain.faces))) ** (1 / power)
    parts = []
    for face in domain.faces:
        x = face.cover(h, rng)
        x = x[face.depth(x) > 0]
        tags = np.full(len(x), domain.pieces.index(face.side.piece))
        parts.append(Boundary(x, face.side.normal(x), tags, x, np.full(len(x), SMOOTH)))
    boundary = join(parts)
    return sample(domain, max(count - len(boundary.x), 1), seed), boundary
