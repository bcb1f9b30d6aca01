"""Periodic problems by networks: trained to be periodic, or periodic by their own make."""

import numpy as np
import pytest
import torch

from pinnsolve import solve
from pinnsolve.checks.description import describe
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.conditions.pointwise import conditions_in_time, pointwise_conditions
from pinnsolve.errors import ProblemError
from pinnsolve.networks.build import network
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

HELMHOLTZ = "laplace(u) - u = f"
SOURCE = '[functions]\nf = "manufactured"\n'
STRIP = '[exact]\nu = "exp(sin(2*pi*x))*sin(pi*y)"\n'
ADVECTION = """\
[initial]
u = "1 + sin(2*pi*x)"
[exact]
u = "1 + exp(-0.04*pi**2*t)*sin(2*pi*(x - t))"
"""
QUICK = {"output.test_points": 500}


def posed(folder, how, method, **parts):
    """Return a problem on a strip, periodic as it is said."""
    problem = pose(folder, HELMHOLTZ, on=[("left right", how), ("bottom top", "u = 0")],
                   more=SOURCE + STRIP, order=4, **{"count": 500, **parts})  # fmt: skip
    return problem.replace({"solver.method": method, **QUICK})


def evolving(folder, how, method):
    """Return advection and diffusion on a ring."""
    problem = pose(folder, "u_t + u_x = 0.01*u_xx", on=[("left right", how)], order=4, count=30,
                   domain=f"{INTERVAL}\ntime = [0, 0.5]", more=ADVECTION)  # fmt: skip
    return problem.replace({"solver.method": method, "nodes.time_levels": 12, **QUICK})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("dt-pinn", "periodic"),
        ("pinn", "hard"),
        pytest.param("dt-pinn", "hard", marks=pytest.mark.study),
        pytest.param("pinn", "periodic", marks=pytest.mark.study),
    ],
)
def test_networks_are_as_good_as_the_direct_solution(tmp_path, method, how):
    solution = solve(posed(tmp_path, how, method, count=700))
    bound = 1.5 if method == "dt-pinn" else 1.0
    assert solution.course.phases[-1].relative_l2 < bound * solution.accuracy.baseline.overall_l2


@pytest.mark.slow
@pytest.mark.parametrize("how", ["periodic", "hard"])
@pytest.mark.parametrize("method", ["dt-pinn", "pinn"])
def test_networks_follow_what_goes_around_in_time(tmp_path, method, how):
    # on 30 nodes and 12 levels, of which a network for both makes less than the direct solution
    assert solve(evolving(tmp_path, how, method)).course.phases[-1].relative_l2 < 1e-5


@pytest.mark.slow
def test_built_in_it_costs_nothing_and_gains_digits(tmp_path):
    errors = [
        solve(posed(tmp_path, how, "pinn")).course.phases[-1].relative_l2
        for how in ("periodic", "hard")
    ]
    assert errors[1] < 0.1 * errors[0]


@pytest.mark.parametrize("embedding", ["none", "fourier", "sinusoidal"])
def test_built_in_it_holds_to_rounding_for_any_weights(tmp_path, embedding):
    problem = posed(tmp_path, "hard", "pinn", count=200)
    problem = problem.replace({"network.embedding": embedding, "network.hidden": [20, 20]})
    net = network(Setup(problem))
    net.randomise_head(0)
    x = torch.rand(50, 2, dtype=torch.float64)
    there = x + torch.tensor([3.0, 0.0]).double()
    torch.testing.assert_close(net(x), net(there), rtol=0, atol=1e-11)
    # the other coordinate has no period
    assert (net(x) - net(x + torch.tensor([0.0, 1.0]).double())).abs().max() > 1e-2


@pytest.mark.parametrize("how", ["periodic", "hard"])
def test_what_is_asked_of_a_network(tmp_path, how):
    problem = posed(tmp_path, how, "pinn", count=200)
    nodes = Setup(problem).nodes
    conditions = [c for c in pointwise_conditions(problem, nodes) if c.across is not None]
    asked = [describe(term.op, "xy") for c in conditions for term in c.residual.terms]
    assert asked == ([] if how == "hard" else ["1", "d_x"])
    for condition in conditions:
        gap = nodes.x[condition.rows] - condition.across
        np.testing.assert_allclose(gap, np.broadcast_to([1, 0], gap.shape), atol=1e-12)


def test_of_order_four_derivatives_up_to_the_third_agree(tmp_path):
    problem = pose(tmp_path, "u_xxxx + u = 1", on=[("right left", "periodic")],
                   domain=INTERVAL, count=60)  # fmt: skip
    nodes = Setup(problem).nodes
    _, *conditions = pointwise_conditions(problem, nodes)
    assert [c.residual.terms[0].op.order for c in conditions] == [0, 1, 2, 3]
    assert all(nodes.x[c.rows] - c.across == 1 for c in conditions)


def test_in_time_they_agree_at_all_levels(tmp_path):
    problem = evolving(tmp_path, "periodic", "pinn")
    nodes = Setup(problem).nodes
    found = conditions_in_time(problem, nodes, np.zeros((1, 2)))
    x, jumps = found.x, [c for c in found.conditions if c.across is not None]
    assert [c.residual.terms[0].op.terms[0][0] for c in jumps] == [(0, 0), (1, 0)]
    for condition in jumps:
        np.testing.assert_array_equal(condition.across[:, 1], problem.times)
        np.testing.assert_allclose(x[condition.rows, 1], problem.times)
        np.testing.assert_allclose(x[condition.rows, 0] - condition.across[:, 0], 1)


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ("left top", "left and top are not parallel."),
        ("left pin", "left and pin do not"),
    ],
)
def test_sides_that_cannot_be_joined_are_shown_in_the_file(tmp_path, sides, message):
    if sides == "left pin":
        message = "the domain does not lie between left and pin."
    domain = SQUARE + '\npieces = [{ name = "pin", where = "x < 1e-9 and y > 0.5" }]'
    problem = pose(tmp_path, "laplace(u) = u", on=[(sides, "periodic"), ("bottom", "u = 0")],
                   domain=domain)  # fmt: skip
    with pytest.raises(ProblemError) as caught:
        Setup(problem).nodes
    (fault,) = caught.value.faults
    assert fault.message == message
    assert fault.remedy == (
        "periodic = true joins two flat sides, of which one is the other moved along a "
        "coordinate, as left and right of a box."
    )
    assert f'on = ["{sides.replace(" ", chr(34) + ", " + chr(34))}"]' in fault.excerpt


def test_a_coordinate_is_periodic_once(tmp_path):
    problem = pose(tmp_path, "laplace(u) = u",
                   on=[("left right", "periodic"), ("right left", "periodic")])  # fmt: skip
    with pytest.raises(ProblemError, match="the domain is periodic in that coordinate already"):
        Setup(problem).nodes


def test_one_node_set_serves_every_field(tmp_path):
    problem = pose(tmp_path, "laplace(u) = v", "laplace(v) = u", on=[
        ("left right", "periodic"), ("bottom top", "u = 0"), ("bottom top", "v = 1")
    ])  # fmt: skip
    nodes = Setup(problem).nodes
    conditions = nodal_conditions(problem, nodes)
    names = [c.name for c in conditions]
    assert names == ["pde 1", "pde 2", "left, right 1", "left, right 2", "bottom, top 1",
                     "bottom, top 2"]  # fmt: skip
    # as many conditions as unknowns
    assert sum(len(c.rows) for c in conditions) == 2 * len(nodes.x)
