"""How far data draw a fit to themselves: traces of the hat matrix, exact or by random signs.

Of the rows ``M`` of a least-squares problem the last, ``M_d``, are data. A change ``e`` of them
changes the fit to them by ``H e``,

    H = M_d (M^T M)^-1 M_d^T = M_d R^-1 R^-T M_d^T,       M^T M = R^T R.

Of a vector ``z`` of random signs the mean of ``z_i (H z)_i`` is ``H_ii``, and that of ``(H z)_i^2``
the sum of ``H_ij^2``: thirty vectors tell the sums over thousands of rows to much less than the
rows themselves differ by chance, and cost less than the triangle ``R``. Of few rows the unit
vectors take their place, and nothing is random. Source: Hutchinson (1990), A stochastic estimator
of the trace of the influence matrix, doi:10.1080/03610919008812866.
"""

from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor

FEW = 1000  # rows up to which no trace is estimated
DRAWS = 30  # of random signs


@dataclass(frozen=True)
class Influence:
    """The hat matrix of data.

    Attributes
    ----------
    R
        The triangle of all rows.
    rows
        Those of data.
    """

    R: Float[Tensor, "P P"]
    rows: Float[Tensor, "n P"]

    def times(self, e: Float[Tensor, "n m"]) -> Float[Tensor, "n m"]:
        """Return ``H e``."""
        half = torch.linalg.solve_triangular(self.R.mT, self.rows.mT @ e, upper=False)
        return self.rows @ torch.linalg.solve_triangular(self.R, half, upper=True)

    def left(self) -> Float[Tensor, " n"]:
        """Return the expected square of what is left of each row, by the variance of its error.

        It is ``1 - 2 H_ii + sum_j H_ij^2``; where it is estimated its sums are what counts.
        """
        z = self._probes()
        image = self.times(z)
        return 1 + ((image - 2 * z) * image).sum(1)

    def taken_up(self, noise: Float[Tensor, " n"]) -> float:
        """Return the expected sum of the squares of what errors have changed.

        Parameters
        ----------
        noise
            Their standard deviations; each square counts as much as its row's, divided by it.
        """
        root = noise.sqrt()[:, None]
        image = root * self.times(root * self._probes())
        return float(image.square().sum())

    def _probes(self) -> Float[Tensor, "n m"]:
        """Return vectors the products of whose entries are in the mean the unit matrix."""
        n = len(self.rows)
        if n <= FEW:
            return torch.eye(n).to(self.rows)
        draw = torch.Generator().manual_seed(0)
        signs = 2 * torch.randint(2, (n, DRAWS), generator=draw) - 1
        return signs.to(self.rows) / sqrt(DRAWS)
