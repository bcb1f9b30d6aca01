"""The ways to differentiate a network of one input that are measured against each other.

Each is prepared once for a network, points and an order ``n``, as a training would do it, and
then called again and again; it returns the derivatives of orders 0 to ``n``. The loss is the sum
of their mean squares. The package jet-for-pytorch is used as its documentation says is best: the
jet of the network, captured for the order, without what occurs twice. Source of that package:
Dangel, Siebert, Zeinhofer & Walther (2025), Collapsing Taylor mode automatic differentiation,
arXiv:2505.13644.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import partial as derivative
from pinnsolve.errors import PackageError
from pinnsolve.networks.mlp import MLP

ROUNDING = 1e-6  # relative; half the digits of float64: what is wrong is so by much more
NEEDED = ("jet", "capture_graph", "common_subexpression_elimination")

Way: TypeAlias = Callable[[], Sequence[Tensor]]


def taylor(net: MLP, x: Float[Tensor, "N 1"], order: int) -> Way:
    """Return our Taylor mode."""
    ops = [derivative((k,)) for k in range(order + 1)]

    def found() -> list[Tensor]:
        values = derivatives(net, x, ops)
        return [values[op] for op in ops]

    return found


def nested(net: MLP, x: Float[Tensor, "N 1"], order: int) -> Way:
    """Return automatic differentiation of automatic differentiation, order by order."""

    def found() -> list[Tensor]:
        y = x.detach().requires_grad_()
        values = [net(y)]
        for _ in range(order):
            values += torch.autograd.grad(values[-1].sum(), y, create_graph=True)
        return values

    return found


def jet(net: MLP, x: Float[Tensor, "N 1"], order: int) -> Way:
    """Return the Taylor mode of the package jet-for-pytorch.

    Raises
    ------
    PackageError
        If the package is not installed.
    """
    package = _jet_for_pytorch()
    series = (x, torch.ones_like(x), *(torch.zeros_like(x) for _ in range(order - 1)))
    captured, _ = package.capture_graph(package.jet(net, (x,)), (series,))
    package.common_subexpression_elimination(captured.graph)
    captured.recompile()
    return partial(captured, *series)


CONTENDERS: dict[str, Callable[[MLP, Tensor, int], Way]] = {
    "nested": nested,
    "taylor": taylor,
    "jet": jet,
}


def loss(way: Way) -> Float[Tensor, ""]:
    """Return the sum of the mean squares of all derivatives."""
    return torch.stack([values.square().mean() for values in way()]).sum()


def gradient(way: Way, net: MLP) -> tuple[Tensor, ...]:
    """Return the work of a training step: the gradient of the loss by the weights."""
    return torch.autograd.grad(loss(way), list(net.parameters()), materialize_grads=True)


def check(name: str, net: MLP, x: Float[Tensor, "N 1"], order: int) -> None:
    """Refuse a contender that finds something else than our Taylor mode.

    Parameters
    ----------
    name
        Of the contender, in `CONTENDERS`.
    net, x
        The network and the points, in double precision.
    order
        Highest order.

    Raises
    ------
    PackageError
        If derivatives or gradients differ by more than rounding, or the package is missing.
    """
    ours, theirs = (CONTENDERS[way](net, x, order) for way in ("taylor", name))
    pairs = [
        *zip(ours(), theirs(), strict=True),
        *zip(gradient(ours, net), gradient(theirs, net), strict=True),
    ]
    for k, (expected, found) in enumerate(pairs):
        scale = torch.linalg.norm(expected.detach()).clamp(min=torch.finfo(x.dtype).tiny)
        error = float(torch.linalg.norm((found - expected).detach()) / scale)
        if not error <= ROUNDING:
            what = f"derivative {k}" if k <= order else "the gradient by the weights"
            raise PackageError(
                f"{name} and our Taylor mode do not agree: {what} differs by {error:.0e} of its "
                "size, so that their times mean nothing. Install the newest version of the "
                "package: pip install --upgrade jet-for-pytorch; or leave out --against."
            )


def _jet_for_pytorch() -> ModuleType:
    """Return the package, which is imported as ``jet``."""
    try:
        package = import_module("jet")
    except ImportError:
        package = None
    if package is None or not all(hasattr(package, name) for name in NEEDED):
        raise PackageError(
            "the package jet-for-pytorch is not installed. Install it: pip install "
            "jet-for-pytorch; it needs Python 3.12 or later."
        )
    return package
