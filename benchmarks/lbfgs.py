"""What L-BFGS itself costs and reaches, next to torch's.

Both lower the same loss, that of DT-PINN on ``problems/disk_poisson.toml`` with the network
4 x 50 tanh, from the same weights, with the same gradients and the strong Wolfe conditions.
First the time of the method's own arithmetic, the gradient being free; then the time and the
evaluations to given losses. All on one thread and in processor time, which others do not lengthen.

    python benchmarks/lbfgs.py [--history 10 50 100] [--seeds 3] [--seconds 8] [--repeats 40]
                               [--precision float64] [--json FILE]
"""

import argparse
import json
from collections.abc import Callable
from math import inf
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import torch
from torch import Tensor

from pinnsolve import load
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.networks.build import network
from pinnsolve.networks.mlp import MLP
from pinnsolve.optimizers import lbfgs
from pinnsolve.process import Budget
from pinnsolve.setup import Setup

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
TARGETS = (1e-5, 1e-6, 1e-7)
Curve = list[tuple[float, int, float]]  # seconds, evaluations, loss


class Counted:
    """An objective that knows how often its gradient was asked for."""

    def __init__(self, net: MLP, gradient: Callable[[], tuple[Tensor, Tensor]]) -> None:
        self.model, self.evaluations, self._gradient = net, 0, gradient

    def gradient(self) -> tuple[Tensor, Tensor]:
        """Return the loss and its gradient."""
        self.evaluations += 1
        return self._gradient()


def dt_pinn(precision: str, seed: int) -> Counted:
    settings = {"network.hidden": [50, 50, 50, 50], "solver.precision": precision}
    problem = load(PROBLEM, settings)
    setup = Setup(problem)
    net = network(setup)
    net.initialise(seed)
    return Counted(net, nodal_objective(net, setup).gradient)


def free(precision: str) -> Counted:
    """Return an objective whose gradient costs next to nothing: a stiff quadratic function."""
    found = dt_pinn(precision, 0)
    weights = list(found.model.parameters())
    scale = torch.logspace(0, 8, sum(w.numel() for w in weights)).to(weights[0])

    def gradient() -> tuple[Tensor, Tensor]:
        x = torch.cat([w.detach().flatten() for w in weights])
        g = scale * x
        return g @ x / 2, g

    return Counted(found.model, gradient)


def torchs(found: Counted, history: int, run: int) -> tuple[torch.optim.LBFGS, Callable[[], None]]:
    weights = list(found.model.parameters())
    optimizer = torch.optim.LBFGS(
        weights,
        max_iter=run,
        max_eval=2 * run,
        history_size=history,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        loss, g = found.gradient()
        start = 0
        for w in weights:
            w.grad = g[start : start + w.numel()].view_as(w)
            start += w.numel()
        return loss

    return optimizer, lambda: optimizer.step(closure)


def overhead(histories: list[int], precision: str, repeats: int) -> list[dict[str, Any]]:
    rows = []
    for history in histories:
        lbfgs.HISTORY = history
        ours, theirs = free(precision), free(precision)
        descent = lbfgs.Descent(ours)
        optimizer, run = torchs(theirs, history, 20)
        state = optimizer.state[optimizer.param_groups[0]["params"][0]]

        def mine(descent: Any = descent) -> int:
            with torch.no_grad():
                for _ in range(20):
                    descent.evaluate()
            return descent.look()[0]

        def torch_own(run: Any = run, state: Any = state) -> int:
            run()
            return state["n_iter"]

        times: dict[str, list[float]] = {"ours": [], "torch": []}
        done = dict.fromkeys(times, 0)
        for _ in range(repeats):
            for name, work in (("ours", mine), ("torch", torch_own)):
                start = process_time()
                iterations = work()
                spent = process_time() - start
                times[name].append(1e3 * spent / max(1, iterations - done[name]))
                done[name] = iterations
        full = {name: values[len(values) // 2 :] for name, values in times.items()}
        ratios = [b / a for a, b in zip(full["ours"], full["torch"], strict=True)]
        rows.append(
            {
                "history": history,
                **{f"{name}_ms": median(values) for name, values in full.items()},
                "ratio": median(ratios),
                "lowest_ratio": min(ratios),
                "highest_ratio": max(ratios),
            }
        )
    return rows


def curve_of_ours(found: Counted, seconds: float) -> Curve:
    start, curve, optimizer = process_time(), [], lbfgs.LBFGS(found, Budget())
    is_done = False
    while not is_done:
        step = optimizer.step()
        curve.append((process_time() - start, found.evaluations, step.loss))
        is_done = bool(step.done) or curve[-1][0] >= seconds
    return curve


def curve_of_torch(found: Counted, seconds: float) -> Curve:
    optimizer, run = torchs(found, lbfgs.HISTORY, lbfgs.RUN)
    state = optimizer.state[optimizer.param_groups[0]["params"][0]]
    start, curve = process_time(), []
    while not curve or curve[-1][0] < seconds:
        run()
        curve.append((process_time() - start, found.evaluations, float(state["prev_loss"])))
    return curve


def convergence(precision: str, seeds: int, seconds: float) -> list[dict[str, Any]]:
    rows = []
    for seed in range(seeds):
        for name, follow in (("ours", curve_of_ours), ("torch", curve_of_torch)):
            curve = follow(dt_pinn(precision, seed), seconds)
            first = {
                f"{target:.0e}": next(
                    ((s, n) for s, n, loss in curve if loss <= target), (inf, inf)
                )
                for target in TARGETS
            }
            rows.append({"name": name, "seed": seed, "loss": curve[-1][2], "first": first})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--history", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--precision", default="float64")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    costs = overhead(options.history, options.precision, options.repeats)
    print("arithmetic of an iteration, ms")
    for row in costs:
        print(
            f"history {row['history']:4d}: ours {row['ours_ms']:.2f}, torch {row['torch_ms']:.2f}, "
            f"{row['ratio']:.1f} x ({row['lowest_ratio']:.1f} to {row['highest_ratio']:.1f})"
        )
    runs = convergence(options.precision, options.seeds, options.seconds)
    print(f"seconds (evaluations) to a loss, and the loss after {options.seconds:g} s")
    for row in runs:
        found = "".join(
            f"  {key}: {seconds:6.2f} s ({evaluations:5g})"
            for key, (seconds, evaluations) in row["first"].items()
        )
        print(f"{row['name']:6s} seed {row['seed']}{found}  {row['loss']:.1e}")
    if options.json:
        options.json.write_text(json.dumps({"arithmetic": costs, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
