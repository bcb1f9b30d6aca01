"""A network that follows the direct solution of a nonlinear problem: how near, and taken up."""

import pytest
import torch

from pinnsolve import solve
from pinnsolve.leastsquares.head import least_squares
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.networks.bumps import Bumps
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.sizes import follows, grows
from pinnsolve.optimizers.shared_head import SharedHead
from pinnsolve.process import Budget
from pinnsolve.setup import Setup
from pinnsolve.training.direct import direct_solution, is_rough, refined
from pinnsolve.training.following import Following
from pinnsolve.training.growth import Collocation
from pinnsolve.training.schedule import training
from tests.posing import pose
from tests.training.taking_up import bits, from_file, weights

OBJECTIVES = {"dt-pinn": nodal_objective, "pinn": pointwise_objective}
SHOCK = "-tanh(x/0.005)"
LINE = 'shape = "interval"\nbounds = [-1, 1]'
FLOW = (
    "u*u_x + v*u_y + p_x = laplace(u)/20",
    "u*v_x + v*v_y + p_y = laplace(v)/20",
    "u_x + v_y = 0",
)


def shock(folder, method="pinn", count=200, text=SHOCK, more=""):
    """Return a layer inside of a line, where it stands still."""
    return pose(
        folder,
        "u*u_x + u = 0.0025*u_xx + f",
        on=[("all", f"u = {text}")],
        domain=LINE,
        count=f'{count}\nrefine = "0.02 + abs(x)"',
        more=f'[functions]\nf = "manufactured"\n[exact]\nu = "{text}"\n{more}',
        method=method,
    )


def following(problem):
    """Return a network that follows, and its objective."""
    setup = Setup(problem)
    objective = OBJECTIVES[problem.settings.solver.method](network(setup), setup)
    direct = direct_solution(setup)
    collocation = Collocation(problem, setup.nodes, None, None, direct)
    return Following(objective, Budget(), collocation, seed=0), objective, direct


def whole(process):
    """Return the steps to the last."""
    steps = [process.step()]
    while not steps[-1].done:
        steps.append(process.step())
    return steps


@pytest.mark.parametrize("method", OBJECTIVES)
def test_across_a_thin_layer_a_network_is_as_good_as_the_direct_solution(method, tmp_path):
    problem = shock(tmp_path, method)
    solution = solve(problem)
    (phase,) = solution.course.phases
    assert "away from the direct solution" in phase.message
    direct = solution.accuracy.baseline.relative_l2["u"]
    assert solution.accuracy.errors.relative_l2["u"] < direct


@pytest.mark.parametrize("method", OBJECTIVES)
def test_it_can_be_left_after_any_step_and_taken_up_to_the_bit(method, tmp_path):
    problem = shock(tmp_path, method, count=100)
    process, final, _ = following(problem)
    steps = whole(process)
    for cut in (2, len(steps) - 1):
        before, objective, _ = following(problem)
        for _ in range(cut):
            before.step()
        state = from_file(before.state())
        again, fresh, _ = following(problem)
        fresh.model.reform(objective.model.form())
        fresh.model.set(objective.model.vector())
        again.restore(state)
        assert bits(again.state()) == bits(state)
        assert [s.loss for s in whole(again)] == [s.loss for s in steps[cut:]]
        assert weights(fresh) == weights(final)


def test_only_what_is_rough_is_followed(tmp_path):
    for text, expected in ((SHOCK, True), ("1 + 0.1*sin(pi*x)", False)):
        _, objective, direct = following(shock(tmp_path, count=100, text=text))
        assert is_rough(direct, objective.model) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [("", True), ('baseline = "never"', False), ("[network]\nhidden = [20]", False)],
)
def test_networks_of_flows_grow_where_there_is_a_solution_to_follow(more, expected, tmp_path):
    on = [("all", "u = 0"), ("all", "v = x*(1 - x)"), ("left", "p = 0")]
    problem = pose(tmp_path, *FLOW, on=on, count=200, method="pinn", more=more)
    assert (follows(problem) and grows(problem)) is expected


def test_without_a_direct_solution_layers_of_fixed_widths_are_trained(tmp_path):
    on = [("all", "u = 0"), ("all", "v = x*(1 - x)"), ("left", "p = 0")]
    setup = Setup(pose(tmp_path, *FLOW, on=on, count=200, method="pinn"))
    setup.reference = lambda _: None
    process = training(pointwise_objective(network(setup), setup), setup, lambda: None)
    assert process.step().phase == "head"


def test_exact_derivatives_follow_the_solution_on_finer_nodes_until_two_agree(tmp_path):
    for method, finer in (("dt-pinn", False), ("pinn", True)):
        setup = Setup(shock(tmp_path, method, count=100))
        first = direct_solution(setup)
        found = refined(setup, first)
        assert (found.nodes > first.nodes) is finer
        exact = -torch.tanh(torch.as_tensor(found.x) / 0.005).numpy()
        error, before = (abs(own.values - exact).max() for own in (found, first))
        assert error < 1e-3 if finer else error == before


def test_fields_share_features_and_each_has_the_best_weights():
    net = MLP([-1, -1], [1, 1], [20], 2)
    x = torch.rand(200, 2, dtype=torch.float64)
    values = torch.stack([torch.sin(3 * x[:, 0]), torch.exp(x[:, 1])], 1)
    head = SharedHead(net, x, values, torch.tensor([1.0, 5.0]).double(), 40)
    head.solve()
    net.grow(Bumps("bell", torch.rand(8, 2).double(), torch.ones(8).double(), torch.ones(2)))
    left = head.solve()
    M = torch.cat([net.features(x), torch.ones(200, 1)], 1)
    for k, size in enumerate((1.0, 5.0)):
        c = least_squares(M, values[:, k])
        torch.testing.assert_close(left[:, k] * size, M @ c - values[:, k], rtol=0, atol=1e-9)
    torch.testing.assert_close(net(x) - values, left * torch.tensor([1.0, 5.0]))
    # and by how much more another head leaves is told by a few rows
    c = net.head_vector()
    other = c + 0.1 * torch.randn(len(c), dtype=torch.float64)
    net.set_head(other)
    more = ((net(x) - values) / torch.tensor([1.0, 5.0])).square().sum() - left.square().sum()
    torch.testing.assert_close((head.rows() @ (other - c)).square().sum(), more)
