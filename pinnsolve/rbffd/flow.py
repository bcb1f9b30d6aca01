"""One step of Radau IIA for nodal values, by Newton's method for few stages.

For the equations of its stages (`stage_equations`) Newton's method needs matrices
``sum_a (h z)^(m - a) ∂F/∂u_a`` only for the eigenvalues ``z`` of ``A``, and they are factorised
once for many steps. Source: Hairer & Wanner (1996), doi:10.1007/978-3-642-05221-7, section IV.8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import DivergedError
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.factorisation import factorise
from pinnsolve.rbffd.levels import LevelledFactors
from pinnsolve.rbffd.stage_equations import Bind, StageEquations
from pinnsolve.rbffd.steps import seen
from pinnsolve.timestepping.radau import Radau

NEWTON_STEPS = 12
NEWTON_TOLERANCE = 1e-10  # size of the last Newton step relative to the solution
FEW_STEPS = 5  # the same where conductivities jump, before all stages are taken at once
# for all of them: a step into another piece of a conductivity is a new beginning
COUPLED_STEPS, COUPLED_TOLERANCE = 30, 1e-9
TIRED = 0.1  # reduction of Newton's step beyond which its matrices are taken anew


@dataclass(frozen=True)
class Matrices:
    """The factorised matrices of Newton's method, and the place where they were taken.

    Attributes
    ----------
    factors
        One for each eigenvalue of the Runge-Kutta method.
    at
        Index of the instant, among the stages of the interval between two time levels.
    fields
        Nodal values there, then their derivatives in time.
    """

    factors: tuple[LevelledFactors, ...]
    at: int
    fields: Float[ndarray, "a N"]


@dataclass(frozen=True)
class Moment:
    """All of one instant that decides how the fields go on.

    Attributes
    ----------
    state
        The fields, then their derivatives in time below the highest.
    slopes
        The highest derivative of each field.
    matrices
        Those of the last step; None if they are to be taken anew.
    loss
        Size of the last Newton step relative to the fields.
    """

    state: Float[ndarray, "m c N"]
    slopes: Float[ndarray, "c N"]
    matrices: Matrices | None = None
    loss: float = 0.0


@dataclass(frozen=True)
class Taken:
    """A step that has been taken.

    Attributes
    ----------
    moment
        The instant at its end.
    first
        The fields at its beginning as its polynomial has them, for fields without derivatives in
        time have no initial value.
    inner
        The fields at its first stage.
    """

    moment: Moment
    first: Float[ndarray, "N c"]
    inner: Float[ndarray, "N c"]


@dataclass(frozen=True)
class Crossing:
    """The way from one time level to the next.

    Attributes
    ----------
    moment
        The instant at the end.
    first
        The fields at the beginning, as the first step has them.
    within, inner
        An instant between the levels, the first stage of the step in the middle, and the fields.
    steps
        Taken from the one to the other.
    """

    moment: Moment
    first: Float[ndarray, "N c"]
    within: float
    inner: Float[ndarray, "N c"]
    steps: int


class Flow:
    """The equations of one step, and the steps themselves.

    Parameters
    ----------
    system
        The discretisation in space, with derivatives in time as further fields.
    bind
        Its conditions at other instants.
    initial
        Values at all nodes by field and order in time.
    method
        The Runge-Kutta method.

    Attributes
    ----------
    condition
        Largest estimated condition number of the matrices that were factorised.
    stages
        The equations of the stages of a step.
    """

    def __init__(
        self,
        system: Discretisation,
        bind: Bind,
        initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
        method: Radau,
    ) -> None:
        self.system, self.bind, self.method = system, bind, method
        self.stages = StageEquations(system, bind, initial, method.c, method.A)
        self.condition = 0.0

    @property
    def has_changed(self) -> bool:
        """Whether steps are taken in other variables than the equations know."""
        return bool(self.stages.changed)

    def changes_variables(self) -> bool:
        """Take steps in other variables, where there are any; tell whether that is new."""
        is_new = bool(self.system.changed) and not self.has_changed
        self.stages.changed = self.system.changed
        return is_new

    def beginning(self) -> Moment:
        """Return the first instant."""
        state = self.stages.beginning()
        return Moment(state, np.zeros(state.shape[1:]))

    def values(self, moment: Moment) -> Float[ndarray, "N c"]:
        """Return the fields at an instant."""
        return self.stages.values(moment.state)

    def across(self, moment: Moment, begin: float, end: float, n: int, h: float) -> Crossing:
        """Take ``n`` steps of size ``h`` from one time level to the next.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        DivergedError
            If Newton's method fails.
        """
        conditions = self.bind(self.instants(begin, end, n, h))
        steps = list[Taken]()
        for i in range(n):
            taken = self.step(conditions, i, moment, h)
            loss = max(moment.loss if i else 0.0, taken.moment.loss)
            moment = replace(taken.moment, loss=loss)
            if i in (0, n // 2):
                steps.append(taken)
        within = float(begin + h * (n // 2 + self.method.c[0]))
        return Crossing(moment, steps[0].first, within, steps[-1].inner, n)

    def step(self, conditions: Sequence[Condition], i: int, moment: Moment, h: float) -> Taken:
        """Take one step.

        Parameters
        ----------
        conditions, i
            At the stages of some steps, and which of these it is.
        moment, h
            Where it begins, and its size.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        DivergedError
            If Newton's method fails.
        """
        s, c, N = len(self.method.c), self.system.n_fields, self.system.n_nodes
        algebraic = [field for field, m in enumerate(self.stages.orders) if m == 0]
        first = self.values(moment)
        moment, slopes = self._step(conditions, i, moment, h)
        raw = self.stages.fields(moment.state, slopes, h)
        fields = seen(raw, c, self.stages.changed).reshape(s, -1, c, N)
        first[:, algebraic] = np.tensordot(self.method.backwards, fields[:, 0, algebraic], 1).T
        end_state = raw.reshape(s, -1, c, N)[-1, : len(moment.state)].copy()
        return Taken(replace(moment, state=end_state), first, fields[0, 0].T.copy())

    def instants(self, begin: float, end: float, n: int, h: float) -> Float[ndarray, " S"]:
        """Return the instants of all stages between two time levels."""
        starts = np.linspace(begin, end, n, endpoint=False)
        return (starts[:, None] + h * self.method.c).ravel()

    def matrices(
        self,
        conditions: Sequence[Condition],
        at: int,
        fields: Float[ndarray, "a N"],
        h: float,
    ) -> Matrices:
        """Factorise the matrix of each eigenvalue, linearised at nodal values and an instant.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        DivergedError
            If the matrices are not finite.
        """
        parts = self.stages.derivatives(conditions, at, fields)
        result = [
            self.stages.factorised(parts, h * (z.real if z.imag == 0 else z))
            for z in self.method.eigenvalues
        ]
        self.condition = max(self.condition, *(factors.condition for factors in result))
        return Matrices(tuple(result), at, fields.copy())

    def _step(
        self,
        conditions: Sequence[Condition],
        step: int,
        moment: Moment,
        h: float,
    ) -> tuple[Moment, Float[ndarray, "s c N"]]:
        """Solve the equations of one step by Newton's method, its matrices kept while they do.

        Returns
        -------
        tuple
            The instant, but with the state before the step, and the slopes at the stages.
        """
        s = len(self.method.c)
        stages = slice(step * s, (step + 1) * s)
        equations = self.stages.at_stages(conditions, stages)
        # the polynomial of the last step goes on
        slopes = np.repeat(moment.slopes[None], s, axis=0)
        state, matrices, before = moment.state, moment.matrices, np.inf
        for _ in range(FEW_STEPS if self.has_changed else NEWTON_STEPS):
            fields = self.stages.fields(state, slopes, h)
            is_kept = matrices is not None
            if matrices is None:
                # linear in time or not, the middle of the step stands for all of it
                middle = (s - 1) // 2
                matrices = self.matrices(conditions, stages.start + middle, fields[middle], h)
            change = self._newton(equations, fields, matrices.factors)
            slopes = slopes - change
            scaled = [h**m * change[:, f] for f, m in enumerate(self.stages.orders)]
            size = float(np.linalg.norm(scaled))
            if not np.isfinite(size):
                break
            known = float(np.linalg.norm(fields[:, : self.system.n_fields]))
            loss = size / max(known, size) if size else 0.0
            if size <= NEWTON_TOLERANCE * max(known, size):
                return Moment(state, slopes[-1], matrices, loss), slopes
            if size > TIRED * before:
                matrices = None
                if before <= 1e-6 * known:  # rounding errors are all that is left
                    return Moment(state, slopes[-1], None, loss), slopes
                if is_kept and size > before:  # from there no other would lead back
                    slopes = slopes + change
                    continue
            before = size
        if self.has_changed:  # a front has passed a node
            return self._coupled(conditions, equations, stages, moment, h)
        raise lost(h)

    def _coupled(
        self,
        conditions: Sequence[Condition],
        equations: Discretisation,
        stages: slice,
        moment: Moment,
        h: float,
    ) -> tuple[Moment, Float[ndarray, "s c N"]]:
        """Solve the equations of one step by Newton's method for all stages at once.

        Each has derivatives of its own, for a front passes nodes between them.

        Parameters
        ----------
        conditions, stages
            At all instants, and which are those of the step.
        equations
            At the instants of the step.
        moment, h
            Where it begins, and its size.
        """
        from scipy.sparse import block_array, csr_array

        s, c, N = len(self.method.c), self.system.n_fields, self.system.n_nodes
        slopes = np.repeat(moment.slopes[None], s, axis=0)
        powers = [
            np.linalg.matrix_power(h * self.method.A, k) for k in range(max(self.stages.orders) + 1)
        ]
        held = self.stages.steady
        for _ in range(COUPLED_STEPS):
            fields = self.stages.fields(moment.state, slopes, h)
            own = [
                self.stages.derivatives(conditions, stages.start + i, fields[i]) for i in range(s)
            ]
            blocks = [
                [
                    sum(powers[m - a][i, j] * own[i][f][a] for a in range(m + 1))
                    for j in range(s)
                    for f, m in enumerate(self.stages.orders)
                ]
                for i in range(s)
            ]
            r = self.stages.residuals(equations, fields)
            order = None
            if held.order is not None:
                rows = len(held.order)
                order = np.concatenate([held.order + i * rows for i in range(s)])
            factors = factorise(csr_array(block_array(blocks)), order)
            change = factors(r.ravel()).reshape(s, c, N)
            slopes = slopes - change
            scaled = [h**m * change[:, f] for f, m in enumerate(self.stages.orders)]
            size, known = float(np.linalg.norm(scaled)), float(np.linalg.norm(fields[:, :c]))
            if not np.isfinite(size):
                break
            if size <= COUPLED_TOLERANCE * max(known, size):
                loss = size / max(known, size)
                return Moment(moment.state, slopes[-1], moment.matrices, loss), slopes
        raise lost(h)

    def _newton(
        self,
        equations: Discretisation,
        fields: Float[ndarray, "s a N"],
        matrices: Sequence[LevelledFactors],
    ) -> Float[ndarray, "s c N"]:
        """Return the excess of the stages' slopes."""
        r = self.stages.residuals(equations, fields)
        change = np.zeros((len(fields), self.system.n_fields * self.system.n_nodes))
        method = self.method
        for e, (z, factors) in enumerate(zip(method.eigenvalues, matrices, strict=True)):
            right = method.inverse[e] @ r
            part = factors(right.real if z.imag == 0 else right)
            change += (1 if z.imag == 0 else 2) * np.outer(method.vectors[:, e], part).real
        return change.reshape(len(fields), self.system.n_fields, -1)


def lost(h: float) -> DivergedError:
    """Return an error that says that no step is short enough, and what may help."""
    return DivergedError(
        f"Newton's method failed in a time step of {h:.3g}. Where a front grows thinner than the "
        "nodes, raise nodes.count, refine there, or add diffusion; where the solution blows up, "
        "end before that."
    )
