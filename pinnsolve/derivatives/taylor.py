"""Exact derivatives of a multilayer perceptron by Taylor mode.

The coefficients of all directional series of a `Plan` pass through the network together, one
matrix product a layer, and derivatives of any order are read off them at the end. The cost grows
with the square of the order, where nested automatic differentiation grows exponentially; one
ordinary reverse pass differentiates the result. Source: Griewank, Utke & Walther (2000),
Evaluating higher derivative tensors by forward propagation of univariate Taylor series,
doi:10.1090/S0025-5718-00-01120-0.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pinnsolve.derivatives.bumps import bump_channels
from pinnsolve.derivatives.embeddings import embedded
from pinnsolve.derivatives.jet import Jet
from pinnsolve.derivatives.passes import (
    constant,
    derivatives_of,
    features,
    groups,
    in_threads,
    reading,
)
from pinnsolve.derivatives.plan import Plan, plan
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.networks.mlp import MLP


@dataclass(frozen=True)
class Taylor:
    """Differentiate pointwise; the cost grows with the square of the order.

    Attributes
    ----------
    x
        Points, shape ``(N, d)``.
    is_compiled
        Whether layers are compiled at the first call, which takes some ten seconds.
    """

    x: Float[Tensor, "N d"]
    is_compiled: bool = False

    def __call__(self, net: MLP, terms: Set[Term]) -> Jet:
        """Return the jet of a network at ``x``."""
        found = derivatives(net, self.x, {term.op for term in terms}, self.is_compiled)
        fields = {op: values.unbind(1) for op, values in found.items()}
        return {term: fields[term.op][term.field] for term in terms}


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
        Whether the series of a layer are compiled, at the first call, into one kernel.

    Raises
    ------
    CompilerError
        If it cannot be compiled on this machine.
    """
    if net.has_views:
        ops = list(ops)
        seen = [derivatives(view, x, ops, is_compiled) for view in net.images()]
        return {op: net.combined(*(own[op] for own in seen)) for op in seen[0]}
    chosen = plan(ops)
    pieces = [inputs(net, y, chosen) for y in _groups(net, x, chosen)]
    first, *further = net.head.weight.split(net.blocks, 1)
    weights = [*_weights(net.layers), first, net.head.bias]
    found = derivatives_of(chosen, net.activation_name, pieces, weights, is_compiled).mT
    for bumps, weight in zip(net.bumps, further, strict=True):
        own = [bump_channels(bumps, piece, chosen.layout) @ weight.mT for piece in pieces]
        found = found + readings(chosen, torch.cat(own, 1))
    return by_operator(chosen, found)


def feature_derivatives(
    net: MLP, x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
) -> dict[DiffOp, Float[Tensor, "N w"]]:
    """Return derivatives of what the head is given: the last hidden layer, and bumps.

    Parameters
    ----------
    net, x, ops
        As of `derivatives`.
    """
    chosen = plan(ops)
    weights = _weights(net.layers)

    def found(y: Float[Tensor, "n d"]) -> Float[Tensor, "o n w"]:
        pieces = inputs(net, y, chosen)
        found = [
            readings(chosen, bump_channels(bumps, pieces, chosen.layout)) for bumps in net.bumps
        ]
        if net.layers or not net.bumps:  # a part may have bumps alone
            a = features(chosen.layout, net.activation_name, pieces, weights)
            found.insert(0, readings(chosen, a).mT)
        return torch.cat(found, 2)

    return by_operator(chosen, torch.cat(in_threads(found, _groups(net, x, chosen)), 1))


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


def by_operator(chosen: Plan, values: Float[Tensor, "o N c"]) -> dict[DiffOp, Float[Tensor, "N c"]]:
    """Return values in the order of a plan by their operators."""
    return dict(zip((op for op, _ in chosen.readings), values.unbind(), strict=True))


def biased(net: MLP, values: Float[Tensor, "o N c"], chosen: Plan) -> Float[Tensor, "o N c"]:
    """Add what the operators make of the constants that the head adds to the outputs."""
    constants = tuple((factors[0],) for _, factors in chosen.readings)
    if not any(any(factor) for factor in constants):
        return values
    return values + constant(constants, values.dtype, values.device)[..., None] * net.head.bias


def inputs(net: MLP, x: Float[Tensor, "N d"], chosen: Plan) -> list[Float[Tensor, "_ _ q"]]:
    """Return the channels of the first layer's input, in one piece or several.

    Coordinates have a value and slopes, which all points have in common; waves have all channels.
    """
    value = (x - net.center) / net.half_width
    slopes, drifts = (_in_box(net, v) for v in (chosen.directions, chosen.drifts))
    if net.embedding is not None:
        return [embedded(net.embedding, value, slopes, drifts, chosen.layout)]
    common = slopes
    if chosen.has_drifts:
        gap = chosen.layout.channels - 1 - len(slopes) - len(drifts)
        common = torch.cat([slopes, slopes.new_zeros(gap, slopes.shape[1]), drifts])
    return [value[None], common[:, None]][: 1 + bool(len(common))]


def _in_box(net: MLP, vectors: tuple[tuple[float, ...], ...]) -> Float[Tensor, "J d"]:
    """Return directions in the coordinates of the network's box."""
    V = constant(vectors, net.center.dtype, net.center.device)
    return V.view(-1, len(net.center)) / net.half_width


def linear(a: Float[Tensor, "C N v"], weight: Float[Tensor, "w v"]) -> Float[Tensor, "C N w"]:
    """Apply a linear map to all channels in one product."""
    return (a.flatten(0, 1) @ weight.mT).unflatten(0, a.shape[:2])


def readings(chosen: Plan, u: Float[Tensor, "C m n"]) -> Float[Tensor, "o m n"]:
    """Return each operator's weighted sum of channels, in the order of the plan."""
    return (reading(chosen, u) @ u.flatten(1)).unflatten(1, u.shape[1:])


def _groups(net: MLP, x: Float[Tensor, "N d"], chosen: Plan) -> Sequence[Float[Tensor, "_ d"]]:
    widths = [*(layer.out_features for layer in net.layers), *map(len, net.bumps)]
    return groups(x, chosen.layout, max(widths, default=net.head.in_features))


def _weights(layers: Sequence[nn.Linear]) -> list[Tensor]:
    """Return weights and biases of some layers in turn."""
    return [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
