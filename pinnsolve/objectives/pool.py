"""Points of an evolution: those of a step, those of a fit, and as many that neither has seen."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.resampling import Places, drawn, evenly
from pinnsolve.objectives.velocity import Velocity

LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Pool:
    """Points that are spread evenly over the domain, and of which some are drawn.

    Attributes
    ----------
    seen, unseen
        Among which those of steps and fits are drawn, and those that tell what is left.
    count
        How many are drawn for a step.
    is_adaptive
        Whether where the state and its rates are large; or always the same, the first of them.
    seed
        Of the draws.
    """

    seen: Float[ndarray, "N d"]
    unseen: Float[ndarray, "N d"]
    count: int
    is_adaptive: bool
    seed: int

    @property
    def fresh(self) -> Places:
        """Points that are spread evenly, and that nothing has seen."""
        return evenly(self.unseen[: self.count])

    def of_step(self, velocity: Velocity, time: float, number: int) -> tuple[Places, Places]:
        """Return the points of a step, and as many that it does not see.

        Parameters
        ----------
        velocity, time
            The networks as they are, and when.
        number
            Of the step.
        """
        if not self.is_adaptive:
            return evenly(self.seen[: self.count]), self.fresh
        pools = enumerate((self.seen, self.unseen))
        seen, unseen = (self._drawn(velocity, time, x, [number, kind]) for kind, x in pools)
        return seen, unseen

    def of_fit(self, values: Float[ndarray, " N"], count: int, seeds: list[int]) -> Places:
        """Return points at which values are to be fitted, half of them where these are large.

        Parameters
        ----------
        values
            At all points that may be seen.
        count
            How many points are drawn.
        seeds
            Of this draw.
        """
        size = np.abs(values)
        density = size**2 / max((size**2).mean(), LEAST) + size / max(size.mean(), LEAST)
        generator = np.random.default_rng([self.seed, 1, *seeds])
        return drawn(self.seen, density, count, generator)

    def _drawn(
        self, velocity: Velocity, time: float, x: Float[ndarray, "N d"], seeds: list[int]
    ) -> Places:
        """Return some points, more of them where the state and its rates are large."""
        factors = velocity.factors(x)
        rates = factors * velocity.rates(x, time).cpu().numpy()
        squares = np.concatenate([rates, factors * velocity.values(x)]) ** 2
        density = (squares / np.maximum(squares.mean(axis=1, keepdims=True), LEAST)).sum(axis=0)
        return drawn(x, density, self.count, np.random.default_rng([self.seed, 0, *seeds]))
