"""What L-BFGS itself costs and reaches, next to torch's.

Both lower the same loss, that of DT-PINN on ``problems/disk_poisson.toml`` with the network
4 x 50 tanh, from the same weights, with the same gradients and the strong Wolfe conditions.
First the time of the method's own arithmetic, the gradient being free; then the time and the
evaluations to given losses. All on one thread and in processor time, which others do not lengthen.

    python benchmarks/lbfgs.py [--history 10 50 100] [--seeds 3] [--seconds 8] [--repeats 40]
                               [--precision float64] [--json FILE]
"""

from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from time import process_time
from typing import Any

import torch
from reporting import options_of, report
from torch import Tensor

from pinnsolve import load
from pinnsolve.bench.timing import ratios, rounds, spread
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


def overhead(histories: list[int], precision: str, repeats: int) -> Iterator[dict[str, Any]]:
    for history in histories:
        lbfgs.HISTORY = history
        ours, theirs = free(precision), free(precision)
        descent = lbfgs.Descent(ours)
        optimizer, run = torchs(theirs, history, 20)
        state = optimizer.state[optimizer.param_groups[0]["params"][0]]
        done: dict[str, list[int]] = {"ours": [0], "torch": [0]}

        def mine(descent: Any = descent, done: list[int] = done["ours"]) -> None:
            with torch.no_grad():
                for _ in range(20):
                    descent.evaluate()
            done.append(descent.look()[0])

        def torch_own(run: Any = run, state: Any = state, done: list[int] = done["torch"]) -> None:
            run()
            done.append(state["n_iter"])

        works = {"ours": mine, "torch": torch_own}
        times = rounds(works, repeats, warm_up=0, clock=process_time)
        full = {
            name: [
                ms / max(1, after - before)
                for ms, before, after in zip(times[name], done[name], done[name][1:], strict=False)
            ][repeats // 2 :]
            for name in works
        }
        for name, own in full.items():
            ratio = spread(ratios(own, full["ours"]), "ratio")
            yield {"history": history, "contender": name, **spread(own, "ms"), **ratio}


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


def convergence(precision: str, seeds: int, seconds: float) -> Iterator[dict[str, Any]]:
    for seed in range(seeds):
        for name, follow in (("ours", curve_of_ours), ("torch", curve_of_torch)):
            curve = follow(dt_pinn(precision, seed), seconds)
            row: dict[str, Any] = {"contender": name, "seed": seed, "loss": curve[-1][2]}
            for target in TARGETS:
                first = next(((s, n) for s, n, loss in curve if loss <= target), (inf, inf))
                row[f"s_to_{target:.0e}"], row[f"calls_to_{target:.0e}"] = first
            yield row


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--history", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--precision", default="float64")
    options = parser.parse_args()
    costs = {"history": "4d", "contender": "9s", "ms": "7.2f"}
    costs |= dict.fromkeys(("ratio", "lowest_ratio", "highest_ratio"), "6.1f")
    found = {"contender": "9s", "seed": "d", "loss": "8.1e"}
    for target in TARGETS:
        found |= {f"s_to_{target:.0e}": "7.2f", f"calls_to_{target:.0e}": "7g"}
    report(
        options,
        (overhead(options.history, options.precision, options.repeats), costs),
        (convergence(options.precision, options.seeds, options.seconds), found),
    )


if __name__ == "__main__":
    main()
