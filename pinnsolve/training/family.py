"""The two-sided head solve: all problems of a family by one factorisation of each side.

    u_i(x) = Φ(x) C ψ_i,        C ← C - A⁺ R(C) Ψ⁺ᵀ

with the rows ``A`` of the equations by the head, the features as they are, and the residuals ``R``,
a column for each function. Of an equation that is affine in fields and inputs together this is the
least-squares solution, exactly, after one step; of another it is Newton's method with the slopes in
the mean over the functions, which are taken anew where steps no longer pay.

The features are drawn at the frequency that leaves the least of some of the functions, sought in
steps of `FINENESS` from the wave number of the inputs, which the solutions of many equations have
in common with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf, isfinite, sqrt
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.families.family import Functions
from pinnsolve.leastsquares.two_sided import Factor
from pinnsolve.networks.branch import Branch, branch
from pinnsolve.networks.mlp import FREQUENCY, MLP
from pinnsolve.objectives.family import FamilyHead, Places
from pinnsolve.objectives.family_fields import FamilyFields
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

FINENESS = sqrt(2)  # ratio of frequencies that are tried
WORTHWHILE = 0.8  # a loss this much smaller is worth another frequency
PROBES = 8  # functions by which frequencies are compared
MUCH = 1e-2  # of the loss before, which Newton's method should not leave
PAYS = 0.9  # a step that leaves more of the loss than this no longer does
CONVERGED = 1e-9  # of the loss: a smaller change of the rows is rounding
STAGE = "training: head"


class FamilyTraining:
    """Find the solutions of a family.

    Parameters
    ----------
    objective
        The equations of a typical problem, and the features.
    functions
        To train with, by name of the input.
    budget
        Iterations and seconds of the head solve.
    frequency
        The first that is tried, per half width of the domain.
    seed
        Of the features.
    answer
        Makes the solutions from the features, the branch and the weights between them.
    """

    def __init__(
        self,
        objective: PointwiseObjective,
        functions: Mapping[str, Functions],
        budget: Budget,
        frequency: float,
        seed: int,
        answer: Callable[[MLP, Branch, Float[np.ndarray, "P K"]], FamilyFields],
    ) -> None:
        (self._net,) = objective.model.nets
        self._objective, self._functions, self._seed = objective, functions, seed
        self._places, self._rule = Places.of(objective), StoppingRule(budget)
        self._answer, self._frequency = answer, frequency
        self._codes = [own.codes() for own in functions.values()]
        self._losses: dict[float, float] = {}  # by the frequency, in the order of the trials
        self._iteration, self._before = 0, inf
        self._solver: _Solver | None = None
        self._C: Tensor | None = None
        self._best: tuple[Factor, dict[str, Tensor]] | None = None

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more frequency, or of one more step on all functions."""
        frequency = self._next()
        with self._rule.running():
            loss = self._improve() if frequency is None else self._attempt(frequency)
        if frequency is not None:
            step = self._rule.report(len(self._losses), loss)
            return self._told(step, note=f"frequency {frequency:.3g}")
        step = self._rule.judge(self._iteration, loss, self._reason(loss))
        return self._told(step, ended=step.done)

    def answer(self) -> FamilyFields:
        """Return the solutions found so far."""
        solver = self._begun()
        assert self._C is not None
        return self._answer(self._net, solver.branch, self._C.cpu().numpy())

    def state(self) -> State:
        """Return the features, the weights and the losses by frequency."""
        net = {name: value.cpu().numpy() for name, value in self._net.state_dict().items()}
        mine: State = {
            "frequencies": np.array(list(self._losses)),
            "losses": np.array(list(self._losses.values())),
            "iteration": self._iteration,
            "before": self._before,
            "weights": np.empty(0) if self._C is None else self._C.cpu().numpy(),
        }
        return {**mine, **nested(net=net, rule=self._rule.state())}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        frequencies, losses = (
            np.asarray(state[name], dtype=float).tolist() for name in ("frequencies", "losses")
        )
        self._losses = dict(zip(frequencies, losses, strict=True))
        self._iteration, self._before = int(state["iteration"]), float(state["before"])
        self._rule.restore(part(state, "rule"))
        self._net.load_state_dict(
            {name: torch.as_tensor(np.asarray(v)) for name, v in part(state, "net").items()}
        )
        self._solver, self._best, weights = None, None, np.asarray(state["weights"])
        self._C = torch.as_tensor(weights).to(self._net.like) if weights.size else None

    def _told(self, step: Step, **more: Any) -> Step:
        return replace(step, stage=STAGE, phase="head", before=self._before, **more)

    def _reason(self, loss: float) -> str:
        """Return the reason to stop, in words; empty to go on."""
        solver = self._begun()
        if solver.full.is_affine:
            return "the weights are optimal"
        if not isfinite(loss):
            return "the steps have left the finite numbers"
        if not solver.is_done:
            return ""
        if not solver.full.has_same_slopes and loss > MUCH * self._before:
            return "what the input multiplies varies too much for the slopes of the mean"
        return "further steps do not pay"

    def _next(self) -> float | None:
        """Return the frequency to try next; None if the best is known."""
        if self._C is not None or self._solver is not None:
            return None
        if not self._losses:
            return self._frequency
        best = min(self._losses, key=lambda f: (self._losses[f], f))
        for other in (best * FINENESS, best / FINENESS):
            is_new = all(abs(other / f - 1) > 0.01 for f in self._losses)
            tried = [f for f in self._losses if abs(f - best) < abs(other - best)]
            if is_new and tried:
                return other
        return None

    def _attempt(self, frequency: float) -> float:
        """Draw the features of a frequency; return the loss that is left of some functions."""
        self._net.draw(self._seed, frequency)
        some = {name: own.chosen(range(PROBES)) for name, own in self._functions.items()}
        few = FamilyHead.of(self._objective.head(), self._places, some)
        nothing, psi = _nothing(few)
        r = few.residual(nothing, psi)
        self._before = float((r * r).sum()) / r.shape[1]
        factor = Factor.of(few.slopes(nothing, psi))
        left = factor.left(r)
        loss = float((left * left).sum()) / r.shape[1]
        if loss < WORTHWHILE * min(self._losses.values(), default=inf) or self._best is None:
            self._best = factor, {k: v.clone() for k, v in self._net.state_dict().items()}
        self._losses[frequency] = loss
        return loss

    def _improve(self) -> float:
        """Take a step on all functions; return the loss after it."""
        solver = self._begun()
        self._iteration += 1
        assert self._C is not None
        self._C, loss = solver.step(self._C)
        return loss

    def _begun(self) -> "_Solver":
        """Return the solver, made at first of the best features."""
        if self._solver is None:
            factor = None
            if self._best is not None:
                factor, weights = self._best
                self._net.load_state_dict(weights)
                self._best = None
            full = FamilyHead.of(self._objective.head(), self._places, self._functions)
            own = branch(self._codes, is_linear=full.is_affine)
            psi = torch.as_tensor(own(self._codes)).to(self._net.like)
            self._solver = _Solver(full, own, psi, factor)
            if self._C is None:
                self._C = psi.new_zeros(self._net.head_size, psi.shape[1])
        return self._solver


class _Solver:
    """Steps on all functions.

    Parameters
    ----------
    full
        The residuals of all problems.
    own
        The branch.
    psi
        Its functions, of all problems.
    factor
        Of the rows by the head where there is nothing yet; None to make it.
    """

    def __init__(
        self, full: FamilyHead, own: Branch, psi: Float[Tensor, "M K"], factor: Factor | None
    ) -> None:
        self.full, self.branch, self._psi = full, own, psi
        self._right = Factor.of(psi)
        self._factor = factor
        self._loss, self._residual = inf, psi[:0]
        self.is_done = False

    def step(self, C: Float[Tensor, "P K"]) -> tuple[Float[Tensor, "P K"], float]:
        """Return the weights after a step, and the loss there."""
        if not len(self._residual):
            self._residual = self.full.residual(C, self._psi)
            self._loss = self._size(self._residual)
        if self._factor is None:
            self._factor = Factor.of(self.full.slopes(C, self._psi))
        change = self._factor.solve(self._right.solve(self._residual.mT).mT)
        new = C - change
        r = self.full.residual(new, self._psi)
        loss = self._size(r)
        if not loss < self._loss:
            self.is_done = True
            return C, self._loss
        self.is_done = self._loss - loss < (1 - PAYS) * self._loss
        self._residual, self._loss = r, loss
        return new, loss

    @staticmethod
    def _size(r: Float[Tensor, "R M"]) -> float:
        return float((r * r).sum()) / r.shape[1]


def _nothing(few: FamilyHead) -> tuple[Float[Tensor, "P 1"], Float[Tensor, "M 1"]]:
    """Return weights of zero, and a branch of a constant for the functions of a few problems."""
    c = few.head.vector()
    return torch.zeros_like(c)[:, None], c.new_ones(len(few), 1)


def wave_number(
    functions: Mapping[str, Functions], boxes: Sequence[tuple[Sequence[float], Sequence[float]]]
) -> float:
    """Return the root mean square wave number of inputs, per half width; `FREQUENCY` at least.

    Parameters
    ----------
    functions
        By name of the input.
    boxes
        Lower and upper corner of the coordinates of each.
    """
    found = [FREQUENCY]
    for own, (lower, upper) in zip(functions.values(), boxes, strict=True):
        sides = np.subtract(upper, lower)
        x = np.asarray(lower) + sides * np.random.default_rng(0).random((500, len(sides)))
        values = own.values(x)
        varying = values - values.mean(axis=1, keepdims=True)
        for axis, side in enumerate(sides):
            h = 1e-4 * side * (np.arange(len(sides)) == axis)
            slope = (own.values(x + h / 2) - own.values(x - h / 2)) / h.sum()
            size = np.sqrt(np.mean(varying**2))
            if size > 0:
                found.append(float(side / 2 * np.sqrt(np.mean(slope**2)) / size))
    return max(found)
