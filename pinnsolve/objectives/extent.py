"""Where the particles of a density have been: beyond, nothing is known, and it counts as zero.

A polynomial of even degree may rise to infinity where no particle holds it down. A point lies in
the extent if each of its coordinates lies between those of the particles, and its distance from
their mean, in their own covariance, is none that no particle has; both somewhat widened. And where
the logarithm is farther above the highest that a particle carries than that is above their median,
and more than one, it is none of the density's: of a normal one in whatever dimension it never is.
Between two instants means, bounds, covariances and heights are interpolated linearly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

WIDER = 1.25  # than the particles
HIGHER = 1.0  # than the particles' logarithms, beside their spread
NOTHING = -1e4  # a logarithm whose exponential is zero, and a number to compute with
Row: TypeAlias = tuple[float, ndarray, ndarray, ndarray, ndarray, float, float]
CHUNK = 4096  # points that are looked at together


@dataclass(frozen=True, eq=False)
class Extent:
    """The extent of particles at some instants.

    Attributes
    ----------
    times
        The instants, ascending.
    means
        Of the particles.
    lower, upper
        Of their coordinates, from the means.
    precisions
        Inverses of their covariances.
    radii
        Of the farthest in these.
    heights
        Above which no logarithm is the density's.
    """

    times: Float[ndarray, " K"]
    means: Float[ndarray, "K d"]
    lower: Float[ndarray, "K d"]
    upper: Float[ndarray, "K d"]
    precisions: Float[ndarray, "K d d"]
    radii: Float[ndarray, " K"]
    heights: Float[ndarray, " K"]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Extent":
        """Return the extent at several instants, of what `around` tells of each."""
        return cls(*(np.array(values) for values in zip(*rows, strict=True)))

    @property
    def rows(self) -> list[Row]:
        """What makes it up, by instant."""
        return list(zip(*vars(self).values(), strict=True))

    def holds(self, x: Float[ndarray, "n D"]) -> Bool[ndarray, " n"]:
        """Return the mask of points of space and time that lie within."""
        found = np.zeros(len(x), dtype=bool)
        for start in range(0, len(x), CHUNK):
            here = slice(start, start + CHUNK)
            found[here] = self._holds(x[here])
        return found

    def height(self, t: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Return the bound of the density's logarithm at instants."""
        return np.interp(t, self.times, self.heights)

    def state(self) -> dict[str, ndarray]:
        """Return all of it by name."""
        return {f"extent {name}": values for name, values in vars(self).items()}

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> "Extent":
        """Return the extent of such a state."""
        names = cls.__dataclass_fields__
        return cls(**{name: np.array(state[f"extent {name}"], dtype=float) for name in names})

    def _holds(self, x: Float[ndarray, "n D"]) -> Bool[ndarray, " n"]:
        t = np.clip(x[:, -1], self.times[0], self.times[-1])
        after = np.clip(np.searchsorted(self.times, t), min(1, len(self.times) - 1), None)
        before = np.maximum(after - 1, 0)
        gap = self.times[after] - self.times[before]
        share = np.where(gap > 0, (t - self.times[before]) / np.where(gap > 0, gap, 1.0), 1.0)

        def at(values: ndarray) -> ndarray:
            s = share.reshape(-1, *[1] * (values.ndim - 1))
            return (1 - s) * values[before] + s * values[after]

        y = x[:, :-1] - at(self.means)
        is_between = ((y >= at(self.lower)) & (y <= at(self.upper))).all(axis=1)
        distance = np.einsum("ni,nij,nj->n", y, at(self.precisions), y)
        return is_between & (distance <= at(self.radii) ** 2)


def around(time: float, x: Float[ndarray, "n d"], logs: Float[ndarray, " m"]) -> Row:
    """Return an instant, and mean, bounds, precision, radius and height of particles.

    Parameters
    ----------
    time
        The instant.
    x
        The particles.
    logs
        What those carry that are drawn from the density itself.
    """
    mean = x.mean(axis=0)
    y = x - mean
    precision = np.linalg.pinv(np.cov(y.T).reshape(x.shape[1], x.shape[1]))
    radius = np.sqrt(np.einsum("ni,ij,nj->n", y, precision, y).max())
    bounds = WIDER * y.min(axis=0), WIDER * y.max(axis=0)
    height = 2 * float(logs.max()) - float(np.median(logs)) + HIGHER
    return time, mean, *bounds, precision, WIDER * radius, height
