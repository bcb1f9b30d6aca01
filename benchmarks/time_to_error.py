"""How soon a given error is reached, next to DeepXDE on the same problem and the same nodes.

The problem is ``problems/disk_poisson.toml``. DeepXDE gets its Disk geometry with our interior
and boundary nodes as anchors, a tanh network of 4 x 50, float64 and its own L-BFGS. Ours runs
its default, and the same network trained by Gauss-Newton alone. Both are measured by the error
on the nodes, outside of the clock, and nobody stops by it: DeepXDE runs for its time budget,
ours to the end of its schedule.

DeepXDE's clock runs while it trains. Ours runs from the problem to the trained network, node
generation and operators included.

    DDE_BACKEND=pytorch python benchmarks/time_to_error.py [--seconds 90] [--seeds 1] [--json FILE]
"""

import os
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from reporting import options_of, report, show

from pinnsolve import load, solve
from pinnsolve.solution.solution import Solution

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
TARGETS = (1e-4, 1e-5)
GAUSS_NEWTON = {
    "network.hidden": [50, 50, 50, 50],
    "training": [{"optimizer": "gauss-newton", "iterations": 300, "seconds": 30}],
}
KEYS = [f"s_to_{target:.0e}" for target in TARGETS]
Curve = list[tuple[float, float]]  # seconds, relative error


def exact(x: ndarray) -> ndarray:
    return 1 + np.sin(np.pi * x[:, :1]) * np.cos(np.pi * x[:, 1:])


def slope(x: ndarray) -> ndarray:
    """Return the radial derivative of the exact solution on the unit circle."""
    px, py = np.pi * x[:, :1], np.pi * x[:, 1:]
    gradient = np.pi * np.hstack([np.cos(px) * np.cos(py), -np.sin(px) * np.sin(py)])
    return np.sum(gradient * x, axis=1, keepdims=True)


def ours(settings: dict[str, Any], seed: int) -> tuple[Curve, Solution]:
    solution = solve(load(PROBLEM, {**settings, "solver.seed": seed}))
    before = solution.course.seconds["nodes"] + solution.course.seconds["operators"]
    curve = [(before + record.seconds, record.relative_l2) for record in solution.course.history]
    return curve, solution


def theirs(nodes: ndarray, seconds: float, seed: int) -> Curve:
    os.environ.setdefault("DDE_BACKEND", "pytorch")
    import deepxde as dde

    dde.config.set_default_float("float64")
    dde.config.set_random_seed(seed)
    # shorter runs between two looks at the clock; the algorithm is the same
    dde.optimizers.config.LBFGS_options["iter_per_step"] = 20
    geometry = dde.geometry.Disk([0, 0], 1)

    def pde(x: Any, u: Any) -> Any:
        source = -2 * np.pi**2 * torch.sin(np.pi * x[:, :1]) * torch.cos(np.pi * x[:, 1:])
        return dde.grad.hessian(u, x, i=0, j=0) + dde.grad.hessian(u, x, i=1, j=1) - source

    condition = dde.icbc.RobinBC(
        geometry, lambda x, u: torch.as_tensor(slope(x) + exact(x)) - u, lambda _, on: on
    )
    data = dde.data.PDE(geometry, pde, [condition], num_domain=0, anchors=nodes)
    net = dde.nn.FNN([2, 50, 50, 50, 50, 1], "tanh", "Glorot normal")
    model = dde.Model(data, net)
    model.compile("L-BFGS")
    curve: Curve = []
    truth = exact(nodes)

    class Measure(dde.callbacks.Callback):
        paused = 0.0

        def on_epoch_end(self) -> None:
            pause = perf_counter()
            spent = pause - start - self.paused
            with torch.no_grad():
                u = net(torch.as_tensor(nodes)).numpy()
            curve.append((spent, float(np.linalg.norm(u - truth) / np.linalg.norm(truth))))
            self.model.stop_training = spent > seconds
            self.paused += perf_counter() - pause

    start = perf_counter()
    model.train(callbacks=[Measure()], display_every=10**9, verbose=0)
    return curve


def first_time(curve: Curve, target: float) -> float:
    """Return when the error first was at the target; infinity if it never was."""
    return next((seconds for seconds, error in curve if error <= target), inf)


def measure(seconds: float, seeds: int) -> Iterator[dict[str, Any]]:
    ours({}, 0)  # warms up
    for seed in range(seeds):
        default, solution = ours({}, seed)
        curves = {
            "pinnsolve, default": default,
            "pinnsolve, 4 x 50, Gauss-Newton": ours(GAUSS_NEWTON, seed)[0],
            "DeepXDE, 4 x 50, L-BFGS": theirs(
                solution.sample.nodes.x[solution.sample.nodes.rows], seconds, seed
            ),
        }
        for name, curve in curves.items():
            times = (first_time(curve, target) for target in TARGETS)
            yield {
                "contender": name,
                "seed": seed,
                "seconds": curve[-1][0],
                "relative_l2": curve[-1][1],
                "best": min(error for _, error in curve),
                **dict(zip(KEYS, times, strict=True)),
            }


def against_peer(rows: Sequence[Any], budget: float) -> Iterator[dict[str, Any]]:
    *names, peer = dict.fromkeys(row["contender"] for row in rows)
    for name in names:
        for key in KEYS:
            mine, peers = (
                [row[key] for row in rows if row["contender"] == own] for own in (name, peer)
            )
            ratios = [min(p, budget) / m for m, p in zip(mine, peers, strict=True)]
            yield {
                "contender": name,
                "to": key.removeprefix("s_to_"),
                "bound": "at least" if inf in peers else "",
                "sooner": median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
            }


def main() -> None:
    parser = options_of(__doc__, threads=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=90, help="budget of DeepXDE")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    columns = {"contender": "31s", "seed": "d", "seconds": "7.1f", "relative_l2": "8.1e"}
    columns |= dict.fromkeys(KEYS, "8.2f")
    rows = report(options, (measure(options.seconds, options.seeds), columns))
    factors = dict.fromkeys(("sooner", "lowest", "highest"), "5.1f")
    show(
        against_peer(rows, options.seconds),
        {"contender": "31s", "to": "6s", "bound": "8s", **factors},
    )


if __name__ == "__main__":
    main()
