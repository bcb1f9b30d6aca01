"""Gauss-Newton on the hidden weights alone, the head being the best for them: variable projection.

    min_w F(w) = |r(w, c(w))|^2,        c(w) = argmin_c |r(w, c)|

The head ``c`` is no variable of the search any more, and what it can make up for is taken out of
the other columns. With the Jacobians ``M = QR`` by the head and ``K`` by the hidden weights, a step
solves

    min_s |(I - Q Q^T) K s + r|^2 + mu |D s|^2,        D^2 = diag(K^T (I - Q Q^T) K),

which leaves out how ``Q`` turns with the weights (Kaufman's approximation), and no weight moves
further than `REACH` of its unit, which of a centre is the radius of its bump: the linearisation
knows no more, and without that the search is soon lost. It pays where features are few: a hundred
bumps that have moved to where they are needed do what a thousand do that have been drawn.

At the end features go that make no difference (`pinnsolve.leastsquares.importance`).

Sources: Golub & Pereyra (1973), doi:10.1137/0710036; Kaufman (1975), doi:10.1007/BF01932995;
damping as by Marquardt (1963), doi:10.1137/0111030.
"""

from math import inf, isfinite
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.leastsquares.importance import removable, rises
from pinnsolve.leastsquares.jacobian import Explicit
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.objectives.objective import Linearisable, OfNetwork
from pinnsolve.optimizers.head import newton
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

REACH = 0.5  # of its unit: as far as a weight moves in a step
FIRST_DAMPING = 1e-3
LEAST_DAMPING, MOST_DAMPING = 1e-7, 1e6
EASED, RAISED = 0.2, 6.0  # factors on the damping after a step that has lowered the loss, or not
STEADY = 1e-12  # of the mean square of a column: the damping of one that is nothing
STEPS = 10  # of Newton's method for the head of a nonlinear problem
LEFT = (1e-2, 1e-3, 1e-4)  # of the loss: so much more features may leave that are removed


@runtime_checkable
class Separable(OfNetwork, Linearisable, Protocol):
    """An objective of a network, with the Jacobian by all weights and the problem of the head."""


class _Place(NamedTuple):
    """Weights, the head the best for the others, and the loss there."""

    loss: float
    weights: Tensor


class VariableProjection:
    """Lower the loss by damped Gauss-Newton steps of the hidden weights, one at a time.

    Parameters
    ----------
    objective, budget
        What to lower, and until when.
    """

    @torch.no_grad()
    def __init__(self, objective: Separable, budget: Budget) -> None:
        self._objective, self._rule = objective, StoppingRule(budget)
        self._iteration, self._damping = 0, FIRST_DAMPING
        with self._rule.running():
            self._now = self._at(objective.model.vector())

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one iteration; the last also removes features."""
        with self._rule.running():
            found = self._search()
        if found is None:
            step = self._rule.report(self._iteration, self._now.loss, "no step lowers the loss")
        else:
            self._now, self._iteration = found, self._iteration + 1
            step = self._rule.judge(self._iteration, found.loss)
        if step.done:
            self._remove()
        return step

    def state(self) -> State:
        """Return the weights, the loss there, and the damping."""
        mine: State = {
            "iteration": self._iteration,
            "loss": self._now.loss,
            "damping": self._damping,
        }
        weights = arrays(weights=self._now.weights)
        return {**mine, **weights, **nested(rule=self._rule.state())}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._iteration, self._damping = int(state["iteration"]), float(state["damping"])
        self._rule.restore(part(state, "rule"))
        weights = torch.empty_like(self._now.weights)
        refill({"weights": weights}, state)
        self._now = _Place(float(state["loss"]), weights)
        self._objective.model.set(weights.clone())

    def _search(self) -> _Place | None:
        """Return a place with less loss, the model at it; None if no damping leads to one."""
        model = self._objective.model
        is_head = _of_head(model)
        r, J = self._objective.linearise()
        assert isinstance(J, Explicit)
        r, rows = r.double(), J.dense().double()
        K = _projected(rows[:, ~is_head], rows[:, is_head])
        A, slope = K.mT @ K, K.mT @ r
        squares = A.diagonal().clone()
        squares += STEADY * squares.mean()
        reach = REACH * _units(model)[~is_head]
        while self._damping <= MOST_DAMPING:
            A.diagonal().copy_(squares * (1 + self._damping))
            factor, failed = torch.linalg.cholesky_ex(A)
            if not failed:
                s = -torch.cholesky_solve(slope[:, None], factor)[:, 0]
                weights = self._now.weights.clone()
                weights[~is_head] += s.to(weights).clamp(-reach, reach)
                found = self._at(weights)
                if found.loss < self._now.loss:
                    self._damping = max(EASED * self._damping, LEAST_DAMPING)
                    return found
            self._damping *= RAISED
        model.set(self._now.weights.clone())
        return None

    def _at(self, weights: Float[Tensor, " P"]) -> _Place:
        """Return the place of some hidden weights, the model at it."""
        model = self._objective.model
        model.set(weights)
        problem = self._objective.head()
        c, loss = newton(problem, problem.vector(), 1 if self._objective.is_linear else STEPS)
        problem.set(c)
        return _Place(loss if isfinite(loss) else inf, model.vector())

    def _remove(self) -> None:
        """Remove features of a grown network that make no difference, as many as can be found."""
        net, before = self._objective.model, self._now
        if not isinstance(net, MLP) or not net.bumps:
            return
        problem, form = self._objective.head(), net.form()
        M, _ = problem.linearise(problem.vector())
        rise = rises(M.double(), problem.vector(), *net.head.weight.shape)
        for allowed in LEFT:
            gone = removable(rise, allowed * before.loss)
            if not gone.any():
                return
            net.keep(~gone)
            self._now = self._at(net.vector())
            if self._now.loss <= (1 + 2 * LEFT[0]) * before.loss:
                return
            net.reform(form)  # they are needed, one for another
            net.set(before.weights.clone())
            self._now = before


def _of_head(model: AnyNetwork) -> Bool[Tensor, " P"]:
    """Return a mask of the weights of the heads, and of unknown constants, among all weights."""
    sizes = [(net.size, len(net.head_vector())) for net in model.nets]
    parts = [torch.arange(size) >= size - own for size, own in sizes]
    return torch.cat(parts).to(model.like.device)


def _units(model: AnyNetwork) -> Float[Tensor, " P"]:
    """Return for each weight the unit of its changes: of a centre the radius, of any other one."""
    parts = []
    for net in model.nets:
        radii = {id(bumps.centres): bumps.log_radii.exp()[:, None] for bumps in net.bumps}
        one = net.like.new_ones(())
        parts += [radii.get(id(p), one).expand_as(p).flatten() for p in net.parameters()]
    return torch.cat(parts)


def _projected(K: Float[Tensor, "R p"], M: Float[Tensor, "R q"]) -> Float[Tensor, "R p"]:
    """Return the part of some columns that others cannot make up for."""
    lengths = torch.linalg.vector_norm(M, dim=0)
    Q = torch.linalg.qr(M / torch.where(lengths > 0, lengths, 1.0)).Q
    return K - Q @ (Q.mT @ K)
