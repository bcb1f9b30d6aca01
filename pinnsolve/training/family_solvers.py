"""Two ways to the weights between the features and the branch of a family.

Together: a branch of products is given, and steps are taken on the weights of all problems at once,

    C ← C - A⁺ R(C) Ψ⁺ᵀ,

with the slopes ``A`` in the mean over the functions. One by one: the head of each problem is found
by Newton's method with slopes of its own (`pinnsolve.objectives.family_steps`), for as many side by
side as are wanted in a step, and the branch from these (`pinnsolve.networks.regression`).
"""

from collections.abc import Sequence
from math import ceil, inf, isfinite

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.leastsquares.two_sided import Factor
from pinnsolve.networks.branch import Branch, products
from pinnsolve.networks.regression import regressed
from pinnsolve.objectives.family import AT_ONCE, FamilyHead
from pinnsolve.objectives.family_steps import stepped
from pinnsolve.process import State

MUCH = 1e-2  # of the loss before, which Newton's method should not leave
PAYS = 0.9  # a step that leaves more of the loss than this no longer does
PARTS = 8  # of the functions, which are solved for in a step each, at least
FEWEST = 2  # functions from which a branch can be found


class Together:
    """Steps on all functions at once.

    Parameters
    ----------
    full
        The residuals of all problems.
    codes
        Of each input in turn.
    factor
        Of the rows by the head where there is nothing yet; None to make it.
    branch
        The branch; None for products.
    """

    def __init__(
        self,
        full: FamilyHead,
        codes: Sequence[Float[np.ndarray, "M _"]],
        factor: Factor | None,
        branch: Branch | None = None,
    ) -> None:
        like = full.head.vector()
        self.full = full
        self._branch = branch or products(codes, is_linear=full.is_affine)
        self._psi = torch.as_tensor(self._branch(codes)).to(like)
        self._right, self._factor = Factor.of(self._psi), factor
        self._C = like.new_zeros(len(like), self._psi.shape[1])
        self._loss, self._residual = inf, like.new_zeros(0)
        self.reason = ""

    def loss(self) -> float:
        """Return the loss so far."""
        if not len(self._residual):
            self._residual = self.full.residual(self._C, self._psi)
            self._loss = mean_square(self._residual)
        return self._loss

    def step(self) -> float:
        """Take a step; return the loss after it."""
        self.loss()
        if self._factor is None:
            self._factor = Factor.of(self.full.slopes(self._C, self._psi))
        change = self._factor.solve(self._right.solve(self._residual.mT).mT)
        new = self._C - change
        r = self.full.residual(new, self._psi)
        loss = mean_square(r)
        is_spent = not loss <= PAYS * self._loss
        if loss < self._loss:
            self._C, self._residual, self._loss = new, r, loss
        if self.full.is_affine:
            self.reason = "the weights are optimal"
        elif is_spent:
            self.reason = "further steps do not pay"
        return self._loss

    def found(self) -> tuple[Branch, Float[np.ndarray, "P K"]]:
        """Return the branch, and the weights found so far."""
        return self._branch, self._C.cpu().numpy()

    def state(self) -> State:
        """Return the weights."""
        return {"weights": self._C.cpu().numpy()}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._C = torch.as_tensor(np.asarray(state["weights"])).to(self._C)


class OneByOne:
    """Steps that each solve some of the problems.

    Parameters
    ----------
    full
        The residuals of all problems.
    codes
        Of each input in turn.
    values
        What heads make values of fields with, at some points.
    iterations
        Of Newton's method, for each problem.
    """

    def __init__(
        self,
        full: FamilyHead,
        codes: Sequence[Float[np.ndarray, "M _"]],
        values: Float[np.ndarray, "n P"],
        iterations: int,
    ) -> None:
        self.full, self._codes, self._values = full, codes, values
        self._iterations = iterations
        like = full.head.vector()
        self._heads = like.new_zeros(len(like), 0)
        self._left = like.new_zeros(0)  # of the loss of each
        self._known: tuple[Branch, Float[np.ndarray, "P K"]] | None = None
        self.reason = ""

    def step(self) -> float:
        """Solve some more problems; return the mean loss of those solved, or at last of all."""
        done, count = self._heads.shape[1], len(self.full)
        if done < count:
            size = max(1, min(ceil(count / PARTS), AT_ONCE // self.full.rows))
            group = self.full.some(done, min(done + size, count))
            self._solve(group)
            done = self._heads.shape[1]
        if done < count:
            return float(self._left.mean())
        branch, C = self.found()
        psi = torch.as_tensor(branch(self._codes)).to(self._heads)
        self.reason = self._told()
        return mean_square(self.full.residual(torch.as_tensor(C).to(psi), psi))

    def _solve(self, group: FamilyHead) -> None:
        nothing = self._heads.new_zeros(len(self._heads), len(group))
        heads = stepped(group, nothing, self._iterations, is_each=True)
        one = torch.eye(len(group)).to(heads)
        left = group.residual(heads, one).square().sum(0)
        self._heads = torch.cat([self._heads, heads], 1)
        self._left = torch.cat([self._left, left])
        self._known = None

    def _told(self) -> str:
        """Return the reason to stop: all is known, or Newton's method has failed."""
        first = self.full.some(0, len(self._left))
        nothing = torch.zeros_like(self._heads[:, :1])
        before = first.residual(nothing, nothing.new_ones(len(self._left), 1)).square().sum(0)
        failed = int((~(self._left <= MUCH * before)).sum())
        if failed:
            return f"Newton's method has not converged for {failed} of {len(self._left)} functions"
        return "all functions are solved for"

    def found(self) -> tuple[Branch, Float[np.ndarray, "P K"]]:
        """Return the branch, and its weights, from the functions that are solved for so far."""
        if self._known is None:
            heads = self._heads.cpu().numpy()
            some = [own[: heads.shape[1]] for own in self._codes]
            if heads.shape[1] < FEWEST or not np.isfinite(heads).all():
                empty = products(self._codes, is_linear=True)
                self._known = empty, np.zeros((len(heads), empty.size))
            else:
                told = regressed(some, heads, self._values)
                self._known = told.branch, told.C
        return self._known

    def state(self) -> State:
        """Return the heads found so far, and what they leave."""
        return {"heads": self._heads.cpu().numpy(), "left": self._left.cpu().numpy()}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        heads, left = (np.asarray(state[name]) for name in ("heads", "left"))
        self._heads, self._left = (torch.as_tensor(own).to(self._heads) for own in (heads, left))
        self._known = None


def has_stalled(loss: float, before: float) -> bool:
    """Return whether steps have left so much of a loss that it is no solution."""
    return not isfinite(loss) or loss > MUCH * before


def mean_square(r: Float[Tensor, "R M"]) -> float:
    """Return the mean over the problems of the sum of squares of a residual."""
    return float((r * r).sum()) / r.shape[1]
