"""Training slab after slab of time, each handing its end over to the next.

Every slab is a training of its own, by the same schedule; it begins from the network of the one
before. Newton's method starts from the best of some continuations: what the last slab has seen,
seen again, and its end going on at the pace that it had there, or by Taylor polynomials of all
degrees where features are polynomials in time. See `pinnsolve.conditions.slabs`.

Where their number is left open, slabs are as long as the residual allows. One whose residual at
*fresh* points is above `SMALL` is trained anew at half its length, unless that has left more than
`PAYS` of it before, `PATIENCE` times in a row: then it is not time that is resolved too coarsely,
and the residual need not be smaller from there on. A residual that is as large as what is sought
says nothing of that. After a slab whose residual is far below, or some that were good enough, the
next is twice as long; if that is too long, more of them have to be before it is tried again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import identity, partial
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.waves import Waves
from pinnsolve.objectives.objective import Objective, OfNetwork
from pinnsolve.optimizers.head import loss_of
from pinnsolve.process import State, Step, nested, part
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.slabs import Slabs
from pinnsolve.training.initialisation import fitted
from pinnsolve.training.phases import Training

HALVINGS = 8  # of the longest slab, at most
SMALL = 1e-5  # residual, relative to that of fields that vary as fast as the domain lets them
PAYS = 0.5  # of the residual: a slab of half the length that leaves more does not pay
PATIENCE = 2
LARGE = 0.1  # residual at which nothing is resolved yet
EASY = 1e-2  # of what is small: with so little the next slab is twice as long
CALM = 4  # slabs that were good enough: after so many, or twice as many, the next is, too
AGAIN = 2.0  # times the residual that shorter slabs do not lower, which is taken for small


@dataclass(frozen=True)
class Slab:
    """The training of a slab of time.

    Attributes
    ----------
    training
        The training.
    left
        Measures the residual at fresh points.
    """

    training: Training[Fields]
    left: Callable[[], float]


@dataclass(frozen=True)
class Making:
    """How slabs are made.

    Attributes
    ----------
    time
        When the first begins and the last ends.
    begin
        A slab, from when it begins and ends, and the fields of the one before.
    read
        The fields of a slab, from when it begins and ends and their state.
    """

    time: tuple[float, float]
    begin: Callable[[tuple[float, float], Fields | None], Slab]
    read: Callable[[tuple[float, float], State], Fields]


class InSlabs:
    """The trainings of all slabs, one after the other, as a process.

    Parameters
    ----------
    making
        How they are made.
    count
        How many there are, all of the same length.
    is_open
        Whether that is merely the number of the longest there may be.
    """

    def __init__(self, making: Making, count: int, *, is_open: bool = False) -> None:
        self._making, self._is_open = making, is_open
        self._longest = 2**HALVINGS if is_open else 1
        self._whole = count * self._longest  # time is counted in the shortest slabs there may be
        self._ends = [0]  # when the first slab begins, and when each of those that are done ends
        self._parts: tuple[Fields, ...] = ()
        self._length = self._longest  # of the present slab
        self._tried = inf  # the least residual that was left at greater lengths
        self._unpaid = 0  # times that half the length has not lowered it
        self._calm, self._wait = 0, CALM  # slabs of the same length, and of how many twice is tried
        self._floor = 0.0  # the residual that shorter slabs have not lowered
        self._slab: Slab | None = None  # once it has begun

    def step(self) -> Step:
        """Return the account of one more step of the present slab's training."""
        slab, done = self._present(), len(self._parts)
        step = slab.training.step()
        if self._is_over:
            return step
        step = replace(step, fraction=self._share(step), note=self._note)
        if not step.done:
            return step
        name, self._slab = f"slab {done + 1}", None
        left = slab.left() if self._is_open else 0.0
        if self._is_rough(left):
            self._unpaid = 0 if self._has_paid(left) else self._unpaid + 1
            self._length, self._tried = self._length // 2, min(left, self._tried)
            self._calm, self._wait = 0, CALM if self._calm else 2 * self._wait
            return replace(step, done="", ended=f"{name}, too long: {step.ended}")
        self._parts = (*self._parts, slab.training.answer())
        self._ends.append(self._ends[-1] + self._length)
        self._go_on(left)
        if self._is_over:
            self._slab = slab
            return replace(step, ended=f"{name}: {step.ended}")
        return replace(step, done="", ended=f"{name}: {step.ended}")

    def answer(self) -> Fields:
        """Return the fields of all slabs so far, that of the present one as it is."""
        parts, ends = self._parts, [self._instant(k) for k in self._ends]
        if not self._is_over and (not parts or self._slab is not None):
            parts = (*parts, self._present().training.answer())
            ends.append(self._instant(self._ends[-1] + self._length))
        return Slabs(parts, tuple(ends))

    def state(self) -> State:
        """Return the fields of the slabs that are done, and the training of the present one."""
        mine: State = {
            "ends": np.array(self._ends),
            "length": self._length,
            "tried": self._tried,
            "unpaid": self._unpaid,
            "calm": self._calm,
            "wait": self._wait,
            "floor": self._floor,
        }
        done = {str(k): own.state() for k, own in enumerate(self._parts)}
        training = {} if self._slab is None else self._slab.training.state()
        return {**mine, **nested(**done, training=training)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._ends = np.asarray(state["ends"], dtype=int).tolist()
        self._length, self._unpaid = int(state["length"]), int(state["unpaid"])
        self._tried, self._floor = float(state["tried"]), float(state["floor"])
        self._calm, self._wait = int(state["calm"]), int(state["wait"])
        slabs = enumerate(pairwise(map(self._instant, self._ends)))
        self._parts = tuple(self._making.read(time, part(state, str(k))) for k, time in slabs)
        self._slab = None
        if training := part(state, "training"):
            self._present().training.restore(training)

    def _is_rough(self, left: float) -> bool:
        """Return whether the present slab is to be trained anew at half its length."""
        if left <= max(SMALL, AGAIN * self._floor) or self._length == 1:
            return False
        return self._has_paid(left) or self._unpaid + 1 < PATIENCE

    def _has_paid(self, left: float) -> bool:
        """Return whether halving the slab has lowered its residual, or it is too soon to tell."""
        return left <= PAYS * self._tried or left > LARGE

    def _go_on(self, left: float) -> None:
        """Choose the length of the next slab by the residual that is left in this one."""
        does_not_pay = left > max(SMALL, AGAIN * self._floor)
        self._floor = left if does_not_pay else min(self._floor, left)
        self._calm += 1
        if does_not_pay or left < EASY * SMALL or self._calm >= self._wait:
            self._length, self._calm = min(2 * self._length, self._longest), 0
        self._length = min(self._length, self._whole - self._ends[-1])
        self._tried, self._unpaid = inf, 0

    @property
    def _is_over(self) -> bool:
        """Whether all slabs are done."""
        return self._ends[-1] == self._whole

    @property
    def _note(self) -> str:
        """Which slab this is."""
        number = len(self._parts) + 1
        if not self._is_open:
            return f"slab {number} of {self._whole}"
        return f"slab {number}, from t = {self._instant(self._ends[-1]):.4g}"

    def _share(self, step: Step) -> float | None:
        """Return the part of all time that is done."""
        if step.fraction is None:
            return None
        return (self._ends[-1] + self._length * step.fraction) / self._whole

    def _instant(self, at: int) -> float:
        """Return the time that a number of the shortest slabs takes."""
        begin, end = self._making.time
        return begin + (end - begin) * (at / self._whole)

    def _present(self) -> Slab:
        """Return the present slab, or the last if all are done."""
        if self._slab is None:
            parts, ends = self._parts, self._ends
            if self._is_over:
                parts, ends = parts[:-1], ends[:-1]
            to = self._whole if self._is_over else ends[-1] + self._length
            time = self._instant(ends[-1]), self._instant(to)
            self._slab = self._making.begin(time, parts[-1] if parts else None)
        return self._slab


@torch.no_grad()
def residual_of(objective: Objective) -> float:
    """Return the norm of a residual, infinite if it is not finite."""
    left = float(torch.linalg.vector_norm(objective.value()))
    return left if isfinite(left) else inf


@torch.no_grad()
def follow(objective: OfNetwork, last: MLP, start: float) -> None:
    """Let a network begin from that of the slab before, by the continuation that leaves the least.

    Parameters
    ----------
    objective
        Of the slab that begins, its network of the same form.
    last
        The network of the slab before.
    start
        When the one ends and the other begins.
    """
    (net,) = objective.model.nets
    net.set(last.vector().clone())
    problem = objective.head()
    tries = [problem.vector()]  # what the last slab has seen, seen again
    if isinstance(net.embedding, Waves):
        tries += _by_taylor(net.embedding, last, float(net.half_width[-1] / last.half_width[-1]))
    else:
        tries.append(_at_its_pace(net, objective.x, last, start))
    problem.set(min(tries, key=lambda c: loss_of(problem, c)))


def _by_taylor(waves: Waves, last: MLP, ratio: float) -> list[Float[Tensor, " q"]]:
    """Return weights of the head that continue its end by Taylor polynomials of all degrees."""
    c, bias = last.head.weight, last.head.bias
    first = int(waves.has_constant)
    found = waves.onward(torch.cat([bias[:, None], c], 1) if first else c, ratio)
    return [
        torch.cat([own[:, first:].flatten(), own[:, 0] if first else torch.zeros_like(bias)])
        for own in found
    ]


def _at_its_pace(net: MLP, x: Float[Tensor, "N D"], last: MLP, start: float) -> Float[Tensor, " q"]:
    """Return weights of the head with which the end goes on at the pace that it had there."""
    at_end = torch.cat([x[:, :-1], torch.full_like(x[:, -1:], start)], 1)
    value, pace = identity(x.shape[1]), partial([0] * (x.shape[1] - 1) + [1])
    seen = derivatives(last, at_end, [value, pace])
    return fitted(net, x, seen[value] + (x[:, -1:] - start) * seen[pace])
