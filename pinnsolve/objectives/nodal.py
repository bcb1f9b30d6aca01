"""The DT-PINN objective: RBF-FD derivatives of a network's nodal values.

    r(theta) = W R(u_theta(X)),      R(u) = S u - b  for a linear problem,

with ``X`` all nodes, ghosts included, and ``W`` the weights of the rows. In space no derivative of
the network is ever taken. In time its derivatives are exact, further fields of their own, and
``X`` are the nodes at all time levels, which ``S`` has as columns. Source: Sharma & Shankar
(2022), Accelerated training of physics-informed neural networks using meshless discretizations,
arXiv:2205.09332.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.sparse import csr_array, diags_array
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from pinnsolve.derivatives.discrete import NodalJet, SparseMatrix
from pinnsolve.derivatives.discrete_in_time import LevelMatrix, level_matrix
from pinnsolve.derivatives.taylor import derivatives, features_of_outputs
from pinnsolve.diffop import DiffOp, identity, partial
from pinnsolve.leastsquares.jacobian import Layer, NodalJacobian
from pinnsolve.leastsquares.network import trace
from pinnsolve.networks.backpropagation import Pullback, values_and_pullback
from pinnsolve.networks.mlp import MLP
from pinnsolve.problem import Residual
from pinnsolve.rbffd.discretisation import Discretisation

LinearMap: TypeAlias = SparseMatrix | LevelMatrix
COLUMNS = 64  # features whose rows are computed together


@dataclass(frozen=True)
class NodalObjective:
    """The weighted residual of a discretisation, as a function of a network's weights.

    Attributes
    ----------
    model
        The network.
    x
        All nodes, ghosts included; in time each node at all levels in turn.
    system
        The discretisation, with the initial values if there are any.
    weights
        Factor of each row of the residual, the same for all rows of a condition.
    sizes
        Of the fields, in their units: about how large they will be.
    n_levels
        Number of time levels; None in a steady problem.
    reverse
        Precision of the way back from the fields to the weights; the network's by default.
    """

    model: MLP
    x: Float[Tensor, "M d"]
    system: Discretisation
    weights: Float[ndarray, " R"]
    sizes: Float[ndarray, " c"]
    n_levels: int | None = None
    reverse: torch.dtype | None = None

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

    def fields(self) -> Float[Tensor, "c M"]:
        """Return the values at the points, and after them those of the derivatives in time."""
        if self.n_levels is None:
            return self.model(self.x).mT
        found = derivatives(self.model, self.x, self._in_time)
        return torch.cat([found[op].mT for op in self._in_time])

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

    def linearise(self) -> tuple[Float[Tensor, " R"], NodalJacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        with torch.enable_grad():
            seen = trace(self.model, self.x, self._in_time)
            fields = [field for op in self._in_time for field in seen.values[op].mT]
            layers = seen.jacobian(fields).layers
        u = torch.cat(fields).detach().double()
        exact = tuple(map(Layer.double, layers))
        return self.at(u), NodalJacobian(self.slope(u), exact)

    @torch.no_grad()
    def head(self) -> "NodalHead":
        """Return the residual as a function of the head's weights."""
        if self.n_levels is None:
            features = (image.features(self.x) for image in self.model.images())
            return NodalHead(self, (self.model.of_outputs(*features).double(),))
        found = features_of_outputs(self.model, self.x, self._in_time)
        return NodalHead(self, tuple(found[op].double() for op in self._in_time))

    @cached_property
    def _in_time(self) -> list[DiffOp]:
        """The derivatives in time, of order zero on, that stand for fields."""
        if self.n_levels is None:
            return [identity(self.x.shape[1])]
        still = (0,) * (self.x.shape[1] - 1)
        return [partial((*still, order)) for order in range(self.system.time_order + 1)]

    def _fields_and_pullback(self) -> tuple[Float[Tensor, "c M"], Pullback]:
        """Return the fields at the points, and the way back from them to the weights."""
        if self.n_levels is None:
            return values_and_pullback(self.model, self.x, self.reverse)
        weights = list(self.model.parameters())
        with torch.enable_grad():
            u = self.fields()
        return u, lambda d: parameters_to_vector(torch.autograd.grad(u, weights, d))

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
        return torch.cat(parts) * self._tensor(self.weights, self.dtype)

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
        starts = np.cumsum([0, *(condition.size for condition in self.system.conditions[:-1])])
        return level_matrix(
            self.system,
            self.system.partials(U),
            self.weights[starts].tolist(),
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


@dataclass(frozen=True)
class NodalHead:
    """The residual as a function of the head's weights, ``r(c) = W R(C c)``.

    Attributes
    ----------
    objective
        The residual as a function of nodal values.
    features
        What each output's weights multiply: values of the features at the points, and after them
        their derivatives in time.
    """

    objective: NodalObjective
    features: tuple[Float[Tensor, "c M w"], ...]

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the head's weights."""
        return self.objective.is_linear

    @property
    def n_constants(self) -> int:
        """None: a discretisation leaves no room for unknown constants."""
        return 0

    def vector(self) -> Float[Tensor, " P"]:
        """Return the head's weights as they are."""
        return self.objective.model.head_vector()

    def set(self, c: Float[Tensor, " P"]) -> None:
        """Copy weights of the head into the network."""
        self.objective.model.set_head(c)

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return self.objective.at(self._fields(c.double()))

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        u = self._fields(c.double())
        S = self.objective.slope(u)
        M = u.new_empty(S.shape[0], len(c))
        n, _, w = self.features[0].shape
        constant = self.objective.model.constant.double()
        for field in range(n):
            for start in range(0, w, COLUMNS):  # few columns at a time bound the memory
                chunk = [values[field, :, start : start + COLUMNS] for values in self.features]
                M[:, field * w + start :][:, : chunk[0].shape[1]] = S.times(self._of(field, chunk))
            ones = torch.ones_like(self.features[0][field, :, :1]) * constant[field]
            one = [ones * (k == 0) for k in range(len(self.features))]
            M[:, n * w + field] = S.times(self._of(field, one))[:, 0]
        return M, S.times(u) - self.objective.at(u)

    @property
    def _outputs(self) -> int:
        return self.objective.model.head.out_features

    def _of(self, field: int, values: Sequence[Float[Tensor, "M q"]]) -> Float[Tensor, "K q"]:
        """Return columns that are some values in one field, and zero in all others."""
        points, q = values[0].shape
        columns = values[0].new_zeros(len(values), self._outputs, points, q)
        for order, part in enumerate(values):
            columns[order, field] = part
        return columns.view(-1, q)

    def _fields(self, c: Float[Tensor, " P"]) -> Float[Tensor, " K"]:
        """Return the nodal values that the head's weights give."""
        n, _, w = self.features[0].shape
        weights, biases = c[: n * w].view(n, w), c[n * w :]
        fields = [(values @ weights[:, :, None])[:, :, 0] for values in self.features]
        fields[0] = fields[0] + (biases * self.objective.model.constant.double())[:, None]
        return torch.cat([part.flatten() for part in fields])
