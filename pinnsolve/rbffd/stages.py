"""Long steps in time: Radau IIA with as many stages as the solution takes.

One step of ``q`` stages crosses what short steps of a lower order take thousands for, if the
solution is smooth in time: its error falls exponentially with ``q``. Source: Raissi, Perdikaris &
Karniadakis (2019), doi:10.1016/j.jcp.2018.10.045, section 3, who train networks for it.

For the slopes ``k`` at all stages (`stage_equations`) Newton's method needs the solution of

    sum_j  sum_a  J_a,i ((h A)^(m-a))_ij  dk_j  =  r_i,       J_a,i = ∂F/∂u_a at stage i,

too large to be factorised, and not to be decoupled by the eigenvectors of ``A``, whose condition
is 6e10 for 20 stages. GMRES solves it, preconditioned by the same with the mean of ``J`` over the
stages. That is solved by Schur's decomposition ``A = Z T Z^H``, from the last row of the triangle
``T`` to the first, each with a sparse factor of its own: a unitary ``Z`` loses no digits, and what
all stages have in common, as the waves of a dispersive equation, is solved exactly. Newton's method
starts where implicit Euler steps from stage to stage lead.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import DivergedError
from pinnsolve.process import State, Step
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.crossing import Crossing
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.levels import LevelledFactors
from pinnsolve.rbffd.linear_stages import LinearisedStages
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
    guesses
        Slopes with which Newton's method begins in each step; if there are none they are found.
    watch
        Told how far the work has come.
    most
        Iterations of Newton's method in a step, before it counts as failed.

    Attributes
    ----------
    condition
        Largest estimated condition number of the matrices of stages.
    tail
        Size of the last Legendre coefficient in time, relative to the solution, of any step.
    crossed
        Each step behind, and its equations linearised, if guesses are given, even if none.
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
        guesses: Sequence[Float[ndarray, "q c N"]] | None = None,
        watch: Watch = unwatched,
        most: int = NEWTON_STEPS,
    ) -> None:
        self._method, self._times, self._watch = collocation(stages), times, watch
        self._most = most
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
        self.crossed: list[tuple[Crossing, LinearisedStages]] = []
        self._guesses = guesses
        self._linear: LinearisedStages | None = None

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
        if self._slopes is None and self._guesses:
            self._slopes = self._guesses[self._step]
        elif self._slopes is None:
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
        elif not np.isfinite(self._loss) or self._iteration >= self._most:
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

    def instants(self, step: int) -> Float[ndarray, " n"]:
        """Return the levels after the first that lie within a step, as parts of it."""
        begin, end = self._ends[step : step + 2]
        first, last = step == 0, step == len(self._ends) - 2
        after = self._times > begin if not first else np.arange(len(self._times)) > 0
        inside = self._times[after & (self._times <= (np.inf if last else end))]
        return (inside - begin) / self._h

    def by_constant(self, step: int, name: str) -> Float[ndarray, "q R"]:
        """Return the derivatives of the equations of a step behind by one of their constants."""
        own, equations = self.crossed[step][0], self._equations
        begin = self._ends[step]
        conditions = equations.bind(begin + self._h * self._method.c)
        at = equations.at_stages(conditions, slice(0, len(own.slopes)))
        return equations.by_constant(at, equations.fields(own.state, own.slopes, own.h), name)

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
        linear = self._linear = self._linearised(conditions, fields)
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
    ) -> LinearisedStages:
        """Return the derivatives of the equations of all stages, and their factors."""
        h, (T, Z), orders = self._h, self._method.schur, self._equations.orders
        parts = [self._equations.derivatives(conditions, i, at) for i, at in enumerate(fields)]
        weights = self._method.A[-1]  # of the integral over the step
        mean = [
            [
                sum(w * own[f][a] for w, own in zip(weights, parts, strict=True))
                for a in range(m + 1)
            ]
            for f, m in enumerate(orders)
        ]
        factors = []
        for i in range(len(fields)):
            self._tell("factorisation", i / len(fields))
            factors.append(self._factorised(mean, h * complex(T[i, i])))
        full, upper = (
            [np.linalg.matrix_power(h * B, k) for k in range(max(orders) + 1)]
            for B in (self._method.A, T)
        )
        return LinearisedStages(parts, mean, factors, orders, full, upper, Z)

    def _factorised(self, parts: Sequence[Sequence[Any]], z: complex) -> LevelledFactors:
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
        at = self.instants(self._step)
        step = Crossing(self._method, self._equations.orders, self._h, self._state, self._slopes)
        if self._step == 0:
            self._levels[0] = step.at(np.zeros(1))[0].T
        self._levels += [values.T for values in step.at(at)]
        last = self._method.from_stages[-1] / (2 * len(self._method.c) - 1)
        tail = self._scaled(np.tensordot(last, self._slopes, 1)[None], self._h)
        size = np.linalg.norm(self._levels[-1])
        self.tail = max(self.tail, float(np.linalg.norm(tail) / max(size, np.finfo(float).tiny)))
        if self._guesses is not None:
            assert self._linear is not None
            self.crossed.append((step, self._linear))
        self._state = step.end()
        self._slopes, self._iteration, self._before = None, 0, np.inf
        self._step += 1

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
