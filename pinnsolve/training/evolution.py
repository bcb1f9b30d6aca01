"""Initial values fitted, then the weights of the networks carried through time, as a process.

Each step is one of an embedded Runge-Kutta method for the weights (`pinnsolve.timestepping`), whose
rates are least-squares solutions at points (`pinnsolve.objectives.velocity`), or an implicit one of
the values at the points (`pinnsolve.objectives.implicit`). Its error counts in
the norm of the solution at these points: weights themselves mean nothing. Where steps collapse, the
regularization is raised until they do not, and eased again later. Steps end at the instants at
which the solution is written.

What the weights leave of the equations is measured in every step at as many points as it has seen,
and that they have not. As ``|e(T)| <= |e(0)| + int |residual| dt`` where nothing is amplified, it
also tells what has been lost.

A fit to what the networks have become (a restart) replaces ill-conditioned weights by others. It
costs its own error, so that it pays where it takes more off the residual of the time that is left.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf, isfinite, nan

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions.resampling import Places
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.implicit import Implicit
from pinnsolve.objectives.outputs import Output
from pinnsolve.objectives.path_fields import Path, PathFields
from pinnsolve.objectives.pool import Pool
from pinnsolve.objectives.velocity import Velocity
from pinnsolve.problem.schema.evolution import Evolution
from pinnsolve.process import State, Step, nested, part
from pinnsolve.solution.fields import Fields
from pinnsolve.timestepping.embedded import PAIRS
from pinnsolve.timestepping.embedded import factor as grown
from pinnsolve.training.fitting import fit
from pinnsolve.training.ledger import PER_WEIGHT, Ledger, beyond
from pinnsolve.training.phases import Training

FIRST = 1e-2  # of the time, or less: the first step
SHORTEST = 1e-7  # of the time: a step below is none
COLLAPSED = 4  # steps in a row that are too long, before the regularization is raised
SLOW = 1e-4  # of the time: steps below raise it, too
RAISED, RAISED_SLOWLY, EASED = 10.0, 2.0, 0.5
LEAST, MOST_RAISED = 1e-14, 1e-3  # regularization
MOST_RESTARTS = 20  # of their own accord
IMPLICIT = 3  # order with which errors of implicit steps fall
STILL = 1e-2  # of the state, by the time there is: rates below count as that


class Evolving:
    """The evolution of the weights of some networks.

    Parameters
    ----------
    velocity
        The networks and their rates.
    initial
        The outputs of all networks at the beginning, from points.
    pool
        Of points.
    settings
        The section of the problem file.
    times
        Instants at which steps end.
    seed
        Of the weights.
    """

    def __init__(
        self,
        velocity: Velocity,
        initial: Callable[[Float[ndarray, "N d"]], Float[ndarray, "s N"]],
        pool: Pool,
        settings: Evolution,
        times: Float[ndarray, " K"],
        seed: int,
    ) -> None:
        self._velocity, self._initial, self._pool = velocity, initial, pool
        self._settings, self._times, self._seed = settings, times, seed
        self._pair = PAIRS.get(settings.integrator)  # None of an implicit method
        self._mu = max(settings.regularization, LEAST)
        self._t, self._h = float(times[0]), FIRST * float(times[-1] - times[0])
        self._fitted = 0  # networks that have been fitted, of this fit
        self._fits = 0  # how many there have been
        self._training: Training[MLP] | None = None
        self._theta: Tensor = velocity.vector()
        self._rates: Tensor | None = None
        self._count, self._rejected = 0, 0  # steps tried, and of these in a row too long
        self._path: list[tuple[float, ndarray, ndarray]] = []
        self._ledger = Ledger(len(velocity.states))

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more step of a fit, or in time."""
        if self._fitted < len(self._velocity.nets):
            return self._fit()
        return self._advance()

    def answer(self) -> Fields:
        """Return the fields up to now; later they stay as they are."""
        velocity = self._velocity
        own = [i for i, (_, order) in enumerate(velocity.states) if not order]
        ends = np.cumsum([0, *velocity.sizes])
        columns = np.concatenate([np.arange(ends[i], ends[i + 1]) for i in own])
        still = (self._t, velocity.vector().cpu().numpy(), np.zeros(velocity.size))
        rows = self._path or [still]
        times, weights, rates = (np.array(values) for values in zip(*rows, strict=True))
        path = Path(times, weights[:, columns], rates[:, columns])
        return PathFields.of([Output(velocity.nets[i]) for i in own], velocity.ansatz, path)

    @property
    def reached(self) -> float:
        """The last instant at which the state and its rates are good."""
        return self._path[-1][0] if self._path else float(self._times[0])

    @property
    def lost(self) -> Float[ndarray, " s"]:
        """What fits and steps have lost of each component of the state, relative to it now.

        Not a number before there is a fit.
        """
        if not self._fits:
            return np.full(len(self._velocity.states), nan)
        return self._ledger.lost / np.maximum(self._norms(self._pool.fresh, self._theta), 1e-300)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts about what the points have told."""
        return self._ledger.warnings(self._pool.count, max(self._velocity.sizes))

    def state(self) -> State:
        """Return the weights, their path, the step, and a fit that is going on."""
        mine: State = {
            "t": self._t,
            "h": self._h,
            "mu": self._mu,
            "fitted": self._fitted,
            "fits": self._fits,
            "count": self._count,
            "rejected": self._rejected,
            "theta": self._theta.cpu().numpy().copy(),
            "now": self._velocity.vector().cpu().numpy(),
            "rates": np.zeros(0) if self._rates is None else self._rates.cpu().numpy().copy(),
            "times": np.array([row[0] for row in self._path]),
            "weights": np.array([row[1] for row in self._path]),
            "paces": np.array([row[2] for row in self._path]),
        }
        training = {} if self._training is None else self._training.state()
        return {**mine, **nested(ledger=self._ledger.state(), training=training)}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._t, self._h, self._mu = (float(state[name]) for name in ("t", "h", "mu"))
        self._fitted, self._fits = int(state["fitted"]), int(state["fits"])
        self._count, self._rejected = int(state["count"]), int(state["rejected"])
        self._ledger.restore(part(state, "ledger"))
        like = self._theta
        self._theta = torch.tensor(np.array(state["theta"])).to(like)
        rates = np.array(state["rates"])
        self._rates = torch.tensor(rates).to(like) if len(rates) else None
        columns = (np.array(state[name]) for name in ("times", "weights", "paces"))
        self._path = [(float(t), w, v) for t, w, v in zip(*columns, strict=True)]
        self._training = None
        self._velocity.set(torch.tensor(np.array(state["now"])).to(like))
        if training := part(state, "training"):
            self._training = self._begin_fit()
            self._training.restore(training)

    def _fit(self) -> Step:
        """Return the account of one more step of a fit."""
        if self._training is None:
            self._training = self._begin_fit()
        step = self._training.step()
        count = len(self._velocity.nets)
        name = "fit" if count == 1 else f"fit {self._fitted + 1} of {count}"
        step = replace(step, stage=f"training: {name}", fraction=None)
        if not step.done or not isfinite(step.loss):
            return step
        net = self._velocity.nets[self._fitted]
        if self._is_at_rest(self._fitted):
            net.set_head(torch.zeros_like(net.head_vector()))
        self._training, self._fitted = None, self._fitted + 1
        if self._fitted == count:
            self._end_fit()
        return replace(step, done="")

    def _begin_fit(self) -> Training[MLP]:
        """Return the fit of a network to the initial values, or to what it has become."""
        i, velocity = self._fitted, self._velocity
        net, number = velocity.nets[i], self._fits + 1
        wanted = self._rates_at_rest if self._is_at_rest(i) else self._wanted
        pool = self._pool.seen
        values, factors = wanted(pool)[i], velocity.factors(pool)[i]
        count = max(self._pool.count, PER_WEIGHT * net.size)
        where = self._pool.of_fit(factors * values, count, [number, i])
        values, factors = wanted(where.x)[i], velocity.factors(where.x)[i]
        seed, settings = self._seed + 1000 * (number - 1) + i, self._settings
        ways = settings.fit, settings.fit_iterations
        return fit(net, where, values, factors, seed, *ways)

    def _is_at_rest(self, i: int) -> bool:
        """Return whether a network begins with no values, from which no features can be learnt.

        Those of its rate are what it needs, under a head that is zero.
        """
        return not self._fits and not self._initial(self._pool.seen[: self._pool.count])[i].any()

    def _rates_at_rest(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "s N"]:
        """Return the rates of the networks, those that have not been fitted being zero."""
        for net in self._velocity.nets[self._fitted :]:
            net.set_head(torch.zeros_like(net.head_vector()))
        return self._velocity.rates(x, self._t).cpu().numpy()

    def _wanted(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "s N"]:
        """Return the targets of a fit at points: the initial values, or the networks themselves."""
        if not self._fits:
            return self._initial(x)
        now = self._velocity.vector()
        self._velocity.set(self._theta)
        values = self._velocity.values(x)
        self._velocity.set(now)
        return values

    def _end_fit(self) -> None:
        """Go on with the networks as they have been fitted, and note what that has lost."""
        x = self._pool.fresh.x
        misfit = self._velocity.factors(x) * (self._velocity.values(x) - self._wanted(x))
        self._ledger.fitted(np.sqrt((misfit**2).mean(axis=1)))
        self._theta, self._rates = self._velocity.vector(), None
        self._fits += 1

    def _advance(self) -> Step:
        """Return the account of one more step in time that has been tried."""
        end = float(self._times[-1])
        if self._t >= end:
            return self._told(self._message, 1.0)
        span = end - float(self._times[0])
        places, first = self._here()
        if not torch.isfinite(first).all():
            return self._failed("the rates of the weights are not finite")
        if message := beyond(self._settings.residual_limit, self._ledger.residual):
            return self._failed(message)
        self._record(first)
        h = min(self._h, self._next - self._t)
        is_cut = h < self._h

        new, error, last = self._tried(places, h, first)
        errors, told = self._errors(places, new, error)
        self._count += 1
        factor = grown(told, self._pair.order if self._pair else IMPLICIT)
        if told <= 1:
            self._ledger.stepped(h, errors)
            self._accept(new, last, h)
            self._h = max(self._h, factor * h) if is_cut else factor * h
        else:
            self._h = factor * h
            self._reject()
        if self._h < SHORTEST * span:
            return self._failed(f"steps have become shorter than {SHORTEST * span:.1g}")
        ended = done = self._message if self._t >= end else ""
        fraction = (self._t - float(self._times[0])) / span
        if not done and told <= 1 and self._pays_to_fit():
            self._fitted, ended = 0, "the network is fitted afresh"
        series = {
            "residual": self._ledger.residual,
            "residual at its own points": self._ledger.at_own_points,
            "step": h,
            "rate of the weights": float(torch.linalg.vector_norm(first)),
            "regularization": self._mu,
            "fits": float(self._fits),
            **self._ledger.conditioning,
        }
        told_now = series if told <= 1 else {}
        return replace(self._told(done, fraction), ended=ended, series=told_now)

    def _tried(self, places: Places, h: float, first: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the weights after a step, its error, and the rates of the weights there."""

        def rates(t: float, theta: Tensor) -> Tensor:
            self._velocity.set(theta)
            return self._solved(places, t)

        if self._pair is not None:
            return self._pair.step(rates, self._t, self._theta, h, first)
        implicit = Implicit(self._velocity, places, self._settings.rtol, self._mu)
        new, error = implicit.step(self._t, self._theta, h)
        return new, error, rates(self._t + h, new) if torch.isfinite(new).all() else new

    def _told(self, done: str, fraction: float) -> Step:
        """Return the account of a step in time."""
        loss, note = self._ledger.residual**2, f"t = {self._t:.4g}"
        stage, first = "evolution", self._ledger.after_fit**2
        return Step(loss, self._t, done, fraction, stage, stage, first, done, note=note)

    def _failed(self, why: str) -> Step:
        """Return the account of a step that leads nowhere."""
        stage, first = "evolution", self._ledger.after_fit**2
        return Step(nan, self._t, f"{why} at t = {self._t:.4g}.", None, stage, stage, first)

    @property
    def _message(self) -> str:
        fits = "" if self._fits == 1 else f", {self._fits - 1} restarts"
        return f"{self._count} steps in time{fits}." if self._count else "initial values alone."

    @property
    def _next(self) -> float:
        """The next instant at which a step is to end."""
        return float(self._times[np.searchsorted(self._times, self._t, side="right")])

    def _here(self) -> tuple[Places, Tensor]:
        """Return the points of the next step, and the rates of the weights where it begins."""
        velocity, pool = self._velocity, self._pool
        velocity.set(self._theta)
        places, unseen = pool.of_step(velocity, self._t, self._count)
        known = None if pool.is_adaptive else self._rates  # those of other points
        if known is None:
            known = self._solved(places, self._t)
        self._measure(known, places, unseen)
        return places, known

    def _solved(self, places: Places, time: float) -> Tensor:
        """Return the rates of the weights of the networks as they are."""
        found = self._velocity.solve(places, time, self._mu)
        self._ledger.solved(found)
        return found.v

    def _measure(self, v: Tensor, places: Places, unseen: Places) -> None:
        """Measure what rates of the weights leave of the equations."""
        span = float(self._times[-1] - self._times[0])
        least = STILL * self._norms(places, self._theta) / span
        velocity = self._velocity
        self._ledger.measured(
            velocity.left(v, unseen, self._t), velocity.left(v, places, self._t), least
        )

    def _norms(self, places: Places, theta: Tensor) -> Float[ndarray, " s"]:
        """Return the norm of each component of the state."""
        velocity = self._velocity
        velocity.set(theta)
        values = places.factors * velocity.factors(places.x) * velocity.values(places.x)
        return np.sqrt((values**2).sum(axis=1))

    def _errors(
        self, places: Places, new: Tensor, error: Tensor
    ) -> tuple[Float[ndarray, " s"], float]:
        """Return the errors of a step in the norm of the solution, and by what is tolerated."""
        velocity = self._velocity
        if not torch.isfinite(new).all():
            return np.zeros(len(velocity.states)), inf
        velocity.set(new)
        values = velocity.values(places.x)
        velocity.set(new - error)
        factors = places.factors * velocity.factors(places.x)
        apart = np.sqrt(((factors * (values - velocity.values(places.x))) ** 2).sum(axis=1))
        before = self._norms(places, self._theta)
        size = np.sqrt(((factors * values) ** 2).sum(axis=1))
        scale = np.maximum(np.maximum(size, before), 1e-300)
        moved = scale > 1e-12 * scale.max()
        worst = float((apart[moved] / scale[moved]).max(initial=0.0)) / self._settings.rtol
        return apart, worst if isfinite(worst) else inf

    def _accept(self, new: Tensor, last: Tensor, h: float) -> None:
        """Go on from where a step has led."""
        self._t = self._next if self._t + h >= self._next * (1 - 1e-14) else self._t + h
        self._theta, self._rates, self._rejected = new.clone(), last.clone(), 0
        is_slow = self._h < SLOW * float(self._times[-1] - self._times[0])
        mu = min(RAISED_SLOWLY * self._mu, MOST_RAISED) if is_slow else EASED * self._mu
        self._mu = max(mu, self._settings.regularization, LEAST)
        if self._t >= self._times[-1]:
            self._record(last)

    def _reject(self) -> None:
        """Raise the regularization where steps collapse."""
        self._rejected += 1
        if self._rejected >= COLLAPSED:
            self._mu, self._rejected = min(RAISED * self._mu, MOST_RAISED), 0
            self._rates = None

    def _record(self, rates: Tensor) -> None:
        """Note the weights and their rates at this instant, once after each fit."""
        row = (self._t, self._theta.cpu().numpy().copy(), rates.cpu().numpy().copy())
        is_known = self._path and self._path[-1][0] == self._t
        if is_known and np.array_equal(self._path[-1][1], row[1]):
            self._path[-1] = row
        else:
            self._path.append(row)

    def _pays_to_fit(self) -> bool:
        """Return whether the networks are to be fitted afresh to what they have become."""
        wanted, begin, end = self._settings.restarts, self._times[0], self._times[-1]
        if isinstance(wanted, int):
            due = begin + self._fits * (end - begin) / (wanted + 1)
            return bool(self._fits <= wanted and self._t >= due)
        return self._fits <= MOST_RESTARTS and self._ledger.pays(end - self._t)
