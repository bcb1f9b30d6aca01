"""Where a shape is put: scaled, turned about the origin, and moved.

    x = s R X + b,        X = Rᵀ (x - b) / s,

with X in the shape's own coordinates, R orthogonal. In space R is written as a vector w, the axis
times the angle θ = |w|, with the formula of Rodrigues,

    R = I + sin θ K + (1 - cos θ) K²,        K v = w × v / θ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Corner: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Placement:
    """A similarity of space.

    Attributes
    ----------
    scale
        Factor of all lengths, positive.
    turn
        Orthogonal matrix R.
    shift
        Where the origin comes to lie.
    """

    scale: float
    turn: Float[ndarray, "d d"]
    shift: Float[ndarray, " d"]

    def there(self, x: Float[ndarray, "*n d"]) -> Float[ndarray, "*n d"]:
        """Return the places of points of the shape's own coordinates."""
        return self.scale * x @ self.turn.T + self.shift

    def back(self, x: Float[ndarray, "*n d"]) -> Float[ndarray, "*n d"]:
        """Return points in the shape's own coordinates."""
        return (x - self.shift) @ self.turn / self.scale

    def box(self, lower: Corner, upper: Corner) -> tuple[Corner, Corner]:
        """Return the corners of a box around what lay in a box."""
        corners = self.there(np.array(list(product(*zip(lower, upper, strict=True)))))
        return tuple(corners.min(axis=0).tolist()), tuple(corners.max(axis=0).tolist())


def placement(
    dim: int, scale: float = 1.0, rotate: Sequence[float] = (), translate: Sequence[float] = ()
) -> Placement:
    """Return the similarity that puts a shape in its place.

    Parameters
    ----------
    dim
        Number of coordinates.
    scale
        Factor of all lengths.
    rotate
        In the plane the angle, counter-clockwise, in space the axis times the angle, in radians;
        empty for none.
    translate
        Vector; empty for none.
    """
    shift = np.array(translate, dtype=float) if len(translate) else np.zeros(dim)
    turn = np.eye(dim)
    if len(rotate) == 1:
        cos, sin = np.cos(rotate[0]), np.sin(rotate[0])
        turn = np.array([[cos, -sin], [sin, cos]])
    elif any(rotate):
        turn = _rodrigues(np.array(rotate, dtype=float))
    return Placement(scale, turn, shift)


def along(direction: Sequence[float]) -> Float[ndarray, "3 3"]:
    """Return a rotation that takes the third axis to a direction, by the shortest way."""
    to = np.array(direction, dtype=float)
    to /= np.linalg.norm(to)
    axis = np.array([-to[1], to[0], 0.0])  # the third axis times the direction
    sin = np.linalg.norm(axis)
    if sin == 0:
        return np.diag([1.0, np.sign(to[2]), np.sign(to[2])])
    return _rodrigues(axis / sin * np.arctan2(sin, to[2]))


def _rodrigues(w: Float[ndarray, " 3"]) -> Float[ndarray, "3 3"]:
    """Return the rotation by a vector, its axis times its angle."""
    angle = np.linalg.norm(w)
    k = np.cross(np.eye(3), w / angle)
    # rows are e_i × k, so that the matrix is that of k × v
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
