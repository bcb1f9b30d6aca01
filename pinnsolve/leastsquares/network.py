"""The Jacobian of a network's derivatives with respect to its weights, in factors.

Taylor mode sends ``C`` channels through every linear layer, ``z^k = W a^k`` (``+ b`` for the
value, ``k = 0``). What is wanted of a point depends on the channels at that point alone, so with
signals ``g^k = d(wanted)/dz^k``, from one reverse pass, its row of the Jacobian is

    d(wanted)/dW = sum_k g^k (x) a^k,        d(wanted)/db = g^0,

and products with it need ``C (w_in + w_out)`` numbers a point instead of ``w_in w_out``. Without
derivatives, ``C = 1``, this is what the neural tangent kernel is computed from (Jacot et al.,
2018, arXiv:1806.07572).

Weights are ordered as ``torch.nn.utils.parameters_to_vector`` orders them; rows by what is
wanted, then by point.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.bumps import argument, lifted_inputs, weight_slopes
from pinnsolve.derivatives.plan import Plan, plan
from pinnsolve.derivatives.series import compose
from pinnsolve.derivatives.taylor import biased, by_operator, inputs, linear, readings
from pinnsolve.diffop import DiffOp
from pinnsolve.leastsquares.accumulate import normal_matrix
from pinnsolve.leastsquares.layers import AnyLayer, BumpLayer, Layer, with_image
from pinnsolve.networks.mlp import MLP

BLOCK = 2**24  # numbers formed at a time; 128 MiB in double precision
MANY = 2**20  # the same where the rows are multiplied by many vectors
PAIR = 8  # operations on an entry of the Gram matrix that a pair of channels costs on top


@dataclass(frozen=True)
class NetworkJacobian:
    """The Jacobian of ``o`` quantities at ``N`` points: ``R = o N`` rows.

    Attributes
    ----------
    layers
        The network's layers, first to last.
    block
        Numbers formed at a time.
    pair
        Operations on an entry of the Gram matrix that a pair of channels costs on top.
    """

    layers: tuple[AnyLayer, ...]
    block: int = BLOCK
    pair: int = PAIR

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        o, _, N, _ = self.layers[0].signals.shape
        return o * N, sum(layer.size for layer in self.layers)

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        return torch.cat([layer.dense() for layer in self.layers], 1)

    def points(self, some: slice) -> "NetworkJacobian":
        """Return the rows of some points."""
        return replace(self, layers=tuple(layer.points(some) for layer in self.layers))

    def folded(self) -> "NetworkJacobian":
        """Return the sums of the rows of the first half of the points and of the second."""
        half = self.layers[0].signals.shape[2] // 2
        first, second = self.points(slice(half)), self.points(slice(half, None))
        return replace(self, layers=tuple(map(with_image, first.layers, second.layers)))

    def chunks(self, block: int = 0) -> Iterator["NetworkJacobian"]:
        """Yield the rows of a few points at a time, few enough to be formed."""
        o, _, N, _ = self.layers[0].signals.shape
        size = max(1, (block or self.block) // (o * self.shape[1]))
        yield from (self.points(slice(start, start + size)) for start in range(0, N, size))

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""
        return self.cross_gram(self)

    def cross_gram(self, other: "NetworkJacobian") -> Float[Tensor, "R S"]:
        """Return ``J K^T`` for the same network's Jacobian ``K`` of other quantities."""
        rows, columns = self.shape[0], other.shape[0]
        K = self.layers[0].signals.new_zeros(rows, columns)
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            _add_gram(K, mine, theirs, self.block, self.pair)
        return K

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``, a few points at a time."""
        rows = (chunk.dense() for chunk in self.chunks())
        return normal_matrix(rows, self.layers[0].signals, self.shape[1])

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        parts = v.split([layer.size for layer in self.layers])
        pairs = zip(self.layers, parts, strict=True)
        return torch.stack([layer.times(part) for layer, part in pairs]).sum(0).flatten()

    def normal_times(self, V: Float[Tensor, "P k"]) -> Float[Tensor, "P k"]:
        """Return ``J^T J V``, a few points at a time."""
        total = torch.zeros_like(V)
        for chunk in self.chunks(min(self.block, MANY)):
            rows = chunk.dense()
            total.addmm_(rows.mT, rows @ V)
        return total

    def trace(self) -> float:
        """Return the trace of ``J^T J``."""
        return sum(layer.trace() for layer in self.layers)

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        nodal = y.view(self.layers[0].signals.shape[0], -1)
        return torch.cat([layer.transposed_times(nodal) for layer in self.layers])


@dataclass(frozen=True)
class StackedJacobian:
    """Jacobians of the same network below one another.

    Attributes
    ----------
    parts
        Of different quantities, or at different points.
    """

    parts: tuple[NetworkJacobian, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return sum(self._rows), self.parts[0].shape[1]

    def dense(self) -> Float[Tensor, "R P"]:
        """Return all entries."""
        return torch.cat([part.dense() for part in self.parts])

    def gram(self) -> Float[Tensor, "R R"]:
        """Return ``J J^T``."""
        blocks: list[list[Tensor]] = []
        for i, part in enumerate(self.parts):
            above = [row[i].mT for row in blocks]
            row = [part.cross_gram(other) for other in self.parts[i:]]
            blocks.append(above + row)
        return torch.cat([torch.cat(row, 1) for row in blocks])

    def normal(self) -> Float[Tensor, "P P"]:
        """Return ``J^T J``."""
        rows = (chunk.dense() for part in self.parts for chunk in part.chunks())
        return normal_matrix(rows, self.parts[0].layers[0].signals, self.shape[1])

    def times(self, v: Float[Tensor, " P"]) -> Float[Tensor, " R"]:
        """Return ``J v``."""
        return torch.cat([part.times(v) for part in self.parts])

    def transposed_times(self, y: Float[Tensor, " R"]) -> Float[Tensor, " P"]:
        """Return ``J^T y``."""
        pairs = zip(self.parts, y.split(self._rows), strict=True)
        return torch.stack([part.transposed_times(piece) for part, piece in pairs]).sum(0)

    def normal_times(self, V: Float[Tensor, "P k"]) -> Float[Tensor, "P k"]:
        """Return ``J^T J V``, a few points at a time."""
        return torch.stack([part.normal_times(V) for part in self.parts]).sum(0)

    def trace(self) -> float:
        """Return the trace of ``J^T J``."""
        return sum(part.trace() for part in self.parts)

    @property
    def _rows(self) -> list[int]:
        return [part.shape[0] for part in self.parts]


@dataclass(frozen=True)
class Trace:
    """A network's derivatives at points, and the way they came about.

    Attributes
    ----------
    values
        The derivatives, by operator; differentiable as far as `jacobian` needs it.
    """

    values: dict[DiffOp, Float[Tensor, "N c"]]
    _layers: tuple[Callable[[Tensor], AnyLayer], ...]  # of their signals
    _outputs: tuple[Tensor, ...]
    _views: int = 1  # of the network, whose layers follow one another

    def jacobian(self, wanted: Sequence[Float[Tensor, " N"]]) -> NetworkJacobian:
        """Return the Jacobian of quantities computed pointwise from `values`.

        Parameters
        ----------
        wanted
            Each at all points; a quantity of one point must not depend on another's values.
        """
        by_quantity = [
            torch.autograd.grad(quantity.sum(), self._outputs, retain_graph=True)
            for quantity in wanted
        ]
        signals = [torch.stack(signal) for signal in zip(*by_quantity, strict=True)]
        layers = [of(signal) for of, signal in zip(self._layers, signals, strict=True)]
        n = len(layers) // self._views
        by_view = (layers[k : k + n] for k in range(0, len(layers), n))
        whole = reduce(lambda own, image: list(map(with_image, own, image)), by_view)
        return NetworkJacobian(tuple(whole))


def trace(net: MLP, x: Float[Tensor, "N d"], ops: Iterable[DiffOp]) -> Trace:
    """Evaluate derivatives of a network's outputs, and keep what their Jacobian needs.

    Parameters
    ----------
    net
        The network.
    x
        Where.
    ops
        Which derivatives.
    """
    if net.has_views:
        return _trace_of_views(net, x, list(ops))
    chosen: Plan = plan(ops)
    pieces = inputs(net, x, chosen)
    a = torch.cat([part.expand(-1, len(x), -1) for part in pieces])
    layers: list[Callable[[Tensor], AnyLayer]] = []
    outputs: list[Tensor] = []
    with torch.enable_grad():
        for layer in net.layers:
            # cutting the graph at the weights leaves only the path from z to what is wanted
            layers.append(partial(Layer, a.detach()))
            z = linear(a, layer.weight.detach())
            outputs.append(z if z.requires_grad else z.requires_grad_())
            a = compose(net.activation_name, [z], layer.bias.detach(), chosen.layout)
        features = [a]
        for bumps in net.bumps:
            slopes = weight_slopes(bumps)
            lifted = lifted_inputs(bumps, pieces, chosen.layout, len(x))
            layers.append(partial(_bump_layer, lifted, slopes))
            parts = (part.detach() for part in argument(bumps, pieces, chosen.layout))
            z = torch.cat([part.expand(-1, len(x), -1) for part in parts]).requires_grad_()
            outputs.append(z)
            features.append(compose(bumps.profile, [z], z.new_zeros(len(bumps)), chosen.layout))
        a = torch.cat(features, 2)
        layers.append(partial(Layer, a.detach()))
        z = linear(a, net.head.weight.detach())
        outputs.append(z if z.requires_grad else z.requires_grad_())
        values = by_operator(chosen, biased(net, readings(chosen, outputs[-1]), chosen))
    return Trace(values, tuple(layers), tuple(outputs))


def _trace_of_views(net: MLP, x: Float[Tensor, "N d"], ops: Sequence[DiffOp]) -> Trace:
    """Trace the views of a network, of which its outputs are made."""
    seen = [trace(view, x, ops) for view in net.images()]
    with torch.enable_grad():
        values = {op: net.combined(*(own.values[op] for own in seen)) for op in seen[0].values}
    layers = tuple(layer for own in seen for layer in own._layers)
    outputs = tuple(output for own in seen for output in own._outputs)
    return Trace(values, layers, outputs, len(seen))


def _bump_layer(
    lifted: Float[Tensor, "C N w"], slopes: Float[Tensor, "m v q"], signals: Tensor
) -> BumpLayer:
    return BumpLayer(Layer(lifted, signals), slopes)


def _add_gram(
    K: Float[Tensor, "R S"], mine: AnyLayer, theirs: AnyLayer, block: int, pair: int
) -> None:
    """Add ``J K^T`` of one layer, by pairs of channels or by the entries, whichever is less."""
    o, C, N, v = mine.signals.shape
    p, D, M, _ = theirs.signals.shape
    w = mine.size // v - 1
    is_cheaper = C * D * (o * p * (v + pair) + w) < o * p * v * w
    if is_cheaper and isinstance(mine, Layer) and isinstance(theirs, Layer):
        blocks = K.view(o, N, p, M)
        for k in range(C):
            for l in range(D):
                inputs = mine.inputs[k] @ theirs.inputs[l].mT
                if k < mine.n_values and l < theirs.n_values:
                    inputs += 1
                for i in range(o):
                    for j in range(p):
                        signals = mine.signals[i, k] @ theirs.signals[j, l].mT
                        blocks[i, :, j].addcmul_(signals, inputs)
        return
    units = max(1, block // ((w + 1) * max(len(K), K.shape[1])))
    for start in range(0, v, units):
        some = slice(start, start + units)
        A = mine.units(some).dense()
        K.addmm_(A, A.mT if mine is theirs else theirs.units(some).dense().mT)
