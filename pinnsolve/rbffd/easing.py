"""Equations between their linear part and themselves, through which Newton's method may go on.

From the residual ``F`` of a nonlinear problem, linearised where all is zero, follow the problems

    F_s(u) = F(0) + F'(0) u + s (F(u) - F(0) - F'(0) u),

linear for ``s = 0`` and the problem itself for ``s = 1``. Of the Navier-Stokes equations the first
are those of Stokes, and ``s`` times the Reynolds number is that of the others. Source: Deuflhard
(2011), Newton Methods for Nonlinear Problems, Springer, doi:10.1007/978-3-642-23899-4, section 5.1.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pinnsolve.rbffd.direct import Equations
    from pinnsolve.rbffd.levels import LevelledFactors

SMALLEST_DAMPING = 2.0**-12


@dataclass
class Eased:
    """Equations with a share of what is not linear in them.

    Attributes
    ----------
    whole
        The equations themselves.
    share
        That of the nonlinear part, from zero to one.
    """

    whole: "Equations"
    share: float = 1.0

    @property
    def is_linear(self) -> bool:
        """Whether they are affine in the unknowns."""
        return self.share == 0 or self.whole.discretisation.is_linear

    def residual(self, u: Float[ndarray, " K"]) -> Float[ndarray, " R"]:
        """Return the residuals."""
        r = self.whole.residual(u)
        if self.share < 1:
            at_zero, slopes = self._linear
            r = self.share * r + (1 - self.share) * (at_zero + slopes @ u)
        return r

    def factorised(self, u: Float[ndarray, " K"]) -> "LevelledFactors":
        """Return the factors of the derivative of the residuals by the unknowns.

        Raises
        ------
        SingularError
            If it has no inverse.
        """
        if self.share == 1:
            return self.whole.factorised(u)
        _, slopes = self._linear
        matrix = slopes
        if self.share > 0:
            matrix = self.share * self.whole.jacobian(u) + (1 - self.share) * slopes
        return self.whole.factors_of(matrix)

    def damping(
        self,
        factors: "LevelledFactors",
        u: Float[ndarray, " K"],
        d: Float[ndarray, " K"],
        damping: float,
    ) -> float:
        """Return the share of a Newton step that passes the natural monotonicity test.

        Parameters
        ----------
        factors
            Of the derivative at the unknowns.
        u, d
            The unknowns, and the step from there.
        damping
            The share to begin with, which is halved until it passes, or is below the smallest.
        """
        while damping >= SMALLEST_DAMPING:
            r = self.residual(u + damping * d)
            if np.isfinite(r).all():
                next_d = np.linalg.norm(factors(r))
                if next_d <= (1 - damping / 2) * np.linalg.norm(d):
                    return damping
            damping /= 2
        return damping

    @cached_property
    def _linear(self) -> "tuple[Float[ndarray, ' R'], csr_array]":
        """The residuals where all is zero, and their derivative there."""
        discretisation = self.whole.discretisation
        zero = np.zeros(discretisation.n_fields * discretisation.n_nodes)
        return self.whole.residual(zero), self.whole.jacobian(zero)
