"""What one step of training costs: DT-PINN next to PINNs with exact derivatives.

The problem is ``problems/disk_poisson.toml``, the network 4 x 50 tanh, the nodes the same. One
step is a loss and its gradient; an iteration of L-BFGS is that and the arithmetic of the
method. Contenders run alternately; what counts is the ratio to the first, with its spread.

    python benchmarks/step.py [--nodes 1663 19638] [--threads 1] [--repeats 15] [--json FILE]
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from reporting import options_of, report

from pinnsolve import load
from pinnsolve.bench.timing import compare
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.objective import Objective
from pinnsolve.optimizers import lbfgs
from pinnsolve.setup import Setup

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"
CONTENDERS = {
    "dt-pinn, float64": ("dt-pinn", "rbf-fd", "float64"),
    "dt-pinn, mixed": ("dt-pinn", "rbf-fd", "mixed"),
    "dt-pinn, float32": ("dt-pinn", "rbf-fd", "float32"),
    "pinn, autograd, float32": ("pinn", "autograd", "float32"),
    "pinn, autograd, float64": ("pinn", "autograd", "float64"),
    "pinn, taylor, float32": ("pinn", "taylor", "float32"),
    "pinn, taylor, float64": ("pinn", "taylor", "float64"),
}


def objective(count: int, method: str, derivatives: str, precision: str) -> Objective:
    problem = load(
        PROBLEM,
        {
            "network.hidden": [50, 50, 50, 50],
            "nodes.count": count,
            "solver.method": method,
            "solver.derivatives": derivatives,
            "solver.precision": precision,
        },
    )
    setup = Setup(problem)
    net = network(setup)
    net.randomise_head(0)
    if method == "pinn":
        return pointwise_objective(net, setup)
    return nodal_objective(net, setup)


def iteration(objective: Objective) -> Callable[[], object]:
    descent = lbfgs.Descent(objective)

    def work() -> None:
        with torch.no_grad():
            descent.evaluate()

    for _ in range(lbfgs.HISTORY):  # a full history
        work()
    return work


def measure(counts: list[int], repeats: int) -> Iterator[dict[str, Any]]:
    for count in counts:
        objectives = {name: objective(count, *how) for name, how in CONTENDERS.items()}
        steps = {name: found.gradient for name, found in objectives.items()}
        iterations = {name: iteration(found) for name, found in objectives.items()}
        for kind, works in (("step", steps), ("L-BFGS iteration", iterations)):
            for row in compare(works, repeats, warm_up=None):
                yield {"nodes": count, "kind": kind, **row}


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1663, 19638])
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    columns = {"nodes": "7d", "kind": "16s", "contender": "24s", "ms": "8.2f"}
    columns |= dict.fromkeys(("ratio", "lowest_ratio", "highest_ratio"), "6.2f")
    report(options, (measure(options.nodes, options.repeats), columns))


if __name__ == "__main__":
    main()
