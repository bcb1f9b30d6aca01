"""Small trainings, and states that have been to a file and back."""

from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pinnsolve import load
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.setup import Setup
from tests.optimizers.fitting import fit

# the unknown constants make it nonlinear
PLUME = """\
title = "A plume"
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 60
[functions]
f = "manufactured"
[unknowns]
fields = ["u"]
[unknowns.parameters]
kappa = { initial = -1, transform = "exp", true = 0.05 }
speed = { lower = 0, upper = 4, true = 1.5 }
[pde]
equations = ["kappa*laplace(u) - speed*u_x = f"]
[[pde.extra]]
equation = "u = sin(pi*x)*exp(y) + x"
points = 10
[[boundary]]
on = "all"
condition = "u = sin(pi*x)*exp(y) + x"
[exact]
u = "sin(pi*x)*exp(y) + x"
[solver]
method = "pinn"
[network]
hidden = [6, 8]
"""


# two networks, tied together where their regions meet
WALL = """\
title = "A wall"
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 100
[unknowns]
fields = ["u"]
[pde]
equations = ["k*laplace(u) = u^3 - 1"]
[[region]]
name = "left"
where = "x < 0.5"
[region.constants]
k = 10
[[region]]
name = "right"
[region.constants]
k = 1
[[boundary]]
on = "all"
condition = "u = x"
[solver]
method = "dt-pinn"
order = 2
[network]
hidden = [6, 8]
"""


@cache
def setup(text):
    """Return what a problem is solved with, which trainings do not change."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        path.write_text(text)
        return Setup(load(path))


def plume():
    """Return a nonlinear task with unknown constants."""
    return pointwise_objective(network(setup(PLUME)), setup(PLUME))


def wall():
    """Return a nonlinear task of two networks."""
    return nodal_objective(network(setup(WALL)), setup(WALL))


# the first is linear, its network of one layer
TASKS = {"straight": fit, "plume": plume, "wall": wall}


def from_file(state):
    """Return a state after it has been written and read without pickles."""
    file = BytesIO()
    np.savez(file, **state)
    file.seek(0)
    return dict(np.load(file, allow_pickle=False))


def bits(state):
    """Return a state as bytes, but for the time that was spent."""
    return {
        name: np.asarray(value).tobytes()
        for name, value in state.items()
        if not name.endswith("seconds")
    }


def weights(objective):
    """Return all weights as bits."""
    return objective.model.vector().numpy().tobytes()
