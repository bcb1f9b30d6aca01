"""What derivatives cost against their order: Taylor mode next to nested automatic differentiation.

A network of one input is differentiated up to order ``n`` at a batch of points, and the mean
square of all derivatives is differentiated by the weights, as a training step does. Source of
the experiment: Chickering (2025), A quasilinear algorithm for computing high-order derivatives
of neural networks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.bench.timing import mebibytes, milliseconds
from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import partial as derivative
from pinnsolve.networks.mlp import MLP
from pinnsolve.progress import Progress, Watch, unwatched

PATIENCE = 5000.0  # milliseconds of one call, beyond which nested differentiation is left out
GROWTH = 3.5  # of its time and memory from order to order, about


@dataclass(frozen=True)
class Cost:
    """What derivatives up to one order cost; None where nested differentiation was left out.

    Attributes
    ----------
    order, width, depth, batch, precision
        Highest order, the network's hidden layers, the number of points.
    nested_ms, taylor_ms
        Forward and backward together.
    nested_forward_ms, taylor_forward_ms
        Forward alone.
    nested_mib, taylor_mib
        Memory; see `mebibytes`.
    """

    order: int
    width: int
    depth: int
    batch: int
    precision: str
    nested_ms: float | None
    taylor_ms: float
    nested_forward_ms: float | None
    taylor_forward_ms: float
    nested_mib: float | None
    taylor_mib: float

    @property
    def ratio(self) -> float | None:
        """How many times sooner Taylor mode is done."""
        return None if self.nested_ms is None else self.nested_ms / self.taylor_ms


def costs(
    orders: Sequence[int],
    width: int = 24,
    depth: int = 3,
    batch: int = 256,
    precision: str = "float64",
    device: str = "cpu",
    repeats: int = 9,
    watch: Watch = unwatched,
) -> list[Cost]:
    """Measure derivatives up to each order.

    Parameters
    ----------
    orders
        Highest orders, rising.
    width, depth
        Of the hidden layers.
    batch
        Number of points.
    precision
        ``float64`` or ``float32``.
    device
        Where.
    repeats
        Of each measurement.
    watch
        Told how far the work has come.
    """
    dtype = getattr(torch, precision)
    net = MLP([-1.0], [1.0], [width] * depth, 1)
    net.randomise_head(0)
    net.to(device, dtype)
    x = torch.linspace(-1, 1, batch, dtype=dtype, device=device)[:, None]
    rows: list[Cost] = []
    nested_lasts = 0.0
    for k, order in enumerate(orders):
        watch(Progress("derivatives", k / len(orders), note=f"order {order}"))
        step = order - orders[k - 1] if k else 1
        has_nested = nested_lasts * GROWTH**step <= PATIENCE
        rows.append(_cost(net, x, order, repeats, has_nested))
        nested_lasts = rows[-1].nested_ms or float("inf")
    return rows


def lines(rows: Sequence[Cost]) -> list[tuple[str, ...]]:
    """Return the measurements as a table."""

    def cell(value: float | None, digits: int) -> str:
        return "—" if value is None else f"{value:.{digits}f}"

    heads = ("order", "nested ms", "taylor ms", "ratio", "nested MiB", "taylor MiB")
    return [
        heads,
        *(
            (
                str(row.order),
                cell(row.nested_ms, 2),
                cell(row.taylor_ms, 2),
                cell(row.ratio, 1),
                cell(row.nested_mib, 2),
                cell(row.taylor_mib, 2),
            )
            for row in rows
        ),
    ]


def _cost(net: MLP, x: Float[Tensor, "N 1"], order: int, repeats: int, has_nested: bool) -> Cost:
    """Measure one order."""
    parameters = list(net.parameters())

    def taylor() -> Tensor:
        found = derivatives(net, x, [derivative((k,)) for k in range(order + 1)])
        return torch.stack([value.square().mean() for value in found.values()]).sum()

    def nested() -> Tensor:
        y = x.detach().requires_grad_()
        u = net(y)
        loss = u.square().mean()
        for _ in range(order):
            (u,) = torch.autograd.grad(u.sum(), y, create_graph=True)
            loss = loss + u.square().mean()
        return loss

    losses: dict[str, Callable[[], Tensor]] = {"taylor": taylor}
    if has_nested:
        losses["nested"] = nested
    forward = milliseconds(losses, repeats)

    def step(loss: Callable[[], Tensor]) -> None:
        torch.autograd.grad(loss(), parameters, allow_unused=True)

    total = milliseconds({name: partial(step, loss) for name, loss in losses.items()}, repeats)
    memory = {name: mebibytes(loss, x.device) for name, loss in losses.items()}
    return Cost(
        order=order,
        width=net.layers[0].out_features,
        depth=len(net.layers),
        batch=len(x),
        precision=str(x.dtype).removeprefix("torch."),
        nested_ms=total.get("nested"),
        taylor_ms=total["taylor"],
        nested_forward_ms=forward.get("nested"),
        taylor_forward_ms=forward["taylor"],
        nested_mib=memory.get("nested"),
        taylor_mib=memory["taylor"],
    )
