"""Densities whose logarithm is a network or a polynomial, on particles that the flow carries.

Points drawn from ``u(0)`` move with the flow of the equation (`pinnsolve.conditions.conservation`)
and stay drawn from ``u``; each carries ``ln u``. Least squares over them are least squares in the
relative error where the density is: of evenly spread points in eight dimensions none may be there.

Where the flow is known beforehand, only the particles move, and the weights are fitted to what they
carry at the instants of output; if they are coefficients their rates follow from the same matrix,
which is factorised once. Where it depends on the density, weights and particles move together, the
rates of the weights being least-squares solutions, and a fit to what the particles carry at each of
these instants takes off what has been lost on the way: by its misfits ``sqrt(before^2 - after^2)``,
and no more than the equations have left; of all fits the root of the sum of squares counts. A step,
of an order higher by one than what tells its error ``e``, has lost ``e^(1 + 1/order)``. Rows count
less where the rates of ``ln u`` are far beyond the others, as beside a kink of ``u(0)``, where they
have no second moment. As many particles that nothing is fitted to tell the error. Sources: Finzi et
al. (2023), arXiv:2304.14994; for flows that depend on the density Boffi & Vanden-Eijnden (2023),
Probability flow solution of the Fokker-Planck equation, doi:10.1088/2632-2153/ace2aa.
"""

from dataclasses import replace
from math import inf, isfinite, nan

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.diffop import identity
from pinnsolve.leastsquares.damped import damped_step
from pinnsolve.leastsquares.equilibrated import Equilibrated, equilibrated
from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.objectives.cloud import Cloud, relative_l2, robust
from pinnsolve.objectives.extent import Extent, Row, around
from pinnsolve.objectives.flow import Flow, Flowing
from pinnsolve.objectives.path_fields import Path, PathFields
from pinnsolve.problem.schema.evolution import Evolution
from pinnsolve.process import State, Step, nested, part
from pinnsolve.solution.fields import Fields
from pinnsolve.timestepping.embedded import PAIRS
from pinnsolve.training.adjustment import Adjustment
from pinnsolve.training.ledger import BLIND, beyond, scarce

IN_TAILS = 0.3  # factor of the rows of particles of the tails
FIRST, SHORTEST = 1e-2, 1e-7  # of the time: the first step at most, and one that is none
FIRST_FIT, LATER_FITS = 60, 6  # iterations at most
STILL = 1e-2  # of ln u, by the time there is: rates below count as that


class Carried:
    """The evolution of a density on particles.

    Parameters
    ----------
    flow
        What carries them, and the logarithm of the density.
    ansatz
        The field in terms of this.
    cloud
        The particles at the beginning.
    fitted
        Further particles for the first fit, which go nowhere.
    settings
        The section of the problem file.
    times
        Instants of output.
    """

    def __init__(
        self,
        flow: Flow,
        ansatz: Ansatz,
        cloud: Cloud,
        fitted: Cloud,
        settings: Evolution,
        times: Float[ndarray, " K"],
    ) -> None:
        self._flow, self._ansatz, self._output = flow, ansatz, flow.output
        self._cloud, self._first_cloud, self._settings, self._times = cloud, fitted, settings, times
        self._pair = PAIRS[settings.integrator]
        self._t, self._h = float(times[0]), FIRST * float(times[-1] - times[0])
        self._fit: Adjustment | None = None
        self._system: Equilibrated | None = None  # of the last fit, where it serves the rates too
        self._iterations, self._is_fitting = 0, True
        self._fits, self._count = 0, 0  # and steps tried
        self._theta = self._output.vector()
        self._rates: Tensor | None = None  # of everything, where the next step begins
        self._path: list[tuple[float, ndarray, ndarray]] = []
        self._extents: list[Row] = []  # at its instants
        self._shown: list[ndarray] = []  # unseen particles at the instants of output
        self._flowing: Flowing  # where rates were told last
        self._v: Tensor  # the rates of the weights, where the last step has led
        self._left = 0.0  # what these leave at unseen particles
        self._residuals = np.zeros(2)  # at unseen particles and at the others
        self._misfits = np.zeros(2)  # of the last fit, the same
        self._drift, self._lost, self._variation, self._blind = 0.0, 0.0, 0.0, 0.0
        # the misfit before a fit, what is left since the last, and squares of what all took off
        self._losses = np.zeros(3)

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more step of a fit, or in time."""
        if self._beyond:
            return self._failed(self._beyond)
        return self._adjust() if self._is_fitting else self._advance()

    def answer(self) -> Fields:
        """Return the field up to now; later it stays as it is."""
        still = (self._t, self._output.vector().cpu().numpy(), np.zeros(self._output.size))
        times, weights, rates = (np.array(v) for v in zip(*(self._path or [still]), strict=True))
        extent = Extent.of(self._extents or [self._around])
        return PathFields.of([self._output], self._ansatz, Path(times, weights, rates), extent)

    @property
    def lost(self) -> Float[ndarray, " s"]:
        """The largest relative error, at the instants of output, that unseen particles tell of."""
        return np.array([self._lost])

    @property
    def reached(self) -> float:
        """The last instant of output at which the density has been fitted."""
        return float(self._shown[-1][0, -2]) if self._shown else float(self._times[0])

    @property
    def unseen(self) -> tuple[Float[ndarray, "n D"], Float[ndarray, " n"]]:
        """Unseen particles at the instants of output, and the logarithms that they carry."""
        rows = np.concatenate([np.zeros((0, self._cloud.x.shape[1] + 2)), *self._shown])
        return rows[:, :-1], rows[:, -1]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts about what the particles have told."""
        found = scarce(self._cloud.seen.stop, self._output.size)
        if self._blind > BLIND:
            found.append(
                f"the density misses what particles carry by up to {self._blind:.2g} times as much "
                "where it was not fitted to them as where it was: raise evolution.samples."
            )
        return tuple(found)

    def state(self) -> State:
        """Return the weights, their path, the particles, the step, and a fit that is going on."""
        numbers = {"t": self._t, "h": self._h, "drift": self._drift, "lost": self._lost}
        numbers |= {"variation": self._variation, "blind": self._blind}
        counts = {"iterations": self._iterations, "fitting": int(self._is_fitting)}
        counts |= {"fits": self._fits, "count": self._count}
        arrays = {
            "now": self._output.vector().cpu().numpy(),
            "x": self._cloud.x.cpu().numpy(),
            "logs": self._cloud.logs.cpu().numpy(),
            "next": np.zeros(0) if self._rates is None else self._rates.cpu().numpy(),
            "times": np.array([row[0] for row in self._path]),
            "weights": np.array([row[1] for row in self._path]),
            "paces": np.array([row[2] for row in self._path]),
            "shown": np.array(self._shown),
            "residuals": self._residuals.copy(),
            "misfits": self._misfits.copy(),
            "losses": self._losses.copy(),
        }
        fit = {} if self._fit is None else self._fit.state()
        arrays |= Extent.of(self._extents).state() if self._extents else {}
        return {**numbers, **counts, **arrays, **nested(fit=fit)}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        like = self._cloud.x
        self._t, self._h = float(state["t"]), float(state["h"])
        self._drift, self._lost = float(state["drift"]), float(state["lost"])
        self._variation, self._blind = float(state["variation"]), float(state["blind"])
        self._iterations, self._fits = int(state["iterations"]), int(state["fits"])
        self._is_fitting, self._count = bool(state["fitting"]), int(state["count"])
        x, logs = (torch.tensor(np.array(state[name])).to(like) for name in ("x", "logs"))
        self._cloud = self._cloud.moved(x, logs)
        following = np.array(state["next"])
        self._rates = torch.tensor(following).to(like) if len(following) else None
        columns = (np.array(state[name]) for name in ("times", "weights", "paces"))
        self._path = [(float(t), w, v) for t, w, v in zip(*columns, strict=True)]
        self._extents = Extent.read(state).rows if self._path else []
        self._shown = list(np.array(state["shown"]))
        self._residuals, self._misfits = np.array(state["residuals"]), np.array(state["misfits"])
        self._output.set(torch.tensor(np.array(state["now"])).to(like))
        self._theta = self._output.vector()
        self._fit = None
        if fit := part(state, "fit"):
            self._fit = self._begin_fit()
            self._fit.restore(fit)
        self._losses = np.array(state["losses"])

    def _adjust(self) -> Step:
        if self._fit is None:
            self._fit, self._iterations = self._begin_fit(), 0
        before = self._fit.loss
        pays = self._fit.step()
        self._iterations += 1
        loss, at = self._fit.loss, self._iterations
        if not isfinite(loss):
            return Step(nan, at, "the fit is not finite.", None, "training: fit", "fit", before)
        ended = ""
        if not pays or at >= (LATER_FITS if self._fits else FIRST_FIT):
            if not self._flow.is_driven and (self._fits or self._first_cloud is self._cloud):
                self._system = self._fit.system
            self._fit, self._is_fitting, ended = None, False, "further iterations do not pay"
            self._settle()
        done = self._message if ended and self._t >= self._times[-1] else ""
        stage = "training: fit" if self._fits <= 1 else "evolution"
        fraction = self._fraction if stage == "evolution" else None
        return Step(loss, at, done, fraction, stage, "fit", before, ended)

    def _begin_fit(self) -> Adjustment:
        """Return the fit to the initial values, or to what the particles carry."""
        cloud = self._cloud if self._fits else self._first_cloud
        if self._fits and self._flow.is_driven:
            x, logs = (own[cloud.unseen] for own in (cloud.x, cloud.logs))
            self._losses[0] = relative_l2(torch.expm1(self._output(x) - logs), logs)
        x, logs = cloud.x[cloud.seen], cloud.logs[cloud.seen]
        factors = cloud.factors(IN_TAILS)
        if self._fits and self._flow.is_driven:  # else the output is that of the instant before
            factors = factors * robust(self._output(x) - logs)
        return Adjustment(self._output, x, logs, factors)

    def _settle(self) -> None:
        """Take the fit as it is: the integral of the density as it was, errors and rates told."""
        cloud, output = self._cloud, self._output
        self._theta, apart = output.vector(), output(cloud.x) - cloud.logs
        self._theta[0] -= torch.logsumexp(apart[: cloud.body], 0) - np.log(cloud.body)
        output.set(self._theta)
        ratios = torch.expm1(output(cloud.x) - cloud.logs)
        for some, row in ((cloud.unseen, 0), (slice(cloud.body), 1)):
            self._misfits[row] = relative_l2(ratios[some], cloud.logs[some])
        self._variation = max(self._variation, float(ratios[cloud.unseen].abs().mean()) / 2)
        taken = max(self._losses[0] ** 2 - self._misfits[0] ** 2, 0.0)
        self._losses[2] += min(taken, self._losses[1] ** 2)
        self._losses[:2] = 0.0
        lost = self._misfits[0] + float(np.sqrt(self._losses[2])) + self._drift
        self._lost = max(self._lost, lost)
        if self._misfits[0] > 1e-6:
            self._blind = max(self._blind, self._misfits[0] / max(self._misfits[1], 1e-300))
        self._fits += 1
        self._rates = self._all_rates(self._t, self._together())
        self._measure()
        self._record()
        x, logs = (own[cloud.unseen].cpu().numpy() for own in (cloud.x, cloud.logs))
        if not self._beyond:
            self._shown.append(np.column_stack([x, np.full(len(x), self._t), logs]))

    def _advance(self) -> Step:
        """Return the account of one more step in time that has been tried."""
        span, first = float(np.ptp(self._times)), self._rates
        assert first is not None
        if not torch.isfinite(first).all():
            return self._failed("the rates of the weights are not finite")
        h = min(self._h, self._next - self._t)
        is_cut = h < self._h
        new, error, last = self._pair.step(self._all_rates, self._t, self._together(), h, first)
        told = self._told_error(new, error)
        self._count += 1
        factor = self._pair.factor(told)
        if told > 1:
            self._h = factor * h
            self._output.set(self._theta)
        else:
            self._h = max(self._h, factor * h) if is_cut else factor * h
            self._drift += (told * self._settings.rtol) ** (1 + 1 / self._pair.order)
            self._accept(new, last, h)
        if self._h < SHORTEST * span:
            return self._failed(f"steps have become shorter than {SHORTEST * span:.1g}")
        series = {
            "residual": float(self._residuals[0]),
            "residual at its own points": float(self._residuals[1]),
            "step": h,
            "rate of the weights": float(torch.linalg.vector_norm(first[: self._moving])),
            "regularization": self._settings.regularization,
            "fits": float(self._fits),
        }
        loss, stage = float(self._residuals[0] ** 2), "evolution"
        step = Step(
            loss, self._t, "", self._fraction, stage, stage, loss, note=f"t = {self._t:.4g}"
        )
        return replace(step, series=series) if told <= 1 else step

    def _all_rates(self, t: float, y: Tensor) -> Tensor:
        """Return the rates of weights and particles; weights that do not move have none."""
        theta, cloud = self._apart(y)
        if self._flow.is_driven:
            self._output.set(theta)
        self._flowing = self._flow(cloud.x, t)
        if not torch.isfinite(self._flowing.b).all():
            return torch.full_like(y, nan)
        parts = [self._flowing.b.flatten(), self._flowing.gain]
        return torch.cat([self._solve(cloud), *parts] if self._flow.is_driven else parts)

    def _solve(self, cloud: Cloud) -> Float[Tensor, " P"]:
        """Return the rates of the weights, at which the integral of the density is kept."""
        output, seen = self._output, cloud.seen
        wanted = self._flow.rates(cloud.x[seen], self._flowing.at(seen))
        factors, system = cloud.factors(IN_TAILS), self._system
        if system is None:
            factors = factors * robust(wanted)
            rows = output.jacobian(cloud.x[seen]).mul_(factors[:, None])
            system = equilibrated(rows) if output.is_linear else None
        if system is not None:  # columns are independent, and nothing is to be held back
            v = system(factors * wanted, 0.0)
        else:
            step = damped_step(DenseJacobian(rows), -factors * wanted)
            v = step(self._settings.regularization * min(rows.shape))
        if v is None:
            return torch.full_like(output.vector(), nan)
        # what is left has no mean over the density, whose integral is kept
        value, body = identity(cloud.x.shape[1]), slice(cloud.body)
        v[0] -= (output.changes(v, cloud.x[body], [value])[value] - wanted[body]).mean()
        return v

    def _measure(self) -> None:
        cloud, rates = self._cloud, self._rates
        assert rates is not None
        self._v = rates[: self._moving] if self._flow.is_driven else self._solve(cloud)
        value = identity(cloud.x.shape[1])
        for row, some in enumerate((cloud.unseen, slice(cloud.body))):
            x, logs = cloud.x[some], cloud.logs[some]
            wanted = self._flow.rates(x, self._flowing.at(some))
            left = self._output.changes(self._v, x, [value])[value] - wanted
            size = max(relative_l2(wanted, logs), STILL / float(np.ptp(self._times)))
            self._residuals[row] = relative_l2(left, logs) / size
            if not row:
                self._left = relative_l2(left, logs)

    def _told_error(self, new: Tensor, error: Tensor) -> float:
        if not (torch.isfinite(new).all() and torch.isfinite(error).all()):
            return inf
        (theta, cloud), (change, moved) = self._apart(new), self._apart(error)
        body = slice(cloud.body)
        x = cloud.x[body]
        parts = [moved.x[body] / x.std(0), moved.logs[body]]
        if self._flow.is_driven:
            self._output.set(theta)
            value = identity(x.shape[1])
            parts.append(self._output.changes(change, x, [value])[value])
        # of relative errors the mean size, twice the total variation, is not that of a few far away
        return max(float(part.abs().mean()) for part in parts) / self._settings.rtol

    def _accept(self, new: Tensor, last: Tensor, h: float) -> None:
        is_output = self._t + h >= self._next * (1 - 1e-14)
        self._t = self._next if is_output else self._t + h
        self._theta, self._cloud = self._apart(new)
        self._output.set(self._theta)
        self._rates = last
        if self._flow.is_driven:
            self._measure()
            self._losses[1] += h * self._left
        if is_output:
            self._is_fitting = True
        elif self._flow.is_driven:
            self._record()

    def _record(self) -> None:
        self._path.append((self._t, self._theta.cpu().numpy().copy(), self._v.cpu().numpy().copy()))
        self._extents.append(self._around)

    @property
    def _around(self) -> Row:
        x, logs = (values.cpu().numpy() for values in (self._cloud.x, self._cloud.logs))
        return around(self._t, x[self._cloud.seen], logs[: self._cloud.body])

    def _together(self) -> Tensor:
        parts = [self._cloud.x.flatten(), self._cloud.logs]
        return torch.cat([self._theta, *parts] if self._flow.is_driven else parts)

    def _apart(self, y: Tensor) -> tuple[Float[Tensor, " P"], Cloud]:
        shape = self._cloud.x.shape
        theta, x, logs = y.split([self._moving, shape.numel(), shape[0]])
        cloud = self._cloud.moved(x.view(shape), logs)
        return (theta if self._flow.is_driven else self._theta), cloud

    @property
    def _beyond(self) -> str:
        return beyond(self._settings.residual_limit, float(self._residuals[0]))

    @property
    def _moving(self) -> int:  # weights, between two fits
        return self._output.size if self._flow.is_driven else 0

    @property
    def _next(self) -> float:
        return float(self._times[np.searchsorted(self._times, self._t, side="right")])

    @property
    def _fraction(self) -> float:
        return float((self._t - self._times[0]) / (self._times[-1] - self._times[0]))

    @property
    def _message(self) -> str:
        return (
            f"{self._count} steps in time, {self._fits - 1} fits to what particles carry; total "
            f"variation between both at most {self._variation:.1e}."
        )

    def _failed(self, why: str) -> Step:
        return Step(nan, self._t, f"{why} at t = {self._t:.4g}.", None, "evolution", "evolution")
