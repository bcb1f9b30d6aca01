"""The classical solution on the same nodes: sparse factorisation and Newton's method.

It is a method in its own right for one forward problem, the baseline of every network trained on
the same discretisation (whose error it bounds from below), and an oracle in tests.

Steps are damped by the natural monotonicity test: a step ``s d`` with ``J d = -r(u)`` is taken if
``|J^-1 r(u + s d)| <= (1 - s/2) |d|``, which does not depend on how the equations are scaled.
Source: Deuflhard (2011), Newton Methods for Nonlinear Problems, Springer,
doi:10.1007/978-3-642-23899-4, section 3.3.
"""

from dataclasses import dataclass
from functools import cached_property
from math import nan
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.process import State, Step
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.blocks import stack
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.easing import SMALLEST_DAMPING, Eased
from pinnsolve.rbffd.levels import Level, LevelledFactors, factorise_with_levels, levels_of
from pinnsolve.rbffd.matching import closing_rows, match

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SMALLEST_SHARE = 2.0**-6  # of the nonlinear part, by which a flow goes on at least
PATIENCE = 12  # Newton steps with one share of it


@dataclass(frozen=True)
class DirectSolution:
    """Nodal values that satisfy the discrete problem.

    Attributes
    ----------
    values
        At all nodes, ghosts included.
    converged
        Whether Newton's method reached its tolerance; always true of a linear problem.
    message
        Why it ended.
    iterations
        Newton steps, one for a linear problem.
    residual_norm
        Root mean square of the residuals.
    condition
        Estimated condition number of the last matrix, rows and columns scaled.
    seconds
        Time taken.
    """

    values: Float[ndarray, "N c"]
    converged: bool
    message: str
    iterations: int
    residual_norm: float
    condition: float
    seconds: float


def solve(
    discretisation: Discretisation,
    initial: Float[ndarray, "N c"] | None = None,
    *,
    tolerance: float = 1e-10,
    iterations: int = 50,
    watch: Watch = unwatched,
) -> DirectSolution:
    """Solve the discrete problem for the nodal values.

    Parameters
    ----------
    discretisation
        The discrete problem; with more equations than unknowns it is solved by least squares.
    initial
        Where Newton's method starts; by default zero, or one if the equations are singular or
        not finite at zero.
    tolerance
        Size of the last Newton step relative to the solution.
    iterations
        Most Newton steps to take.
    watch
        Told how far the work has come.

    Raises
    ------
    SingularError
        If the discrete problem has no unique solution.
    NodesError
        If the nodes are too few to continue a field beyond the boundary.
    DivergedError
        If the equations are not finite where Newton's method starts.
    """
    start = perf_counter()
    process = Newton(
        discretisation, initial, tolerance=tolerance, iterations=iterations, watch=watch
    )
    while not (step := process.step()).done:
        pass
    values = process.answer()
    return DirectSolution(
        values=values,
        converged=process.converged,
        message=step.done,
        iterations=int(step.at),
        residual_norm=float(np.sqrt(np.mean(discretisation.residual(values) ** 2))),
        condition=process.condition,
        seconds=perf_counter() - start,
    )


def condition(discretisation: Discretisation, U: Float[ndarray, "N c"] | None = None) -> float:
    """Return the estimated condition number of the discrete operator, rows and columns scaled.

    Parameters
    ----------
    discretisation
        The discrete problem.
    U
        Nodal values at which a nonlinear one is linearised; zero by default.

    Raises
    ------
    SingularError
        If the operator is singular, or so ill conditioned that no digit can be trusted.
    """
    equations = Equations.of(discretisation)
    size = discretisation.n_fields * discretisation.n_nodes
    u = np.zeros(size) if U is None else U.T.ravel()
    return equations.factorised(u, has_order=False).condition


@dataclass(frozen=True)
class Equations:
    """The conditions and the rows that close the ghosts, as functions of one long vector.

    Attributes
    ----------
    discretisation
        The discrete problem.
    closing
        The rows that close the ghosts, the last.
    order
        The row that determines each unknown, constraints not counted; None if it is not known.
    levels
        Those of fields that constraints fix.
    """

    discretisation: Discretisation
    closing: "csr_array"
    order: Int[ndarray, " K"] | None
    levels: tuple[Level, ...] = ()

    @classmethod
    def of(cls, discretisation: Discretisation, *, is_steady: bool = True) -> "Equations":
        """Add the closing rows; those of an evolution if it is not steady."""
        n_columns = discretisation.n_fields * discretisation.n_nodes
        plain = discretisation.without_constraints()
        matching = match(plain, is_steady=is_steady)
        closing = closing_rows(discretisation, matching)
        ghosts = [columns[:, -1] for columns, _ in closing]
        determined = np.concatenate([matching.determined, *ghosts])
        is_square = np.array_equal(np.sort(determined), np.arange(n_columns))
        order = np.argsort(determined) if is_square else None
        levels = levels_of(discretisation, matching)
        return cls(discretisation, stack(closing, n_columns), order, levels)

    @property
    def is_constraint(self) -> Bool[ndarray, " R"]:
        """Which rows are constraints."""
        conditions = self.discretisation.conditions
        own = [np.full(c.rows_at_instant, c.is_constraint) for c in conditions]
        return np.concatenate([*own, np.zeros(self.closing.shape[0], dtype=bool)])

    def factorised(self, u: Float[ndarray, " K"], *, has_order: bool = True) -> LevelledFactors:
        """Return the factors of the derivative of the residuals by the unknowns.

        Raises
        ------
        SingularError
            If it has no inverse.
        """
        return self.factors_of(self.jacobian(u), has_order=has_order)

    def factors_of(self, matrix: "csr_array", *, has_order: bool = True) -> LevelledFactors:
        """Return the factors of a matrix with the rows and unknowns of these equations."""
        order = self.order if has_order else None
        return factorise_with_levels(matrix, order, self.levels, self.is_constraint)

    def residual(self, u: Float[ndarray, " K"]) -> Float[ndarray, " R"]:
        """Return the residuals of the conditions, then those of the closing rows."""
        U = u.reshape(self.discretisation.n_fields, -1).T
        return np.concatenate([self.discretisation.residual(U), self.closing @ u])

    def jacobian(self, u: Float[ndarray, " K"]) -> "csr_array":
        """Return the derivative of the residuals by the unknowns."""
        from scipy.sparse import vstack

        U = u.reshape(self.discretisation.n_fields, -1).T
        return vstack([self.discretisation.jacobian(U), self.closing], format="csr")


class Newton:
    """Newton's method, of which a linear problem takes one step.

    It goes on until the step is small, or no damped step makes the next one smaller. That of a flow
    starts from Stokes flow, its solution without what is not linear, and where it fails takes less
    of this at first (`pinnsolve.rbffd.easing`).

    Parameters
    ----------
    discretisation, initial, tolerance, iterations, watch
        As of `solve`.

    Attributes
    ----------
    converged
        Whether it has reached its tolerance.
    condition
        Estimated condition number of the last matrix, rows and columns scaled.
    factors
        Those of the matrix at the solution; None before it is found, and of what is taken up again.
    """

    def __init__(
        self,
        discretisation: Discretisation,
        initial: Float[ndarray, "N c"] | None = None,
        *,
        tolerance: float = 1e-10,
        iterations: int = 50,
        watch: Watch = unwatched,
    ) -> None:
        self.converged, self.condition = False, 0.0
        self.factors: LevelledFactors | None = None
        self._discretisation, self._watch = discretisation, watch
        self._tolerance, self._iterations = tolerance, iterations
        self._starts_left = int(initial is None and not discretisation.is_linear)
        self._r: Float[ndarray, " R"] | None = None  # the residuals, once they are evaluated
        is_flow = any(condition.closes for condition in discretisation.conditions)
        is_eased = is_flow and initial is None and not discretisation.is_linear
        self._reached, self._share = (0.0, 0.0) if is_eased else (1.0, 1.0)
        shape = (discretisation.n_fields, discretisation.n_nodes)
        self._go_to(np.zeros(shape).ravel() if initial is None else initial.T.ravel())

    def step(self) -> Step:
        """Return the report of one Newton step, from a second start if the first one was none.

        Raises
        ------
        SingularError
            If the discrete problem has no unique solution.
        NodesError
            If the nodes are too few to continue a field beyond the boundary.
        DivergedError
            If the equations are not finite where Newton's method starts.
        """
        if self.converged:
            return self._said(self._steps, self._message)
        try:
            return self._iterate()
        except (DivergedError, SingularError):
            if self._share > self._reached:  # lost on the way: go on with less
                return self._failed(self._steps + 1, "the equations are singular where it went")
            if not self._starts_left:
                raise
        self._starts_left = 0
        self._go_to(np.ones(self._u.shape))
        return self._iterate()

    def answer(self) -> Float[ndarray, "N c"]:
        """Return the nodal values so far."""
        shape = (self._discretisation.n_fields, self._discretisation.n_nodes)
        return np.ascontiguousarray(self._u.reshape(shape).T)

    def state(self) -> State:
        """Return the nodal values, and all that decides how they go on."""
        return {
            "u": self._u.copy(),
            "damping": self._damping,
            "steps": self._steps,
            "starts_left": self._starts_left,
            "converged": int(self.converged),
            "condition": self.condition,
            "message": self._message,
            "share": self._share,
            "reached": self._reached,
            "base": self._base.copy(),
            "since": self._since,
        }

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._go_to(np.array(state["u"]))
        self._steps, self._starts_left, converged = (
            int(str(state[name])) for name in ("steps", "starts_left", "converged")
        )
        self._damping, self.condition = float(state["damping"]), float(state["condition"])
        self.converged, self._message = bool(converged), str(state["message"])
        self._share, self._reached = float(state["share"]), float(state["reached"])
        self._base, self._since = np.array(state["base"]), int(str(state["since"]))

    @cached_property
    def _whole(self) -> Eased:
        return Eased(Equations.of(self._discretisation))

    @property
    def _equations(self) -> Eased:
        """The equations with the present share of what is not linear."""
        self._whole.share = self._share
        return self._whole

    @property
    def _residual(self) -> Float[ndarray, " R"]:
        """The residuals where it stands, evaluated once."""
        if self._r is None:
            self._r = self._equations.residual(self._u)
        return self._r

    def _go_to(self, u: Float[ndarray, " K"]) -> None:
        """Start at nodal values."""
        self._u, self._r = u, None
        self._damping, self._steps, self._message = 1.0, 0, ""
        self._base, self._since = u, 0

    def _iterate(self) -> Step:
        """Take a step, or say why there is none."""
        norm, u, r, equations = np.linalg.norm, self._u, self._residual, self._equations
        if self._steps == 0 and not np.isfinite(r).all():
            raise DivergedError(
                "the equations are not finite at the values where Newton's method starts. "
                "Rewrite them so that they are finite for fields that are zero, or one."
            )
        most = self._iterations if self._reached == self._share else PATIENCE
        if self._steps - self._since >= most:
            return self._failed(self._steps, f"no convergence in {self._steps} steps")
        steps = self._steps + 1
        self._watch(Progress(self._stage, iteration=steps, loss=float(np.mean(r * r))))
        factors = equations.factorised(u)
        self.condition = factors.condition
        d = -factors(r)
        if equations.is_linear:
            return self._moved(u + d, "solved", factors)
        if norm(d) <= self._tolerance * norm(u + d):
            return self._moved(u + d, "converged", factors)
        damping = equations.damping(factors, u, d, min(1.0, 2 * self._damping))
        if damping >= SMALLEST_DAMPING:
            self._damping = damping
            return self._moved(u + damping * d)
        # near the solution rounding errors, not the equations, spoil the test
        if norm(d) <= np.sqrt(self._tolerance) * norm(u):
            return self._moved(u, "converged to rounding")
        return self._failed(steps, "no step reduces the residual")

    @property
    def _stage(self) -> str:
        return "factorisation" if self._discretisation.is_linear else "Newton's method"

    def _moved(
        self, u: Float[ndarray, " K"], message: str = "", factors: LevelledFactors | None = None
    ) -> Step:
        """Stand at new nodal values, which are the solution if there is a message."""
        self._u, self._r, self._steps = u, None, self._steps + 1
        if message and self._share < 1:
            gap = 2 * (self._share - self._reached) or 1.0
            self._reached, self._base = self._share, u
            self._take(min(1.0, self._share + gap), self._steps)
            message = ""
        self._message, self.converged = message, bool(message)
        self.factors = factors if message else None
        return self._said(self._steps, message)

    def _said(self, steps: int, message: str) -> Step:
        r = self._residual
        return Step(float(np.mean(r * r)), steps, message, stage=self._stage)

    def _take(self, share: float, steps: int) -> None:
        """Go on from the last solution with a larger share of what is not linear."""
        self._share, self._since, self._damping = share, steps, 1.0
        self._u, self._r = self._base, None

    def _failed(self, steps: int, message: str) -> Step:
        """Say why there is no solution; the nodal values stay where they are."""
        if self._share - self._reached >= 2 * SMALLEST_SHARE:
            self._steps = steps
            self._take((self._reached + self._share) / 2, steps)
            return self._said(steps, "")
        if self._share > self._reached:
            share = f"{100 * self._reached:.0f} % of the Reynolds number"
            message = f"{message}: the solution was followed to {share} only"
        return Step(nan, steps, message, stage=self._stage)
