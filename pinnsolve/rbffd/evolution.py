"""The classical solution of a problem in time: RBF-FD in space, Radau IIA in time.

The conditions are a system of differential-algebraic equations ``F(t, u, u_t, …) = 0`` for the
nodal values, ghosts included: boundary conditions hold no derivative in time, as a rule. With the
highest derivative ``k`` of each field, of order ``m``, constant unknowns at the stages,

    ∂_t^a u(t_i) = Taylor polynomial from the last instant + (h A)^(m - a) k,

every stage satisfies ``F = 0``; Newton's method needs matrices ``sum_a (h z)^(m - a) ∂F/∂u_a``
only for the eigenvalues ``z`` of ``A``, and they are factorised once for many steps. Source:
Hairer & Wanner (1996), doi:10.1007/978-3-642-05221-7, sections IV.8 and VI.1.

Steps. Each interval between two time levels is divided into the same number of steps, doubled
until the solution at the levels changes by less than a tolerance; by then it is that tolerance
divided by two to the order of the method that the errors in time are expected to have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import factorial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from threadpoolctl import threadpool_limits

from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.factorisation import Factorisation, factorise
from pinnsolve.timestepping.radau import Radau, radau

if TYPE_CHECKING:
    pass

MOST_DOUBLINGS = 6  # of the steps between two levels
NEWTON_STEPS = 12
NEWTON_TOLERANCE = 1e-10  # size of the last Newton step relative to the solution
TIRED = 0.1  # reduction of Newton's step beyond which its matrices are taken anew


@dataclass(frozen=True)
class Trajectory:
    """Nodal values over time.

    Attributes
    ----------
    values
        At the time levels, at all nodes, ghosts included.
    converged
        Whether the steps are fine enough for the tolerance.
    message
        How it ended.
    steps
        Taken between the first level and the last.
    change
        Relative change of the solution when the steps were last halved.
    condition
        Estimated condition number of the matrix of a step, rows and columns scaled.
    seconds
        Time taken.
    """

    values: Float[ndarray, "K N c"]
    converged: bool
    message: str
    steps: int
    change: float
    condition: float
    seconds: float


Bind = Callable[[Float[ndarray, " n"]], Sequence[Condition]]  # the conditions at given instants


def integrate(
    system: Discretisation,
    bind: Bind,
    initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
    times: Float[ndarray, " K"],
    *,
    tolerance: float,
    watch: Watch = unwatched,
) -> Trajectory:
    """Integrate from the first time level to the last.

    Parameters
    ----------
    system
        The discretisation in space, with derivatives in time as further fields.
    bind
        Its conditions at other instants.
    initial
        Values at all nodes by field and order in time.
    times
        The time levels.
    tolerance
        Relative change on halving the steps at which they count as fine enough.
    watch
        Told how far the work has come.

    Raises
    ------
    SingularError
        If the equations do not determine how the fields go on.
    DivergedError
        If Newton's method fails however small the steps.
    """
    start = perf_counter()
    flow = _Flow(system, bind, initial, radau(system.order))
    values, change, message = None, np.inf, ""
    for doubling in range(MOST_DOUBLINGS + 1):
        n = 2**doubling
        try:
            # thousands of small triangular solves: threads would wait for one another
            with threadpool_limits(1, user_api="blas"):
                finer = flow.run(times, n, watch)
        except DivergedError as error:
            message = str(error)
            continue
        except SingularError as error:  # of a nonlinear problem perhaps only where steps overshoot
            if system.is_linear:
                raise
            message = str(error)
            continue
        if values is not None:
            change = float(np.linalg.norm(finer - values) / np.linalg.norm(finer))
        values, message = finer, f"solved in {n * (len(times) - 1)} steps"
        if change <= tolerance:
            break
    if values is None:
        raise DivergedError(message)
    if change > tolerance:
        message += f", whose number still matters: halving them changed it by {change:.1e}"
    return Trajectory(
        values=values,
        converged=change <= tolerance,
        message=message,
        steps=n * (len(times) - 1),
        change=change,
        condition=flow.condition,
        seconds=perf_counter() - start,
    )


def condition(system: Discretisation, orders: Sequence[int], step: float) -> float:
    """Return the estimated condition number of the matrix of one step, from zero fields.

    Parameters
    ----------
    system
        The discretisation in space, with derivatives in time as further fields.
    orders
        Order in time of each field.
    step
        Length of the step.

    Raises
    ------
    SingularError
        If the matrix is singular, or so ill conditioned that no digit can be trusted.
    """
    flow = _Flow(
        system,
        lambda _: system.conditions,
        {(field, a): np.empty(0) for field, m in enumerate(orders) for a in range(m)},
        radau(system.order),
    )
    at_rest = np.zeros((system.n_nodes, system.n_slots))
    return flow.matrices(flow.at(system.conditions, 0), at_rest, step)[0].condition


class _Flow:
    """The equations of one step, and the steps themselves."""

    def __init__(
        self,
        system: Discretisation,
        bind: Bind,
        initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
        method: Radau,
    ) -> None:
        self.system, self.bind = system, bind
        self.initial, self.method = initial, method
        self.condition = 0.0
        self.orders = [sum(f == field for f, _ in initial) for field in range(system.n_fields)]

    def run(self, times: Float[ndarray, " K"], n: int, watch: Watch) -> Float[ndarray, "K N c"]:
        """Take ``n`` steps from each level to the next."""
        s, c, N = len(self.method.c), self.system.n_fields, self.system.n_nodes
        state = np.zeros((max(self.orders), c, N))
        for (field, a), values in self.initial.items():
            state[a, field] = values
        slopes = np.zeros((s, c, N))
        result = np.empty((len(times), N, c))
        algebraic = [field for field, m in enumerate(self.orders) if m == 0]
        h = float(times[1] - times[0]) / n
        matrices: list[Factorisation] = []
        for k, (begin, end) in enumerate(pairwise(times)):
            watch(Progress(f"time integration, {n} steps a level", k / (len(times) - 1)))
            starts = np.linspace(begin, end, n, endpoint=False)
            instants = (starts[:, None] + h * self.method.c).ravel()
            conditions = self.bind(instants)
            for i in range(n):
                slopes, matrices = self._step(conditions, i, state, slopes, matrices, h)
                fields = self._fields(state, slopes, h).reshape(s, -1, c, N)
                if k == 0 and i == 0:
                    result[0] = state[0].T
                    # algebraic fields have no initial value: the first step's polynomial has
                    begins = np.tensordot(self.method.backwards, fields[:, 0, algebraic], 1)
                    result[0][:, algebraic] = begins.T
                fields = fields[-1]
                state = fields[: len(state)].copy()
            result[k + 1] = fields[0].T
        return result

    def at(self, conditions: Sequence[Condition], level: int) -> Discretisation:
        """Return the equations at one instant, as those of a steady problem."""
        return replace(self.system, conditions=tuple(c.at(level) for c in conditions))

    def matrices(
        self, equations: Discretisation, U: Float[ndarray, "N a"], h: float
    ) -> list[Factorisation]:
        """Factorise the matrix of each eigenvalue, linearised at nodal values ``U``."""
        from scipy.sparse import csr_array, hstack, vstack

        J, N = equations.jacobian(U).tocsc(), self.system.n_nodes
        closing = self._steady.closing.tocsc()
        result = []
        for z in self.method.eigenvalues:
            z = z.real if z.imag == 0 else z
            columns = []
            for field, m in enumerate(self.orders):
                slots = [self.system.slot(field, a) for a in range(m + 1)]
                parts = (
                    (h * z) ** (m - a) * J[:, slot * N : (slot + 1) * N]
                    for a, slot in enumerate(slots)
                )
                ghosts = (h * z) ** m * closing[:, field * N : (field + 1) * N]
                columns.append(vstack([sum(parts), ghosts]))
            matrix = csr_array(hstack(columns))
            result.append(factorise(matrix, self._steady.order))
        self.condition = max(factors.condition for factors in result)
        return result

    def _step(
        self,
        conditions: Sequence[Condition],
        step: int,
        state: Float[ndarray, "m c N"],
        slopes: Float[ndarray, "s c N"],
        matrices: list[Factorisation],
        h: float,
    ) -> tuple[Float[ndarray, "s c N"], list[Factorisation]]:
        """Solve the equations of one step by Newton's method, its matrices kept while they do."""
        s = len(self.method.c)
        stages = slice(step * s, (step + 1) * s)
        equations = replace(
            self.system,
            conditions=tuple(
                replace(
                    c,
                    residual=c.residual.with_data(lambda data: data[:, stages]),
                    levels=np.arange(s),
                )
                for c in conditions
            ),
        )
        slopes = np.repeat(slopes[-1:], s, axis=0)  # the polynomial of the last step goes on
        before = np.inf
        for _ in range(NEWTON_STEPS):
            fields = self._fields(state, slopes, h)
            if not matrices:
                # linear in time or not, the middle of the step stands for all of it
                middle = (s - 1) // 2
                matrices = self.matrices(
                    self.at(conditions, stages.start + middle), fields[middle].T, h
                )
            change = self._newton(equations, fields, matrices)
            slopes = slopes - change
            scaled = [h**m * change[:, f] for f, m in enumerate(self.orders)]
            size = float(np.linalg.norm(scaled))
            if not np.isfinite(size):
                break
            known = float(np.linalg.norm(fields[:, : self.system.n_fields]))
            if size <= NEWTON_TOLERANCE * max(known, size):
                return slopes, matrices
            if size > TIRED * before:
                matrices = []
                if before <= 1e-6 * known:  # rounding errors are all that is left
                    return slopes, matrices
            before = size
        raise DivergedError(f"Newton's method failed in a time step of {h:.3g}.")

    def _newton(
        self,
        equations: Discretisation,
        fields: Float[ndarray, "s a N"],
        matrices: Sequence[Factorisation],
    ) -> Float[ndarray, "s c N"]:
        """Return the excess of the stages' slopes."""
        r = equations.residual(fields.transpose(2, 1, 0)).reshape(-1, len(fields))
        values = fields[:, : self.system.n_fields].reshape(len(fields), -1)
        r = np.concatenate([r.T, (self._steady.closing @ values.T).T], axis=1)
        change = np.zeros((len(fields), self.system.n_fields * self.system.n_nodes))
        method = self.method
        for e, (z, factors) in enumerate(zip(method.eigenvalues, matrices, strict=True)):
            right = method.inverse[e] @ r
            part = factors(right.real if z.imag == 0 else right)
            change += (1 if z.imag == 0 else 2) * np.outer(method.vectors[:, e], part).real
        return change.reshape(len(fields), self.system.n_fields, -1)

    def _fields(
        self, state: Float[ndarray, "m c N"], slopes: Float[ndarray, "s c N"], h: float
    ) -> Float[ndarray, "s a N"]:
        """Return the fields at the stages, then their derivatives in time."""
        c, N = self.system.n_fields, self.system.n_nodes
        fields = np.zeros((len(slopes), self.system.time_order + 1, c, N))
        for field, m in enumerate(self.orders):
            integrated = slopes[:, field]
            for a in range(m, -1, -1):
                fields[:, a, field] = integrated
                for j in range(a, m):
                    powers = (h * self.method.c) ** (j - a) / factorial(j - a)
                    fields[:, a, field] += powers[:, None] * state[j, field]
                integrated = h * self.method.A @ integrated
        return fields.reshape(len(slopes), -1, N)

    @cached_property
    def _steady(self) -> "direct.Equations":
        """The equations with derivatives in time taken for the fields themselves.

        They tell which row determines which unknown, and how ghosts are closed.
        """
        flat = []
        for own in self.system.conditions:
            terms = tuple(replace(term, time_order=0) for term in own.residual.terms)
            flat.append(replace(own, residual=replace(own.residual, terms=terms)))
        return direct.Equations.of(replace(self.system, conditions=tuple(flat), time_order=0))
