"""Rows near points where conditions of another kind begin count less."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.conditions.corners import changes, ease
from pinnsolve.setup import Setup
from tests.posing import SQUARE, pose, text_of, written

BEAM = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [4, 1]
[nodes]
count = 300
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["u_xx + 0.35*u_yy + 0.65*v_xy = 0", "v_yy + 0.35*v_xx + 0.65*u_xy = 0"]
[[boundary]]
on = "left"
condition = "u = 0"
[[boundary]]
on = "left"
condition = "v = 0"
[[boundary]]
on = ["top", "bottom"]
condition = "u_y + v_x = 0"
[[boundary]]
on = ["top", "bottom"]
condition = "v_y + 0.3*u_x = 0"
[[boundary]]
on = "right"
condition = "u_x + 0.3*v_y = 0"
[[boundary]]
on = "right"
condition = "u_y + v_x = y*(y - 1)"
"""


def square(folder, on):
    """Return the conditions at nodes of a square, and these."""
    setup = Setup(pose(folder, "laplace(u) = 1", on=on, domain=SQUARE, count=300))
    return setup.problem, setup.conditions, setup.nodes


def test_they_are_where_values_end_and_slopes_begin(tmp_path):
    rest = [("right bottom top", "dn(u) + u = 0")]
    problem, conditions, nodes = square(tmp_path, [("left", "u = 0"), *rest])
    found, _ = changes(conditions[1:], nodes)
    low, high = nodes.x[nodes.rows].min(axis=0), nodes.x[nodes.rows].max(axis=0)
    ends = np.array([low, [low[0], high[1]]])
    apart = np.linalg.norm(found[:, None] - ends, axis=2)
    assert (apart.min(axis=1) < 1.6 * nodes.spacing).all()
    assert (apart.min(axis=0) < 1.6 * nodes.spacing).all()
    factor = ease(problem, conditions, nodes, nodes.x)
    r = np.linalg.norm(nodes.x[:, None] - found, axis=2).min(axis=1)
    assert factor == pytest.approx(
        np.minimum(1, r / ((high - low).max() / 2))
    )  # 16 spacings are more


def test_they_reach_less_far_where_nodes_are_closer(tmp_path):
    on = [("left", "u = 0"), ("right bottom top", "dn(u) = 0")]
    text = text_of("laplace(u) = 1", on=on, domain=SQUARE, count=900)
    refined = 'count = 900\nrefine = "min(1, 0.1 + sqrt(x^2 + y^2))"'
    setup = Setup(written(tmp_path, text.replace("count = 900", refined)))
    at = np.array([[0.3, 0.0], [0.3, 1.0]])
    beside_close_nodes, beside_others = ease(setup.problem, setup.conditions, setup.nodes, at)
    assert beside_close_nodes == 1 > beside_others


@pytest.mark.parametrize(
    "on",
    [
        [("left", "u = 0"), ("right bottom top", "u = x")],
        [("left", "dn(u) = 0"), ("right bottom top", "dn(u) + u = 0")],
    ],
)
def test_conditions_of_one_kind_all_around_ease_nothing(on, tmp_path):
    problem, conditions, nodes = square(tmp_path, on)
    assert ease(problem, conditions, nodes, nodes.x) is None


@pytest.mark.parametrize("method", ["dt-pinn", "pinn"])
def test_a_clamped_beam_bends(method, tmp_path):
    # a network held to all rows alike gave the bending away for the two clamped corners: 1.1
    problem = written(tmp_path, BEAM).replace({"solver.baseline": "never"})
    setup = Setup(problem)
    network, direct = (
        solve(problem, method=m, setup=setup).sample.values for m in (method, "rbf-fd")
    )
    apart = np.linalg.norm(network - direct, axis=0)
    assert (apart < 0.05 * np.linalg.norm(direct - direct.mean(axis=0), axis=0)).all()


def test_what_rows_near_corners_leave_is_not_taken_for_an_error(tmp_path):
    """It is estimated to be as wrong as the direct solution, and as far as it is from that."""
    problem = written(tmp_path, BEAM)
    setup = Setup(problem)
    network, direct = (solve(problem, method=m, setup=setup) for m in ("dt-pinn", "rbf-fd"))
    own, of_direct = network.accuracy.estimate, direct.accuracy.estimate
    for name in problem.fields:
        expected = own.optimisation[name] + of_direct.total[name]
        assert own.total[name] == pytest.approx(expected, rel=1e-6)
    assert network.verdict.word == direct.verdict.word
