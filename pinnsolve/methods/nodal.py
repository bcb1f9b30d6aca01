"""The DT-PINN objective: RBF-FD derivatives of a network's nodal values.

    r(theta) = W R(u_theta(X)),      R(u) = S u - b  for a linear problem,

with ``X`` all nodes, ghosts included, and ``W`` the weights of the rows. No derivative of the
network with respect to its input is ever taken. Source: Sharma & Shankar (2022), Accelerated
training of physics-informed neural networks using meshless discretizations, arXiv:2205.09332.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.sparse import csr_array, diags_array
from torch import Tensor

from pinnsolve.derivatives.discrete import RbfFd, SparseMatrix
from pinnsolve.leastsquares.jacobian import NodalJacobian, layers
from pinnsolve.networks.mlp import MLP
from pinnsolve.rbffd.discretisation import Discretisation


@dataclass(frozen=True)
class NodalObjective:
    """The weighted residual of a discretisation, as a function of a network's weights.

    Attributes
    ----------
    net
        The network.
    x
        All nodes, ghosts included.
    system
        The discretisation.
    weights
        Factor of each row of the residual.
    """

    net: MLP
    x: Float[Tensor, "N d"]
    system: Discretisation
    weights: Float[ndarray, " R"]

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return self.system.is_linear

    def residual(self) -> Float[Tensor, " R"]:
        """Return the weighted residual vector, differentiable with respect to the weights."""
        if self.is_linear:
            S, b = self._affine
            return S @ self.net(self.x).mT.flatten() - b
        parts = [
            residual(differentiate(self.net, frozenset(residual.terms)))
            for residual, differentiate in self._conditions
        ]
        return torch.cat(parts) * self._tensor(self.weights)

    @torch.no_grad()
    def value(self) -> Float[Tensor, " R"]:
        """Return the same outside of any graph."""
        u = self.net(self.x)
        if self.is_linear:
            S, b = self._affine
            return S.times(u.mT.flatten()) - b
        return self._tensor(self.weights * self.system.residual(self._nodal_values(u)))

    def linearise(self) -> tuple[Float[Tensor, " R"], NodalJacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        return self.value(), NodalJacobian(self._slope(), layers(self.net, self.x))

    @torch.no_grad()
    def head_system(self) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return the linearised residual ``M c - t`` in the weights of the head."""
        features = self.net.features(self.x)
        c = self.net.head.out_features
        unit = torch.eye(c, dtype=features.dtype, device=features.device)
        # nodal values are kron(I, [features, 1]) times the head's weights and biases
        columns = torch.cat(
            [torch.kron(unit, features), torch.kron(unit, torch.ones_like(features[:, :1]))], 1
        )
        S = self._slope()
        M = S.times(columns)
        if self.is_linear:
            return M, self._affine[1]
        return M, S.times(self.net(self.x).mT.flatten()) - self.value()

    @cached_property
    def _affine(self) -> tuple[SparseMatrix, Float[Tensor, " R"]]:
        """``S`` and ``b`` of a linear problem."""
        zero = np.zeros((self.system.n_nodes, self.system.n_fields))
        return self._weighted_jacobian(zero), self._tensor(
            -self.weights * self.system.residual(zero)
        )

    @cached_property
    def _conditions(self) -> list[tuple]:  # type: ignore[type-arg]
        """Each condition's residual and derivatives on the network's device."""
        return [
            (
                condition.residual.with_data(self._tensor),
                RbfFd(self.x, {t: self._sparse(D) for t, D in matrices.items()}),
            )
            for condition, matrices in zip(
                self.system.conditions, self.system.matrices, strict=True
            )
        ]

    def _slope(self) -> SparseMatrix:
        """Return the derivative of the residual with respect to the nodal values."""
        if self.is_linear:
            return self._affine[0]
        with torch.no_grad():
            return self._weighted_jacobian(self._nodal_values(self.net(self.x)))

    def _weighted_jacobian(self, U: Float[ndarray, "N c"]) -> SparseMatrix:
        return self._sparse(diags_array(self.weights) @ self.system.jacobian(U))

    def _nodal_values(self, u: Float[Tensor, "N c"]) -> Float[ndarray, "N c"]:
        return u.detach().double().cpu().numpy()

    def _sparse(self, matrix: csr_array) -> SparseMatrix:
        return SparseMatrix(csr_array(matrix), self.x.device, self.x.dtype)

    def _tensor(self, values: ndarray | float) -> Tensor:
        return torch.as_tensor(values).to(self.x)
