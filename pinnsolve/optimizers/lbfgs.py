"""L-BFGS in compact form, with a line search for the strong Wolfe conditions.

The last ``m`` steps ``s`` and changes of the gradient ``y``, both divided by ``sqrt(s . y)``, are
the rows of ``S`` and ``Y``. With ``R`` the upper triangle (in order of age) of ``S Y^T``,

    H g = gamma g + S^T u - gamma Y^T w,
    w = R^-1 S g,    u = R^-T (w + gamma (Y Y^T w - Y g)),    gamma = 1 / (y . y),

so a direction costs two passes over the history instead of a loop over its pairs: products with
``g``, whose differences are those with ``y``, and a sum of pairs. ``R^-1`` and ``Y Y^T`` grow by
one column a step; to drop the oldest pair is to delete its row and column, so neither a
factorisation nor an order of the rows is ever needed. Source: Byrd, Nocedal & Schnabel
(1994), Representations of quasi-Newton matrices, doi:10.1007/BF01582063.

The line search keeps a bracket ``[lo, hi]`` and needs one evaluation at a time, so that a step of
the whole method is one evaluation followed by arithmetic without branches, in place: nothing is
read back from the device between two looks at the clock, and steps can be replayed. Near the limit
of the precision, where losses can no longer be compared, slopes decide. Source: Lewis & Overton
(2013), doi:10.1007/s10107-012-0514-2, for the bracket; Hager & Zhang (2005),
doi:10.1137/030601880, for the limit.
"""

from collections import deque
from math import inf
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.objectives.capture import repeated
from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

RUN = 10  # evaluations between two looks at the clock
HISTORY = 100  # pairs kept; steps become fewer and dearer with more of them
DECREASE, CURVATURE = 1e-4, 0.9  # the constants of the Wolfe conditions
NOISE = 1e5  # rounding errors, since residuals cancel, within which a loss counts as no larger
PATIENCE = 6  # looks, of which one must find the loss lowered
MOST_TRIALS = 20  # evaluations along one direction
MARGIN = 0.1  # of a bracket, within which the next trial is not made
STRETCH = 2.0, 10.0  # of a step that was too short
NO_STEP = "no step along the search direction lowers the loss"


class LBFGS:
    """Lower the loss by quasi-Newton steps, a run of evaluations at a time."""

    @torch.no_grad()
    def __init__(self, objective: Objective, budget: Budget) -> None:
        self._budget, self._rule = budget, StoppingRule(budget)
        with self._rule.running():
            self._descent = Descent(objective)
        self._done, self._is_restarted = 0, True
        self._least = deque([inf], maxlen=PATIENCE)

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of a run of evaluations."""
        with self._rule.running():
            for _ in range(min(RUN, self._budget.iterations - self._done)):
                self._descent.evaluate()
            iteration, trials, loss = self._descent.look()
        if iteration > self._done:
            self._done, self._is_restarted = iteration, False
            self._least.append(min(loss, self._least[-1]))
            is_stuck = self._least[-1] >= self._least[0]
            return self._rule.judge(iteration, loss, NO_STEP if is_stuck else "")
        if trials < MOST_TRIALS:
            return self._rule.report(iteration, loss)
        if self._is_restarted:
            return self._rule.judge(iteration, loss, NO_STEP)
        self._descent.restart()
        self._is_restarted = True
        return self._rule.report(iteration, loss)

    def state(self) -> State:
        """Return the descent, and the least losses of the last looks."""
        mine: State = {
            "done": self._done,
            "is_restarted": int(self._is_restarted),
            "least": np.array(self._least),
        }
        return {**mine, **nested(rule=self._rule.state(), descent=self._descent.state())}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._done, self._is_restarted = int(state["done"]), bool(state["is_restarted"])
        self._least = deque(np.asarray(state["least"], dtype=float).tolist(), maxlen=PATIENCE)
        self._rule.restore(part(state, "rule"))
        self._descent.restore(part(state, "descent"))


class Descent:
    """A point, a direction from it, and what is known of the loss along that direction.

    Parameters
    ----------
    objective
        What to lower; from `evaluate` to `look` its model is at the last trial.

    Attributes
    ----------
    evaluate
        Tries one step: goes there and chooses the next direction, or narrows the bracket.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._x = objective.model.vector().clone()
        loss, g = objective.gradient()
        self._f, self._g = loss.double().clone(), g.clone()
        self._iterations = self._f.new_zeros((), dtype=torch.int64)
        self._history, self._d = History(self._x, HISTORY), torch.empty_like(g)
        self._m, self._t = torch.empty_like(self._f), torch.empty_like(self._f)
        self._ends = bracket(self._f, self._m)
        self._trials = torch.zeros_like(self._iterations)
        self.restart()
        tensors = [*self._tensors().values(), *self._history.tensors().values()]
        self.evaluate = repeated(objective, self._evaluate, tensors)

    def state(self) -> State:
        """Return the point, the direction, the bracket and the history, as of the last look."""
        return {**arrays(**self._tensors()), **nested(history=self._history.state())}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        refill(self._tensors(), state)
        self._history.restore(part(state, "history"))
        self._objective.model.set(self._x.clone())

    def _tensors(self) -> dict[str, Tensor]:
        return {
            "x": self._x,
            "f": self._f,
            "g": self._g,
            "d": self._d,
            "m": self._m,
            "t": self._t,
            "ends": self._ends,
            "trials": self._trials,
            "iterations": self._iterations,
        }

    def restart(self) -> None:
        """Forget the history and go down the gradient."""
        self._history.forget()
        self._d.copy_(-self._g)
        self._m.copy_(torch.dot(self._g, self._d))
        self._t.copy_((1 / self._g.abs().sum().double()).clamp(max=1))
        self._ends.copy_(bracket(self._f, self._m))
        self._trials.zero_()

    def look(self) -> tuple[int, int, float]:
        """Bring the model to the point; return iterations, trials since the last, and loss."""
        self._objective.model.set(self._x.clone())
        iterations, trials, loss = torch.stack([self._iterations, self._trials, self._f]).tolist()
        return int(iterations), int(trials), loss

    def _evaluate(self) -> None:
        """Try one step, in place: go there and choose the next direction, or narrow the bracket."""
        x = self._x + self._t * self._d
        self._objective.model.set(x)
        loss, g = self._objective.gradient()
        f, m = loss.double(), torch.dot(g, self._d).double()
        low = is_low(self._t, f, m, self._f, self._m, NOISE * torch.finfo(x.dtype).eps)
        taken = low & (m.abs() <= -CURVATURE * self._m)
        ends = narrowed(self._ends, torch.stack([self._t, f, m]), low & (m < 0))

        s_y = self._t * (m - self._m)
        d = -self._history.learn_and_apply(x - self._x, g - self._g, s_y, g, taken)
        slope = torch.dot(d, g).double()
        # but for rounding every direction goes down
        d, slope = torch.where(slope < 0, d, -g), torch.where(slope < 0, slope, -torch.dot(g, g))
        found = [
            (own, torch.where(taken, new, old))
            for own, new, old in (
                (self._x, x, self._x),
                (self._g, g, self._g),
                (self._d, d, self._d),
                (self._f, f, self._f),
                (self._m, slope, self._m),
                (self._t, 1.0, next_trial(ends, self._m)),
                (self._trials, 0, self._trials + 1),
                (self._ends, bracket(f, slope), ends),
            )
        ]
        for own, value in found:
            own.copy_(value)
        self._iterations += taken


Ends: TypeAlias = Float[Tensor, "2 3"]  # of a bracket: step, loss, slope of the shorter, the longer


def bracket(f: Float[Tensor, ""], m: Float[Tensor, ""]) -> Ends:
    """Return the half-line in front of a point with loss ``f`` and slope ``m``."""
    zero = torch.zeros_like(f)
    return torch.stack([zero, f, m, zero + inf, f, m]).view(2, 3)


def is_low(
    t: Float[Tensor, ""],
    f: Float[Tensor, ""],
    m: Float[Tensor, ""],
    f_0: Float[Tensor, ""],
    m_0: Float[Tensor, ""],
    noise: float,
) -> Bool[Tensor, ""]:
    """Return whether a step has lowered the loss enough, or as far as can be told.

    Parameters
    ----------
    t, f, m
        The step, the loss and the slope there.
    f_0, m_0
        Loss and slope before the step.
    noise
        Relative error of a loss.
    """
    enough = f <= f_0 + DECREASE * t * m_0
    level = (f <= f_0 + noise * f_0) & (m <= (2 * DECREASE - 1) * m_0)
    return (enough | level) & m.isfinite()


def narrowed(ends: Ends, trial: Float[Tensor, "3"], short: Bool[Tensor, ""]) -> Ends:
    """Return the bracket with the trial as its shorter end, or else its longer one."""
    return torch.where(torch.stack([short, ~short])[:, None], trial, ends)


def next_trial(ends: Ends, m_0: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """Return the next trial in a bracket: at the minimum of the cubic through its ends.

    Without a longer end, where the slope, which was ``m_0`` at first, extrapolates to zero.
    """
    lo, f_lo, m_lo, hi, f_hi, m_hi = ends.flatten().unbind()
    width = hi - lo
    a = 3 * (f_lo - f_hi) / width + m_lo + m_hi
    b = (a * a - m_lo * m_hi).clamp(min=0).sqrt()
    cubic = hi - width * (m_hi + b - a) / (m_hi - m_lo + 2 * b)
    cubic = torch.where(cubic.isfinite(), cubic, lo + width / 2)
    inside = cubic.clamp(lo + MARGIN * width, hi - MARGIN * width)
    stretch = torch.where(m_lo > m_0, m_0 / (m_0 - m_lo), STRETCH[1]).clamp(*STRETCH)
    return torch.where(hi.isfinite(), inside, stretch * lo)


class History:
    """An approximate inverse of the Hessian matrix, learnt from steps and changes of gradient.

    Parameters
    ----------
    like
        A vector of the size, precision and device that all have.
    size
        Number of pairs kept, ``m``.
    """

    def __init__(self, like: Float[Tensor, " P"], size: int) -> None:
        self._size = size
        self._pairs = like.new_zeros(2 * size, len(like))  # the rows of S, then those of Y
        # the small matrices lose nothing to rounding, whatever the precision of the pairs
        small = like.new_zeros(size, size, dtype=torch.float64)
        self._inverse, self._gram = small, small.clone()  # R^-1 and Y Y^T
        self._gamma = small.new_ones(())
        self._products = small.new_zeros(2 * size)  # of all pairs with the last gradient
        self._zero = small.new_zeros(())
        self._slot = torch.zeros(1, dtype=torch.int64, device=like.device)  # of the next pair

    def state(self) -> State:
        """Return the pairs, and what has been computed from them."""
        return arrays(**self.tensors())

    def restore(self, state: State) -> None:
        """Continue from a state."""
        refill(self.tensors(), state)

    def forget(self) -> None:
        """Return to a history without pairs."""
        for tensor in self.tensors().values():
            tensor.zero_()
        self._gamma.fill_(1)

    def tensors(self) -> dict[str, Tensor]:
        """Return the pairs, and what has been computed from them, by name."""
        return {
            "pairs": self._pairs,
            "inverse": self._inverse,
            "gram": self._gram,
            "gamma": self._gamma,
            "products": self._products,
            "slot": self._slot,
        }

    def learn_and_apply(
        self,
        s: Float[Tensor, " P"],
        y: Float[Tensor, " P"],
        s_y: Float[Tensor, ""],
        g: Float[Tensor, " P"],
        sound: Bool[Tensor, ""],
    ) -> Float[Tensor, " P"]:
        """Put a pair in the place of the oldest; return the approximate inverse times a vector.

        Parameters
        ----------
        s, y
            A step and the change of the gradient over it.
        s_y
            Their inner product.
        g
            The gradient after the step, whose products with all pairs tell those of ``y``.
        sound
            Whether the pair is to be kept; else its place stays empty, and the products with
            ``g`` are forgotten.
        """
        k, m = self._slot, self._size
        scale = s_y.rsqrt()
        pair = torch.where(sound, torch.stack([s, y]) * scale, self._zero).to(s)
        self._pairs.index_copy_(0, torch.cat([k, k + m]), pair)
        products = (self._pairs @ g).double()
        column, gram = torch.where(sound, (products - self._products) * scale, self._zero).view(
            2, m
        )
        length = torch.dot(pair[1], pair[1]).double()
        gram = gram.index_copy(0, k, length[None])
        self._gram.index_copy_(0, k, gram[None]).index_copy_(1, k, gram[:, None])
        self._inverse.index_fill_(0, k, 0).index_fill_(1, k, 0)
        column = (self._inverse @ column).neg_().index_copy_(0, k, sound.double()[None])
        self._inverse.index_copy_(1, k, column[:, None])
        self._gamma.copy_(torch.where(sound, 1 / length, self._gamma))
        self._products.copy_(torch.where(sound, products, self._products))
        self._slot.copy_((k + sound) % m)
        return self._times(g, products)

    def _times(self, g: Float[Tensor, " P"], products: Float[Tensor, " M"]) -> Float[Tensor, " P"]:
        """Return the approximate inverse times a vector, given its products with all pairs."""
        gamma = self._gamma
        p, q = products.view(2, self._size)
        w = self._inverse @ p
        u = self._inverse.mT @ (w + gamma * (self._gram @ w - q))
        return gamma.to(g) * g + self._pairs.mT @ torch.cat([u, -gamma * w]).to(g)
