"""What leaves the range of what is given is told, and what may do so is not."""

import numpy as np
import pytest

from pinnsolve.accuracy.extremes import overshoot, range_given
from pinnsolve.setup import Setup
from pinnsolve.solution.solution import Sample
from tests.posing import INTERVAL, SQUARE, pose

SIDES = "left right bottom top"


def placement(folder, equation, on, *, domain=SQUARE, **parts):
    return Setup(pose(folder, equation, on=on, domain=domain, count=120, **parts)).placement


@pytest.mark.parametrize(
    ("equation", "on"),
    [
        ("laplace(u) = 0", [(SIDES, "u = x")]),
        ("u_x - 0.01*laplace(u) = 0", [("left right", "u = x"), ("bottom top", "dn(u) = 0")]),
        ("y*u_x - x*u_y = (1 + x)*laplace(u)", [(SIDES, "2*u = 2*x")]),
    ],
)
def test_the_range_is_that_of_the_values_on_the_boundary(equation, on, tmp_path):
    low, high = range_given(placement(tmp_path, equation, on))
    assert (low, high) == pytest.approx((0.0, 1.0), abs=1e-12)


@pytest.mark.parametrize(
    ("equation", "on"),
    [
        ("laplace(u) = 1", [(SIDES, "u = x")]),  # a source
        ("laplace(u) + u = 0", [(SIDES, "u = x")]),  # something is made
        ("laplace(u) = 0", [("left", "u = 0"), ("right bottom top", "dn(u) = 1")]),  # comes in
        ("laplace(u) = 0", [("left", "u = 0"), ("right bottom top", "dn(u) + u = 1")]),
        ("laplace(u) = 0", [(SIDES, "u = 1")]),  # no range
        ("laplace(u) = u^2", [(SIDES, "u = x")]),
    ],
)
def test_other_solutions_may_lie_anywhere(equation, on, tmp_path):
    assert range_given(placement(tmp_path, equation, on)) is None


def test_in_time_the_range_is_that_of_the_initial_values_too(tmp_path):
    moving = placement(
        tmp_path,
        "u_t + u_x = 0",
        [("left", "u = -t")],
        domain=f"{INTERVAL}\ntime = [0, 2]",
        more='[initial]\nu = "x*(1 - x)"',
    )
    low, high = range_given(moving)
    assert low == pytest.approx(-2.0)
    assert high == pytest.approx(0.25, abs=1e-3)  # at the middle of 120 nodes, or near it


def test_a_peak_between_the_nodes_is_given_too(tmp_path):
    """At the nodes, 1/119 apart, it is 0.03 high."""
    moving = placement(
        tmp_path,
        "u_t + u_x = 0",
        [("left", "u = 0")],
        domain=f"{INTERVAL}\ntime = [0, 2]",
        more='[initial]\nu = "gauss((x - 60.5/119)*119/0.27)"',
    )
    _, high = range_given(moving)
    assert high == pytest.approx(1.0, abs=0.1)


def test_the_worst_is_told_with_its_place_and_share(tmp_path):
    still = placement(tmp_path, "laplace(u) = 0", [(SIDES, "u = x")])
    nodes = still.nodes
    u = nodes.x[nodes.rows, :1].copy()
    assert overshoot(still, Sample(nodes, u)) == ()
    u[7] = 1.02  # less than a peak may lose between nodes
    assert overshoot(still, Sample(nodes, u)) == ()
    u[7] = -0.25
    x, y = nodes.x[7]
    assert overshoot(still, Sample(nodes, u)) == (
        f"u reaches -0.25 at x = {x:.4g}, y = {y:.4g}, but nothing that is given lies outside of 0 "
        "to 1, and the equation makes nothing: it overshoots by 25 % of that range, as where a "
        "step or a layer is thinner than the nodes. Raise nodes.count, refine there, or give "
        "smoother values.",
    )
    u[7] = np.nan
    assert overshoot(still, Sample(nodes, u)) == ()
