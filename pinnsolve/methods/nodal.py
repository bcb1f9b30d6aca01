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
from pinnsolve.problem import Residual
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
        return self.at(self.net(self.x).mT.flatten())

    def at(self, u: Float[Tensor, " K"]) -> Float[Tensor, " R"]:
        """Return the weighted residual of nodal values, field by field."""
        if self.is_linear:
            S, b = self._affine
            return S.times(u) - b
        return self._tensor(self.weights * self.system.residual(self._nodal_values(u)))

    def slope(self, u: Float[Tensor, " K"]) -> SparseMatrix:
        """Return the derivative of the weighted residual by the nodal values."""
        if self.is_linear:
            return self._affine[0]
        return self._weighted_jacobian(self._nodal_values(u))

    def linearise(self) -> tuple[Float[Tensor, " R"], NodalJacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        with torch.no_grad():
            u = self.net(self.x).mT.flatten()
        return self.at(u), NodalJacobian(self.slope(u), layers(self.net, self.x))

    @torch.no_grad()
    def head(self) -> "NodalHead":
        """Return the residual as a function of the head's weights."""
        features = self.net.features(self.x)
        unit = torch.eye(self.net.head.out_features).to(features)
        # nodal values are kron(I, [features, 1]) times the head's weights and biases
        return NodalHead(
            self,
            torch.cat(
                [torch.kron(unit, features), torch.kron(unit, torch.ones_like(features[:, :1]))], 1
            ),
        )

    @cached_property
    def _affine(self) -> tuple[SparseMatrix, Float[Tensor, " R"]]:
        """``S`` and ``b`` of a linear problem."""
        zero = np.zeros((self.system.n_nodes, self.system.n_fields))
        return self._weighted_jacobian(zero), self._tensor(
            -self.weights * self.system.residual(zero)
        )

    @cached_property
    def _conditions(self) -> list[tuple[Residual, RbfFd]]:
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

    def _weighted_jacobian(self, U: Float[ndarray, "N c"]) -> SparseMatrix:
        return self._sparse(diags_array(self.weights) @ self.system.jacobian(U))

    def _nodal_values(self, u: Float[Tensor, " K"]) -> Float[ndarray, "N c"]:
        return u.double().cpu().numpy().reshape(self.system.n_fields, -1).T

    def _sparse(self, matrix: csr_array) -> SparseMatrix:
        return SparseMatrix(csr_array(matrix), self.x.device, self.x.dtype)

    def _tensor(self, values: ndarray | float) -> Tensor:
        return torch.as_tensor(values).to(self.x)


@dataclass(frozen=True)
class NodalHead:
    """The residual as a function of the head's weights, ``r(c) = W R(C c)``.

    Attributes
    ----------
    objective
        The residual as a function of nodal values.
    columns
        Nodal values of each feature, field by field.
    """

    objective: NodalObjective
    columns: Float[Tensor, "K P"]

    def residual(self, c: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return the weighted residual vector."""
        return self.objective.at(self.columns @ c)

    def linearise(self, c: Float[Tensor, " P"]) -> tuple[Float[Tensor, "R P"], Float[Tensor, " R"]]:
        """Return ``M, t`` such that the residual linearised at ``c`` is ``M c' - t`` at ``c'``."""
        u = self.columns @ c
        S = self.objective.slope(u)
        return S.times(self.columns), S.times(u) - self.objective.at(u)
