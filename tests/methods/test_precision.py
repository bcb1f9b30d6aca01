"""What the precisions are worth, on one discretisation."""

import pytest
import torch

from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.networks.build import network
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.process import Budget
from pinnsolve.setup import Setup
from tests.optimizers.fitting import lower
from tests.posing import pose

pytestmark = pytest.mark.slow

EQUATION, CONDITION = "laplace(u) = -3*sin(2*x)*exp(y)", [("all", "u = sin(2*x)*exp(y)")]


@pytest.fixture
def objectives(tmp_path):
    """The same network and residual in each precision."""
    problem = pose(tmp_path, EQUATION, on=CONDITION, order=4, count=300)
    problem = problem.replace({"solver.method": "dt-pinn", "network.hidden": [20, 80]})
    setup = Setup(problem)
    found = {}
    for precision in ("float64", "mixed", "float32"):
        chosen = setup.sharing(problem.replace({"solver.precision": precision}))
        net = network(chosen)
        net.randomise_head(0)
        found[precision] = nodal_objective(net, chosen)
    return found


def error(objectives, precision):
    """Return the relative error of a gradient."""
    exact = objectives["float64"].gradient()[1]
    return float((objectives[precision].gradient()[1].double() - exact).norm() / exact.norm())


def test_numbers_are_kept_as_the_precision_says(objectives):
    kinds = {p: (o.gradient()[0].dtype, o.gradient()[1].dtype) for p, o in objectives.items()}
    assert kinds == {
        "float64": (torch.float64, torch.float64),
        "mixed": (torch.float64, torch.float64),
        "float32": (torch.float32, torch.float32),
    }
    # least squares are in double precision whatever the network's
    assert {o.value().dtype for o in objectives.values()} == {torch.float64}
    assert {o.linearise()[0].dtype for o in objectives.values()} == {torch.float64}


def test_mixed_has_the_loss_of_double_precision(objectives):
    losses = {precision: float(found.gradient()[0]) for precision, found in objectives.items()}
    assert losses["mixed"] == losses["float64"]
    assert abs(losses["float32"] / losses["float64"] - 1) > 1e-12  # far more than in double


def trained(objectives):
    """Give all networks the weights of one that is trained far."""
    lower(OPTIMIZERS["gauss-newton"](objectives["float64"], Budget(300, tolerance=1e-13)))
    weights = objectives["float64"].model.state_dict()
    for found in objectives.values():
        found.model.load_state_dict(weights)
    return objectives


@pytest.mark.study
def test_training_goes_on_in_mixed_where_single_precision_cannot(objectives):
    losses = {}
    for precision, found in trained(objectives).items():
        lower(OPTIMIZERS["lbfgs"](found, Budget(100)))
        losses[precision] = float(found.value().square().sum())
    assert losses["mixed"] < 1.1 * losses["float64"]
    assert losses["float32"] > 2 * losses["mixed"]


def test_gradients_keep_their_digits_in_mixed_where_single_precision_loses_them(objectives):
    """Near the minimum the residual is what is left of much larger numbers."""
    trained(objectives)
    assert error(objectives, "mixed") < 1e-3
    assert error(objectives, "float32") > 100 * error(objectives, "mixed")


def test_a_head_in_single_precision_is_as_good_as_its_features(objectives):
    for precision in ("float32", "float64"):
        lower(OPTIMIZERS["head"](objectives[precision], Budget(5)))
    single, double = (float(objectives[p].value().norm()) for p in ("float32", "float64"))
    assert single < 1.01 * double
