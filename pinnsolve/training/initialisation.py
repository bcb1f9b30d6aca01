"""First weights: hidden layers drawn at the frequency whose head solve leaves the least.

What a head can reach is decided by the features under it, and those, while untrained, by one
number: the frequency of the first layer. `Drawing` chooses it by the loss that the head
solve then reaches, which costs nothing but the solve.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf, isfinite

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.errors import DivergedError
from pinnsolve.leastsquares.extended import STRIP
from pinnsolve.leastsquares.head import (
    first_look,
    first_look_in_strips,
    is_long,
    least_squares,
)
from pinnsolve.networks.mlp import FREQUENCY, MLP
from pinnsolve.objectives.objective import HeadProblem, InStrips, OfNetwork
from pinnsolve.optimizers.head import Head, loss_of, newton
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part

SKETCHES = 3  # Newton steps that show where a nonlinear problem is heading
WORTH_A_STEP = 0.5  # a loss larger than this share of that before: the sketch is done
STEPS_TO_PARAMETERS = 60  # that may be needed to find unknown parameters
RIDGE = 1e-14  # relative, where conditions repeat one another
STUCK = 0.5  # a loss that Newton's first steps leave larger than this share of it, is
WORTHWHILE = 0.7  # a loss this much smaller is worth another frequency


class Drawing:
    """Draw hidden layers of the frequency whose head solve leaves the smallest loss; solve.

    Doubles, then halves `FREQUENCY` as long as that helps; of frequencies that do equally well
    the lowest is kept, whose features are the smoothest between the nodes. Where parameters are
    unknown, each starts from the best field so far, for Newton's method may fail from others.
    A step is one frequency or, once all are tried, one of the head solve.

    Parameters
    ----------
    objective, budget
        What to lower, and until when.
    seed
        Of the hidden layers.
    """

    def __init__(self, objective: OfNetwork, budget: Budget, seed: int) -> None:
        self._objective, self._budget, self._seed = objective, budget, seed
        self._rule = StoppingRule(budget)
        self._losses: dict[float, float] = {}  # by the frequency, in the order of the trials
        self._heads: dict[float, Float[Tensor, " P"]] = {}
        self._head: Head | None = None

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more frequency, or of one more step of the head solve."""
        frequency = self._next()
        if frequency is None:
            return self._solve()
        with self._rule.running():
            loss = self._attempt(frequency)
            is_last = self._next() is None
            if is_last:
                self._take(best_frequency(self._losses))
            done = self._drawn if is_last and self._is_solved() else ""
        return self._rule.report(len(self._losses), loss, done)

    def state(self) -> State:
        """Return the losses and the head's weights by the frequency, and the head solve."""
        mine: State = {
            "frequencies": np.array(list(self._losses)),
            "losses": np.array(list(self._losses.values())),
            "heads": np.array([c.cpu().numpy() for c in self._heads.values()]),
        }
        head = {} if self._head is None else self._head.state()
        return {**mine, **nested(rule=self._rule.state(), head=head)}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        frequencies, losses = (
            np.asarray(state[name], dtype=float).tolist() for name in ("frequencies", "losses")
        )
        heads = np.array(state["heads"])
        like = self._objective.model.head_vector()
        self._losses = dict(zip(frequencies, losses, strict=True))
        self._heads = {
            f: torch.from_numpy(c).to(like) for f, c in zip(frequencies, heads, strict=True)
        }
        self._rule.restore(part(state, "rule"))
        if frequencies:
            is_over = self._next() is None
            self._take(best_frequency(self._losses) if is_over else frequencies[-1])
        self._head = None
        if head := part(state, "head"):
            self._head = Head(self._objective, self._budget)
            self._head.restore(head)

    def _next(self) -> float | None:
        """Return the frequency to try next; the first alone for features that have none."""
        has_none = not any(net.layers for net in self._objective.model.nets)
        return None if has_none and self._losses else next_frequency(self._losses)

    def _attempt(self, frequency: float) -> float:
        """Return the loss that features of a frequency leave, and have the network at it."""
        net = self._objective.model
        if net.unknowns is None or not self._losses:
            net.draw(self._seed, frequency)
            loss, c = sketch(self._objective)
        else:
            assert isinstance(net, MLP)
            best = min(self._losses, key=lambda f: self._losses[f])
            self._take(best)
            field, trained = net(self._objective.x), self._heads[best][-len(net.unknowns) :]
            net.draw(self._seed, frequency)
            loss, c = _continued(self._objective, field, trained)
        self._losses[frequency], self._heads[frequency] = loss, c
        net.set_head(c)
        return loss

    def _take(self, frequency: float) -> None:
        """Return the network to features that have been tried."""
        self._objective.model.draw(self._seed, frequency)
        self._objective.model.set_head(self._heads[frequency])

    def _is_solved(self) -> bool:
        """Return whether the head's weights found with the features are the best already."""
        size = len(next(iter(self._heads.values())))
        return self._objective.is_linear and not is_long(len(self._objective.value()), size)

    def _solve(self) -> Step:
        """Return the account of one more step of the head solve."""
        if self._head is None:
            self._head = Head(self._objective, self._budget, self._rule.seconds)
        step = self._head.step()
        done = f"{self._drawn}; {step.done}" if step.done else ""
        return replace(step, at=len(self._losses) + step.at, done=done)

    @property
    def _drawn(self) -> str:
        (net, *_) = self._objective.model.nets
        if not net.layers:
            return f"{net.head.in_features} products of waves and polynomials"
        return f"features of frequency {best_frequency(self._losses):g} drawn"


def next_frequency(losses: Mapping[float, float]) -> float | None:
    """Return the frequency to try next; None if there is none that is worth it.

    Parameters
    ----------
    losses
        Those of the frequencies tried so far.
    """
    if not losses:
        return FREQUENCY
    for factor in (2.0, 0.5):
        frequency, best = FREQUENCY * factor, losses[FREQUENCY]
        while losses.get(frequency, inf) < WORTHWHILE * best:
            frequency, best = frequency * factor, losses[frequency]
        if frequency not in losses:
            return frequency
    return None


def best_frequency(losses: Mapping[float, float]) -> float:
    """Return the lowest of the frequencies whose losses are as good as the least."""
    least = min(losses.values())
    return min(f for f, loss in losses.items() if WORTHWHILE * loss <= least)


def sketch(objective: OfNetwork) -> tuple[float, Float[Tensor, " P"]]:
    """Return the loss that the first Newton steps reach, and the head's weights there.

    They start from the zero field. Where a nonlinear problem has no slope there, as radiation
    has none without a temperature, or is not finite, they start from fields that are their sizes;
    and where that is no better, from a field that satisfies the conditions that are linear.
    """
    if objective.is_linear and isinstance(objective, InStrips):
        found = _in_strips(objective)
        if found is not None:
            return found
    problem = objective.head()
    best = inf, objective.model.head_vector()
    for start in _starts(objective, problem):
        first = loss_of(problem, start)
        if not isfinite(first):
            continue
        c, loss = _first_steps(objective, problem, start)
        best = min(best, (loss, c), key=lambda found: found[0])
        if loss < STUCK * first:
            break
    if not isfinite(best[0]):
        raise DivergedError(
            "the equations are not finite for fields that are zero, nor for fields of their size. "
            "Rewrite them, or train with another optimizer first."
        )
    return best


def _in_strips(objective: InStrips) -> tuple[float, Float[Tensor, " P"]] | None:
    """Return the same of a linear problem with so many rows that they are better taken in strips.

    None if they are few, if there are unknown parameters, or if that leads nowhere.
    """
    model = objective.model
    zero, count = model.head_vector(), len(objective.places)
    if count <= STRIP or not is_long(count, len(zero)) or model.unknowns is not None:
        return None
    ends = range(0, count, STRIP)
    each = (objective.head_within(model, slice(k, k + STRIP)).linearise(zero) for k in ends)
    c = first_look_in_strips(each, count, zero.dtype).to(zero)
    losses = []
    for tried in (zero, c):
        model.set_head(tried)
        r = objective.value()
        losses.append(float(r @ r))
    model.set_head(zero)
    return (losses[1], c) if losses[1] < losses[0] else None


def _starts(objective: OfNetwork, problem: HeadProblem) -> Iterator[Float[Tensor, " P"]]:
    """Yield weights of the head from which to try Newton's method."""
    zero = objective.model.head_vector()
    yield zero
    if objective.is_linear:
        return
    yield objective.model.head_of(torch.as_tensor(objective.sizes).to(zero))
    if objective.linear_rows.any():
        yield _meeting(problem, objective.linear_rows, zero)


def _first_steps(
    objective: OfNetwork, problem: HeadProblem, c: Float[Tensor, " P"]
) -> tuple[Float[Tensor, " P"], float]:
    """Return the weights that a few Newton steps lead to, and the loss there.

    Unknown parameters of the equations are held until the field is found that belongs to their
    first values, then let go; where they lead shows late, after many steps.
    """
    unknowns = objective.model.unknowns
    if unknowns is None:
        steps = 1 if objective.is_linear else SKETCHES
        return newton(problem, c, steps, WORTH_A_STEP, solve=first_look)
    c, _ = newton(problem, c, STEPS_TO_PARAMETERS, held=len(unknowns))
    return newton(problem, c, STEPS_TO_PARAMETERS)


def _continued(
    objective: OfNetwork, u: Float[Tensor, "N c"], trained: Float[Tensor, " k"]
) -> tuple[float, Float[Tensor, " P"]]:
    """Return the same as `sketch`, from a field and parameters that other features have found."""
    net, problem = objective.model, objective.head()
    assert isinstance(net, MLP)  # several have no unknown parameters
    c = torch.cat([fitted(net, objective.x, u), trained])
    tries = (
        newton(problem, c, STEPS_TO_PARAMETERS),
        _first_steps(objective, problem, c),
    )
    best, loss = min(tries, key=lambda found: found[1])
    return loss, best


def fitted(net: MLP, x: Float[Tensor, "N d"], u: Float[Tensor, "N c"]) -> Float[Tensor, " q"]:
    """Return the head's weights with which outputs are nearest to values at points."""
    features = net.of_outputs(*(image.features(x) for image in net.images()))
    fits = [
        least_squares(torch.cat([values, constant.expand(len(values), 1)], 1), wanted, u.dtype)
        for values, constant, wanted in zip(features, net.constant, u.mT, strict=True)
    ]
    return torch.cat([*(fit[:-1] for fit in fits), *(fit[-1:] for fit in fits)]).to(u)


def _meeting(
    problem: HeadProblem, rows: Bool[Tensor, " R"], zero: Float[Tensor, " P"]
) -> Float[Tensor, " P"]:
    """Return the least weights that satisfy some rows, linear ones."""
    M, t = problem.linearise(zero)
    M, t = M[rows], t[rows]
    gram = M @ M.mT
    gram.diagonal().add_(RIDGE * gram.diagonal().sum())
    factor, _ = torch.linalg.cholesky_ex(gram)
    y = torch.cholesky_solve((t - M @ zero.to(M))[:, None], factor)[:, 0]
    return zero + (M.mT @ y).to(zero)
