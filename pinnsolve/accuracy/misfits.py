"""Data that the nodes do not resolve: which, where, and what spacing would do.

A datum of range ``R`` and steepest slope ``S`` changes over a width ``R/S``: a Gauss curve
``exp(-(x/w)^2)`` over 1.2 w, a wave ``sin(k x)`` over 2/k. Nodes half as far apart resolve it: six
for each length of a wave.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

WORTH_TELLING = 0.05  # of a datum's size between the nodes: misfit from which on it is told
PEAK = 2.0  # times the largest value at the nodes
NEIGHBOURHOOD = 64  # dense points around a place, from which slope and range are taken
NEIGHBOURS = 4  # of each of these, to which slopes are taken


@dataclass(frozen=True)
class Misfit:
    """How far a datum is from what its nodes know of it.

    Attributes
    ----------
    name
        Of the condition, as reports call it.
    equation
        As the user wrote it.
    relative
        Root mean square of the distance from its interpolant, relative to its own.
    peak
        Its largest size between the nodes, relative to that at the nodes.
    place
        Where it is farthest off.
    spacing
        Distance of nodes that would resolve it there; infinite if it is resolved.
    is_jump
        Whether it changes so fast there that it may as well jump.
    """

    name: str
    equation: str
    relative: float
    peak: float
    place: Float[ndarray, " d"]
    spacing: float
    is_jump: bool = False

    @property
    def is_worth_telling(self) -> bool:
        """Whether it is large."""
        return self.relative > WORTH_TELLING or self.peak > PEAK

    @property
    def remedy(self) -> str:
        """What would resolve it."""
        place = ", ".join(f"{coordinate:.3g}" for coordinate in self.place)
        if self.is_jump:
            return f"Refine the nodes around ({place}), where what is given jumps, or nearly so."
        return f"Refine the nodes near ({place}) to a spacing of {self.spacing:.2g}."

    def __str__(self) -> str:
        """Return a warning."""
        place = ", ".join(f"{coordinate:.3g}" for coordinate in self.place)
        between = f"is {self.peak:.2g} times larger than at any node"
        if self.relative > WORTH_TELLING:
            between = f"differs by {100 * self.relative:.0f} % from what they see of it"
        return (
            f'{self.name}: the nodes do not resolve what is given in "{self.equation}": between '
            f"them it {between}, most near ({place}). {self._would_do}"
        )

    @property
    def _would_do(self) -> str:
        if self.is_jump:
            return "It jumps there, or nearly so."
        return f"A spacing of about {self.spacing:.2g} there would do."


def misfit(
    name: str,
    equation: str,
    at_nodes: Float[ndarray, " R"],
    coarse: Float[ndarray, " P"],
    interpolant: Float[ndarray, " P"] | None,
    dense: Float[ndarray, " Q"],
    points: Float[ndarray, "P d"],
    dense_points: Float[ndarray, "Q d"],
) -> Misfit:
    """Return the distance of a datum from its values at the nodes.

    Parameters
    ----------
    name, equation
        Of the condition, and as the user wrote it.
    at_nodes, coarse, dense
        The datum at the nodes, at points between them, and at more points.
    interpolant
        Its interpolant from the nodes at the first points; None if there is none.
    points, dense_points
        The points.
    """
    largest = np.abs(dense).max()
    peak = float(largest / max(np.abs(at_nodes).max(), np.finfo(float).tiny))
    size = max(np.sqrt(np.mean(dense**2)), np.sqrt(np.mean(at_nodes**2)))
    relative, place = 0.0, dense_points[np.argmax(np.abs(dense))]
    if interpolant is not None and size > 0:
        off = np.abs(coarse - interpolant)
        relative = float(np.sqrt(np.mean(off**2)) / size)
        place = place if peak > PEAK else points[np.argmax(off)]
    found = Misfit(name, equation, relative, peak, place, np.inf)
    if not found.is_worth_telling:
        return found
    spacing, apart = _spacing(place, dense, dense_points)
    return replace(found, spacing=spacing, is_jump=spacing < apart)


def _spacing(
    place: Float[ndarray, " d"], values: Float[ndarray, " Q"], points: Float[ndarray, "Q d"]
) -> tuple[float, float]:
    """Return half the width over which values change around a place, and the distance of points."""
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    tree = KDTree(points)
    _, near = tree.query(place, min(NEIGHBOURHOOD, len(points)))
    distance, pairs = tree.query(points[near], min(1 + NEIGHBOURS, len(points)))
    rise = np.abs(values[pairs] - values[near][:, None])
    slope = np.max(rise[:, 1:] / distance[:, 1:], initial=0.0)
    width = np.ptp(values[near]) / slope if slope > 0 else np.inf
    return float(width / 2), float(np.median(distance[:, 1]))
