"""Long steps in time: Radau IIA with as many stages as the solution takes.

One step of ``q`` stages crosses what short steps of a lower order take thousands for, if the
solution is smooth in time: its error falls exponentially with ``q``. Source: Raissi, Perdikaris &
Karniadakis (2019), doi:10.1016/j.jcp.2018.10.045, section 3, who train networks for it.

For the slopes ``k`` at all stages (`stage_equations`) Newton's method needs the solution of

    sum_j  sum_a  J_a,i ((h A)^(m-a))_ij  dk_j  =  r_i,       J_a,i = ∂F/∂u_a at stage i,

too large to be factorised, and not to be decoupled by the eigenvectors of ``A``, whose condition
is 6e10 for 20 stages. GMRES solves it, preconditioned by the same with the triangle ``Q`` of
``A = Q L^T`` (`timestepping.collocation`) for ``A``: stage after stage, each with a sparse factor
of its own. Newton's method starts where implicit Euler steps from stage to stage lead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import DivergedError
from pinnsolve.process import State, Step
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.levels import LevelledFactors
from pinnsolve.rbffd.stage_equations import Bind, StageEquations
from pinnsolve.timestepping.collocation import collocation

NEWTON_STEPS = 25
TOLERANCE = 1e-10  # size of the last Newton step relative to the solution
FALLS = 0.5  # of Newton's step: while it does, rounding is not all that is left
ROUNDING = 1e-7  # relative size below which a step that no longer falls is rounding
INEXACT, EXACT = 1e-3, 1e-10  # how exactly GMRES solves, at least and at most
ENOUGH = 0.1  # of the tolerance: what GMRES may leave of the fields
BASIS = 60  # vectors of GMRES before it begins again
RESTARTS = 4
EULER_STEPS, EULER_TOLERANCE = 6, 1e-2  # of Newton's method from stage to stage


class Stages:
    """The integration in few steps of many stages, an iteration of Newton's method a step.

    Parameters
    ----------
    system
        The discretisation in space, with derivatives in time as further fields.
    bind
        Its conditions at other instants.
    initial
        Values at all nodes by field and order in time.
    times
        The time levels at which the solution is wanted.
    stages, steps
        Number of stages of a step, and of steps from the first level to the last.
    watch
        Told how far the work has come.

    Attributes
    ----------
    condition
        Largest estimated condition number of the matrices of stages.
    tail
        Size of the last Legendre coefficient in time, relative to the solution, of any step.
    """

    def __init__(
        self,
        system: Discretisation,
        bind: Bind,
        initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
        times: Float[ndarray, " K"],
        *,
        stages: int,
        steps: int,
        watch: Watch = unwatched,
    ) -> None:
        self._method, self._times, self._watch = collocation(stages), times, watch
        method = self._method
        self._equations = StageEquations(system, bind, initial, method.c, method.A)
        one = np.ones(1)
        self._euler = StageEquations(system, bind, initial, one, one[:, None])
        self._ends = np.linspace(times[0], times[-1], steps + 1)
        self._step, self._iteration, self._before = 0, 0, np.inf
        self._state = self._equations.beginning()
        self._slopes: Float[ndarray, "q c N"] | None = None
        self._levels = [self._equations.values(self._state)]
        self.condition, self.tail, self._loss = 0.0, 0.0, 1.0

    @property
    def between(self) -> tuple[Float[ndarray, " k"], Float[ndarray, "k N c"]]:
        """No instants between the levels."""
        return np.empty(0), np.empty((0, *self._levels[0].shape))

    def step(self) -> Step:
        """Return the report of one more iteration of Newton's method.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        DivergedError
            If Newton's method fails.
        """
        begin, end = self._ends[self._step : self._step + 2]
        conditions = self._equations.bind(begin + (end - begin) * self._method.c)
        if self._slopes is None:
            self._slopes = self._from_stage_to_stage(conditions)
        change, size = self._newton(conditions, self._slopes)
        known = size
        if np.isfinite(size):
            self._slopes = self._slopes - change
            fields = self._equations.fields(self._state, self._slopes, self._h)
            known = max(float(np.linalg.norm(fields[:, : self._c])), size)
        self._iteration += 1
        self._loss = size / known if size else 0.0
        stalls = not self._loss < FALLS * self._before
        if self._loss <= TOLERANCE or (stalls and self._loss <= ROUNDING):
            self._finish()
        elif not np.isfinite(self._loss) or self._iteration >= NEWTON_STEPS:
            raise DivergedError(
                f"Newton's method failed in the step from t = {begin:.4g} to {end:.4g}. Raise "
                "time_discrete.steps, so that each is shorter, or give more stages."
            )
        else:
            self._before = self._loss
        return self._said()

    def answer(self) -> Float[ndarray, "K N c"]:
        """Return the values at the levels so far, beyond them those of the last."""
        missing = len(self._times) - len(self._levels)
        return np.stack([*self._levels, *[self._levels[-1]] * missing])

    def state(self) -> State:
        """Return all that decides how the work goes on."""
        state: dict[str, ndarray | float | int | str] = {
            "step": self._step,
            "iteration": self._iteration,
            "before": self._before,
            "loss": self._loss,
            "condition": self.condition,
            "tail": self.tail,
            "fields": self._state.copy(),
            "levels": np.stack(self._levels),
        }
        if self._slopes is not None:
            state["slopes"] = self._slopes.copy()
        return state

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._step, self._iteration = int(str(state["step"])), int(str(state["iteration"]))
        self._before, self._loss = float(state["before"]), float(state["loss"])
        self.condition, self.tail = float(state["condition"]), float(state["tail"])
        self._state, self._levels = np.array(state["fields"]), list(np.array(state["levels"]))
        self._slopes = np.array(state["slopes"]) if "slopes" in state else None

    @property
    def _h(self) -> float:
        return float(self._ends[1] - self._ends[0])

    @property
    def _c(self) -> int:
        return self._equations.system.n_fields

    def _from_stage_to_stage(self, conditions: Sequence[Condition]) -> Float[ndarray, "q c N"]:
        """Return the slopes at the stages by implicit Euler steps from each to the next."""
        euler, state, found = self._euler, self._state.copy(), []
        slopes = np.zeros((1, *state.shape[1:]))
        gaps = self._h * np.diff(np.append(0.0, self._method.c))
        for i, gap in enumerate(gaps):
            self._tell("first values", i / len(gaps))
            equations = euler.at_stages(conditions, slice(i, i + 1))
            for _ in range(EULER_STEPS):
                fields = euler.fields(state, slopes, gap)
                parts = euler.derivatives(conditions, i, fields[0])
                change = self._factorised(parts, gap)(euler.residuals(equations, fields)[0])
                slopes = slopes - change.reshape(slopes.shape)
                size = np.linalg.norm(self._scaled(change.reshape(slopes.shape), gap))
                if not size > EULER_TOLERANCE * np.linalg.norm(fields[:, : self._c]):
                    break
            state = euler.fields(state, slopes, gap).reshape(-1, *slopes.shape[1:])[: len(state)]
            found.append(slopes[0])
        return np.stack(found)

    def _newton(
        self, conditions: Sequence[Condition], slopes: Float[ndarray, "q c N"]
    ) -> tuple[Float[ndarray, "q c N"], float]:
        """Return the excess of the slopes, and the size of what it does to the fields."""
        from scipy.sparse.linalg import LinearOperator, gmres

        equations, h = self._equations, self._h
        fields = equations.fields(self._state, slopes, h)
        if not np.isfinite(fields).all():
            return slopes, np.inf
        r = equations.residuals(equations.at_stages(conditions, slice(0, len(slopes))), fields)
        linear = self._linearised(conditions, fields)
        right = linear.preconditioned(r)
        next_size = self._before**2  # about, relative, as Newton's method converges
        wanted = float(np.clip(max(next_size, ENOUGH * TOLERANCE / next_size), EXACT, INEXACT))
        size = slopes.size
        operator = LinearOperator(
            (size, size),
            matvec=lambda v: linear.preconditioned(linear(v.reshape(slopes.shape))).ravel(),
            dtype=float,
        )
        found, _ = gmres(operator, right.ravel(), rtol=wanted, restart=BASIS, maxiter=RESTARTS)
        change = found.reshape(slopes.shape)
        return change, float(np.linalg.norm(self._scaled(change, h)))

    def _linearised(
        self, conditions: Sequence[Condition], fields: Float[ndarray, "q a N"]
    ) -> "_Linearised":
        """Return the derivatives of the equations of all stages, and their factors."""
        parts, factors = [], []
        for i, at in enumerate(fields):
            self._tell("factorisation", i / len(fields))
            own = self._equations.derivatives(conditions, i, at)
            factors.append(self._factorised(own, self._h * float(self._method.triangle[i, i])))
            parts.append(own)
        powers = [
            [np.linalg.matrix_power(self._h * B, k) for k in range(max(self._equations.orders) + 1)]
            for B in (self._method.A, self._method.triangle)
        ]
        return _Linearised(parts, factors, self._equations.orders, powers[0], powers[1])

    def _factorised(self, parts: Sequence[Sequence[Any]], z: float) -> LevelledFactors:
        """Return the factors of one stage's matrix."""
        found = self._equations.factorised(parts, z)
        self.condition = max(self.condition, found.condition)
        return found

    def _scaled(self, slopes: Float[ndarray, "q c N"], h: float) -> Float[ndarray, "q c N"]:
        """Return the changes of the fields that slopes make across a step."""
        return np.stack([h**m * slopes[:, f] for f, m in enumerate(self._equations.orders)], axis=1)

    def _finish(self) -> None:
        """Go to the end of the step, and note the levels within."""
        assert self._slopes is not None
        begin, end = self._ends[self._step : self._step + 2]
        is_last = self._step == len(self._ends) - 2
        until = self._times <= (end if not is_last else np.inf)
        inside = self._times[len(self._levels) : int(until.sum())]
        at = (inside - begin) / self._h
        if self._step == 0:
            self._levels[0] = self._at(np.zeros(1), self._slopes)[0]
        self._levels += list(self._at(at, self._slopes))
        last = self._method.from_stages[-1] / (2 * len(self._method.c) - 1)
        tail = self._scaled(np.tensordot(last, self._slopes, 1)[None], self._h)
        size = np.linalg.norm(self._levels[-1])
        self.tail = max(self.tail, float(np.linalg.norm(tail) / max(size, np.finfo(float).tiny)))
        self._state = self._end(self._slopes)
        self._slopes, self._iteration, self._before = None, 0, np.inf
        self._step += 1

    def _at(
        self, at: Float[ndarray, " n"], slopes: Float[ndarray, "q c N"]
    ) -> Float[ndarray, "n N c"]:
        """Return the fields at instants, as parts of the step."""
        found = np.empty((len(at), *slopes.shape[1:]))
        for f, m in enumerate(self._equations.orders):
            if m == 0:
                found[:, f] = self._method.values(at) @ slopes[:, f]
                continue
            found[:, f] = self._integrated(at, m, slopes[:, f])
            for j in range(m):
                powers = (self._h * at) ** j / factorial(j)
                found[:, f] += powers[:, None] * self._state[j, f]
        return found.swapaxes(1, 2)

    def _end(self, slopes: Float[ndarray, "q c N"]) -> Float[ndarray, "m c N"]:
        """Return the fields at the end of the step, then their derivatives below the highest."""
        state = np.zeros_like(self._state)
        for f, m in enumerate(self._equations.orders):
            for a in range(m):
                state[a, f] = self._integrated(np.ones(1), m - a, slopes[:, f])[0]
                for j in range(a, m):
                    state[a, f] += self._h ** (j - a) / factorial(j - a) * self._state[j, f]
        return state

    def _integrated(
        self, at: Float[ndarray, " n"], times: int, slopes: Float[ndarray, "q N"]
    ) -> Float[ndarray, "n N"]:
        """Return slopes integrated so many times from the beginning of the step."""
        inner = np.linalg.matrix_power(self._h * self._method.A, times - 1) @ slopes
        return self._h * self._method.integrals(at) @ inner

    def _tell(self, part: str, fraction: float) -> None:
        """Tell of the progress within an iteration."""
        number = f", step {self._step + 1} of {len(self._ends) - 1}" if len(self._ends) > 2 else ""
        self._watch(Progress(f"{len(self._method.c)} stages{number}: {part}", fraction))

    def _said(self) -> Step:
        """Return the report of what has been reached."""
        q, n, done = len(self._method.c), len(self._ends) - 1, ""
        if self._step == n:
            steps = "one step" if n == 1 else f"{n} steps"
            done = f"solved in {steps} of {q} stages, the last Legendre coefficient in time "
            done += f"{self.tail:.1e} of the solution"
        return Step(self._loss, self._step, done, self._step / n, f"{q} stages")


@dataclass(frozen=True)
class _Linearised:
    """The derivative of the equations of all stages by the slopes at all of them.

    Attributes
    ----------
    parts
        Derivatives at each stage by each field and its slopes.
    factors
        Of each stage's own matrix in the triangle.
    orders
        Order in time of each field.
    full, lower
        Powers of the step times ``A``, and of the step times its triangle.
    """

    parts: Sequence[Sequence[Sequence[Any]]]
    factors: Sequence[LevelledFactors]
    orders: Sequence[int]
    full: Sequence[Float[ndarray, "q q"]]
    lower: Sequence[Float[ndarray, "q q"]]

    def __call__(self, v: Float[ndarray, "q c N"]) -> Float[ndarray, "q R"]:
        """Return the change of the residuals that a change of the slopes makes."""
        moved = [
            [self.full[m - a] @ v[:, f] if a < m else v[:, f] for a in range(m + 1)]
            for f, m in enumerate(self.orders)
        ]
        return np.stack(
            [self._residual(i, [[u[i] for u in own] for own in moved]) for i in range(len(v))]
        )

    def preconditioned(self, r: Float[ndarray, "q R"]) -> Float[ndarray, "q c N"]:
        """Return the slopes that the triangle finds for residuals, stage after stage."""
        c = len(self.orders)
        found = np.zeros((len(r), c, len(self.factors[0](r[0])) // c))
        for i in range(len(r)):
            before = [
                [self.lower[m - a][i, :i] @ found[:i, f] for a in range(m)]
                for f, m in enumerate(self.orders)
            ]
            left = r[i] - self._residual(i, before) if i else r[i]
            found[i] = self.factors[i](left).reshape(c, -1)
        return found

    def _residual(
        self, i: int, changes: Sequence[Sequence[Float[ndarray, " N"]]]
    ) -> Float[ndarray, " R"]:
        """Return the change of one stage's residual by changes of the fields and their slopes."""
        return sum(
            part @ change
            for own, some in zip(self.parts[i], changes, strict=True)
            for part, change in zip(own, some, strict=False)
        )
