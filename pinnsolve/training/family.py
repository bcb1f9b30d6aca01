"""Training of a family: all problems by one factorisation of each side, or one by one.

    u_i(x) = Φ(x) C ψ_i,        C ← C - A⁺ R(C) Ψ⁺ᵀ

with the rows ``A`` of the equations by the head, the features as they are, and the residuals ``R``,
a column for each function. Of an equation that is affine in fields and inputs together this is the
least-squares solution, exactly, after one step; of another whose slopes are the same for all
functions it is Newton's method with the slopes in the mean. Where that stalls, or an input stands
before derivatives of the fields, each problem is solved with slopes of its own, and the branch told
by the solutions (`pinnsolve.training.family_solvers`).

The features are drawn at the frequency that leaves the least of some of the functions, sought by
half octaves from the wave number of the inputs, which the solutions of many equations have
in common with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.families.family import Functions
from pinnsolve.leastsquares.two_sided import Factor
from pinnsolve.networks.branch import Branch, products
from pinnsolve.networks.mlp import FREQUENCY, MLP
from pinnsolve.objectives.family import FamilyHead, Places
from pinnsolve.objectives.family_fields import FamilyFields
from pinnsolve.objectives.family_steps import stepped
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part
from pinnsolve.training.family_solvers import OneByOne, Together, has_stalled, mean_square
from pinnsolve.training.frequencies import next_frequency

WORTHWHILE = 0.8  # a loss this much smaller is worth another frequency
PROBES = 8  # functions by which frequencies are compared
LOOKED_AT = 300  # points at which solutions are compared
NEWTON = 12  # steps for a problem alone
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
    branch
        The branch, if it is given; None to find one.
    begun
        Solutions whose features and branch stay as they are; None to find the features.
    """

    def __init__(
        self,
        objective: PointwiseObjective,
        functions: Mapping[str, Functions],
        budget: Budget,
        frequency: float,
        seed: int,
        answer: Callable[[MLP, Branch, Float[np.ndarray, "P K"]], FamilyFields],
        branch: Branch | None = None,
        begun: FamilyFields | None = None,
    ) -> None:
        (self._net,) = objective.model.nets
        self._objective, self._functions, self._seed = objective, functions, seed
        self._places, self._rule = Places.of(objective), StoppingRule(budget)
        self._answer, self._frequency = answer, frequency
        self._codes = [own.codes() for own in functions.values()]
        self._losses: dict[float, float] = {}  # by the frequency, in the order of the trials
        self._iteration, self._before = 0, inf
        self._solver: Together | OneByOne | None = None
        self._kept: State = {}  # of the solver, to be restored
        self._best: tuple[Factor | None, dict[str, Tensor]] | None = None
        self._branch = branch if begun is None else begun.branch
        self._has_features = begun is not None
        if begun is not None:
            self._net.load_state_dict(begun.net.state_dict())
            self._kept = {"is_alone": 0, "weights": begun.C}

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more frequency, or of one more step on all functions."""
        frequency = self._next()
        with self._rule.running():
            loss = self._improve() if frequency is None else self._attempt(frequency)
        if frequency is not None:
            step = self._rule.report(len(self._losses), loss)
            return self._told(step, note=f"frequency {frequency:.3g}")
        step = self._rule.judge(self._iteration, loss, self._begun().reason)
        return self._told(step, ended=step.done)

    def answer(self) -> FamilyFields:
        """Return the solutions found so far."""
        return self._answer(self._net, *self._begun().found())

    def state(self) -> State:
        """Return the features, the weights and the losses by frequency."""
        net = {name: value.cpu().numpy() for name, value in self._net.state_dict().items()}
        mine: State = {
            "frequencies": np.array(list(self._losses)),
            "losses": np.array(list(self._losses.values())),
            "iteration": self._iteration,
            "before": self._before,
        }
        if self._solver is None:
            own = self._kept
        else:
            is_alone = isinstance(self._solver, OneByOne)
            own = {"is_alone": int(is_alone), **self._solver.state()}
        return {**mine, **nested(net=net, rule=self._rule.state(), solver=own)}

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
        self._solver, self._best, self._kept = None, None, part(state, "solver")

    def _told(self, step: Step, **more: Any) -> Step:
        return replace(step, stage=STAGE, phase="head", before=self._before, **more)

    def _next(self) -> float | None:
        """Return the frequency to try next; None if the best is known."""
        is_known = self._kept or self._solver is not None
        return None if is_known else next_frequency(self._losses, self._frequency)

    def _attempt(self, frequency: float) -> float:
        """Draw the features of a frequency; return the loss that is left of some functions."""
        self._net.draw(self._seed, frequency)
        some = {name: own.chosen(range(PROBES)) for name, own in self._functions.items()}
        few = FamilyHead.of(self._objective.head(), self._places, some)
        nothing, psi = _nothing(few)
        r = few.residual(nothing, psi)
        self._before, factor = mean_square(r), None
        if few.has_same_slopes:
            factor = Factor.of(few.slopes(nothing, psi))
            loss = mean_square(factor.left(r))
        else:
            alone = stepped(few, nothing.expand(-1, len(few)), 1)
            loss = mean_square(few.residual(alone, torch.eye(len(few)).to(psi)))
        if loss < WORTHWHILE * min(self._losses.values(), default=inf) or self._best is None:
            self._best = factor, {k: v.clone() for k, v in self._net.state_dict().items()}
        self._losses[frequency] = loss
        return loss

    def _improve(self) -> float:
        """Take a step on all functions, or on some more; return the loss after it."""
        solver = self._begun()
        if self._has_features and not self._iteration and isinstance(solver, Together):
            self._before = solver.loss()
        self._iteration += 1
        loss = solver.step()
        is_together = isinstance(solver, Together) and not solver.full.is_affine
        is_free = is_together and self._branch is None
        if is_free and solver.reason and has_stalled(loss, self._before):
            self._solver = self._one_by_one(solver.full)
        return loss

    def _begun(self) -> Together | OneByOne:
        """Return the solver, made at first of the best features."""
        if self._solver is None:
            factor = None
            if self._best is not None:
                factor, weights = self._best
                self._net.load_state_dict(weights)
                self._best = None
            full = FamilyHead.of(self._objective.head(), self._places, self._functions)
            is_alone = not full.has_same_slopes and self._branch is None
            if self._kept.get("is_alone", is_alone):
                self._solver = self._one_by_one(full)
            else:
                self._solver = Together(full, self._codes, factor, self._branch)
            if self._kept:
                self._solver.restore(self._kept)
        return self._solver

    def _one_by_one(self, full: FamilyHead) -> OneByOne:
        empty = products(self._codes, is_linear=True)
        fields = self._answer(self._net, empty, np.zeros((self._net.head_size, empty.size)))
        x = self._objective.x.cpu().numpy()
        values = fields.rows(x[:: 1 + len(x) // LOOKED_AT])
        return OneByOne(full, self._codes, values, NEWTON)


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
