"""A network that follows the direct solution of a nonlinear problem, and then the equations too.

Newton's method for the head needs features that resolve the solution before it leads anywhere, and
where a shock, or a corner of a flow, is not resolved the least residual belongs to a field that is
far from the solution. Therefore a network grows towards the direct solution first,

    min_c sum_f |u_f(c) - v_f|^2 / s_f^2,

linear in the head, and as cheap for many fields as for one (`pinnsolve.optimizers.shared_head`):
ridges, on the scale along each axis that leaves the least; then blocks of bumps where the network
is farthest from ``v`` (`pinnsolve.training.placing`), until it is no nearer at points that are held
out. Last, with ``u_0`` what that has led to and ``r`` the residual, Newton's method for

    min_c |r(c)|^2 / |r(u_0)|^2 + |u(c) - v|^2 / |u_0 - v|^2,

each in the unit of what has been left of it: what the features resolve of the equations they
satisfy, and where they do not they stay where they were.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.networks.bumps import LOCAL, Bumps
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.sizes import PER_FEATURE, most_features
from pinnsolve.objectives.objective import HeadProblem, OfNetwork
from pinnsolve.optimizers.head import newton
from pinnsolve.optimizers.shared_head import SharedHead
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part
from pinnsolve.training.direct import Direct
from pinnsolve.training.first_features import FirstFeatures
from pinnsolve.training.growth import Collocation
from pinnsolve.training.placing import FEWEST, bumps_at, chances, next_block, stretches

RIDGES = 200  # to begin with, at most
HELD_OUT = 8  # every so many points
FALLING = 0.95  # of the misfit at points held out: a block that leaves more has not helped
IN_VAIN = 2  # blocks that have not helped, one after the other, are enough
STEPS = 2  # of Newton's method at the end
LEAST = 1e-12  # relative misfit, or residual, that is taken for nothing


class Following:
    """Draw features block by block where a network is far from the direct solution; then Newton.

    A step is one trial of first features, one block, or Newton's method.

    Parameters
    ----------
    objective, budget
        What to lower in the end, and until when.
    collocation
        Where the equations hold, and the direct solution.
    seed
        Of what is drawn.
    """

    def __init__(
        self, objective: OfNetwork, budget: Budget, collocation: Collocation, seed: int
    ) -> None:
        self._objective, self._seed, self._rule = objective, seed, StoppingRule(budget)
        assert collocation.direct is not None
        self._direct, (self._net,) = collocation.direct, objective.model.nets
        between = collocation.between
        self._equations = objective if between is None else between("more")
        n, rows = collocation.nodes.rows.stop, len(self._equations.places)
        most = most_features(collocation.problem, rows, n, is_linear=True)
        self._most = min(most, int(len(self._direct.x) / PER_FEATURE))
        width = min(RIDGES, max(FEWEST, self._most // 4))
        inputs = self._net.layers[0].in_features
        self._first = FirstFeatures(inputs, (width,), 0.0, few=width)
        self._joined: list[int] = []  # blocks of bumps after each step
        self._steps, self._in_vain, self._nearest = 0, 0, np.inf
        self._fit: _Fit | None = None  # once the first features stay

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more step."""
        self._steps += 1
        with self._rule.running():
            trial = self._first.next() if self._fit is None else None
            if trial is not None:
                trial.draw(self._net, self._seed, np.empty((0, self._first.axes)))
                loss = self._new_fit().solve()
                self._first.note(trial, loss)
                return replace(self._rule.report(self._steps, loss), fraction=None)
            fit, done = self._extend()
            step = self._rule.judge(self._steps, fit.loss, done)
            ending = step.done and f"{self._features} features, {step.done}; {self._end(fit)}"
        series = {
            "features": self._features,
            "weights": self._net.size,
            "loss": fit.loss,
            "fresh loss": fit.held_out_loss,
            "kept": self._features,
        }
        share = (self._features / self._most) ** 2
        return replace(step, done=ending, fraction=min(share, 1.0), series=series)

    def state(self) -> State:
        """Return the trials, and what blocks have gained; the network has the rest."""
        mine: State = {
            "steps": self._steps,
            "ridges": np.array([[*f, x] for f, x in self._first.ridges.items()]),
            "in vain": self._in_vain,
            "nearest": self._nearest,
            "joined": np.array(self._joined, dtype=int),
            "stays": int(self._fit is not None),
        }
        return {**mine, **nested(rule=self._rule.state())}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state, the network being as it was."""
        self._steps, self._in_vain = int(state["steps"]), int(state["in vain"])
        self._nearest = float(state["nearest"])
        rows = np.asarray(state["ridges"]).tolist()
        self._first.ridges = {tuple(row[:-1]): row[-1] for row in rows}
        self._rule.restore(part(state, "rule"))
        if int(state["stays"]):
            self._joined = np.asarray(state["joined"], dtype=int).tolist()
            self._fit = self._new_fit()
            self._fit.solve(self._joined)

    def _extend(self) -> "tuple[_Fit, str]":
        """Let the features that stay begin, or a block join them; say why it is the last."""
        if self._fit is None:
            (chosen,) = self._first.chosen
            chosen.draw(self._net, self._seed, np.empty((0, self._first.axes)))
            self._fit = self._new_fit()
        else:
            self._net.grow(*self._fit.bumps(self._next, self._seed))
            self._joined.append(len(self._net.bumps))
        self._net.set(self._net.vector())  # laid out as in a run taken up, to the bit
        self._fit.solve()
        left = self._fit.held_out_loss
        self._in_vain = 0 if left < FALLING**2 * self._nearest else self._in_vain + 1
        self._nearest = min(left, self._nearest)
        return self._fit, self._reason()

    def _reason(self) -> str:
        """Return the reason to draw no further blocks; empty to go on."""
        if self._nearest < LEAST**2:
            return "at the direct solution"
        if self._in_vain >= IN_VAIN:
            return "more would not help between the points"
        return "as many as can be afforded" if self._next < FEWEST else ""

    def _end(self, fit: "_Fit") -> str:
        """Solve for the equations and the direct solution together; return that in words."""
        plain = self._equations.head()
        problem = _Both(plain, fit)
        c, _ = newton(problem, plain.vector(), STEPS)
        plain.set(c)
        rows = problem.residual(c)[: -len(problem.nearness)]
        left = float(torch.linalg.vector_norm(rows))
        return (
            f"{fit.measure() ** 0.5:.1e} away from the direct solution on {self._direct.nodes:,} "
            f"nodes, with {left:.2g} of what following it left of the equations"
        )

    def _new_fit(self) -> "_Fit":
        return _Fit(self._net, self._direct, self._most)

    @property
    def _features(self) -> int:
        return self._net.head.in_features

    @property
    def _next(self) -> int:
        """The number of bumps in the next block."""
        return next_block(self._features, self._most)


class _Fit:
    """A network as it follows a direct solution, some of the points held out.

    Attributes
    ----------
    loss, held_out_loss
        Mean square of the misfits in sizes of the fields, at the points and at those held out.
    """

    def __init__(self, net: MLP, direct: Direct, most: int) -> None:
        is_out = np.arange(len(direct.x)) % HELD_OUT == HELD_OUT - 1
        of = (direct.x, direct.values)
        self.net, self.sizes = net, torch.as_tensor(direct.sizes).to(net.like)
        self.x, self.values = (torch.as_tensor(v[~is_out]).to(net.like) for v in of)
        self._out = tuple(torch.as_tensor(v[is_out]).to(net.like) for v in of)
        self._slopes = direct.slopes[~is_out] * net.half_width.cpu().numpy()
        self._head = SharedHead(net, self.x, self.values, self.sizes, most)
        self.loss = self.held_out_loss = np.nan

    def solve(self, joined: Sequence[int] = ()) -> float:
        """Return the loss of the best head, and have the network at it.

        Parameters
        ----------
        joined
            Of a run taken up, how many blocks of bumps there were after each step.
        """
        for blocks in (0, *joined):
            self._head.take(blocks)
        self._left = self._head.solve()
        self.loss, self.held_out_loss = float(self._left.square().mean()), self.measure()
        return self.loss

    def measure(self) -> float:
        """Return the loss of the network as it is, at the points held out."""
        x, values = self._out
        return float(((self.net(x) - values) / self.sizes).square().mean())

    def rows(self) -> Float[Tensor, "r P"]:
        """Return ``B``: ``|B (c - c_0)|^2`` is what a head leaves more, relative to all misfits."""
        return self._head.rows() / max(float(self._left.norm()), LEAST * len(self.x) ** 0.5)

    def bumps(self, count: int, seed: int) -> list[Bumps]:
        """Return bumps where the network is far from the solution, stretched as that is."""
        rng = np.random.default_rng((seed, len(self.net.bumps)))
        a = self.net.inputs(self.x).cpu().numpy()
        p = chances(self._left.square().sum(1).cpu().numpy())
        new = a[rng.choice(len(p), min(count, len(p)), replace=False, p=p)]
        scales = np.ones_like(new)
        if self.net.embedding is None:  # else its inputs are no coordinates
            scales = stretches(new, a, self._slopes)
        kinds, of = np.unique(scales, axis=0, return_inverse=True)
        counts = np.bincount(of)
        of = np.where(counts[of] < len(LOCAL), counts.argmax(), of)  # a block has both profiles
        parts = [(new[of == k], kinds[k]) for k in np.unique(of)]
        return [own for some, kind in parts for own in bumps_at(self.net, a, some, kind, rng)]


class _Both:
    """A residual and the distance from the direct solution, each relative to what it is at first.

    Attributes
    ----------
    nearness
        Rows that vanish at first.
    """

    n_constants = 0

    def __init__(self, plain: HeadProblem, fit: _Fit) -> None:
        self._plain, self.nearness, self._first = plain, fit.rows(), plain.vector()
        left = float(torch.linalg.vector_norm(plain.residual(self._first)))
        self._unit = max(left, LEAST)

    @property
    def is_linear(self) -> bool:
        """Whether it is affine in the head's weights."""
        return self._plain.is_linear

    def vector(self) -> Float[Tensor, " P"]:
        """Return the head's weights as they are."""
        return self._plain.vector()

    def set(self, c: Float[Tensor, " P"]) -> None:
        """Copy weights of the head into the network."""
        self._plain.set(c)

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return both, one below the other."""
        near = self.nearness @ (c - self._first).to(self.nearness)
        return torch.cat([self._plain.residual(c) / self._unit, near])

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        M, t = self._plain.linearise(c)
        near = self.nearness @ self._first.to(self.nearness)
        return torch.cat([M / self._unit, self.nearness]), torch.cat([t / self._unit, near])
