"""What is sought between snapshots, and what beginnings and constants make of the data.

The solution between is what long steps (`stages`) make of a beginning; its derivatives follow from
the factors that these have used (`sensitivities`).
"""

from collections.abc import Iterator, Mapping, Sequence
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
from pinnsolve.rbffd.stages import NEWTON_STEPS, Stages
from pinnsolve.timestepping.collocation import collocation

FEWER, FEWEST = 3, 8  # what divides the number of stages on the way; the least that remains
SOON = 8  # iterations of Newton's method, where solutions are compared only


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

    def coarse(self) -> "Search":
        """Return the same with a third of the stages, or with all where these are few."""
        fewer = self.stages // FEWER
        return replace(self, stages=fewer) if fewer >= FEWEST else self

    def interpolated(
        self, slopes: Sequence[Float[ndarray, "s c N"]]
    ) -> list[Float[ndarray, "q c N"]]:
        """Return slopes at all stages of each step from those at fewer."""
        there = collocation(self.stages).c
        return [np.tensordot(collocation(len(own)).values(there), own, 1) for own in slopes]

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
        U = work.answer()
        derivative = self._derivative(U, levels) * factors
        found = [step.slopes for step, _ in work.crossed]
        by_unknowns = [own * factors for own in by_slopes]
        return Assimilated(self._residual(u, U), derivative, U, found, by_unknowns)

    def residual(self, u: Float[ndarray, " u"], watch: Watch) -> Float[ndarray, " R"] | None:
        """Return all rows as the unknowns make them; None where there is no solution soon."""
        try:
            work, _ = self._solved(u, None, watch, most=SOON)
        except DivergedError:
            return None
        return self._residual(u, work.answer())

    def loss(self, u: Float[ndarray, " u"], watch: Watch) -> float:
        """Return the sum of the squares of the rows; infinite where none is found soon."""
        r = self.residual(u, watch)
        return np.inf if r is None else float(r @ r)

    def _solved(
        self,
        u: Float[ndarray, " u"],
        guesses: Sequence[ndarray] | None,
        watch: Watch,
        most: int = NEWTON_STEPS,
    ) -> tuple[Stages, Float[ndarray, "m c N k"]]:
        """Return the solution from a beginning, and how coefficients change that."""
        initial, changes = dict(self.initial), list[ndarray]()
        x, c, N = self.system.nodes.x, self.system.n_fields, self.system.n_nodes
        orders = max(order for _, order in initial) + 1
        for own, here in self._coefficients():
            functions = own.spline.values(x, own.count)
            initial[own.field, own.order] = own.spline(x) + functions @ (u[here] - own.fitted)
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
            most=most,
        )
        while not work.step().done:
            pass
        return work, changed

    def _residual(
        self, u: Float[ndarray, " u"], U: Float[ndarray, "L N c"]
    ) -> Float[ndarray, " R"]:
        """Return all rows: what asks for smoothness, then the data."""
        front, rows = list[ndarray](), dict[int, ndarray]()
        for own, here in self._coefficients():
            front.append(self._smoothness(own) * u[here])
            for number in own.rows:
                basis, rest = own.seen(number)
                rows[number] = basis @ u[here] + rest - self.observed[number].values
        rows |= {number: seen.residual(U[seen.level]) for number, seen in self.later.items()}
        data = [w * rows[number] for number, w in enumerate(self._weights)]
        return np.concatenate([*front, *data])

    def _derivative(
        self, U: Float[ndarray, "L N c"], changes: Float[ndarray, "L c N u"]
    ) -> Float[ndarray, "R u"]:
        """Return the derivatives of all rows along changes of the solution by the unknowns."""
        front, rows, count = list[ndarray](), dict[int, ndarray](), changes.shape[-1]
        for own, here in self._coefficients():
            front.append(np.zeros((own.count, count)))
            front[-1][:, here] = np.diag(self._smoothness(own))
            for number in own.rows:
                basis, _ = own.seen(number)
                rows[number] = np.zeros((len(basis), count))
                rows[number][:, here] = basis
        for number, seen in self.later.items():
            rows[number] = seen.derivative(U[seen.level], changes[seen.level])
        data = [w[:, None] * rows[number] for number, w in enumerate(self._weights)]
        return np.concatenate([*front, *data])

    @property
    def _weights(self) -> list[Float[ndarray, " n"]]:
        """Factors of the rows of each set of data."""
        return np.split(self.weights, np.cumsum([len(own.values) for own in self.observed])[:-1])

    def _coefficients(self) -> Iterator[tuple[Beginning, slice]]:
        """Yield the beginnings with the places of their coefficients among the unknowns."""
        at = 0
        for own in self.beginnings:
            yield own, slice(at, at + own.count)
            at += own.count

    def _smoothness(self, own: Beginning) -> Float[ndarray, " k"]:
        """Return the factors of the coefficients in the rows that ask a beginning to be smooth."""
        return self._weights[next(iter(own.rows))][0] * own.penalties
