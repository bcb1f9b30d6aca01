"""Implicit steps of weights: a Radau IIA method in the values of the networks, by Gauss-Newton.

With the values ``u`` of all components of the state at points and their rates ``F``, the weights at
the stages, ``theta_1`` and ``theta_2``, are those of least

    sum_i | u(theta_i) - u(theta) - h sum_j a_ij F(theta_j, t + c_j h) |^2 + mu |theta_i - theta|^2:

what the networks cannot follow is left, and nothing else is; stiff equations, as diffusion on
networks with fine features, are damped and limit no step. The last stage is the end of the step.
The difference from the embedded formula of order two, whose stiff part is taken off,

    (J - g h F') e = g h (F(theta, t) - 3/2 F(theta_1) + 1/2 F(theta_2)),        g = 1/sqrt(6),

tells the error, in weights. Sources: Hairer & Wanner (1996), Solving Ordinary Differential
Equations II, doi:10.1007/978-3-642-05221-7, sections IV.5 and IV.8; for least squares over the
values of a network Chen et al. (2024), TENG: Time-evolving natural gradient, arXiv:2404.10771.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.conditions.resampling import Places
from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.objectives.velocity import Linearised, Velocity
from pinnsolve.timestepping.radau import radau

TABLEAU = radau(3)
SECOND = (1.0, -1.5, 0.5)  # difference of the rates at the beginning and at the stages
FILTER = 1 / sqrt(6)  # the size of the eigenvalues of the method
ITERATIONS = 10
SETTLED = 0.05  # of the tolerance: a change of the values that needs no further iteration


@dataclass(frozen=True, eq=False)
class Implicit:
    """Steps of the weights of some networks.

    Attributes
    ----------
    velocity
        The networks and their rates.
    places
        Points at which the step holds.
    tolerance
        Relative error of the values after a step.
    mu
        By the trace of the matrix.
    """

    velocity: Velocity
    places: Places
    tolerance: float
    mu: float

    def step(
        self, t: float, theta: Float[Tensor, " P"], h: float
    ) -> tuple[Float[Tensor, " P"], Float[Tensor, " P"]]:
        """Return the weights after a step, and the estimate of their error.

        Neither is finite where the iteration does not settle.

        Parameters
        ----------
        t, theta, h
            Where the step begins, and its length.
        """
        start = self._at(theta, t)
        stages = [theta for _ in TABLEAU.c]  # what is stiff has rates that lead far away
        size, before = float(torch.linalg.vector_norm(start.u)), inf
        for _ in range(ITERATIONS):
            own = [self._at(w, t + c * h) for w, c in zip(stages, TABLEAU.c, strict=True)]
            changes = self._newton(own, start, theta, stages, h)
            if changes is None:
                break
            stages = [w + change for w, change in zip(stages, changes, strict=True)]
            apart = max(
                float(torch.linalg.vector_norm(at.J @ change))
                for at, change in zip(own, changes, strict=True)
            ) / max(size, 1e-300)
            if not isfinite(apart) or apart > before:
                break
            if apart < SETTLED * self.tolerance:
                return stages[-1], self._error(start, own, h)
            before = apart
        return torch.full_like(theta, torch.nan), theta

    def _newton(
        self,
        own: Sequence[Linearised],
        start: Linearised,
        theta: Float[Tensor, " P"],
        stages: list[Float[Tensor, " P"]],
        h: float,
    ) -> tuple[Tensor, ...] | None:
        """Return the changes of the weights at all stages; None if there are none."""
        A = h * torch.as_tensor(TABLEAU.A).to(start.u)
        rows = [
            torch.cat([(i == j) * at.J - A[i, j] * at.slope for j, at in enumerate(own)], 1)
            for i in range(len(own))
        ]
        left = [
            at.u - start.u - sum(A[i, j] * other.F for j, other in enumerate(own))
            for i, at in enumerate(own)
        ]
        found = self._solved(torch.cat(rows), torch.cat(left), torch.cat(stages) - theta.repeat(2))
        return None if found is None else found.split(len(theta))

    def _error(self, start: Linearised, own: Sequence[Linearised], h: float) -> Float[Tensor, " P"]:
        """Return the difference from the embedded formula, in weights."""
        F = [at.F for at in (start, *own)]
        apart = (
            FILTER
            * h
            * sum((c * f for c, f in zip(SECOND, F, strict=True)), torch.zeros_like(start.u))
        )
        found = self._solved(
            start.J - FILTER * h * start.slope, -apart, torch.zeros_like(start.J[0])
        )
        return torch.full_like(start.J[0], torch.nan) if found is None else found

    def _solved(
        self, rows: Float[Tensor, "R P"], left: Float[Tensor, " R"], away: Float[Tensor, " P"]
    ) -> Float[Tensor, " P"] | None:
        """Return ``argmin |rows v + left|^2 + mu |v + away|^2``; None if there is none."""
        J = DenseJacobian(rows)
        A = J.normal()
        mu = self.mu * float(A.diagonal().sum())
        right = J.transposed_times(left) + mu * away
        A.diagonal().add_(mu)
        factor, failed = torch.linalg.cholesky_ex(A)
        return None if failed else -torch.cholesky_solve(right[:, None], factor)[:, 0]

    def _at(self, theta: Float[Tensor, " P"], t: float) -> Linearised:
        """Return values and rates at some weights."""
        self.velocity.set(theta)
        return self.velocity.linearise(self.places, t)
