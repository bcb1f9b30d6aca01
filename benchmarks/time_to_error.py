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

import argparse
import json
import os
from math import inf
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from pinnsolve import load, solve
from pinnsolve.solution.solution import Solution

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
TARGETS = (1e-4, 1e-5)
GAUSS_NEWTON = {
    "network.hidden": [50, 50, 50, 50],
    "training": [{"optimizer": "gauss-newton", "iterations": 300, "seconds": 30}],
}
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


def measure(seconds: float, seeds: int) -> list[dict[str, Any]]:
    ours({}, 0)  # warms up
    rows = []
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
            rows.append(
                {
                    "contender": name,
                    "seed": seed,
                    "seconds": curve[-1][0],
                    "relative_l2": curve[-1][1],
                    "best": min(error for _, error in curve),
                    "seconds_to": {f"{t:.0e}": first_time(curve, t) for t in TARGETS},
                }
            )
    return rows


def report(rows: list[dict[str, Any]], budget: float) -> None:
    names = list(dict.fromkeys(row["contender"] for row in rows))
    peer = names[-1]
    print(f"{'':34s}{'end':>10s}{'error':>10s}" + "".join(f"   to {t:.0e}" for t in TARGETS))
    for row in rows:
        times = "".join(f"{row['seconds_to'][f'{t:.0e}']:11.2f}" for t in TARGETS)
        name = f"{row['contender']}, seed {row['seed']}"
        print(f"{name:42s}{row['seconds']:8.1f} s{row['relative_l2']:10.1e}{times}")
    for name in names[:-1]:
        for target in TARGETS:
            key = f"{target:.0e}"
            mine = [row["seconds_to"][key] for row in rows if row["contender"] == name]
            peers = [row["seconds_to"][key] for row in rows if row["contender"] == peer]
            ratios = [min(p, budget) / m for m, p in zip(mine, peers, strict=True)]
            bound = "at least " if any(p == inf for p in peers) else ""
            spread = f" ({min(ratios):.1f} to {max(ratios):.1f})" if len(ratios) > 1 else ""
            print(f"{name}: {key} sooner by {bound}{median(ratios):.1f} x{spread}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=90, help="budget of DeepXDE")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = measure(arguments.seconds, arguments.seeds)
    report(rows, arguments.seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
