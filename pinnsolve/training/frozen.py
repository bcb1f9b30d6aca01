"""A linear evolution under features that stay as they are: exact in time, by modes.

With the features ``phi_i`` times what vanishes on the boundary, and integrals by quadrature,

    M_ij = (phi_i, phi_j),        K_ij = sum_kl a_kl (d_k phi_i, d_l phi_j) - b M_ij,
    M c' = -K c   or   M c'' = -K c,        K z = w M z,

the modes ``z`` evolve by themselves, to any time, whatever the features are: for positive ``K``
heat decays, and the energy ``(M c', c') + (K c, c)`` of waves stays what it is. Directions in which
the features depend on one another are left out. Features are of the frequency under which the
initial values are met best. Solutions under fewer of them, whose matrices are parts of these, tell
the error by how fast they come closer to each other: what is left of the equation itself would tell
of its second derivatives, which count for little in the weak form. Source: the weak form of
Galerkin's method, as in Hughes (2000), The Finite Element Method, chapters 7 and 9.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import cho_factor, cho_solve, eigh

from pinnsolve.conditions.resampling import Places
from pinnsolve.conditions.selfadjoint import SelfAdjoint
from pinnsolve.constraints.ansatz import Ansatz, Part
from pinnsolve.diffop import DiffOp, Term, identity, partial
from pinnsolve.equations.calculus import derivative
from pinnsolve.equations.expression import evaluate
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.modal_fields import ModalFields, Modes, features
from pinnsolve.process import State, Step
from pinnsolve.solution.fields import Fields
from pinnsolve.training.initialisation import best_frequency, next_frequency

CHUNK = 4096  # points whose features are held together
DEPENDENT = 1e-13  # share of the largest eigenvalue of M below which a direction is left out
NOTHING = 1e-14  # share of the largest amplitude below which a mode is left out
FEWER = 0.75  # of the features, under which the solution shows how much it depends on them
COUNTS = 3  # of features that are compared
SLOWEST = 0.1  # by which the distance grows, with ever fewer of them, beyond which it tells nothing
COMPARED = 17  # instants at which both are compared
LOOKS, SOME = 3, 800  # instants and points at which the residual is measured
POOR = 0.1  # residual at the beginning that says that there are too few features


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be solved.

    Attributes
    ----------
    operator
        Of the equation.
    ansatz
        The field in terms of the network's output.
    initial
        The field when time begins, and of second order its rate, at points.
    times
        Instants at which it is shown, the first and the last being the ends of time.
    quadrature, unseen
        Points for the integrals, and some that tell what is left.
    """

    operator: SelfAdjoint
    ansatz: Ansatz
    initial: Callable[[Float[ndarray, "N d"]], Float[ndarray, "m N"]]
    times: Float[ndarray, " K"]
    quadrature: Places
    unseen: Float[ndarray, "n d"]


class Frozen:
    """The choice of features and the modes under them, as a process.

    Parameters
    ----------
    net
        Whose features are drawn.
    task
        What is to be solved.
    seed
        Of the features.
    limit
        Of the residual, beyond which it ends; None for none.

    Attributes
    ----------
    reached
        The last instant at which the residual is below the limit.
    lost
        What has been lost of each component of the state, relative to it.
    """

    def __init__(self, net: MLP, task: Task, seed: int, limit: float | None = None) -> None:
        self._net, self._task, self._seed, self._limit = net, task, seed, limit
        self.reached = float(task.times[0])
        self._losses: dict[float, float] = {}
        self._modes: Modes | None = None
        self._left = np.zeros(LOOKS)
        self._apart = nan  # from the truth, by the solutions under fewer features
        self.lost = np.full(task.operator.order, nan)

    def step(self) -> Step:
        """Return the account of one more frequency, or of the modes under the best."""
        frequency = next_frequency(self._losses)
        if frequency is not None:
            self._losses[frequency] = self._misfit(frequency)
            return Step(self._losses[frequency], len(self._losses), stage="evolution: features")
        best = best_frequency(self._losses)
        self._modes = self._found(best)
        first_above = self._measure()
        if first_above is not None:
            limit, left = self._limit, self._left.max()
            message = f"the features leave up to {left:.2g} of the equation, more than "
            message += f"residual_limit = {limit:g}, at t = {first_above:.4g}."
            return Step(nan, self.reached, message, stage="evolution")
        done = f"{len(self._modes.rates)} modes under features of frequency {best:g}."
        return Step(float(self._left[0]) ** 2, self.reached, done, 1.0, "evolution")

    def answer(self) -> Fields:
        """Return the field, zero as long as there are no modes."""
        modes = self._modes
        if modes is None:
            none = np.zeros((self._net.head.in_features + 1, 0))
            amplitudes = np.zeros((self._task.operator.order, 0))
            modes = Modes(none, np.zeros(0), amplitudes, float(self._task.times[0]))
        return ModalFields(deepcopy(self._net), self._task.ansatz, modes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts about the features."""
        if self._left[0] <= POOR and self._left.max() <= POOR:
            return ()
        return (
            f"the features leave up to {self._left.max():.2g} of the equation: raise "
            'network.hidden, or let all weights move, evolution.weights = "moving".',
        )

    def state(self) -> State:
        """Return the frequencies that have been tried, and what they leave."""
        return {
            "frequencies": np.array(list(self._losses)),
            "losses": np.array(list(self._losses.values())),
        }

    def restore(self, state: State) -> None:
        """Continue from a state."""
        frequencies, losses = (
            np.asarray(state[name], dtype=float).tolist() for name in ("frequencies", "losses")
        )
        self._losses = dict(zip(frequencies, losses, strict=True))

    def _found(self, frequency: float) -> Modes:
        """Return the modes under features of a frequency."""
        self._net.draw(self._seed, frequency)
        operator, dim = self._task.operator, len(self._task.operator.a)
        slopes = [partial([int(i == k) for i in range(dim)]) for k in range(dim)]
        M, K, r = self._matrices(slopes)
        K -= operator.b * M
        begin, count = float(self._task.times[0]), len(M) - 1
        instants = np.linspace(begin, float(self._task.times[-1]), COMPARED)
        modes, weights = [], np.zeros((COUNTS, COMPARED, count + 1))
        for k in range(COUNTS):  # under all features, and twice under fewer
            some = np.append(np.arange(round(FEWER**k * count)), count)
            modes.append(_modes(M[np.ix_(some, some)], K[np.ix_(some, some)], r[some], begin))
            weights[k][:, some] = modes[k].at(instants) @ modes[k].vectors.T
        size, *apart = (
            float(np.sqrt(max(np.einsum("tq,qp,tp->", c, M, c), 0.0)))
            for c in (weights[0], *-np.diff(weights, axis=0))
        )
        faster = max(apart[1] / max(apart[0], 1e-300) - 1, SLOWEST)
        self._apart = apart[0] / max(size, 1e-300) * max(1.0, 1 / faster)
        return modes[0]

    def _matrices(
        self, slopes: list[DiffOp]
    ) -> tuple[Float[ndarray, "q q"], Float[ndarray, "q q"], Float[ndarray, "q m"]]:
        """Return ``M``, ``K`` without ``b`` (zero without slopes), and ``(phi, initial)``."""
        operator, task, q = self._task.operator, self._task, self._net.head.in_features + 1
        M, K, r = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, operator.order))
        ops = [identity(len(operator.a)), *slopes]
        for start in range(0, len(task.quadrature.x), CHUNK):
            here = slice(start, start + CHUNK)
            x, factors = task.quadrature.x[here], task.quadrature.factors[here]
            own = self._columns(x, ops)
            phi, *along = (factors[:, None] * own[op] for op in ops)
            M += phi.T @ phi
            r += phi.T @ (factors * task.initial(x)).T
            for k, slope in enumerate(along):
                turned = sum(operator.a[k, l] * w for l, w in enumerate(along) if operator.a[k, l])
                K += slope.T @ turned
        return M, K, r

    def _columns(
        self, x: Float[ndarray, "n d"], ops: list[DiffOp]
    ) -> dict[DiffOp, Float[ndarray, "n q"]]:
        """Return derivatives of the features with what makes them vanish on the boundary."""
        part = self._task.ansatz.parts[0]
        own = features(self._net, x, ops)
        if not isinstance(part, Part):
            return own
        value, L = ops[0], self._walls(part, x, ops)
        return {
            op: L[value][:, None] * own[op] + (0 if op == value else L[op][:, None] * own[value])
            for op in ops
        }

    def _walls(
        self, part: Part, x: Float[ndarray, "n d"], ops: list[DiffOp]
    ) -> dict[DiffOp, ndarray]:
        """Return derivatives of what vanishes on the boundary."""
        symbols = self._task.ansatz.symbols
        slopes = [derivative(part.factor, (*op.terms[0][0], 0), symbols.coordinates) for op in ops]
        points = np.column_stack([x, np.full(len(x), self._task.times[0])])
        found = evaluate(slopes, symbols, points)
        return {op: np.broadcast_to(v, len(x)) for op, v in zip(ops, found, strict=True)}

    def _misfit(self, frequency: float) -> float:
        """Return the mean square misfit of the initial values under features of a frequency."""
        self._net.draw(self._seed, frequency)
        M, _, r = self._matrices([])
        M[np.diag_indices_from(M)] += DEPENDENT * np.trace(M)
        return float((self._errors(cho_solve(cho_factor(M), r)) ** 2).sum())

    def _errors(self, c: Float[ndarray, "q m"]) -> Float[ndarray, " m"]:
        """Return the misfits of the initial values at unseen points, relative to the largest."""
        x = self._task.unseen
        value = identity(x.shape[1])
        wanted = self._task.initial(x)
        norms = np.sqrt((wanted**2).mean(axis=1))
        apart = np.sqrt((((self._columns(x, [value])[value] @ c).T - wanted) ** 2).mean(axis=1))
        return apart / max(float(norms.max()), 1e-300)

    def _measure(self) -> float | None:
        """Measure what the modes leave of the equation at unseen points.

        Return the first instant at which that is above the limit; None if there is none.
        """
        assert self._modes is not None
        fields, x, order = self.answer(), self._task.unseen[:SOME], self._task.operator.order
        begin, end = self._task.times[[0, -1]]
        instants = np.linspace(begin, end, LOOKS) if self._limit is None else self._task.times
        left = np.zeros(len(instants))
        for k, t in enumerate(instants):
            r, rate, u = self._residual(fields, x, float(t))
            of_residual, of_rate, of_field = (float(np.linalg.norm(v)) for v in (r, rate, u))
            left[k] = of_residual / max(of_rate, of_field / (end - begin) ** order, 1e-300)
        self._left = left
        self.lost = self._errors(self._modes.vectors @ self._modes.amplitudes.T)
        self.lost[0] += self._apart
        above = np.flatnonzero(left > (self._limit or inf))
        good = len(instants) if not len(above) else int(above[0])
        self.reached = float(instants[max(good - 1, 0)])
        return float(instants[good]) if len(above) else None

    def _residual(
        self, fields: Fields, x: Float[ndarray, "n d"], t: float
    ) -> tuple[ndarray, ndarray, ndarray]:
        """Return the residual of the equation at an instant, the rate, and the field."""
        operator, dim = self._task.operator, x.shape[1]
        points = np.column_stack([x, np.full(len(x), t)])
        second = [
            ((*(int(i == k) + int(i == l) for i in range(dim)), 0), float(operator.a[k, l]))
            for k in range(dim)
            for l in range(dim)
            if operator.a[k, l]
        ]
        space, value = Term(0, DiffOp(tuple(second))), Term(0, partial([0] * (dim + 1)))
        pace = Term(0, partial([0] * dim + [operator.order]))
        jet = fields.jet(points, {space, value, pace})
        asked = jet[space] + operator.b * jet[value]
        return jet[pace] - asked, asked, jet[value]


def _modes(
    M: Float[ndarray, "q q"], K: Float[ndarray, "q q"], r: Float[ndarray, "q m"], begin: float
) -> Modes:
    """Return the modes of two matrices, as far as initial values are made of them."""
    values, vectors = eigh(M)
    kept = values > DEPENDENT * values[-1]
    white = vectors[:, kept] / np.sqrt(values[kept])
    rates, turned = eigh(white.T @ (K + K.T) @ white / 2)
    Z = white @ turned
    amplitudes = (Z.T @ r).T
    size = np.abs(amplitudes).sum(axis=0)
    seen = size > NOTHING * size.max(initial=0.0)
    # laid out as those that are read from a file: the order of sums depends on it
    shapes, sizes = np.array(Z[:, seen], order="C"), np.array(amplitudes[:, seen], order="C")
    return Modes(shapes, rates[seen], sizes, begin)
