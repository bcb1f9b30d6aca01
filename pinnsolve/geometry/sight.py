"""Which nodes see one another through the domain.

A field is smooth along a segment that stays in the domain, not across a wall: a derivative must be
taken from nodes that the point sees. Walls are chords of the boundary; a segment from p to q is
blocked by the chord from a to b if

    p and q are on different sides of the line through a and b, and a and b of that through p and q.

Visibility in meshfree methods: Belytschko, Lu & Gu (1994), doi:10.1002/nme.1620370205.

Nor is it smooth across an interface between two materials: nodes see those of their own region
only, of which there are two in one place on an interface.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.machine import threads

STEP = 0.02  # of the way to a node: what a point on a wall takes, so that this wall is behind it
NEIGHBOURS = 16  # nodes among which a point looks for one that it sees
ROUNDING = 1e-9  # relative: by how much chords are too long, so that nothing slips between two
AT_ONCE = 1_000_000  # pairs of segments looked at together: bounds the memory to 100 MB

# the region in which each of some points lies
Locate: TypeAlias = Callable[[Float[ndarray, "n d"]], Int[ndarray, " n"]]


@dataclass(frozen=True, eq=False)
class Walls:
    """Chords of the boundary, through which nobody sees.

    Attributes
    ----------
    chords
        The two ends of each.
    """

    chords: Float[ndarray, "W 2 2"]

    def block(
        self, here: Float[ndarray, "R 2"], there: Float[ndarray, "R n 2"]
    ) -> Bool[ndarray, "R n"]:
        """Return the mask of the segments, ``n`` from each point, that cross a chord.

        Parameters
        ----------
        here, there
            Their ends.
        """
        blocked = np.zeros(there.shape[:2], dtype=bool)
        x, y = there[..., 0], there[..., 1]
        squared = (x - here[:, :1]) ** 2 + (y - here[:, 1:]) ** 2
        reach = np.sqrt(np.nan_to_num(squared).max(axis=1, initial=0))
        for rows, chords in self._near(here, reach, there.shape[1]):
            a, along = self.chords[chords, 0], np.diff(self.chords[chords], axis=1)[:, 0]
            level = _cross(along, a)
            own = _cross(along, here[rows]) - level
            side = np.copysign(1.0, own)[:, None]
            other = (side * along[:, :1]) * y[rows]
            other -= (side * along[:, 1:]) * x[rows]
            pair, k = np.nonzero((other < side * level[:, None]) & (own != 0)[:, None])
            start = here[rows[pair]]
            ray = there[rows[pair], k] - start
            left = _cross(ray, a[pair] - start)
            right = left + _cross(ray, along[pair])
            slack = ROUNDING * np.abs(right - left)
            passes = (np.minimum(left, right) > slack) | (np.maximum(left, right) < -slack)
            blocked[rows[pair[~passes]], k[~passes]] = True
        return blocked

    def between(self, x: Float[ndarray, "N 2"], reach: float) -> "Walls":
        """Return the walls that have points on both sides, as near as a segment may reach."""
        tree, half = self._tree
        near = KDTree(x).sparse_distance_matrix(tree, reach + half, output_type="ndarray")
        a, b = self.chords[near["j"], 0], self.chords[near["j"], 1]
        side = _cross(b - a, x[near["i"]] - a)
        sides = np.zeros((2, len(self.chords)), dtype=bool)
        sides[0, near["j"][side > 0]] = sides[1, near["j"][side < 0]] = True
        return Walls(self.chords[sides.all(axis=0)])

    @cached_property
    def _tree(self) -> tuple[KDTree, float]:
        """The middles of the chords, and half the length of the longest."""
        lengths = np.linalg.norm(self.chords[:, 1] - self.chords[:, 0], axis=1)
        return KDTree(self.chords.mean(axis=1)), float(lengths.max(initial=0) / 2)

    def _near(
        self, here: Float[ndarray, "R 2"], reach: Float[ndarray, " R"], n: int
    ) -> Iterator[tuple[Int[ndarray, " P"], Int[ndarray, " P"]]]:
        """Yield pairs of points and the chords within their reach, a part at a time."""
        tree, half = self._tree
        found = tree.query_ball_point(here, reach + half, workers=threads(), return_sorted=False)
        counts = np.fromiter(map(len, found), dtype=int, count=len(found))
        if counts.any():
            rows = np.repeat(np.arange(len(here)), counts)
            chords = np.concatenate(found).astype(int)
            parts = max(1, len(rows) * n // AT_ONCE)
            yield from zip(np.array_split(rows, parts), np.array_split(chords, parts), strict=True)


@dataclass(frozen=True, eq=False)
class Sight:
    """The places from which nodes look and are looked at, and what is between them.

    Attributes
    ----------
    places
        One for each node; not a number for a node that nobody is to see.
    walls
        What is in the way; None if nothing is.
    regions
        The region of each node, whose nodes it sees; None if there is one region.
    locate
        The region in which points lie that are no nodes; None if there is one region.
    walls_within
        Those of each of several regions.
    names
        Of the regions, for messages; none if they are not known.
    """

    places: Float[ndarray, "N d"]
    walls: Walls | None = None
    regions: Int[ndarray, " N"] | None = None
    locate: Locate | None = None
    walls_within: tuple[Walls | None, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_withheld(self) -> Bool[ndarray, " N"]:
        """Mask of the nodes that nobody is to see."""
        return np.isnan(self.places[:, 0])

    def of(self, nodes: Int[ndarray, " M"] | Bool[ndarray, " N"] | slice) -> "Sight":
        """Return the sight of some of the nodes."""
        regions = None if self.regions is None else self.regions[nodes]
        return replace(self, places=self.places[nodes], regions=regions)

    def inside(self, nodes: Int[ndarray, " M"], region: int) -> "Sight | None":
        """Return the sight of some nodes of a region; None if they all see one another."""
        walls = self.walls_within[region]
        if walls is None and not self.is_withheld[nodes].any():
            return None
        return Sight(self.places[nodes], walls)

    def within(self, reach: float) -> "Sight":
        """Return the sight that tells as much of segments that are no longer, but sooner."""
        if self.walls is None:
            return self
        return replace(self, walls=self.walls.between(self.places[~self.is_withheld], reach))

    def hidden(
        self, here: Float[ndarray, "R d"], index: Int[ndarray, "R n"]
    ) -> Bool[ndarray, "R n"]:
        """Return the mask of the nodes, of one region, that are not seen.

        Parameters
        ----------
        here
            Places from where one looks.
        index
            The nodes looked at from each.
        """
        there = self.places[index]
        is_withheld = np.isnan(there[:, :, 0])
        return is_withheld if self.walls is None else self.walls.block(here, there) | is_withheld

    def places_of(
        self, x: Float[ndarray, "R d"], nodes: Float[ndarray, "N d"]
    ) -> Float[ndarray, "R d"]:
        """Return the places from where points look: that of the nearest node that they see.

        Parameters
        ----------
        x
            The points; those on the boundary may be outside by rounding.
        nodes
            The nodes, of one region.
        """
        seen = np.flatnonzero(~self.is_withheld)
        k = min(NEIGHBOURS, len(seen))
        near = seen[KDTree(nodes[seen]).query(x, k, workers=threads())[1].reshape(len(x), k)]
        found, left = near[:, 0], np.arange(len(x))
        if self.walls is None:
            return self.places[found]
        for choice in near.T:
            there = self.places[choice[left]]
            here = x[left] + STEP * (there - x[left])
            is_free = ~self.walls.block(here, there[:, None])[:, 0]
            found[left[is_free]] = choice[left[is_free]]
            left = left[~is_free]
            if not len(left):
                break
        return self.places[found]


def _cross(u: Float[ndarray, "*a 2"], v: Float[ndarray, "*b 2"]) -> Float[ndarray, "*c"]:
    """Return the cross products of vectors in the plane."""
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
