"""Optimisers: each lowers the mean square of an objective's residual vector, step by step."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from pinnsolve.optimizers.adam import Adam
from pinnsolve.optimizers.gauss_newton import GaussNewton
from pinnsolve.optimizers.head import Head
from pinnsolve.optimizers.lbfgs import LBFGS
from pinnsolve.optimizers.variable_projection import VariableProjection
from pinnsolve.process import State, Step


@runtime_checkable
class Optimizer(Protocol):
    """One step at a time, from one look at the clock to the next."""

    def step(self) -> Step:
        """Return the account of one more step; its objective's weights are those that it led to."""

    def state(self) -> State:
        """Return all that decides the continuation, weights included."""

    def restore(self, state: State) -> None:
        """Continue from a state."""


# of an objective, as narrow as each needs it, and a budget
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "head": Head,
    "gauss-newton": GaussNewton,
    "variable-projection": VariableProjection,
    "adam": Adam,
    "lbfgs": LBFGS,
}
