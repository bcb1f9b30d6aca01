"""A field that is a sum of modes under fixed features, each of which evolves exactly in time.

N(x, t) = sum_k (Phi(x) z_k) g_k(t),        g_k'' = -w_k g_k,  or  g_k' = -w_k g_k.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.derivatives.taylor import features_of_outputs
from pinnsolve.diffop import DiffOp, Term, partial, split_in_time
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.network_fields import device_of
from pinnsolve.process import State
from pinnsolve.timestepping.modes import amplitudes_at

CHUNK = 4096  # points evaluated together


@dataclass(frozen=True, eq=False)
class Modes:
    """Modes and their evolution.

    Attributes
    ----------
    vectors
        Weights of the features in each mode, the last that of the constant.
    rates
        ``w``.
    amplitudes
        At the beginning, and of second order in time their rates there.
    begin
        When time begins.
    """

    vectors: Float[ndarray, "q r"]
    rates: Float[ndarray, " r"]
    amplitudes: Float[ndarray, "m r"]
    begin: float

    def at(self, t: Float[ndarray, " n"], order: int = 0) -> Float[ndarray, "n r"]:
        """Return the amplitudes at instants, or their derivatives in time."""
        return amplitudes_at(self.rates, self.amplitudes, t - self.begin, order)


@dataclass(frozen=True, eq=False)
class ModalFields:
    """A field as a function of space and time.

    Attributes
    ----------
    net
        The network whose features these are.
    ansatz
        The field in terms of its output.
    modes
        The modes.
    """

    net: MLP
    ansatz: Ansatz
    modes: Modes

    @property
    def size(self) -> int:
        """The number of weights of the network."""
        return self.net.size

    @property
    def device(self) -> str:
        """Where the network is: ``cpu``, or the name of the GPU."""
        return device_of(self.net.like)

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n 1"]:
        """Return the values of the field at points of space and time."""
        term = Term(0, partial([0] * x.shape[1]))
        return self.ansatz(self._outputs(x, {term})[term][:, None], x)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the field at points, exact in space and time."""
        return self.ansatz.jet(self._outputs, x, terms)

    def state(self) -> State:
        """Return the weights by name, and the modes."""
        weights = {name: value.cpu().numpy() for name, value in self.net.state_dict().items()}
        modes = self.modes
        return {
            **{f"net.{name}": value for name, value in weights.items()},
            "vectors": modes.vectors,
            "mode rates": modes.rates,
            "amplitudes": modes.amplitudes,
            "begin": modes.begin,
        }

    def _outputs(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> dict[Term, ndarray]:
        """Return derivatives of the network's output at points."""
        parts = {term: split_in_time(term.op) for term in terms}
        ops = {op for own in parts.values() for op, _, _ in own}
        orders = {order for own in parts.values() for _, order, _ in own}
        found = {term: np.zeros(len(x)) for term in terms}
        for start in range(0, len(x), CHUNK):
            here = slice(start, start + CHUNK)
            columns = features(self.net, x[here, :-1], ops)
            shapes = {op: columns[op] @ self.modes.vectors for op in ops}
            g = {order: self.modes.at(x[here, -1], order) for order in orders}
            for term, own in parts.items():
                for op, order, c in own:
                    found[term][here] += c * np.einsum("nr,nr->n", shapes[op], g[order])
        return found


@torch.no_grad()
def features(
    net: MLP, x: Float[ndarray, "n d"], ops: Iterable[DiffOp]
) -> dict[DiffOp, Float[ndarray, "n q"]]:
    """Return derivatives of a network's features at points, and those of the constant one, last."""
    points, ops = torch.as_tensor(x).to(net.like), list(ops)
    found = {}
    for op, values in features_of_outputs(net, points, ops).items():
        constant = sum(c for alpha, c in op.terms if not any(alpha)) * float(net.constant[0])
        own = values[0].cpu().numpy()
        found[op] = np.column_stack([own, np.full(len(x), constant)])
    return found
