"""How evenly nodes are spread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.relaxation import workers
from pinnsolve.geometry.sampling import sample

POINTS_PER_NODE = 20  # enough to find the widest hole to a few per cent


@dataclass(frozen=True)
class Quality:
    """Measures of a node set, in local spacings.

    Attributes
    ----------
    separation
        Smallest distance between two nodes.
    fill_distance
        Largest distance from a point of the domain to its nearest node.
    neighbour
        Median distance to the nearest neighbour.
    """

    separation: float
    fill_distance: float
    neighbour: float


def quality(
    nodes: Nodes,
    domain: Domain,
    refine: Callable[[Float[ndarray, "N d"]], Float[ndarray, "N"]] | None = None,
) -> Quality:
    """Measure how evenly interior and boundary nodes are spread.

    Parameters
    ----------
    nodes, domain
        The nodes, and where they are.
    refine
        Local factor on the spacing that they were made with.
    """

    def spacing(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        return nodes.spacing * (np.ones(len(x)) if refine is None else refine(x))

    x = nodes.x[nodes.rows]
    tree = KDTree(x)
    nearest = tree.query(x, 2, workers=workers(len(x)))[0][:, 1] / spacing(x)
    points = sample(domain, POINTS_PER_NODE * len(x))
    hole = tree.query(points, workers=workers(len(points)))[0] / spacing(points)
    return Quality(float(nearest.min()), float(hole.max()), float(np.median(nearest)))
