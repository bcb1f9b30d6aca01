"""Points and weights for integrals over a domain, whatever gives them, and how exact they are.

In a box of up to three dimensions they are Gauss and Legendre's, and a coarser rule tells the
error. Elsewhere they are points spread evenly, several sets of them, or those of fields that know
where they are large; of such sums the parts tell intervals, by the jackknife:

    var = (B - 1)/B sum_b (theta_b - mean theta)^2,

``theta_b`` being what is found without the ``b``-th of ``B`` parts, whatever it is made of the
sums. Source: Efron & Stein (1981), The jackknife estimate of variance, doi:10.1214/aos/1176345462.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.gauss import interior_quadrature
from pinnsolve.geometry.sampling import sample

PARTS = 8
STUDENT = 2.365  # of seven degrees of freedom, 95 %
COUNT = {1: 500, 2: 72**2, 3: 24**3}  # points of a quadrature, by dimension
SPREAD = 2**14  # points spread evenly, in all
COARSER = 0.6  # of the points along each axis, of the rule that tells the error


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points and their weights.

    Attributes
    ----------
    x, weights
        The points, and the volume that each stands for.
    coarse
        A coarser rule of the same kind; None where the points are chance ones.
    """

    x: Float[ndarray, "n d"]
    weights: Float[ndarray, " n"]
    coarse: "Cloud | None" = None

    @property
    def all_x(self) -> Float[ndarray, "n d"]:
        """The points, and those of the coarser rule."""
        return self.x if self.coarse is None else np.concatenate([self.x, self.coarse.x])

    def estimate(
        self,
        values: Float[ndarray, "n k"],
        of: Callable[[Float[ndarray, " k"]], Float[ndarray, " m"]],
    ) -> tuple[Float[ndarray, " m"], Float[ndarray, " m"]]:
        """Return a function of integrals, and the half widths of its 95 % intervals.

        Without points, as where work was stopped before it had any, neither is a number.

        Parameters
        ----------
        values
            What to integrate, at `all_x`.
        of
            Makes it of the integrals.
        """
        own = values[: len(self.x)]
        if self.coarse is not None:
            found = of(self.weights @ own)
            return found, np.abs(found - of(self.coarse.weights @ values[len(self.x) :]))
        if not len(self.x):
            nothing = np.full_like(of(np.ones(own.shape[1])), np.nan)
            return nothing, nothing
        places = np.linspace(0, len(self.x), PARTS + 1).astype(int)
        sums = np.add.reduceat(self.weights[:, None] * own, places[:-1], axis=0)
        whole = sums.sum(axis=0)
        without = np.array([of((whole - part) * PARTS / (PARTS - 1)) for part in sums])
        spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0) * (PARTS - 1) / PARTS
        return of(whole), STUDENT * np.sqrt(spread)


def cloud_of(domain: Domain, *, is_box: bool) -> Cloud:
    """Return points for integrals over a domain.

    Parameters
    ----------
    domain
        Where.
    is_box
        Whether it is the box around it.
    """
    if is_box and domain.dim <= 3:
        count = COUNT[domain.dim]
        return Cloud(*_gauss(domain, count), Cloud(*_gauss(domain, _coarser(count, domain.dim))))
    sets = [sample(domain, SPREAD // PARTS, 100 + k) for k in range(PARTS)]
    x = np.concatenate(sets)
    return Cloud(x, np.full(len(x), _volume(domain, is_box=is_box) / len(x)))


def _gauss(domain: Domain, count: int) -> tuple[Float[ndarray, "n d"], Float[ndarray, " n"]]:
    x, weights = interior_quadrature(domain, count, is_box=True)
    return x, weights * float(np.prod(domain.upper - domain.lower))


def _coarser(count: int, dim: int) -> int:
    return int(round(COARSER * count ** (1 / dim)) ** dim)


def _volume(domain: Domain, *, is_box: bool) -> float:
    """Return the volume of a domain."""
    from scipy.stats.qmc import Sobol

    box = float(np.prod(domain.upper - domain.lower))
    if is_box:
        return box
    shares = Sobol(domain.dim, rng=np.random.default_rng(0)).random(SPREAD)
    x = domain.lower + (domain.upper - domain.lower) * shares
    return box * float((domain.distance(x) < 0).mean())
