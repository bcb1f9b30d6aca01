"""The first features of a network that grows: which kind, on what scales, and how many.

Ridges ``tanh(w . a + b)`` with a frequency for each axis, two hidden layers of one frequency, or,
where the data oscillate, waves whose wave vectors lie about those of the data, with a few ridges:
whichever leaves least of the residual. Then their number is doubled, with the frequencies as they
are and twice as high, as long as that leaves a fifth; and as long as the loss is below its
tolerance, where the solution is smooth and more accuracy costs little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.networks.bumps import waves as waves_about
from pinnsolve.networks.mlp import MLP
from pinnsolve.training.initialisation import best_frequency, next_frequency

SMALLEST = 4  # part of the features of a network of fixed size: so many are drawn first
PAYS = 0.2  # of the norm of the residual: twice as many first features that leave less are kept
FREQUENCIES = (0.25, 0.5, 2.0, 4.0, 8.0, 16.0)  # of ridges, tried along each axis
FINER = 0.8  # of the norm of the residual: a frequency that leaves less is kept
STRETCHED = 2.5  # the ratio of scales from which bumps are stretched
MOST_STRETCHED = 32.0
SPREADS = (1.0, 2.0)  # of wave vectors about those of the data, in radians in the network's inputs
RIDGES = 8  # waves for each ridge beside them


@dataclass(frozen=True)
class Trial:
    """First features of one kind.

    Attributes
    ----------
    width
        How many.
    frequency
        Of two hidden layers.
    frequencies
        Of ridges, by axis.
    spread
        Of waves about those of the data.
    """

    width: int
    frequency: float = 0.0
    frequencies: tuple[float, ...] = ()
    spread: float = 0.0

    def numbers(self) -> tuple[float, ...]:
        """Return its width, its frequencies and its spread."""
        return (self.width, self.frequency, self.spread, *self.frequencies)

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Trial":
        """Return the trial that has such numbers."""
        width, frequency, spread, *frequencies = numbers
        return cls(int(width), frequency, tuple(frequencies), spread)

    def wider(self, width: int, factor: float) -> "Trial":
        """Return more of them, a factor on their frequencies."""
        frequencies = tuple(factor * f for f in self.frequencies)
        return Trial(width, factor * self.frequency, frequencies, factor * self.spread)

    def draw(self, net: MLP, seed: int, waves: Float[ndarray, "k q"], share: float = 1.0) -> None:
        """Let a network have a share of them alone.

        Parameters
        ----------
        net, seed
            The network, and what they are drawn by.
        waves
            Wave vectors of the data, in its inputs.
        share
            Of their number.
        """
        width = max(1, round(share * self.width))
        if self.spread:
            ridges = max(1, width // RIDGES)
            net.rebuild((ridges,))
            net.draw_ridges(seed, (1.0,) * waves.shape[1])
            about = np.resize(waves, (max(1, width - ridges), waves.shape[1]))
            spread = self.spread * np.random.default_rng(seed).normal(size=about.shape)
            net.grow(waves_about(torch.from_numpy(about + spread), seed))
        elif self.frequencies:
            net.rebuild((width,))
            net.draw_ridges(seed, self.frequencies)
        else:
            net.rebuild((max(1, width // 4), width))
            net.draw(seed, self.frequency)


@dataclass
class FirstFeatures:
    """The first features that have been tried, and what they have left: losses by their kind.

    The next trial follows from those before, so that they are all that is to be kept.
    """

    axes: int
    widths: tuple[int, ...]  # of the last hidden layer, rising
    tolerance: float  # a loss below is one of a smooth solution
    few: int | None = None  # ridges that stay where weights count, which layers have too many of
    oscillates: bool = False  # whether the data do, with waves to begin with
    layers: dict[float, float] = field(default_factory=dict)  # by frequency
    ridges: dict[tuple[float, ...], float] = field(default_factory=dict)  # by frequency and axis
    waves: dict[float, float] = field(default_factory=dict)  # by spread
    # of the best kind, of each greater width as it is and twice as frequent
    wider: list[float] = field(default_factory=list)

    def next(self) -> "Trial | None":
        """Return the next trial; None if there is none that is worth it."""
        frequency = next_frequency(self.layers) if self.few is None else None
        if frequency is not None:
            return Trial(self.widths[0], frequency=frequency)
        found = self._search()
        if found not in self.ridges:
            return Trial(self.widths[0], frequencies=found)
        if self.few is not None:
            return None
        untried = [s for s in SPREADS if s not in self.waves] if self.oscillates else []
        if untried:
            return Trial(self.widths[0], spread=untried[0])
        level, done = divmod(len(self.wider), 2)
        if done:  # the same, twice as frequent
            return self._kind.wider(self.widths[level + 1], 2 * self._best(level)[1])
        if level + 1 < len(self.widths) and (level == 0 or self._paid(level)):
            return self._kind.wider(self.widths[level + 1], self._best(level)[1])
        return None

    def note(self, trial: "Trial", loss: float) -> None:
        """Take the loss that a trial has left."""
        if trial.width > self.widths[0]:
            self.wider.append(loss)
        elif trial.spread:
            self.waves[trial.spread] = loss
        elif trial.frequencies:
            self.ridges[trial.frequencies] = loss
        else:
            self.layers[trial.frequency] = loss

    @property
    def chosen(self) -> list["Trial"]:
        """The best kind, as wide as it has paid, and then narrower."""
        if self.few is not None:
            return [Trial(self.few, frequencies=self._search())]
        level = len(self.wider) // 2
        while level and not self._paid(level):
            level -= 1
        levels = range(level, -1, -1)
        return [self._kind.wider(self.widths[k], self._best(k)[1]) for k in levels]

    @property
    def scales(self) -> Float[ndarray, " q"]:
        """Of the axes, the largest one; all one where they hardly differ, or where waves differ.

        What waves leave is that of the domain, of holes that are round.
        """
        if self.oscillates and self.few is None and self._kind.spread > 0:
            return np.ones(self.axes)
        scales = 1 / np.array(self._search())
        scales = np.maximum(scales / scales.max(), 1 / MOST_STRETCHED)
        return scales if scales.min() * STRETCHED < 1 else np.ones(self.axes)

    @property
    def _kind(self) -> "Trial":
        """The kind of first features that leaves the least."""
        layers, ridges = min(self.layers.values()), min(self.ridges.values())
        if self.waves and min(self.waves.values()) < min(layers, ridges):
            return Trial(self.widths[0], spread=min(self.waves, key=lambda s: self.waves[s]))
        if layers <= ridges:
            return Trial(self.widths[0], frequency=best_frequency(self.layers))
        return Trial(self.widths[0], frequencies=self._search())

    def _paid(self, level: int) -> bool:
        """Return whether a doubling has paid."""
        loss, before = self._best(level)[0], self._best(level - 1)[0]
        return loss < max(PAYS**2 * before, min(self.tolerance, before))

    def _best(self, level: int) -> tuple[float, float]:
        """Return the least loss at a width, and the factor on the frequencies that has left it."""
        if level == 0:
            found = (*self.layers.values(), *self.ridges.values(), *self.waves.values())
            return min(found), 1.0
        as_it_is, twice = self.wider[2 * level - 2 : 2 * level]
        factor = self._best(level - 1)[1]
        return min((as_it_is, factor), (twice, 2 * factor))

    def _search(self) -> tuple[float, ...]:
        """Return the frequencies of ridges that are the best, or are to be tried next."""
        best = (1.0,) * self.axes
        if best not in self.ridges:
            return best
        for axis in range(self.axes):
            for frequency in FREQUENCIES:
                trial = (*best[:axis], frequency, *best[axis + 1 :])
                if trial not in self.ridges:
                    return trial
            tried = [(*best[:axis], f, *best[axis + 1 :]) for f in FREQUENCIES]
            for trial in tried:
                if self.ridges[trial] < FINER**2 * self.ridges[best]:
                    best = trial
        return best
