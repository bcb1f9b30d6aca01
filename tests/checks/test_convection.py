"""Steady convection whose layers the nodes do not resolve is told, with what would resolve them."""

import pytest

from pinnsolve.checks.convection import doubts
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, pose


def told(folder, equation, **parts):
    problem = pose(folder, equation, on=[("all", "u = 0")], domain=INTERVAL, count=101, **parts)
    return doubts(problem, Setup(problem).nodes)


def test_a_layer_that_is_too_thin_is_told_with_the_spacing_that_would_do(tmp_path):
    # h = 0.01 and eps = 0.001: Pe = 10, and 2 at a fifth of the spacing
    assert told(tmp_path, "-0.001*u_xx + u_x = 1") == [
        "the cell Péclet number is 10 at x = 0: convection carries more from node to node than "
        "diffusion spreads, and a layer there is thinner than the nodes resolve. A spacing of "
        "0.002 there would do (nodes.refine, nodes.count)."
    ]


@pytest.mark.parametrize("equation", ["-0.006*u_xx + u_x = 1", "-u_xx = 1", "u_xx + u*u_x = 1"])
def test_layers_that_are_resolved_or_not_known_are_not_told(equation, tmp_path):
    assert told(tmp_path, equation) == []
