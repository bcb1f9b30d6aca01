"""Symmetries of an equation in time on a circle, by which functions of a family are made alike.

With the mean ``m`` of an initial value and the place ``s`` of its first wave,

    u(x, t) = m + v(x - m t - s, t),

``v`` is a solution if the equation allows it (*galilean*: ``m``; *translation*: ``s``), of mean
zero, whose first wave has its crest where the circle begins. With ``v`` its mirror image
``-v(-x, t)`` is one, too (*reflection*), here half a period further on, so that the first wave is
where it was. Fronts that move then lie in about the same place in all solutions, and sums of few
functions are near them. Source: Rowley & Marsden (2000), Reconstruction equations and the
Karhunen-Loève expansion for systems with symmetry, doi:10.1016/S0167-2789(00)00042-7.

Solutions are given by their amplitudes at instants, those of ``0 … K`` waves along the last axis.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

TRANSLATION, GALILEAN, REFLECTION = SYMMETRIES = ("translation", "galilean", "reflection")


@dataclass(frozen=True)
class Frames:
    """Where functions lie.

    Attributes
    ----------
    means, places
        ``m`` and ``s`` of each; zero where they are left as they are.
    """

    means: Float[ndarray, " M"]
    places: Float[ndarray, " M"]


@dataclass(frozen=True)
class Symmetries:
    """Symmetries that are made use of.

    Attributes
    ----------
    names
        Which of `SYMMETRIES`.
    period
        Of the circle.
    """

    names: tuple[str, ...]
    period: float

    def frames(self, values: Float[ndarray, "M s"]) -> Frames:
        """Return the places of functions, from their values at even points of the circle."""
        means, places = np.zeros((2, len(values)))
        if GALILEAN in self.names:
            means = values.mean(axis=1)
        if TRANSLATION in self.names:
            first = np.fft.rfft(values, axis=1)[:, 1]
            places = -np.angle(first) / (2 * np.pi) * self.period
        return Frames(means, places)

    def normalised(self, values: Float[ndarray, "M s"], frames: Frames) -> Float[ndarray, "M s"]:
        """Return the values of functions where all are alike."""
        modes = np.fft.rfft(values - frames.means[:, None], axis=1)
        turned = modes * self._waves(frames.places, modes.shape[-1])
        return np.fft.irfft(turned, values.shape[1], axis=1)

    def mirrored(self, values: Float[ndarray, "M s"]) -> Float[ndarray, "M s"]:
        """Return the values of the mirror images of such functions."""
        return np.fft.irfft(self.mirrored_modes(np.fft.rfft(values)), values.shape[1], axis=1)

    def normalised_modes(
        self,
        amplitudes: Complex[ndarray, "S M K"],
        times: Float[ndarray, " S"],
        frames: Frames,
    ) -> Complex[ndarray, "S M K"]:
        """Return solutions where all are alike, instants counted from when time begins."""
        found = amplitudes * self._carried(times, frames, amplitudes.shape[-1])
        found[..., 0] -= frames.means
        return found

    def restored_modes(
        self,
        amplitudes: Complex[ndarray, "S M K"],
        times: Float[ndarray, " S"],
        frames: Frames,
    ) -> Complex[ndarray, "S M K"]:
        """Return solutions where they belong, from where all are alike."""
        found = amplitudes * np.conj(self._carried(times, frames, amplitudes.shape[-1]))
        found[..., 0] += frames.means
        return found

    def mirrored_modes(self, amplitudes: Complex[ndarray, "*M K"]) -> Complex[ndarray, "*M K"]:
        """Return the mirror images of such solutions."""
        half = self.period / 2 if TRANSLATION in self.names else 0.0
        waves = self._waves(np.array([half]), amplitudes.shape[-1])[0]
        return -np.conj(amplitudes) * waves

    def _carried(
        self, times: Float[ndarray, " S"], frames: Frames, count: int
    ) -> Complex[ndarray, "S M K"]:
        return np.stack([self._waves(frames.places + frames.means * t, count) for t in times])

    def _waves(self, places: Float[ndarray, " M"], count: int) -> Complex[ndarray, "M K"]:
        """Return the factors of waves for functions that are moved back by so much."""
        return np.exp(2j * np.pi / self.period * places[:, None] * np.arange(count))
