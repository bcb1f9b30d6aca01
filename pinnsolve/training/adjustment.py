"""The fit of an output to values at points: Levenberg and Marquardt's method, from where it is.

Where the output is linear in its weights one iteration is enough. Source: Marquardt (1963),
doi:10.1137/0111030.
"""

from math import inf, isfinite

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.damped import damped_step
from pinnsolve.leastsquares.equilibrated import Equilibrated, equilibrated
from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.objectives.outputs import Output
from pinnsolve.process import State

FIRST, LEAST = 1e-2, 1e-10  # damping, relative to the mean of the diagonal
EASED, RAISED, TRIES = 0.1, 10.0, 8
WORTH = 0.98  # of the loss: what lowers it less is not worth another iteration


class Adjustment:
    """The least-squares fit of an output to values.

    Parameters
    ----------
    output
        What is fitted, from the weights that it has.
    x, values
        Points, and the values there.
    factors
        Of the rows.

    Attributes
    ----------
    loss
        The weighted sum of squares.
    system
        The rows by which a step was found, if the output is linear: they serve further values.
    """

    def __init__(
        self,
        output: Output,
        x: Float[Tensor, "N d"],
        values: Float[Tensor, " N"],
        factors: Float[Tensor, " N"],
    ) -> None:
        self._output, self._x, self._values, self._factors = output, x, values, factors
        self._damping = FIRST
        self.system: Equilibrated | None = None
        self.loss = self._loss()

    @torch.no_grad()
    def step(self) -> bool:
        """Improve the weights once; return whether another time may pay."""
        output, before = self._output, self.loss
        theta = output.vector()
        wanted = self._factors * (self._values - output(self._x))
        J = output.jacobian(self._x).mul_(self._factors[:, None])
        if output.is_linear:
            self.system = equilibrated(J)
            self._try(theta, self.system(wanted, 0.0))
            return False
        change = damped_step(DenseJacobian(J), -wanted)
        for _ in range(TRIES):
            if self._try(theta, change(self._damping)):
                self._damping = max(EASED * self._damping, LEAST)
                return self.loss < WORTH * before
            self._damping *= RAISED
        return False

    def _try(self, theta: Tensor, change: Tensor | None) -> bool:
        """Return whether a change has improved the weights; else leave them as they were."""
        before = self.loss
        if change is not None:
            self._output.set(theta + change)
            self.loss = self._loss()
        if change is not None and self.loss < before:
            return True
        self._output.set(theta)
        self.loss = before
        return False

    def state(self) -> State:
        """Return the damping."""
        return {"damping": self._damping}

    def restore(self, state: State) -> None:
        """Continue from a state, the output's weights being what they were."""
        self._damping, self.loss = float(state["damping"]), self._loss()

    @torch.no_grad()
    def _loss(self) -> float:
        """Return the weighted sum of squares; infinite where it is no number."""
        misfit = self._factors * (self._output(self._x) - self._values)
        loss = float(misfit @ misfit)
        return loss if isfinite(loss) else inf
