"""A network that grows: smooth features first, then bumps where the residual is.

1. The first features are ridges ``tanh(w . a + b)`` with a scale for each axis, two hidden
   layers, or waves about those of data that oscillate, whichever leaves least. Their number is
   doubled as long as that leaves a fifth: where the solution is smooth nothing converges faster,
   and where it is not nothing is gained.
2. Bumps follow in blocks (`pinnsolve.networks.bumps`), half multiquadrics and half Gaussians,
   where the residual is large (`pinnsolve.training.placing`).
3. The head is solved after each block; of a linear problem by extending the factor of the block
   before (`pinnsolve.leastsquares.extended`), which also gives the residual.
   Where there are several regions each has a network (`pinnsolve.networks.several`), and a centre
   belongs to that which its row is about; all grow by the same blocks.
4. It ends when the loss is below its tolerance, or the budget spent, or features are as many as
   can be afforded; or when two blocks have left the residual at *fresh* points where it was, far
   above that at the trained ones, which hide it: one block may be drawn badly. As long as both are
   alike the features are merely too few, and each block may do little. Whatever the end, last
   blocks that have not helped at fresh points are taken back.

Source: Chen, Chi, E & Yang (2022), The random feature method, arXiv:2207.13380, for features of
several scales; their places by the residual, their number by fresh points are our own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, nan
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.conditions.oscillation import Oscillation
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.networks.bumps import LOCAL, Bumps
from pinnsolve.networks.sizes import (
    BETWEEN,
    LARGEST_HEAD,
    RIDGES,
    features_of,
    layers_by_region,
    most_features,
)
from pinnsolve.objectives.objective import OfNetwork
from pinnsolve.optimizers.growing_head import STEPS, GrowingHead
from pinnsolve.optimizers.head import newton
from pinnsolve.problem import Problem
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part
from pinnsolve.training.direct import Direct
from pinnsolve.training.first_features import SMALLEST, FirstFeatures, Trial
from pinnsolve.training.initialisation import sketch
from pinnsolve.training.placing import FEWEST, bumps_at, chances, next_block

FALLING = 0.95  # of the residual at fresh points: a block that leaves more has not helped
ENOUGH = 0.1  # of the residual's norm that is tolerated: what bumps leave is rough, and counts more
TRUE = 2.0  # of the norm of the residual at the nodes: less at fresh points, and it is true of all
IN_VAIN = 2  # blocks that have not helped, one after the other, are enough
HIDDEN = 10.0  # losses: so much at fresh points is hidden from the trained ones
NO_HELP = "more would not help between the nodes"

Between: TypeAlias = Callable[[Literal["more", "fresh", "pool"]], OfNetwork]


@dataclass(frozen=True)
class Collocation:
    """Where the equations hold while a network grows.

    Attributes
    ----------
    problem, nodes
        What is solved, and on which nodes.
    between
        The objective with the equations at more points than the nodes, at fresh ones, or at a pool
        of points to draw from; None if they know of the nodes alone.
    oscillation
        Waves in the data, if there are any.
    direct
        The direct solution, if the network is to follow it (`pinnsolve.training.following`).
    """

    problem: Problem
    nodes: Nodes
    between: Between | None
    oscillation: Oscillation | None = None
    direct: Direct | None = None


class Growing:
    """Draw features block by block, and solve for the head after each.

    A step is one trial of first features, or one block.

    Parameters
    ----------
    objective, budget
        What to lower, and until when.
    collocation
        Where the equations hold.
    seed
        Of what is drawn.
    weights
        Those that the network may have; None if they do not count. If they do, its first features
        are few, and ridges, for two layers would take them all.
    """

    def __init__(
        self,
        objective: OfNetwork,
        budget: Budget,
        collocation: Collocation,
        seed: int,
        weights: int | None = None,
    ) -> None:
        self._objective, self._collocation, self._seed = objective, collocation, seed
        self._tolerance = budget.tolerance
        self._rule = StoppingRule(replace(budget, tolerance=0.0))  # which is that of a block
        self._model, problem = objective.model, collocation.problem
        net, found = self._model.nets[0], collocation.oscillation
        inputs, outputs = net.layers[0].in_features, net.head.out_features
        most = max(1, LARGEST_HEAD // ((1 + BETWEEN) * collocation.nodes.rows.stop))
        own = [min(w[-1], most) for w in layers_by_region(problem, collocation.nodes)]
        self._shares = [width / max(own) for width in own]
        widths = tuple(dict.fromkeys(max(1, max(own) // k) for k in (SMALLEST, 2, 1)))
        biases = outputs * (len(own) - 1)  # of further networks
        self._limit = weights and features_of(weights - biases, inputs, outputs)
        few = self._limit and max(1, int(RIDGES * self._limit / sum(self._shares)))
        self._waves = [np.empty((0, inputs))] * len(own)
        oscillates = bool(found) and net.embedding is None  # else its inputs are no coordinates
        if found and oscillates:
            units = (net.half_width.cpu().numpy() for net in self._model.nets)
            self._waves = [unit * found.waves for unit in units]
        self._first = FirstFeatures(inputs, widths, budget.tolerance, few, oscillates)
        self._steps = 0
        self._last: Trial | None = None  # of the first features, which the network has
        self._head: GrowingHead | None = None  # once there are features to stay
        self._most = 0  # features, once it is known on which points they are
        between = collocation.between
        self._fresh: OfNetwork | None = None if between is None else between("fresh")
        self._widened: OfNetwork | None = None  # with more points, once they are asked for
        # the least residual at fresh points, after which block of bumps, and the head there
        self._best = (inf, 0, self._model.head_vector())
        self._last_fresh = nan  # after the last block; not a number if it is not known

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more trial or block."""
        with self._rule.running():
            trial = self._first.next() if self._head is None else None
            if trial:
                loss, done = self._attempt(trial), ""
                self._first.note(trial, loss)
            else:
                loss, done = self._extend()
        self._steps += 1
        # the budget has no say while a trial, which may be a bad one, is what the network has
        judge = self._rule.report if trial else self._rule.judge
        step = judge(self._steps, loss, done)
        if trial:
            return replace(step, fraction=None)
        features = self._features
        series = {"features": features, "weights": self._model.size, "loss": loss}
        if self._fresh is not None:
            series["fresh loss"] = self._last_fresh
        if step.done:
            step = replace(step, done=self._end(loss, step.done))
        share = (features / self._most) ** 2 if self._head else 1.0  # of the work
        return replace(step, fraction=share, series={**series, "kept": self._features})

    def state(self) -> State:
        """Return the trials, and how many blocks there are; the network has the rest."""
        first = self._first
        least, blocks, c = self._best
        mine: State = {
            "steps": self._steps,
            "layers": np.array(list(first.layers.items())).reshape(-1, 2),
            "ridges": np.array([[*f, x] for f, x in first.ridges.items()]),
            "waves": np.array(list(first.waves.items())).reshape(-1, 2),
            "wider": np.array(first.wider),
            "last": np.array(self._last.numbers() if self._last else []),
            "stays": int(self._head is not None),
            "least": least,
            "blocks": blocks,
            "best": c.cpu().numpy(),
        }
        return {**mine, **nested(rule=self._rule.state())}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state, the network being as it was."""
        first, like = self._first, self._model.like
        self._steps = int(state["steps"])
        first.layers, first.waves = (
            dict(np.asarray(state[name]).tolist()) for name in ("layers", "waves")
        )
        rows = np.asarray(state["ridges"]).tolist()
        first.ridges = {tuple(row[:-1]): row[-1] for row in rows}
        first.wider = np.asarray(state["wider"], dtype=float).tolist()
        last = np.asarray(state["last"], dtype=float).tolist()
        self._last = Trial.of(last) if last else None
        best = torch.from_numpy(np.array(state["best"])).to(like)
        self._best = float(state["least"]), int(state["blocks"]), best
        self._rule.restore(part(state, "rule"))
        if int(state["stays"]):
            self._begin_blocks().solve()

    def _attempt(self, trial: Trial) -> float:
        """Return the loss that some first features leave, and have the network at it.

        Features that are sharp enough hide the residual between the nodes, in a layer along a wall
        too. Where it is far larger at fresh points the head is solved for again at more points, and
        the loss is the larger one of what is left there and at fresh ones.
        """
        each = zip(self._model.nets, self._waves, self._shares, strict=True)
        for k, (net, waves, share) in enumerate(each):
            trial.draw(net, self._seed + k, waves, share)
        self._last = trial
        loss = self._solve(self._objective)
        if self._fresh_loss() > HIDDEN * loss:
            loss = self._solve(self._more())
        return max(loss, self._fresh_loss())  # not fresh points', where they are not known

    def _solve(self, objective: OfNetwork) -> float:
        """Return the loss of some points that the head can leave, and have the network at it."""
        loss, c = sketch(objective)
        if not objective.is_linear:
            c, loss = newton(objective.head(), c, STEPS)
        self._model.set_head(c)
        return loss

    def _more(self) -> OfNetwork:
        """Return the objective with the equations at more points, where they are known."""
        between = self._collocation.between
        if self._widened is None:
            self._widened = self._objective if between is None else between("more")
        return self._widened

    def _extend(self) -> tuple[float, str]:
        """Return the loss after one more block, and why it is the last."""
        if self._head is None:
            return self._settle()
        for net, bumps in zip(self._model.nets, self._bumps(self._head.residual), strict=True):
            net.grow(*bumps)
        loss = self._head.solve()
        return loss, self._judge(loss)

    def _settle(self) -> tuple[float, str]:
        """Return the loss of the first features that stay, and why they are all; as `_extend`."""
        for chosen in self._first.chosen:
            if chosen != self._last:
                self._attempt(chosen)
            self._model.set(self._model.vector())  # laid out as in a run taken up, to the bit
            r = self._objective.value()
            loss = float(r @ r)
            self._last_fresh = self._fresh_loss()
            if not self._is_hidden(loss):  # else fewer, which have no room for it
                break
        true = max(TRUE**2 * loss, self._tolerance)
        if loss <= self._tolerance and not self._last_fresh > true:
            return loss, "smooth ones, leave little enough"
        loss = self._begin_blocks().solve()
        return loss, self._judge(loss)

    def _begin_blocks(self) -> GrowingHead:
        """Return the head of a network whose first features stay, to be solved for."""
        self._objective = self._more()
        rows, n = len(self._objective.places), self._collocation.nodes.rows.stop
        is_linear = self._objective.is_linear
        self._most = most_features(self._collocation.problem, rows, n, is_linear=is_linear)
        if self._limit is not None:
            self._most = min(self._most, self._limit)
        self._most = max(self._most, self._features)
        self._head = GrowingHead(self._objective, self._most)
        return self._head

    def _judge(self, loss: float) -> str:
        """Return the reason to grow no further; empty to go on."""
        net = self._model.nets[0]
        blocks = len(net.bumps)
        if self._fresh is not None:
            fresh = self._last_fresh = self._fresh_loss()
            if fresh < FALLING**2 * self._best[0]:
                self._best = fresh, blocks, self._model.head_vector()
            elif blocks >= self._best[1] + IN_VAIN * len(LOCAL) and fresh > HIDDEN * loss:
                return NO_HELP
        has_bumps = any(own.is_local for own in net.bumps)
        enough = self._tolerance * (ENOUGH**2 if has_bumps else 1.0)
        if loss <= enough and not self._is_hidden(loss):
            return "the loss has reached its tolerance"
        if self._most == self._limit:
            return "" if self._next() >= len(LOCAL) else "as many as the weights are enough for"
        return "as many as can be afforded" if self._next() < FEWEST else ""

    def _end(self, loss: float, reason: str) -> str:
        """Take back the blocks that only hide the residual; return the end of growth in words."""
        least, blocks, c = self._best
        hides = self._head is not None and self._last_fresh > min(HIDDEN * loss, least)
        if hides and len(self._model.nets[0].bumps) > blocks:
            self._model.prune(blocks)
            self._model.set_head(c)
            reason = NO_HELP if reason == NO_HELP else f"{NO_HELP}; {reason}"
        return f"{self._features} features, {reason}"

    @property
    def _features(self) -> int:
        """How many features there are, in all networks."""
        return sum(net.head.in_features for net in self._model.nets)

    def _is_hidden(self, loss: float) -> bool:
        """Return whether far more is left at fresh points than the trained ones show."""
        return self._last_fresh > HIDDEN * max(loss, self._tolerance)

    def _fresh_loss(self) -> float:
        """Return the loss with the equations at fresh points; not a number if they know of none."""
        if self._fresh is None:
            return nan
        r = self._fresh.value()
        return float(r @ r)

    def _next(self) -> int:
        """Return the number of bumps in the next block."""
        return next_block(self._features, self._most)

    def _bumps(self, residual: Float[Tensor, " R"]) -> list[list[Bumps]]:
        """Draw the next bumps of each network, where the residual is, as many of each profile."""
        nets = self._model.nets
        rng = np.random.default_rng((self._seed, len(nets[0].bumps)))
        x, r, owners = self._objective.places, residual.cpu().numpy(), self._objective.owners
        is_point = np.isfinite(x.cpu().numpy()).all(axis=1)
        x, r, owners = x[torch.as_tensor(is_point, device=x.device)], r[is_point], owners[is_point]
        p, count = chances(r**2), min(self._next(), len(r))
        chosen = rng.choice(len(r), count, replace=False, p=p)
        found = []
        for k, net in enumerate(nets):
            mine, rows = chosen[owners[chosen] == k], np.flatnonzero(owners == k)
            if len(mine) < len(LOCAL):  # as every block has bumps of each network
                mine = np.append(mine, rng.choice(rows, len(LOCAL), p=p[rows] / p[rows].sum()))
            a = net.inputs(x).cpu().numpy()
            found.append(bumps_at(net, a[rows], a[mine], self._first.scales, rng))
        return found
