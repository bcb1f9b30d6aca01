"""The principal space of codes: where the functions of a family lie among all others.

With the codes ``p`` of some members, their mean ``m`` and the singular vectors ``V`` of ``p - m``,

    z = (p - m) V / σ

are coordinates of mean zero and variance one. Directions along which the members differ by less
than `TOLERANCE` of the largest are left out; what a function has of them is how far it is from all
members, as is the size of its ``z``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

TOLERANCE = 1e-6  # relative standard deviation of the smallest coordinate


@dataclass(frozen=True)
class Principal:
    """Principal coordinates.

    Attributes
    ----------
    mean
        Of the codes.
    directions
        Orthonormal, the one along which codes differ most first.
    deviations
        Standard deviations along them.
    """

    mean: Float[ndarray, " q"]
    directions: Float[ndarray, "q k"]
    deviations: Float[ndarray, " k"]

    def __call__(self, codes: Float[ndarray, "M q"]) -> Float[ndarray, "M k"]:
        """Return the coordinates, of variance one within the family."""
        return (codes - self.mean) @ self.directions / self.deviations

    def outside(self, codes: Float[ndarray, "M q"]) -> Float[ndarray, " M"]:
        """Return the share of each function that no member has, in its root mean square."""
        apart = codes - self.mean
        rest = apart - apart @ self.directions @ self.directions.T
        size = np.linalg.norm(apart, axis=1)
        return np.linalg.norm(rest, axis=1) / np.where(size > 0, size, 1.0)

    def distance(self, codes: Float[ndarray, "M q"]) -> Float[ndarray, " M"]:
        """Return the root mean square of the coordinates, about one of a member."""
        return np.sqrt(np.mean(self(codes) ** 2, axis=1))

    def arrays(self) -> dict[str, ndarray]:
        """Return the arrays that determine them, by name."""
        return {"mean": self.mean, "directions": self.directions, "deviations": self.deviations}


def principal(codes: Float[ndarray, "M q"], tolerance: float = TOLERANCE) -> Principal:
    """Return the principal coordinates of some members' codes."""
    mean = codes.mean(axis=0)
    _, s, Vt = np.linalg.svd(codes - mean, full_matrices=False)
    kept = s > tolerance * s[0] if s[0] > 0 else s > s[0]
    directions = np.ascontiguousarray(Vt[kept].T)  # as they are read again, to the bit
    return Principal(mean, directions, s[kept] / np.sqrt(len(codes)))


def principal_from(arrays: Mapping[str, ndarray]) -> Principal:
    """Return the principal coordinates from `Principal.arrays`."""
    return Principal(*(np.asarray(arrays[k]) for k in ("mean", "directions", "deviations")))
