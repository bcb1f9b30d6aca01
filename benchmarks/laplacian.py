"""How fast a network's Laplacian or biharmonic is differentiated: Taylor mode next to nesting.

Forward and backward pass of the mean square, tanh network of 4 x 50. The nested contender takes
the first derivatives jointly, in one reverse pass, which is the strongest baseline, and the
biharmonic as the Laplacian's Laplacian. All are called alternately in one process.

    python benchmarks/laplacian.py [--operator laplacian] [--nodes 1663,19638] [--threads 1]
                                   [--repeats 9] [--compile] [--precision float64] [--json FILE]
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from pinnsolve.bench.depth import OPERATORS
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


def measure(works: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            work()  # warms up: in a training a step follows upon its like
            start = perf_counter()
            work()
            found[name].append(1e3 * (perf_counter() - start))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--operator", choices=OPERATORS, default="laplacian")
    parser.add_argument("--nodes", default="1663,19638")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_memory()  # as the command line does; all gain by it
    dtype, op = getattr(torch, options.precision), OPERATORS[options.operator]
    rows = []
    print(f"{options.operator}, 4 x 50, {options.precision}, {options.threads} thread(s); ms")
    for count in map(int, options.nodes.split(",")):
        net = MLP([-1, -1], [1, 1], [50] * 4, 1)
        net.randomise_head(0)
        net.to(dtype)
        x = 2 * torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=dtype) - 1
        times = measure(contenders(net, x, op, options.compile), options.repeats)
        baseline = times.pop("nested")
        print(f"{count:6d} nodes  nested {median(baseline):8.1f}", end="")
        row: dict[str, Any] = {"nodes": count, "nested_ms": median(baseline)}
        for name, values in times.items():
            ratios = sorted(a / b for a, b in zip(baseline, values, strict=True))
            print(
                f"   {name} {median(values):8.1f}  {median(ratios):5.2f} x "
                f"({ratios[0]:.2f}-{ratios[-1]:.2f})",
                end="",
            )
            row |= {f"{name}_ms": median(values), f"{name}_ratio": median(ratios)}
        print(flush=True)
        rows.append(row)
    if options.json:
        machine = {"machine": platform.processor(), "cores": os.cpu_count()}
        options.json.write_text(json.dumps({**vars(options), **machine, "rows": rows}, default=str))


if __name__ == "__main__":
    main()
