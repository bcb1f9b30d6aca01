"""What is sought between snapshots, and what beginnings and constants make of the data.

The solution between is what long steps (`stages`) make of a beginning; its derivatives follow from
the factors that these have used (`sensitivities`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.data import Observed
from pinnsolve.errors import DivergedError
from pinnsolve.problem.schema.unknowns import Parameter
from pinnsolve.progress import Watch
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.sensitivities import sensitivities
from pinnsolve.rbffd.snapshot_rows import Beginning, Later
from pinnsolve.rbffd.stage_equations import Bind
from pinnsolve.rbffd.stages import Stages


@dataclass(frozen=True, eq=False)
class Assimilated:
    """What is known where the search stands.

    Attributes
    ----------
    residual
        Rows that ask for smoothness, then those of the data, in the order of their sets.
    derivative
        By the coefficients of the beginnings, then by the constants.
    levels
        The solution at all levels.
    slopes, changes
        At the stages of each step, and their derivatives by all unknowns.
    """

    residual: Float[ndarray, " R"]
    derivative: Float[ndarray, "R u"]
    levels: Float[ndarray, "L N c"]
    slopes: Sequence[Float[ndarray, "q c N"]]
    changes: Sequence[Float[ndarray, "q c N u"]]

    @property
    def loss(self) -> float:
        """Sum of the squares of the rows."""
        return float(self.residual @ self.residual)


@dataclass(frozen=True, eq=False)
class Search:
    """What is sought, and from what.

    Attributes
    ----------
    system
        The discretisation, for whatever constants.
    bind
        Its conditions at other instants.
    initial
        Values when time begins, by field and order in time.
    beginnings
        Those of them that were observed.
    later
        What was seen later, by the number of the set.
    observed
        All sets.
    weights
        Of the rows of data, all sets.
    parameters
        The constants, by name.
    times, shown
        All levels, and those that are shown.
    stages, steps
        Number of stages of a step, and of steps.
    """

    system: Discretisation
    bind: Bind
    initial: Mapping[tuple[int, int], Float[ndarray, " N"]]
    beginnings: Sequence[Beginning]
    later: Mapping[int, Later]
    observed: Sequence[Observed]
    weights: Float[ndarray, " D"]
    parameters: Mapping[str, Parameter]
    times: Float[ndarray, " L"]
    shown: Sequence[int]
    stages: int
    steps: int

    @property
    def first(self) -> Float[ndarray, " u"]:
        """The unknowns with which the search begins."""
        fitted = [own.fitted for own in self.beginnings]
        return np.concatenate([*fitted, [own.first for own in self.parameters.values()]])

    @property
    def n_constants(self) -> int:
        """Number of constants, the last of the unknowns."""
        return len(self.parameters)

    def constants(self, u: Float[ndarray, " u"]) -> dict[str, float]:
        """Return the constants for the numbers that are sought."""
        pairs = zip(self.parameters.items(), u[len(u) - self.n_constants :], strict=True)
        return {name: exp(s) if p.transform == "exp" else float(s) for (name, p), s in pairs}

    def slopes(self, u: Float[ndarray, " u"]) -> Float[ndarray, " k"]:
        """Return the derivative of each constant by the number that is sought."""
        values = self.constants(u)
        return np.array(
            [values[name] if p.transform == "exp" else 1.0 for name, p in self.parameters.items()]
        )

    def evaluated(
        self, u: Float[ndarray, " u"], guesses: Sequence[ndarray], watch: Watch
    ) -> Assimilated:
        """Return the data as the unknowns make them.

        Raises
        ------
        DivergedError
            If the equations have no solution that can be followed.
        """
        work, changed = self._solved(u, guesses, watch)
        levels, by_slopes = sensitivities(work, changed, tuple(self.parameters))
        factors = np.concatenate([np.ones(changed.shape[-1]), self.slopes(u)])
        residual, derivative = self._rows(u, work.answer(), levels)
        found = [step.slopes for step, _ in work.crossed]
        by_unknowns = [own * factors for own in by_slopes]
        return Assimilated(residual, derivative * factors, work.answer(), found, by_unknowns)

    def loss(self, u: Float[ndarray, " u"], watch: Watch) -> float:
        """Return the sum of the squares of the rows; infinite where there is no solution."""
        try:
            work, _ = self._solved(u, None, watch)
        except DivergedError:
            return np.inf
        U = work.answer()
        r, _ = self._rows(u, U, np.zeros((*U.swapaxes(1, 2).shape, len(u))))
        return float(r @ r)

    def _solved(
        self, u: Float[ndarray, " u"], guesses: Sequence[ndarray] | None, watch: Watch
    ) -> tuple[Stages, Float[ndarray, "m c N k"]]:
        """Return the solution from a beginning, and how coefficients change that."""
        initial, changes, at = dict(self.initial), list[ndarray](), 0
        x, c, N = self.system.nodes.x, self.system.n_fields, self.system.n_nodes
        orders = max(order for _, order in initial) + 1
        for own in self.beginnings:
            functions, a = own.spline.values(x, own.count), u[at : at + own.count]
            at += own.count
            initial[own.field, own.order] = own.spline(x) + functions @ (a - own.fitted)
            changed = np.zeros((orders, c, N, own.count))
            changed[own.order, own.field] = functions
            changes.append(changed)
        changed = np.concatenate([np.zeros((orders, c, N, 0)), *changes], axis=-1)
        system = replace(self.system, constants=self.constants(u))
        work = Stages(
            system,
            self.bind,
            initial,
            self.times,
            stages=self.stages,
            steps=self.steps,
            guesses=guesses,
            watch=watch,
        )
        while not work.step().done:
            pass
        return work, changed

    def _rows(
        self,
        u: Float[ndarray, " u"],
        U: Float[ndarray, "L N c"],
        changes: Float[ndarray, "L c N u"],
    ) -> tuple[Float[ndarray, " R"], Float[ndarray, "R u"]]:
        """Return all rows, and their derivatives by coefficients and constants."""
        ends = np.cumsum([len(own.values) for own in self.observed])[:-1]
        weights = np.split(self.weights, ends)
        front, front_slopes, rows = list[ndarray](), list[ndarray](), dict[int, ndarray]()
        slopes, at = dict[int, ndarray](), 0
        for own in self.beginnings:
            here = slice(at, at + own.count)
            at += own.count
            for number in own.rows:
                basis, rest = own.seen(number)
                rows[number] = basis @ u[here] + rest - self.observed[number].values
                slopes[number] = np.zeros((len(basis), len(u)))
                slopes[number][:, here] = basis
            first = weights[next(iter(own.rows))][0]
            front.append(first * own.penalties * u[here])
            asked = np.zeros((own.count, len(u)))
            asked[:, here] = np.diag(first * own.penalties)
            front_slopes.append(asked)
        for number, seen in self.later.items():
            rows[number] = seen.residual(U[seen.level])
            slopes[number] = seen.derivative(U[seen.level], changes[seen.level])
        numbers = range(len(self.observed))
        data = np.concatenate([weights[n] * rows[n] for n in numbers])
        by = np.concatenate([weights[n][:, None] * slopes[n] for n in numbers])
        return np.concatenate([*front, data]), np.concatenate([*front_slopes, by])
