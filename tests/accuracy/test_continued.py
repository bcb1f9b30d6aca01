"""Layers between the boundary and the nodes next to it are part of the estimate."""

import re

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.accuracy.continued import layers
from pinnsolve.geometry.from_problem import build_domain, node_set
from tests.flows import STOKES
from tests.flows import text_of as text_of_flow
from tests.posing import INTERVAL, SQUARE, pose, written

EXACT = "x - (exp((x - 1)/{eps}) - exp(-1/{eps}))/(1 - exp(-1/{eps}))"


def carried(folder, eps, domain, count, order, rest=()):
    """Return the solution of convection with a layer at the right end."""
    operator = "u_xx" if domain == INTERVAL else "laplace(u)"
    problem = pose(
        folder,
        f"-{eps}*{operator} + u_x = 1",
        on=[("left right", "u = 0"), *rest],
        domain=domain,
        count=count,
        order=order,
        more=f'[exact]\nu = "{EXACT.format(eps=eps)}"',
    )
    return solve(problem.replace({"output.test_points": 2000}))


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize(
    ("domain", "count", "rest"),
    [(INTERVAL, 101, ()), (SQUARE, 600, [("bottom top", "dn(u) = 0")])],
)
def test_a_layer_that_no_node_sees_is_an_error_between_them(domain, count, rest, order, tmp_path):
    """Between the nodes solutions are up to thirty times as wrong as at them."""
    solution = carried(tmp_path, 2e-4, domain, count, order, rest)
    true = solution.accuracy.errors.relative_l2["u"]
    assert true > 0.05  # above which nothing is resolved
    assert 1 / 3 < solution.accuracy.estimate.total["u"] / true < 3
    (told,) = [w for w in solution.outcome.warnings if w.startswith("the values of u on the")]
    assert re.search(r"are not what the nodes inside lead up to, most near \((1|0\.99)", told)


def test_a_layer_that_the_nodes_see_is_none(tmp_path):
    solution = carried(tmp_path, 0.1, INTERVAL, 101, 4)
    assert solution.accuracy.estimate.total["u"] < 1e-3
    assert not solution.accuracy.estimate.warnings


def test_what_rounding_leaves_of_a_component_at_rest_is_no_layer(tmp_path):
    exact = {"u": "y*(1 - y)", "v": "0", "p": "-x"}
    problem = written(tmp_path, text_of_flow(SQUARE, exact, equations=STOKES))
    domain = build_domain(problem)
    nodes = node_set(problem, domain)
    (x, y), noise = nodes.x.T, np.random.default_rng(0).standard_normal(len(nodes.x))
    along, pressure = y * (1 - y), -x
    at_rest = layers(problem, domain, nodes, np.column_stack([along, 1e-15 * noise, pressure]))
    moving = layers(problem, domain, nodes, np.column_stack([along, 0.1 * noise, pressure]))
    assert not at_rest.sizes
    assert set(moving.sizes) == {"v"}
