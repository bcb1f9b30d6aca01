"""The DT-PINN objective: RBF-FD derivatives of a network's nodal values.

    r(theta) = W R(u_theta(X)),      R(u) = S u - b  for a linear problem,

with ``X`` all nodes, ghosts included, and ``W`` the weights of the rows. In space no derivative of
the network is ever taken. In time its derivatives are exact, further fields of their own, and
``X`` are the nodes at all time levels, which ``S`` has as columns. Source: Sharma & Shankar
(2022), Accelerated training of physics-informed neural networks using meshless discretizations,
arXiv:2205.09332.

Where there are several regions each has a network (`pinnsolve.networks.several`), and ``u_theta``
at a node is that of its region: the rows of an interface take nodes of two regions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.sparse import csr_array, diags_array
from torch import Tensor

from pinnsolve.derivatives.discrete import NodalJet, SparseMatrix
from pinnsolve.derivatives.discrete_in_time import LevelMatrix, level_matrix
from pinnsolve.diffop import DiffOp, identity, partial
from pinnsolve.leastsquares.jacobian import Jacobian, NodalJacobian
from pinnsolve.leastsquares.jacobian import LinearMap as Linear
from pinnsolve.leastsquares.side_by_side import Columns, SideBySide
from pinnsolve.networks.backpropagation import Pullback
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.objectives.nodal_head import HeadShare, NodalHead
from pinnsolve.objectives.nodal_values import NodalValues
from pinnsolve.problem import Residual
from pinnsolve.rbffd.discretisation import Discretisation

LinearMap: TypeAlias = SparseMatrix | LevelMatrix


@dataclass(frozen=True)
class NodalObjective:
    """The weighted residual of a discretisation, as a function of a network's weights.

    Attributes
    ----------
    model
        The network, or those of the regions.
    x
        All nodes, ghosts included; in time each node at all levels in turn.
    system
        The discretisation, with the initial values if there are any.
    weights
        Factor of each row of the residual, the same at all instants.
    sizes
        Of the fields, in their units: about how large they will be.
    n_levels
        Number of time levels; None in a steady problem.
    reverse
        Precision of the way back from the fields to the weights; the network's by default.
    regions
        That of each point, whose network counts there; None if there is one network.
    """

    model: AnyNetwork
    x: Float[Tensor, "M d"]
    system: Discretisation
    weights: Float[ndarray, " R"]
    sizes: Float[ndarray, " c"]
    n_levels: int | None = None
    reverse: torch.dtype | None = None
    regions: Int[ndarray, " M"] | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the residual whose gradient is taken; least squares are in double."""
        return self.x.dtype

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return self.system.is_linear

    @property
    def linear_rows(self) -> Bool[Tensor, " R"]:
        """Which rows of the residual are affine in the fields."""
        conditions = self.system.conditions
        is_linear = torch.tensor([condition.residual.is_linear for condition in conditions])
        sizes = torch.tensor([condition.size for condition in conditions])
        return is_linear.repeat_interleave(sizes).to(self.x.device)

    @property
    def places(self) -> Float[Tensor, "R d"]:
        """Where each row of the residual holds; not a number for a sum over many nodes."""
        x = self.x.view(-1, self.n_levels or 1, self.x.shape[1])
        found = []
        for condition in self.system.conditions:
            levels = slice(None) if condition.levels is None else condition.levels
            own = x[condition.rows][:, levels].flatten(0, 1)
            found.append(
                own.new_full((condition.size, x.shape[2]), nan) if condition.is_sum else own
            )
        return torch.cat(found)

    @property
    def owners(self) -> Int[ndarray, " R"]:
        """Of each row of the residual the network that it is about; between two they take turns."""
        conditions = self.system.conditions
        if self.regions is None:
            return np.zeros(sum(condition.size for condition in conditions), dtype=int)
        of, found = self.regions[:: self.n_levels or 1], []
        for condition in conditions:
            rows = condition.rows[: condition.rows_at_instant]
            own = np.repeat(of[rows], condition.size // len(rows))
            if condition.partners is not None and not condition.is_sum:
                own[1::2] = np.repeat(of[condition.partners], condition.size // len(rows))[1::2]
            found.append(own)
        return np.concatenate(found)

    def fields(self) -> Float[Tensor, "c M"]:
        """Return the values at the points, and after them those of the derivatives in time."""
        return self._joined([part.fields() for part in self._parts])

    def residual(self) -> Float[Tensor, " R"]:
        """Return the weighted residual vector, differentiable with respect to the weights."""
        return self._of_fields(self.fields())

    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient with respect to all weights."""
        u, pullback = self._fields_and_pullback()
        U = u.detach()
        if self.is_linear:
            S, b = self._affine[self.dtype]
            r = S.times(U.flatten()) - b
            slope = 2 * S.times(r, transposed=True)
        else:
            with torch.enable_grad():
                r = self._of_fields(U.requires_grad_())
                (slope,) = torch.autograd.grad(torch.dot(r, r), U)
        return torch.dot(r.detach(), r.detach()), pullback(slope.view_as(u))

    @torch.no_grad()
    def value(self) -> Float[Tensor, " R"]:
        """Return the same as `residual` outside of any graph, in double precision."""
        return self.at(self.fields().flatten().double())

    def at(self, u: Float[Tensor, " K"]) -> Float[Tensor, " R"]:
        """Return the weighted residual of fields at the points, one after the other."""
        if self.is_linear:
            S, b = self._affine[torch.float64]
            return S.times(u) - b
        r = self.weights * self.system.residual(self._nodal_values(u))
        return torch.as_tensor(r, device=self.x.device)

    def slope(self, u: Float[Tensor, " K"]) -> LinearMap:
        """Return the derivative of the weighted residual by the fields at the points."""
        if self.is_linear:
            return self._affine[torch.float64][0]
        return self._linear_map(self._nodal_values(u), torch.float64)

    def linearise(self) -> tuple[Float[Tensor, " R"], Jacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        value = identity(self.x.shape[1])
        fields, layers = zip(*(part.traced(value) for part in self._parts), strict=True)
        u = self._joined(fields).flatten()
        S = self.slope(u)
        parts = [NodalJacobian(self._own(S, k), own) for k, own in enumerate(layers)]
        if len(parts) == 1:
            return self.at(u), parts[0]
        everywhere = torch.arange(S.shape[0], device=u.device)
        return self.at(u), SideBySide(tuple(parts), (everywhere,) * len(parts), S.shape[0])

    @torch.no_grad()
    def head(self, of: AnyNetwork | None = None) -> "NodalHead":
        """Return the residual as a function of the heads' weights, or of other networks'."""
        model = of or self.model
        pairs = zip(self._parts, model.nets, strict=True)
        parts = [replace(part, net=net) for part, net in pairs]
        return NodalHead(
            model,
            tuple(HeadShare(part.net, part.features()) for part in parts),
            self.is_linear,
            self.at,
            self.slope,
            self._joined,
            self._own,
        )

    @cached_property
    def _in_time(self) -> tuple[DiffOp, ...] | None:
        """The derivatives in time, of order zero on, that stand for fields."""
        if self.n_levels is None:
            return None
        still = (0,) * (self.x.shape[1] - 1)
        return tuple(partial((*still, order)) for order in range(self.system.time_order + 1))

    @cached_property
    def _parts(self) -> list[NodalValues]:
        """Each network at its points."""
        if self.regions is None:
            (net,) = self.model.nets
            return [NodalValues(net, self.x, None, self._in_time, self.reverse)]
        parts = []
        for k, net in enumerate(self.model.nets):
            rows = torch.as_tensor(np.flatnonzero(self.regions == k), device=self.x.device)
            parts.append(NodalValues(net, self.x[rows], rows, self._in_time, self.reverse))
        return parts

    def _joined(self, values: Sequence[Float[Tensor, "c _ *q"]]) -> Float[Tensor, "c M *q"]:
        """Return values at all points from those at the points of each network."""
        if len(values) == 1:
            return values[0]
        order = torch.cat([part.rows for part in self._parts if part.rows is not None])
        return torch.cat(list(values), 1)[:, order.argsort()]

    def _own(self, S: Linear, k: int) -> Linear:
        """Return the columns of a map that belong to the points of a network."""
        rows = self._parts[k].rows
        if rows is None:
            return S
        starts = torch.arange(0, S.shape[1], len(self.x), device=rows.device)
        return Columns(S, (starts[:, None] + rows).flatten())

    def _fields_and_pullback(self) -> tuple[Float[Tensor, "c M"], Pullback]:
        """Return the fields at the points, and the way back from them to the weights."""
        if self.regions is None:
            return self._parts[0].with_pullback()
        values, ways = zip(*(part.with_pullback() for part in self._parts), strict=True)
        rows = [part.rows for part in self._parts]

        def pullback(d: Float[Tensor, "c M"]) -> Float[Tensor, " P"]:
            return torch.cat([back(d[:, own]) for back, own in zip(ways, rows, strict=True)])

        return self._joined(values), pullback

    def _of_fields(self, u: Float[Tensor, "c M"]) -> Float[Tensor, " R"]:
        """Return the weighted residual, differentiable with respect to the fields."""
        if self.is_linear:
            S, b = self._affine[self.dtype]
            return S @ u.flatten() - b
        orders, c = self.system.time_order + 1, self.system.n_fields
        table = u.view(orders, c, -1, *self._levels)
        parts, conditions = [], self.system.conditions
        for condition, (residual, jet) in zip(conditions, self._conditions, strict=True):
            r = residual(jet(table))
            parts.append((r.sum(0) if condition.is_sum else r).flatten())
        return torch.cat(parts) * self._factors

    @cached_property
    def _factors(self) -> Float[Tensor, " R"]:
        """The factor of each row, where gradients are taken."""
        return self._tensor(self.weights, self.dtype)

    @cached_property
    def _affine(self) -> dict[torch.dtype, tuple[LinearMap, Float[Tensor, " R"]]]:
        """``S`` and ``b`` of a linear problem, for gradients and for least squares."""
        zero = np.zeros((self.system.n_nodes, self.system.n_slots, *self._levels))
        b = -self.weights * self.system.residual(zero)
        return {
            dtype: (self._linear_map(zero, dtype), self._tensor(b, dtype))
            for dtype in {self.dtype, torch.float64}
        }

    @cached_property
    def _conditions(self) -> list[tuple[Residual, NodalJet]]:
        """Each condition's residual and derivatives on the network's device."""
        found = []
        for condition, matrices in zip(self.system.conditions, self.system.matrices, strict=True):
            sparse = {
                term: SparseMatrix(D, self.x.device, self.dtype) for term, D in matrices.items()
            }
            residual = condition.residual.with_data(lambda data: self._tensor(data, self.dtype))
            found.append((residual, NodalJet(sparse, condition.levels)))
        return found

    def _linear_map(self, U: Float[ndarray, "N c *K"], dtype: torch.dtype) -> LinearMap:
        """Return the derivative of the weighted residual at nodal values."""
        if self.n_levels is None:
            weighted = diags_array(self.weights) @ self.system.jacobian(U)
            return SparseMatrix(csr_array(weighted), self.x.device, dtype)
        conditions = self.system.conditions
        shares = np.split(self.weights, np.cumsum([c.size for c in conditions[:-1]]))
        at_instant = [
            w[:: c.size // c.rows_at_instant] for w, c in zip(shares, conditions, strict=True)
        ]
        return level_matrix(
            self.system,
            self.system.partials(U),
            at_instant,
            self.n_levels,
            self.x.device,
            dtype,
        )

    @property
    def _levels(self) -> tuple[int, ...]:
        return () if self.n_levels is None else (self.n_levels,)

    def _nodal_values(self, u: Float[Tensor, " K"]) -> Float[ndarray, "N c *K"]:
        table = u.double().cpu().numpy().reshape(self.system.n_slots, -1, *self._levels)
        return np.moveaxis(table, 0, 1)

    def _tensor(self, values: ndarray, dtype: torch.dtype) -> Tensor:
        return torch.as_tensor(values).to(self.x.device, dtype)
