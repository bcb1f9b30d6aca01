"""The rates of a network's weights: the least-squares solution of ``J v = F`` at points.

Each component ``w_i`` of the state is the output of a network of its own, or ``G_i + L_i N_i`` with
conditions built in. Where its weights change at the rates ``v_i`` it changes at ``L_i J_i v_i``,
and should at what the equations say, so that

    v_i = argmin sum_k m_k L_i^2 (J_i v - F_i)^2 + mu |v|^2,

``F_i`` being the rate of the network's output (`pinnsolve.conditions.rates`). Components share no
weights, so that each has a problem of its own. Sources: Dirac (1930), Note on exchange phenomena in
the Thomas atom, doi:10.1017/S0305004100016108; Du & Zaki (2021), Evolutional deep neural network,
doi:10.1103/PhysRevE.104.045303; Finzi et al. (2023), A stable and scalable method for solving
initial value PDEs with neural networks, arXiv:2304.14994.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions.rates import rates_at, states
from pinnsolve.conditions.resampling import Places
from pinnsolve.constraints.ansatz import Ansatz, Part
from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import DiffOp, Term, identity
from pinnsolve.equations.expression import evaluate
from pinnsolve.leastsquares.damped import Krylov, damped_step
from pinnsolve.leastsquares.network import Trace, trace
from pinnsolve.leastsquares.nystrom import Nystrom
from pinnsolve.leastsquares.ways import RANK, Way
from pinnsolve.networks.mlp import MLP
from pinnsolve.problem import Problem, Residual

CHUNK = 8192  # points differentiated together


@dataclass(frozen=True, eq=False)
class Solved:
    """Rates of the weights, and what they leave.

    Attributes
    ----------
    v
        The rates, of each network in turn.
    left, size
        Weighted sums of squares of what is left and of the rates of the fields, by component of the
        state.
    largest
        The largest eigenvalue of the matrices of all networks.
    iterations, unsolved
        The most that a network took, and what they have left of its gradient; none of a matrix that
        was factorised.
    """

    v: Float[Tensor, " P"]
    left: Float[ndarray, " s"]
    size: Float[ndarray, " s"]
    largest: float = 0.0
    iterations: int = 0
    unsolved: float = 0.0


@dataclass(frozen=True, eq=False)
class Linearised:
    """Values and rates of the state at points, and how they change with the weights.

    Attributes
    ----------
    u, F
        Values and rates, weighted, of each component in turn.
    J, slope
        Their derivatives by all weights.
    """

    u: Float[Tensor, " R"]
    F: Float[Tensor, " R"]
    J: Float[Tensor, "R P"]
    slope: Float[Tensor, "R P"]


class Velocity:
    """Networks whose outputs are the state of a problem, and the rates of their weights.

    Parameters
    ----------
    problem
        As posed for the outputs of the networks.
    ansatz
        The fields in terms of these.
    nets
        One of a single output for each component of the state.
    way, rank
        How their rates are solved for, as of `pinnsolve.leastsquares.damped.damped_step`.
    """

    def __init__(
        self,
        problem: Problem,
        ansatz: Ansatz,
        nets: Sequence[MLP],
        way: Way = "auto",
        rank: int = RANK,
    ) -> None:
        self.problem, self.ansatz, self.nets = problem, ansatz, tuple(nets)
        self._way, self._rank = way, rank
        self._known: tuple[Places | None, list[Nystrom | None]] = (None, [None] * len(nets))
        self.states = states(problem)
        self.sizes = [net.size for net in self.nets]
        self._index = {state: i for i, state in enumerate(self.states)}
        self._orders = [len(values) for values in problem.initial]

    @property
    def size(self) -> int:
        """Number of weights of all networks."""
        return sum(self.sizes)

    def vector(self) -> Float[Tensor, " P"]:
        """Return a copy of all weights."""
        return torch.cat([net.vector() for net in self.nets])

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Copy such a vector into the networks."""
        for net, own in zip(self.nets, weights.split(self.sizes), strict=True):
            net.set(own.clone())

    def factors(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "s N"]:
        """Return ``L`` of each component of the state at points."""
        found = np.ones((len(self.states), len(x)))
        points = np.column_stack([x, np.full(len(x), self._begin)])
        for i, (field, _) in enumerate(self.states):
            part = self.ansatz.parts[field]
            if isinstance(part, Part):
                (found[i],) = evaluate([part.factor], self.ansatz.symbols, points)
        return found

    @torch.no_grad()
    def values(self, x: Float[ndarray, "N d"]) -> Float[ndarray, "s N"]:
        """Return the outputs of all networks at points."""
        points = torch.as_tensor(x).to(self.nets[0].like)
        parts = [torch.cat([net(some)[:, 0] for some in points.split(CHUNK)]) for net in self.nets]
        return torch.stack(parts).cpu().numpy()

    @torch.no_grad()
    def rates(self, x: Float[ndarray, "N d"], time: float) -> Float[Tensor, "s N"]:
        """Return the rates of the outputs that the equations ask for, at points and an instant."""
        parts = [self._rates(some, time) for some in np.array_split(x, -(-len(x) // CHUNK))]
        return torch.cat(parts, 1)

    @torch.no_grad()
    def solve(self, places: Places, time: float, regularization: float) -> Solved:
        """Return the rates of the weights.

        Parameters
        ----------
        places
            Points at which the equations hold.
        time
            When.
        regularization
            ``mu`` by the trace of ``J^T J``.
        """
        wanted, factors = self.rates(places.x, time), self._rows(places)
        if self._known[0] is not places:  # of another step
            self._known = (places, [None] * len(self.nets))
        found, left, steps = [], [], []
        for i, (net, target) in enumerate(zip(self.nets, factors * wanted, strict=True)):
            x = torch.as_tensor(places.x).to(net.like)
            seen = trace(net, x, [self._value])
            with torch.enable_grad():
                J = seen.jacobian([factors[i] * seen.values[self._value][:, 0]])
            known = self._known[1][i]
            step = damped_step(J, -target, self._way, rank=self._rank, known=known)
            v = step.at(regularization * step.trace)
            if isinstance(step, Krylov):
                self._known[1][i] = step.known
            if v is None or not torch.isfinite(v).all():
                v = torch.full_like(net.vector(), torch.nan)
            found.append(v)
            steps.append(step)
            r = J.times(v) - target
            left.append(float(r @ r))
        return Solved(
            torch.cat(found),
            np.array(left),
            self._sizes(wanted, factors),
            max(step.largest for step in steps),
            max(step.iterations for step in steps),
            max(step.left for step in steps),
        )

    @torch.no_grad()
    def linearise(self, places: Places, time: float) -> Linearised:
        """Return values and rates at points, with their derivatives by the weights in full."""
        like, factors = self.nets[0].like, self._rows(places)
        x = torch.as_tensor(places.x).to(like)
        residuals = self._residuals(places.x, time)
        seen = [
            trace(net, x, ops) for net, ops in zip(self.nets, self._ops(residuals), strict=True)
        ]
        jet = self._without_tops(residuals, x)
        for (field, order), own in zip(self.states, seen, strict=True):
            jet |= {Term(field, op, order): v[:, 0].detach() for op, v in own.values.items()}
        top, B = self._tops(residuals, jet)
        jet |= dict(zip(self._top_terms, top.T, strict=True))
        slopes = [residual.partials(jet) for residual in residuals]
        terms = {term for residual in residuals for term in residual.terms}
        terms -= {*self._top_terms}
        changes: list[dict[Term, Tensor]] = []  # of each rate, by what stands in the equations
        for field, order in self.states:
            if order + 1 < self._orders[field]:
                changes.append({Term(field, self._value, order + 1): torch.ones_like(x[:, 0])})
                continue
            weights = -torch.linalg.inv(B)[:, field, :].T
            parts = {
                t: [w * own.get(t, 0.0) for w, own in zip(weights, slopes, strict=True)]
                for t in terms
            }
            changes.append({t: sum(own[1:], own[0]) for t, own in parts.items()})
        blocks = [self._block(i, own, factors, changes) for i, own in enumerate(seen)]
        u = torch.stack([jet[Term(f, self._value, k)] for f, k in self.states])
        F = self._all(jet, top)
        J, slope = (torch.cat(own, 1) for own in zip(*blocks, strict=True))
        return Linearised((factors * u).flatten(), (factors * F).flatten(), J, slope)

    def _block(
        self,
        i: int,
        seen: Trace,
        factors: Float[Tensor, "s N"],
        changes: Sequence[Mapping[Term, Tensor]],
    ) -> tuple[Float[Tensor, "R p"], Float[Tensor, "R p"]]:
        """Return the derivatives of values and rates by the weights of one network."""
        count, size = factors.shape[1], self.nets[i].size
        J, slope = factors.new_zeros(len(factors), count, size), []
        with torch.enable_grad():
            J[i] = seen.jacobian([factors[i] * seen.values[self._value][:, 0]]).dense()
            for row, own in enumerate(changes):
                mine = [
                    factors[row] * c * seen.values[term.op][:, 0]
                    for term, c in own.items()
                    if self._index[term.field, term.time_order] == i
                ]
                none = factors.new_zeros(count, size)
                slope.append(seen.jacobian([sum(mine[1:], mine[0])]).dense() if mine else none)
        return J.flatten(0, 1), torch.cat(slope)

    @torch.no_grad()
    def left(self, v: Float[Tensor, " P"], places: Places, time: float) -> Solved:
        """Return rates of the weights with what they leave at other points."""
        wanted, factors = self.rates(places.x, time), self._rows(places)
        r = factors * (self.changes(v, places.x) - wanted)
        return Solved(v, (r**2).sum(1).cpu().numpy(), self._sizes(wanted, factors))

    @torch.no_grad()
    def changes(self, v: Float[Tensor, " P"], x: Float[ndarray, "N d"]) -> Float[Tensor, "s N"]:
        """Return the rates of the outputs at points where the weights change at the rates ``v``."""
        found = []
        for net, own in zip(self.nets, v.split(self.sizes), strict=True):
            points = torch.as_tensor(x).to(net.like)
            found.append(torch.cat([pushed(net, some, own) for some in points.split(CHUNK)]))
        return torch.stack(found)

    def _rates(self, x: Float[ndarray, "N d"], time: float) -> Float[Tensor, "s N"]:
        points, residuals = torch.as_tensor(x).to(self.nets[0].like), self._residuals(x, time)
        jet = self._without_tops(residuals, points)
        for (field, order), net, ops in zip(
            self.states, self.nets, self._ops(residuals), strict=True
        ):
            for op, values in derivatives(net, points, ops).items():
                jet[Term(field, op, order)] = values[:, 0]
        return self._all(jet, self._tops(residuals, jet)[0])

    def _residuals(self, x: Float[ndarray, "N d"], time: float) -> list[Residual]:
        """Return the equations at points and an instant."""
        like = self.nets[0].like
        return [
            residual.with_data(lambda data: torch.as_tensor(data).to(like))
            for residual in rates_at(self.problem, x, time)
        ]

    def _tops(
        self, residuals: Sequence[Residual], jet: Mapping[Term, Tensor]
    ) -> tuple[Float[Tensor, "N c"], Float[Tensor, "N c c"]]:
        """Return the highest rates, which are zero in the jet, and their factors."""
        R = torch.stack([residual(jet) for residual in residuals], 1)
        slopes = [residual.partials(jet) for residual in residuals]
        zero, tops = torch.zeros_like(R[:, 0]), self._top_terms
        B = torch.stack([torch.stack([own.get(top, zero) for top in tops], 1) for own in slopes], 1)
        return (-R / B[:, :, 0] if len(tops) == 1 else -torch.linalg.solve(B, R)), B

    def _all(self, jet: Mapping[Term, Tensor], top: Float[Tensor, "N c"]) -> Float[Tensor, "s N"]:
        """Return the rates of all components of the state."""
        rows = []
        for field, order in self.states:
            is_top = order + 1 == self._orders[field]
            rows.append(top[:, field] if is_top else jet[Term(field, self._value, order + 1)])
        return torch.stack(rows)

    def _ops(self, residuals: Sequence[Residual]) -> list[AbstractSet[DiffOp]]:
        """Return the derivatives in space of each network that the equations need."""
        wanted = [{self._value} for _ in self.states]
        for term in {term for residual in residuals for term in residual.terms}:
            if term.time_order < self._orders[term.field]:
                wanted[self._index[term.field, term.time_order]].add(term.op)
        return [*wanted]

    def _without_tops(
        self, residuals: Sequence[Residual], x: Float[Tensor, "N d"]
    ) -> dict[Term, Tensor]:
        """Return a jet in which the highest rates are zero, and nothing else is."""
        terms = {term for residual in residuals for term in residual.terms}
        return {t: torch.zeros_like(x[:, 0]) for t in terms if t in self._top_terms}

    @property
    def _top_terms(self) -> list[Term]:
        """The highest derivatives in time of all fields."""
        return [Term(f, self._value, m) for f, m in enumerate(self._orders)]

    def _rows(self, places: Places) -> Float[Tensor, "s N"]:
        """Return the factor of each row, of each component of the state."""
        return torch.as_tensor(places.factors * self.factors(places.x)).to(self.nets[0].like)

    def _sizes(self, wanted: Tensor, factors: Tensor) -> Float[ndarray, " s"]:
        return ((factors * wanted) ** 2).sum(1).cpu().numpy()

    @cached_property
    def _value(self) -> DiffOp:
        return identity(len(self.problem.coordinates))

    @property
    def _begin(self) -> float:
        assert self.problem.time is not None
        return self.problem.time[0]


def pushed(net: MLP, x: Float[Tensor, "N d"], v: Float[Tensor, " p"]) -> Float[Tensor, " N"]:
    """Return ``J v`` of the single output of a network."""
    value = identity(x.shape[1])
    seen = trace(net, x, [value])
    with torch.enable_grad():
        J = seen.jacobian([seen.values[value][:, 0]])
    return J.times(v)
