"""What derivatives cost against their order: Taylor mode next to nested automatic differentiation.

A network of one input is differentiated up to order ``n`` at a batch of points, and the sum of
the mean squares of all derivatives is differentiated by the weights, as a training step does;
for every combination of width, depth and batch. Source of the experiment: Chickering (2025),
A quasilinear algorithm for computing high-order derivatives of neural networks.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, product
from math import inf
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.bench.contenders import CONTENDERS, check, gradient, loss, nested
from pinnsolve.bench.timing import Work, free_mebibytes, mebibytes, milliseconds, stopwatch
from pinnsolve.networks.mlp import MLP
from pinnsolve.progress import Progress, Watch, unwatched

Tell: TypeAlias = Callable[[float, str], None]


@dataclass(frozen=True)
class Limits:
    """Where nested differentiation is left out.

    Attributes
    ----------
    patience
        Milliseconds of one call.
    room
        Part of the free memory.
    growth
        Of its time and memory from order to order, at most about.
    """

    patience: float = 5000.0
    room: float = 0.5
    growth: float = 3.5


@dataclass(frozen=True)
class Cost:
    """What derivatives and the gradient of their loss cost.

    Attributes
    ----------
    forward_ms
        Time of the derivatives and the loss alone.
    ms
        Time of the gradient, for which they are found, too.
    mib
        Most memory at once; see `mebibytes`.
    """

    forward_ms: float
    ms: float
    mib: float

    @property
    def backward_ms(self) -> float:
        """Time of the backward pass."""
        return self.ms - self.forward_ms


@dataclass(frozen=True)
class Case:
    """What derivatives up to one order cost for one network and number of points.

    Attributes
    ----------
    order, width, depth, batch, precision
        Highest order, the network's hidden layers, the number of points.
    costs
        By contender; None where nested differentiation was left out.
    """

    order: int
    width: int
    depth: int
    batch: int
    precision: str
    costs: Mapping[str, Cost | None]

    def value(self, name: str, unit: str) -> float | None:
        """Return one of a contender's figures, None where it was left out."""
        cost = self.costs[name]
        return None if cost is None else getattr(cost, unit)

    def ratio(self, name: str) -> float | None:
        """Return a contender's time in that of Taylor mode."""
        theirs, ours = self.value(name, "ms"), self.value("taylor", "ms")
        return None if theirs is None or ours is None else theirs / ours

    def row(self) -> dict[str, int | float | str | None]:
        """Return everything by names as ``taylor_ms``."""
        names = ("order", "width", "depth", "batch", "precision")
        found = {name: getattr(self, name) for name in names}
        for unit in ("ms", "forward_ms", "backward_ms", "mib"):
            for name in self.costs:
                found[f"{name}_{unit}"] = self.value(name, unit)
        return found


def measure(
    orders: Sequence[int],
    widths: Sequence[int] = (24,),
    depths: Sequence[int] = (3,),
    batches: Sequence[int] = (256,),
    precision: str = "float64",
    device: str = "cpu",
    repeats: int = 9,
    against: str | None = None,
    watch: Watch = unwatched,
    limits: Limits = Limits(),
) -> list[Case]:
    """Measure derivatives up to each order, for every width with every depth and batch.

    Parameters
    ----------
    orders
        Highest orders.
    widths, depths
        Of the hidden layers.
    batches
        Numbers of points.
    precision
        ``float64`` or ``float32``.
    device
        Where.
    repeats
        Of each measurement.
    against
        A further contender in `CONTENDERS`; it is checked to find the same before all else.
    watch
        Told how far the work has come.
    limits
        Of nested differentiation.

    Raises
    ------
    PackageError
        If the further contender is not installed, or finds something else.
    """
    names = ["nested", "taylor", *([against] if against else [])]
    combinations = list(product(widths, depths, batches))
    if against:
        watch(Progress("derivatives", 0.0, note=f"checking {against}"))
        check(against, *_posed(*combinations[0], "float64", device), max(orders))
    cases: list[Case] = []
    for k, combination in enumerate(combinations):
        tell = _telling(watch, k, len(combinations), combination)
        net, x = _posed(*combination, precision, device)
        reach = _reach(net, x, max(orders), limits, tell)
        for n, order in enumerate(sorted(orders)):
            tell(n / len(orders), f"order {order}")
            costs = _costs(net, x, order, names if reach >= order else names[1:], repeats)
            costs = {name: costs.get(name) for name in names}
            cases.append(Case(order, *combination, precision, costs))
    return cases


def table(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """Return the measurements as a table; of width, depth and batch what varies.

    Of a single combination times are given with their parts, the forward and the backward pass.
    """
    names = list(cases[0].costs)
    others = [name for name in names if name != "taylor"]
    keys = [
        key
        for key in ("width", "depth", "batch")
        if len({getattr(case, key) for case in cases}) > 1
    ]
    heads = (
        *keys,
        "order",
        *(f"{name} ms" for name in names),
        *(f"{name}/taylor" for name in others),
        *(f"{name} MiB" for name in names),
    )
    return [
        heads,
        *(
            (
                *(str(getattr(case, key)) for key in keys),
                str(case.order),
                *(_times(case.costs[name], has_parts=not keys) for name in names),
                *(_number(case.ratio(name), 2) for name in others),
                *(_number(case.value(name, "mib"), 2) for name in names),
            )
            for case in cases
        ),
    ]


def summary(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """Return for each order over all combinations the ratios' median, and who is done sooner."""
    others = [name for name in cases[0].costs if name != "taylor"]
    rows = [("order", *(text for name in others for text in (f"{name}/taylor", "taylor sooner")))]
    for order, group in by_order(cases):
        row = [str(order)]
        for name in others:
            ratios = [case.ratio(name) for case in group]
            known = [ratio for ratio in ratios if ratio is not None]
            row += [_number(median(ratios), 2), f"{sum(r > 1 for r in known)} of {len(known)}"]
        rows.append(tuple(row))
    return rows


def median(values: Sequence[float | None]) -> float | None:
    """Return the median, None if it is not known; what was left out exceeds all that was not."""
    middle = statistics.median(inf if value is None else value for value in values)
    return middle if middle < inf else None


def by_order(cases: Sequence[Case]) -> Iterator[tuple[int, list[Case]]]:
    """Yield each order, rising, with its cases."""
    ordered = sorted(cases, key=lambda case: case.order)
    for order, group in groupby(ordered, key=lambda case: case.order):
        yield order, list(group)


def _times(cost: Cost | None, has_parts: bool) -> str:
    """Return a time, and its parts."""
    if cost is None:
        return "—"
    if not has_parts:
        return _number(cost.ms, 2)
    return f"{cost.ms:.2f} = {cost.forward_ms:.2f} + {cost.backward_ms:.2f}"


def _number(value: float | None, digits: int) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def _posed(
    width: int, depth: int, batch: int, precision: str, device: str
) -> tuple[MLP, Float[Tensor, "N 1"]]:
    """Return the network and the points."""
    dtype = getattr(torch, precision)
    net = MLP([-1.0], [1.0], [width] * depth, 1)
    net.randomise_head(0)
    x = torch.linspace(-1, 1, batch, dtype=dtype, device=device)[:, None]
    return net.to(device, dtype), x


def _costs(
    net: MLP, x: Float[Tensor, "N 1"], order: int, names: Sequence[str], repeats: int
) -> dict[str, Cost | None]:
    """Measure derivatives up to one order by each contender."""
    ways = {name: CONTENDERS[name](net, x, order) for name in names}
    works: dict[tuple[str, str], Work] = {
        (name, "forward"): partial(loss, way) for name, way in ways.items()
    }
    works |= {(name, "all"): partial(gradient, way, net) for name, way in ways.items()}
    ms = milliseconds(works, repeats)
    memory = {name: mebibytes(works[name, "all"], x.device) for name in names}
    return {name: Cost(ms[name, "forward"], ms[name, "all"], memory[name]) for name in names}


def _reach(net: MLP, x: Float[Tensor, "N 1"], highest: int, limits: Limits, tell: Tell) -> int:
    """Return up to which order nested differentiation ends in time and fits into memory."""
    room = limits.room * free_mebibytes(x.device)
    gradient(nested(net, x, 1), net)  # to warm up
    for order in range(1, highest):
        tell(0.0, f"trying nested order {order}")
        work = partial(gradient, nested(net, x, order), net)
        is_long = stopwatch(work) * limits.growth > limits.patience
        if is_long or mebibytes(work, x.device) * limits.growth > room:
            return order
    return highest


def _telling(watch: Watch, k: int, count: int, combination: tuple[int, int, int]) -> Tell:
    """Return a function that tells the watcher of a part of the work on the k-th combination."""
    width, depth, batch = combination

    def tell(fraction: float, part: str) -> None:
        note = f"width {width}, depth {depth}, batch {batch}, {part}"
        watch(Progress("derivatives", (k + fraction) / count, note=note))

    return tell
