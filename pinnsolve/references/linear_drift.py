"""Linear Fokker-Planck equations in all of space: density and moments, from any initial density.

    d_t u = sum_ij a_ij d_i d_j u - div((b + A x) u) + k u,        a, b, A, k constant,

carries ``u_0`` along the flow of the drift and spreads it by a Gaussian (`affine_flow`):

    u(x, t) = e^{(k - tr A) s} int u_0(w) N(w; E^{-1}(x - m), E^{-1} S E^{-T}) dw,    s = t - t_0,

an integral by quasi-Monte-Carlo, from two seeds of which its error is known; where ``u_0`` is a
product of functions of one coordinate each by `separable`, far more closely. Moments follow from
those of ``u_0``: the mass grows as ``e^{k s}``, mean and covariance are ``E M + m`` and
``E C E^T + S``. Source: Risken (1989), The Fokker-Planck Equation, section 6.5.

In a box with zero values on its walls the difference of both solutions is, by the maximum
principle, at most what that of all of space has on the walls, which counts as error.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.points import in_time
from pinnsolve.diffop import Term
from pinnsolve.equations.expression import Function
from pinnsolve.geometry.sampling import sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.process import State
from pinnsolve.references.affine_drift import Drift, affine_drift
from pinnsolve.references.drawn import INSTANTS, SOME, compared_at, shares_of, undifferentiated
from pinnsolve.references.evolution import must_be_whole, refused
from pinnsolve.references.separable import Product, product
from pinnsolve.solution.norms import relative_l2
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

NAME = "linear-drift"
SOLVER = ("reference", "solver")
FIRST, MOST = 64, 2**14  # samples
MOST_WORK = 2**27  # coordinates of samples at all points that are asked for
TARGET = 1e-4  # relative error that is small enough
ENTRIES = 2**22  # of an array
ON_WALLS = 64  # points on each wall


@dataclass(frozen=True, eq=False)
class Moments:
    """Mass, mean and covariance of a density at some instants."""

    mass: Float[ndarray, " K"]
    mean: Float[ndarray, "K d"]
    covariance: Float[ndarray, "K d d"]


@dataclass(frozen=True, eq=False)
class Density:
    """The solution as a function of space and time, from which points can be drawn.

    Attributes
    ----------
    drift
        The equation.
    initial
        The density when time begins, of position.
    parts
        The same as a product; None if it is none.
    begin
        When time begins.
    samples, seed
        Of the integrals.
    """

    drift: Drift
    initial: Function
    parts: Product | None
    begin: float
    samples: int
    seed: int

    @property
    def size(self) -> int:
        """None: a formula, and samples that anyone can draw."""
        return 0

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n 1"]:
        """Return the density at points of space and time."""
        per_point = self.samples * (x.shape[1] - 1)
        size = max(1, ENTRIES // per_point)
        parts = [self._some(x[start : start + size]) for start in range(0, len(x), size)]
        return np.concatenate(parts or [np.zeros(0)])[:, None]

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return values at points.

        Raises
        ------
        ValueError
            If a derivative is asked for.
        """
        return undifferentiated(
            self(x)[:, 0], terms, "of a density by samples no derivatives are known"
        )

    def state(self) -> State:
        """Return the initial values as the problem file has them."""
        return {"initial": self.initial.text, "samples": self.samples, "seed": self.seed}

    def moments(self, times: Float[ndarray, " K"]) -> Moments | None:
        """Return mass, mean and covariance at some instants; None where they are not known."""
        if self.parts is None:
            return None
        mass, mean, variance = self.parts.moments()
        s = times - self.begin
        spread = self.drift.flow.after(s)
        return Moments(
            mass * np.exp(self.drift.growth * s),
            spread.E @ mean + spread.m,
            spread.E * variance @ spread.E.swapaxes(1, 2) + spread.covariance,
        )

    def mass(self, time: float) -> float | None:
        """Return its integral at an instant; None where it is not known."""
        known = self.moments(np.array([time]))
        return None if known is None else float(known.mass[0])

    def drawn(self, count: int, time: float, seed: int) -> Float[ndarray, "n d"] | None:
        """Return points that are spread as the density is at an instant; None if none are known."""
        if self.parts is None:
            return None
        dim = len(self.drift.flow.b)
        shares = shares_of(2 * dim, count, seed)
        spread = self.drift.flow.after(np.array([time - self.begin]))
        x = self.parts.drawn(shares[:, :dim]) @ spread.E[0].T + spread.m[0]
        return x + _normal(shares[:, dim:]) @ _root(spread.covariance)[0].T

    def _some(self, x: Float[ndarray, "n D"]) -> Float[ndarray, " n"]:
        s, flow = x[:, -1] - self.begin, self.drift.flow
        spread = flow.after(s)
        y, S = spread.origins(x[:, :-1]), spread.at_origin
        found = np.empty(len(x))
        is_spread = (s > 0) & flow.is_diffusive
        is_still = ~is_spread
        found[is_still] = self.initial(y[is_still])
        if is_spread.any():
            shares = shares_of(y.shape[1], self.samples, self.seed)
            found[is_spread] = self._integrals(y[is_spread], S[is_spread], shares)
        return np.exp((self.drift.growth - np.trace(flow.A)) * s) * found

    def _integrals(
        self, y: Float[ndarray, "n d"], S: Float[ndarray, "n d d"], shares: Float[ndarray, "Q d"]
    ) -> Float[ndarray, " n"]:
        """Return the integrals of the initial density against Gaussians."""
        if self.parts is not None and np.linalg.eigvalsh(S)[:, 0].min() > 0:
            return self.parts.against(y, S, shares)
        w = y[:, None] - np.einsum("nij,qj->nqi", _root(S), _normal(shares))
        values = np.broadcast_to(self.initial(w.reshape(-1, y.shape[1])), w.shape[0] * w.shape[1])
        return values.reshape(w.shape[:2]).mean(axis=1)


def plan(problem: Problem) -> Drift:
    """Return the equation of a problem as the solver takes it.

    Raises
    ------
    ProblemError
        If it is no such equation, or not posed in all of space or between walls with zero values.
    """
    must_be_whole(problem, NAME)
    found = affine_drift(problem)
    if isinstance(found, str):
        message = f"{NAME} does not take the problem: {found}."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    steep = [
        name
        for name, equation in problem.derived.items()
        if any(term.op.order for term in equation.terms)
    ]
    if steep:
        message = f'{NAME} knows no derivatives, but "{steep[0]}" in [output] derived holds some.'
        raise refused(problem, SOLVER, message, "Remove it, or choose another solver.")
    return found


def reference(setup: "Setup") -> Reference:
    """Return the density, with as many samples as two seeds need to agree.

    Raises
    ------
    ProblemError
        If the problem is none of those that the solver takes.
    """
    problem = setup.problem
    drift, initial = plan(problem), problem.initial[0][0]
    assert problem.time is not None
    lower, upper = map(np.array, problem.settings.domain.box)
    parts = product(initial, lower, upper)
    found = Density(drift, initial, parts, problem.time[0], FIRST, 1)
    error = 0.0
    if drift.flow.is_diffusive:
        found, error = _agreeing(setup, found)
    walls = _on_walls(setup, found)
    how = "product of functions of one coordinate" if parts else "sum over samples"
    message = f"The initial density is taken as a {how}, its spread by {found.samples} samples."
    if walls:
        message += f" The walls, which it does not know, make an error of up to {walls:.1g}."
    return Reference(
        "",
        found,
        error=error + walls,
        title=f"linear drift, {found.samples} samples",
        message=message,
    )


def _agreeing(setup: "Setup", found: Density) -> tuple[Density, float]:
    """Return a density of as many samples as two seeds need to agree, and their distance."""
    problem = setup.problem
    assert problem.time is not None
    assert problem.times is not None
    asked = problem.settings.output.test_points + len(problem.times) * setup.nodes.rows.stop
    x = compared_at(setup, found)
    while True:
        one, other = (replace(found, seed=seed)(x)[:, 0] for seed in (1, 2))
        error = relative_l2(one, other)
        more = 2 * found.samples
        if error < TARGET or more > MOST or more * asked * (x.shape[1] - 1) > MOST_WORK:
            return found, error
        found = replace(found, samples=more)


def _on_walls(setup: "Setup", found: Density) -> float:
    """Return the largest error that walls make, relative to the field; zero without walls."""
    problem = setup.problem
    if not problem.boundary:
        return 0.0
    assert problem.time is not None
    nodes, times = setup.nodes, np.linspace(*problem.time, INSTANTS)
    x = nodes.x[nodes.boundary]
    x = x[:: max(1, len(x) // (ON_WALLS * 2 * nodes.dim))]
    there = float(np.abs(found(in_time(x, times).reshape(-1, nodes.dim + 1))).max())
    flow = found.drift.flow
    grows = np.exp(max(found.drift.growth - np.trace(flow.A), 0.0) * (times[-1] - times[0]))
    inside = found(sample_in_time(setup.domain, problem.time, SOME, 5))
    return there * float(grows) / max(float(inside.std()), 1e-300)


def _normal(shares: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    """Return normal variables by their shares of the distribution."""
    from scipy.special import ndtri

    return ndtri(shares)


def _root(S: Float[ndarray, "n d d"]) -> Float[ndarray, "n d d"]:
    """Return ``R`` with ``R R^T = S``, which may be singular."""
    values, vectors = np.linalg.eigh(S)
    return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
