"""How fast a network's Laplacian or biharmonic is differentiated: Taylor mode next to nesting.

Forward and backward pass of the mean square, tanh network of 4 x 50. The nested contender takes
the first derivatives jointly, in one reverse pass, which is the strongest baseline, and the
biharmonic as the Laplacian's Laplacian. All are called alternately in one process.

    python benchmarks/laplacian.py [--operator laplacian] [--nodes 1663,19638] [--threads 1]
                                   [--repeats 9] [--compile] [--precision float64] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

import torch
from reporting import options_of, report
from torch import Tensor

from pinnsolve.bench.depth import OPERATORS
from pinnsolve.bench.timing import ratios, rounds, spread
from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import DiffOp
from pinnsolve.machine import keep_memory
from pinnsolve.networks.mlp import MLP


def nested(net: MLP, x: Tensor, op: DiffOp) -> Tensor:
    y = x.detach().requires_grad_()
    v = net(y)[:, 0]
    for _ in range(op.order // 2):
        (slopes,) = torch.autograd.grad(v.sum(), y, create_graph=True)
        second = [
            torch.autograd.grad(slope.sum(), y, create_graph=True)[0][:, axis]
            for axis, slope in enumerate(slopes.mT)
        ]
        v = second[0] + second[1]
    return v


def contenders(net: MLP, x: Tensor, op: DiffOp, compiled: bool) -> dict[str, Callable[[], Any]]:
    weights = list(net.parameters())

    def step(values: Callable[[], Tensor]) -> Callable[[], Any]:
        return lambda: torch.autograd.grad(values().square().mean(), weights, allow_unused=True)

    found = {
        "nested": step(lambda: nested(net, x, op)),
        "taylor": step(lambda: derivatives(net, x, [op])[op][:, 0]),
    }
    if compiled:
        found["compiled"] = step(lambda: derivatives(net, x, [op], is_compiled=True)[op][:, 0])
    return found


def measure(options: Namespace) -> Iterator[dict[str, Any]]:
    dtype, op = getattr(torch, options.precision), OPERATORS[options.operator]
    for count in map(int, options.nodes.split(",")):
        net = MLP([-1, -1], [1, 1], [50] * 4, 1)
        net.randomise_head(0)
        net.to(dtype)
        x = 2 * torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=dtype) - 1
        times = rounds(contenders(net, x, op, options.compile), options.repeats)
        for name, own in times.items():
            sooner = spread(ratios(times["nested"], own), "sooner")
            yield {"nodes": count, "contender": name, **spread(own, "ms"), **sooner}


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--operator", choices=OPERATORS, default="laplacian")
    parser.add_argument("--nodes", default="1663,19638")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    keep_memory()  # as the command line does; all gain by it
    columns = {"nodes": "6d", "contender": "10s", "ms": "8.1f"}
    columns |= dict.fromkeys(("sooner", "lowest_sooner", "highest_sooner"), "6.2f")
    report(options, (measure(options), columns))


if __name__ == "__main__":
    main()
