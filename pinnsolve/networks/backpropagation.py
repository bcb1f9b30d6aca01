"""Values of a network at points and the gradient of what is made of them, without a graph.

    a_l = sigma(z_l),   z_l = W_l a_{l-1} + b_l;     d_l = sigma'(z_l) * W_{l+1}^T d_{l+1},
    gradient with respect to W_l: d_l a_{l-1}^T, to b_l: d_l summed over the points.

A method that takes no derivative with respect to the points needs one forward and one reverse
pass a step and nothing else, so both are written out: points lie along rows, for which the
matrix products are quickest, and tanh is ``2 / (1 + exp(-2 z)) - 1``, which costs a quarter of
the library's and has the same error on the scale of its values. Source: Rumelhart, Hinton &
Williams (1986), doi:10.1038/323533a0.

The reverse pass, two thirds of the work, may be in single precision below values in double: it
makes a gradient with errors of its own size, where rounded values would be differentiated
numerically and their errors grow by the inverse square of the spacing.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import gelu, silu

from pinnsolve.networks.mlp import MLP

Pullback: TypeAlias = Callable[[Tensor], Tensor]


def _tanh(z: Tensor) -> tuple[Tensor, Tensor]:
    a = z.mul_(2).sigmoid_().mul_(2).sub_(1)
    return a, a


RULES: dict[
    Callable[[Tensor], Tensor],
    tuple[Callable[[Tensor], tuple[Tensor, Tensor]], Callable[[Tensor, Tensor], Tensor]],
] = {
    torch.tanh: (_tanh, torch.ops.aten.tanh_backward),
    torch.sin: (lambda z: (torch.sin(z), z), lambda d, z: d * torch.cos(z)),
    silu: (lambda z: (silu(z), z), torch.ops.aten.silu_backward),
    gelu: (lambda z: (gelu(z), z), torch.ops.aten.gelu_backward),
}
"""Value of each activation and what is kept of it; a vector times the derivative, from that."""


@torch.no_grad()
def values_and_pullback(
    net: MLP, x: Float[Tensor, "N d"], reverse: torch.dtype | None = None
) -> tuple[Float[Tensor, "c N"], Pullback]:
    """Return a network's values, field by field, and the way back from them to its weights.

    Parameters
    ----------
    net
        The network; its weights may not change before the pullback is called.
    x
        Where its values are wanted.
    reverse
        Precision of the way back; the network's by default.

    Returns
    -------
    values, pullback
        ``pullback`` maps the gradient ``(c, N)`` of a function of the values to its gradient
        with respect to all weights, in the order of ``parameters_to_vector``.
    """
    if net.has_views:
        return _of_views(net, x, reverse)
    reverse = reverse or x.dtype
    linear = [*net.layers, net.head]
    evaluate, differentiate = RULES[net.activation]
    a = net.inputs(x).mT.contiguous()
    inputs, kept = [a.to(reverse)], []
    for layer in net.layers:
        a, keep = evaluate(torch.addmm(layer.bias[:, None], layer.weight, a))
        inputs.append(a.to(reverse))
        kept.append(inputs[-1] if keep is a else keep.to(reverse))

    @torch.no_grad()
    def pullback(d: Float[Tensor, "c N"]) -> Float[Tensor, " P"]:
        d = d.to(reverse)
        parts: list[Tensor] = []
        for level in reversed(range(len(linear))):
            parts += [d.sum(1), (d @ inputs[level].mT).flatten()]
            if level:
                weight = linear[level].weight.mT.to(reverse)
                d = differentiate(weight @ d, kept[level - 1])
        return torch.cat(parts[::-1]).to(x)

    return torch.addmm(net.head.bias[:, None], net.head.weight, a), pullback


def _of_views(
    net: MLP, x: Float[Tensor, "N d"], reverse: torch.dtype | None
) -> tuple[Float[Tensor, "c N"], Pullback]:
    """Return the same of outputs that are sums of views, from these."""
    values, backs = zip(
        *(values_and_pullback(view, x, reverse) for view in net.images()), strict=True
    )
    shares = net.shares[:, :, None]

    def pullback(d: Float[Tensor, "c N"]) -> Float[Tensor, " P"]:
        parts = (back(own * d) for back, own in zip(backs, shares, strict=True))
        return torch.stack(list(parts)).sum(0)

    return (shares * torch.stack(values)).sum(0), pullback
