"""Exact derivatives of a multilayer perceptron by Taylor mode.

The coefficients of all directional series of a `Plan` pass through the network together, one
matrix product a layer, and derivatives of any order are read off them at the end. The cost grows
with the square of the order, where nested automatic differentiation grows exponentially; one
ordinary reverse pass differentiates the result. Source: Griewank, Utke & Walther (2000),
Evaluating higher derivative tensors by forward propagation of univariate Taylor series,
doi:10.1090/S0025-5718-00-01120-0.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.plan import Plan, plan
from pinnsolve.derivatives.series import compose
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.errors import CompilerError
from pinnsolve.jet import Jet
from pinnsolve.networks.mlp import MLP

CACHE = 3 * 2**19  # bytes of a layer's channels that a core keeps near: 1.5 MiB


@dataclass(frozen=True)
class Taylor:
    """Differentiate pointwise; the cost grows with the square of the order.

    Attributes
    ----------
    x
        Points, shape ``(N, d)``.
    is_compiled
        Whether the work is compiled at its first call, which takes some ten seconds.
    """

    x: Float[Tensor, "N d"]
    is_compiled: bool = False

    def __call__(self, net: MLP, terms: Set[Term]) -> Jet:
        """Return the jet of a network at ``x``."""
        found = derivatives(net, self.x, {op for _, op in terms}, self.is_compiled)
        fields = {op: values.unbind(1) for op, values in found.items()}
        return {(i, op): fields[op][i] for i, op in terms}


def derivatives(
    net: MLP, x: Float[Tensor, "N d"], ops: Iterable[DiffOp], is_compiled: bool = False
) -> dict[DiffOp, Float[Tensor, "N c"]]:
    """Return derivatives of all outputs of a network.

    Parameters
    ----------
    net
        The network.
    x
        Where.
    ops
        Which.
    is_compiled
        Whether the work is compiled at its first call for a shape of the network and points.

    Raises
    ------
    CompilerError
        If it cannot be compiled on this machine.
    """
    if net.parities:
        ops = list(ops)
        values, images = (derivatives(image, x, ops) for image in net.images())
        return {op: net.combined(values[op], images[op]) for op in values}
    chosen = plan(ops)
    if is_compiled:
        return by_operator(chosen, _together(_in_compiled_groups(net, x, chosen)))
    return by_operator(
        chosen, _together([_outputs(chosen, net, y) for y in chunks(net, x, chosen)])
    )


def feature_derivatives(
    net: MLP, x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
) -> dict[DiffOp, Float[Tensor, "N w"]]:
    """Return derivatives of the values of the last hidden layer.

    Parameters
    ----------
    net, x, ops
        As of `derivatives`.
    """
    chosen = plan(ops)
    values = [readings(chosen, features(net, y, chosen)) for y in chunks(net, x, chosen)]
    return by_operator(chosen, _together(values))


def features_of_outputs(
    net: MLP, x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
) -> dict[DiffOp, Float[Tensor, "c N w"]]:
    """Return of each output the derivatives of what its weights in the head multiply.

    Parameters
    ----------
    net, x, ops
        As of `derivatives`.
    """
    ops = list(ops)
    parts = [feature_derivatives(image, x, ops) for image in net.images()]
    return {op: net.of_outputs(*(part[op] for part in parts)) for op in ops}


def chunks(net: MLP, x: Float[Tensor, "N d"], chosen: Plan) -> Sequence[Float[Tensor, "_ d"]]:
    """Return points in groups whose channels fit into the caches; on a GPU all together."""
    if x.device.type != "cpu":
        return (x,)
    width = max(layer.out_features for layer in net.layers)
    size = chosen.layout.channels * width * x.element_size()
    return x.chunk(max(1, ceil(len(x) * size / (CACHE * torch.get_num_threads()))))


def by_operator(chosen: Plan, values: Float[Tensor, "o N c"]) -> dict[DiffOp, Float[Tensor, "N c"]]:
    """Return values in the order of a plan by their operators."""
    return dict(zip((op for op, _ in chosen.readings), values.unbind(), strict=True))


def features(net: MLP, x: Float[Tensor, "N d"], chosen: Plan) -> Float[Tensor, "C N w"]:
    """Return the channels of the last hidden layer."""
    first, *others = net.layers
    value, slopes = scaled(net, x), directions(net, chosen)
    z = [(value @ first.weight.mT)[None], (slopes @ first.weight.mT)[:, None]]
    a = compose(net.activation_name, z[: 1 + bool(len(slopes))], first.bias, chosen.layout)
    for layer in others:
        z = [linear(a, layer.weight)]
        a = compose(net.activation_name, z, layer.bias, chosen.layout)
    return a


def biased(net: MLP, values: Float[Tensor, "o N c"], chosen: Plan) -> Float[Tensor, "o N c"]:
    """Add what the operators make of the constants that the head adds to the outputs."""
    constants = tuple((factors[0],) for _, factors in chosen.readings)
    if not any(any(factor) for factor in constants):
        return values
    return values + _tensor(constants, values.dtype, values.device)[..., None] * net.head.bias


def scaled(net: MLP, x: Float[Tensor, "N d"]) -> Float[Tensor, "N d"]:
    """Return points in the coordinates of the network's box."""
    return (x - net.center) / net.half_width


def directions(net: MLP, chosen: Plan) -> Float[Tensor, "J d"]:
    """Return the directions of a plan in the coordinates of the network's box."""
    V = _tensor(chosen.directions, net.center.dtype, net.center.device)
    return V.view(-1, len(net.center)) / net.half_width


def linear(a: Float[Tensor, "C N v"], weight: Float[Tensor, "w v"]) -> Float[Tensor, "C N w"]:
    """Apply a linear map to all channels in one product."""
    return (a.flatten(0, 1) @ weight.mT).unflatten(0, a.shape[:2])


def readings(chosen: Plan, u: Float[Tensor, "C N c"]) -> Float[Tensor, "o N c"]:
    """Return each operator's weighted sum of channels, in the order of the plan."""
    rows = tuple(factors for _, factors in chosen.readings)
    return (_tensor(rows, u.dtype, u.device) @ u.flatten(1)).unflatten(1, u.shape[1:])


def _together(groups: Sequence[Tensor]) -> Tensor:
    """Return what was found for groups of points as that of all."""
    return torch.cat(list(groups), 1) if len(groups) > 1 else groups[0]


def _outputs(chosen: Plan, net: MLP, x: Float[Tensor, "N d"]) -> Float[Tensor, "o N c"]:
    """Return each operator's value of the outputs."""
    u = linear(features(net, x, chosen), net.head.weight)
    return biased(net, readings(chosen, u), chosen)


def _in_compiled_groups(
    net: MLP, x: Float[Tensor, "N d"], chosen: Plan
) -> list[Float[Tensor, "o _ c"]]:
    """Return the same by compiled code, which wants all groups of points to be of one size."""
    N, count = len(x), len(chunks(net, x, chosen))
    size = ceil(N / count)
    padded = torch.cat([x, x[-1:].expand(size * count - N, -1)])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*lru_cache", UserWarning)  # of `_tensor`
            values = [_compiled(chosen)(net, y) for y in padded.split(size)]
    except Exception as error:
        if type(error).__module__.partition(".")[2].startswith(("_dynamo", "_inductor")):
            raise CompilerError(
                "the training cannot be compiled on this machine: "
                f"{str(error).strip().splitlines()[0].rstrip('.')}. "
                'Install a C++ compiler (g++), or set solver.accelerate to "none".'
            ) from None
        raise
    values[-1] = values[-1][:, : N - size * (count - 1)]
    return values


@lru_cache(maxsize=64)
def _compiled(chosen: Plan) -> Callable[[MLP, Tensor], Tensor]:
    """Return the compiled code of a plan."""
    return torch.compile(partial(_outputs, chosen), dynamic=False)


@lru_cache(maxsize=256)
def _tensor(
    values: tuple[tuple[float, ...], ...], dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Return a constant on a device; kept, because a captured graph may copy nothing."""
    return torch.tensor(values, dtype=dtype, device=device)
