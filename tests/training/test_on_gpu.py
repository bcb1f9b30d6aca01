"""What a GPU finds is what a CPU finds: growth, the last layer by QR, Gauss-Newton.

Numbers are drawn on the CPU, so that both have the same features, and only sums differ in order.
"""

from functools import partial

import pytest
import torch

from pinnsolve.leastsquares.head import least_squares
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.scaled import scaled
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.process import Budget
from pinnsolve.setup import Setup
from pinnsolve.training.growth import Collocation, Growing
from pinnsolve.training.phases import PLAIN
from tests.posing import pose

OBJECTIVES = {"dt-pinn": nodal_objective, "pinn": pointwise_objective}
EQUATION, CONDITION = "laplace(u) = u^3 - 3*sin(2*x)*exp(y)", [("all", "u = sin(2*x)*exp(y)")]
AGREEMENT = 1e-10  # of losses, relative to the first


def course(problem, method, optimizer, device):
    """Return the losses of the first steps of an optimiser on a device."""
    setup = Setup(problem.replace({"solver.method": method}))
    net = network(setup, device)
    if optimizer != "grow":
        net.initialise(3)
    objective = OBJECTIVES[method](net, setup)
    r = objective.value()
    losses = [float(r @ r)]
    if optimizer == "grow":
        between = partial(pointwise_objective, net, setup) if method == "pinn" else None
        where = Collocation(setup.problem, setup.nodes, between)
        process = Growing(objective, Budget(4, tolerance=1e-30), where, seed=0)
    else:
        taken = objective if optimizer in PLAIN else scaled(objective)
        process = OPTIMIZERS[optimizer](taken, Budget(4))
    while True:
        step = process.step()
        losses.append(step.loss)
        if step.done:
            return torch.tensor(losses) / losses[0]


@pytest.mark.gpu
@pytest.mark.parametrize("optimizer", ["grow", "gauss-newton", "variable-projection"])
@pytest.mark.parametrize("method", OBJECTIVES)
def test_a_gpu_lowers_losses_as_a_cpu_does(method, optimizer, tmp_path):
    layers = {} if optimizer == "grow" else {"network.hidden": [12, 20]}
    problem = pose(tmp_path, EQUATION, on=CONDITION, order=4, count=300).replace(layers)
    on_cpu, on_gpu = (course(problem, method, optimizer, d) for d in ("cpu", "cuda"))
    torch.testing.assert_close(on_gpu, on_cpu, rtol=0, atol=AGREEMENT)


@pytest.mark.gpu
def test_a_gpu_solves_least_squares_as_a_cpu_does():
    M, t = torch.randn(400, 60) * torch.logspace(-6, 6, 60), torch.randn(400)
    c = least_squares(M.cuda(), t.cuda()).cpu()
    torch.testing.assert_close(c, least_squares(M, t), rtol=AGREEMENT, atol=0)
