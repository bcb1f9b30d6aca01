"""One training step of a vanilla PINN for the Burgers equation, next to DeepXDE's.

The network of the PINNs-Torch paper, 8 x 20 in float32, on 10,000 points of space and time with
100 on the boundary and at the start each: loss, gradient and one step of Adam, alternately in one
process.

    python benchmarks/burgers_step.py [--repeats 9] [--threads 3] [--accelerate compile]
                                      [--json FILE]
"""

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DDE_BACKEND", "pytorch")

import deepxde as dde
import numpy as np
import torch
from reporting import options_of, report

from pinnsolve import load
from pinnsolve.bench.timing import compare
from pinnsolve.machine import keep_memory
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.setup import Setup

PROBLEM = Path(__file__).parents[1] / "problems" / "burgers.toml"
HIDDEN = [20] * 8
STEPS = 20  # timed together, after as many that let the threads settle on their cores again


def theirs() -> Callable[[], object]:
    torch.set_default_dtype(torch.float32)
    geometry = dde.geometry.GeometryXTime(
        dde.geometry.Interval(-1, 1), dde.geometry.TimeDomain(0, 0.99)
    )

    def pde(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        slope = dde.grad.jacobian(y, x, i=0, j=0)
        return (
            dde.grad.jacobian(y, x, i=0, j=1)
            + y * slope
            - 0.01 / np.pi * dde.grad.hessian(y, x, i=0, j=0)
        )

    sides = dde.icbc.DirichletBC(geometry, lambda _: 0, lambda _, on: on)
    start = dde.icbc.IC(geometry, lambda x: -np.sin(np.pi * x[:, :1]), lambda _, on: on)
    data = dde.data.TimePDE(
        geometry, pde, [sides, start], num_domain=10_000, num_boundary=100, num_initial=100
    )
    net = dde.nn.FNN([2, *HIDDEN, 1], "tanh", "Glorot normal")
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-3, verbose=0)
    model.train_state.set_data_train(*data.train_next_batch())
    state = model.train_state

    def step() -> object:
        return model._train_step(state.X_train, state.y_train, state.train_aux_vars)

    return step


def ours(accelerate: str) -> Callable[[], object]:
    settings = {
        "network.hidden": HIDDEN,
        "solver.precision": "float32",
        "solver.accelerate": accelerate,
        "nodes.refine": "1",
    }
    problem = load(PROBLEM, settings)
    setup = Setup(problem)
    net = network(setup)
    net.randomise_head(0)
    objective = pointwise_objective(net, setup)
    parameters = list(net.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-3)

    def step() -> object:
        _, gradient = objective.gradient()
        start = 0
        for p in parameters:
            p.grad = gradient[start : start + p.numel()].view_as(p)
            start += p.numel()
        return optimizer.step()

    return step


def main() -> None:
    parser = options_of(__doc__, threads=3)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--accelerate", default="none", choices=["none", "compile"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_memory()  # as the command line does; both gain by it
    contenders = {"pinnsolve": ours(options.accelerate), "deepxde": theirs()}
    rows = compare(contenders, options.repeats, warm_up=STEPS, calls=STEPS)
    columns = {"contender": "12s", "ms": "8.1f", "ratio": "6.2f", "lowest_ratio": "6.2f"}
    report(options, (rows, columns | {"highest_ratio": "6.2f"}))


if __name__ == "__main__":
    main()
