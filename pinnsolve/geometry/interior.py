"""Where interior nodes start, and where repulsion takes them.

On a line nodes are spaced exactly. In the plane and in space uniform nodes start from a lattice;
graded ones from random points whose density follows the wanted spacing, drawn in the cells of a
quadtree (octree) refined down to the local spacing, and thinned to it.
Poisson-disc thinning: Bridson (2007), doi:10.1145/1278780.1278807, here all points at once.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import NodesError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Spacing
from pinnsolve.geometry.relaxation import CLOSEST, PACKING, lattice, relax, thin
from pinnsolve.progress import Watch

START = 0.5  # in spacings: where the start ends before the boundary
MARGIN = 0.45  # in spacings: how close relaxation may bring a node to the boundary
CELL = 0.5  # in spacings: size of the smallest cells
DRAWN = 2  # points in each of them
FIRST_CELLS = 16  # along the longest side of the box, before refinement
MOST_CELLS = 20_000_000  # about 2 GB


def start(
    domain: Domain, spacing: Spacing, is_graded: bool, rng: np.random.Generator
) -> Float[ndarray, "N d"]:
    """Return points inside a domain with the density of the wanted nodes.

    Parameters
    ----------
    domain
        Where, in at most three dimensions.
    spacing
        Wanted distance between neighbours.
    is_graded
        Whether that varies.
    rng
        Of the lattice or the random points.

    Raises
    ------
    NodesError
        If the spacing asks for more nodes than fit in memory somewhere.
    """
    if domain.dim == 1:
        return _on_line(domain, spacing)
    if not is_graded:
        h = float(spacing(domain.lower[None])[0])
        x = lattice(domain.lower, domain.upper, h, rng)
        return x[domain.distance(x) < -START * h]
    x = _graded(domain, spacing, rng)
    x = x[domain.distance(x) < 0]
    x = x[domain.distance(x) < -START * spacing(x)]
    return x[thin(x, PACKING[domain.dim] * spacing(x), np.zeros(len(x), dtype=int), rng)]


def settle(
    domain: Domain,
    x: Float[ndarray, "N d"],
    boundary: Float[ndarray, "B d"],
    spacing: Spacing,
    watch: Watch,
) -> Float[ndarray, "M d"]:
    """Return interior nodes relaxed among boundary nodes; a few too close to others are dropped."""
    if domain.dim == 1:
        return x
    x = relax(x, boundary, spacing, lambda y, h: domain.distance(y) < -MARGIN * h, watch=watch)
    both = np.concatenate([x, boundary])
    rank = np.repeat([1, 0], [len(x), len(boundary)])
    return x[thin(both, CLOSEST * spacing(both), rank, np.random.default_rng(0))[: len(x)]]


def _on_line(domain: Domain, spacing: Spacing) -> Float[ndarray, "N 1"]:
    """Return nodes between the end points of intervals."""
    ends = np.sort([end.x for end in domain.ends])
    parts = [np.empty(0)]
    for a, b in pairwise(ends):
        if domain.distance(np.array([[(a + b) / 2]]))[0] < 0:
            line = Curve(lambda t: t[:, None], (), start=a, stop=b)
            parts.append(line.parameters(spacing)[1:-1])
    return np.concatenate(parts)[:, None]


def _graded(domain: Domain, spacing: Spacing, rng: np.random.Generator) -> Float[ndarray, "N d"]:
    """Return random points, a few per local spacing, by refining cells down to the spacing."""
    dim = domain.dim
    side = float((domain.upper - domain.lower).max()) / FIRST_CELLS
    counts = np.maximum(np.ceil((domain.upper - domain.lower) / side), 1).astype(int)
    grid = np.meshgrid(*(np.arange(n) + 0.5 for n in counts), indexing="ij")
    cells = domain.lower + side * np.stack(grid, axis=-1).reshape(-1, dim)
    corners = np.stack(np.meshgrid(*[[-0.25, 0.25]] * dim, indexing="ij"), -1).reshape(-1, dim)
    found = [np.empty((0, dim))]
    while len(cells):
        cells = cells[domain.distance(cells) < side * np.sqrt(dim) / 2]
        # the smallest spacing in a cell decides, so that a thin refined zone is not missed
        inner = (cells[:, None] + side * corners).reshape(-1, dim)
        h = spacing(inner)
        h = np.where(h > 0, h, np.inf)  # outside the domain the factor may be anything
        h = h.reshape(len(cells), -1).min(axis=1)
        splits = side > CELL * h
        if splits.sum() * 2**dim > MOST_CELLS:
            raise NodesError(
                "the refined spacing asks for more nodes than fit in memory. "
                "Raise nodes.spacing, lower nodes.count, or change nodes.refine."
            )
        whole = cells[~splits]
        # cells end at different sizes: the chance of a point makes up for that
        chance = (side / (CELL * h[~splits])) ** dim
        for _ in range(DRAWN):
            drawn = whole + side * rng.uniform(-0.5, 0.5, whole.shape)
            found.append(drawn[rng.random(len(whole)) < chance])
        cells = (cells[splits][:, None] + side * corners).reshape(-1, dim)
        side /= 2
    return np.concatenate(found)
