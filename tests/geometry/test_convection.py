"""Where convection rules, and that ghosts are withheld there and nowhere else."""

import numpy as np
import pytest

from pinnsolve.geometry.convection import convection
from pinnsolve.setup import Setup
from tests.posing import SQUARE, pose

IN_TIME = SQUARE + "\ntime = [0, 1]"
INITIAL = '[initial]\nu = "0"'


def withheld(problem):
    """Return which of the four sides have no ghosts at all, and which have all of them."""
    nodes = Setup(problem).nodes
    if nodes.sight is None:
        return set(), set(nodes.pieces)
    gone = nodes.sight.is_withheld[nodes.ghost]
    by_side = {name: gone[nodes.tags == k] for k, name in enumerate(nodes.pieces)}
    return (
        {name for name, own in by_side.items() if own.all()},
        {name for name, own in by_side.items() if not own.any()},
    )


def test_coefficients_are_those_of_the_equation(tmp_path):
    problem = pose(
        tmp_path,
        "2*u_t + 3*t*u_x - x*u_y = 4*u_xx + 6*u_xy + y*u_yy",
        on=[("all", "u = 0")],
        domain=IN_TIME,
        more=INITIAL,
    )
    x = np.array([[0.25, 0.5], [0.75, 1.0]])
    found = convection(problem, x)
    assert found is not None
    np.testing.assert_array_equal(found.rate, 2.0)
    np.testing.assert_array_equal(found.velocity[-1], [[3, -0.25], [3, -0.75]])
    np.testing.assert_array_equal(found.diffusivity[0], [[[4, 3], [3, 0.5]], [[4, 3], [3, 1]]])


def test_equations_of_another_form_are_left_alone(tmp_path):
    for equation in ("u_t + u*u_x = u_xx", "u_t + u_xxx = u_yy", "u_xt + u_t = u_x"):
        problem = pose(tmp_path, equation, on=[("all", "u = 0")], domain=IN_TIME, more=INITIAL)
        assert convection(problem, np.full((1, 2), 0.5)) is None


@pytest.mark.parametrize(
    ("equation", "gone"),
    [
        # 300 nodes on the unit square: h is about 0.06
        ("u_t + u_x = laplace(u)", set()),
        ("u_t + u_x = 0.01*laplace(u)", {"left", "right"}),
        ("u_t + u_x = 0.01*u_xx + 1e-3*u_yy", {"left", "right"}),
        ("u_t + u_x = 0.01*u_xx + 1e-5*u_yy", {"left", "right", "bottom", "top"}),
        # nothing is carried, and nearly all that is spread is spread along two sides
        ("u_t = u_xx + 0.1*u_yy", set()),
        ("u_t = u_xx + 1e-3*u_yy", {"bottom", "top"}),
        ("u_xx + 1e-3*u_yy = 1", {"bottom", "top"}),
        ("u_t = u_xx + 1.9*u_xy + u_yy", set()),
        ("u_t + u_x + u_y = 0.01*laplace(u)", {"left", "right", "bottom", "top"}),
        ("u_t + u_x = 0", {"left", "right", "bottom", "top"}),
    ],
)
def test_ghosts_are_withheld_where_little_is_spread_along_the_normal(equation, gone, tmp_path):
    on = [("left", "u = 0")] if "laplace" not in equation and "xx" not in equation else None
    in_time = {"domain": IN_TIME, "more": INITIAL} if "u_t" in equation else {}
    walls = [("left right", "u = 0"), ("bottom top", "dn(u) = 0")]
    problem = pose(tmp_path, equation, on=on or walls, **in_time)
    without, with_all = withheld(problem)
    assert without == gone
    assert with_all == {"left", "right", "bottom", "top"} - gone


def test_ghosts_are_withheld_along_walls_with_given_values_where_far_more_is_carried(tmp_path):
    # 300 nodes: cell Péclet numbers of about 3 and 12
    for diffusivity, gone in (
        (0.02, {"left", "right"}),
        (0.005, {"left", "right", "bottom", "top"}),
    ):
        problem = pose(
            tmp_path,
            f"u_t + u_x = {diffusivity}*laplace(u)",
            on=[("all", "u = 0")],
            domain=IN_TIME,
            more=INITIAL,
        )
        assert withheld(problem)[0] == gone


def test_the_equation_holds_at_an_outflow_without_ghosts(tmp_path):
    problem = pose(tmp_path, "u_t + u_x = 0", on=[("left", "u = 0")], domain=IN_TIME, more=INITIAL)
    setup = Setup(problem)
    nodes, (equation, inflow) = setup.nodes, setup.placement.places
    assert not set(equation.rows) & set(inflow.rows)
    assert set(equation.rows) | set(inflow.rows) == set(range(nodes.rows.stop))
